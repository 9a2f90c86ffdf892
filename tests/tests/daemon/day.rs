//! The README's "A day with apppw": each command is run as it stands, and shows what stands below it.
//!
//! What happens between the commands stands in HTML comments, which readers don't see:
//! `<!-- later 3d -->`, `<!-- login USER SERVICE ADDRESS ID accepted|refused -->` and `<!-- $ COMMAND -->`.
//! `APPPW_REWRITE=1` writes what was shown into the README.

use super::Case;
use apppw_proto::frame::Verdict;
use apppw_tests::story::{Story, Terminal};
use std::fs;
use std::path::Path;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
const HEADING: &str = "## A day with apppw\n";

const CONFIG: &str = "[client]\nimap = \"imap.example.org\"\nsmtp = \"smtp.example.org\"\n";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("each_command_of_the_readme_shows_what_stands_below_it", each_command)
            .with_program("script"),
    ]
}

fn each_command() {
    let readme = fs::read_to_string(README).expect("the README");
    let (before, rest) = readme.split_once(HEADING).expect("the section");
    let (section, after) = rest.split_at(rest.find("\n## ").expect("another section behind it"));
    let played = play(section);
    if std::env::var_os("APPPW_REWRITE").is_some() {
        fs::write(Path::new(README), [before, HEADING, &played, after].concat())
            .expect("the README can be written");
        return;
    }
    for (line, (written, shown)) in section.lines().zip(played.lines()).enumerate() {
        assert_eq!(written, shown, "line {} of the section; APPPW_REWRITE=1 writes what is shown", line + 1);
    }
    assert_eq!(section, played, "APPPW_REWRITE=1 writes what is shown");
}

/// The section, with what its commands show now.
fn play(section: &str) -> String {
    let story = Story::begin(CONFIG);
    let terminal = Terminal { columns: 100, color: false };
    let (mut played, mut commands, mut in_block) = (String::new(), 0, false);
    for line in section.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| in_block) {
            commands += 1;
            played += &[line, "\n", &story.run(command, &terminal)].concat();
            continue;
        } else if in_block {
            continue;
        } else if let Some(happens) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
            match happens.strip_prefix("$ ") {
                Some(command) => drop(story.run(command, &terminal)),
                None => happen(&story, happens),
            }
        }
        played += line;
        played += "\n";
    }
    assert!(commands >= 12, "only {commands} commands were run");
    played
}

fn happen(story: &Story, what: &str) {
    match what.split(' ').collect::<Vec<_>>().as_slice() {
        ["later", span] => story.later(span.parse::<apppw_admin::span::Span>().expect("a span").seconds()),
        ["login", user, service, rhost, id, wanted] => {
            let verdict = match *wanted {
                "accepted" => Verdict::Accepted,
                "refused" => Verdict::Refused,
                other => panic!("no verdict: {other}"),
            };
            assert_eq!(story.login(user, service, rhost, id), verdict, "{what}");
        }
        other => panic!("nothing that happens: {other:?}"),
    }
}
