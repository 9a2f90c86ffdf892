//! Events that anybody can provoke, refused verbs and uses of dead app passwords: told, counted, and
//! never so many that others are lost.

use super::Case;
use super::asking::{Made, USER, create, done, imap, login, outcome, refused, site, wait_until};
use super::authorize::{GROUP, PASSWD};
use super::events::{HEIDI, OLIVE, act, among_people, events, told};
use apppw_tests::among::{fill_disk, on_small_disk};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::clock::{Clock, MORNING};
use apppw_tests::frames::Ask;
use apppw_tests::identity::Identity;
use serde_json::{Value, json};
use std::os::unix::fs::MetadataExt;

pub fn cases() -> Vec<Case> {
    vec![
        Case::as_root("refused_verbs_are_told_and_counted", denied)
            .with_program("unshare")
            .with_program("cc"),
        Case::as_root("an_owner_renames_so_often_a_day_and_an_administrator_as_he_likes", renames)
            .with_program("unshare"),
        Case::new("uses_of_dead_app_passwords_once_an_hour_each", refused_uses).with_program("cc"),
        Case::as_root("a_claimed_address_is_told_as_one", claimed),
        Case::as_root("a_full_disk_loses_none_that_was_seen", full_disk)
            .with_program("unshare")
            .with_program("cc"),
    ]
}

fn denied() {
    let site = site("");
    let clock = Clock::new(&site);
    let command = clock.drive(apppw_tests::among::among(&site, PASSWD, GROUP));
    let daemon = site.start_by(command);
    let made = done(&daemon, "create", json!({"user": "olive", "name": "phone"}));
    let id = made["app_password"]["id"].clone();
    let secret = made["secret"].as_str().expect("a secret");
    // The first of each caller and verb is in the store before the refusal is told.
    assert_eq!(outcome(&act(4002, &[], &daemon, "revoke", json!({"ids": [id]}))), "not_found");
    assert_eq!(outcome(&act(4002, &[], &daemon, "list", json!({"user": secret}))), "denied");
    assert_eq!(outcome(&act(OLIVE, &[], &daemon, "create", json!({"name": "x"}))), "denied");
    // A mistake is no offence.
    for (verb, args) in
        [("show", json!({"id": "ap-00000000"})), ("rename", json!({"id": id, "name": "phone"}))]
    {
        act(OLIVE, &[], &daemon, verb, args);
    }
    act(HEIDI.0, HEIDI.1, &daemon, "revoke", json!({"ids": ["ap-00000000"]}));
    assert_eq!(outcome(&act(HEIDI.0, HEIDI.1, &daemon, "user.unlock", json!({"user": "olive"}))), "denied");
    assert_eq!(outcome(&act(450, &[], &daemon, "list", json!({}))), "denied");
    assert_eq!(outcome(&act(5000, &[], &daemon, "create", json!({"user": "olive", "name": "x"}))), "denied");
    let found = events(&daemon, json!({"kinds": ["denied"]}));
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let rows: Vec<String> = found
        .iter()
        .map(|e| {
            let who = format!("{} {}", e["actor"]["uid"], word(&e["actor"]["role"]));
            format!("{who}: {} {} {}", word(&e["verb"]), word(&e["user"]), word(&e["id"]))
        })
        .collect();
    let expected = [
        format!("4002 user: revoke olive {}", word(&id)),
        "4002 user: list (looks like an app password) -".to_owned(),
        "4001 user: create olive -".to_owned(),
        "4004 helpdesk: user.unlock olive -".to_owned(),
        "450 nobody: any - -".to_owned(),
        "5000 nobody: any - -".to_owned(),
    ];
    assert_eq!(rows, expected);
    assert!(found.iter().all(|e| !word(&e["reason"]).is_empty() && e["count"].is_null()), "{found:?}");
    assert!(!json!(found).to_string().contains(secret));
    // Another's beside one's own: the other's is told.
    let oscars =
        done(&daemon, "create", json!({"user": "oscar", "name": "laptop"}))["app_password"]["id"].clone();
    assert_eq!(outcome(&act(OLIVE, &[], &daemon, "suspend", json!({"ids": [id, oscars]}))), "denied");
    for ids in [json!([id, oscars]), json!([oscars, id])] {
        assert_eq!(outcome(&act(OLIVE, &[], &daemon, "revoke", json!({"ids": ids}))), "not_found");
    }
    assert_eq!(outcome(&act(4002, &[], &daemon, "events", json!({"user": "olive"}))), "denied");
    let told = events(&daemon, json!({"kinds": ["denied"]})).split_off(expected.len());
    let about: Vec<_> = told.iter().map(|e| (word(&e["verb"]), word(&e["user"]), word(&e["id"]))).collect();
    let row = |verb: &str, user: &str, id: &Value| (verb.to_owned(), user.to_owned(), word(id));
    assert_eq!(about[1..], [row("revoke", "oscar", &oscars), row("events", "olive", &Value::Null)]);
    let expected = expected.len() + told.len();
    // A flood is counted, and the trail holds no more than a line a minute of it.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                Identity::new(4002).act(|| {
                    let mut lines = apppw_tests::lines::Lines::connect(&daemon.admin_socket());
                    for _ in 0..250 {
                        assert_eq!(outcome(&lines.call("panic", &json!({"on": true}))), "denied");
                    }
                });
            });
        }
    });
    let floods = || -> Vec<Value> {
        let told = events(&daemon, json!({"kinds": ["denied"]})).split_off(expected);
        told.into_iter().filter(|event| event["verb"] == "panic").collect()
    };
    assert_eq!(floods().len(), 1);
    clock.go(60);
    wait_until("the count is told", || floods().len() == 2);
    let counts: Vec<Value> = floods().iter().map(|e| e["count"].clone()).collect();
    assert_eq!(counts, [Value::Null, json!(999)]);
    // What is counted when the daemon ends is told too.
    assert_eq!(outcome(&act(4002, &[], &daemon, "panic", json!({"on": true}))), "denied");
    let (status, site) = daemon.stop();
    assert!(status.success());
    let daemon = clock.start(site);
    let panics = |event: &&Value| event["verb"] == "panic";
    assert_eq!(events(&daemon, json!({"kinds": ["denied"]})).iter().filter(panics).count(), 3);
}

fn renames() {
    let daemon = among_people("[limits]\ncreations_per_day = 3\n");
    let made = done(&daemon, "create", json!({"user": "olive", "name": "phone"}));
    let id = made["app_password"]["id"].clone();
    let rename = |uid, name: &str| act(uid, &[], &daemon, "rename", json!({"id": id, "name": name}));
    // To the name that it has: no write, so no limit.
    let writes = || done(&daemon, "metrics", json!({}))["store_writes"].clone();
    let before = writes();
    for _ in 0..20 {
        assert_eq!(outcome(&rename(OLIVE, "phone")), "ok");
    }
    assert_eq!(writes(), before);
    let outcomes: Vec<String> =
        (0..5).map(|n| outcome(&rename(OLIVE, &format!("name {n}"))).to_owned()).collect();
    assert_eq!(outcomes, ["ok", "ok", "ok", "limit", "limit"]);
    assert_eq!(outcome(&rename(0, "by root")), "ok");
    let limits = events(&daemon, json!({"kinds": ["denied"]}));
    assert_eq!(limits.len(), 1, "the second is counted: {limits:?}");
    assert_eq!(limits[0]["verb"], "rename");
}

fn refused_uses() {
    let site = site("");
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let made: Vec<Made> = ["revoked", "suspended", "expired", "live"]
        .map(|name| {
            create(
                &daemon,
                name,
                if name == "expired" { json!({"expires": {"after": "1h"}}) } else { json!({}) },
            )
        })
        .into();
    done(&daemon, "revoke", json!({"ids": [made[0].id]}));
    done(&daemon, "suspend", json!({"ids": [made[1].id]}));
    clock.go(7200);
    let try_all = |daemon: &Apppwd| {
        for (made, reason) in made.iter().zip(["revoked", "suspended", "expired", "accepted"]) {
            assert_eq!(imap(daemon, made), reason);
            assert_eq!(
                login(daemon, USER, &made.secret, "xmpp", "2001:db8::7"),
                if reason == "accepted" { "wrong-service" } else { reason }
            );
        }
        assert_eq!(login(daemon, USER, "0000000000000000", "imap", ""), "unknown-secret");
    };
    let uses = |daemon: &Apppwd| events(daemon, json!({"kinds": ["refused-use"]}));
    for _ in 0..5 {
        try_all(&daemon);
    }
    let found = uses(&daemon);
    let rows: Vec<_> = found
        .iter()
        .map(|e| {
            (
                e["name"].clone(),
                e["reason"].clone(),
                e["services"].clone(),
                e["rhost"].clone(),
                e["user"].clone(),
            )
        })
        .collect();
    let row = |name: &str| (json!(name), json!(name), json!(["imap"]), json!("192.0.2.7"), json!(USER));
    assert_eq!(rows, ["revoked", "suspended", "expired"].map(row));
    assert!(found.iter().all(|e| e["actor"].is_null() && e["rhost_unproven"].is_null()), "{found:?}");
    // Also across a restart, and after an hour anew.
    let (_, site) = daemon.stop();
    let daemon = clock.start(site);
    try_all(&daemon);
    clock.go(3599);
    try_all(&daemon);
    assert_eq!(uses(&daemon).len(), 3);
    clock.go(1);
    try_all(&daemon);
    assert_eq!(uses(&daemon).len(), 6);
    assert_eq!(uses(&daemon)[3]["at"], clock.now());
    assert_eq!(clock.now(), MORNING + 7200 + 3600);
}

fn claimed() {
    let daemon = site("[peers.4050]\nservices = [\"imap\"]\n").start();
    let made = create(&daemon, "phone", json!({}));
    done(&daemon, "revoke", json!({"ids": [made.id]}));
    let ask = Ask { user: USER.as_bytes(), secret: made.secret.as_bytes(), ..Ask::default() };
    let gid = std::fs::metadata(daemon.auth_socket()).expect("the socket").gid();
    let peer = Identity { groups: vec![gid], ..Identity::new(4050) };
    peer.act(|| ask.send(&daemon.auth_socket()));
    let found = events(&daemon, json!({"kinds": ["refused-use"]}));
    assert_eq!((&found[0]["rhost"], &found[0]["rhost_unproven"]), (&json!("192.0.2.7"), &json!(true)));
}

fn full_disk() {
    let site = site("");
    let clock = Clock::new(&site);
    let command = clock.drive(on_small_disk(&site, "state"));
    let daemon = site.start_by(command);
    let (old, phone) = (create(&daemon, "old", json!({})), create(&daemon, "phone", json!({})));
    done(&daemon, "revoke", json!({"ids": [old.id]}));
    let written = events(&daemon, json!({}));
    let filler = fill_disk(&daemon, "state");
    assert_eq!(imap(&daemon, &phone), "accepted");
    for verb in ["list", "users"] {
        let told = done(&daemon, verb, json!({}));
        let last = &told.as_object().and_then(|told| told.values().next()).expect("rows")[0]["last_use"];
        assert_eq!(last["service"], "imap", "{verb}: {told}");
    }
    assert_eq!(imap(&daemon, &old), "revoked");
    assert_eq!(refused(&daemon, "rename", json!({"id": phone.id, "name": "x"})).0, "read_only");
    assert_eq!(refused(&daemon, "revoke", json!({"ids": [phone.id]})).0, "read_only");
    assert_eq!(refused(&daemon, "user.lock", json!({"user": USER})).0, "read_only");
    for _ in 0..3 {
        assert_eq!(refused(&daemon, "panic", json!({"on": true, "group": "mail"})).0, "read_only");
        assert_eq!(refused(&daemon, "revoke", json!({"ids": [phone.id]})).0, "read_only");
    }
    // What is not written down is told as that, and nothing is told that has not happened.
    let now = events(&daemon, json!({}));
    assert_eq!(now[..written.len()], written);
    let in_memory = [
        format!("refused-use {USER} old - by a login"),
        format!("revoke {USER} phone - by 0 admin"),
        format!("user.lock {USER} - - by 0 admin"),
        "panic.on - - - by 0 admin".to_owned(),
    ];
    assert_eq!(told(&now[written.len()..]), in_memory);
    assert!(now[written.len()..].iter().all(|event| event["seq"].is_null()), "{now:?}");
    assert_eq!(now[written.len() + 1]["id"], phone.id.as_str());
    assert_eq!(now.last().map(|event| event["services"].clone()), Some(json!(["mail"])));
    // With each answer, also behind a first page.
    let again = done(&daemon, "events", json!({"after": now[written.len() - 1]["seq"]}));
    assert_eq!(again["events"].as_array().map(Vec::len), Some(4), "{again}");
    std::fs::remove_file(filler).expect("the filler");
    done(&daemon, "revoke", json!({"ids": [phone.id]}));
    let last = events(&daemon, json!({})).split_off(written.len());
    let mut kinds = told(&last);
    kinds.sort();
    let revoked = format!("revoke {USER} phone - by 0 admin");
    let [refused_use, _, locked, panic] = in_memory;
    assert_eq!(kinds, [panic, refused_use, revoked.clone(), revoked, locked]);
    let reasons = last.iter().filter(|event| event["reason"].to_string().contains("in memory only"));
    assert_eq!(reasons.count(), 3, "{last:?}");
    assert!(last.iter().all(|event| event["seq"].is_u64()), "{last:?}");
}
