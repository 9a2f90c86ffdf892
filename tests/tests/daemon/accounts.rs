//! What befalls an account: locked, locked down, renamed, deleted.

use super::Case;
use super::asking::{
    OTHER, USER, all, ask, create, create_for, done, imap, journal, login, outcome, primary,
    primary_was_used, refused, site, state,
};
use super::authorize::{GROUP, PASSWD};
use apppw_tests::among::start_among;
use apppw_tests::apppwd::Apppwd;
use apppw_tests::identity::Identity;
use apppw_tests::lines::field;
use serde_json::{Value, json};
use std::process::Command;

/// The laxest: whatever is refused is refused by the account's state.
const LAX: &str = "[policy]\nprimary = \"allow\"\nself_service = \"create\"\n";
const STRANGE: &str = "0000000000000000";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("a_lock_refuses_everything_until_it_is_taken_back", lock),
        Case::new("an_account_never_known_before_can_be_locked", lock_unknown),
        Case::as_root("a_lock_closes_self_service", closed).with_program("unshare"),
        Case::new("a_lockdown_revokes_all_for_good", lockdown),
        Case::new("an_account_keeps_all_under_another_name", rename),
        Case::as_root("a_name_of_another_uid_is_refused", rename_uids).with_program("unshare"),
        Case::new("users_are_told_page_by_page", pages),
        Case::new("nothing_is_left_of_a_deleted_account", delete).with_program("sqlite3"),
    ]
}

/// What an account's people meet: its app password, a strange one, its primary password.
fn met(daemon: &Apppwd, user: &str, secret: &str) -> [String; 3] {
    [
        login(daemon, user, secret, "imap", "192.0.2.7"),
        login(daemon, user, STRANGE, "imap", "192.0.2.7"),
        primary(daemon, user, "imap", "192.0.2.7"),
    ]
}

fn pages() {
    let daemon = Apppwd::start();
    let names: Vec<String> = (0..201).map(|n| format!("user-{n:03}")).collect();
    let told = || {
        let (mut users, mut sizes, mut cursor) = (Vec::new(), Vec::new(), Value::Null);
        loop {
            let page = done(&daemon, "users", json!({"cursor": cursor}));
            let found = page["users"].as_array().expect("users");
            users.extend(found.iter().map(|one| one["user"].as_str().expect("a name").to_owned()));
            sizes.push(found.len());
            cursor = page["next"].clone();
            if cursor.is_null() {
                return (users, sizes);
            }
        }
    };
    for (most, sizes) in [(100, vec![100]), (201, vec![100, 100, 1])] {
        let missing = told().0.len();
        names[missing..most].iter().for_each(|name| drop(done(&daemon, "user.enroll", of(name))));
        assert_eq!(told(), (names[..most].to_vec(), sizes));
    }
}

fn of(user: &str) -> Value {
    json!({"user": user})
}

fn lock() {
    let mut daemon = site(LAX).start();
    let (one, other) = (create(&daemon, "phone", json!({})), create_for(&daemon, OTHER, "phone", json!({})));
    let open = ["accepted", "unknown-secret", "primary-allowed"];
    assert_eq!(met(&daemon, USER, &one.secret), open);
    let answer = done(&daemon, "user.lock", of(USER));
    assert!(answer["locked"].is_i64(), "{answer}");
    for _ in 0..2 {
        assert_eq!(met(&daemon, USER, &one.secret), ["account-locked", "unknown-secret", "account-locked"]);
        assert_eq!(met(&daemon, OTHER, &other.secret), open);
        assert_eq!(
            done(&daemon, "verify", json!({"user": USER, "secret": one.secret}))["reason"],
            "account-locked"
        );
        assert_eq!(
            refused(&daemon, "create", json!({"user": USER, "name": "x"})),
            ("denied".into(), "user".into())
        );
        assert_eq!((daemon.status().locked, daemon.status().live), (1, 2));
        assert_eq!(done(&daemon, "list", json!({}))["locked"], json!([USER]), "as lists mark it");
        assert_eq!(done(&daemon, "list", of(OTHER))["locked"], Value::Null);
        // Again: it stays since when it was.
        assert_eq!(done(&daemon, "user.lock", of(USER))["locked"], answer["locked"]);
        daemon = daemon.kill().start();
    }
    // What takes away is possible still, and takes nothing of the lock.
    let two = done(&daemon, "revoke", json!({"users": [OTHER], "all": true}));
    assert_eq!(two["count"], 1);
    done(&daemon, "suspend", json!({"ids": [one.id]}));
    done(&daemon, "resume", json!({"ids": [one.id]}));
    assert_eq!(imap(&daemon, &one), "account-locked");
    assert!(done(&daemon, "user.unlock", of(USER))["locked"].is_null());
    for _ in 0..2 {
        assert_eq!(met(&daemon, USER, &one.secret), open);
        daemon = daemon.kill().start();
    }
}

fn lock_unknown() {
    let mut daemon = site(LAX).start();
    assert_eq!(met(&daemon, USER, STRANGE), ["never-enrolled", "never-enrolled", "primary-allowed"]);
    for verb in ["user.unlock", "user.delete", "user.show"] {
        assert_eq!(refused(&daemon, verb, of(USER)), ("not_found".into(), "user".into()), "{verb}");
    }
    done(&daemon, "user.lock", of(USER));
    done(&daemon, "user.lockdown", of(OTHER));
    for _ in 0..2 {
        for user in [USER, OTHER] {
            assert_eq!(
                met(&daemon, user, STRANGE),
                ["unknown-secret", "unknown-secret", "account-locked"],
                "{user}"
            );
            assert!(done(&daemon, "user.show", of(user))["enrolled"].is_null(), "{user}");
        }
        daemon = daemon.kill().start();
    }
    done(&daemon, "user.unlock", of(USER));
    assert_eq!(met(&daemon, USER, STRANGE), ["never-enrolled", "never-enrolled", "primary-allowed"]);
}

fn closed() {
    let daemon = start_among(site(LAX), PASSWD, GROUP);
    let olive = Identity::new(4001);
    let one = create_for(&daemon, "olive", "phone", json!({}));
    // oscar has no account yet.
    for (verb, user) in [("user.lock", "olive"), ("user.lockdown", "oscar")] {
        done(&daemon, verb, of(user));
    }
    let table = [
        ("list", json!({})),
        ("show", json!({"id": one.id})),
        ("create", json!({"name": "mine"})),
        ("rotate", json!({"id": one.id})),
        ("rename", json!({"id": one.id, "name": "mine"})),
        ("revoke", json!({"ids": [one.id]})),
        ("revoke", json!({"ids": [one.id], "dry_run": true})),
        ("revoke", json!({"all": true})),
        ("verify", json!({"secret": one.secret})),
    ];
    let before = (all(&daemon), journal(&daemon));
    for (verb, args) in &table {
        let answer = olive.act(|| ask(&daemon, verb, args.clone()));
        assert_eq!((outcome(&answer), field(&answer)), ("denied", Some("user")), "{verb} {args}: {answer}");
        assert!(answer["error"]["message"].to_string().contains("locked"), "{answer}");
        if args.get("id").is_none() && args.get("ids").is_none() {
            let answer = Identity::new(4002).act(|| ask(&daemon, verb, args.clone()));
            assert_eq!(outcome(&answer), "denied", "{verb} {args} by oscar: {answer}");
        }
    }
    assert_eq!((all(&daemon), journal(&daemon)), before);
    done(&daemon, "user.unlock", of("olive"));
    for (verb, args) in &table {
        let answer = olive.act(|| ask(&daemon, verb, args.clone()));
        assert_eq!(outcome(&answer), "ok", "{verb} {args}: {answer}");
    }
}

fn lockdown() {
    let mut daemon = site(LAX).start();
    let several = ["1", "2", "3"].map(|name| create(&daemon, name, json!({})));
    let rotated = super::asking::make(&daemon, "rotate", json!({"id": several[0].id}));
    done(&daemon, "suspend", json!({"ids": [several[1].id]}));
    done(&daemon, "revoke", json!({"ids": [several[2].id]}));
    let other = create_for(&daemon, OTHER, "phone", json!({}));
    let answer = done(&daemon, "user.lockdown", of(USER));
    let mut gone = [&several[0].id, &several[1].id, &rotated.id];
    gone.sort();
    let mut told = answer["revoked_now"].as_array().expect("ids").clone();
    told.sort_by_key(Value::to_string);
    assert_eq!(json!(told), json!(gone));
    assert_eq!((&answer["live"], &answer["revoked"]), (&json!(0), &json!(4)));
    for id in gone {
        assert!(journal(&daemon).contains(&format!(" revoke {id} ")), "{id} is not journaled");
    }
    for _ in 0..2 {
        for one in several.iter().chain([&rotated]) {
            assert_eq!(imap(&daemon, one), "revoked");
        }
        assert_eq!(primary(&daemon, USER, "imap", "192.0.2.7"), "account-locked");
        assert_eq!(login(&daemon, OTHER, &other.secret, "imap", "192.0.2.7"), "accepted");
        daemon = daemon.kill().start();
    }
    assert!(
        done(&daemon, "user.lockdown", of(USER))["revoked_now"].is_null(),
        "there is nothing left to revoke"
    );
    done(&daemon, "user.unlock", of(USER));
    for one in several.iter().chain([&rotated]) {
        assert_eq!(imap(&daemon, one), "revoked", "unlocking revives nothing");
    }
    assert_eq!(primary(&daemon, USER, "imap", "192.0.2.7"), "primary-allowed");
}

fn rename() {
    let mut daemon = site("[policy]\nprimary = \"refuse-enrolled\"\n").start();
    let one = create(&daemon, "phone", json!({}));
    create_for(&daemon, OTHER, "phone", json!({}));
    let new = "carol@example.org";
    let before = (all(&daemon), journal(&daemon));
    #[rustfmt::skip]
    let table = [
        (json!({"user": USER, "new": OTHER}),                   ("exists",    "new")),
        (json!({"user": USER, "new": ""}),                      ("invalid",   "new")),
        (json!({"user": USER, "new": "ca rol"}),                ("invalid",   "new")),
        (json!({"user": USER, "new": "ca\u{202e}rol"}),         ("invalid",   "new")),
        (json!({"user": USER, "new": "c".repeat(256)}),         ("invalid",   "new")),
        (json!({"user": "nobody@example.org", "new": new}),     ("not_found", "user")),
        (json!({"user": "a\nb", "new": new}),                   ("invalid",   "user")),
        (json!({"user": USER}),                                 ("invalid",   "args")),
        (json!({"new": new}),                                   ("invalid",   "args")),
    ];
    for (args, (code, field)) in table {
        assert_eq!(refused(&daemon, "user.rename", args.clone()), (code.into(), field.into()), "{args}");
        assert_eq!((all(&daemon), journal(&daemon)), before, "{args} changed something");
    }
    assert_eq!(imap(&daemon, &one), "accepted");
    let answer = done(&daemon, "user.rename", json!({"user": USER, "new": new}));
    assert_eq!((&answer["user"], &answer["live"]), (&json!(new), &json!(1)));
    for _ in 0..2 {
        assert_eq!(login(&daemon, new, &one.secret, "imap", "192.0.2.7"), "accepted");
        assert_eq!(
            primary(&daemon, new, "imap", "192.0.2.7"),
            "primary-refused-enrolled",
            "sticky under any name"
        );
        // The old name is a stranger's.
        assert_eq!(imap(&daemon, &one), "never-enrolled");
        assert_eq!(refused(&daemon, "user.show", of(USER)), ("not_found".into(), "user".into()));
        daemon = daemon.kill().start();
        assert!(!daemon.log().contains("warning"), "{}", daemon.log());
    }
    let again = create(&daemon, "phone", json!({}));
    assert_eq!(imap(&daemon, &again), "accepted");
    assert_eq!(imap(&daemon, &one), "unknown-secret");
    assert_eq!(login(&daemon, new, &again.secret, "imap", "192.0.2.7"), "unknown-secret");
    // A lock goes along.
    done(&daemon, "user.lock", of(new));
    done(&daemon, "user.rename", json!({"user": new, "new": "dave@example.org"}));
    assert_eq!(login(&daemon, "dave@example.org", &one.secret, "imap", "192.0.2.7"), "account-locked");
}

fn rename_uids() {
    let daemon = start_among(site(LAX), PASSWD, GROUP);
    let olives = create_for(&daemon, "olive", "phone", json!({}));
    create(&daemon, "phone", json!({}));
    assert_eq!(done(&daemon, "user.show", of("olive"))["uid"], 4001);
    let answer = refused(&daemon, "user.rename", json!({"user": "olive", "new": "oscar"}));
    assert_eq!(answer, ("denied".into(), "new".into()));
    assert_eq!(login(&daemon, "olive", &olives.secret, "imap", "192.0.2.7"), "accepted");
    // A virtual user's account under a Unix name opens to nobody's self-service.
    done(&daemon, "user.rename", json!({"user": USER, "new": "oscar"}));
    let by_oscar = Identity::new(4002).act(|| ask(&daemon, "list", json!({})));
    assert_eq!(outcome(&by_oscar), "denied", "{by_oscar}");
    let by_oscar = Identity::new(4002).act(|| ask(&daemon, "create", json!({"name": "mine"})));
    assert_eq!(outcome(&by_oscar), "denied", "{by_oscar}");
}

/// Every table but `meta`, as text.
fn contents(daemon: &Apppwd) -> String {
    ["account", "app_password", "use", "primary_use"]
        .map(|table| {
            let sql = format!("SELECT '{table}', count(*) FROM {table}");
            let output =
                Command::new("sqlite3").arg("-readonly").arg(daemon.path("state/apppw.db")).arg(sql).output();
            String::from_utf8_lossy(&output.expect("sqlite3 runs").stdout).trim().to_owned()
        })
        .join(" ")
}

fn delete() {
    let mut daemon = site(LAX).start();
    let (one, old) = (create(&daemon, "phone", json!({})), create(&daemon, "old", json!({})));
    done(&daemon, "revoke", json!({"ids": [old.id]}));
    assert_eq!(imap(&daemon, &one), "accepted");
    primary_was_used(&daemon, USER, "imap", "192.0.2.7");
    // Uses are written behind; some may be on their way.
    done(&daemon, "report", json!({}));
    assert_eq!(imap(&daemon, &one), "accepted");
    primary_was_used(&daemon, USER, "smtp", "192.0.2.7");
    let answer = done(&daemon, "user.delete", of(USER));
    assert_eq!((&answer["user"], &answer["revoked_now"]), (&json!(USER), &json!([one.id])));
    for _ in 0..2 {
        assert_eq!(done(&daemon, "report", json!({}))["uses"], json!([]));
        assert_eq!(contents(&daemon), "account|0 app_password|0 use|0 primary_use|0");
        let status = daemon.status();
        assert_eq!((status.accounts, status.enrolled, status.live, status.revoked), (0, 0, 0, 0));
        for verb in ["user.show", "user.delete", "user.unlock", "user.unenroll"] {
            assert_eq!(refused(&daemon, verb, of(USER)), ("not_found".into(), "user".into()), "{verb}");
        }
        assert_eq!(refused(&daemon, "show", json!({"id": one.id})), ("not_found".into(), "id".into()));
        assert_eq!(imap(&daemon, &one), "never-enrolled", "a stranger");
        daemon = daemon.kill().start();
        assert!(!daemon.log().contains("warning"), "{}", daemon.log());
    }
    // Another person of that name.
    let again = create(&daemon, "phone", json!({}));
    assert!(again.answer["newly_enrolled"].as_bool().expect("a mark"));
    assert_eq!(
        (imap(&daemon, &one).as_str(), imap(&daemon, &again).as_str()),
        ("unknown-secret", "accepted")
    );
    assert_eq!(state(&daemon, &again.id), "live");
}
