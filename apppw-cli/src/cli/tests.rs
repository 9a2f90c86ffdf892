//! What can be typed, and what can't.

use super::account::names;
use super::*;
use clap::CommandFactory;
use std::ffi::OsString;

fn command(words: &[&str]) -> Result<Command, Failure> {
    let args: Vec<OsString> = ["apppw"].iter().chain(words).map(OsString::from).collect();
    match parse(&args)? {
        Parsed::Command(cli) => Ok(cli.command),
        Parsed::Help(text) => panic!("help: {text}"),
    }
}

#[test]
fn clap_finds_no_fault_with_the_definition() {
    Cli::command().debug_assert();
}

#[test]
fn every_argument_is_explained() {
    let cli = Cli::command();
    for command in cli.get_subcommands() {
        assert!(command.get_about().is_some(), "{}", command.get_name());
        for arg in command.get_arguments() {
            assert!(arg.get_help().is_some(), "{} {}", command.get_name(), arg.get_id());
        }
    }
}

#[test]
fn one_word_is_the_name_and_two_are_user_and_name() {
    let create = |words: &[&str]| match command(words).unwrap() {
        Command::Create(create) => (create.services.clone(), create.user_and_name().unwrap()),
        other => panic!("{other:?}"),
    };
    assert_eq!(create(&["create", "laptop"]), (vec![], (None, "laptop".into())));
    let both = (Some("alice".into()), "laptop".into());
    assert_eq!(create(&["create", "alice", "laptop"]), (vec![], both.clone()));
    let services = vec!["imap".to_owned(), "smtp".to_owned()];
    let between = ["create", "--service", "imap", "alice", "--service", "smtp", "laptop"];
    assert_eq!(create(&between), (services, both));
    assert!(command(&["create", "alice", "laptop", "phone"]).is_err());
}

#[test]
fn an_account_may_be_called_like_an_action() {
    let user = |words: &[&str]| match command(words).unwrap() {
        Command::User(user) => user.user_and_action().map(|(user, action)| (user.map(str::to_owned), action)),
        other => panic!("{other:?}"),
    };
    let alice = || Some("alice".to_owned());
    assert_eq!(user(&["user", "show"]), Ok((None, Action::Show)));
    assert_eq!(user(&["user", "enroll", "show"]), Ok((Some("enroll".into()), Action::Show)));
    assert_eq!(user(&["user", "rename", "delete", "-y"]), Ok((Some("rename".into()), Action::Delete)));
    assert_eq!(user(&["user", "alice", "--yes", "lockdown"]), Ok((alice(), Action::Lockdown)));
    assert_eq!(user(&["user", "alice", "rename", "show"]), Ok((alice(), Action::Rename("show".into()))));
    for wrong in [
        &["user"][..],
        &["user", "alice"],
        &["user", "alice", "drop"],
        &["user", "alice", "rename"],
        &["user", "rename"],
        &["user", "alice", "show", "bob"],
        &["user", "alice", "rename", "bob", "carol"],
    ] {
        assert_eq!(user(wrong).unwrap_err().status, crate::exit::Status::Usage, "{wrong:?}");
    }
    let said = |words: &[&str]| user(words).unwrap_err().message;
    assert!(said(&["user", "alice"]).contains("lockdown, enroll, unenroll, delete, rename NEW"));
    assert!(said(&["user", "alice"]).ends_with("(apppw user alice show?)"));
    assert!(said(&["user", "alice", "rename"]).contains("new name is missing"));
    assert!(said(&["user", "alice", "lok"]).ends_with("; did you mean apppw user alice lock?"));
    assert!(said(&["user", "renam"]).ends_with("; did you mean apppw user USER rename?"));
    let actions: Vec<&str> = names().map(|name| name.trim_end_matches(" NEW")).collect();
    assert!(actions.iter().all(|name| ABOUT_ACTIONS.iter().any(|(about, _)| about == name)));
    assert_eq!(actions.len(), ABOUT_ACTIONS.len());
}

#[test]
fn revoke_takes_ids_or_a_selection() {
    let ok = |words: &[&str]| command(&[&["revoke"], words].concat()).is_ok();
    assert!(ok(&["ap-00000001", "ap-00000002", "--yes", "--kick"]));
    assert!(ok(&["--user", "alice", "--user", "bob", "--all", "--dry-run"]));
    assert!(ok(&["--unused", "180d"]));
    assert!(ok(&[
        "--unused",
        "180d",
        "--created-before",
        "2027-01-31",
        "--service",
        "imap",
        "--user",
        "alice"
    ]));
    assert!(!ok(&[]));
    assert!(!ok(&["--yes"]));
    assert!(!ok(&["--user", "alice"]));
    assert!(ok(&["--all"]), "a user's own");
    assert!(!ok(&["--user", "alice", "--all", "ap-00000001"]));
    assert!(!ok(&["--user", "alice", "--all", "--unused", "1d"]));
    assert!(!ok(&["--unused", "1d", "ap-00000001"]));
    assert!(!ok(&["--created-before", "90d"]));
}

#[test]
fn a_wrong_value_is_told_with_what_is_allowed() {
    for (words, value, allowed) in [
        (&["create", "x", "--expires", "soon"][..], "soon", "never"),
        (&["create", "x", "--expires", "2027-02-30"], "2027-02-30", "no such day"),
        (&["create", "x", "--pin", "host"], "host", "service, network"),
        (&["list", "--unused", "90"], "90", "such as 90d"),
        (&["list", "--all", "--unused", "90d"], "--all", "--unused"),
        (&["revoke", "--created-before", "yesterday"], "yesterday", "2027-01-31"),
        (&["revoke", "--unused", "0d"], "0d", "such as 90d"),
        (&["rotate", "ap-00000001", "--grace", "-1d"], "-1d", "such as 90d"),
        (&["rename", "ap-00000001"], "NAME", "Usage"),
        (&["panic", "maybe"], "maybe", "on, off"),
        (&["panic"], "SWITCH", "Usage"),
    ] {
        let failure = command(words).unwrap_err();
        assert_eq!(failure.status, crate::exit::Status::Usage, "{words:?}");
        assert!(
            failure.message.contains(value) && failure.message.contains(allowed),
            "{words:?}: {failure:?}"
        );
    }
}

#[test]
fn json_after_the_double_hyphen_is_a_word() {
    let args = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    assert!(wants_json(&args(&["apppw", "list", "--json", "--bad"])));
    assert!(!wants_json(&args(&["apppw", "create", "--bad", "--", "--json"])));
}
