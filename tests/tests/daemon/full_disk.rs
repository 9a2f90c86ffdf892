//! Changes while the database can't be written: what gives nothing away is refused, what takes
//! access away holds in memory.

use super::Case;
use super::asking::{
    OTHER, USER, ask, create, create_for, done, imap, login, make, primary, refused, site, state,
};
use apppw_tests::among::{fill_disk, on_small_disk};
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
