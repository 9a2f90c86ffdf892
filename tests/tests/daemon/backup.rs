//! A backup of the database put back: the journal keeps revoked what was revoked and enrolled
//! what was enrolled, and the log says what differed.

use super::Case;
use super::hashing::sql;
use super::startup::expect;
use apppw_admin::Verb;
use apppw_admin::verbs::{Account, AppPassword, ListArgs, Listed, State, UserArgs};
use apppw_proto::frame::Verdict;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site, copy};
use apppw_tests::frames::{Ask, try_login};
use std::fs;

const USER: &str = "alice@example.org";
const POLICY: &str = "[policy]\nprimary = \"refuse-enrolled\"\n";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("a_revoked_app_password_stays_revoked", revoked),
        Case::new("an_enrolled_account_stays_enrolled", enrolled),
        Case::new("an_account_younger_than_the_backup_stays_enrolled", younger),
        Case::new("an_unenrolment_after_the_backup_gives_nothing_back", unenrolled),
        Case::new("the_mark_of_a_lost_account_can_be_cleared", cleared),
        Case::new("what_only_the_database_knows_of_is_brought_into_the_journal", unsynced),
        Case::new("an_edited_backup_revives_nothing", edited).with_program("sqlite3"),
        Case::new("rows_that_cannot_be_read_are_not_served", unreadable).with_program("sqlite3"),
        Case::new("init_keeps_the_journal", init),
    ]
}

fn site() -> Site {
    Site::new(&format!("{CHEAP_ARGON2}{POLICY}"))
}

/// Stops, copies the state directory, and hands the site back.
pub(super) fn back_up(daemon: Apppwd) -> Site {
    let (status, site) = daemon.stop();
    assert!(status.success(), "{status}");
    copy(&site.path("state"), &site.path("backup"));
    site
}

/// Stops, puts the copy back, starts.
pub(super) fn put_back(daemon: Apppwd) -> Apppwd {
    let (status, site) = daemon.stop();
    assert!(status.success(), "{status}");
    fs::remove_dir_all(site.path("state")).expect("the state can be removed");
    copy(&site.path("backup"), &site.path("state"));
    // Only what the next start says is looked at.
    fs::remove_file(site.path("log")).expect("the log can be removed");
    site.start()
}

/// What the module asks before it lets the primary password through.
fn primary(daemon: &Apppwd, user: &str) -> Verdict {
    let ask = Ask { kind: 2, user: user.as_bytes(), secret: b"", ..Ask::default() };
    ask.send(&daemon.auth_socket()).verdict
}

fn set_enrolled(daemon: &Apppwd, verb: Verb, user: &str) -> Account {
    daemon.call(verb, &UserArgs { user: Some(user.into()) }).expect("an administrator may")
}

fn list(daemon: &Apppwd) -> Vec<AppPassword> {
    let args = ListArgs { user: Some(USER.into()), all: true, ..ListArgs::default() };
    let listed: Listed = daemon.call(Verb::List, &args).expect("a list");
    listed.app_passwords
}

fn revoked() {
    let daemon = site().start();
    let (old, kept) = (daemon.create(USER, "old phone", &[]), daemon.create(USER, "laptop", &[]));
    let daemon = back_up(daemon).start();
    daemon.revoke(old.app_password.id);
    let daemon = put_back(daemon);
    daemon.wait_for_line(&[
        "warning: ",
        &old.app_password.id.to_string(),
        "live in the database but revoked by the journal",
    ]);
    assert_eq!(try_login(&daemon.auth_socket(), USER, old.secret.expose()), Verdict::Refused);
    assert_eq!(try_login(&daemon.auth_socket(), USER, kept.secret.expose()), Verdict::Accepted);
    let state = |of: &apppw_admin::verbs::Created| {
        list(&daemon).iter().find(|one| one.id == of.app_password.id).map(|one| one.state)
    };
    assert_eq!((state(&old), state(&kept)), (Some(State::Revoked), Some(State::Live)));
    // Once more: now both agree.
    let (_, site) = daemon.stop();
    fs::remove_file(site.path("log")).expect("the log can be removed");
    let daemon = site.start();
    assert!(!daemon.log().contains("warning"), "{}", daemon.log());
    assert_eq!(try_login(&daemon.auth_socket(), USER, old.secret.expose()), Verdict::Refused);
}

fn enrolled() {
    let daemon = site().start();
    set_enrolled(&daemon, Verb::UserEnroll, USER);
    set_enrolled(&daemon, Verb::UserUnenroll, USER);
    assert_eq!(primary(&daemon, USER), Verdict::NotMine);
    let daemon = back_up(daemon).start();
    assert!(daemon.create(USER, "phone", &[]).newly_enrolled);
    assert_eq!(primary(&daemon, USER), Verdict::Refused);
    let daemon = put_back(daemon);
    daemon.wait_for_line(&["warning: ", USER, "enrolled by the journal but not in the database"]);
    assert_eq!(primary(&daemon, USER), Verdict::Refused);
    let account: Account =
        daemon.call(Verb::UserShow, &UserArgs { user: Some(USER.into()) }).expect("the account");
    assert!(account.enrolled.is_some());
}

fn younger() {
    let daemon = back_up(site().start()).start();
    let created = daemon.create(USER, "phone", &[]);
    let daemon = put_back(daemon);
    daemon.wait_for_line(&["warning: 1 account", "not in the database"]);
    assert_eq!(primary(&daemon, USER), Verdict::Refused, "its primary password is alive again");
    assert_eq!(primary(&daemon, "bob@example.org"), Verdict::NotMine, "a stranger's is as it was");
    let verdict = try_login(&daemon.auth_socket(), USER, created.secret.expose());
    assert_eq!(verdict, Verdict::Refused, "its app passwords are gone, and never passed on");
    // It begins anew, and is remembered over the next restart, too.
    let again = daemon.create(USER, "phone", &[]);
    let (_, site) = daemon.stop();
    let daemon = site.start();
    assert_eq!(try_login(&daemon.auth_socket(), USER, again.secret.expose()), Verdict::Accepted);
    assert_eq!(primary(&daemon, USER), Verdict::Refused);
}

fn unenrolled() {
    let daemon = site().start();
    daemon.create(USER, "phone", &[]);
    let daemon = back_up(daemon).start();
    set_enrolled(&daemon, Verb::UserUnenroll, USER);
    assert_eq!(primary(&daemon, USER), Verdict::NotMine);
    let daemon = put_back(daemon);
    daemon.wait_for_line(&["warning: ", USER, "is enrolled in the database but not by the journal"]);
    assert_eq!(primary(&daemon, USER), Verdict::Refused);
}

/// "Sticky, cleared only by an administrator": but by him it can be.
fn cleared() {
    let daemon = back_up(site().start()).start();
    daemon.create(USER, "phone", &[]);
    let daemon = put_back(daemon);
    assert_eq!(primary(&daemon, USER), Verdict::Refused);
    set_enrolled(&daemon, Verb::UserUnenroll, USER);
    assert_eq!(primary(&daemon, USER), Verdict::NotMine);
    let (_, site) = daemon.stop();
    let daemon = site.start();
    assert_eq!(primary(&daemon, USER), Verdict::NotMine);
}

/// A crash between the commit in the database and the sync of the journal leaves a change in
/// the one only. Whoever looks sees it as done: so it must be as durable as if it were.
fn unsynced() {
    let daemon = site().start();
    let old = daemon.create(USER, "old phone", &[]);
    let (journal, backup_of_journal) = (daemon.path("key/journal.log"), daemon.path("journal.before"));
    let site = back_up(daemon);
    copy(&journal, &backup_of_journal);
    let daemon = site.start();
    daemon.revoke(old.app_password.id);
    daemon.create("bob@example.org", "phone", &[]);
    // As if the power had failed before the sync, twice.
    let site = daemon.kill();
    copy(&backup_of_journal, &journal);
    let daemon = site.start();
    assert_eq!(list(&daemon)[0].state, State::Revoked);
    daemon.create("bob@example.org", "tablet", &[]);
    let daemon = put_back(daemon);
    assert_eq!(
        try_login(&daemon.auth_socket(), USER, old.secret.expose()),
        Verdict::Refused,
        "revoked before"
    );
    assert_eq!(primary(&daemon, "bob@example.org"), Verdict::Refused, "enrolled before");
}

/// Somebody without the key edits the backup before it is put back.
fn edited() {
    for edit in [
        "UPDATE app_password SET id = id + 1",
        "UPDATE account SET enrolled = NULL",
        "UPDATE account SET name = 'bob@example.org', enrolled = NULL",
        "PRAGMA foreign_keys = OFF; UPDATE account SET id = x'00112233445566778899aabbccddeeff', enrolled = NULL;
         UPDATE app_password SET account = x'00112233445566778899aabbccddeeff'",
        "DELETE FROM app_password; DELETE FROM account",
    ] {
        let daemon = site().start();
        let created = daemon.create(USER, "old phone", &[]);
        let site = back_up(daemon);
        let daemon = site.start();
        daemon.revoke(created.app_password.id);
        let (_, site) = daemon.stop();
        fs::remove_dir_all(site.path("state")).expect("the state can be removed");
        copy(&site.path("backup"), &site.path("state"));
        sql(&site, edit);
        let daemon = site.start();
        assert_eq!(try_login(&daemon.auth_socket(), USER, created.secret.expose()), Verdict::Refused, "{edit}");
        assert_eq!(primary(&daemon, USER), Verdict::Refused, "{edit}");
    }
}

/// A login reads less of a row than a revocation does: it would open, and nobody could shut it.
fn unreadable() {
    for edit in ["UPDATE app_password SET created_by = 'garbage'", "UPDATE account SET uid = -5"] {
        let daemon = site().start();
        daemon.create(USER, "phone", &[]);
        let site = back_up(daemon);
        // Another run, so that the copy is known for a backup.
        let (_, site) = site.start().stop();
        fs::remove_dir_all(site.path("state")).expect("the state can be removed");
        copy(&site.path("backup"), &site.path("state"));
        sql(&site, edit);
        expect(&site.command(), 78, &["can't use the database", "a row of its table", "can't be read"]);
    }
}

fn init() {
    let daemon = site().start();
    let created = daemon.create(USER, "phone", &[]);
    daemon.revoke(created.app_password.id);
    let (_, site) = daemon.stop();
    let journal = fs::read(site.path("key/journal.log")).expect("the journal");
    let key = fs::read(site.path("key/server.key")).expect("the key");
    fs::remove_dir_all(site.path("state")).expect("the state can be removed");
    let made = site.command().arg("--init").output().expect("apppwd can be run");
    assert!(made.status.success(), "{made:?}");
    assert!(String::from_utf8_lossy(&made.stderr).contains("made an empty database"), "{made:?}");
    let daemon = site.start();
    assert_eq!(daemon.status().live, 0);
    assert_eq!(primary(&daemon, USER), Verdict::Refused, "enrolled stays enrolled");
    assert_eq!(try_login(&daemon.auth_socket(), USER, created.secret.expose()), Verdict::Refused);
    assert_eq!(fs::read(daemon.path("key/server.key")).expect("the key"), key);
    assert!(fs::read(daemon.path("key/journal.log")).expect("the journal").starts_with(&journal));
}
