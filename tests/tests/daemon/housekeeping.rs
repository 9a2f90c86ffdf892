//! What happens without anybody asking: suspended unused, dropped never used, forgotten.

use super::Case;
use super::asking::{
    OTHER, USER, all, create, create_for, done, imap, journal, login, make, show, site, state, wait_until,
};
use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::clock::Clock;
use serde_json::json;
use std::process::Command;
use std::time::{Duration, Instant};

/// Makes it look every second; the user it is about does not exist.
pub(super) const OFTEN: &str = "[policy.user.\"tick@example.org\"]\nsuspend_unused = \"4s\"\n";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("what_is_not_used_is_suspended", suspend_unused).with_program("cc").with_program("sqlite3"),
        Case::new("what_was_never_used_is_dropped", drop_never_used)
            .with_program("cc")
            .with_program("sqlite3"),
        Case::new("by_user_group_and_default", overrides).with_program("cc").with_program("sqlite3"),
        Case::new("a_use_of_one_half_of_a_rotation_is_a_use_of_both", halves)
            .with_program("cc")
            .with_program("sqlite3"),
        Case::new("tombstones_are_forgotten", tombstones).with_program("cc").with_program("sqlite3"),
        Case::new("on_the_real_clock", real),
    ]
}

/// Waits until housekeeping has looked at this time, and gives it a moment to act.
pub(super) fn looked(daemon: &Apppwd, clock: &Clock) {
    let at = format!(" {} ", clock.now());
    wait_until("housekeeping has looked", || record(daemon).contains(&at));
    std::thread::sleep(Duration::from_millis(150));
}

/// What the database says of the record of uses.
pub(super) fn record(site: &Site) -> String {
    let query = "SELECT CAST(value AS TEXT) FROM meta WHERE key = 'record'";
    let output =
        Command::new("sqlite3").arg("-readonly").arg(site.path("state/apppw.db")).arg(query).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

fn suspend_unused() {
    let site = site(&format!("[limits]\nsuspend_unused = \"60s\"\n{OFTEN}"));
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let [never, once, daily, resumed] =
        ["never", "once", "daily", "resumed"].map(|name| create(&daemon, name, json!({})));
    clock.go(30);
    for one in [&once, &daily, &resumed] {
        assert_eq!(imap(&daemon, one), "accepted");
    }
    clock.go(29);
    looked(&daemon, &clock);
    assert_eq!([&never, &once, &daily, &resumed].map(|one| state(&daemon, &one.id)), ["live"; 4]);
    clock.go(1);
    wait_until("the one never used is suspended", || state(&daemon, &never.id) == "suspended");
    assert_eq!(imap(&daemon, &daily), "accepted");
    clock.go(30);
    wait_until("the one used once is suspended", || state(&daemon, &once.id) == "suspended");
    wait_until("and this one", || state(&daemon, &resumed.id) == "suspended");
    assert_eq!(imap(&daemon, &once), "suspended");
    assert_eq!(imap(&daemon, &daily), "accepted");
    assert_eq!(show(&daemon, &once.id)["suspended_by"]["role"], "daemon");
    daemon.wait_for_line(&[&once.id, "\"once\" of alice@example.org suspended, for it was not used"]);
    assert!(journal(&daemon).contains(&format!(" suspend {} ", once.id)));
    // To resume it counts as a use.
    done(&daemon, "resume", json!({"ids": [resumed.id]}));
    clock.go(59);
    looked(&daemon, &clock);
    assert_eq!(state(&daemon, &resumed.id), "live");
    clock.go(1);
    wait_until("it is suspended again", || state(&daemon, &resumed.id) == "suspended");
    // In order, over a restart.
    let (_, site) = daemon.stop();
    let daemon = clock.start(site);
    assert_eq!(imap(&daemon, &once), "suspended");
    wait_until("the daily one is suspended 60 s after its last use", || {
        state(&daemon, &daily.id) == "suspended"
    });
    assert!(!daemon.log().contains("gap"), "{}", daemon.log());
}

fn drop_never_used() {
    let site = site(&format!("[limits]\ndrop_never_used = \"60s\"\n{OFTEN}"));
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let [never, suspended, used, verified] =
        ["never", "suspended", "used", "verified"].map(|name| create(&daemon, name, json!({})));
    done(&daemon, "suspend", json!({"ids": [suspended.id]}));
    assert_eq!(imap(&daemon, &used), "accepted");
    done(&daemon, "verify", json!({"user": USER, "secret": verified.secret, "service": "imap"}));
    clock.go(59);
    looked(&daemon, &clock);
    assert_eq!(daemon.status().revoked, 0);
    clock.go(1);
    wait_until("two of them are gone", || daemon.status().revoked == 2);
    assert_eq!([&never, &verified].map(|one| imap(&daemon, one)), ["revoked"; 2]);
    assert_eq!(imap(&daemon, &suspended), "suspended", "nobody could have used it");
    daemon.wait_for_line(&[&never.id, "\"never\" of alice@example.org revoked, for it was never used"]);
    assert!(journal(&daemon).contains(&format!(" revoke {} ", never.id)));
    assert_eq!(show(&daemon, &never.id)["revoked_by"]["role"], "daemon");
    clock.go(200);
    looked(&daemon, &clock);
    assert_eq!(imap(&daemon, &used), "accepted");
}

fn overrides() {
    let site = site(&format!(
        "[limits]\nsuspend_unused = \"60s\"\n[policy.group.files]\nsuspend_unused = \"30s\"\n\
         [policy.user.\"bob@example.org\"]\nsuspend_unused = \"never\"\n\
         [policy.user.\"eve@example.org\"]\nsuspend_unused = \"90s\"\ndrop_never_used = \"20s\"\n{OFTEN}"
    ));
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let of = |user: &str, name: &str, services: &[&str]| {
        create_for(&daemon, user, name, json!({"services": services}))
    };
    let (mail, files, ftp) =
        (of(USER, "mail", &["mail"]), of(USER, "files", &["files"]), of(USER, "ftp", &["imap", "ftp"]));
    let (bobs, eves, eves_unused) = (
        of(OTHER, "files", &["files"]),
        of("eve@example.org", "files", &["files"]),
        of("eve@example.org", "unused", &["files"]),
    );
    assert_eq!(login(&daemon, "eve@example.org", &eves.secret, "ftp", ""), "accepted");
    let table = [
        (20, ["live", "live", "live", "live", "live", "revoked"]),
        (30, ["live", "suspended", "suspended", "live", "live", "revoked"]),
        (60, ["suspended", "suspended", "suspended", "live", "live", "revoked"]),
        (90, ["suspended", "suspended", "suspended", "live", "suspended", "revoked"]),
    ];
    let begun = clock.now();
    for (after, wanted) in table {
        for (go, wanted_then) in [(after - 1, None), (after, Some(wanted))] {
            clock.set(begun + go);
            let states =
                || [&mail, &files, &ftp, &bobs, &eves, &eves_unused].map(|one| state(&daemon, &one.id));
            match wanted_then {
                None => looked(&daemon, &clock),
                Some(wanted) => wait_until(&format!("{wanted:?} after {after} s"), || states() == wanted),
            }
        }
    }
}

/// The phone goes on with the old secret while the grace lasts: nothing is unused.
fn halves() {
    let site = site(&format!("[limits]\nsuspend_unused = \"60s\"\ndrop_never_used = \"90s\"\n{OFTEN}"));
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let old = create(&daemon, "phone", json!({}));
    let new = make(&daemon, "rotate", json!({"id": old.id, "grace": "30d"}));
    for _ in 0..3 {
        clock.go(50);
        assert_eq!(imap(&daemon, &old), "accepted");
        looked(&daemon, &clock);
        assert_eq!([&old, &new].map(|one| state(&daemon, &one.id)), ["live", "live"]);
    }
    clock.go(60);
    wait_until("both are suspended", || {
        [&old, &new].iter().all(|one| state(&daemon, &one.id) == "suspended")
    });
}

fn tombstones() {
    let site = site("[limits]\ntombstones = \"4s\"\n");
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let (gone, kept) = (create(&daemon, "gone", json!({})), create(&daemon, "kept", json!({})));
    assert_eq!((imap(&daemon, &gone).as_str(), imap(&daemon, &kept).as_str()), ("accepted", "accepted"));
    done(&daemon, "revoke", json!({"ids": [gone.id]}));
    clock.go(4);
    looked(&daemon, &clock);
    assert_eq!(imap(&daemon, &gone), "revoked");
    clock.go(1);
    wait_until("it is forgotten", || daemon.status().revoked == 0);
    daemon.wait_for_line(&["forgot 1 app passwords that ended more than 4s ago"]);
    assert_eq!(
        (imap(&daemon, &gone).as_str(), imap(&daemon, &kept).as_str()),
        ("unknown-secret", "accepted")
    );
    assert_eq!(all(&daemon).len(), 1);
    clock.go(3600);
    let daemon = clock.start(daemon.kill());
    assert_eq!(
        (imap(&daemon, &gone).as_str(), imap(&daemon, &kept).as_str()),
        ("unknown-secret", "accepted")
    );
}

/// A busy machine may take longer for anything than the spans that are looked at here: what is
/// told must be right whenever it comes.
fn real() {
    let daemon = site(&format!(
        "[limits]\nsuspend_unused = \"6s\"\ndrop_never_used = \"4s\"\ntombstones = \"4s\"\n\
         [policy.user.\"{OTHER}\"]\ndrop_never_used = \"never\"\n"
    ))
    .start();
    let mut last_use = Instant::now();
    let (never, used) = (create(&daemon, "never", json!({})), create_for(&daemon, OTHER, "used", json!({})));
    let mut stays_in_use = || {
        let begun = Instant::now();
        let reason = login(&daemon, OTHER, &used.secret, "imap", "192.0.2.7");
        if reason != "accepted" {
            // Of full seconds, six may be hardly more than five.
            assert!(last_use.elapsed() > Duration::from_secs(5), "{reason}");
            done(&daemon, "resume", json!({"ids": [used.id]}));
        }
        last_use = begun;
    };
    for words in ["revoked, for it was never used", "forgot 1 app passwords that ended more than 4s ago"] {
        wait_until(words, || {
            stays_in_use();
            std::thread::sleep(Duration::from_millis(100));
            daemon.log().contains(words)
        });
    }
    let verified = done(&daemon, "verify", json!({"user": USER, "secret": never.secret}));
    assert_eq!(verified["reason"], "unknown-secret");
    wait_until("it is suspended", || state(&daemon, &used.id) == "suspended");
}
