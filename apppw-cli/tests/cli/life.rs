//! What an app password is good for, and its life, as scripts ask for it.

use crate::support::{Daemon, SECRET, created, record, refusing};
use apppw_admin::{AdminError, Code};
use serde_json::{Value, json};

/// A record with everything that a scope can have.
fn scoped() -> Value {
    let mut record = record("ap-0000002a", "alice", "scanner");
    record["networks"] = json!(["192.0.2.0/24", "2001:db8::/32"]);
    record["expires"] = json!(1_808_000_000);
    record["pin_service"] = json!({"to": "smtp"});
    record["pin_network"] = json!("pending");
    record
}

#[test]
fn create_sends_the_whole_scope() {
    let daemon = Daemon::answering(|_, _| {
        let mut created = created(false);
        created["app_password"] = scoped();
        Ok(created)
    });
    let args = [
        "--service",
        "smtp",
        "--network",
        "192.0.2.0/24",
        "--network",
        "2001:db8::/32",
        "--preset",
        "printer",
    ];
    let limits = ["--expires", "90d", "--pin", "service", "--pin", "network"];
    let run = daemon.run(&[&["create", "alice", "scanner"], &args[..], &limits, &["--json"]].concat());
    let sent = json!({"user": "alice", "name": "scanner", "services": ["smtp"],
                      "networks": ["192.0.2.0/24", "2001:db8::/32"], "expires": {"after": "90d"},
                      "pin": ["service", "network"], "preset": "printer"});
    assert_eq!(daemon.calls(), [("create".to_owned(), sent)]);
    let document = run.json();
    assert_eq!(document["networks"], json!(["192.0.2.0/24", "2001:db8::/32"]));
    assert_eq!(document["expires"], "2027-04-17T22:13:20Z");
    assert_eq!(
        (&document["pin_service"], &document["pin_network"]),
        (&json!({"to": "smtp"}), &json!({"to": null}))
    );
}

#[test]
fn an_expiry_is_never_a_span_or_the_end_of_a_day() {
    let daemon = Daemon::answering(|_, _| Ok(created(false)));
    for (typed, sent) in [
        ("never", json!("never")),
        ("1y", json!({"after": "1y"})),
        // Midnight after that day, in UTC, where the tests are.
        ("2027-01-31", json!({"at": 1_801_440_000})),
    ] {
        daemon.run(&["create", "alice", "laptop", "--expires", typed]);
        assert_eq!(daemon.calls().last().unwrap().1["expires"], sent, "{typed}");
    }
}

#[test]
fn a_wrong_value_is_2_and_asks_nobody() {
    let daemon = refusing(Code::Denied, "asked");
    for (args, value) in [
        (&["create", "alice", "x", "--expires", "2027-02-30"][..], "2027-02-30"),
        (&["create", "alice", "x", "--expires", "9999-12-31"], "9999-12-31"),
        (&["create", "alice", "x", "--expires=-1d"], "-1d"),
        (&["create", "alice", "x", "--pin", "host"], "host"),
        (&["list", "--unused", "90"], "90"),
        (&["rotate", "ap-0000002a", "--grace", "0d"], "0d"),
        (&["revoke", "--created-before", "9999-99-99"], "9999-99-99"),
        (&["suspend"], "ID"),
        (&["panic", "maybe"], "maybe"),
        (&["user", "alice", "drop"], "drop"),
    ] {
        let run = daemon.run(args);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.starts_with("apppw: ") && run.stderr.contains(value), "{run:?}");
    }
    let ids: Vec<String> = (1000..2001).map(|i| format!("ap-0000{i}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let run = daemon.run(&[&["suspend"], &ids[..]].concat());
    assert!(run.status == 2 && run.stderr.contains("1001 ids are too many"), "{run:?}");
    assert_eq!(daemon.calls(), []);
}

#[test]
fn a_name_in_place_of_an_id_is_2_and_changes_nothing() {
    let daemon = Daemon::answering(|_, _| {
        let one = json!({"id": "ap-0000002a", "user": "alice", "name": "laptop", "state": "live"});
        Ok(json!({"app_passwords": [], "near": [one]}))
    });
    let run = daemon.run(&["suspend", "laptop", "--yes"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    let hint = "did you mean ap-0000002a (\"laptop\" of alice)? That is its name; the command takes its id";
    assert!(run.stderr.contains(hint), "{run:?}");
    assert_eq!(daemon.calls().iter().filter(|(verb, _)| verb != "find").count(), 0);
}

#[test]
fn what_the_daemon_finds_wrong_is_2_and_names_the_field() {
    let daemon = Daemon::answering(|_, _| {
        Err(AdminError::in_field(Code::Invalid, "networks", "'x' is no network: write 192.0.2.0/24"))
    });
    let run = daemon.run(&["create", "alice", "laptop", "--network", "x", "--json"]);
    assert_eq!((run.status, &run.json_error()["error"]["field"]), (2, &json!("networks")));
}

#[test]
fn rotate_answers_like_create_and_says_how_long_the_old_one_lives() {
    let daemon = Daemon::answering(|verb, _| {
        Ok(match verb {
            "rotate" => created(false),
            _ => {
                let mut old = record("ap-00000001", "alice", "laptop");
                old["expires"] = json!(1_800_086_400);
                old["successor"] = json!("ap-0000002a");
                json!({"app_password": old, "uses": []})
            }
        })
    });
    let run = daemon.run(&["rotate", "ap-00000001", "--grace", "1d"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "abcd-efgh-jkmn-pqrs\n"));
    let told =
        "The old one, ap-00000001, still works until 2027-01-16 08:00:00 +00:00; revoking either ends both\n";
    assert_eq!(run.stderr, told);
    assert_eq!(daemon.calls()[0], ("rotate".to_owned(), json!({"id": "ap-00000001", "grace": "1d"})));
    let run = daemon.run(&["rotate", "ap-00000001", "--json"]);
    assert_eq!((run.json()["secret"].as_str(), run.stderr.as_str()), (Some(SECRET), ""));
    assert_eq!(run.json()["old"], json!({"id": "ap-00000001", "expires": "2027-01-16T08:00:00Z"}));
    assert_eq!(daemon.calls()[2].1, json!({"id": "ap-00000001"}));
}

#[test]
fn a_new_secret_is_not_lost_if_the_old_one_cant_be_asked_for() {
    let daemon = Daemon::answering_once(|_, _| Ok(created(false)));
    let run = daemon.run(&["rotate", "ap-00000001"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "abcd-efgh-jkmn-pqrs\n"));
    assert!(run.stderr.contains("still works for its grace"), "{run:?}");
}

#[test]
fn suspend_and_resume_say_what_came_of_each() {
    let daemon = Daemon::answering(|_, args| {
        let ids = args["ids"].as_array().unwrap();
        let record = record(ids[0].as_str().unwrap(), "alice", "laptop");
        Ok(json!({"ids": ids[..1], "app_passwords": [record], "already": ids[1..]}))
    });
    let ids = ["ap-00000001", "ap-00000002", "ap-00000001"];
    let run = daemon.run(&[&["suspend", "--yes"], &ids[..]].concat());
    let told = "ap-00000001 suspended: \"laptop\" of alice\nap-00000002 had been suspended before\n";
    assert_eq!((run.status, run.stdout.as_str()), (0, told));
    let run = daemon.run(&[&["resume", "--json"], &ids[..2]].concat());
    assert_eq!(
        (&run.json()["ids"], &run.json()["already"]),
        (&json!(["ap-00000001"]), &json!(["ap-00000002"]))
    );
    assert_eq!(run.json()["app_passwords"][0]["name"], "laptop");
    let args = json!({"ids": ["ap-00000001", "ap-00000002"]});
    assert_eq!(daemon.calls(), [("suspend".to_owned(), args.clone()), ("resume".to_owned(), args)]);
}

#[test]
fn rename_says_the_new_name() {
    let daemon = Daemon::answering(|_, args| {
        Ok(record(args["id"].as_str().unwrap(), "alice", args["name"].as_str().unwrap()))
    });
    let run = daemon.run(&["rename", "ap-00000001", "desktop, old"]);
    let told = "ap-00000001 of alice is now called \"desktop, old\"\n";
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, told, ""));
    assert_eq!(daemon.run(&["rename", "ap-00000001", "new", "--json"]).json()["name"], "new");
    let args = json!({"id": "ap-00000001", "name": "desktop, old"});
    assert_eq!(daemon.calls()[0], ("rename".to_owned(), args));
}

#[test]
fn the_list_has_columns_for_what_there_is() {
    let daemon = Daemon::answering(|_, args| {
        let mut records = vec![record("ap-00000001", "alice", "laptop")];
        if args["user"] == "bob" {
            let mut suspended = record("ap-00000002", "bob", "phone");
            suspended["state"] = json!("suspended");
            records.push(suspended);
        }
        if args["user"] == "carol" {
            records.push(scoped());
        }
        Ok(json!({"app_passwords": records}))
    });
    let heading = |user| daemon.run(&["list", user]).stdout.lines().next().unwrap().to_owned();
    assert_eq!(heading("alice"), "ID           NAME    SERVICES  CREATED     LAST USED");
    assert_eq!(heading("bob"), "ID           NAME    STATE      SERVICES  CREATED     LAST USED");
    assert_eq!(heading("carol"), "ID           NAME     SERVICES  EXPIRES     CREATED     LAST USED");
    let run = daemon.run(&["list", "bob"]);
    assert!(run.stdout.contains("\nap-00000002  phone   suspended  mail"), "{run:?}");
    daemon.run(&["list", "alice", "--unused", "90d"]);
    assert_eq!(daemon.calls().last().unwrap().1, json!({"user": "alice", "all": false, "unused": "90d"}));
}
