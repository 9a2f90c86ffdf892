//! Events that anybody can provoke, refused verbs and uses of dead app passwords: told, counted, and
//! never so many that others are lost.

use super::Case;
use super::asking::{
    Made, OTHER, USER, create, create_for, done, imap, login, outcome, refused, site, wait_until,
};
use super::authorize::{GROUP, PASSWD};
use super::events::{HEIDI, OLIVE, act, among_people, events, told};
use apppw_tests::among::{among, fill_disk, on_small_disk, with_small_disk};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::clock::{Clock, MORNING};
use apppw_tests::frames::Ask;
use apppw_tests::identity::Identity;
use serde_json::{Value, json};
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

pub fn cases() -> Vec<Case> {
    vec![
        Case::as_root("refused_verbs_are_told_and_counted", denied)
            .with_program("unshare")
            .with_program("cc"),
        Case::as_root("an_owner_renames_so_often_a_day_and_an_administrator_as_he_likes", renames)
            .with_program("unshare"),
        Case::as_root("refusals_at_the_same_time_are_told_once_each", at_once).with_program("unshare"),
        Case::new("uses_of_dead_app_passwords_once_an_hour_each", refused_uses).with_program("cc"),
        Case::new("what_is_dead_is_told_whatever_else_refuses_it", behind_other_reasons).with_program("cc"),
        Case::as_root("a_claimed_address_is_told_as_one", claimed),
        Case::as_root("a_refusal_is_written_before_it_is_told", killed).with_program("unshare"),
        Case::as_root("a_count_is_written_without_anybody_asking_for_it", counted)
            .with_program("unshare")
            .with_program("cc"),
        Case::as_root("a_full_disk_loses_none_that_was_seen", full_disk)
            .with_program("unshare")
            .with_program("cc"),
        Case::as_root("what_only_memory_holds_is_written_as_soon_as_there_is_room", in_memory)
            .with_program("unshare"),
        Case::as_root("what_waits_is_written_without_anybody_asking", room_again).with_program("unshare"),
        Case::as_root("of_what_waits_each_is_told_what_is_his_and_was_asked_for", waiting)
            .with_program("unshare")
            .with_program("cc"),
    ]
}

fn denied() {
    let site = site("");
    let clock = Clock::new(&site);
    let command = clock.drive(among(&site, PASSWD, GROUP));
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
    let writes = || done(&daemon, "metrics", json!({}))["store_writes"].as_u64().expect("a number");
    let before = writes();
    for _ in 0..20 {
        assert_eq!(outcome(&rename(OLIVE, "phone")), "ok");
    }
    // Housekeeping may have some of its own.
    assert!(writes() < before + 20);
    let outcomes: Vec<String> =
        (0..5).map(|n| outcome(&rename(OLIVE, &format!("name {n}"))).to_owned()).collect();
    assert_eq!(outcomes, ["ok", "ok", "ok", "limit", "limit"]);
    assert_eq!(outcome(&rename(0, "by root")), "ok");
    let limits = events(&daemon, json!({"kinds": ["denied"]}));
    assert_eq!(limits.len(), 1, "the second is counted: {limits:?}");
    assert_eq!(limits[0]["verb"], "rename");
    // Nor is the name of one that has ended its name for the asking.
    done(&daemon, "revoke", json!({"ids": [id]}));
    assert_eq!(outcome(&rename(0, "by root")), "not_found");
}

fn at_once() {
    const VERBS: [&str; 8] =
        ["status", "metrics", "report", "panic", "users", "user.lock", "user.unlock", "user.delete"];
    let daemon = among_people("");
    let uids = [OLIVE, 4002, 4003, 4004];
    std::thread::scope(|scope| {
        for (uid, verb) in uids.iter().flat_map(|uid| VERBS.map(|verb| (*uid, verb))) {
            let daemon = &daemon;
            scope.spawn(move || assert_eq!(outcome(&act(uid, &[], daemon, verb, json!({}))), "denied"));
        }
    });
    let mut found: Vec<_> = events(&daemon, json!({}))
        .iter()
        .map(|event| (event["actor"]["uid"].as_u64(), event["verb"].as_str().map(str::to_owned)))
        .collect();
    found.sort();
    let each = uids.iter().flat_map(|uid| VERBS.map(|verb| (Some(u64::from(*uid)), Some(verb.to_owned()))));
    let mut each: Vec<_> = each.collect();
    each.sort();
    assert_eq!(found, each);
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

/// The owner of a secret that leaked has to hear of it, also if it was tried where nothing opens.
fn behind_other_reasons() {
    let site = site(
        "[users]
fold_case = true
",
    );
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let names = ["revoked", "suspended", "expired", "live"];
    let made = names.map(|name| {
        let end = if name == "expired" { json!({"expires": {"after": "1h"}}) } else { json!({}) };
        create(&daemon, name, end)
    });
    done(&daemon, "revoke", json!({"ids": [made[0].id]}));
    done(&daemon, "suspend", json!({"ids": [made[1].id]}));
    // Nobody has noted yet that it has expired.
    clock.go(7200);
    for made in &made {
        let as_typed = USER.to_uppercase();
        assert_eq!(login(&daemon, &as_typed, &made.secret, "no-such-service", ""), "service-in-no-group");
    }
    let found = events(&daemon, json!({"kinds": ["refused-use"]}));
    let told: Vec<_> =
        found.iter().map(|e| (e["user"].clone(), e["name"].clone(), e["reason"].clone())).collect();
    assert_eq!(told, ["revoked", "suspended", "expired"].map(|name| (json!(USER), json!(name), json!(name))));
    // Whoever goes on after it was revoked too is told of anew.
    done(&daemon, "revoke", json!({"ids": [made[1].id]}));
    (0..2).for_each(|_| assert_eq!(imap(&daemon, &made[1]), "revoked"));
    let found = events(&daemon, json!({"kinds": ["refused-use"], "id": made[1].id}));
    assert_eq!(found.iter().map(|e| e["reason"].clone()).collect::<Vec<_>>(), ["suspended", "revoked"]);
    clock.go(-7200);
    assert_eq!(imap(&daemon, &made[2]), "expired", "what was told as expired lives again");
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

fn killed() {
    let daemon = among_people("");
    assert_eq!(outcome(&act(OLIVE, &[], &daemon, "panic", json!({"on": true}))), "denied");
    let daemon = daemon.kill().start();
    assert_eq!(told(&events(&daemon, json!({}))), [format!("denied olive - - by {OLIVE} user")]);
}

fn counted() {
    let site = site("");
    let clock = Clock::new(&site);
    let command = clock.drive(among(&site, PASSWD, GROUP));
    let daemon = site.start_by(command);
    let refuse = |user: &str| {
        let answer = act(OLIVE, &[], &daemon, "user.lock", json!({"user": user}));
        assert_eq!(outcome(&answer), "denied");
    };
    let is_on_disk = |text: &str| {
        let wal = std::fs::read(daemon.path("state/apppw.db-wal")).unwrap_or_default();
        wal.windows(text.len()).any(|window| window == text.as_bytes())
    };
    refuse("first");
    for (user, wait) in [("second", 60), ("third", 600)] {
        (0..2).for_each(|_| refuse(user));
        assert!(!is_on_disk(user));
        clock.go(wait);
        wait_until("the count is written", || is_on_disk(user));
    }
    let found = events(&daemon, json!({}));
    let counts: Vec<_> = found.iter().map(|e| (e["user"].clone(), e["count"].clone())).collect();
    let count = |user: &str, count: Value| (json!(user), count);
    assert_eq!(counts, [count("first", Value::Null), count("second", json!(2)), count("third", json!(2))]);
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
    assert_eq!(login(&daemon, USER, &phone.secret, "no-such-service", ""), "service-in-no-group");
    // What is not written down is told as that, and nothing is told that has not happened.
    let now = events(&daemon, json!({}));
    assert_eq!(now[..written.len()], written);
    let in_memory = [
        format!("refused-use {USER} old - by a login"),
        format!("revoke {USER} phone - by 0 admin"),
        format!("user.lock {USER} - - by 0 admin"),
        "panic.on - - - by 0 admin".to_owned(),
        format!("refused-use {USER} phone - by a login"),
    ];
    assert_eq!(told(&now[written.len()..]), in_memory);
    assert!(now[written.len()..].iter().all(|event| event["seq"].is_null()), "{now:?}");
    assert_eq!(now[written.len() + 1]["id"], phone.id.as_str());
    assert_eq!(now[written.len() + 3]["services"], json!(["mail"]));
    // With each answer, also behind a first page.
    let again = done(&daemon, "events", json!({"after": now[written.len() - 1]["seq"]}));
    assert_eq!(again["events"].as_array().map(Vec::len), Some(5), "{again}");
    std::fs::remove_file(filler).expect("the filler");
    done(&daemon, "revoke", json!({"ids": [phone.id]}));
    let last = events(&daemon, json!({})).split_off(written.len());
    let mut kinds = told(&last);
    kinds.sort();
    let revoked = format!("revoke {USER} phone - by 0 admin");
    let [of_old, _, locked, panic, of_phone] = in_memory;
    assert_eq!(kinds, [panic, of_old, of_phone, revoked.clone(), revoked, locked]);
    let reasons = last.iter().filter(|event| event["reason"].to_string().contains("in memory only"));
    assert_eq!(reasons.count(), 3, "{last:?}");
    assert!(last.iter().all(|event| event["seq"].is_u64()), "{last:?}");
}

fn in_memory() {
    let site = site("");
    let command = on_small_disk(&site, "state");
    let daemon = site.start_by(command);
    create(&daemon, "phone", json!({}));
    let written = events(&daemon, json!({})).len();
    let filler = fill_disk(&daemon, "state");
    let writes = || done(&daemon, "metrics", json!({}))["store_writes"].as_u64();
    let before = writes();
    assert_eq!(refused(&daemon, "user.lockdown", json!({"user": USER})).0, "read_only");
    assert_eq!(refused(&daemon, "user.lock", json!({"user": OTHER})).0, "read_only");
    std::fs::remove_file(filler).expect("the filler");
    wait_until("both are written", || writes() > before);
    // One that was never more than a name.
    done(&daemon, "user.unlock", json!({"user": OTHER}));
    assert_eq!(
        told(&events(&daemon, json!({})).split_off(written)),
        [
            format!("user.lockdown {USER} - - by 0 admin"),
            format!("user.lock {OTHER} - - by 0 admin"),
            format!("user.unlock {OTHER} - - by 0 admin"),
        ]
    );
}

fn room_again() {
    let site = site("");
    let command = on_small_disk(&site, "state");
    let daemon = site.start_by(command);
    let old = create(&daemon, "old", json!({}));
    done(&daemon, "revoke", json!({"ids": [old.id]}));
    let filler = fill_disk(&daemon, "state");
    let writes = || done(&daemon, "metrics", json!({}))["store_writes"].as_u64();
    let before = writes();
    assert_eq!(imap(&daemon, &old), "revoked");
    daemon.wait_for_line(&["could not write the last events"]);
    std::fs::remove_file(filler).expect("the filler");
    // It is tried each half minute.
    let deadline = Instant::now() + Duration::from_secs(60);
    while writes() == before {
        assert!(Instant::now() < deadline, "it is not tried again");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn waiting() {
    let site = site("");
    let clock = Clock::new(&site);
    let among_people = among(&site, PASSWD, GROUP);
    let command = clock.drive(with_small_disk(&site, "state", &among_people));
    let daemon = site.start_by(command);
    let olives = create_for(&daemon, "olive", "phone", json!({}));
    let oscars = create_for(&daemon, "oscar", "laptop", json!({}));
    let tablet = create_for(&daemon, "olive", "tablet", json!({}));
    done(&daemon, "revoke", json!({"ids": [olives.id, oscars.id]}));
    // More than a page.
    for n in 0..100 {
        let name = format!("{n}{}", "\u{1F4F1}".repeat(70));
        done(&daemon, "rename", json!({"id": tablet.id, "name": name}));
    }
    assert_eq!(login(&daemon, "olive", &tablet.secret, "imap", "192.0.2.7"), "accepted");
    let last_use = || done(&daemon, "users", json!({}))["users"][0]["last_use"]["rhost"].clone();
    assert_eq!(last_use(), "192.0.2.7");
    clock.go(10);
    fill_disk(&daemon, "state");
    assert_eq!(login(&daemon, "olive", &tablet.secret, "imap", "198.51.100.9"), "accepted");
    assert_eq!(last_use(), "198.51.100.9");
    assert_eq!(login(&daemon, "olive", &olives.secret, "imap", ""), "revoked");
    assert_eq!(login(&daemon, "oscar", &oscars.secret, "imap", ""), "revoked");
    assert_eq!(outcome(&act(4002, &[], &daemon, "list", json!({"user": "olive"}))), "denied");
    let unwritten = |all: &[Value]| {
        let all: Vec<Value> = all.iter().filter(|event| event["seq"].is_null()).cloned().collect();
        told(&all)
    };
    let [olives_use, oscars_use, refusal] = [
        "refused-use olive phone - by a login",
        "refused-use oscar laptop - by a login",
        "denied olive - - by 4002 user",
    ];
    let cursor = done(&daemon, "events", json!({"last": 1}))["cursor"].clone();
    for (args, expected) in [
        (json!({"last": 1}), vec![olives_use, oscars_use, refusal]),
        (json!({"user": "oscar"}), vec![oscars_use]),
        (json!({"id": olives.id}), vec![olives_use]),
        (json!({"kinds": ["denied"]}), vec![refusal]),
        (json!({"by": 4002}), vec![refusal]),
        (json!({"since": clock.now() + 1}), vec![]),
        // With the last page, whichever way it was come to.
        (json!({"after": cursor}), vec![olives_use, oscars_use, refusal]),
        (json!({}), vec![olives_use, oscars_use, refusal]),
    ] {
        assert_eq!(unwritten(&events(&daemon, args.clone())), expected, "{args}");
    }
    let own = act(OLIVE, &[], &daemon, "events", json!({"last": 1}));
    assert_eq!(unwritten(own["ok"]["events"].as_array().expect("events")), [olives_use]);
}
