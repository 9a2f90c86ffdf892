//! How many there may be: in all, in a day, of one name.

use super::Case;
use super::asking::{
    OTHER, USER, all, ask, create, create_for, done, imap, made, make, outcome, reconfigured, refused, site,
};
use super::authorize::{GROUP, PASSWD};
use apppw_tests::among::{among, start_among};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::clock::Clock;
use apppw_tests::identity::Identity;
use apppw_tests::lines::{Lines, field};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("per_account_by_user_group_and_default", per_account),
        Case::new("what_counts_as_live", what_counts).with_program("cc"),
        Case::new("a_lower_limit_takes_nothing_away", lowered),
        Case::as_root("per_day_for_all_but_root", per_day).with_program("unshare").with_program("cc"),
        Case::as_root("per_day_by_user_and_group", per_day_overrides).with_program("unshare"),
        Case::as_root("racing_creations_never_exceed_what_an_account_may_have", race_for_room)
            .with_program("unshare"),
        Case::as_root("racing_creations_never_exceed_what_a_day_may_have", race_for_a_day)
            .with_program("unshare"),
        Case::new("of_racing_creations_with_one_name_one_succeeds", race_for_a_name),
        Case::new("a_name_is_taken_while_it_is_live", names).with_program("cc"),
    ]
}

/// A member of `apppw-admin` who is not root.
fn admin() -> Identity {
    Identity { groups: vec![777], ..Identity::new(4003) }
}

fn olive() -> Identity {
    Identity::new(4001)
}

/// Creates until it is refused: how many there were, and why there are no more.
fn fill(daemon: &Apppwd, user: &str, services: &[&str], by: &Identity) -> (usize, String, String) {
    by.act(|| {
        let mut lines = Lines::connect(&daemon.admin_socket());
        for number in 0.. {
            let args = json!({"user": user, "name": format!("{services:?} {number}"), "services": services});
            let answer = lines.call("create", &args);
            if outcome(&answer) != "ok" {
                return (number, outcome(&answer).to_owned(), field(&answer).unwrap_or_default().to_owned());
            }
        }
        unreachable!("numbers end");
    })
}

const PER_ACCOUNT: &str = "[limits]\nper_account = 3\n[policy.group.files]\nper_account = 1\n\
    [policy.group.chat]\nper_account = 2\n[policy.user.\"bob@example.org\"]\nper_account = 5\n\
    [policy.user.\"none@example.org\"]\nper_account = 0\n";

fn per_account() {
    let daemon = site(PER_ACCOUNT).start();
    #[rustfmt::skip]
    let table: [(&str, &[&str], usize); 8] = [
        (USER,                &["mail"],         3),
        ("a@example.org",     &["files"],        1),
        ("b@example.org",     &["ftp"],          1), // a service of the group
        ("c@example.org",     &["chat"],         2),
        ("d@example.org",     &["mail", "chat"], 2),
        ("e@example.org",     &["chat", "ftp"],  1), // the strictest
        (OTHER,               &["files"],        5), // the user's own comes first
        ("none@example.org",  &["mail"],         0),
    ];
    for (user, services, most) in table {
        let found = fill(&daemon, user, services, &Identity::new(0));
        assert_eq!(found, (most, "limit".into(), "user".into()), "{user} {services:?}");
    }
    let message =
        ask(&daemon, "create", json!({"user": USER, "name": "one more"}))["error"]["message"].to_string();
    assert!(message.contains("may have 3 app passwords") && message.contains("per_account"), "{message}");
    assert_eq!(daemon.status().accounts, 7, "a creation that was refused has made an account");
}

fn what_counts() {
    let site = site("[limits]\nper_account = 3\n");
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let short = create(&daemon, "short", json!({"expires": {"after": "60s"}}));
    let suspended = create(&daemon, "suspended", json!({}));
    let live = create(&daemon, "live", json!({}));
    done(&daemon, "suspend", json!({"ids": [suspended.id]}));
    let full = |daemon: &Apppwd| {
        let refused = refused(daemon, "create", json!({"user": USER, "name": "more"}));
        assert_eq!(refused, ("limit".into(), "user".into()));
    };
    full(&daemon);
    // The old half of a rotation is outside.
    let new = make(&daemon, "rotate", json!({"id": live.id, "grace": "1h"}));
    assert_eq!((imap(&daemon, &live), imap(&daemon, &new)), ("accepted".into(), "accepted".into()));
    full(&daemon);
    clock.go(60);
    create(&daemon, "in the place of the one that has expired", json!({}));
    full(&daemon);
    done(&daemon, "revoke", json!({"ids": [suspended.id]}));
    create(&daemon, "in the place of the one that was revoked", json!({}));
    full(&daemon);
    assert_eq!(imap(&daemon, &short), "expired");
}

fn lowered() {
    let daemon = site("").start();
    let several: Vec<_> = (0..4).map(|number| create(&daemon, &number.to_string(), json!({}))).collect();
    let daemon = reconfigured(daemon, "[limits]\nper_account = 2\n").start();
    for one in &several {
        assert_eq!(imap(&daemon, one), "accepted");
    }
    assert_eq!(
        refused(&daemon, "create", json!({"user": USER, "name": "x"})),
        ("limit".into(), "user".into())
    );
    // What takes no room is allowed still: a lost phone's secret has to be replaced.
    let new = make(&daemon, "rotate", json!({"id": several[0].id}));
    assert_eq!(imap(&daemon, &new), "accepted");
    done(&daemon, "revoke", json!({"ids": [several[1].id, several[2].id]}));
    assert_eq!(
        refused(&daemon, "create", json!({"user": USER, "name": "x"})),
        ("limit".into(), "user".into())
    );
    done(&daemon, "revoke", json!({"ids": [several[3].id]}));
    create(&daemon, "x", json!({}));
}

fn per_day() {
    let site = site("[limits]\ncreations_per_day = 4\n[policy]\nself_service = \"create\"\n");
    let clock = Clock::new(&site);
    let command = clock.drive(among(&site, PASSWD, GROUP));
    let daemon = site.start_by(command);
    let by = |who: &Identity, verb: &str, args: Value| who.act(|| ask(&daemon, verb, args));
    let named = |name: &str| json!({"user": "olive", "name": name});
    let limit = |answer: &Value| (outcome(answer).to_owned(), field(answer).map(str::to_owned));
    let full = ("limit".to_owned(), Some("user".to_owned()));
    // Whoever makes them: they count for the account. Revoked ones count.
    let first = made(by(&olive(), "create", named("0"))["ok"].clone());
    by(&olive(), "revoke", json!({"ids": [first.id]}));
    assert_eq!(outcome(&by(&admin(), "create", named("1"))), "ok");
    let second = made(by(&admin(), "create", named("2"))["ok"].clone());
    assert_eq!(outcome(&by(&olive(), "rotate", json!({"id": second.id}))), "ok");
    for name in ["4", "5"] {
        assert_eq!(limit(&by(&admin(), "create", named(name))), full);
        assert_eq!(limit(&by(&olive(), "create", named(name))), full);
        assert_eq!(
            limit(&by(&olive(), "rotate", json!({"id": second.id}))).0,
            "not_found",
            "it was rotated already"
        );
    }
    // Root is exempt, and what root makes counts too.
    assert_eq!(outcome(&by(&Identity::new(0), "create", named("root's"))), "ok");
    assert_eq!(limit(&by(&admin(), "create", named("6"))), full);
    // Another account has its own; the next day (UTC) all begin anew.
    assert_eq!(outcome(&by(&admin(), "create", json!({"user": "oscar", "name": "1"}))), "ok");
    let midnight = clock.now() - clock.now() % 86_400 + 86_400;
    clock.set(midnight - 1);
    assert_eq!(limit(&by(&admin(), "create", named("7"))), full);
    clock.set(midnight);
    let found = fill(&daemon, "olive", &["mail"], &admin());
    assert_eq!(found, (4, "limit".into(), "user".into()));
    // A restart forgets nothing of it.
    let (_, site) = daemon.stop();
    let command = clock.drive(among(&site, PASSWD, GROUP));
    let daemon = site.start_by(command);
    assert_eq!(limit(&admin().act(|| ask(&daemon, "create", named("8")))), full);
}

fn per_day_overrides() {
    let config = "[limits]\ncreations_per_day = 3\n[policy.group.files]\ncreations_per_day = 1\n\
        [policy.user.\"bob@example.org\"]\ncreations_per_day = 5\n";
    let daemon = start_among(site(config), PASSWD, GROUP);
    for (user, services, most) in [(USER, ["mail"], 3), ("a@example.org", ["ftp"], 1), (OTHER, ["files"], 5)]
    {
        let found = fill(&daemon, user, &services, &admin());
        assert_eq!(found, (most, "limit".into(), "user".into()), "{user}");
    }
}

/// Each of them creates what it can on a connection of its own; returns how many there were.
fn race(daemon: &Apppwd, who: &[Identity], round: &str) -> usize {
    let made = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for (thread, identity) in who.iter().enumerate() {
            let made = &made;
            scope.spawn(move || {
                identity.act(|| {
                    let mut lines = Lines::connect(&daemon.admin_socket());
                    for number in 0..12 {
                        let args = json!({"user": "olive", "name": format!("{round} {thread}.{number}")});
                        let answer = lines.call("create", &args);
                        match outcome(&answer) {
                            "ok" => drop(made.fetch_add(1, Ordering::SeqCst)),
                            "limit" => {}
                            other => panic!("{other}: {answer}"),
                        }
                    }
                });
            });
        }
    });
    made.into_inner()
}

fn race_for_room() {
    let config = "[limits]\nper_account = 9\n[policy]\nself_service = \"create\"\n";
    let daemon = start_among(site(config), PASSWD, GROUP);
    let root = Identity::new(0);
    let who = [root.clone(), admin(), olive(), root.clone(), admin(), olive(), root, admin()];
    assert_eq!(race(&daemon, &who, "first"), 9);
    assert_eq!((daemon.status().live, daemon.status().accounts), (9, 1));
}

fn race_for_a_day() {
    let config = "[limits]\ncreations_per_day = 9\n[policy]\nself_service = \"create\"\n";
    let daemon = start_among(site(config), PASSWD, GROUP);
    let who = [admin(), olive(), admin(), olive(), admin(), olive()];
    assert_eq!(race(&daemon, &who, "first"), 9);
    assert_eq!(daemon.status().live, 9);
    // By root no end is set.
    assert_eq!(race(&daemon, &[Identity::new(0)], "second"), 11, "20 in all: [limits] per_account");
}

fn race_for_a_name() {
    let daemon = site("").start();
    let outcomes = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let answer = ask(&daemon, "create", json!({"user": USER, "name": "phone"}));
                outcomes.lock().expect("unpoisoned").push(outcome(&answer).to_owned());
            });
        }
    });
    let mut outcomes = outcomes.into_inner().expect("unpoisoned");
    outcomes.sort();
    assert_eq!(outcomes, [vec!["exists"; 7], vec!["ok"]].concat());
    assert_eq!((daemon.status().live, daemon.status().accounts), (1, 1));
}

fn names() {
    let site = site("");
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let exists = |daemon: &Apppwd, name: &str, other: &str| {
        let taken = ("exists".to_owned(), "name".to_owned());
        assert_eq!(refused(daemon, "create", json!({"user": USER, "name": name})), taken, "create {name}");
        assert_eq!(refused(daemon, "rename", json!({"id": other, "name": name})), taken, "rename to {name}");
    };
    let other = create(&daemon, "other", json!({}));
    let phone = create(&daemon, "phone", json!({"expires": {"after": "60s"}}));
    exists(&daemon, "phone", &other.id);
    done(&daemon, "suspend", json!({"ids": [phone.id]}));
    exists(&daemon, "phone", &other.id);
    // Another account's names are its own, and a name counts as it is written.
    create_for(&daemon, OTHER, "phone", json!({}));
    create(&daemon, "Phone", json!({}));
    // It keeps its own name.
    done(&daemon, "rename", json!({"id": other.id, "name": "other"}));
    // Free again at once: when it has expired, and when it is revoked.
    clock.go(60);
    done(&daemon, "rename", json!({"id": other.id, "name": "phone"}));
    done(&daemon, "revoke", json!({"ids": [other.id]}));
    let again = create(&daemon, "phone", json!({"expires": {"after": "60s"}}));
    clock.go(60);
    create(&daemon, "phone", json!({}));
    // The ended ones keep theirs: it is part of the record.
    for id in [&phone.id, &other.id, &again.id] {
        assert_eq!(
            refused(&daemon, "rename", json!({"id": id, "name": "new"})),
            ("not_found".into(), "id".into()),
            "{id}"
        );
    }
    let names: Vec<_> =
        all(&daemon).iter().filter(|one| one["user"] == USER).map(|one| one["name"].clone()).collect();
    assert_eq!(names.iter().filter(|name| **name == "phone").count(), 4, "{names:?}");
}
