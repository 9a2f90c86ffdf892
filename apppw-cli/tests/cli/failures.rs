//! What goes wrong: refusals, wrong command lines, no daemon, hostile strings.

use crate::support::{Daemon, SECRET, apppw, event, finish, record, refusing};
use apppw_admin::verbs::EventKind;
use apppw_admin::{AdminError, Code};
use serde_json::{Value, json};

#[test]
fn what_the_daemon_refuses_is_1_and_a_wrong_value_is_2() {
    for (code, name, status) in [
        (Code::Denied, "denied", 1),
        (Code::NotFound, "not_found", 1),
        (Code::Exists, "exists", 1),
        (Code::Unsupported, "unsupported", 1),
        (Code::Invalid, "invalid", 2),
    ] {
        let daemon = refusing(code, "no, because");
        let run = daemon.run(&["create", "alice", "laptop"]);
        assert_eq!(
            (run.status, run.stdout.as_str(), run.stderr.as_str()),
            (status, "", "apppw: no, because\n")
        );
        let run = daemon.run(&["show", "ap-0000002a", "--json"]);
        assert_eq!((run.status, run.stdout.as_str()), (status, ""));
        let error = json!({"code": name, "field": "name", "message": "no, because"});
        assert_eq!(run.json_error(), json!({"schema": 1, "error": error}));
    }
}

#[test]
fn a_wrong_command_line_is_2_and_reaches_nobody() {
    let daemon = refusing(Code::Denied, "no");
    for args in [
        &["frobnicate"][..],
        &[],
        &["show", "7k"],
        &["list", "--frobnicate"],
        &["revoke"],
        &["revoke", "--all"],
        &["user", "alice", "drop"],
        &["user"],
        &["create"],
    ] {
        let run = daemon.run(args);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.starts_with("apppw: "), "{run:?}");
        let run = daemon.run(&[&["--json"], args].concat());
        assert_eq!((run.status, &run.json_error()["error"]["code"]), (2, &json!("usage")), "{args:?}");
    }
    assert_eq!(daemon.run(&["show", "\x1b[2J\u{202e}"]).stderr.find(['\x1b', '\u{202e}']), None);
    assert_eq!(daemon.calls(), []);
}

#[test]
fn nobody_there_is_3() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("admin.sock");
    let run = finish(apppw().args(["status", "--socket"]).arg(&path), b"");
    assert_eq!((run.status, run.stdout.as_str()), (3, ""));
    let expected = format!("apppw: can't reach apppwd at {}: No such file", path.display());
    assert!(
        run.stderr.starts_with(&expected) && run.stderr.contains("systemctl status apppwd.socket"),
        "{run:?}"
    );
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let run = finish(apppw().args(["status", "--json", "--socket"]).arg(&path), b"");
    assert_eq!((run.status, &run.json_error()["error"]["code"]), (3, &json!("unreachable")));
}

#[test]
fn a_broken_connection_is_3_and_leaves_a_change_uncertain() {
    for bytes in
        [&b""[..], b"{\"v\":1", b"HTTP/1.1 400 Bad Request\r\n", b"{\"v\":1,\"id\":1,\"ok\":{\"x\":1}}\n"]
    {
        let daemon = Daemon::babbling(bytes);
        let run = daemon.run(&["create", "alice", "laptop"]);
        assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{bytes:?}: {run:?}");
        assert!(run.stderr.contains("may have been made"), "{run:?}");
        let run = daemon.run(&["list", "--json"]);
        assert_eq!((run.status, &run.json_error()["error"]["code"]), (3, &json!("connection")));
        assert!(!run.stderr.contains("may have been made"), "{run:?}");
    }
}

#[test]
fn nothing_hostile_comes_through() {
    const EVIL: &str = "=x\x1b[2JEND\n\r\u{202e}\u{9b}\u{200b}y";
    let daemon = Daemon::answering(|verb, args| {
        if args["user"] == "refused" {
            return Err(AdminError::new(Code::NotFound, EVIL));
        }
        let mut record = record("ap-0000002a", EVIL, EVIL);
        record["services"] = json!([EVIL]);
        record["created_by"]["name"] = json!(EVIL);
        record["networks"] = json!([EVIL]);
        record["pin_service"] = json!({"to": EVIL});
        record["pin_network"] = json!({"to": EVIL});
        let used = json!({"service": EVIL, "rhost": EVIL, "host": EVIL, "first": 0, "last": 0, "count": 1});
        record["last_use"] = used.clone();
        Ok(match verb {
            "list" => json!({"app_passwords": [record]}),
            "show" => json!({"app_password": record, "uses": [used]}),
            "revoke" => json!({"count": 1, "ids": ["ap-0000002a"], "app_passwords": [record]}),
            "verify" => json!({"accepted": true, "reason": EVIL, "app_password": record}),
            "suspend" => json!({"ids": ["ap-0000002a"], "app_passwords": [record]}),
            "rename" => record,
            "events" => {
                let kinds = EventKind::ALL.iter();
                let events: Vec<Value> = kinds.map(|kind| hostile_event(kind.as_str(), EVIL)).collect();
                json!({"events": events, "cursor": 1})
            }
            "users" => {
                json!({"users": [{"user": EVIL, "created": 0, "live": 0, "suspended": 0, "revoked": 0,
                                  "last_use": used}]})
            }
            "panic" => json!({"panic": [{"group": EVIL, "since": 0}]}),
            "report" => {
                json!({"uses": [{"user": EVIL, "service": EVIL, "rhost": EVIL, "rhost_unproven": true, "host": EVIL,
                                         "would_be_refused": true, "first": 0, "last": 0, "count": 1}]})
            }
            "key.export" => json!({"ids": [1], "text": EVIL}),
            "create" | "rotate" => {
                json!({"secret": if args["name"] == "evil" { EVIL } else { SECRET }, "app_password": record, "newly_enrolled": true,
                               "primary": "refuse-enrolled", "primary_ends": [EVIL]})
            }
            _ => {
                json!({"user": EVIL, "uid": 1, "other_uid": 2, "created": 0, "live": 0, "revoked": 0, "primary": "allow"})
            }
        })
    });
    for args in [
        &["list"][..],
        &["list", "refused"],
        &["list", EVIL],
        &["show", "ap-0000002a"],
        &["revoke", "ap-0000002a"],
        &["verify", "alice"],
        &["create", "alice", "laptop"],
        &["create", "alice", "evil"],
        &["key", "export", "-"],
        &["user", "alice", "show"],
        &["user", "alice", "delete", "--yes"],
        &["user", EVIL, EVIL],
        &["user", EVIL, "show", EVIL],
        &["suspend", "ap-0000002a"],
        &["rename", "ap-0000002a", EVIL],
        &["rotate", "ap-0000002a"],
        &["panic", "on", "--group", EVIL],
        &["panic", EVIL],
        &["report"],
        &["events"],
        &["events", EVIL],
        &["events", "--kind", EVIL],
        &["events", "--since", EVIL],
        &["users"],
        &["create", "alice", "laptop", "--expires", EVIL],
        &["list", "--unused", EVIL],
        &["show", EVIL],
        &["revoke", "--user", EVIL, "--all"],
        &["show", "ap-0000002a", "--socket", EVIL],
    ] {
        for format in [&[][..], &["--json"], &["--csv"]] {
            let run = daemon.run_with(&[args, format].concat(), b"secret\n");
            for (stream, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
                let found = text.chars().find(|c| *c != '\n' && apppw_admin::text::is_deceptive(*c));
                assert_eq!(found, None, "{args:?} {format:?} {stream}: {text:?}");
                let broken = text.lines().find(|line| line.ends_with("END"));
                assert_eq!(broken, None, "{args:?} {format:?} {stream}: {text:?}");
            }
            let formula = run.stdout.lines().find(|line| line.contains(",=") || line.starts_with('='));
            assert!(format != ["--csv"] || formula.is_none(), "{args:?}: {formula:?}");
            assert!(!run.stderr.contains("panicked"), "{run:?}");
        }
    }
}

/// An event of that kind in which everything that can be hostile is.
fn hostile_event(kind: &str, evil: &str) -> Value {
    let mut event = event(1, kind);
    for field in ["host", "user", "name", "was", "rhost", "verb", "reason"] {
        event[field] = json!(evil);
    }
    event["services"] = json!([evil]);
    event["actor"]["name"] = json!(evil);
    event
}
