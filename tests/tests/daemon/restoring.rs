//! `apppw restore`: what becomes of the database that was there, which files are refused, and that the journal wins.

use super::Case;
use super::asking::{OTHER, USER, create, create_for, done, imap, login, site};
use super::events::events;
use apppw_proto::frame::Verdict;
use apppw_tests::activate::DAEMON_UID;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site, copy};
use apppw_tests::frames::{canonical, try_login};
use serde_json::json;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("what_was_there_is_kept_and_comes_back", there_and_back),
        Case::new("what_cannot_be_the_database_is_refused_and_nothing_is_touched", refused)
            .with_program("sqlite3"),
        Case::new("not_while_the_daemon_runs", running),
        Case::new("an_old_backup_at_any_point_of_a_revoke_revives_nothing", any_point),
        Case::new("a_name_that_an_account_had_before_is_locked", renamed),
        Case::new("in_the_place_of_a_damaged_database_and_its_log", damaged),
        Case::new("in_the_place_of_none", none),
        Case::new("a_link_in_the_way_is_not_followed", links),
        Case::new("a_copy_by_sqlite3_will_do", by_sqlite3).with_program("sqlite3"),
        Case::new("without_the_key_it_says_that_it_was_not_looked_at", no_key),
        Case::as_root("root_puts_it_back_for_the_daemons_user", for_another),
        Case::as_root("no_room_for_it", no_room).with_program("unshare").with_program("nsenter"),
    ]
}

fn stopped(daemon: Apppwd) -> Site {
    let (status, site) = daemon.stop();
    assert!(status.success(), "{status}");
    // Only what the next start says is looked at.
    fs::remove_file(site.path("log")).expect("the log can be removed");
    site
}

/// What `restore` has kept beside the database, without what belongs to each.
fn kept(site: &Site) -> Vec<PathBuf> {
    let entries = fs::read_dir(site.path("state")).expect("a folder").flatten();
    let mut kept: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().contains(".before-restore-"))
        .filter(|path| !path.to_string_lossy().ends_with("-wal"))
        .collect();
    kept.sort();
    kept
}

fn there_and_back() {
    let daemon = site("").start();
    let phone = create(&daemon, "phone", json!({}));
    let file = daemon.back_up("b.db");
    let later = create(&daemon, "later", json!({}));
    let site = stopped(daemon);
    let said = site.restore(&file);
    assert!(said.contains("Put back: 1 account with 1 app password, as of "), "{said}");
    let beside = kept(&site);
    assert_eq!(beside.len(), 1);
    assert!(said.contains(&beside[0].display().to_string()), "{said}");
    for path in [&beside[0], &site.path("state/apppw.db")] {
        let meta = fs::metadata(path).expect("a database");
        assert_eq!((meta.permissions().mode() & 0o7777, meta.nlink()), (0o600, 1), "{}", path.display());
    }
    let daemon = site.start();
    daemon.wait_for_line(&["warning: ", "the database is a backup of 20", "put back at 20"]);
    daemon.wait_for_line(&["warning: ", "has a gap", "the database is a backup"]);
    assert_eq!([imap(&daemon, &phone), imap(&daemon, &later)], ["accepted", "unknown-secret"]);
    assert!(daemon.status().last_backup.is_some(), "the one that was put back");
    let trail = events(&daemon, json!({"kinds": ["restore"]}));
    assert_eq!(trail.len(), 1, "{trail:?}");
    assert_eq!(trail[0]["actor"]["uid"], 0);
    assert!(trail[0]["was"].as_str().expect("a time").parse::<i64>().is_ok(), "{trail:?}");
    // It is told once.
    let daemon = stopped(daemon).start();
    assert!(!daemon.log().contains("is a backup"), "{}", daemon.log());
    assert_eq!(events(&daemon, json!({"kinds": ["restore"]})).len(), 1);
    // And back again: what was there is a backup, too.
    let site = stopped(daemon);
    let said = site.restore(&beside[0]);
    assert!(said.contains("Put back: 1 account with 2 app passwords\n"), "{said}");
    assert_eq!(kept(&site).len(), 2);
    let daemon = site.start();
    assert_eq!([imap(&daemon, &phone), imap(&daemon, &later)], ["accepted", "accepted"]);
}

fn sql(file: &Path, statement: &str) {
    let status = Command::new("sqlite3").arg(file).arg(statement).status().expect("sqlite3 runs");
    assert!(status.success(), "{statement}");
}

type Spoil = fn(&Path);

#[rustfmt::skip]
const SPOILED: [(&str, Spoil, &str); 18] = [
    ("nothing at all",       |f| fs::write(f, "").expect("a file"),                              "is no database of apppwd"),
    ("text",                 |f| fs::write(f, "garbage! ".repeat(2000)).expect("a file"),        "is no database of apppwd"),
    ("a gzipped one",        |f| fs::write(f, [0x1f, 0x8b, 8, 0, 0, 0, 0]).expect("a file"),     "is no database of apppwd"),
    ("another program's",    |f| { fs::remove_file(f).expect("gone"); sql(f, "CREATE TABLE t (a)") }, "is no database of apppwd"),
    ("half of it",           |f| { let all = fs::read(f).expect("a file"); fs::write(f, &all[..all.len() / 2]).expect("a file") }, "the backup is damaged"),
    ("pages of zeros",       |f| { let mut all = fs::read(f).expect("a file"); let len = all.len(); all[4096..len - 4096].fill(0); fs::write(f, all).expect("a file") }, "the backup is damaged"),
    ("of a newer apppwd",    |f| sql(f, "PRAGMA user_version = 99"),                             "the backup has schema 99"),
    ("with a trigger",       |f| sql(f, "CREATE TRIGGER back AFTER UPDATE OF revoked ON app_password BEGIN SELECT 1; END"), "isn't as apppwd makes it"),
    ("with numbers, no ids", |f| sql(f, "UPDATE app_password SET id = id + 1099511627776"),      "isn't as apppwd makes it"),
    ("of another key",       |f| sql(f, "UPDATE meta SET value = x'00112233445566778899aabbccddeeff' WHERE key = 'key.1'"), "was made with another server key"),
    ("made by nobody",       |f| sql(f, "UPDATE app_password SET created_by = 'garbage'"),       "a row of its table app_password can't be read"),
    ("suspended by nobody",  |f| sql(f, "UPDATE app_password SET suspended_by = 'zz'"),          "a row of its table app_password can't be read"),
    ("with an endless list", |f| sql(f, "UPDATE app_password SET networks = printf('%.*c', 100000, '1')"), "a row of its table app_password can't be read"),
    ("with a long name",     |f| sql(f, "UPDATE app_password SET name = printf('%.*c', 30000, 'n')"), "a row of its table app_password can't be read"),
    ("with a long account",  |f| sql(f, "UPDATE account SET name = printf('%.*c', 70000, 'n')"), "a row of its table account can't be read"),
    ("with a uid of none",   |f| sql(f, "UPDATE account SET uid = -5"),                          "a row of its table account can't be read"),
    ("with another event",   |f| sql(f, "UPDATE event SET kind = 'party'"),                      "a row of its table event can't be read"),
    ("out of event numbers", |f| sql(f, "UPDATE sqlite_sequence SET seq = 9223372036854775807"), "isn't as apppwd makes it"),
];

fn refused() {
    let daemon = site("").start();
    let phone = create(&daemon, "phone", json!({}));
    let file = daemon.back_up("b.db");
    let site = stopped(daemon);
    let before = fs::read(site.path("state/apppw.db")).expect("the database");
    let files = || -> Vec<_> { fs::read_dir(site.path("state")).expect("a folder").flatten().collect() };
    let usual = files().len();
    for (what, spoil, said) in SPOILED {
        let spoiled = site.path("spoiled.db");
        let _ = fs::remove_file(&spoiled);
        copy(&file, &spoiled);
        spoil(&spoiled);
        let done = site.try_restore(&spoiled);
        let why = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(1), "{what}: {why}");
        assert!(why.contains(said), "{what}: {why}");
        assert!(done.stdout.is_empty(), "{what}: {done:?}");
        assert_eq!(fs::read(site.path("state/apppw.db")).expect("the database"), before, "{what}");
        let left = files();
        assert_eq!(left.len(), usual, "{what}: {left:?}");
    }
    let missing = site.try_restore(&site.path("missing.db"));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("can't open"), "{missing:?}");
    assert_eq!(imap(&site.start(), &phone), "accepted");
}

fn running() {
    let daemon = site("").start();
    let phone = create(&daemon, "phone", json!({}));
    let file = daemon.back_up("b.db");
    let done = daemon.try_restore(&file);
    let why = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(1), "{why}");
    for word in
        ["another apppwd", "is running on", "systemctl stop apppwd.socket apppwd-admin.socket apppwd.service"]
    {
        assert!(why.contains(word), "{word}: {why}");
    }
    assert_eq!(kept(&daemon), Vec::<PathBuf>::new());
    assert_eq!(imap(&daemon, &phone), "accepted");
}

/// Backups are made while app passwords are revoked one by one, and the daemon is killed or stopped in the middle. Whatever of
/// them is put back: what was acknowledged holds.
fn any_point() {
    let mut restored = 0;
    for round in 0..6_u64 {
        let daemon = Site::in_memory(CHEAP_ARGON2).start();
        let made: Vec<_> = (0..30).map(|n| daemon.create(USER, &n.to_string(), &[])).collect();
        let kept_one = daemon.create(OTHER, "phone", &[]);
        let stop = AtomicBool::new(false);
        let (acknowledged, mut files) = std::thread::scope(|scope| {
            let revoking = scope.spawn(|| {
                let mut client = daemon.client();
                let mut acknowledged = 0;
                for one in &made {
                    let args = json!({"ids": [one.app_password.id]});
                    let done = client.call::<_, serde_json::Value>(apppw_admin::Verb::Revoke, &args);
                    if done.is_err() || stop.load(Ordering::Relaxed) {
                        return acknowledged + usize::from(done.is_ok());
                    }
                    acknowledged += 1;
                }
                acknowledged
            });
            let files: Vec<PathBuf> = (0..4).map(|n| daemon.back_up(&format!("b{n}.db"))).collect();
            std::thread::sleep(Duration::from_millis(round));
            if round % 2 == 0 {
                daemon.signal(nix::sys::signal::Signal::SIGKILL);
            }
            stop.store(true, Ordering::Relaxed);
            (revoking.join().expect("a count"), files)
        });
        let mut site = if round % 2 == 0 { daemon.kill() } else { stopped(daemon) };
        // Newest first, then older ones over it.
        files.reverse();
        for file in files {
            site.restore(&file);
            let daemon = site.start();
            for one in &made[..acknowledged] {
                let verdict = try_login(&daemon.auth_socket(), USER, one.secret.expose());
                assert_eq!(verdict, Verdict::Refused, "round {round}, {}: revived", file.display());
            }
            assert_eq!(
                try_login(&daemon.auth_socket(), OTHER, kept_one.secret.expose()),
                Verdict::Accepted,
                "round {round}: it isn't refused for another reason"
            );
            restored += 1;
            (_, site) = daemon.stop();
        }
    }
    assert_eq!(restored, 24);
}

/// The backup still has the old name, which may be another person's by now.
fn renamed() {
    let daemon = site("[policy]\nprimary = \"allow\"\n").start();
    let phone = create(&daemon, "phone", json!({}));
    let file = daemon.back_up("b.db");
    done(&daemon, "user.rename", json!({"user": USER, "new": "anna@example.org"}));
    let site = stopped(daemon);
    site.restore(&file);
    let daemon = site.start();
    daemon.wait_for_line(&["had another name by the journal", "is locked"]);
    assert_eq!(imap(&daemon, &phone), "account-locked");
}

fn damaged() {
    let daemon = site("").start();
    let phone = create(&daemon, "phone", json!({}));
    let file = daemon.back_up("b.db");
    let old = create(&daemon, "old", json!({}));
    let site = daemon.kill();
    let wal = fs::read(site.path("state/apppw.db-wal")).expect("a log that a crash has left");
    assert!(wal.len() > 4096);
    fs::write(site.path("state/apppw.db"), "garbage!".repeat(4096)).expect("a file");
    let said = site.restore(&file);
    let beside = kept(&site);
    assert_eq!(beside.len(), 1, "{said}");
    let mut log = beside[0].clone().into_os_string();
    log.push("-wal");
    assert_eq!(fs::read(PathBuf::from(log)).expect("its log is with it"), wal);
    assert!(!site.path("state/apppw.db-wal").exists() && !site.path("state/apppw.db-shm").exists());
    let daemon = site.start();
    assert_eq!([imap(&daemon, &phone), imap(&daemon, &old)], ["accepted", "unknown-secret"]);
    // A log without its database: the daemon was told to go on without it.
    let daemon = {
        create(&daemon, "third", json!({}));
        daemon
    };
    let site = daemon.kill();
    fs::remove_file(site.path("state/apppw.db")).expect("the database goes");
    let said = site.restore(&file);
    assert!(said.contains("There was no database before"), "{said}");
    assert!(!site.path("state/apppw.db-wal").exists());
    assert_eq!(imap(&site.start(), &phone), "accepted");
}

fn none() {
    let daemon = site("").start();
    let phone = create(&daemon, "phone", json!({}));
    let file = daemon.back_up("b.db");
    let site = stopped(daemon);
    fs::remove_dir_all(site.path("state")).expect("the folder goes");
    let said = site.restore(&file);
    assert!(said.contains("There was no database before"), "{said}");
    assert_eq!(imap(&site.start(), &phone), "accepted");
}

fn links() {
    let daemon = site("").start();
    let phone = create(&daemon, "phone", json!({}));
    let file = daemon.back_up("b.db");
    let site = stopped(daemon);
    let precious = site.path("precious");
    for name in ["apppw.db.restoring", "apppw.db.restoring-wal"] {
        fs::write(&precious, "precious").expect("a file");
        symlink(&precious, site.path("state").join(name)).expect("a link");
        site.restore(&file);
        assert_eq!(fs::read_to_string(&precious).expect("a file"), "precious", "{name}");
        assert!(site.path("state").join(name).symlink_metadata().is_err(), "{name} is left");
    }
    // In the place of the database itself: it is put aside, not written through.
    fs::rename(site.path("state/apppw.db"), &precious).expect("a move");
    let before = fs::read(&precious).expect("a file");
    symlink(&precious, site.path("state/apppw.db")).expect("a link");
    site.restore(&file);
    assert_eq!(fs::read(&precious).expect("a file"), before);
    assert!(fs::symlink_metadata(site.path("state/apppw.db")).expect("a database").is_file());
    assert_eq!(imap(&site.start(), &phone), "accepted");
}

fn by_sqlite3() {
    let daemon = site("").start();
    let phone = create(&daemon, "phone", json!({}));
    let file = daemon.path("s.db");
    sql(&daemon.path("state/apppw.db"), &format!(".backup '{}'", file.display()));
    // And the file as it is, in WAL mode, without its log.
    let site = stopped(daemon);
    let raw = site.path("raw.db");
    copy(&site.path("state/apppw.db"), &raw);
    for file in [file, raw] {
        let said = site.restore(&file);
        assert!(said.contains("Put back: 1 account with 1 app password\n"), "{said}");
    }
    assert_eq!(imap(&site.start(), &phone), "accepted");
}

fn no_key() {
    let daemon = site("").start();
    let phone = create(&daemon, "phone", json!({}));
    let file = daemon.back_up("b.db");
    let site = stopped(daemon);
    fs::rename(site.path("key/server.key"), site.path("aside")).expect("the key goes");
    let said = site.restore(&file);
    assert!(said.contains("Whether the server key fits it could not be seen"), "{said}");
    fs::rename(site.path("aside"), site.path("key/server.key")).expect("the key comes");
    assert_eq!(imap(&site.start(), &phone), "accepted");
}

fn for_another() {
    let daemon = Site::new(CHEAP_ARGON2).start_activated(DAEMON_UID);
    let phone = create(&daemon, "phone", json!({}));
    let file = daemon.back_up("b.db");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a mode");
    assert_eq!(fs::metadata(&file).expect("a file").uid(), 0, "the daemon's user can't read it");
    create_for(&daemon, OTHER, "phone", json!({}));
    let (_, site) = daemon.stop();
    site.restore(&file);
    for entry in fs::read_dir(site.path("state")).expect("a folder").flatten() {
        let meta = entry.metadata().expect("a file");
        assert_eq!((meta.uid(), meta.mode() & 0o7777), (DAEMON_UID, 0o600), "{:?}", entry.path());
    }
    let daemon = site.start_activated(DAEMON_UID);
    assert_eq!(login(&daemon, USER, &canonical(&phone.secret), "imap", ""), "accepted");
    assert_eq!(daemon.status().accounts, 1);
    assert_eq!(events(&daemon, json!({"kinds": ["restore"]}))[0]["actor"]["uid"], 0, "root did it");
}

fn no_room() {
    let daemon =
        Site::new(CHEAP_ARGON2).with_small_disk("state", DAEMON_UID, "2m").start_activated(DAEMON_UID);
    let phone = create(&daemon, "phone", json!({}));
    let file = daemon.back_up("b.db");
    let (_, site) = daemon.stop();
    site.disk().fill();
    let mut command = site.disk().command(&apppw_tests::bin::apppw());
    command.args(["restore", "--yes", "--config"]).arg(site.config_path()).arg(&file);
    let done = command.output().expect("apppw runs");
    let why = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(why.contains("there is no room for the backup in"), "{why}");
    site.disk().empty();
    let daemon = site.start_activated(DAEMON_UID);
    assert_eq!(login(&daemon, USER, &canonical(&phone.secret), "imap", ""), "accepted");
}
