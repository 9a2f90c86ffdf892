//! What befalls an app password: suspended, resumed, renamed, rotated.

use super::Case;
use super::asking::{
    self, OTHER, USER, all, ask, create, create_for, done, imap, journal, login, make, outcome, reconfigured,
    refused, show, site, state, wait_until,
};
use super::authorize::{GROUP, PASSWD};
use apppw_tests::among::start_among;
use apppw_tests::clock::Clock;
use apppw_tests::identity::Identity;
use apppw_tests::lines::field;
use serde_json::{Value, json};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("suspended_until_it_is_resumed", suspend),
        Case::new("suspending_several_is_all_or_nothing", several),
        Case::new("another_name_changes_nothing_else", rename),
        Case::new("a_rotation_leaves_the_old_one_its_grace", rotate).with_program("cc"),
        Case::new("a_rotation_keeps_name_and_scope", same_scope).with_program("cc"),
        Case::new("both_halves_share_their_fate", halves),
        Case::new("what_cannot_be_rotated", not_rotatable).with_program("cc"),
        Case::new("a_rotation_is_within_todays_policy", within_policy).with_program("cc"),
        Case::as_root("a_user_rotates_his_own_where_he_may_create", own).with_program("unshare"),
    ]
}

fn suspend() {
    let mut daemon = site("").start();
    let (one, other) = (create(&daemon, "phone", json!({})), create(&daemon, "laptop", json!({})));
    assert_eq!(imap(&daemon, &one), "accepted");
    let ids = json!({"ids": [one.id]});
    let answer = done(&daemon, "suspend", ids.clone());
    assert_eq!(
        (&answer["ids"], &answer["app_passwords"][0]["state"]),
        (&json!([one.id]), &json!("suspended"))
    );
    assert_eq!(answer["app_passwords"][0]["suspended_by"]["uid"], 0);
    for _ in 0..2 {
        assert_eq!((imap(&daemon, &one).as_str(), imap(&daemon, &other).as_str()), ("suspended", "accepted"));
        let verified = done(&daemon, "verify", json!({"user": USER, "secret": one.secret}));
        assert_eq!(verified["reason"], "suspended");
        assert_eq!((daemon.status().live, daemon.status().suspended), (2, 1));
        let again = done(&daemon, "suspend", ids.clone());
        assert_eq!((&again["ids"], &again["already"]), (&json!([]), &json!([one.id])));
        daemon = daemon.kill().start();
    }
    let answer = done(&daemon, "resume", ids.clone());
    assert_eq!((&answer["ids"], &answer["app_passwords"][0]["state"]), (&json!([one.id]), &json!("live")));
    for _ in 0..2 {
        assert_eq!(imap(&daemon, &one), "accepted");
        let again = done(&daemon, "resume", ids.clone());
        assert_eq!((&again["ids"], &again["already"]), (&json!([]), &json!([one.id])));
        daemon = daemon.kill().start();
    }
}

fn several() {
    let daemon = site("").start();
    let (one, two, gone) = (
        create(&daemon, "1", json!({})),
        create_for(&daemon, OTHER, "2", json!({})),
        create(&daemon, "3", json!({})),
    );
    done(&daemon, "revoke", json!({"ids": [gone.id]}));
    let before = (all(&daemon), journal(&daemon));
    for verb in ["suspend", "resume", "revoke"] {
        let unknown = refused(&daemon, verb, json!({"ids": [one.id, "ap-00000000"]}));
        assert_eq!(unknown, ("not_found".into(), "id".into()), "{verb}");
    }
    for verb in ["suspend", "resume"] {
        let revoked = refused(&daemon, verb, json!({"ids": [one.id, two.id, gone.id]}));
        assert_eq!(revoked, ("not_found".into(), "ids".into()), "{verb}");
    }
    assert_eq!((all(&daemon), journal(&daemon)), before);
    let mut ids = [one.id.clone(), two.id.clone()];
    ids.sort();
    let answer = done(&daemon, "suspend", json!({"ids": [one.id, two.id, one.id]}));
    assert_eq!(answer["ids"], json!(ids), "each once");
}

fn rename() {
    let daemon = site("").start();
    let one = create(&daemon, "phone", json!({"networks": ["192.0.2.0/24"], "pin": ["service"]}));
    assert_eq!(imap(&daemon, &one), "accepted");
    let mut before = show(&daemon, &one.id);
    let mut after = done(&daemon, "rename", json!({"id": one.id, "name": "Telefon ☎"}));
    assert_eq!(after, show(&daemon, &one.id));
    assert_eq!((before["name"].take(), after["name"].take()), (json!("phone"), json!("Telefon ☎")));
    assert_eq!(before, after);
    assert_eq!(imap(&daemon, &one), "accepted");
    daemon.wait_for_line(&["accepted reason=accepted", "name=\"Telefon ☎\""]);
    let daemon = daemon.kill().start();
    assert_eq!(show(&daemon, &one.id)["name"], "Telefon ☎");
}

fn rotate() {
    let site = site(
        "[limits]\ntombstones = \"2y\"\nsuspend_unused = \"4s\"\n[policy.user.\"alice@example.org\"]\nsuspend_unused = \"never\"\n",
    );
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let old = create(&daemon, "phone", json!({}));
    let new = make(&daemon, "rotate", json!({"id": old.id, "grace": "60s"}));
    assert_ne!((&old.id, &old.secret), (&new.id, &new.secret));
    assert_eq!(new.answer["app_password"]["name"], "phone");
    assert_eq!(new.answer["newly_enrolled"], false);
    let record = show(&daemon, &old.id);
    assert_eq!((&record["successor"], &record["expires"]), (&json!(new.id), &json!(clock.now() + 60)));
    assert!(
        journal(&daemon).contains(&format!(" end {} {}", old.id, clock.now() + 60)),
        "{}",
        journal(&daemon)
    );
    clock.go(59);
    assert_eq!([imap(&daemon, &old), imap(&daemon, &new)], ["accepted", "accepted"]);
    clock.go(1);
    assert!(["expired", "revoked"].contains(&imap(&daemon, &old).as_str()));
    assert_eq!(imap(&daemon, &new), "accepted");
    wait_until("the old one is gone for good", || state(&daemon, &old.id) == "revoked");
    wait_until("it is journaled", || journal(&daemon).contains(&format!(" revoke {} ", old.id)));
    assert_eq!((imap(&daemon, &old).as_str(), imap(&daemon, &new).as_str()), ("revoked", "accepted"));
    assert_eq!(show(&daemon, &old.id)["revoked_by"]["role"], "daemon");
    clock.go(-60);
    let daemon = clock.start(daemon.kill());
    assert_eq!((imap(&daemon, &old).as_str(), imap(&daemon, &new).as_str()), ("revoked", "accepted"));
    // The new one is as good as any: it can be rotated again.
    let newer = make(&daemon, "rotate", json!({"id": new.id}));
    assert_eq!([imap(&daemon, &new), imap(&daemon, &newer)], ["accepted", "accepted"]);
}

fn same_scope() {
    let site = site("");
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let scope = json!({"services": ["imap", "chat"], "networks": ["192.0.2.0/24", "2001:db8::/32"],
        "expires": {"after": "10d"}, "pin": ["service", "network"]});
    let (used, fresh) = (create(&daemon, "used", scope.clone()), create(&daemon, "fresh", scope));
    assert_eq!(imap(&daemon, &used), "accepted");
    for one in [&used, &fresh] {
        let keys = ["user", "name", "services", "networks", "expires", "pin_service", "pin_network"];
        let before = show(&daemon, &one.id);
        clock.go(100);
        let new = make(&daemon, "rotate", json!({"id": one.id, "grace": "20d"}));
        for key in keys {
            assert_eq!(show(&daemon, &new.id)[key], before[key], "{key}");
        }
        // A grace beyond its end doesn't lengthen it.
        assert_eq!(show(&daemon, &one.id)["expires"], before["expires"]);
    }
    let listed = all(&daemon);
    let new =
        listed.iter().find(|one| one["name"] == "used" && one["successor"].is_null()).expect("the new one");
    assert_eq!(new["pin_service"]["to"], "imap", "a rotation doesn't open a lock");
}

/// Revoking, suspending, resuming one half does it to both.
fn halves() {
    for which in [0, 1] {
        let daemon = site("").start();
        let old = create(&daemon, "phone", json!({}));
        let new = make(&daemon, "rotate", json!({"id": old.id}));
        let newest = make(&daemon, "rotate", json!({"id": new.id}));
        let other = create(&daemon, "other", json!({}));
        let three = [&old, &new, &newest];
        let asked = json!({"ids": [three[2 * which].id]});
        let mut ids = three.map(|one| one.id.clone());
        ids.sort();
        for (verb, reason) in [("suspend", "suspended"), ("resume", "accepted"), ("revoke", "revoked")] {
            if verb == "revoke" {
                let would = done(&daemon, verb, json!({"ids": asked["ids"], "dry_run": true}));
                assert_eq!(would["count"], 3, "{would}");
            }
            let answer = done(&daemon, verb, asked.clone());
            let mut changed: Vec<_> = answer["ids"].as_array().expect("ids").clone();
            changed.sort_by_key(Value::to_string);
            assert_eq!(json!(changed), json!(ids), "{verb}");
            for one in three {
                assert_eq!(imap(&daemon, one), reason, "{verb}");
                let word = match verb {
                    "suspend" => "suspend",
                    "resume" => "resume",
                    _ => "revoke",
                };
                assert!(
                    journal(&daemon).contains(&format!(" {word} {} ", one.id)),
                    "{verb} is not journaled"
                );
            }
        }
        assert_eq!(imap(&daemon, &other), "accepted");
    }
}

fn not_rotatable() {
    let site = site("");
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let names = ["expired", "suspended", "revoked", "rotated", "good"];
    let [expired, suspended, revoked, rotated, good] = names.map(|name| {
        create(&daemon, name, json!({"expires": {"after": if name == "expired" { "60s" } else { "1d" }}}))
    });
    let locked = create_for(&daemon, OTHER, "phone", json!({}));
    done(&daemon, "suspend", json!({"ids": [suspended.id]}));
    done(&daemon, "revoke", json!({"ids": [revoked.id]}));
    done(&daemon, "rotate", json!({"id": rotated.id}));
    done(&daemon, "user.lock", json!({"user": OTHER}));
    clock.go(60);
    // Noted, before the comparison.
    assert_eq!(imap(&daemon, &expired), "expired");
    let before = (all(&daemon), journal(&daemon));
    #[rustfmt::skip]
    let table = [
        (json!({"id": expired.id}),                     ("not_found", "id")),
        (json!({"id": suspended.id}),                   ("not_found", "id")),
        (json!({"id": revoked.id}),                     ("not_found", "id")),
        (json!({"id": rotated.id}),                     ("not_found", "id")),
        (json!({"id": "ap-00000000"}),                  ("not_found", "id")),
        (json!({"id": locked.id}),                      ("denied",    "user")),
        (json!({"id": good.id, "grace": "31d"}),        ("invalid",   "grace")),
        (json!({"id": good.id, "grace": "0s"}),         ("invalid",   "args")),
        (json!({"id": good.id, "grace": "-1d"}),        ("invalid",   "args")),
        (json!({"id": good.id, "grace": 60}),           ("invalid",   "args")),
        (json!({"id": good.id, "name": "other"}),       ("invalid",   "args")),
        (json!({}),                                     ("invalid",   "args")),
    ];
    for (args, (code, field)) in table {
        assert_eq!(refused(&daemon, "rotate", args.clone()), (code.into(), field.into()), "{args}");
        assert_eq!((all(&daemon), journal(&daemon)), before, "{args} changed something");
    }
    done(&daemon, "rotate", json!({"id": good.id, "grace": "30d"}));
}

fn within_policy() {
    let site = site("[groups]\nphone = [\"imap\"]\n");
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let (by_group, long) =
        (create(&daemon, "group", json!({"services": ["phone"]})), create(&daemon, "long", json!({})));
    let site = reconfigured(daemon, "[policy]\nlongest_life = \"10d\"\n");
    let daemon = clock.start(site);
    let nothing_left = refused(&daemon, "rotate", json!({"id": by_group.id}));
    assert_eq!(nothing_left, ("invalid".into(), "id".into()));
    let new = make(&daemon, "rotate", json!({"id": long.id}));
    assert_eq!(new.answer["app_password"]["expires"], clock.now() + 864_000, "never is not allowed any more");
    assert_eq!(login(&daemon, USER, &by_group.secret, "imap", "192.0.2.7"), "wrong-service");
}

fn own() {
    for self_service in ["create", "revoke"] {
        let config = format!("[policy]\nself_service = \"{self_service}\"\n");
        let daemon = start_among(site(&config), PASSWD, GROUP);
        let (own, other) =
            (create_for(&daemon, "olive", "1", json!({})), create_for(&daemon, "oscar", "1", json!({})));
        let before = all(&daemon);
        let by_olive = |args: Value| Identity::new(4001).act(|| ask(&daemon, "rotate", args));
        let theirs = by_olive(json!({"id": other.id}));
        assert_eq!(all(&daemon), before);
        let answer = by_olive(json!({"id": own.id}));
        if self_service == "revoke" {
            assert_eq!((outcome(&theirs), outcome(&answer)), ("denied", "denied"));
            assert_eq!(all(&daemon), before);
        } else {
            assert_eq!((outcome(&theirs), field(&theirs)), ("not_found", Some("id")));
            let new = asking::made(answer["ok"].clone());
            assert_eq!(new.answer["app_password"]["created_by"]["uid"], 4001);
            for one in [&own, &new] {
                assert_eq!(login(&daemon, "olive", &one.secret, "imap", "192.0.2.7"), "accepted");
            }
        }
    }
}
