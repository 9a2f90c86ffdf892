//! `--kick`, with a doveadm that says what it is told to.

use crate::doveadm::{Doveadm, KICKS, as_root, install};
use crate::support::{Daemon, finish, record, refusing};
use apppw_admin::Code;
use serde_json::{Value, json};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Revokes what it is asked to: ids ending in 1 are alice's, others bob's; 9 had been revoked
/// before, and a selection finds nothing.
fn revoking() -> Daemon {
    Daemon::answering(|verb, args| {
        let record = |id: &Value| {
            let id = id.as_str().unwrap();
            record(id, if id.ends_with('1') { "alice" } else { "bob" }, "laptop")
        };
        if verb == "show" {
            return Ok(json!({"app_password": record(&args["id"]), "uses": []}));
        }
        let ids = args["ids"].as_array().cloned().unwrap_or_default();
        let (already, ids): (Vec<Value>, Vec<Value>) = ids.into_iter().partition(|id| id == "ap-00000009");
        let records: Vec<Value> = ids.iter().map(record).collect();
        Ok(json!({"count": ids.len(), "ids": ids, "app_passwords": records, "already": already}))
    })
}

/// Calls alice by her whole name.
fn knowing_alice() -> Daemon {
    Daemon::answering(|_, _| {
        Ok(json!({"user": "alice@example.org", "created": 0, "live": 0, "revoked": 1, "primary": "allow",
                  "revoked_now": ["ap-00000001"], "revoked_count": 1}))
    })
}

#[test]
fn the_whole_cache_is_flushed_and_then_the_sessions_end_once_for_each_account() {
    let (daemon, doveadm) = (revoking(), Doveadm::saying(KICKS));
    let run = doveadm.run(&daemon, &["revoke", "ap-00000002", "ap-00000001", "ap-00000011", "--kick"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert_eq!(run.stdout.lines().count(), 3);
    let told = "apppw: alice: open sessions ended, Dovecot's cache flushed\n\
                apppw: bob: open sessions ended, Dovecot's cache flushed\n";
    assert_eq!(run.stderr, told);
    let calls = ["<auth><cache><flush>", "<-f><json><who><-1>", "<kick><--><alice>", "<kick><--><bob>"];
    assert_eq!(doveadm.calls(), calls);
    let run = doveadm.run(&daemon, &["revoke", "ap-00000001", "--kick", "--json"]);
    let message = "open sessions ended, Dovecot's cache flushed";
    assert_eq!(run.json()["kicked"], json!([{"user": "alice", "done": true, "message": message}]));
    assert_eq!(run.stderr, "");
}

#[test]
fn no_session_is_no_failure() {
    for none in ["echo no users kicked; exit 68", "echo 0 connections kicked"] {
        let doveadm = Doveadm::saying(&format!("case $1 in kick) {none};; esac"));
        let run = doveadm.run(&revoking(), &["revoke", "ap-00000001", "--kick"]);
        assert_eq!(
            (run.status, run.stderr.as_str()),
            (0, "apppw: alice: no open sessions, Dovecot's cache flushed\n")
        );
    }
}

#[test]
fn a_failing_doveadm_is_1_and_the_revocation_holds() {
    let fails = "case $*  in *bob) echo \"Fatal: connect(anvil) failed\" >&2; exit 75;; esac; echo 1 connections kicked";
    let (daemon, doveadm) = (revoking(), Doveadm::saying(fails));
    let run = doveadm.run(&daemon, &["revoke", "ap-00000001", "ap-00000002", "--kick"]);
    assert_eq!((run.status, run.stdout.lines().count()), (1, 2), "{run:?}");
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines[0], "apppw: alice: open sessions ended, Dovecot's cache flushed");
    assert_eq!(lines[1], "apppw: bob: NOT DONE: doveadm kick: Fatal: connect(anvil) failed");
    let said = "apppw: the change is made and holds, but sessions may still be open, those of 1 of 2 names (";
    assert!(lines[2].starts_with(said), "{run:?}");
    let run = doveadm.run(&daemon, &["revoke", "ap-00000001", "ap-00000002", "--kick", "--json"]);
    assert_eq!((run.status, &run.json_error()["error"]["code"]), (1, &json!("kick")));
    let done: Vec<Value> =
        run.json()["kicked"].as_array().unwrap().iter().map(|k| k["done"].clone()).collect();
    assert_eq!(
        (done, &run.json()["ids"]),
        (vec![json!(true), json!(false)], &json!(["ap-00000001", "ap-00000002"]))
    );
    // The flush says that it failed, and ends with 0.
    let doveadm =
        Doveadm::saying("case $1 in auth) echo 'Error: auth-master: refused' >&2;; *) exit 68;; esac");
    let run = doveadm.run(&daemon, &["revoke", "ap-00000001", "--kick"]);
    assert!(
        run.status == 1
            && run.stderr.contains("no open sessions, but doveadm auth cache flush: Error: auth-m")
    );
}

#[test]
fn without_doveadm_that_is_said_once_and_clearly() {
    let empty = tempfile::tempdir().unwrap();
    let daemon = revoking();
    let mut command = as_root();
    command.env("PATH", empty.path()).env("APPPW_SOCKET", daemon.socket());
    let run = finish(command.args(["revoke", "ap-00000001", "ap-00000002", "--kick"]), b"");
    assert_eq!((run.status, run.stdout.lines().count()), (1, 2), "{run:?}");
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(
        lines[0],
        "apppw: alice: NOT DONE: not tried, since doveadm isn't in PATH (is Dovecot on this host?)"
    );
    assert_eq!(
        lines[1],
        "apppw: bob: NOT DONE: not tried, since doveadm isn't in PATH (is Dovecot on this host?)"
    );
    assert!(lines[2].contains("those of 2 of 2 names"), "{run:?}");
}

#[test]
fn a_dovecot_that_is_down_is_tried_once() {
    let down = "echo 'Error: conn unix:/run/dovecot/anvil: Connection refused' >&2; exit 75";
    let doveadm = Doveadm::listing(down, &format!("case $1 in kick) {down};; esac"));
    let run = doveadm.run(&revoking(), &["revoke", "ap-00000001", "ap-00000002", "--kick"]);
    assert_eq!((run.status, doveadm.calls().len()), (1, 2), "{run:?}");
    assert!(
        run.stderr.contains("apppw: bob: NOT DONE: not tried, since doveadm who: Error: conn unix"),
        "{run:?}"
    );
}

#[test]
fn who_repeats_it_ends_what_the_first_time_left_open() {
    let (daemon, doveadm) = (revoking(), Doveadm::saying(KICKS));
    let run = doveadm.run(&daemon, &["revoke", "ap-00000009", "--kick"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "ap-00000009 had been revoked before\n"));
    assert_eq!(doveadm.kicked(), ["bob"]);
    doveadm.run(&daemon, &["revoke", "--user", "carol", "--all", "--yes", "--kick"]);
    assert_eq!(doveadm.kicked(), ["bob", "carol"]);
    let before = doveadm.calls().len();
    doveadm.run(&daemon, &["revoke", "--user", "dave", "--unused", "90d", "--yes", "--kick"]);
    assert_eq!(doveadm.calls().len(), before, "only those whose app passwords were revoked");
}

#[test]
fn nobody_else_is_kicked_by_a_strange_name() {
    let doveadm = Doveadm::saying(KICKS);
    for name in ["*", "a?", "10.0.0.0/8", "::1"] {
        let daemon = Daemon::answering(|_, _| Ok(json!({"count": 0, "ids": [], "app_passwords": []})));
        let run = doveadm.run(&daemon, &["revoke", "--user", name, "--all", "--yes", "--kick"]);
        assert!(run.status == 1 && run.stderr.contains("doveadm kick would take the name for a"), "{run:?}");
        assert_eq!(doveadm.kicked(), [""; 0]);
    }
    let daemon = revoking();
    for name in ["-f", "--help", "a b;c"] {
        doveadm.run(&daemon, &["revoke", &format!("--user={name}"), "--all", "--yes", "--kick"]);
        assert_eq!(doveadm.kicked().last().unwrap(), name);
    }
}

#[test]
fn a_dry_run_and_a_refusal_kick_nobody() {
    let doveadm = Doveadm::saying(KICKS);
    let run = doveadm.run(&revoking(), &["revoke", "ap-00000001", "--kick", "--dry-run", "--json"]);
    assert_eq!((run.status, &run.json()["kicked"]), (0, &Value::Null));
    assert_eq!(doveadm.run(&refusing(Code::NotFound, "no"), &["revoke", "ap-00000001", "--kick"]).status, 1);
    assert_eq!(doveadm.calls(), Vec::<String>::new());
}

#[test]
fn of_very_many_those_that_arent_named_are_not_forgotten() {
    let doveadm = Doveadm::saying(KICKS);
    let daemon = Daemon::answering(|_, _| {
        let records = [record("ap-00000001", "alice", "laptop")];
        Ok(json!({"count": 1200, "ids": ["ap-00000001"], "app_passwords": records}))
    });
    let run = doveadm.run(&daemon, &["revoke", "--unused", "1y", "--yes", "--kick"]);
    assert_eq!((run.status, doveadm.kicked().len()), (1, 1), "{run:?}");
    assert!(run.stderr.contains("those of 1199 app passwords whose account isn't known"), "{run:?}");
}

#[test]
fn a_suspension_ends_sessions_too_and_its_end_does_not() {
    let (daemon, doveadm) = (revoking(), Doveadm::saying(KICKS));
    let run = doveadm.run(&daemon, &["suspend", "ap-00000001", "ap-00000009", "--kick"]);
    assert_eq!((run.status, run.stdout.lines().count()), (0, 2), "{run:?}");
    let told = "apppw: alice: open sessions ended, Dovecot's cache flushed\n\
                apppw: bob: open sessions ended, Dovecot's cache flushed\n";
    assert_eq!(run.stderr, told);
    let run = doveadm.run(&daemon, &["suspend", "ap-00000001", "--kick", "--json"]);
    assert_eq!(run.json()["kicked"][0]["user"], "alice");
    assert_eq!(doveadm.run(&daemon, &["resume", "ap-00000001", "--json"]).json()["kicked"], Value::Null);
    assert_eq!(doveadm.run(&daemon, &["resume", "ap-00000001", "--kick"]).status, 2);
    assert_eq!(doveadm.kicked(), ["alice", "bob", "alice"]);
}

#[test]
fn an_account_that_is_locked_or_gone_is_kicked_by_both_its_names() {
    for action in ["lock", "lockdown", "delete"] {
        let (daemon, doveadm) = (knowing_alice(), Doveadm::saying(KICKS));
        let run = doveadm.run(&daemon, &["user", "alice", action, "--yes", "--kick"]);
        assert_eq!((run.status, run.stdout.contains("stay open")), (0, false), "{run:?}");
        let told = "apppw: alice: open sessions ended, Dovecot's cache flushed\n\
                    apppw: alice@example.org: open sessions ended, Dovecot's cache flushed\n";
        assert_eq!(run.stderr, told);
        let run = doveadm.run(&daemon, &["user", "alice@example.org", action, "--yes", "--kick", "--json"]);
        let kicked = run.json()["kicked"].as_array().unwrap().len();
        assert_eq!((kicked, doveadm.kicked().len()), (1, 3), "{run:?}");
    }
    let fails = Doveadm::saying("echo 'Fatal: no' >&2; exit 75");
    let run = fails.run(&knowing_alice(), &["user", "alice", "lockdown", "--yes", "--kick"]);
    assert_eq!((run.status, run.stdout.contains("Revoked now: 1 app password\n")), (1, true), "{run:?}");
    assert!(run.stderr.contains("the change is made and holds, but sessions may still be open"), "{run:?}");
}

#[test]
fn what_ends_no_access_kicks_nobody() {
    let (daemon, doveadm) = (knowing_alice(), Doveadm::saying(KICKS));
    for action in [&["show"][..], &["unlock"], &["enroll"], &["unenroll"], &["rename", "bob"]] {
        let run = doveadm.run(&daemon, &[&["user", "alice"], action, &["--kick"]].concat());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{action:?}");
        assert!(run.stderr.contains("--kick goes with lock, lockdown and delete only"), "{run:?}");
    }
    assert_eq!((daemon.calls().len(), doveadm.calls().len()), (0, 0));
}

#[test]
fn only_root_kicks_and_others_hear_it_before_anything_is_done() {
    let daemon = revoking();
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("apppw");
    install(Path::new(env!("CARGO_BIN_EXE_apppw")), &program);
    std::fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    for args in [
        &["revoke", "ap-00000001"][..],
        &["suspend", "ap-00000001"],
        &["user", "alice", "lock"],
        &["user", "alice", "lockdown", "--yes"],
    ] {
        let mut command = Command::new(&program);
        command.env_clear().env("APPPW_SOCKET", daemon.socket()).args(args).arg("--kick");
        if nix::unistd::Uid::effective().is_root() {
            command.uid(65_534);
        }
        let run = finish(&mut command, b"");
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains("--kick runs doveadm, which needs root; nothing was changed"), "{run:?}");
    }
    assert_eq!(daemon.calls(), []);
}
