//! `--wait` and `wait`, with a daemon that tells what it is told to.

use crate::support::{Daemon, SECRET, apppw, created, record};
use apppw_admin::{AdminError, Code};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

const ID: &str = "ap-0000002a";

fn attempt(reason: &str, id: Option<&str>) -> Value {
    let verdict = if reason == "accepted" { "accepted" } else { "refused" };
    json!({
        "at": 1_800_000_000, "service": "imap", "rhost": "192.0.2.7", "verdict": verdict, "reason": reason,
        "id": id, "name": id.map(|_| "phone"), "count": 1,
    })
}

fn watched(watch: u64, cursor: u64, attempts: &[Value]) -> Value {
    json!({"watch": watch, "state": "live", "user": "alice", "attempts": attempts, "cursor": cursor})
}

fn shown(count: u64) -> Value {
    let mut uses = vec![];
    if count > 0 {
        uses.push(json!({
            "service": "imap", "rhost": "192.0.2.9", "host": "mail1", "first": 1, "last": 1_800_000_000, "count": count,
        }));
    }
    json!({"app_password": record(ID, "alice", "phone"), "uses": uses})
}

/// The `n`th answer to `watch`, counted from 0.
fn daemon(
    answer: impl Fn(u64, &Value) -> Result<Value, AdminError> + Send + Sync + 'static,
    uses: u64,
) -> Daemon {
    let asked = AtomicU64::new(0);
    Daemon::answering(move |verb, args| match verb {
        "watch" => answer(asked.fetch_add(1, Ordering::SeqCst), args),
        "show" => Ok(shown(if asked.load(Ordering::SeqCst) > 1 { uses } else { 0 })),
        _ => Ok(created(false)),
    })
}

/// A mistake, then the login.
fn mistake_then_login(n: u64, _: &Value) -> Result<Value, AdminError> {
    Ok(match n {
        0 => watched(7, 7, &[]),
        1 => watched(7, 9, &[attempt("mistyped", None)]),
        _ => watched(7, 11, &[attempt("accepted", Some(ID))]),
    })
}

#[test]
fn the_watch_begins_before_the_secret_is_shown_and_ends_with_the_login() {
    let daemon = daemon(mistake_then_login, 0);
    let run = daemon.on_a_terminal("$APPPW create alice laptop --wait", "", "");
    assert_eq!(run.status, 0, "{run:?}");
    let told =
        ["abcd-efgh-jkmn-pqrs", "Waiting up to 10m for a login", "Refused via imap from 192.0.2.7: mistyped"];
    let at = told.map(|said| run.stdout.find(said).unwrap_or_else(|| panic!("{said}: {run:?}")));
    assert!(at.is_sorted(), "{run:?}");
    assert!(run.stdout.contains("Logged in via imap from 192.0.2.7, "), "{run:?}");
    let asked: Vec<_> = daemon.calls().into_iter().skip_while(|(verb, _)| verb != "create").collect();
    assert_eq!(asked[1], ("watch".to_owned(), json!({"id": ID})));
    assert_eq!(asked[2], ("watch".to_owned(), json!({"id": ID, "watch": 7, "after": 7})));
    assert_eq!(asked[3], ("watch".to_owned(), json!({"id": ID, "watch": 7, "after": 9})));
    assert_eq!(asked.len(), 4);
}

#[test]
fn into_a_pipe_the_secret_stays_alone() {
    let run = daemon(mistake_then_login, 0).run(&["create", "alice", "laptop", "--wait=1h"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "abcd-efgh-jkmn-pqrs\n"));
    assert!(run.stderr.starts_with("Waiting up to 1h"), "{run:?}");
    assert!(run.stderr.contains("Logged in via imap"), "{run:?}");
}

#[test]
fn as_json_it_is_a_line_for_each_thing_that_happens() {
    let run = daemon(mistake_then_login, 0).run(&["create", "alice", "laptop", "--wait", "--json"]);
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((run.status, run.stderr.as_str(), lines.len()), (0, "", 3), "{run:?}");
    assert_eq!(lines[0]["secret"], SECRET);
    assert_eq!(lines[1]["attempt"]["reason"], "mistyped");
    assert_eq!(lines[1]["attempt"]["id"], Value::Null);
    let login = json!({
        "at": "2027-01-15T08:00:00Z", "service": "imap", "rhost": "192.0.2.7", "rhost_unproven": false,
        "verdict": "accepted", "reason": "accepted", "id": ID, "name": "phone", "count": 1,
    });
    assert_eq!(lines[2], json!({"schema": 1, "login": login}));
}

#[test]
fn it_is_rotate_s_and_has_a_command_of_its_own() {
    let run = daemon(mistake_then_login, 0).run(&["rotate", ID, "--wait"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "abcd-efgh-jkmn-pqrs\n"), "{run:?}");
    let run = daemon(mistake_then_login, 0).run(&["wait", ID]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
    assert!(run.stdout.contains("Logged in via imap from 192.0.2.7, "), "{run:?}");
}

#[test]
fn another_app_password_s_login_is_none() {
    let daemon = daemon(
        |n, _| {
            Ok(match n {
                0 => watched(7, 7, &[]),
                1 => watched(7, 9, &[attempt("accepted", Some("ap-00000001"))]),
                _ => watched(7, 11, &[attempt("accepted", Some(ID))]),
            })
        },
        0,
    );
    let run = daemon.run(&["wait", ID]);
    assert!(run.stdout.contains("with another app password, ap-00000001 \"phone\""), "{run:?}");
    assert_eq!((run.status, daemon.calls().len()), (0, 4));
}

#[test]
fn the_end_of_the_time_is_a_refusal_with_what_was_seen() {
    let quiet = daemon(|_, _| Ok(watched(7, 7, &[])), 0);
    let run = quiet.run(&["wait", ID, "--for", "1s"]);
    assert_eq!(run.status, 1, "{run:?}");
    assert!(
        run.stderr.starts_with("apppw: no login with ap-0000002a within 1s; nothing was tried as alice"),
        "{run:?}"
    );
    let wrong = daemon(|_, _| Ok(watched(7, 7, &[attempt("wrong-service", Some(ID))])), 0);
    let run = wrong.run(&["create", "alice", "laptop", "--wait=1s", "--json"]);
    assert_eq!((run.status, run.json_error()["error"]["code"].as_str()), (1, Some("timeout")), "{run:?}");
    let run = wrong.run(&["wait", ID, "--for", "1s"]);
    assert!(run.stderr.contains("the last attempt was via imap from 192.0.2.7: wrong-service"), "{run:?}");
    assert!(run.stdout.contains(": wrong-service (again)\n"), "{run:?}");
}

#[test]
fn a_restart_is_told_and_a_login_during_it_is_found() {
    // Another number: the daemon doesn't know the watch any more.
    let restarted = |n, _: &Value| Ok(if n == 0 { watched(7, 7, &[]) } else { watched(9, 9, &[]) });
    let run = daemon(restarted, 3).run(&["wait", ID, "--for", "30s"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stderr.contains("what was tried in the meantime is not known here"), "{run:?}");
    assert!(run.stdout.contains("Logged in via imap from 192.0.2.9, "), "{run:?}");
    let run = daemon(restarted, 0).run(&["wait", ID, "--for", "1s"]);
    assert_eq!(run.status, 1, "nobody did: {run:?}");
}

#[test]
fn who_can_t_wait_has_his_secret_all_the_same() {
    for code in [Code::Unsupported, Code::Denied] {
        let run = daemon(move |_, _| Err(AdminError::new(code, "no")), 0)
            .run(&["create", "alice", "laptop", "--wait"]);
        assert_eq!((run.status, run.stdout.as_str()), (1, "abcd-efgh-jkmn-pqrs\n"), "{run:?}");
        assert!(run.stderr.contains("its first login can't be waited for\napppw: no\n"), "{run:?}");
    }
}

#[test]
fn what_ends_while_it_is_waited_for_ends_the_waiting() {
    let mut gone = watched(7, 9, &[]);
    gone["state"] = json!("revoked");
    let run =
        daemon(move |n, _| Ok(if n == 0 { watched(7, 7, &[]) } else { gone.clone() }), 0).run(&["wait", ID]);
    assert_eq!(run.status, 1, "{run:?}");
    assert!(run.stderr.contains("ap-0000002a is revoked and opens nothing any more"), "{run:?}");
}

#[test]
fn it_can_be_interrupted_at_once() {
    let daemon = daemon(|_, _| Ok(watched(7, 7, &[])), 0);
    // Whoever runs the tests in the background of a script ignores the signal, and so would the command.
    let mut command = Command::new("/usr/bin/env");
    command.env_clear().arg("--default-signal=INT").arg(apppw().get_program()).args(["wait", ID]);
    let mut child = command.env("APPPW_SOCKET", daemon.socket()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("Waiting up to 10m"), "{line}");
    let pid = nix::unistd::Pid::from_raw(child.id().try_into().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&child.wait().unwrap()), Some(2));
    let verbs: Vec<String> = daemon.calls().into_iter().map(|(verb, _)| verb).collect();
    assert!(verbs.iter().all(|verb| verb == "watch" || verb == "show"), "it takes nothing back: {verbs:?}");
}
