//! The tests that docs/cve-ledger.md and docs/threat-model.md name: each exists.
//!
//! They are looked for in the sources: the executables that could list them may be old or not built.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Whole-system suites with names of the form `suite::file::case`.
const SUITES: [&str; 3] = ["module", "daemon", "docs"];

/// Crates with tests of their own, as their folder and as Rust calls them.
const CRATES: [(&str, &str); 5] = [
    ("apppw-proto", "apppw_proto"),
    ("apppw-admin", "apppw_admin"),
    ("apppw-cli", "apppw-cli"),
    ("apppwd", "apppwd"),
    ("pam_apppw", "pam_apppw"),
];

pub fn check() {
    let mut wrong = Vec::new();
    for document in ["docs/cve-ledger.md", "docs/threat-model.md"] {
        let text = fs::read_to_string(root().join(document)).expect(document);
        for (number, line) in text.lines().enumerate() {
            let names: Vec<&str> = line.split('`').skip(1).step_by(2).filter(|name| is_test(name)).collect();
            for name in &names {
                if !exists(name) {
                    wrong.push(format!("{document}:{}: there is no test {name}", number + 1));
                }
            }
            let is_row = line.starts_with("| ") && !line.starts_with("| elsewhere ");
            if document.ends_with("ledger.md") && is_row && names.is_empty() {
                wrong.push(format!("{document}:{}: no test shows it", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// That the look-up tells what is there from what is not.
pub fn finds() {
    for name in [
        "daemon::frames::magic_in_lower_case",
        "module::codes::never_opened_sudo-i",
        "dovecot-2.4/imap-login/right",
        "apppwd::auth::decide::tests::a_secret_without_a_row",
        "apppw_proto::secret::the_alphabet_is_crockfords",
        "torture::16::input-table",
    ] {
        assert!(is_test(name) && exists(name), "{name}");
    }
    for name in [
        "daemon::frames::magic_in_no_case",
        "daemon::nowhere::magic_in_lower_case",
        "dovecot-2.4/imap-login/wrongest",
        "dovecot-2.9/imap-login/right",
        "apppwd::auth::decide::tests::a_secret",
        "apppwd::auth::memo::tests::a_secret_without_a_row",
        "apppw_proto::frame::the_alphabet_is_crockfords",
        "torture::4::no-such-row",
        "torture::15::input-table",
    ] {
        assert!(is_test(name) && !exists(name), "{name}");
    }
    for word in ["auth::decide", "/etc/apppw/apppwd.toml", "`[peers]`", "packaging/systemd/apppwd.service"] {
        assert!(!is_test(word), "{word}");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn is_test(word: &str) -> bool {
    let first = word.split("::").next().unwrap_or_default();
    let known =
        SUITES.contains(&first) || first == "torture" || CRATES.iter().any(|(_, name)| *name == first);
    (known && word.contains("::") && !word.ends_with("::")) || server(word).is_some()
}

/// `place/client/row` of tests/tests/servers.rs.
fn server(word: &str) -> Option<[&str; 3]> {
    let mut pieces = word.split('/');
    let found = [pieces.next()?, pieces.next()?, pieces.next()?];
    let clients = ["imap-", "pop3-", "sieve-", "submission-", "smtp-"];
    (pieces.next().is_none() && clients.iter().any(|client| found[1].starts_with(client))).then_some(found)
}

fn exists(name: &str) -> bool {
    if let Some([place, client, row]) = server(name) {
        let texts = sources(&root().join("tests/tests/servers"));
        let texts = texts + &sources(&root().join("tests/src/clients"));
        let texts = texts + &fs::read_to_string(root().join("tests/tests/servers.rs")).unwrap_or_default();
        return [place, client, row].iter().all(|piece| has_case(&texts, piece));
    }
    let pieces: Vec<&str> = name.split("::").collect();
    let ([first, .., last], Some(between)) = (&*pieces, pieces.get(1..pieces.len() - 1)) else {
        return false;
    };
    if *first == "torture" {
        let row = format!("number: {},\n    name: \"{last}\"", between.join("::"));
        return sources(&root().join("torture/src/rows")).contains(&row);
    }
    if SUITES.contains(first) {
        let dir = root().join("tests/tests").join(first);
        let Some(group) = between.first() else { return false };
        // A suite's own file may name its cases itself.
        let listed = fs::read_to_string(dir.with_extension("rs")).unwrap_or_default();
        let file = fs::read_to_string(dir.join(group).with_extension("rs")).unwrap_or_default();
        let last = pieces[2..].join("::");
        return has_case(&file, &last) || listed.contains(&format!("\"{group}::{last}\""));
    }
    let Some((folder, _)) = CRATES.iter().find(|(_, name)| name == first) else { return false };
    let module = between.join("/");
    let outer = module.strip_suffix("tests").unwrap_or(&module).trim_end_matches('/').to_owned();
    let places = [&module, &outer].into_iter().flat_map(|path| {
        let places = [format!("src/{path}.rs"), format!("src/{path}/mod.rs"), format!("tests/{path}.rs")];
        places.into_iter().chain([format!("tests/cli/{path}.rs")])
    });
    let mut files = places.map(|path| fs::read_to_string(root().join(folder).join(path)).unwrap_or_default());
    files.any(|text| text.contains(&format!("fn {last}(")))
}

/// All that stands in it and below.
fn sources(dir: &Path) -> String {
    let files = fs::read_dir(dir).into_iter().flatten().flatten().map(|file| file.path());
    files
        .map(|path| if path.is_dir() { sources(&path) } else { fs::read_to_string(path).unwrap_or_default() })
        .collect()
}

/// Whether a text has a literal that is this name, or makes it by `{...}`.
fn has_case(text: &str, name: &str) -> bool {
    let literals: BTreeSet<&str> = text.split('"').collect();
    // Made of two: both are words there.
    if text.contains("\"{}_{")
        && let Some((front, back)) = name.rsplit_once('_')
        && text.contains(&format!("\"{front}\""))
        && text.contains(&format!("::{back}"))
    {
        return true;
    }
    literals.iter().any(|literal| match (literal.find('{'), literal.rfind('}')) {
        (Some(open), Some(close)) if open >= 4 && close > open && !literal.contains(' ') => {
            let (front, back) = (&literal[..open], &literal[close + 1..]);
            name.len() > front.len() + back.len() && name.starts_with(front) && name.ends_with(back)
        }
        _ => *literal == name,
    })
}
