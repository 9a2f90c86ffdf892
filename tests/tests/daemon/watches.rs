//! The verb `watch`: attempts on one account, for those who may know, while they ask, and nothing of them else.

use super::Case;
use super::asking::{
    Made, OTHER, USER, ask, create, create_for, done, imap, login, outcome, refused, site, wait_until,
};
use super::authorize::{GROUP, PASSWD};
use apppw_tests::among::start_among;
use apppw_tests::apppwd::Apppwd;
use apppw_tests::identity::Identity;
use serde_json::{Value, json};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("attempts_under_other_names_are_nobodys_business", other_names),
        Case::new("nothing_is_kept_of_what_nobody_watches", nothing_kept),
        Case::as_root("so_many_watches_and_no_more", caps).with_program("unshare"),
        Case::as_root("an_owner_watches_his_own", owner).with_program("unshare"),
    ]
}

fn watch(daemon: &Apppwd, made: &Made, before: Option<&Value>) -> Value {
    let mut args = json!({"id": made.id});
    if let Some(before) = before {
        args["watch"] = before["watch"].clone();
        args["after"] = before["cursor"].clone();
    }
    done(daemon, "watch", args)
}

fn reasons(watched: &Value) -> Vec<&str> {
    let attempts = watched["attempts"].as_array().expect("a list");
    attempts.iter().map(|attempt| attempt["reason"].as_str().expect("a reason")).collect()
}

/// The account's own names: typed, and by `[users]`; and never what was typed.
fn other_names() {
    let daemon = site("[users]\nfold_case = true\n").start();
    let (one, other) = (create(&daemon, "phone", json!({})), create_for(&daemon, OTHER, "phone", json!({})));
    let begun = watch(&daemon, &one, None);
    assert_eq!(login(&daemon, OTHER, &other.secret, "imap", ""), "accepted");
    assert_eq!(login(&daemon, OTHER, &one.secret, "imap", ""), "unknown-secret");
    assert_eq!(login(&daemon, "carol", &one.secret, "imap", ""), "unknown-secret");
    // The secret, typed into the field of the user name.
    assert_eq!(login(&daemon, &one.secret, &one.secret, "imap", ""), "unknown-secret");
    assert_eq!(login(&daemon, "Alice@Example.ORG", &other.secret, "imap", "192.0.2.7"), "unknown-secret");
    assert_eq!(login(&daemon, USER, &other.secret, "imap", "192.0.2.7"), "unknown-secret");
    let told = watch(&daemon, &one, Some(&begun));
    assert_eq!(
        (reasons(&told), &told["attempts"][0]["count"]),
        (vec!["unknown-secret"], &json!(2)),
        "{told}"
    );
    let text = told.to_string();
    assert!(
        !text.contains(&one.secret) && !text.contains(&other.secret) && !text.contains("Alice@"),
        "{text}"
    );
    assert_eq!(reasons(&watch(&daemon, &one, Some(&told))), [""; 0]);
    // By its new name, as soon as that is asked for.
    done(&daemon, "user.rename", json!({"user": USER, "new": "dora"}));
    let renamed = watch(&daemon, &one, Some(&told));
    assert_eq!(renamed["user"], "dora");
    assert_eq!(login(&daemon, "dora", &one.secret, "imap", ""), "accepted");
    assert_eq!(reasons(&watch(&daemon, &one, Some(&renamed))), ["accepted"]);
}

fn nothing_kept() {
    let daemon = site("").start();
    let one = create(&daemon, "phone", json!({}));
    assert_eq!(imap(&daemon, &one), "accepted");
    let begun = watch(&daemon, &one, None);
    assert_eq!(reasons(&begun), [""; 0], "what was before");
    assert_eq!(done(&daemon, "metrics", json!({}))["watches"], 1);
    wait_until("it is forgotten", || done(&daemon, "metrics", json!({}))["watches"] == 0);
    assert_eq!(imap(&daemon, &one), "accepted");
    let again = watch(&daemon, &one, Some(&begun));
    assert_ne!(again["watch"], begun["watch"]);
    assert_eq!(reasons(&again), [""; 0]);
    for strange in [json!({"watch": 0}), json!({"watch": u64::MAX, "after": u64::MAX}), json!({"after": 0})] {
        let mut args = strange;
        args["id"] = json!(one.id);
        assert_eq!(reasons(&done(&daemon, "watch", args)), [""; 0]);
    }
    assert_eq!(refused(&daemon, "watch", json!({"id": "ap-00000000"})).0, "not_found");
    assert_eq!(refused(&daemon, "watch", json!({"id": one.id, "user": USER})).0, "invalid");
}

fn caps() {
    let daemon = start_among(site(""), PASSWD, GROUP);
    let olive = Identity::new(4001);
    let own = create_for(&daemon, "olive", "phone", json!({}));
    let args = || json!({"id": own.id});
    for _ in 0..4 {
        assert_eq!(outcome(&olive.act(|| ask(&daemon, "watch", args()))), "ok");
    }
    let turned_away = olive.act(|| ask(&daemon, "watch", args()));
    assert_eq!(outcome(&turned_away), "busy", "{turned_away}");
    assert_eq!(outcome(&ask(&daemon, "watch", args())), "ok", "root has room");
    assert_eq!(login(&daemon, "olive", &own.secret, "imap", ""), "accepted");
}

fn owner() {
    let daemon = start_among(site(""), PASSWD, GROUP);
    let own = create_for(&daemon, "olive", "phone", json!({}));
    let theirs = create_for(&daemon, "oscar", "phone", json!({}));
    let olive = Identity::new(4001);
    let begun = olive.act(|| ask(&daemon, "watch", json!({"id": own.id})))["ok"].clone();
    assert_eq!(login(&daemon, "olive", &own.secret, "xmpp", ""), "wrong-service");
    let roots = done(&daemon, "watch", json!({"id": own.id, "watch": begun["watch"], "after": 0}));
    assert_ne!(roots["watch"], begun["watch"], "another's number opens nothing");
    assert_eq!(reasons(&roots), [""; 0]);
    let on = |id: &str| json!({"id": id, "watch": begun["watch"], "after": begun["cursor"]});
    let told = olive.act(|| ask(&daemon, "watch", on(&own.id)))["ok"].clone();
    assert_eq!(reasons(&told), ["wrong-service"]);
    let answer = olive.act(|| ask(&daemon, "watch", on(&theirs.id)));
    assert_eq!(outcome(&answer), "not_found", "{answer}");
    done(&daemon, "user.lock", json!({"user": "olive"}));
    assert_eq!(outcome(&olive.act(|| ask(&daemon, "watch", on(&own.id)))), "denied");
}
