//! The table against what is really read.

use super::{SECTIONS, Section, Value, sample};
use crate::config::{Config, Groups, parse};
use std::collections::BTreeSet;
use std::path::Path;

/// What stands for a name of one's own in a section's name.
const NAME: &str = "NAME";

fn read(text: &str) -> Result<Config, String> {
    parse(text, Path::new("x")).map_err(|e| e.to_string())
}

/// All that the configuration says, to be compared.
fn all_of(config: &Config) -> String {
    format!("{config:?}")
}

/// A line in a section, with what else must stand in it.
fn with(section: &Section, line: &str) -> String {
    // A group must exist, and a peer must have services.
    let name = section.name.replace(NAME, if section.name.contains("group") { "mail" } else { "someone" });
    let needed =
        if name == "peers.someone" && !line.starts_with("services") { "services = [\"imap\"]\n" } else { "" };
    if name.is_empty() { format!("{line}\n") } else { format!("[{name}]\n{needed}{line}\n") }
}

/// The keys that the parser itself says there are in a section.
fn known_to_the_parser(section: &Section) -> BTreeSet<String> {
    let error = read(&with(section, "no-such-key = 0")).unwrap_err();
    let (_, expected) = error.split_once("expected").unwrap_or_else(|| panic!("[{}]: {error}", section.name));
    let expected = expected.lines().next().unwrap();
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn section(name: &str) -> &'static Section {
    SECTIONS.iter().find(|section| section.name == name).unwrap()
}

#[test]
fn every_key_that_is_read_is_described_and_no_other() {
    for section in SECTIONS.iter().filter(|section| section.name != "groups") {
        let mut described: BTreeSet<String> = section.keys.iter().map(|key| key.name.to_owned()).collect();
        described.extend(section.overrides.iter().map(|key| (*key).to_owned()));
        // Sections below this one: `policy` in the file itself, `group` in `policy`.
        let below = SECTIONS.iter().filter_map(|other| match section.name {
            "" => other.name.split('.').next().filter(|name| !name.is_empty()),
            name => other.name.strip_prefix(name)?.strip_prefix('.')?.split('.').next(),
        });
        described.extend(below.map(str::to_owned));
        let mut known = known_to_the_parser(section);
        // Known so that it can be refused with a reason.
        if section.name == "policy.group.NAME" {
            assert!(known.remove("default_services"));
        }
        assert_eq!(described, known, "[{}] in reference/table.rs and in the code", section.name);
    }
}

#[test]
fn every_override_is_described_where_it_belongs() {
    let described = |name: &str| section(name).keys.iter().map(|key| key.name);
    let described: BTreeSet<_> = described("policy").chain(described("limits")).collect();
    for name in SECTIONS.iter().flat_map(|section| section.overrides) {
        assert!(described.contains(name), "{name}");
    }
}

#[test]
fn groups_are_the_default_ones() {
    let groups = Groups::default();
    let described: BTreeSet<_> = section("groups").keys.iter().map(|key| key.name).collect();
    assert_eq!(described, groups.all().map(|(name, _)| name.as_str()).collect());
    let default = |key: &super::Key| format!("{} = {}", key.name, key.default.unwrap());
    for key in section("groups").keys {
        // Replaced by what the table says: nothing may change.
        let config = read(&format!("[groups]\n{}\n", default(key))).unwrap();
        assert_eq!(all_of(&config), all_of(&Config::default()), "{}", key.name);
    }
}

#[test]
fn the_sample_with_every_default_set_is_the_default() {
    let set: String = sample().lines().map(|line| format!("{}\n", without_mark(line))).collect();
    let lines: BTreeSet<&str> = set.lines().filter_map(|line| line.split(" = ").next()).collect();
    for section in SECTIONS {
        for key in section.keys.iter().filter(|key| key.default.is_some()) {
            assert!(lines.contains(key.name), "{} is not set", key.name);
        }
    }
    assert_eq!(all_of(&read(&set).unwrap()), all_of(&Config::default()));
}

/// The # is taken away from what holds by default, and stays where prose or an example follows.
fn without_mark(line: &str) -> &str {
    line.strip_prefix('#').filter(|rest| !rest.starts_with(' ') && !rest.is_empty()).unwrap_or(line)
}

#[test]
fn the_sample_as_it_is_changes_nothing() {
    assert_eq!(all_of(&read(&sample()).unwrap()), all_of(&Config::default()));
}

#[test]
fn the_packaged_sample_is_made_from_the_table() {
    let packaged = include_str!("../../../../packaging/apppwd.toml");
    assert!(
        packaged == sample(),
        "packaging/apppwd.toml is not what reference/table.rs says: run `make man`"
    );
}

#[test]
fn every_example_is_read_and_says_something_else_than_the_default() {
    for section in SECTIONS {
        for key in section.keys {
            let text = with(section, &format!("{} = {}", key.name, key.example));
            let config = read(&text).unwrap_or_else(|e| panic!("{text}{e}"));
            let without = match section.name {
                "" => String::new(),
                // What must be there has no default to differ from.
                _ if section.name == "peers.NAME" && key.name == "services" => String::new(),
                _ => with(section, ""),
            };
            assert_ne!(all_of(&config), all_of(&read(&without).unwrap()), "{text}");
        }
        let config = read(section.example).unwrap_or_else(|e| panic!("{}: {e}", section.example));
        let says_something = all_of(&config) != all_of(&Config::default());
        assert_eq!(says_something, !section.example.is_empty(), "{}", section.example);
    }
}

#[test]
fn what_is_said_to_be_allowed_is_and_what_is_beyond_is_not() {
    for section in SECTIONS {
        for key in section.keys {
            let takes = |value: String| read(&with(section, &format!("{} = {value}", key.name)));
            let number = |number: i64| takes(number.to_string());
            let what = format!("[{}] {}", section.name, key.name);
            match key.value {
                Value::Number(least, most) => {
                    assert!(number(least.into()).is_ok() && number(i64::from(least) - 1).is_err(), "{what}");
                    if let Some(most) = most {
                        assert!(
                            number(most.into()).is_ok() && number(i64::from(most) + 1).is_err(),
                            "{what}"
                        );
                    }
                }
                Value::Count => {
                    assert!(
                        number(0).is_ok() && number(u32::MAX.into()).is_ok() && number(-1).is_err(),
                        "{what}"
                    );
                }
                Value::OneOf(numbers) => {
                    for candidate in 0..100 {
                        assert_eq!(
                            number(candidate.into()).is_ok(),
                            numbers.contains(&candidate),
                            "{what} {candidate}"
                        );
                    }
                }
                Value::Word(words) => {
                    let error = takes("\"no-such-word\"".into()).unwrap_err();
                    let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                    assert_eq!(words_in(&error), words, "{what}: {error}");
                }
                Value::Words(words) => {
                    let error = takes("[\"no-such-word\"]".into()).unwrap_err();
                    assert_eq!(words_in(&error), words, "{what}: {error}");
                }
                Value::Path => {
                    assert!(takes("\"relative\"".into()).is_err(), "{what}");
                }
                Value::Life => {
                    assert!(takes("\"never\"".into()).is_ok() && takes("\"soon\"".into()).is_err(), "{what}");
                }
                Value::Switch => {
                    assert!(takes("true".into()).is_ok() && takes("false".into()).is_ok(), "{what}");
                    assert!(takes("1".into()).is_err(), "{what}");
                }
                Value::ServicesAndGroups => {
                    assert!(takes("[\"mail\", \"imap\"]".into()).is_ok(), "{what}");
                }
                // Its example is read: see above.
                Value::Other(what) => assert!(!what.is_empty()),
                Value::Services => assert!(takes("[\"imap\"]".into()).is_ok(), "{what}"),
                Value::Networks => assert!(takes("[\"2001:db8::/32\"]".into()).is_ok(), "{what}"),
                Value::Domain => assert!(takes("\"a@b\"".into()).is_err(), "{what}"),
                Value::Domains => assert!(takes("{ a = \"b@c\" }".into()).is_err(), "{what}"),
            }
        }
    }
}

/// The words that serde says it would have taken.
fn words_in(error: &str) -> Vec<&str> {
    let expected = error.split_once("expected").map(|(_, expected)| expected).unwrap_or_default();
    let expected = expected.lines().next().unwrap_or_default();
    expected.split('`').skip(1).step_by(2).collect()
}
