//! On a terminal: a pseudo-terminal of util-linux's `script`.

use crate::support::{Daemon, SECRET, created, record, refusing};
use apppw_admin::{AdminError, Code};
use serde_json::json;

/// Answers `revoke` with one app password, then hangs up, as the real one does when a person
/// takes long to answer.
fn revoking() -> Daemon {
    Daemon::answering_once(|_, _| {
        Ok(
            json!({"count": 1, "ids": ["ap-00000001"], "app_passwords": [record("ap-00000001", "alice", "old phone")]}),
        )
    })
}

fn dry_runs(daemon: &Daemon) -> Vec<serde_json::Value> {
    daemon.calls().into_iter().map(|(_, args)| args["dry_run"].clone()).collect()
}

#[test]
fn create_frames_the_secret_and_warns() {
    let daemon = Daemon::answering(|_, _| Ok(created(true)));
    let run = daemon.on_a_terminal("$APPPW create alice laptop", "", "");
    assert_eq!(run.status, 0);
    assert!(run.stdout.contains("+-----------------------+\r\n  |  abcd-efgh-jkmn-pqrs  |\r\n"), "{run:?}");
    assert_eq!(run.stdout.matches(SECRET).count(), 1);
    for said in ["It isn't shown again", "apppw revoke ap-0000002a", "apppw: warning: alice is enrolled now"]
    {
        assert!(run.stdout.contains(said), "{said}: {run:?}");
    }
}

#[test]
fn create_into_a_pipe_is_bare_even_at_a_terminal() {
    let daemon = Daemon::answering(|_, _| Ok(created(false)));
    let run = daemon.on_a_terminal("$APPPW create alice laptop | cat", "", "");
    assert_eq!(run.stdout, "abcd-efgh-jkmn-pqrs\r\n");
}

#[test]
fn revoke_shows_and_asks_first() {
    let daemon = revoking();
    let run = daemon.on_a_terminal("$APPPW revoke ap-00000001", "[y/N]", "y\n");
    assert_eq!((run.status, dry_runs(&daemon)), (0, vec![json!(true), json!(false)]), "{run:?}");
    let asked = "ap-00000001  alice  old phone  2027-01-15  never used\r\nRevoke this app password? [y/N] ";
    assert!(run.stdout.contains(asked), "{run:?}");
    assert!(run.stdout.ends_with("ap-00000001 revoked: \"old phone\" of alice\r\n"), "{run:?}");
}

#[test]
fn anything_but_yes_is_no() {
    for answer in ["n\n", "\n", "yess\n", "\u{4}"] {
        let daemon = revoking();
        let run = daemon.on_a_terminal("$APPPW revoke --user alice --all", "[y/N]", answer);
        assert_eq!((run.status, dry_runs(&daemon)), (1, vec![json!(true)]), "{answer:?}: {run:?}");
        assert!(run.stdout.ends_with("apppw: nothing was revoked\r\n"), "{run:?}");
    }
}

#[test]
fn yes_and_dry_run_are_not_asked() {
    let daemon = revoking();
    let line = "$APPPW revoke --user alice --all --yes && $APPPW revoke ap-00000001 --dry-run";
    let run = daemon.on_a_terminal(line, "", "");
    assert_eq!((run.status, dry_runs(&daemon)), (0, vec![json!(false), json!(true)]), "{run:?}");
    assert!(!run.stdout.contains("[y/N]"), "{run:?}");
}

#[test]
fn verify_asks_without_showing_what_is_typed() {
    let daemon = Daemon::answering(|_, _| Ok(json!({"accepted": true, "reason": "accepted"})));
    let run = daemon.on_a_terminal("$APPPW verify alice", "(not shown): ", "abcd-efgh-jkmn-pqrs\n");
    assert_eq!(run.status, 0, "{run:?}");
    let asked: Vec<_> = daemon.calls().into_iter().map(|(_, args)| args).collect();
    assert_eq!(asked, [json!({"user": "alice", "secret": ""}), json!({"user": "alice", "secret": SECRET})]);
    assert!(!run.stdout.contains("abcd"), "{run:?}");
    assert!(run.stdout.ends_with("accepted\r\n"), "{run:?}");
}

#[test]
fn verify_asks_for_no_secret_that_would_not_be_judged() {
    let daemon = refusing(Code::Denied, "alice may act for alice only");
    let run = daemon.on_a_terminal("$APPPW verify bob", "(not shown): ", "abcd-efgh-jkmn-pqrs\n");
    assert_eq!((run.status, run.stdout.as_str()), (1, "apppw: alice may act for alice only\r\n"), "{run:?}");
    assert_eq!(daemon.calls().len(), 1);
}

#[test]
fn verify_explains_its_reason_to_a_person() {
    let daemon = Daemon::answering(|_, _| Ok(json!({"accepted": false, "reason": "wrong-service"})));
    let run = daemon.on_a_terminal("$APPPW verify alice", "(not shown): ", "abcd-efgh-jkmn-pqrs\n");
    let told = "not accepted: wrong-service\r\nThe secret is right, but it is not for this service. Use one that is, or \
                create\r\none: apppw create --service S.\r\n";
    assert!(run.status == 1 && run.stdout.ends_with(told), "{run:?}");
    let run = daemon.run_with(&["verify", "alice"], b"abcd-efgh-jkmn-pqrs\n");
    assert_eq!(run.stdout, "not accepted: wrong-service\n", "into a pipe the word alone");
}

#[test]
fn create_shows_what_to_type_beside_the_secret() {
    let mut answer = created(false);
    answer["client"] = json!({
        "user": "alice", "imap": {"host": "imap.example.org", "port": 993, "encryption": "tls"}, "note": "Ring 42",
    });
    let daemon = Daemon::answering(move |_, _| Ok(answer.clone()));
    let run = daemon.on_a_terminal("stty cols 60; $APPPW create alice laptop", "", "");
    let told = "  User name             alice\r\n  Password              as in the frame above\r\n  Incoming mail (IMAP)  \
                imap.example.org, port 993, SSL/TLS\r\n";
    assert!(run.stdout.contains(told) && run.stdout.contains("\r\nRing 42\r\n"), "{run:?}");
    let run = daemon.run(&["create", "alice", "laptop", "--json"]);
    assert_eq!(run.json()["client"]["imap"]["encryption"], "tls");
    assert_eq!(run.json()["client"]["smtp"], json!(null));
}

#[test]
fn an_account_that_a_slip_makes_is_told_with_the_one_that_was_meant() {
    let refused = || AdminError::new(Code::NotFound, "there is no account alcie here; did you mean alice?");
    let daemon = Daemon::answering(move |verb, _| match verb {
        "user.show" => Err(refused()),
        _ => Ok(created(false)),
    });
    let run = daemon.on_a_terminal("$APPPW create alcie laptop", "", "");
    let said = "apppw: warning: alcie is new here; did you mean alice? To take this one away: apppw revoke ap-0000002a";
    assert!(run.status == 0 && run.stdout.contains(said), "{run:?}");
    assert_eq!(daemon.run(&["create", "alcie", "laptop"]).stderr, "", "scripts are not asked");
}
