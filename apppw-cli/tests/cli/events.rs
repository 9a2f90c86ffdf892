//! What happened, read to its end.

use crate::support::{Daemon, NAMELESS, event, refusing};
use apppw_admin::Code;
use serde_json::{Value, json};

/// Three events on two pages.
fn daemon() -> Daemon {
    Daemon::answering(|_, args| {
        Ok(match args["after"].as_u64() {
            None => json!({"events": [event(1, "create"), event(2, "suspend")], "cursor": 2, "more": true}),
            Some(2) => json!({"events": [event(7, "revoke")], "cursor": 9}),
            Some(after) => panic!("after {after}"),
        })
    })
}

#[test]
fn the_events_are_read_page_by_page() {
    let daemon = daemon();
    let run = daemon.run(&["events"]);
    let expected = "\
2027-01-15 08:00:00 +00:00  create         alice  ap-0000002a \"old phone\"  by root (uid 0, logged in as uid 3999999999)
2027-01-15 08:00:00 +00:00  suspend        alice  ap-0000002a \"old phone\"  by root (uid 0, logged in as uid 3999999999)
2027-01-15 08:00:00 +00:00  revoke         alice  ap-0000002a \"old phone\"  by root (uid 0, logged in as uid 3999999999)
";
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, expected, ""));
    assert_eq!(
        daemon.calls(),
        [("events".to_owned(), json!({})), ("events".to_owned(), json!({"after": 2}))]
    );
    assert!(!daemon.run(&["events", "alice"]).stdout.contains("alice"));
    let run = daemon.run(&["events", "--json"]).json();
    let seqs: Vec<&Value> = run["events"].as_array().unwrap().iter().map(|event| &event["seq"]).collect();
    assert_eq!(seqs, [1, 2, 7]);
    assert_eq!((&run["cursor"], &run["forgotten"]), (&json!(9), &Value::Null));
    assert_eq!(run["events"][0]["actor"]["login_uid"], NAMELESS);
}

#[test]
fn every_page_is_asked_for_with_the_same_filters() {
    let daemon = daemon();
    let filters = ["--id", "ap-0000002a", "--kind", "create", "--kind", "user.lock", "--since", "2027-01-15"];
    let run = daemon.run(&[&["events", "alice", "--last", "2"], &filters[..]].concat());
    let sent = |rest: Value| {
        let mut sent = json!({"user": "alice", "id": "ap-0000002a", "kinds": ["create", "user.lock"], "since": 1_799_971_200});
        sent.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        ("events".to_owned(), sent)
    };
    assert_eq!(daemon.calls(), [sent(json!({"last": 2})), sent(json!({"after": 2}))]);
    assert_eq!(run.stdout.lines().count(), 2, "the newest two, though one came in between: {run:?}");
    assert!(run.stdout.contains("revoke") && !run.stdout.contains("create"), "{run:?}");
    daemon.run(&["events", "--since", "2027-01-15", "--until", "2027-01-15"]);
    let day = json!({"since": 1_799_971_200, "until": 1_799_971_200 + 86_400, "after": 2});
    assert_eq!(daemon.calls().last().unwrap().1, day, "the whole of a day, on each page");
    let before = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    daemon.run(&["events", "--since", "7d"]);
    let since = daemon.calls().last().unwrap().1["since"].as_u64().unwrap();
    assert!((before..before + 60).contains(&(since + 7 * 86_400)), "{since}");
}

#[test]
fn no_events_are_none_and_what_is_forgotten_is_said() {
    let daemon = Daemon::answering(|_, _| Ok(json!({"events": [], "cursor": 3})));
    let run = daemon.run(&["events", "alice"]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, "", "No events of alice\n"));
    let daemon =
        Daemon::answering(|_, _| Ok(json!({"events": [event(5, "revoke")], "cursor": 5, "forgotten": 4})));
    let told = "Older events were forgotten, for their age or their number\n";
    for (args, stderr) in [
        (&["events"][..], told),
        (&["events", "--csv"], told),
        (&["events", "--last", "5"], ""),
        (&["events", "--since", "7d"], ""),
        (&["events", "--json"], ""),
    ] {
        let run = daemon.run(args);
        assert_eq!((run.status, run.stderr.as_str()), (0, stderr), "{args:?}");
    }
    assert_eq!(daemon.run(&["events", "--json"]).json()["forgotten"], 4);
}

#[test]
fn events_in_circles_and_refused_ones_end() {
    let daemon =
        Daemon::answering(|_, _| Ok(json!({"events": [event(1, "create")], "cursor": 1, "more": true})));
    for args in [&["events"][..], &["events", "--json"], &["events", "--csv"]] {
        let run = daemon.run(args);
        assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{args:?}");
    }
    let daemon = refusing(Code::Denied, "no, because");
    for args in [&["events"][..], &["events", "--follow"]] {
        let run = daemon.run(args);
        assert_eq!((run.status, run.stderr.as_str()), (1, "apppw: no, because\n"), "{args:?}");
    }
}

#[test]
fn a_wrong_kind_or_time_is_2_and_says_what_is_right() {
    let daemon = refusing(Code::Denied, "asked");
    for (args, said) in [
        (&["--kind", "revok"][..], "'revoke'"),
        (&["--kind", "userlock"], "'user.lock'"),
        (&["--kind", "x"], "refused-use"),
        (&["--since", "yesterday"], "such as 7d"),
        (&["--since", "2027-02-30"], "no such day"),
        (&["--since=-1d"], "such as 7d"),
        (&["--until", "tomorrow"], "such as 7d"),
        (&["--since", "2027-01-15", "--until", "2027-01-14"], "nothing lies between"),
        (&["--until", "7d", "--follow"], "--follow"),
        (&["--last", "0"], "1.."),
        (&["--id", "7k"], "ap-7k3m9qxe"),
    ] {
        let run = daemon.run(&[&["events"], args].concat());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.starts_with("apppw: ") && run.stderr.contains(said), "{run:?}");
    }
    assert_eq!(daemon.calls(), []);
}
