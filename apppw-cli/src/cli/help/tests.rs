//! What is said about the command line.

use super::*;
use crate::cli::{Parsed, parse};
use crate::exit::Failure;
use std::ffi::OsString;

fn said(words: &[&str]) -> Result<String, Failure> {
    let args: Vec<OsString> = ["apppw"].iter().chain(words).map(OsString::from).collect();
    match parse(&args)? {
        Parsed::Help(text) => Ok(text),
        Parsed::Command(cli) => panic!("{cli:?}"),
    }
}

fn names() -> Vec<String> {
    let shown = command();
    let shown = shown.get_subcommands().filter(|command| !command.is_hide_set());
    shown.map(|command| command.get_name().to_owned()).collect()
}

#[test]
fn help_is_one_text_however_it_is_asked_for_and_h_is_shorter() {
    assert_eq!(said(&["help"]), said(&["--help"]));
    assert_eq!(said(&["help"]), said(&["-h"]));
    for name in names() {
        let long = said(&["help", &name]).unwrap();
        assert_eq!(long, said(&[&name, "--help"]).unwrap());
        let short = said(&[&name, "-h"]).unwrap();
        assert!(short.contains(&format!("`apppw help {name}`")) && !short.contains("Examples:"), "{short}");
        assert!(long.contains("\n\nExamples:\n"), "{long}");
    }
}

#[test]
fn every_line_fits_a_terminal_of_80_columns() {
    let texts = names().into_iter().flat_map(|name| [said(&["help", &name]), said(&[&name, "-h"])]);
    for text in texts.chain([said(&["help"])]) {
        let text = text.unwrap();
        // A command to be copied stays on one line.
        let long = text.lines().find(|line| line.chars().count() > 80 && !line.starts_with("  apppw "));
        assert_eq!(long, None);
        let brackets = text.lines().find(|line| line.contains(['<', '>']) && !line.starts_with("  apppw "));
        assert_eq!(brackets, None);
    }
}

#[test]
fn every_command_has_examples_and_is_in_the_overview_once() {
    let overview = said(&["help"]).unwrap();
    let command = command();
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        let text = command.get_after_long_help().unwrap().to_string();
        let examples = blocks(&text).into_iter().find_map(|block| match block {
            Block::List { title, rows } if title == EXAMPLES => Some(rows),
            _ => None,
        });
        let examples = examples.unwrap_or_else(|| panic!("{} has no examples", command.get_name()));
        let of_another =
            examples.iter().find(|(line, _)| !line.starts_with(&format!("apppw {}", command.get_name())));
        assert_eq!(of_another, None);
        let lines = overview.lines().filter(|line| line.starts_with(&format!("  {} ", command.get_name())));
        assert_eq!(lines.count(), 1, "{}", command.get_name());
    }
}

#[test]
fn a_command_in_no_group_comes_last() {
    let command = command().subcommand(Command::new("dance").about("Dance"));
    let (title, commands) = groups(&command).pop().unwrap();
    assert_eq!((title, commands.last().unwrap().get_name()), ("More", "dance"));
    assert_eq!(
        groups(&super::command()).iter().map(|(_, commands)| commands.len()).sum::<usize>(),
        names().len()
    );
}

#[test]
fn long_lists_of_words_stand_apart() {
    let text = said(&["help", "events"]).unwrap();
    let text = one_line(&text);
    assert!(
        text.contains("KIND is one of create, undo-create,") && !text.contains("possible values"),
        "{text}"
    );
    assert!(said(&["create", "-h"]).unwrap().contains("[service\n") || text.contains("[service or network]"));
}

#[test]
fn a_topic_that_there_is_none_of_is_answered_with_the_nearest() {
    let message = |words: &[&str]| said(words).unwrap_err().message;
    assert_eq!(message(&["help", "creat"]), "there is no command 'creat'; did you mean 'create'?");
    assert_eq!(
        message(&["--socket", "/s", "help", "revok"]),
        "there is no command 'revok'; did you mean 'revoke'?"
    );
    assert_eq!(message(&["help", "entirely"]), "there is no command 'entirely'");
    assert_eq!(said(&["help", "user", "lock"]), said(&["help", "user"]));
}

#[test]
fn after_wrong_use_it_is_said_where_to_read_on() {
    let pointer = |words: &[&str]| {
        let args: Vec<OsString> = ["apppw"].iter().chain(words).map(OsString::from).collect();
        pointer(&args)
    };
    assert_eq!(pointer(&["create", "--frob"]).unwrap(), "See `apppw help create`.");
    assert_eq!(pointer(&["--json", "--socket", "list", "user"]).unwrap(), "See `apppw help user`.");
    for words in [&["frob"][..], &["--frob"], &["--socket"], &["\u{202e}"]] {
        assert_eq!(pointer(words).unwrap(), "See `apppw help`.", "{words:?}");
    }
    assert_eq!(pointer(&[]), None);
}

#[test]
fn brackets_go_and_columns_stay() {
    assert_eq!(plain("  --a <A>  one\n  --b      two\n"), "  --a A    one\n  --b      two\n");
    assert_eq!(
        plain("  --a[=<A>]  \u{1b}[0mone\n  --b[=<B>]\u{1b}[0m  two"),
        "  --a[=A]    \u{1b}[0mone\n  --b[=B]\u{1b}[0m    two\n"
    );
    assert_eq!(plain("apppw <A> [<B>] a<b 1<2>3"), "apppw A [B] a<b 1<2>3\n");
}

/// Variables that are not for those who call `apppw`: where programs lie, and what tests set.
const NOT_FOR_PEOPLE: [&str; 2] = ["PATH", "APPPW_WRITE_GOLDEN"];

/// A variable that is read and not in the manual, or the other way round.
#[test]
fn what_is_read_from_the_environment_is_in_the_manual() {
    let mut read = std::collections::BTreeSet::from(["TZ".to_owned()]); // by jiff
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for call in ["env::var(\"", "env::var_os(\""] {
                let calls = text.split(call).skip(1).filter_map(|rest| rest.split_once('"'));
                let calls = calls.map(|(name, _)| name.to_owned());
                read.extend(calls.filter(|name| name.len() > 1 && !NOT_FOR_PEOPLE.contains(&name.as_str())));
            }
            // Perhaps through a closure, or a table: then it is there by its name.
            if !path.ends_with("src/lib.rs") {
                let named = crate::ENVIRONMENT.iter().map(|(name, _)| *name);
                read.extend(named.filter(|name| text.contains(&format!("\"{name}\""))).map(str::to_owned));
            }
        }
    }
    let written = crate::ENVIRONMENT.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(read, written, "read by apppw, and in ENVIRONMENT of lib.rs");
}
