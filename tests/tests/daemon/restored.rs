//! A backup of the database put back over suspensions, locks, switches, names and rotations: the
//! stricter of journal and database holds, and the log says where they differ.

use super::Case;
use super::asking::{
    self, Made, OTHER, USER, ask, create, create_for, done, imap, journal, login, outcome, primary, refused,
    site, state,
};
use super::backup::{back_up, put_back};
use super::events::{events, told};
use apppw_tests::apppwd::Apppwd;
use serde_json::{Value, json};
use std::fs;

const LAX: &str = "[policy]\nprimary = \"allow\"\n";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("what_was_taken_away_since_stays_away", taken_away),
        Case::new("what_was_given_back_since_stays_away", given_back),
        Case::new("a_deleted_account_is_deleted_again", deleted),
        Case::new("an_account_younger_than_the_backup_stays_locked", younger),
        Case::new("the_old_half_of_a_rotation_ends_as_it_was_to", rotated),
        Case::new("what_had_another_name_is_locked", renamed),
        Case::new("a_new_name_is_not_locked_by_the_old_one", new_name),
        Case::new("a_renaming_back_that_a_crash_cut_off_locks_nobody", renamed_back).with_program("sqlite3"),
        Case::new("a_lost_journal_is_made_anew", no_journal),
    ]
}

/// An app password's login and the primary password.
fn met(daemon: &Apppwd, one: &Made) -> [String; 2] {
    [imap(daemon, one), primary(daemon, USER, "imap", "192.0.2.7")]
}

/// A verb for `one` or its account.
fn change(daemon: &Apppwd, verb: &str, one: &Made) {
    let args = match verb {
        "suspend" | "resume" | "revoke" => json!({"ids": [one.id]}),
        "rotate" => json!({"id": one.id}),
        "panic on" => json!({"on": true}),
        "panic off" => json!({"on": false}),
        "panic on mail" => json!({"on": true, "group": "mail"}),
        "panic off mail" => json!({"on": false, "group": "mail"}),
        _ => json!({"user": USER}),
    };
    done(daemon, verb.split(' ').next().unwrap_or(verb), args);
}

#[rustfmt::skip]
const TAKEN: [(&str, [&str; 2], &str); 6] = [
    // since the backup    then                                    the log
    ("suspend",            ["suspended", "primary-allowed"],       "not suspended in the database but by the journal: suspended again"),
    ("user.lock",          ["account-locked", "account-locked"],   "was locked by the journal but not in the database: locked again"),
    ("user.lockdown",      ["revoked", "account-locked"],          "live in the database but revoked by the journal: revoked again"),
    ("panic on",           ["panic", "primary-allowed"],           "panic was off in the database but on by the journal: turned on again"),
    ("panic on mail",      ["panic", "primary-allowed"],           "panic was off in the database but on by the journal: turned on again"),
    ("revoke",             ["revoked", "primary-allowed"],         "revoked again"),
];

fn taken_away() {
    for (verb, wanted, said) in TAKEN {
        let daemon = site(LAX).start();
        let (one, other) =
            (create(&daemon, "phone", json!({})), create_for(&daemon, OTHER, "phone", json!({})));
        let daemon = back_up(daemon).start();
        assert_eq!(met(&daemon, &one), ["accepted", "primary-allowed"]);
        change(&daemon, verb, &one);
        assert_eq!(met(&daemon, &one), wanted, "{verb}");
        let mut daemon = put_back(daemon);
        assert_eq!(met(&daemon, &one), wanted, "{verb}, put back");
        assert!(daemon.log().contains(said), "{verb}: {}", daemon.log());
        if !verb.starts_with("panic") {
            assert_eq!(login(&daemon, OTHER, &other.secret, "imap", ""), "accepted", "{verb}");
        }
        // From now on both agree.
        let (_, site) = daemon.stop();
        fs::remove_file(site.path("log")).expect("the log can be removed");
        daemon = site.start();
        assert_eq!(met(&daemon, &one), wanted, "{verb}, once more");
        assert!(!daemon.log().contains("warning"), "{verb}: {}", daemon.log());
    }
}

fn given_back() {
    #[rustfmt::skip]
    let table = [
        // before the backup   since           then                                   the log
        ("suspend",            "resume",       ["suspended", "primary-allowed"],      "is suspended in the database but not by the journal: it stays so"),
        ("user.lock",          "user.unlock",  ["account-locked", "account-locked"],  "is locked in the database but not by the journal: it stays so"),
        ("panic on",           "panic off",    ["panic", "primary-allowed"],          "panic is on in the database but not by the journal: it stays on"),
        ("panic on mail",      "panic off mail", ["panic", "primary-allowed"],        "panic is on in the database but not by the journal: it stays on"),
    ];
    for (take, give, wanted, said) in table {
        let daemon = site(LAX).start();
        let one = create(&daemon, "phone", json!({}));
        change(&daemon, take, &one);
        let daemon = back_up(daemon).start();
        change(&daemon, give, &one);
        assert_eq!(met(&daemon, &one), ["accepted", "primary-allowed"], "{give}");
        let mut daemon = put_back(daemon);
        daemon.wait_for_line(&[said]);
        // Also once the journal has been told: it is not given back a second time.
        for _ in 0..2 {
            assert_eq!(met(&daemon, &one), wanted, "{take}");
            daemon = put_back(daemon);
        }
        assert!(!daemon.settled_log().contains(said), "it is said once: {}", daemon.log());
        // An administrator gives it back for good.
        change(&daemon, give, &one);
        let daemon = daemon.kill().start();
        assert_eq!(met(&daemon, &one), ["accepted", "primary-allowed"], "{give}, again");
    }
}

fn deleted() {
    let daemon = site(LAX).start();
    let one = create(&daemon, "phone", json!({}));
    let daemon = back_up(daemon).start();
    done(&daemon, "user.delete", json!({"user": USER}));
    let again = create(&daemon, "phone", json!({}));
    let mut daemon = put_back(daemon);
    daemon.wait_for_line(&[
        "warning: ",
        USER,
        "was deleted by the journal but in the database: deleted again",
    ]);
    for _ in 0..2 {
        assert_eq!(imap(&daemon, &one), "unknown-secret");
        assert_eq!(imap(&daemon, &again), "unknown-secret", "the backup doesn't have it");
        assert_eq!((daemon.status().accounts, daemon.status().live), (0, 0));
        daemon = daemon.kill().start();
    }
    // A third person of that name has neither one's app passwords.
    let third = create(&daemon, "phone", json!({}));
    assert_eq!(
        [imap(&daemon, &third), imap(&daemon, &one), imap(&daemon, &again)],
        ["accepted", "unknown-secret", "unknown-secret"]
    );
}

fn younger() {
    let daemon = back_up(site(LAX).start()).start();
    create(&daemon, "phone", json!({}));
    done(&daemon, "user.lock", json!({"user": USER}));
    done(&daemon, "user.lockdown", json!({"user": OTHER}));
    let mut daemon = put_back(daemon);
    daemon.wait_for_line(&["warning: 2 accounts", "enrolled or locked are not in the database"]);
    for _ in 0..2 {
        for user in [USER, OTHER] {
            assert_eq!(primary(&daemon, user, "imap", ""), "account-locked", "{user}");
            assert_eq!(login(&daemon, user, "0000000000000000", "imap", ""), "unknown-secret", "{user}");
            let answer = refused(&daemon, "create", json!({"user": user, "name": "phone"}));
            assert_eq!(answer, ("denied".into(), "user".into()), "{user}");
        }
        assert_eq!(primary(&daemon, "carol@example.org", "imap", ""), "primary-allowed", "a stranger's");
        daemon = daemon.kill().start();
    }
    done(&daemon, "user.unlock", json!({"user": OTHER}));
    done(&daemon, "user.delete", json!({"user": USER}));
    // What gives access back is told, though the database never knew what it takes back.
    let given_back = told(&events(&daemon, json!({"kinds": ["user.unlock", "user.delete"]})));
    assert_eq!(
        given_back,
        [format!("user.unlock {OTHER} - - by 0 admin"), format!("user.delete {USER} - - by 0 admin")]
    );
    for _ in 0..2 {
        assert_eq!(primary(&daemon, USER, "imap", ""), "primary-allowed");
        assert_eq!(primary(&daemon, OTHER, "imap", ""), "primary-allowed");
        daemon = daemon.kill().start();
    }
    assert_eq!(outcome(&ask(&daemon, "create", json!({"user": USER, "name": "phone"}))), "ok");
}

fn rotated() {
    let daemon = site("").start();
    let one = create(&daemon, "phone", json!({}));
    let daemon = back_up(daemon).start();
    let new = asking::make(&daemon, "rotate", json!({"id": one.id, "grace": "1h"}));
    let end = asking::show(&daemon, &one.id)["expires"].clone();
    let daemon = put_back(daemon);
    daemon.wait_for_line(&["warning: ", &one.id, "was rotated by the journal but not in the database"]);
    assert_eq!((imap(&daemon, &one).as_str(), imap(&daemon, &new).as_str()), ("accepted", "unknown-secret"));
    assert_eq!(asking::show(&daemon, &one.id)["expires"], end, "it lives as long as it was to");
    // The same where its grace is over: it ends with the start.
    let daemon = site("").start();
    let one = create(&daemon, "phone", json!({}));
    let daemon = back_up(daemon).start();
    asking::make(&daemon, "rotate", json!({"id": one.id, "grace": "1s"}));
    asking::wait_until("its grace is over", || imap(&daemon, &one) == "expired");
    let daemon = put_back(daemon);
    assert_eq!(imap(&daemon, &one), "expired");
    assert_eq!(state(&daemon, &one.id), "expired");
}

/// The old name may be somebody else's by now: what opens it must not be revived by a backup.
fn renamed() {
    let daemon = site(LAX).start();
    let one = create(&daemon, "phone", json!({}));
    let daemon = back_up(daemon).start();
    done(&daemon, "user.rename", json!({"user": USER, "new": OTHER}));
    assert_eq!(imap(&daemon, &one), "never-enrolled");
    let mut daemon = put_back(daemon);
    daemon.wait_for_line(&["warning: ", USER, "had another name by the journal", "is locked"]);
    for _ in 0..3 {
        assert_eq!(imap(&daemon, &one), "account-locked");
        assert_eq!(login(&daemon, OTHER, &one.secret, "imap", ""), "unknown-secret");
        assert!(done(&daemon, "user.show", json!({"user": USER}))["locked"].is_i64());
        daemon = daemon.kill().start();
    }
    // What the log proposes: it gets its name again, and is unlocked.
    done(&daemon, "user.rename", json!({"user": USER, "new": OTHER}));
    done(&daemon, "user.unlock", json!({"user": OTHER}));
    for _ in 0..2 {
        assert_eq!(login(&daemon, OTHER, &one.secret, "imap", ""), "accepted");
        assert_eq!(primary(&daemon, OTHER, "imap", ""), "primary-allowed");
        let (_, site) = daemon.stop();
        fs::remove_file(site.path("log")).expect("the log can be removed");
        daemon = site.start();
        assert!(!daemon.settled_log().contains("warning"), "{}", daemon.log());
    }
}

/// Whoever has the new name after that backup is not locked out by it, however often the daemon
/// starts.
fn new_name() {
    let daemon = site("[policy]\nprimary = \"refuse-enrolled\"\n").start();
    let one = create(&daemon, "phone", json!({}));
    let daemon = back_up(daemon).start();
    done(&daemon, "user.rename", json!({"user": USER, "new": OTHER}));
    let mut daemon = put_back(daemon);
    let begun_anew = create_for(&daemon, OTHER, "phone", json!({}));
    for _ in 0..3 {
        assert_eq!(login(&daemon, OTHER, &begun_anew.secret, "imap", ""), "accepted");
        assert_eq!(primary(&daemon, OTHER, "imap", ""), "primary-refused-enrolled");
        assert_eq!(imap(&daemon, &one), "account-locked");
        daemon = daemon.kill().start();
    }
    // The old one is somebody's after all: an administrator has looked.
    done(&daemon, "user.unlock", json!({"user": USER}));
    for _ in 0..2 {
        assert_eq!(imap(&daemon, &one), "accepted");
        assert_eq!(login(&daemon, OTHER, &begun_anew.secret, "imap", ""), "accepted");
        daemon = daemon.kill().start();
    }
}

/// The database is ahead of the journal by a renaming, and is no backup: the name that it had before is
/// believed. Of a backup of that very run it isn't.
fn renamed_back() {
    for is_backup in [false, true] {
        let daemon = site(LAX).start();
        let one = create(&daemon, "phone", json!({}));
        let backup = daemon.path("backup.db");
        let copied = std::process::Command::new("sqlite3")
            .arg(daemon.path("state/apppw.db"))
            .arg(format!(".backup '{}'", backup.display()))
            .status();
        assert!(copied.expect("sqlite3 runs").success());
        done(&daemon, "user.rename", json!({"user": USER, "new": OTHER}));
        let before = journal(&daemon);
        if !is_backup {
            done(&daemon, "user.rename", json!({"user": OTHER, "new": USER}));
        }
        let site = daemon.kill();
        fs::write(site.path("key/journal.log"), before).expect("the journal");
        if is_backup {
            fs::remove_file(site.path("state/apppw.db-wal")).expect("the log of the database");
            fs::write(site.path("state/apppw.db"), fs::read(&backup).expect("the backup")).expect("a file");
        }
        let mut daemon = site.start();
        for _ in 0..2 {
            assert_eq!(imap(&daemon, &one), if is_backup { "account-locked" } else { "accepted" });
            daemon = daemon.kill().start();
        }
    }
}

/// The database knows most of it; from then on a backup is held in check again.
fn no_journal() {
    let daemon = site("[policy]\nprimary = \"refuse-enrolled\"\n").start();
    let names = ["plain", "suspended", "revoked", "rotated", "phone"];
    let [plain, suspended, revoked, rotated, phone] = names.map(|name| create(&daemon, name, json!({})));
    let bobs = create_for(&daemon, OTHER, "phone", json!({}));
    done(&daemon, "suspend", json!({"ids": [suspended.id]}));
    done(&daemon, "revoke", json!({"ids": [revoked.id]}));
    done(&daemon, "rotate", json!({"id": rotated.id, "grace": "1d"}));
    done(&daemon, "user.lock", json!({"user": OTHER}));
    done(&daemon, "panic", json!({"on": true, "group": "chat"}));
    let (_, site) = daemon.stop();
    fs::remove_file(site.path("key/journal.log")).expect("the journal can be removed");
    let daemon = site.start();
    daemon.wait_for_line(&["warning: ", "has no journal.log"]);
    let judged = |daemon: &Apppwd| -> Value {
        let own = [&plain, &suspended, &revoked, &rotated, &phone].map(|one| imap(daemon, one));
        let more = [login(daemon, OTHER, &bobs.secret, "imap", ""), primary(daemon, USER, "imap", "")];
        json!([own, more, daemon.status().panic.len()])
    };
    let wanted = json!([
        ["accepted", "suspended", "revoked", "accepted", "accepted"],
        ["account-locked", "primary-refused-enrolled"],
        1
    ]);
    assert_eq!(judged(&daemon), wanted);
    let text = journal(&daemon);
    for words in [
        format!(" suspend {} ", suspended.id),
        format!(" revoke {} ", revoked.id),
        format!(" end {} ", rotated.id),
        " lock ".to_owned(),
        " enroll ".to_owned(),
        " panic ".to_owned(),
    ] {
        assert!(text.contains(&words), "no{words}in {text}");
    }
    let daemon = back_up(daemon).start();
    done(&daemon, "revoke", json!({"ids": [plain.id]}));
    done(&daemon, "suspend", json!({"ids": [phone.id]}));
    let daemon = put_back(daemon);
    let wanted = json!([
        ["revoked", "suspended", "revoked", "accepted", "suspended"],
        ["account-locked", "primary-refused-enrolled"],
        1
    ]);
    assert_eq!(judged(&daemon), wanted);
}
