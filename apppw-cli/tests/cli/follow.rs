//! What happens, as it happens.

use crate::support::{Daemon, apppw, closed_pipe, event};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

fn follow(socket: &Path, args: &[&str]) -> (Child, BufReader<ChildStdout>) {
    let mut command = apppw();
    command.env("APPPW_SOCKET", socket).args(["events", "--follow"]).args(args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    (child, stdout)
}

fn line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    line
}

/// Its end by itself, within ten seconds.
fn status(child: &mut Child) -> i32 {
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    panic!("it goes on");
}

/// Ends it, and gives what it said on standard error.
fn interrupt(mut child: Child) -> String {
    child.kill().unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    child.wait().unwrap();
    stderr
}

/// One event after the number `after`, and nothing more at once.
fn one(args: &Value) -> Value {
    let next = args["after"].as_u64().unwrap_or(0) + 1;
    json!({"events": [event(next, "revoke")], "cursor": next})
}

#[test]
fn a_restart_of_the_daemon_loses_and_repeats_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("admin.sock");
    let first = Daemon::brief(socket.clone(), 2, |_, args| Ok(one(args)));
    let (child, mut stdout) = follow(&socket, &["--json", "--kind", "revoke", "--last", "3"]);
    let seq = |line: &str| serde_json::from_str::<Value>(line).unwrap()["event"]["seq"].clone();
    assert_eq!([seq(&line(&mut stdout)), seq(&line(&mut stdout))], [1, 2]);
    let asked = first.join().unwrap();
    let args: Vec<Value> = asked.into_iter().map(|(_, args)| args).collect();
    assert_eq!(
        args,
        [json!({"kinds": ["revoke"], "last": 3}), json!({"kinds": ["revoke"], "after": 1})],
        "on one connection"
    );
    std::thread::sleep(Duration::from_millis(1_500));
    let second = Daemon::brief(socket, 1, |_, args| Ok(one(args)));
    assert_eq!(seq(&line(&mut stdout)), 3);
    assert_eq!(second.join().unwrap()[0].1, json!({"kinds": ["revoke"], "after": 2}));
    assert_eq!(interrupt(child), "", "JSON has no prose beside it");
}

#[test]
fn a_daemon_that_is_away_is_told_of_once() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("admin.sock");
    let first = Daemon::brief(socket.clone(), 1, |_, args| Ok(one(args)));
    let (child, mut stdout) = follow(&socket, &[]);
    assert!(line(&mut stdout).contains("  revoke         alice  "));
    first.join().unwrap();
    std::thread::sleep(Duration::from_millis(3_500));
    let second = Daemon::brief(socket.clone(), 1, |_, args| Ok(one(args)));
    assert!(line(&mut stdout).contains("  revoke         alice  "));
    second.join().unwrap();
    let said = interrupt(child);
    let lines: Vec<&str> = said.lines().take(2).collect();
    assert!(lines[0].starts_with("apppw: warning: can't reach apppwd at "), "{said}");
    assert!(lines[0].ends_with("; trying again for 60 s"), "{said}");
    assert_eq!(lines[1], "apppw: apppwd answers again", "{said}");
}

#[test]
fn a_connection_that_ends_is_replaced_without_a_word() {
    let daemon = Daemon::answering_once(|_, args| Ok(one(args)));
    let (child, mut stdout) = follow(&daemon.socket(), &["--csv"]);
    let lines: Vec<String> = (0..3).map(|_| line(&mut stdout)).collect();
    assert!(lines[0].starts_with("seq,at,"), "{lines:?}");
    assert!(lines[1].starts_with("1,2027-01-15T08:00:00Z,") && lines[2].starts_with("2,"), "{lines:?}");
    assert_eq!(interrupt(child), "");
}

#[test]
fn what_waits_to_be_written_is_told_once() {
    let daemon = Daemon::answering(|_, args| {
        let mut waiting = event(1, "revoke");
        waiting["seq"] = Value::Null;
        Ok(match args["after"].as_u64() {
            None => json!({"events": [waiting], "cursor": 0}),
            Some(0) => json!({"events": [event(1, "revoke"), event(2, "create")], "cursor": 2}),
            Some(_) => json!({"events": [], "cursor": 2}),
        })
    });
    let (child, mut stdout) = follow(&daemon.socket(), &[]);
    let first = line(&mut stdout);
    assert!(first.contains("  revoke  ") && first.ends_with("  (not written yet)\n"), "{first}");
    let second = line(&mut stdout);
    assert!(second.contains("  create  "), "{second}");
    interrupt(child);
}

#[test]
fn it_ends_quietly_when_nobody_reads_any_more() {
    let daemon = Daemon::answering(|_, args| Ok(one(args)));
    for format in [&[][..], &["--json"], &["--csv"]] {
        let mut command = apppw();
        command.env("APPPW_SOCKET", daemon.socket()).args(["events", "-f"]).args(format);
        let mut child = command.stdout(closed_pipe()).stderr(Stdio::piped()).spawn().unwrap();
        assert_eq!((status(&mut child), interrupt(child)), (0, String::new()), "{format:?}");
    }
    // Nothing more happens, so that there is nothing to write.
    let daemon = Daemon::answering(|_, args| match args["after"].as_u64() {
        None => Ok(one(args)),
        Some(cursor) => Ok(json!({"events": [], "cursor": cursor})),
    });
    let (mut child, mut stdout) = follow(&daemon.socket(), &[]);
    line(&mut stdout);
    drop(stdout);
    assert_eq!((status(&mut child), interrupt(child)), (0, String::new()));
}

#[test]
fn a_long_past_is_not_read_for_nobody_and_not_lost_on_a_full_disk() {
    let daemon = Daemon::answering(|_, args| {
        let mut page = one(args);
        page["more"] = json!(true);
        Ok(page)
    });
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap().into();
    for (stdout, ends, says) in [(closed_pipe(), 0, ""), (full(), 1, "apppw: can't write the result")] {
        let mut command = apppw();
        command.env("APPPW_SOCKET", daemon.socket()).args(["events", "--follow"]);
        let mut child = command.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
        assert_eq!(status(&mut child), ends);
        let said = interrupt(child);
        assert!(said.starts_with(says) && said.is_empty() == says.is_empty(), "{said}");
    }
}

#[test]
fn a_daemon_that_was_never_there_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, _stdout) = follow(&dir.path().join("admin.sock"), &[]);
    assert_eq!(status(&mut child), 3);
    assert!(interrupt(child).starts_with("apppw: can't reach apppwd at "));
}

#[test]
fn what_is_refused_later_ends_it() {
    let daemon = Daemon::answering(|_, args| match args["after"].as_u64() {
        None => Ok(one(args)),
        Some(_) => Err(apppw_admin::AdminError::new(apppw_admin::Code::Denied, "no longer")),
    });
    let (mut child, mut stdout) = follow(&daemon.socket(), &["--json"]);
    line(&mut stdout);
    assert_eq!(status(&mut child), 1);
    let error: Value = serde_json::from_str(&interrupt(child)).unwrap();
    assert_eq!(error["error"]["code"], "denied");
}
