//! Beginnings of ids, at a terminal and in scripts.

use crate::support::{Daemon, record};
use serde_json::{Value, json};

const ID: &str = "ap-7k3m9qxe";

fn candidate(id: &str, state: &str) -> Value {
    json!({"id": id, "user": "alice", "name": "phone", "state": state})
}

/// Finds what begins with `7k3`, of which one may be revoked, and does the rest.
fn daemon() -> Daemon {
    Daemon::answering(|verb, args| {
        Ok(match (verb, args["text"].as_str(), args["all"].as_bool()) {
            ("find", Some("7k3"), _) => json!({"app_passwords": [candidate(ID, "live")]}),

            ("find", Some("m00"), _) => json!({"app_passwords": [candidate(ID, "live")], "more": true}),
            ("find", Some("dead"), Some(true)) => json!({"app_passwords": [candidate(ID, "revoked")]}),
            ("find", Some("phone"), _) => json!({"near": [candidate(ID, "live")]}),
            ("find", ..) => json!({}),
            ("show", ..) => json!({"app_password": record(ID, "alice", "phone"), "uses": []}),
            ("rename", ..) => record(ID, "alice", "tablet"),
            _ => json!({"count": 1, "ids": [ID], "app_passwords": [record(ID, "alice", "phone")]}),
        })
    })
}

fn verbs(daemon: &Daemon) -> Vec<String> {
    daemon.calls().into_iter().map(|(verb, _)| verb).collect()
}

#[test]
fn a_whole_id_costs_no_question() {
    let daemon = daemon();
    for typed in [ID, "AP-7K3M9QXE", "7k3m9qxe"] {
        assert_eq!(daemon.run(&["show", typed]).status, 0);
        assert_eq!(daemon.run(&["revoke", "--yes", typed]).status, 0);
    }
    assert!(!verbs(&daemon).contains(&"find".to_owned()));
    assert!(daemon.calls().iter().all(|(_, args)| args.to_string().contains(ID)));
}

#[test]
fn who_looks_may_type_a_beginning_anywhere() {
    let daemon = daemon();
    assert_eq!(daemon.run(&["show", "7k3"]).status, 0);
    let args = json!({"what": "app_password", "text": "7k3", "all": true});
    assert_eq!(daemon.calls(), [("find".to_owned(), args), ("show".to_owned(), json!({"id": ID}))]);
}

#[test]
fn who_changes_types_it_at_a_terminal_and_sees_what_it_is() {
    for (answer, status, last) in [("y\n", 0, json!(false)), ("n\n", 1, json!(true))] {
        let daemon = daemon();
        let run = daemon.on_a_terminal("$APPPW revoke 7k3", "[y/N]", answer);
        assert_eq!(run.status, status, "{run:?}");
        assert!(run.stdout.contains("ap-7k3m9qxe  alice  phone"), "{run:?}");
        assert_eq!(daemon.calls().last().unwrap().1["dry_run"], last);
        assert_eq!(daemon.calls()[0].1["all"], false, "only what lives");
    }
    let daemon = daemon();
    assert_eq!(daemon.on_a_terminal("$APPPW rename 7k3 tablet", "[y/N]", "y\n").status, 0);
    assert_eq!(daemon.on_a_terminal("$APPPW revoke --yes 7k3", "whole id", "").status, 2);
    assert_eq!(verbs(&daemon), ["find", "rename"]);
}

#[test]
fn a_script_gives_whole_ids_for_a_change() {
    let daemon = daemon();
    for args in [
        &["revoke", "7k3"][..],
        &["revoke", "--yes", "7k3"],
        &["revoke", ID, "7k3"],
        &["suspend", "7k3"],
        &["resume", "7k3"],
        &["rotate", "7k3"],
        &["rename", "7k3", "x"],
    ] {
        let run = daemon.run(args);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains("'7k3' is not a whole id"), "{run:?}");
    }
    assert_eq!(daemon.calls(), [], "nobody is asked");
}

#[test]
fn what_isnt_the_only_one_is_none() {
    let daemon = daemon();
    for (typed, code, said) in [
        ("dead", "not_found", "only ap-7k3m9qxe (\"phone\" of alice, revoked)"),
        ("000", "not_found", "no app password that begins with ap-000"),
        ("phone", "usage", "did you mean ap-7k3m9qxe (\"phone\" of alice)? That is its name"),
        ("laptop", "usage", "is not the id of an app password"),
        ("7k", "usage", "too short"),
        ("ap-", "usage", "too short"),
        ("m00", "ambiguous", "and perhaps more"),
    ] {
        let run = daemon.run(&["revoke", "--dry-run", "--json", typed]);
        let error = run.json_error()["error"].clone();
        assert_eq!(error["code"], code, "{typed}: {run:?}");
        assert!(error["message"].as_str().unwrap().contains(said), "{typed}: {run:?}");
        assert_eq!(run.status, if code == "usage" { 2 } else { 1 });
    }
    assert!(verbs(&daemon).iter().all(|verb| verb == "find"));
}
