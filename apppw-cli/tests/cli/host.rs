//! Accounts, panic, report.

use crate::support::Daemon;
use serde_json::{Value, json};

/// Knows alice, and two switches that can be on.
fn daemon() -> Daemon {
    Daemon::answering(|verb, args| {
        let locked = (verb == "user.lock" || verb == "user.lockdown").then_some(1_800_000_000);
        let revoked_now: &[&str] = if ["user.lockdown", "user.delete"].contains(&verb) {
            &["ap-00000001", "ap-00000002"]
        } else {
            &[]
        };
        Ok(match verb {
            "panic" if args["on"] == true => {
                let mut switch = json!({"since": 1_800_000_000});
                if let Some(group) = args["group"].as_str() {
                    switch["group"] = json!(group);
                }
                json!({"panic": [switch]})
            }
            "panic" => json!({"panic": []}),
            _ => {
                json!({"user": args["new"].as_str().unwrap_or("alice"), "created": 0, "live": 2, "revoked": 0,
                        "locked": locked, "primary": "allow", "revoked_now": revoked_now,
                        "revoked_count": revoked_now.len()})
            }
        })
    })
}

fn verbs(daemon: &Daemon) -> Vec<String> {
    daemon.calls().into_iter().map(|(verb, _)| verb).collect()
}

#[test]
fn each_action_has_its_verb() {
    let daemon = daemon();
    for action in ["show", "lock", "unlock", "enroll", "unenroll"] {
        let run = daemon.run(&["user", "alice", action]);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{action}");
        assert!(run.stdout.starts_with("User:           alice\n"), "{run:?}");
    }
    assert_eq!(verbs(&daemon), ["user.show", "user.lock", "user.unlock", "user.enroll", "user.unenroll"]);
    assert!(daemon.calls().iter().all(|(_, args)| *args == json!({"user": "alice"})));
    let run = daemon.run(&["user", "alice", "lock"]);
    assert!(run.stdout.contains("LOCKED:         since 2027-01-15 08:00:00 +00:00\n"), "{run:?}");
    let run = daemon.run(&["user", "alice", "rename", "alice@example.org", "--json"]);
    assert_eq!(run.json()["user"], "alice@example.org");
    let sent = json!({"user": "alice", "new": "alice@example.org"});
    assert_eq!(daemon.calls().last().unwrap(), &("user.rename".to_owned(), sent));
}

#[test]
fn what_cant_be_taken_back_needs_yes_without_a_terminal() {
    let daemon = daemon();
    for action in ["lockdown", "delete"] {
        let run = daemon.run_with(&["user", "alice", action], b"y\n");
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{action}");
        assert!(run.stderr.contains("--yes") && run.stderr.contains("nothing was changed"), "{run:?}");
        assert_eq!(daemon.calls(), []);
    }
    let run = daemon.run(&["user", "alice", "lockdown", "--yes"]);
    assert!(
        run.stdout.contains("\nRevoked now: 2 app passwords\nSessions that are open stay open"),
        "{run:?}"
    );
    let run = daemon.run(&["user", "alice", "delete", "--yes", "--json"]);
    assert_eq!(run.json()["revoked_now"], json!(["ap-00000001", "ap-00000002"]));
    assert_eq!(verbs(&daemon), ["user.lockdown", "user.delete"]);
}

#[test]
fn a_person_sees_the_account_before_it_is_locked_down() {
    for (answer, status, asked) in
        [("yes\n", 0, &["user.show", "list", "user.lockdown"][..]), ("\n", 1, &["user.show", "list"])]
    {
        let daemon = daemon();
        let run = daemon.on_a_terminal("$APPPW user alice lockdown", "[y/N]", answer);
        assert_eq!(
            (run.status, verbs(&daemon)),
            (status, asked.iter().map(|v| (*v).to_owned()).collect()),
            "{run:?}"
        );
        assert!(run.stdout.contains("App passwords:  2 live, 0 revoked\r\n"), "{run:?}");
    }
    let daemon = daemon();
    let run = daemon.on_a_terminal("$APPPW user alice delete", "[y/N]", "n\n");
    assert!(run.stdout.ends_with("apppw: nothing was changed\r\n"), "{run:?}");
}

#[test]
fn panic_goes_on_without_a_question_for_scripts_only() {
    let daemon = daemon();
    let run = daemon.run(&["panic", "on", "--group", "mail"]);
    let told = "PANIC is on: every app password for the services of group mail is refused, since \
                2027-01-15 08:00:00 +00:00\n  To let them log in again: apppw panic off --group mail\n";
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, told, ""));
    assert_eq!(daemon.run(&["panic", "off", "--json"]).json(), json!({"schema": 1, "panic": []}));
    let sent: Vec<Value> = daemon.calls().into_iter().map(|(_, args)| args).collect();
    assert_eq!(sent, [json!({"on": true, "group": "mail"}), json!({"on": false})]);
    for (line, answer, status, calls) in [
        ("$APPPW panic on", "n\n", 1, 0),
        ("$APPPW panic on", "y\n", 0, 1),
        ("$APPPW panic on --yes", "", 0, 1),
        ("$APPPW panic off", "", 0, 1),
    ] {
        let daemon = self::daemon();
        let run = daemon.on_a_terminal(line, "[y/N]", answer);
        let changing = daemon.calls().iter().filter(|(verb, _)| verb == "panic").count();
        assert_eq!((run.status, changing), (status, calls), "{line}: {run:?}");
        assert_eq!(run.stdout.contains("[y/N]"), !answer.is_empty(), "{run:?}");
    }
}

#[test]
fn the_report_is_read_page_by_page() {
    let daemon = Daemon::answering(|_, args| {
        let used = |user, refused| {
            json!({"user": user, "service": "imap", "rhost": "192.0.2.7", "rhost_unproven": refused,
                   "host": "mail1", "would_be_refused": refused,
                   "first": 0, "last": 0, "count": 3})
        };
        Ok(match args["cursor"].as_str() {
            None => json!({"uses": [used("alice", true)], "next": "2"}),
            Some(_) => json!({"uses": [used("bob", false)]}),
        })
    });
    let run = daemon.run(&["report"]);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(
        lines[0].starts_with("USER   SERVICE  ADDRESS               COUNT  LAST")
            && lines[0].ends_with("WOULD BE REFUSED")
    );
    assert!(
        lines[1].starts_with("alice  imap     192.0.2.7 (unproven)  3") && lines[1].ends_with("  yes"),
        "{run:?}"
    );
    assert!(
        lines[2].starts_with("bob    imap     192.0.2.7             3") && lines[2].ends_with("  no"),
        "{run:?}"
    );
    assert!(lines[4].ends_with("would refuse logins of 1 account"), "{run:?}");
    assert_eq!(daemon.calls()[1], ("report".to_owned(), json!({"cursor": "2"})));
    let run = daemon.run(&["report", "--json"]);
    let unproven = |i: usize| run.json()["primary_uses"][i]["rhost_unproven"].clone();
    assert_eq!((unproven(0), unproven(1)), (json!(true), json!(false)));
    assert_eq!(run.json()["primary_uses"][1]["first"], "1970-01-01T00:00:00Z");
}

#[test]
fn an_empty_report_is_empty_and_one_in_circles_ends() {
    let daemon = Daemon::answering(|_, _| Ok(json!({"uses": []})));
    let run = daemon.run(&["report"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    assert!(run.stderr.starts_with("No login with a primary password"), "{run:?}");
    let daemon = Daemon::answering(|_, _| Ok(json!({"uses": [], "next": "1"})));
    assert_eq!(daemon.run(&["report"]).status, 3);
}
