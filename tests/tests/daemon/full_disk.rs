//! Changes while the database can't be written: what gives nothing away is refused, what takes
//! access away holds in memory.

use super::Case;
use super::asking::{
    OTHER, USER, ask, create, create_for, done, imap, journal, login, make, primary, refused, site, state,
    wait_until,
};
use super::housekeeping::OFTEN;
use apppw_tests::among::{Mounts, fill, fill_disk, filler, on_small_disk};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::clock::Clock;
use serde_json::json;

const DAY: i64 = 86_400;
const CAROL: &str = "carol@example.org";

pub fn cases() -> Vec<Case> {
    vec![
        Case::as_root("changes_on_a_full_disk", full_disk).with_program("unshare").with_program("cc"),
        Case::as_root("halves_refused_in_memory_are_written_together", halves)
            .with_program("unshare")
            .with_program("cc"),
        Case::as_root("new_halves_are_written_though_the_old_ones_have_ended", ended).with_program("unshare"),
        Case::as_root("nothing_stays_in_memory_that_is_written", written).with_program("unshare"),
        Case::as_root("a_start_on_a_disk_that_has_become_full_serves", started)
            .with_program("unshare")
            .with_program("nsenter"),
        Case::as_root("a_journal_that_takes_no_writes_is_told_of", journal_full).with_program("unshare"),
    ]
}

/// Whoever repeats a revocation, as he was told to, means all that was refused by it, though the grace of what he names is over.
fn halves() {
    let site = site("");
    let clock = Clock::new(&site);
    let command = clock.drive(on_small_disk(&site, "state"));
    let daemon = site.start_by(command);
    let old = create(&daemon, "phone", json!({}));
    let new = make(&daemon, "rotate", json!({"id": old.id, "grace": "1d"}));
    let bystander = create(&daemon, "laptop", json!({}));
    let filler = fill_disk(&daemon, "state");
    assert_eq!(refused(&daemon, "revoke", json!({"ids": [old.id, bystander.id]})).0, "read_only");
    assert_eq!([&old, &new].map(|one| imap(&daemon, one)), ["revoked", "revoked"]);
    clock.go(2 * DAY);
    std::fs::remove_file(filler).expect("room again");
    let in_memory = || done(&daemon, "status", json!({}))["in_memory"].clone();
    assert_eq!(in_memory(), 3);
    done(&daemon, "revoke", json!({"ids": [old.id]}));
    assert_eq!(in_memory(), 1, "the other one that was named is no half of it");
    assert_eq!([&old, &new].map(|one| imap(&daemon, one)), ["revoked", "revoked"], "by the database");
}

/// The same after housekeeping has seen those graces end: the old halves are tombstones then.
fn ended() {
    let site = site(OFTEN);
    let command = on_small_disk(&site, "state");
    let daemon = site.start_by(command);
    let [revoked, suspended] = ["phone", "tablet"].map(|name| {
        let old = create(&daemon, name, json!({}));
        let new = make(&daemon, "rotate", json!({"id": old.id, "grace": "6s"}));
        [old, new]
    });
    let filler = fill_disk(&daemon, "state");
    assert_eq!(refused(&daemon, "revoke", json!({"ids": [revoked[0].id]})).0, "read_only");
    assert_eq!(refused(&daemon, "suspend", json!({"ids": [suspended[0].id]})).0, "read_only");
    std::fs::remove_file(filler).expect("room again");
    wait_until("the old halves have ended", || {
        let journal = journal(&daemon);
        [&revoked, &suspended].iter().all(|[old, _]| journal.contains(&format!("revoke {}", old.id)))
    });
    let would = done(&daemon, "revoke", json!({"ids": [revoked[0].id], "dry_run": true}));
    assert_eq!((&would["ids"], &would["already"]), (&json!([revoked[1].id]), &json!([revoked[0].id])));
    let done_to = done(&daemon, "revoke", json!({"ids": would["ids"]}));
    assert_eq!(done_to["ids"], json!([revoked[1].id]));
    assert_eq!(done(&daemon, "suspend", json!({"ids": [suspended[0].id]}))["ids"], json!([suspended[1].id]));
    assert_eq!(
        refused(&daemon, "suspend", json!({"ids": [suspended[0].id]})).0,
        "not_found",
        "nothing is owed any more"
    );
    assert_eq!([&revoked[1], &suspended[1]].map(|new| imap(&daemon, new)), ["revoked", "suspended"]);
    let journal = journal(&daemon);
    assert!(journal.contains(&format!("revoke {}", revoked[1].id)));
    assert!(journal.contains(&format!("suspend {}", suspended[1].id)));
}

/// A fault that is over is not told of for ever.
fn written() {
    let site = site("");
    let command = on_small_disk(&site, "state");
    let daemon = site.start_by(command);
    for user in [USER, CAROL] {
        let tombstone = create_for(&daemon, user, "old phone", json!({}));
        done(&daemon, "revoke", json!({"ids": [tombstone.id]}));
        create_for(&daemon, user, "phone", json!({}));
    }
    let filler = fill_disk(&daemon, "state");
    for user in [USER, CAROL] {
        assert_eq!(refused(&daemon, "user.lockdown", json!({"user": user})).0, "read_only");
    }
    let in_memory = || done(&daemon, "status", json!({}))["in_memory"].clone();
    assert_eq!(in_memory(), 4, "of each the account and what is live");
    std::fs::remove_file(filler).expect("room again");
    done(&daemon, "user.lockdown", json!({"user": USER}));
    assert_eq!(in_memory(), 2);
    done(&daemon, "user.delete", json!({"user": CAROL}));
    assert_eq!(in_memory(), 0);
}

/// What it needs a place for was there before, and is left behind by a stop in order, too.
fn started() {
    let site = site("");
    let command = on_small_disk(&site, "state");
    let daemon = site.start_by(command);
    let phone = create(&daemon, "phone", json!({}));
    let mounts = Mounts::of(&daemon);
    let (mut filler, _) = filler(&daemon, "state");
    let (status, site) = daemon.stop();
    assert!(status.success());
    fill(&mut filler);
    let command = mounts.command(&site.command());
    let daemon = site.start_by(command);
    assert_eq!(imap(&daemon, &phone), "accepted");
    assert_eq!(refused(&daemon, "create", json!({"user": USER, "name": "x"})).0, "read_only");
    let (status, site) = daemon.stop();
    assert!(status.success());
    let command = mounts.command(&site.command());
    let daemon = site.start_by(command);
    assert_eq!(imap(&daemon, &phone), "accepted", "again");
}

fn journal_full() {
    let site = site("");
    let command = on_small_disk(&site, "key");
    let daemon = site.start_by(command);
    let [one, other] = ["phone", "laptop"].map(|name| create(&daemon, name, json!({})));
    let filler = fill_disk(&daemon, "key");
    let writable = || done(&daemon, "status", json!({}))["writable"].clone();
    assert_eq!(writable(), true, "nobody knows yet");
    // In its last page there is room for some more.
    let verbs = ["suspend", "resume"].into_iter().cycle().take(200);
    let mut answers = verbs.map(|verb| ask(&daemon, verb, json!({"ids": [one.id]}))["error"].clone());
    let error = answers.find(|error| !error.is_null()).expect("a full disk")["message"].to_string();
    assert!(error.contains("in force from now on") && error.contains("journal"), "{error}");
    assert_eq!(writable(), false);
    assert_eq!(done(&daemon, "doctor", json!({}))["writable"], false);
    std::fs::remove_file(filler).expect("room again");
    assert_eq!(writable(), false, "the journal still lacks it");
    done(&daemon, "revoke", json!({"ids": [other.id]}));
    assert_eq!(writable(), true, "with another one it has that, too");
}

fn full_disk() {
    let site = site("");
    let clock = Clock::new(&site);
    let command = clock.drive(on_small_disk(&site, "state"));
    let daemon = site.start_by(command);
    let (used, unused) = (create(&daemon, "used", json!({})), create(&daemon, "unused", json!({})));
    let theirs = create_for(&daemon, CAROL, "phone", json!({}));
    let filler = fill_disk(&daemon, "state");
    clock.go(10 * DAY);
    assert_eq!(imap(&daemon, &used), "accepted");
    assert_eq!(login(&daemon, CAROL, &theirs.secret, "imap", ""), "accepted");
    let unused_only = json!([unused.id]);
    let would = done(&daemon, "revoke", json!({"unused": "1d", "dry_run": true}));
    assert_eq!(would["ids"], unused_only);
    let listed = done(&daemon, "list", json!({"unused": "1d"}));
    let ids: Vec<_> =
        listed["app_passwords"].as_array().expect("a list").iter().map(|one| one["id"].clone()).collect();
    assert_eq!(json!(ids), unused_only, "as revoke has it");
    // What can't be written is not done, and says so.
    for (verb, args) in [
        ("rename", json!({"id": used.id, "name": "x"})),
        ("rotate", json!({"id": used.id})),
        ("create", json!({"user": USER, "name": "x"})),
        ("user.rename", json!({"user": USER, "new": OTHER})),
        ("user.delete", json!({"user": USER})),
    ] {
        assert_eq!(refused(&daemon, verb, args).0, "read_only", "{verb}");
        assert_eq!([&used, &unused].map(|one| state(&daemon, &one.id)), ["live", "live"], "{verb}");
        assert_eq!(imap(&daemon, &used), "accepted", "{verb}");
    }
    // What takes access away holds in memory, and says that it is not written down.
    for (verb, args, reason) in [
        ("revoke", json!({"unused": "1d"}), "accepted"),
        ("panic", json!({"on": true}), "panic"),
        ("suspend", json!({"ids": [used.id]}), "panic"),
        ("user.lock", json!({"user": USER}), "account-locked"),
    ] {
        let error = ask(&daemon, verb, args)["error"].clone();
        assert_eq!(error["code"], "read_only", "{verb}");
        assert!(error["message"].to_string().contains("NOT written down"), "{verb}: {error}");
        assert_eq!(imap(&daemon, &used), reason, "{verb}");
    }
    assert_eq!([&used, &unused].map(|one| state(&daemon, &one.id)), ["suspended", "revoked"]);
    assert_eq!(primary(&daemon, OTHER, "imap", ""), "primary-refused");
    assert_eq!(refused(&daemon, "user.lockdown", json!({"user": OTHER})).0, "read_only");
    assert_eq!(primary(&daemon, OTHER, "imap", ""), "account-locked", "also one that was not known");
    assert_eq!(refused(&daemon, "user.lockdown", json!({"user": CAROL})).0, "read_only");
    assert!(done(&daemon, "user.show", json!({"user": USER}))["locked"].is_i64());
    std::fs::remove_file(filler).expect("room again");
    done(&daemon, "user.unlock", json!({"user": CAROL}));
    assert_eq!(state(&daemon, &theirs.id), "revoked", "unlocking takes no revocation back");
    assert_eq!(
        refused(&daemon, "user.rename", json!({"user": USER, "new": "eve@example.org"})).0,
        "read_only"
    );
    done(&daemon, "user.unlock", json!({"user": OTHER}));
    assert_eq!(primary(&daemon, OTHER, "imap", ""), "primary-refused");
    assert_eq!(refused(&daemon, "rotate", json!({"id": used.id})).0, "not_found", "no way around it");
    for (verb, args, reason) in [
        ("panic", json!({"on": false}), "account-locked"),
        ("user.unlock", json!({"user": USER}), "suspended"),
        ("resume", json!({"ids": [used.id]}), "accepted"),
    ] {
        done(&daemon, verb, args);
        assert_eq!(imap(&daemon, &used), reason, "{verb}");
    }
    assert_eq!(done(&daemon, "revoke", json!({"ids": [unused.id]}))["ids"], unused_only);
    make(&daemon, "rotate", json!({"id": used.id}));
    assert_eq!(show_uses(&daemon, &used.id), 8, "uses that could not be written were kept");
}

fn show_uses(daemon: &Apppwd, id: &str) -> u64 {
    done(daemon, "show", json!({"id": id}))["uses"][0]["count"].as_u64().unwrap_or_default()
}
