//! Lists for spreadsheets.

use crate::support::{Daemon, event, record, refusing};
use apppw_admin::Code;
use serde_json::json;

#[test]
fn each_list_is_a_heading_and_rows_and_nothing_else() {
    let daemon = Daemon::answering(|verb, args| {
        Ok(match (verb, args["cursor"].as_str()) {
            ("list", None) => {
                json!({"app_passwords": [record("ap-00000001", "alice", "=laptop, old")], "next": "2"})
            }
            ("list", Some(_)) => json!({"app_passwords": [record("ap-00000002", "bob", "phone")]}),
            ("users", _) => {
                json!({"users": [{"user": "@alice", "created": 0, "live": 1, "suspended": 0, "revoked": 0}]})
            }
            ("events", _) => json!({"events": [event(1, "revoke")], "cursor": 1}),
            _ => {
                json!({"uses": [{"user": "alice", "service": "imap", "host": "mail1", "would_be_refused": true,
                                  "first": 0, "last": 0, "count": 3}]})
            }
        })
    });
    for (command, first, rows) in [
        (
            "list",
            "id,name,user,state,",
            &["ap-00000001,\"'=laptop, old\",alice,live,mail,", "ap-00000002,phone,bob,"][..],
        ),
        ("users", "user,uid,enrolled,", &["'@alice,,,,1970-01-01T00:00:00Z,1,0,0,,"]),
        (
            "events",
            "seq,at,host,kind,",
            &["1,2027-01-15T08:00:00Z,mail1,revoke,0,3999999999,admin,root,alice,ap-0000002a,old phone,"],
        ),
        (
            "report",
            "user,service,rhost,",
            &["alice,imap,,false,mail1,true,1970-01-01T00:00:00Z,1970-01-01T00:00:00Z,3"],
        ),
    ] {
        let run = daemon.run(&[command, "--csv"]);
        let lines: Vec<&str> = run.stdout.lines().collect();
        assert_eq!((run.status, run.stderr.as_str(), lines.len()), (0, "", 1 + rows.len()), "{run:?}");
        assert!(lines[0].starts_with(first), "{run:?}");
        assert!(lines[1..].iter().zip(rows).all(|(line, row)| line.starts_with(row)), "{run:?}");
        assert!(run.stdout.ends_with('\n') && !run.stdout.contains('\r'), "{run:?}");
    }
}

#[test]
fn an_empty_list_is_a_heading_alone() {
    let daemon = Daemon::answering(|verb, _| {
        Ok(match verb {
            "list" => json!({"app_passwords": []}),
            "users" => json!({"users": []}),
            "events" => json!({"events": [], "cursor": 0}),
            _ => json!({"uses": []}),
        })
    });
    for command in ["list", "users", "events", "report"] {
        let run = daemon.run(&[command, "--csv"]);
        assert_eq!((run.status, run.stdout.lines().count(), run.stderr.as_str()), (0, 1, ""), "{command}");
    }
}

#[test]
fn one_format_at_a_time() {
    let daemon = refusing(Code::Denied, "asked");
    for args in [
        &["list", "--csv", "--json"][..],
        &["--json", "list", "--csv"],
        &["users", "--json", "--csv"],
        &["events", "--csv", "--json", "--follow"],
        &["--json", "report", "--csv"],
        &["status", "--csv"],
        &["show", "ap-0000002a", "--csv"],
    ] {
        let run = daemon.run(args);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains("--csv"), "{run:?}");
        if args.contains(&"--json") {
            assert_eq!(run.json_error()["error"]["code"], "usage", "{args:?}");
        }
    }
    assert_eq!(daemon.calls(), []);
}
