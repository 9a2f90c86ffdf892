//! Server keys: rotated under load, retired with what depends on them; `carried` to another machine or kept as a
//! credential; `lost`.

#[path = "keys/carried.rs"]
mod carried;
#[path = "keys/lost.rs"]
mod lost;

use super::Case;
use super::asking::{
    Made, OTHER, USER, ask, create, create_for, done, imap, journal, login, made as made_by, primary,
    refused, site, state, wait_until,
};
use super::backup::{back_up, put_back};
use super::hashing::sql;
use super::startup::expect;
use apppw_proto::frame::Verdict;
use apppw_tests::among::{fill_disk, on_small_disk};
use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::frames::try_login;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const POLICY: &str = "[policy]\nprimary = \"refuse-enrolled\"\n";

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new("no_login_fails_through_rotations", under_load),
        Case::new("old_secrets_are_accepted_until_their_key_is_retired", retired),
        Case::new("at_most_three_and_never_the_newest", limits),
        Case::new("what_is_made_meanwhile_has_a_key", made_meanwhile),
        Case::new("a_hash_is_not_brought_to_a_key_that_has_gone", overtaken),
        Case::new("a_file_that_somebody_has_changed_is_left_alone", changed_file),
        Case::new("a_database_from_before_a_rotation_or_retirement", old_database),
        Case::new("names_in_the_journal_outlive_their_key", names).with_program("sqlite3"),
        Case::as_root("a_full_disk_keeps_the_keys_as_they_are", full_disk).with_program("unshare"),
        Case::as_root("a_rotation_that_the_database_cannot_note_is_finished_later", full_database)
            .with_program("unshare"),
    ];
    cases.extend(carried::cases());
    cases.extend(lost::cases());
    cases
}

/// The active keys' numbers, newest first, with how many app passwords depend on each.
fn keys(daemon: &Apppwd) -> Vec<(u64, u64)> {
    let answer = done(daemon, "keys", json!({}));
    let keys = answer["keys"].as_array().expect("a list");
    keys.iter().map(|key| (number(&key["id"]), number(&key["app_passwords"]))).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

fn key_file(site: &Site) -> String {
    fs::read_to_string(site.path("key/server.key")).expect("the server keys")
}

/// What a key is, which must be nowhere but in its file.
fn secrets_of(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.split_once(' ')).map(|(_, hex)| hex.to_owned()).collect()
}

fn events(daemon: &Apppwd, kinds: &[&str]) -> Vec<Value> {
    let events = done(daemon, "events", json!({"kinds": kinds}));
    events["events"].as_array().expect("a list").clone()
}

fn accepts(daemon: &Apppwd, user: &str, made: &Made) -> bool {
    try_login(&daemon.auth_socket(), user, &made.secret) == Verdict::Accepted
}

fn run(daemon: &Apppwd, args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = daemon.cli(args).output().expect("apppw runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

/// Many log in, old ones and new ones, while the key is rotated twice and the oldest is retired.
fn under_load() {
    let daemon = site("[limits]\nper_account = 1000\n").start();
    let all: Vec<(String, Made)> = (0..40)
        .map(|n| {
            let user = format!("user{n}@example.org");
            let made = create_for(&daemon, &user, "phone", json!({}));
            (user, made)
        })
        .collect();
    let (is_over, logins, failed) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for first in 0..4 {
            let (all, daemon, is_over, logins, failed) = (&all, &daemon, &is_over, &logins, &failed);
            scope.spawn(move || {
                for n in (first * 10).. {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let (user, made) = &all[n % all.len()];
                    logins.fetch_add(1, Ordering::Relaxed);
                    failed.fetch_add(u64::from(!accepts(daemon, user, made)), Ordering::Relaxed);
                }
            });
        }
        let all_on = |key| keys(&daemon).iter().all(|(id, depend)| *id == key || *depend == 0);
        for key in [2, 3] {
            let before = logins.load(Ordering::Relaxed);
            assert_eq!(number(&done(&daemon, "key.rotate", json!({}))["new"][0]), key);
            wait_until("all hashes are made with the new key", || all_on(key));
            assert!(logins.load(Ordering::Relaxed) > before, "somebody logs in");
        }
        for key in [1, 2] {
            assert_eq!(done(&daemon, "key.retire", json!({"id": key}))["count"], 0);
        }
        let after = logins.load(Ordering::Relaxed) + 400;
        wait_until("logins go on", || logins.load(Ordering::Relaxed) > after);
        is_over.store(true, Ordering::Relaxed);
    });
    let (logins, failed) = (logins.into_inner(), failed.into_inner());
    println!("{logins} logins through two rotations and two retirements, {failed} failed");
    assert_eq!(failed, 0, "of {logins}");
    assert_eq!(keys(&daemon), [(3, 40)]);
    let daemon = daemon.kill().start();
    assert!(all.iter().all(|(user, made)| accepts(&daemon, user, made)));
    assert_eq!(keys(&daemon), [(3, 40)]);
    assert!(!daemon.log().contains("error:"), "{}", daemon.log());
}

fn retired() {
    let daemon = site(POLICY).start();
    let (used, idle) = (create(&daemon, "used", json!({})), create(&daemon, "idle", json!({})));
    let (suspended, gone) = (create(&daemon, "suspended", json!({})), create(&daemon, "gone", json!({})));
    done(&daemon, "suspend", json!({"ids": [suspended.id]}));
    done(&daemon, "revoke", json!({"ids": [gone.id]}));
    assert_eq!(keys(&daemon), [(1, 3)]);
    done(&daemon, "key.rotate", json!({}));
    assert_eq!(keys(&daemon), [(2, 0), (1, 3)]);
    let new = create(&daemon, "new", json!({}));
    assert_eq!(keys(&daemon), [(2, 1), (1, 3)]);
    assert_eq!(imap(&daemon, &used), "accepted");
    wait_until("a login brings its hash to the new key", || keys(&daemon) == [(2, 2), (1, 2)]);
    assert_eq!(
        [&used, &new, &idle, &gone].map(|one| imap(&daemon, one)),
        ["accepted", "accepted", "accepted", "revoked"]
    );
    wait_until("that, too", || keys(&daemon) == [(2, 3), (1, 1)]);
    let idle = create(&daemon, "idle, too", json!({}));
    // What is listed before is what goes.
    let (status, listed, _) = run(&daemon, &["key", "retire", "1", "--dry-run"]);
    assert_eq!(status, Some(0));
    assert!(
        listed.contains(&suspended.id) && !listed.contains(&used.id) && !listed.contains(&gone.id),
        "{listed}"
    );
    let (status, _, told) = run(&daemon, &["key", "retire", "1"]);
    assert_eq!(status, Some(2), "it needs --yes: {told}");
    assert_eq!(keys(&daemon), [(2, 4), (1, 1)]);
    let (status, told, _) = run(&daemon, &["--json", "key", "retire", "1", "--yes"]);
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(
        (status, &told["revoked"], &told["revoked_count"]),
        (Some(0), &json!([suspended.id]), &json!(1))
    );
    assert_eq!(keys(&daemon), [(2, 4)]);
    assert_eq!(state(&daemon, &suspended.id), "revoked");
    assert!(journal(&daemon).contains(&format!(" revoke {}", suspended.id)));
    // Their tags can't be computed any more: nobody can say whose the secret was.
    assert_eq!(
        [&used, &new, &idle, &suspended, &gone].map(|one| imap(&daemon, one)),
        ["accepted", "accepted", "accepted", "unknown-secret", "unknown-secret"]
    );
    let told = |event: &Value| {
        format!("{} {} {} {}", event["kind"], event["was"], event["reason"], event["id"]).replace('"', "")
    };
    let found: Vec<String> =
        events(&daemon, &["revoke", "key.rotate", "key.retire"]).iter().map(told).collect();
    assert_eq!(
        found,
        [
            format!("revoke null null {}", gone.id),
            "key.rotate 2 null null".to_owned(),
            format!("revoke null key-retired {}", suspended.id),
            "key.retire 1 1 app password was revoked with it null".to_owned(),
        ]
    );
    daemon.wait_for_line(&["root (uid 0) retired server key 1", "1 app password was revoked"]);
    let daemon = daemon.kill().start();
    assert_eq!(
        [&used, &new, &suspended].map(|one| imap(&daemon, one)),
        ["accepted", "accepted", "unknown-secret"]
    );
    assert_eq!(keys(&daemon), [(2, 4)]);
}

fn limits() {
    let daemon = site("").start();
    let made = create(&daemon, "phone", json!({}));
    assert_eq!(refused(&daemon, "key.retire", json!({"id": 1})), ("invalid".into(), "id".into()));
    assert_eq!(refused(&daemon, "key.retire", json!({"id": 7})), ("not_found".into(), "id".into()));
    done(&daemon, "key.rotate", json!({}));
    done(&daemon, "key.rotate", json!({}));
    let full = ask(&daemon, "key.rotate", json!({}))["error"].clone();
    assert_eq!(full["code"], "limit");
    assert!(
        full["message"].to_string().contains("(3, 2, 1)")
            && full["message"].to_string().contains("key retire 1")
    );
    assert_eq!(refused(&daemon, "key.export", json!({"with_new": true})).0, "limit");
    assert_eq!(refused(&daemon, "key.retire", json!({"id": 3})), ("invalid".into(), "id".into()));
    let ids = |daemon: &Apppwd| keys(daemon).iter().map(|(id, _)| *id).collect::<Vec<_>>();
    assert_eq!(ids(&daemon), [3, 2, 1]);
    // One in the middle goes as well, and no number comes twice.
    done(&daemon, "key.retire", json!({"id": 2}));
    assert_eq!(ids(&daemon), [3, 1]);
    done(&daemon, "key.rotate", json!({}));
    assert_eq!(ids(&daemon), [4, 3, 1]);
    assert_eq!(imap(&daemon, &made), "accepted");
    for key in secrets_of(&key_file(&daemon)) {
        assert!(!daemon.log().contains(&key));
    }
    let mode = fs::metadata(daemon.path("key/server.key")).expect("the file").permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
}

/// Creations and rewritten hashes that are under way while keys come and go.
fn made_meanwhile() {
    // So dear that a creation outlasts the key that it began with.
    let daemon = Site::new(
        "[argon2]\nmemory_kib = 16384\niterations = 3\nworkers = 2\n[limits]\nper_account = 100000\n",
    )
    .start();
    let is_over = AtomicBool::new(false);
    let made: Vec<Made> = std::thread::scope(|scope| {
        let (daemon, is_over) = (&daemon, &is_over);
        let threads: Vec<_> = (0..2)
            .map(|thread| {
                scope.spawn(move || {
                    let mut made = Vec::new();
                    while !is_over.load(Ordering::Relaxed) {
                        let args = json!({"user": USER, "name": format!("{thread} {}", made.len())});
                        let answer = ask(daemon, "create", args);
                        if answer["error"]["code"] == "busy" {
                            // Overtaken by one rotation after the other, as nobody rotates.
                            continue;
                        }
                        assert!(answer.get("ok").is_some(), "{answer}");
                        made.push(made_by(answer["ok"].clone()));
                        // So that it is brought to the newest key, if its own has not gone yet.
                        accepts(daemon, USER, &made[made.len() - 1]);
                    }
                    made
                })
            })
            .collect();
        for _ in 0..12 {
            std::thread::sleep(std::time::Duration::from_millis(250));
            done(daemon, "key.rotate", json!({}));
            for (id, _) in keys(daemon).into_iter().skip(1) {
                done(daemon, "key.retire", json!({"id": id}));
            }
        }
        is_over.store(true, Ordering::Relaxed);
        threads.into_iter().flat_map(|thread| thread.join().expect("creations")).collect()
    });
    let live = |daemon: &Apppwd| -> Vec<String> {
        let list = run(daemon, &["--json", "list"]).1;
        let list: Value = serde_json::from_str(&list).expect("JSON");
        let list = list["app_passwords"].as_array().expect("a list");
        list.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
    };
    let check = |daemon: &Apppwd| {
        let live = live(daemon);
        // Live is what can log in, and nothing else: at once, and after a restart.
        for one in &made {
            assert_eq!(accepts(daemon, USER, one), live.contains(&one.id), "{}", one.id);
        }
        let depend: u64 = keys(daemon).iter().map(|(_, depend)| depend).sum();
        assert_eq!(depend, live.len() as u64);
    };
    assert!(made.len() > 4, "{} made", made.len());
    check(&daemon);
    check(&daemon.kill().start());
}

/// A hash is made anew behind a login, and its new key is retired before it is written.
fn overtaken() {
    let config = "[argon2]\nmemory_kib = 131072\niterations = 4\nworkers = 1\n";
    let daemon = Site::new(config).start();
    let made = create(&daemon, "phone", json!({}));
    done(&daemon, "key.rotate", json!({}));
    assert!(accepts(&daemon, USER, &made));
    done(&daemon, "key.rotate", json!({}));
    assert_eq!(done(&daemon, "key.retire", json!({"id": 2}))["count"], 0);
    // The creation's, the login's, and that one.
    wait_until("it is computed", || number(&done(&daemon, "status", json!({}))["argon2"]["runs"]) >= 3);
    wait_until("what is computed is dealt with", || {
        number(&done(&daemon, "status", json!({}))["argon2"]["queued"]) == 0
    });
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert_eq!(keys(&daemon), [(3, 0), (1, 1)]);
    assert!(accepts(&daemon, USER, &made));
    wait_until("the next login brings it to the newest", || keys(&daemon) == [(3, 1), (1, 0)]);
    assert!(accepts(&daemon.kill().start(), USER, &made));
}

fn changed_file() {
    let daemon = site("").start();
    let made = create(&daemon, "phone", json!({}));
    done(&daemon, "key.rotate", json!({}));
    let right = key_file(&daemon);
    for wrong in [
        format!("9 {}\n", "ab".repeat(32)),
        "nothing\n".to_owned(),
        format!("9 {}\n{right}", "ab".repeat(32)),
    ] {
        fs::write(daemon.path("key/server.key"), &wrong).expect("the file");
        let is_taken = wrong.starts_with("9 ") && wrong.ends_with(&right);
        for (verb, args) in [
            ("key.export", json!({})),
            ("key.retire", json!({"id": 1})),
            ("key.import", json!({"text": right})),
        ] {
            assert_eq!(refused(&daemon, verb, args).0, "busy", "{verb}: {wrong}");
        }
        if !is_taken {
            assert_eq!(refused(&daemon, "key.rotate", json!({})).0, "busy", "{wrong}");
        }
        assert_eq!(key_file(&daemon), wrong, "it is left alone");
        assert_eq!(imap(&daemon, &made), "accepted");
    }
    // One more than the daemon has is a rotation that was cut off: it is taken.
    assert_eq!(done(&daemon, "key.rotate", json!({}))["new"], json!([9]));
    let ids: Vec<u64> = keys(&daemon).iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [9, 2, 1]);
    assert_eq!(imap(&daemon, &made), "accepted");
}

fn old_database() {
    let daemon = site(POLICY).start();
    let (kept, gone) = (create(&daemon, "kept", json!({})), create(&daemon, "gone", json!({})));
    let daemon = back_up(daemon).start();
    done(&daemon, "key.rotate", json!({}));
    assert_eq!(imap(&daemon, &kept), "accepted");
    wait_until("its hash is made anew", || keys(&daemon) == [(2, 1), (1, 1)]);
    // While the key is active the backup is as good as any.
    let daemon = put_back(daemon);
    assert_eq!(keys(&daemon), [(2, 0), (1, 2)]);
    assert_eq!([&kept, &gone].map(|one| imap(&daemon, one)), ["accepted", "accepted"]);
    // Put back after the key was retired it can't be used, and says so.
    let site = put_back(daemon);
    assert_eq!(imap(&site, &kept), "accepted");
    wait_until("its hash is made anew, again", || keys(&site) == [(2, 1), (1, 1)]);
    done(&site, "key.retire", json!({"id": 1}));
    let (_, site) = site.stop();
    fs::remove_dir_all(site.path("state")).expect("the state");
    apppw_tests::apppwd::copy(&site.path("backup"), &site.path("state"));
    expect(
        &site.command(),
        78,
        &["lacks key 1", "2 app passwords depend", "before that key was retired", "--key-lost"],
    );
    let (status, told) = site.refuses(&["--key-lost"]);
    assert!(status.success(), "{told}");
    assert!(told.contains("server key 1 given up: 2 app passwords were revoked"), "{told}");
    let daemon = site.start();
    assert_eq!([&kept, &gone].map(|one| state(&daemon, &one.id)), ["revoked", "revoked"]);
    assert_eq!(primary(&daemon, USER, "imap", ""), "primary-refused-enrolled");
    let new = create(&daemon, "new", json!({}));
    assert_eq!(imap(&daemon, &new), "accepted");
}

/// Enrolments are known by names that a key makes unreadable: they must outlive it.
fn names() {
    let daemon = site(POLICY).start();
    create(&daemon, "phone", json!({}));
    create_for(&daemon, OTHER, "phone", json!({}));
    done(&daemon, "user.lock", json!({"user": OTHER}));
    done(&daemon, "key.rotate", json!({}));
    done(&daemon, "key.retire", json!({"id": 1}));
    let (_, site) = daemon.stop();
    // A start has nothing to add, and nothing to say.
    let daemon = site.start();
    assert!(
        !daemon.log().contains("in the journal: added") && !daemon.log().contains("another name"),
        "{}",
        daemon.log()
    );
    let (_, site) = daemon.stop();
    fs::remove_dir_all(site.path("state")).expect("the state");
    let (status, told) = site.refuses(&["--init"]);
    assert!(
        status.success() && told.contains("2 accounts that the journal has enrolled or locked"),
        "{told}"
    );
    let daemon = site.start();
    let judged = [USER, OTHER].map(|user| primary(&daemon, user, "imap", ""));
    assert_eq!(judged, ["primary-refused-enrolled", "account-locked"]);
    // Retired before anybody could name them anew, they are nobody's: that is said before.
    done(&daemon, "key.rotate", json!({}));
    let (_, site) = daemon.stop();
    let daemon = site.start();
    let told = done(&daemon, "keys", json!({}))["keys"].clone();
    assert_eq!((&told[0]["lost_accounts"], &told[1]["lost_accounts"]), (&json!(0), &json!(2)), "{told}");
    done(&daemon, "key.retire", json!({"id": 2}));
    daemon.wait_for_line(&[
        "2 accounts were enrolled or locked by the journal under that key",
        "nobody can say",
    ]);
    assert_eq!(primary(&daemon, USER, "imap", ""), "primary-allowed");
}

fn full_disk() {
    let site = site("");
    let command = on_small_disk(&site, "key");
    let daemon = site.start_by(command);
    let made = create(&daemon, "phone", json!({}));
    done(&daemon, "key.rotate", json!({}));
    let told = run(&daemon, &["key", "export", "-"]).1;
    let filler = fill_disk(&daemon, "key");
    let error = ask(&daemon, "key.rotate", json!({}))["error"].clone();
    assert_eq!(error["code"], "read_only", "{error}");
    assert!(error["message"].to_string().contains("the keys are as they were"), "{error}");
    assert_eq!(run(&daemon, &["key", "export", "-"]).1, told, "they are");
    assert_eq!(imap(&daemon, &made), "accepted");
    wait_until("hashes are made anew all the same", || keys(&daemon) == [(2, 1), (1, 0)]);
    let error = ask(&daemon, "key.retire", json!({"id": 1}))["error"].clone();
    assert_eq!(error["code"], "read_only", "{error}");
    assert!(error["message"].to_string().contains("key 1 is still active"), "{error}");
    assert_eq!(imap(&daemon, &made), "accepted");
    fs::remove_file(filler).expect("the filler");
    assert_eq!(done(&daemon, "key.retire", json!({"id": 1}))["count"], 0);
    assert_eq!(number(&done(&daemon, "key.rotate", json!({}))["new"][0]), 3);
    assert_eq!(imap(&daemon, &made), "accepted");
}

fn full_database() {
    let site = site("");
    let command = on_small_disk(&site, "state");
    let daemon = site.start_by(command);
    let made = create(&daemon, "phone", json!({}));
    let before = key_file(&daemon);
    let filler = fill_disk(&daemon, "state");
    let error = ask(&daemon, "key.rotate", json!({}))["error"].clone();
    assert_eq!(error["code"], "read_only", "{error}");
    let after = key_file(&daemon);
    assert!(after.ends_with(&before) && after.lines().count() == 2, "it is in the file");
    assert!(error["message"].to_string().contains("but not in use"), "{error}");
    assert_eq!(keys(&daemon), [(1, 1)]);
    assert_eq!(imap(&daemon, &made), "accepted");
    for (verb, args) in [("key.import", json!({"text": before})), ("key.export", json!({}))] {
        assert_eq!(refused(&daemon, verb, args).0, "busy", "{verb}");
    }
    fs::remove_file(filler).expect("the filler");
    assert_eq!(done(&daemon, "key.rotate", json!({}))["new"], json!([2]));
    assert_eq!(key_file(&daemon), after, "it is the same key");
    assert_eq!(imap(&daemon, &made), "accepted");
    wait_until("its hash is made anew", || keys(&daemon) == [(2, 1), (1, 0)]);
}
