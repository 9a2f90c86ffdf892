//! Gaps in the record of uses: what nobody could have used, or whose use was not noted, is not
//! called unused.

use super::Case;
use super::asking::{USER, create, done, imap, show, site, state, wait_until};
use super::backup::{back_up, put_back};
use super::hashing::sql;
use super::housekeeping::{OFTEN, looked, record};
use apppw_tests::among::{fill_disk, on_small_disk};
use apppw_tests::apppwd::Site;
use apppw_tests::clock::Clock;
use serde_json::json;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("a_clock_that_jumps", jump).with_program("cc").with_program("sqlite3"),
        Case::new("a_backup_put_back", restored).with_program("sqlite3"),
        Case::new("a_long_absence", away).with_program("cc"),
        Case::new("nothing_ends_for_good_by_a_clock_that_was_wrong_at_start", wrong_clock).with_program("cc"),
        Case::as_root("a_full_disk", full_disk).with_program("unshare").with_program("cc"),
    ]
}

const BOTH: &str = "[limits]\nsuspend_unused = \"3600s\"\ndrop_never_used = \"3600s\"\n";

/// From 1970 to the right time, say.
fn jump() {
    let site = site(&format!("[limits]\nsuspend_unused = \"500s\"\ndrop_never_used = \"500s\"\n{OFTEN}"));
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let (never, used) = (create(&daemon, "never", json!({})), create(&daemon, "used", json!({})));
    assert_eq!(imap(&daemon, &used), "accepted");
    clock.go(400 * 86_400);
    daemon.wait_for_line(&["warning: the record of uses has a gap", "the clock jumped"]);
    // From there on it counts again: in steps, as time goes.
    for step in [0, 250, 249] {
        clock.go(step);
        looked(&daemon, &clock);
        assert_eq!([&never, &used].map(|one| state(&daemon, &one.id)), ["live", "live"]);
    }
    clock.go(1);
    wait_until("it is dropped", || state(&daemon, &never.id) == "revoked");
    wait_until("it is suspended", || state(&daemon, &used.id) == "suspended");
}

/// Makes everything two hours older, the record of uses too.
fn age(site: &Site) {
    let found = record(site);
    let (since, rest) = found.trim().split_once(' ').expect("the record's marks");
    let since: i64 = since.parse().expect("a time");
    sql(
        site,
        &format!(
            "UPDATE app_password SET created = created - 7200; UPDATE use SET first = first - 7200, last = last - 7200;
             UPDATE meta SET value = CAST('{} {rest}' AS BLOB) WHERE key = 'record'",
            since - 7200
        ),
    );
}

/// Who has used it since the backup is not in it.
fn restored() {
    for is_restored in [false, true] {
        let daemon = site(BOTH).start();
        let (never, used) = (create(&daemon, "never", json!({})), create(&daemon, "used", json!({})));
        assert_eq!(imap(&daemon, &used), "accepted");
        let (_, site) = daemon.stop();
        age(&site);
        if !is_restored {
            // To show that they are due.
            let daemon = site.start();
            wait_until("it is dropped", || state(&daemon, &never.id) == "revoked");
            wait_until("it is suspended", || state(&daemon, &used.id) == "suspended");
            continue;
        }
        apppw_tests::apppwd::copy(&site.path("state"), &site.path("backup"));
        // A start without housekeeping's changes: by a configuration that has none.
        let configured = site.config().to_owned();
        site.write_config(&configured.replace("3600s", "never"));
        let daemon = site.start();
        assert_eq!(imap(&daemon, &never), "accepted");
        let (_, site) = daemon.stop();
        site.write_config(&configured);
        std::fs::remove_dir_all(site.path("state")).expect("the state can be removed");
        apppw_tests::apppwd::copy(&site.path("backup"), &site.path("state"));
        let daemon = site.start();
        daemon.wait_for_line(&["warning: the record of uses has a gap", "the database is a backup"]);
        assert_eq!([&never, &used].map(|one| imap(&daemon, one)), ["accepted", "accepted"]);
        // Whoever revokes what is unused is told, too.
        let answer = done(&daemon, "revoke", json!({"users": [USER], "unused": "1h", "dry_run": true}));
        assert!(answer["record_since"].is_i64(), "{answer}");
        let daemon = put_back(back_up(daemon).start());
        assert_eq!([&never, &used].map(|one| state(&daemon, &one.id)), ["live", "live"]);
    }
}

fn away() {
    let site = site(BOTH);
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let one = create(&daemon, "phone", json!({}));
    let (_, site) = daemon.stop();
    clock.go(86_401);
    let daemon = clock.start(site);
    daemon.wait_for_line(&["warning: the record of uses has a gap", "the daemon was away"]);
    assert_eq!(imap(&daemon, &one), "accepted");
    // A day is no absence; a crash is one after hours.
    let other = create(&daemon, "tablet", json!({}));
    let site = daemon.kill();
    clock.go(7201);
    let daemon = clock.start(site);
    daemon.wait_for_line(&["the daemon was away"]);
    assert_eq!(imap(&daemon, &other), "accepted");
    let third = create(&daemon, "third", json!({}));
    let (_, site) = daemon.stop();
    clock.go(86_400);
    let daemon = clock.start(site);
    wait_until("that one is due", || state(&daemon, &third.id) == "revoked");
}

/// What housekeeping does can't be taken back: it waits for a second look.
fn wrong_clock() {
    let site = site("");
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let one = create(&daemon, "phone", json!({"expires": {"after": "1d"}}));
    let (_, site) = daemon.stop();
    clock.go(400 * 86_400);
    let daemon = clock.start(site);
    daemon.wait_for_line(&["warning: the record of uses has a gap", "the daemon was away"]);
    std::thread::sleep(std::time::Duration::from_millis(300));
    clock.go(-400 * 86_400);
    assert_eq!(imap(&daemon, &one), "accepted");
}

/// Uses that could not be written may have been many.
fn full_disk() {
    let site = site(&format!("[limits]\nsuspend_unused = \"60s\"\n{OFTEN}"));
    let clock = Clock::new(&site);
    let command = clock.drive(on_small_disk(&site, "state"));
    let daemon = site.start_by(command);
    let (one, other) = (create(&daemon, "phone", json!({})), create(&daemon, "other", json!({})));
    let filler = fill_disk(&daemon, "state");
    clock.go(50);
    assert_eq!(imap(&daemon, &one), "accepted");
    daemon.wait_for_line(&["warning: could not write the last uses"]);
    clock.go(20);
    std::fs::remove_file(filler).expect("room again");
    daemon.wait_for_line(&["the record of uses has a gap", "uses could not be written"]);
    wait_until("the database takes writes again", || daemon.status().writable);
    std::thread::sleep(std::time::Duration::from_millis(1200));
    assert_eq!([&one, &other].map(|one| state(&daemon, &one.id)), ["live", "live"]);
    assert_eq!(show(&daemon, &one.id)["last_use"]["count"], 1, "kept in memory until then");
}
