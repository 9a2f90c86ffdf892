//! What is offered where.

use super::*;
use crate::cli::Cli;
use clap::CommandFactory;

/// What is wanted at the end of a line, whose last word is being typed.
fn at_end(line: &str) -> Wanted {
    let mut root = Cli::command();
    root.build();
    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let current = words.pop().unwrap();
    wanted(&root, &words, &current).0
}

fn offered(line: &str) -> Vec<String> {
    match at_end(line) {
        Wanted::OneOf(candidates) => candidates.into_iter().map(|candidate| candidate.value).collect(),
        other => panic!("{line}: {other:?}"),
    }
}

fn looked_up(line: &str) -> (FindWhat, bool, String) {
    match at_end(line) {
        Wanted::Known { what, all, text, .. } => (what, all, text),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn commands_with_what_they_do() {
    let Wanted::OneOf(commands) = at_end("apppw re") else { panic!() };
    let names: Vec<&str> = commands.iter().map(|command| command.value.as_str()).collect();
    assert_eq!(
        names,
        ["rename", "resume", "revoke", "rotate", "report", "restore"]
            .iter()
            .filter(|n| n.starts_with("re"))
            .copied()
            .collect::<Vec<_>>()
    );
    assert!(commands.iter().all(|command| !command.about.is_empty()));
    assert!(!offered("apppw ").contains(&"complete".to_owned()), "it is for scripts");
    assert_eq!(offered("apppw --json sho"), ["show"]);
    assert_eq!(offered("apppw help sho"), ["show"]);
}

#[test]
fn options_once_unless_they_may_be_repeated() {
    assert_eq!(offered("apppw list --un"), ["--unused"]);
    assert!(offered("apppw list --all --").iter().all(|option| option != "--all"));
    assert!(offered("apppw create --service imap --").contains(&"--service".to_owned()));
    assert!(offered("apppw revoke ap-00000001 --").contains(&"--json".to_owned()), "what all take");
    let Wanted::OneOf(options) = at_end("apppw revoke --") else { panic!() };
    assert!(options.iter().all(|option| !option.about.is_empty() && !option.about.contains('\n')));
}

#[test]
fn values_of_a_closed_list() {
    assert_eq!(offered("apppw create alice phone --pin "), ["service", "network"]);
    assert_eq!(offered("apppw create alice phone --pin=n"), ["--pin=network"]);
    assert_eq!(offered("apppw panic o"), ["on", "off"]);
    assert_eq!(offered("apppw events --kind deni"), ["denied"]);
    assert_eq!(offered("apppw completion "), ["bash", "zsh", "fish"]);
    assert_eq!(offered("apppw user alice lo"), ["lock", "lockdown"]);
    assert_eq!(offered("apppw user show l"), ["lock", "lockdown"], "an account may be called show");
}

#[test]
fn what_apppwd_knows() {
    for (line, what, all, text) in [
        ("apppw show ap-7", FindWhat::AppPassword, true, "ap-7"),
        ("apppw revoke ap-00000001 7k", FindWhat::AppPassword, false, "7k"),
        ("apppw suspend --kick ", FindWhat::AppPassword, false, ""),
        ("apppw rotate --grace 2h ", FindWhat::AppPassword, false, ""),
        ("apppw events --id ", FindWhat::AppPassword, true, ""),
        ("apppw events --since=7d al", FindWhat::User, true, "al"),
        ("apppw events -f al", FindWhat::User, true, "al"),
        ("apppw list al", FindWhat::User, false, "al"),
        ("apppw verify al", FindWhat::User, false, "al"),
        ("apppw user al", FindWhat::User, false, "al"),
        ("apppw create al", FindWhat::User, false, "al"),
        ("apppw revoke --user al", FindWhat::User, false, "al"),
        ("apppw create alice phone --service ", FindWhat::Service, false, ""),
        ("apppw create --preset ph", FindWhat::Preset, false, "ph"),
        ("apppw panic on --group m", FindWhat::Group, false, "m"),
        ("apppw list -- al", FindWhat::User, false, "al"),
        ("apppw create --wait al", FindWhat::User, false, "al"),
        ("apppw wait ap-7", FindWhat::AppPassword, false, "ap-7"),
    ] {
        assert_eq!(looked_up(line), (what, all, text.to_owned()), "{line}");
    }
    let Wanted::Known { before, text, .. } = at_end("apppw create --service=im") else { panic!() };
    assert_eq!((before.as_str(), text.as_str()), ("--service=", "im"));
    let Wanted::Known { but, .. } = at_end("apppw revoke ap-00000001 ap-") else { panic!() };
    assert_eq!(but, ["ap-00000001"]);
}

#[test]
fn nothing_is_guessed() {
    for line in [
        "apppw rename ap-00000001 lap",
        "apppw create alice lap",
        "apppw list alice bo",
        "apppw nosuch al",
        "apppw list --nosuch al",
        "apppw list --unused 9",
        "apppw verify alice sec",
        "apppw user alice rename al",
        "apppw status al",
    ] {
        assert_eq!(at_end(line), Wanted::Nothing, "{line}");
    }
    for line in ["apppw --socket /ru", "apppw backup /v", "apppw restore --config /e", "apppw restore "] {
        assert_eq!(at_end(line), Wanted::File, "{line}");
    }
}

#[test]
fn the_socket_that_is_typed_is_the_one_that_is_asked() {
    let mut root = Cli::command();
    root.build();
    for line in [&["apppw", "--socket", "/x", "list"][..], &["apppw", "list", "--socket=/x"]] {
        let words: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(wanted(&root, &words, "").1, Some(PathBuf::from("/x")));
    }
}
