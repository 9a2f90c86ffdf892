//! Without a terminal, as scripts run it.

use crate::support::{Daemon, SECRET, apppw, closed_pipe, created, record, refusing};
use serde_json::{Value, json};

/// Answers `revoke` as the daemon does: with all ids, but only so many records.
fn revoking() -> Daemon {
    Daemon::answering(|verb, args| {
        let record = |id: &Value| record(id.as_str().unwrap(), "alice", "laptop");
        if verb == "show" {
            return Ok(json!({"app_password": record(&args["id"]), "uses": []}));
        }
        let ids = args["ids"].as_array().cloned().unwrap_or_else(|| vec![json!("ap-00000009")]);
        let records: Vec<Value> = ids.iter().take(100).map(record).collect();
        Ok(json!({"count": ids.len(), "ids": ids, "app_passwords": records}))
    })
}

#[test]
fn into_a_pipe_create_prints_the_secret_alone() {
    let daemon = Daemon::answering(|_, _| Ok(created(false)));
    let run = daemon.run(&["create", "alice", "laptop", "--service", "imap", "--service", "smtp"]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, "abcd-efgh-jkmn-pqrs\n", ""));
    let args = json!({"user": "alice", "name": "laptop", "services": ["imap", "smtp"]});
    assert_eq!(daemon.calls(), [("create".to_owned(), args)]);
    daemon.run(&["create", "laptop"]);
    assert_eq!(daemon.calls()[1].1, json!({"name": "laptop"}));
}

#[test]
fn the_first_one_warns_beside_the_secret() {
    let daemon = Daemon::answering(|_, _| Ok(created(true)));
    let run = daemon.run(&["create", "alice", "laptop"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "abcd-efgh-jkmn-pqrs\n"));
    let said = "apppw: warning: alice is enrolled now: the primary password no longer opens mail, dav. ";
    assert!(run.stderr.starts_with(said) && run.stderr.contains("apppw user alice unenroll"), "{run:?}");
    let run = daemon.run(&["create", "alice", "laptop", "--json"]);
    assert_eq!((run.stderr.as_str(), &run.json()["newly_enrolled"]), ("", &json!(true)));
    assert_eq!(run.json()["primary_ends"], json!(["mail", "dav"]));
    assert_eq!(run.json()["secret"], SECRET);
    assert_eq!(run.json()["created"], "2027-01-15T08:00:00Z");
}

#[test]
fn a_secret_that_nobody_reads_is_a_failure() {
    let daemon = Daemon::answering(|_, _| Ok(created(false)));
    for target in ["closed pipe", "/dev/full"] {
        let stdout = if target == "/dev/full" {
            std::fs::OpenOptions::new().write(true).open(target).unwrap().into()
        } else {
            closed_pipe()
        };
        let output = apppw()
            .args(["create", "alice", "laptop", "--socket"])
            .arg(daemon.socket())
            .stdout(stdout)
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{target}: {stderr}");
        assert!(stderr.contains("apppw revoke ap-0000002a"), "{stderr}");
        assert!(!stderr.contains(SECRET) && !stderr.contains("panicked"), "{stderr}");
    }
}

#[test]
fn a_list_that_nobody_reads_to_the_end_is_none() {
    let rows: Vec<Value> = (0..100).map(|_| record("ap-0000002a", "alice", "laptop")).collect();
    let daemon = Daemon::answering(move |_, _| Ok(json!({"app_passwords": rows})));
    for args in [&["list"][..], &["list", "--json"], &["--help"]] {
        let mut command = apppw();
        command.env("APPPW_SOCKET", daemon.socket()).args(args).stdout(closed_pipe());
        let output = command.output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{args:?}");
    }
}

#[test]
fn the_list_is_read_page_by_page() {
    let daemon = Daemon::answering(|_, args| {
        Ok(match args["cursor"].as_str() {
            None => json!({"app_passwords": [record("ap-00000001", "alice", "laptop")], "next": "2"}),
            Some("2") => json!({"app_passwords": [record("ap-00000002", "bob", "phone")], "next": "3"}),
            Some(_) => json!({"app_passwords": []}),
        })
    });
    let run = daemon.run(&["list", "--all"]);
    assert_eq!(
        run.stdout,
        "ID           USER   NAME    STATE  SERVICES  CREATED     LAST USED\n\
         ap-00000001  alice  laptop  live   mail      2027-01-15  never used\n\
         ap-00000002  bob    phone   live   mail      2027-01-15  never used\n"
    );
    assert_eq!(daemon.calls()[2], ("list".to_owned(), json!({"all": true, "cursor": "3"})));
    assert_eq!(daemon.run(&["list", "--json"]).json()["app_passwords"].as_array().unwrap().len(), 2);
    assert!(!daemon.run(&["list", "alice"]).stdout.contains("USER"));
}

#[test]
fn a_list_that_goes_in_circles_ends() {
    let daemon = Daemon::answering(|_, _| Ok(json!({"app_passwords": [], "next": "1"})));
    let run = daemon.run(&["list"]);
    assert_eq!((run.status, run.stdout.as_str()), (3, ""));
}

#[test]
fn an_empty_list_is_empty() {
    let daemon = Daemon::answering(|_, _| Ok(json!({"app_passwords": []})));
    let run = daemon.run(&["list", "alice"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    assert_eq!(run.stderr, "No app passwords of alice (--all shows expired and revoked ones too)\n");
}

#[test]
fn scripts_that_name_ids_are_not_asked() {
    let daemon = revoking();
    let run = daemon.run(&["revoke", "ap-00000001", "ap-00000002", "ap-00000001"]);
    assert_eq!(run.status, 0);
    let two = "ap-00000001 revoked: \"laptop\" of alice\nap-00000002 revoked: \"laptop\" of alice\n";
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (two, ""));
    let args = json!({"ids": ["ap-00000001", "ap-00000002"], "all": false, "dry_run": false});
    assert_eq!(daemon.calls(), [("revoke".to_owned(), args)]);
    let run = daemon.run(&["revoke", "ap-00000001", "--json"]);
    assert_eq!(run.json()["revoked"][0]["id"], "ap-00000001");
}

#[test]
fn all_of_an_account_needs_yes_without_a_terminal() {
    let daemon = revoking();
    let run = daemon.run_with(&["revoke", "--user", "alice", "--all"], b"y\n");
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("--yes"), "{run:?}");
    assert_eq!(daemon.calls(), []);
    assert_eq!(daemon.run(&["revoke", "--user", "alice", "--all", "--yes"]).status, 0);
    assert_eq!(daemon.run(&["revoke", "--user", "alice", "--all", "--dry-run"]).status, 0);
    let asked: Vec<Value> = daemon.calls().into_iter().map(|(_, args)| args).collect();
    assert_eq!(asked[0], json!({"users": ["alice"], "all": true, "dry_run": false}));
    assert_eq!(asked[1], json!({"users": ["alice"], "all": true, "dry_run": true}));
}

#[test]
fn many_ids_are_all_checked_before_any_is_revoked() {
    let daemon = revoking();
    let ids: Vec<String> = (1000..2150).map(|i| format!("ap-0000{i}")).collect();
    let mut args = vec!["revoke"];
    args.extend(ids.iter().map(String::as_str));
    let run = daemon.run(&args);
    let told: Vec<String> = ids.iter().map(|id| format!("{id} revoked: \"laptop\" of alice")).collect();
    assert_eq!(run.stdout.lines().collect::<Vec<_>>(), told);
    let calls = daemon.calls().into_iter().filter(|(verb, _)| verb == "revoke");
    let dry: Vec<Value> = calls.map(|(_, args)| args["dry_run"].clone()).collect();
    assert_eq!(dry, [true, true, false, false]);
}

#[test]
fn verify_takes_one_line_from_standard_input() {
    let daemon = Daemon::answering(|_, args| {
        let accepted = args["secret"] == SECRET;
        Ok(json!({"accepted": accepted, "reason": if accepted { "accepted" } else { "unknown" }}))
    });
    let input = format!("{SECRET}\r\nmore\n");
    let run =
        daemon.run_with(&["verify", "alice", "--service", "imap", "--rhost", "192.0.2.7"], input.as_bytes());
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, "accepted\n", ""));
    let args = json!({"user": "alice", "secret": SECRET, "service": "imap", "rhost": "192.0.2.7"});
    assert_eq!(daemon.calls(), [("verify".to_owned(), args)]);
    let run = daemon.run_with(&["verify", "alice"], b"wrong");
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (1, "not accepted: unknown\n", ""));
    let run = daemon.run_with(&["verify", "--json"], b"wrong\n");
    assert_eq!((run.status, &run.json()["accepted"]), (1, &json!(false)));
}

#[test]
fn what_is_no_secret_is_not_sent() {
    let daemon = refusing(apppw_admin::Code::Denied, "asked");
    let long = [b'a'; 4097];
    for input in [&b""[..], b"\n", b"\xff\xfe\n", &long] {
        let run = daemon.run_with(&["verify", "alice", "--json"], input);
        assert_eq!((run.status, &run.json_error()["error"]["field"]), (2, &json!("secret")), "{run:?}");
    }
    assert!(daemon.run(&["verify", "alice"]).stderr.contains("no secret was given"));
    assert_eq!(daemon.calls(), []);
    daemon.run_with(&["verify", "alice"], &long[..4096]);
    assert_eq!(daemon.calls().len(), 1);
}

#[test]
fn a_secret_in_the_command_line_is_refused_and_not_repeated() {
    let daemon = refusing(apppw_admin::Code::Denied, "asked");
    for format in [&[][..], &["--json"]] {
        let run = daemon.run(&[&["verify", "alice", SECRET], format].concat());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains("the secret is no argument") && !run.stderr.contains(SECRET), "{run:?}");
    }
    assert_eq!(daemon.calls(), []);
}

#[test]
fn accounts_are_shown_and_marked() {
    let daemon = Daemon::answering(|verb, _| {
        let enrolled = (verb != "user.unenroll").then_some(1_800_000_000);
        Ok(json!({"user": "alice", "uid": 1000, "enrolled": enrolled, "created": 0, "live": 1, "revoked": 0,
                  "primary": "refuse-enrolled"}))
    });
    let run = daemon.run(&["user", "alice", "enroll", "--yes"]);
    assert!(run.stdout.contains("Enrolled:       since 2027-01-15 08:00:00 +00:00\n"), "{run:?}");
    assert_eq!(daemon.run(&["user", "alice", "unenroll", "--json"]).json()["enrolled"], Value::Null);
    assert_eq!(daemon.run(&["user", "show"]).status, 0);
    let (alice, me) = (json!({"user": "alice"}), json!({}));
    let calls = [("user.enroll", alice.clone()), ("user.unenroll", alice), ("user.show", me)];
    assert_eq!(daemon.calls(), calls.map(|(verb, args)| (verb.to_owned(), args)));
}
