//! Until when an app password is good, by a clock that stands where the test puts it.

use super::Case;
use super::asking::{
    self, USER, create, create_for, done, imap, outcome, refused, show, site, state, wait_until,
};
use super::hashing::sql;
use apppw_tests::among::{fill_disk, on_small_disk};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::clock::Clock;
use apppw_tests::lines::field;
use serde_json::{Value, json};
use std::process::Command;

const DAY: i64 = 86_400;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("it_ends_with_its_last_second", last_second).with_program("cc"),
        Case::new("what_was_seen_expired_stays_so_when_the_clock_goes_back", back).with_program("cc"),
        Case::new("also_when_it_stops_at_once", stopped).with_program("cc"),
        Case::as_root("also_where_it_cannot_be_noted", unnoted)
            .with_program("cc")
            .with_program("unshare")
            .with_program("sqlite3")
            .not_behind_walls("runs a program in there"),
        Case::new("what_nobody_looked_at_is_noted_by_housekeeping", unseen).with_program("cc"),
        Case::new("a_later_end_written_into_the_database_revives_nothing", edited)
            .with_program("cc")
            .with_program("sqlite3"),
        Case::new("lives_by_user_group_and_default", lives).with_program("cc"),
        Case::new("on_the_real_clock", real),
    ]
}

fn last_second() {
    let site = site("");
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let end = clock.now() + 60;
    let table = [
        create(&daemon, "after", json!({"expires": {"after": "60s"}})),
        create(&daemon, "at", json!({"expires": {"at": end}})),
    ];
    let never = create(&daemon, "never", json!({"expires": "never"}));
    for (go, wanted, told) in [(0, "accepted", "live"), (59, "accepted", "live"), (60, "expired", "expired")]
    {
        clock.set(end - 60 + go);
        for one in &table {
            assert_eq!(one.answer["app_password"]["expires"], end);
            assert_eq!(imap(&daemon, one), wanted, "after {go} s");
            let verified = done(&daemon, "verify", json!({"user": USER, "secret": one.secret}));
            assert_eq!(verified["reason"], wanted, "after {go} s");
            assert_eq!(state(&daemon, &one.id), told);
        }
    }
    assert_eq!(imap(&daemon, &never), "accepted");
    assert_eq!(daemon.status().live, 1);
    let listed = done(&daemon, "list", json!({"user": USER}));
    assert_eq!(listed["app_passwords"].as_array().map(Vec::len), Some(1), "{listed}");
}

fn back() {
    let site = site("");
    let clock = Clock::new(&site);
    let mut daemon = clock.start(site);
    let begun = clock.now();
    let one = create(&daemon, "phone", json!({"expires": {"after": "60s"}}));
    clock.set(begun + 60);
    assert_eq!(imap(&daemon, &one), "expired");
    clock.set(begun + 30);
    // In memory at once, then in the database, then after a restart.
    for _ in 0..2 {
        assert_eq!(imap(&daemon, &one), "expired");
        assert_eq!(state(&daemon, &one.id), "expired");
        wait_until("it is noted", || daemon.status().live == 0);
        for (verb, args) in
            [("rotate", json!({"id": one.id})), ("rename", json!({"id": one.id, "name": "revived"}))]
        {
            assert_eq!(refused(&daemon, verb, args), ("not_found".into(), "id".into()), "{verb}");
        }
        done(&daemon, "suspend", json!({"ids": [one.id]}));
        done(&daemon, "resume", json!({"ids": [one.id]}));
        assert_eq!(imap(&daemon, &one), "expired", "resuming revives nothing");
        let (_, site) = daemon.stop();
        daemon = clock.start(site);
    }
}

/// Whoever only read of it wrote nothing yet.
fn stopped() {
    let site = site("");
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let one = create(&daemon, "phone", json!({"expires": {"after": "60s"}}));
    clock.go(60);
    assert_eq!(state(&daemon, &one.id), "expired");
    clock.go(-60);
    let (_, site) = daemon.stop();
    let daemon = clock.start(site);
    assert_eq!(imap(&daemon, &one), "expired");
}

/// On a full disk it is kept in memory, and written once there is room.
fn unnoted() {
    let site = site("[limits]\ntombstones = \"4s\"\n");
    let clock = Clock::new(&site);
    let command = clock.drive(on_small_disk(&site, "state"));
    let daemon = site.start_by(command);
    let (one, other) =
        (create(&daemon, "phone", json!({"expires": {"after": "60s"}})), create(&daemon, "other", json!({})));
    let filler = fill_disk(&daemon, "state");
    clock.go(60);
    assert_eq!(imap(&daemon, &one), "expired");
    clock.go(-60);
    for _ in 0..3 {
        assert_eq!(imap(&daemon, &one), "expired");
        assert_eq!(state(&daemon, &one.id), "expired");
        assert_eq!(imap(&daemon, &other), "accepted");
    }
    std::fs::remove_file(filler).expect("room again");
    let query = "SELECT count(*) FROM app_password WHERE expired IS NOT NULL";
    wait_until("it is noted", || ask_database(&daemon, query) == "1");
    assert_eq!(imap(&daemon, &one), "expired");
}

/// The database is where only the daemon sees it.
fn ask_database(daemon: &Apppwd, query: &str) -> String {
    let mut command = Command::new("nsenter");
    command.args(["--mount", "--target", &daemon.id().to_string(), "sqlite3", "-readonly"]);
    let output = command.arg(daemon.path("state/apppw.db")).arg(query).output().expect("nsenter runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Nobody has tried to log in with it: housekeeping has seen its end all the same.
fn unseen() {
    let site = site("[limits]\ntombstones = \"4s\"\n");
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let one = create(&daemon, "phone", json!({"expires": {"after": "60s"}}));
    clock.go(60);
    wait_until("its end is noted", || {
        clock.go(-60);
        let noted = state(&daemon, &one.id) == "expired";
        clock.go(60);
        noted
    });
    clock.go(-60);
    assert_eq!(imap(&daemon, &one), "expired");
}

fn edited() {
    let site = site("");
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let one = create(&daemon, "phone", json!({"expires": {"after": "60s"}}));
    clock.go(60);
    assert_eq!(imap(&daemon, &one), "expired");
    let (_, site) = daemon.stop();
    sql(&site, "UPDATE app_password SET expires = expires + 1000");
    let daemon = clock.start(site);
    assert_eq!(imap(&daemon, &one), "expired");
}

/// User, services, the end that is asked for; in how many days it comes, or why it is refused.
type Row = (&'static str, &'static [&'static str], Value, Result<Option<i64>, &'static str>);

/// `default_life` and `longest_life`: the user's, else the strictest of the groups that the scope
/// touches, else the global one. What is only a default is cut down; what is asked for is not.
fn lives() {
    let site = site(
        "[policy]\ndefault_life = \"30d\"\nlongest_life = \"90d\"\n\
         [policy.group.files]\nlongest_life = \"10d\"\n[policy.group.chat]\ndefault_life = \"5d\"\n\
         [policy.user.\"free@example.org\"]\nlongest_life = \"never\"\ndefault_life = \"never\"\n\
         [policy.user.\"short@example.org\"]\nlongest_life = \"2d\"\n",
    );
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let after = |span: &str| json!({"after": span});
    let at = |days: i64| json!({"at": clock.now() + days * DAY});
    #[rustfmt::skip]
    let table: [Row; 22] = [
        // user                services              asked            days, or why not
        (USER,                 &["mail"],            json!(null),     Ok(Some(30))),
        (USER,                 &["mail"],            after("90d"),    Ok(Some(90))),
        (USER,                 &["mail"],            at(90),          Ok(Some(90))),
        (USER,                 &["mail"],            after("91d"),    Err("limit")),
        (USER,                 &["mail"],            at(91),          Err("limit")),
        (USER,                 &["mail"],            json!("never"),  Err("limit")),
        (USER,                 &["mail"],            json!({"at": clock.now()}), Err("invalid")),
        (USER,                 &["mail"],            at(-1),          Err("invalid")),
        (USER,                 &["mail"],            json!({"at": i64::MIN}), Err("invalid")),
        (USER,                 &["mail"],            json!({"at": i64::MAX}), Err("limit")),
        (USER,                 &["files"],           json!(null),     Ok(Some(10))),
        (USER,                 &["ftp"],             after("11d"),    Err("limit")),
        (USER,                 &["chat"],            json!(null),     Ok(Some(5))),
        (USER,                 &["chat"],            after("90d"),    Ok(Some(90))),
        (USER,                 &["chat", "ftp"],     json!(null),     Ok(Some(5))),
        (USER,                 &["chat", "ftp"],     after("11d"),    Err("limit")),
        ("free@example.org",   &["files"],           json!(null),     Ok(None)),
        ("free@example.org",   &["files"],           json!("never"),  Ok(None)),
        ("free@example.org",   &["files"],           json!({"at": i64::MAX}), Ok(Some(36_500))),
        ("short@example.org",  &["mail"],            json!(null),     Ok(Some(2))),
        ("short@example.org",  &["chat"],            json!(null),     Ok(Some(2))),
        ("short@example.org",  &["mail"],            after("3d"),     Err("limit")),
    ];
    for (number, (user, services, asked, wanted)) in table.into_iter().enumerate() {
        let mut args = json!({"user": user, "name": number.to_string(), "services": services});
        if !asked.is_null() {
            args["expires"] = asked.clone();
        }
        let answer = asking::ask(&daemon, "create", args);
        match wanted {
            Ok(days) => {
                let expires = answer["ok"]["app_password"]["expires"].as_i64();
                assert_eq!(
                    expires,
                    days.map(|days| clock.now() + days * DAY),
                    "{user} {services:?} {asked}: {answer}"
                );
            }
            Err(code) => {
                assert_eq!(
                    (outcome(&answer), field(&answer)),
                    (code, Some("expires")),
                    "{user} {services:?} {asked}"
                );
            }
        }
    }
}

/// Without a stage: it is good at first, and in the end it isn't.
fn real() {
    let daemon = site("").start();
    let one = create_for(&daemon, USER, "phone", json!({"expires": {"after": "2s"}}));
    assert!(["accepted", "expired"].contains(&imap(&daemon, &one).as_str()));
    wait_until("it expires", || imap(&daemon, &one) == "expired");
    assert_eq!(show(&daemon, &one.id)["state"], "expired");
    let (_, site) = daemon.stop();
    let daemon = site.start();
    assert_eq!(imap(&daemon, &one), "expired");
}
