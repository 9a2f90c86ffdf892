//! `--kick` where several names mean one account: Dovecot lists what was typed.

use crate::doveadm::{Doveadm, KICKS};
use crate::support::{Daemon, record};
use apppw_admin::{AdminError, Code};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

/// What `doveadm who` lists: names of u1@example.org, and of others.
const LISTED: [&str; 6] = ["U1", "u1@example.com", "u1@example.net", "u1@example.org", "u12", "u2"];

/// What it comes to.
const KICKED: [&str; 3] = ["u1@example.org", "U1", "u1@example.net"];

/// Says what Dovecot 2.3 and 2.4 say.
fn listing<S: AsRef<str>>(names: &[S]) -> Doveadm {
    let open: Vec<Value> = names
        .iter()
        .map(|name| json!({"username": name.as_ref(), "service": "imap", "pid": "50", "ip": "192.0.2.7"}))
        .collect();
    Doveadm::listing(&format!("echo '{}'", json!(open)), KICKS)
}

/// Knows u1@example.org by several names, until it is deleted, and u1@example.com.
fn knowing() -> Daemon {
    let deleted = AtomicBool::new(false);
    Daemon::answering(move |verb, args| {
        if verb == "revoke" {
            let ids = args["ids"].as_array().cloned().unwrap_or_default();
            let records = ids.iter().map(|id| record(id.as_str().unwrap(), "u1@example.org", "laptop"));
            return Ok(
                json!({"count": ids.len(), "ids": &ids, "app_passwords": records.collect::<Vec<_>>()}),
            );
        }
        let user = args["user"].as_str().unwrap().to_lowercase();
        let gone = deleted.fetch_or(verb == "user.delete", Ordering::SeqCst);
        match user.as_str() {
            "u1" | "u1@example.org" | "u1@example.net" if !gone => Ok(account("u1@example.org")),
            "u1@example.com" => Ok(account("u1@example.com")),
            _ => Err(AdminError::new(Code::NotFound, "no such account")),
        }
    })
}

fn account(user: &str) -> Value {
    json!({"user": user, "created": 0, "live": 0, "revoked": 1, "primary": "allow"})
}

#[test]
fn sessions_end_under_every_name_of_the_account_and_of_no_other() {
    let (daemon, doveadm) = (knowing(), listing(&LISTED));
    let run = doveadm.run(&daemon, &["revoke", "ap-00000001", "--kick", "--json"]);
    let message = "open sessions ended, Dovecot's cache flushed";
    let kicked = KICKED.map(|user| json!({"user": user, "done": true, "message": message}));
    assert_eq!((run.status, &run.json()["kicked"]), (0, &json!(kicked)), "{run:?}");
    let calls = doveadm.calls();
    assert_eq!(calls[..2], ["<auth><cache><flush>", "<-f><json><who><-1>"]);
    assert_eq!((calls.len(), doveadm.kicked()), (5, KICKED.map(str::to_owned).into()));
    let asked: Vec<Value> =
        daemon.calls().into_iter().skip(1).map(|(_, args)| args["user"].clone()).collect();
    assert_eq!(asked, ["U1", "u1@example.com", "u1@example.net"]);
}

#[test]
fn whatever_name_is_typed() {
    for (args, changes) in [
        (&["user", "U1", "lock"][..], "user.lock"),
        (&["user", "U1", "lockdown", "--yes"], "user.lockdown"),
        (&["user", "U1", "delete", "--yes"], "user.delete"),
        (&["revoke", "--user", "U1", "--all", "--yes"], "revoke"),
    ] {
        let (daemon, doveadm) = (knowing(), listing(&LISTED));
        let run = doveadm.run(&daemon, &[args, &["--kick"]].concat());
        assert_eq!(run.status, 0, "{run:?}");
        assert_eq!(doveadm.kicked(), ["U1", "u1@example.org", "u1@example.net"], "{args:?}");
        // After the change nobody logs in any more. But an account that is gone has no names.
        let verbs: Vec<String> = daemon.calls().into_iter().map(|(verb, _)| verb).collect();
        let change = verbs.iter().position(|verb| verb == changes).unwrap();
        assert_eq!(change, if changes == "user.delete" { verbs.len() - 1 } else { 0 }, "{verbs:?}");
    }
}

#[test]
fn names_that_cant_be_listed_may_have_sessions() {
    for (fails, why) in [
        ("echo 'Error: read(anvil) failed' >&2; exit 75", "doveadm who: Error: read(anvil) failed"),
        ("echo '[{\"username\":\"U1\"},'", "doveadm who can't be understood: EOF"),
    ] {
        for args in [&["revoke", "ap-00000001"][..], &["user", "u1@example.org", "delete", "--yes"]] {
            let doveadm = Doveadm::listing(fails, KICKS);
            let run = doveadm.run(&knowing(), &[args, &["--kick"]].concat());
            let said = "apppw: u1@example.org: NOT DONE: open sessions ended, Dovecot's cache flushed, but sessions \
                        under other names of the account may be open: ";
            assert!(run.status == 1 && run.stderr.starts_with(&format!("{said}{why}")), "{run:?}");
            assert!(run.stderr.contains("may still be open (doveadm who lists them)"), "{run:?}");
            assert_eq!(doveadm.kicked(), ["u1@example.org"]);
        }
    }
}

#[test]
fn names_that_apppwd_cant_be_asked_for_may_be_the_accounts() {
    let busy = Daemon::answering(|verb, args| match (verb, args["user"].as_str()) {
        ("user.show", Some("u1@example.com")) => Err(AdminError::new(Code::Busy, "too much at once")),
        _ => Ok(account("u1@example.org")),
    });
    let run = listing(&LISTED).run(&busy, &["user", "u1@example.org", "lock", "--kick", "--json"]);
    let kicked = &run.json()["kicked"];
    assert_eq!((run.status, &kicked[0]["done"]), (1, &json!(false)));
    assert!(kicked[0]["message"].as_str().unwrap().ends_with("may be open: too much at once"), "{run:?}");
    assert_eq!((&kicked[1]["user"], &kicked[1]["done"]), (&json!("U1"), &json!(true)), "found before");
}

#[test]
fn of_very_many_names_some_are_left_and_that_is_said() {
    let many = |last| (1..=last).map(|n| format!("u1@{n}.example")).collect::<Vec<_>>();
    for (last, status) in [(1000, 0), (1001, 1)] {
        let daemon = knowing();
        let run = listing(&many(last)).run(&daemon, &["user", "u1@example.org", "lock", "--kick"]);
        assert_eq!((run.status, daemon.calls().len()), (status, 1001), "{run:?}");
        assert_eq!(run.stderr.contains("1001 are more than apppwd is asked for"), status == 1, "{run:?}");
    }
}
