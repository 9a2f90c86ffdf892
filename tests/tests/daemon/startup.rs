//! What keeps the daemon from starting: exit status, and a message that names the path, what was
//! found and what is wanted.

use super::Case;
use super::hashing::sql;
use apppw_proto::frame::Verdict;
use apppw_tests::among::with_read_only;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::frames::try_login;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const USER: &str = "alice@example.org";

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new("a_newer_schema_is_refused", newer_schema).with_program("sqlite3"),
        Case::new("a_first_start_or_init_that_was_cut_off_goes_on", cut_off),
        Case::new("a_torn_last_line_of_the_journal_is_cut_off", torn_journal),
        Case::new("a_link_in_place_of_the_lock_leads_to_no_journal", linked_lock),
        Case::new("a_rollback_journal_deletes_no_journal", rollback),
        Case::new("a_second_daemon_on_the_state_directory_stops", second_daemon),
        Case::new("a_second_daemon_on_the_sockets_stops", second_on_sockets),
        Case::new("a_stale_socket_is_replaced", stale_socket),
        Case::as_root("a_read_only_state_directory_is_named", read_only).with_program("unshare"),
    ];
    cases.extend(faults().into_iter().map(|(name, change, status, words)| {
        Case::new(name, move || {
            let site = used_site();
            change(&site);
            expect(&site.command(), status, words);
        })
    }));
    cases.push(Case::as_root("socket_folder_of_another_user", || {
        let site = used_site();
        chown(site.socket_dir(), Some(4711), None).expect("root may change an owner");
        expect(&site.command(), 78, &["/run: owner is uid 4711", "wanted owner root"]);
    }));
    for path in ["key", "key/server.key", "key/journal.log", "state", "state/apppw.db"] {
        let name = path.replace('/', "_");
        for mode in [0o750, 0o604, 0o660, 0o777] {
            let run = move || {
                let site = used_site();
                fs::set_permissions(site.path(path), Permissions::from_mode(mode)).expect("a mode");
                let found = format!("{}: mode is {mode:04o}", site.path(path).display());
                let words = [&found, "wanted no access for group and others", "chmod go= "];
                expect(&site.command(), 78, &words);
            };
            cases.push(Case::new(format!("mode_{mode:o}_of_{name}"), run));
        }
        let case = Case::as_root(format!("foreign_owner_of_{name}"), move || {
            let site = used_site();
            chown(site.path(path), Some(4711), None).expect("root may change an owner");
            let found = format!("{}: owner is uid 4711", site.path(path).display());
            expect(&site.command(), 78, &[&found, "wanted owner root", "Run apppwd as uid 4711"]);
        });
        cases.push(case.not_behind_walls("reads others' files as root"));
        cases.push(Case::new(format!("symbolic_link_in_place_of_{name}"), move || {
            let site = used_site();
            let aside = site.path("aside");
            fs::rename(site.path(path), &aside).expect("a rename");
            symlink(&aside, site.path(path)).expect("a link");
            expect(&site.command(), 78, &[site.path(path).to_str().expect("UTF-8"), "symbolic link"]);
        }));
    }
    cases
}

/// An empty database file is what such a start leaves.
fn cut_off() {
    for left in [&["state"][..], &["state", "key"], &["state", "key", "key/journal.log"]] {
        let daemon = Apppwd::start();
        let (_, used) = daemon.stop();
        let site = Site::new(CHEAP_ARGON2);
        let private = |path: &str| {
            let mode = if path.contains('.') { 0o600 } else { 0o700 };
            fs::set_permissions(site.path(path), Permissions::from_mode(mode)).expect("its mode");
        };
        for folder in ["state", "key"] {
            fs::create_dir(site.path(folder)).expect("a folder");
            private(folder);
        }
        for path in left {
            match *path {
                "state" => fs::write(site.path("state/apppw.db"), "").map(|()| private("state/apppw.db")),
                "key" => fs::copy(used.path("key/server.key"), site.path("key/server.key")).map(drop),
                path => fs::write(site.path(path), "").map(|()| private(path)),
            }
            .expect("what was left");
        }
        let daemon = site.start();
        assert!(!daemon.settled_log().contains("warning"), "{left:?}: {}", daemon.log());
        let made = daemon.create(USER, "phone", &[]);
        let verdict = try_login(&daemon.auth_socket(), USER, made.secret.expose());
        assert_eq!(verdict, Verdict::Accepted, "{left:?}");
    }
    // An --init that was cut off is begun again; without it nothing starts empty.
    let site = used_site();
    fs::write(site.path("state/apppw.db"), "").expect("the database can be emptied");
    expect(&site.command(), 78, &["the database is empty, but the journal has records", "--init"]);
    let made = site.command().arg("--init").output().expect("apppwd can be run");
    assert!(made.status.success(), "{made:?}");
    assert_eq!(site.start().status().live, 0);
}

/// A stopped daemon's, with an enrolled account and a revoked app password.
pub fn used_site() -> Site {
    let daemon = Apppwd::start();
    daemon.create(USER, "phone", &[]);
    let revoked = daemon.create(USER, "old phone", &[]);
    daemon.revoke(revoked.app_password.id);
    let (status, site) = daemon.stop();
    assert!(status.success(), "{status}");
    fs::remove_file(site.path("log")).expect("the log can be removed");
    site
}

/// Runs the daemon, which must end with `status` and say `words`.
pub fn expect(command: &Command, status: i32, words: &[&str]) {
    let dir = tempfile::tempdir().expect("a folder");
    let said = dir.path().join("said");
    let mut again = Command::new(command.get_program());
    again.args(command.get_args()).stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    again.env_clear();
    for (key, value) in command.get_envs() {
        again.env(key, value.unwrap_or_default());
    }
    let mut child = again.stderr(File::create(&said).expect("a file")).spawn().expect("apppwd can be run");
    let deadline = Instant::now() + Duration::from_secs(10);
    let ended = loop {
        match child.try_wait().expect("a child can be waited for") {
            Some(ended) => break ended,
            None if Instant::now() > deadline => {
                let _ = child.kill();
                let _ = child.wait();
                panic!("it runs, wanted exit status {status} and {words:?}: {:?}", fs::read_to_string(&said));
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let said = fs::read_to_string(&said).expect("what it said");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
    assert_eq!(ended.code(), Some(status), "{said}");
}

type Change = fn(&Site);

#[rustfmt::skip]
fn faults() -> Vec<(&'static str, Change, i32, &'static [&'static str])> {
    vec![
        ("group_write_on_the_socket_folder", |s| mode(&s.socket_dir(), 0o775), 78, &["/run: mode is 0775", "wanted not writable by group and others", "chmod go-w"]),
        ("sticky_and_open_socket_folder", |s| mode(&s.socket_dir(), 0o1777), 78, &["/run: mode is 1777", "not writable"]),
        ("symbolic_link_in_place_of_the_socket_folder", |s| linked(&s.socket_dir()), 78, &["/run: is a symbolic link"]),
        ("write_ahead_log_that_others_can_read", |s| { write(s, "state/apppw.db-wal", ""); mode(&s.path("state/apppw.db-wal"), 0o644) }, 78, &["apppw.db-wal: mode is 0644"]),
        ("file_in_place_of_the_socket", |s| drop(File::create(s.auth_socket()).expect("a file")), 78, &["auth.sock: is not a socket, wanted a socket, or nothing"]),
        ("folder_in_place_of_the_admin_socket", |s| fs::create_dir(s.admin_socket()).expect("a folder"), 78, &["admin.sock: is not a socket"]),
        ("key_of_62_digits", |s| write(s, "key/server.key", &format!("1 {}\n", "a".repeat(62))), 78, &["server.key has no key in line 1", "64 hexadecimal digits"]),
        ("key_of_binary", |s| write(s, "key/server.key", "1 \u{1}\u{2}"), 78, &["server.key has no key in line 1"]),
        ("key_file_empty", |s| write(s, "key/server.key", ""), 78, &["server.key holds no key"]),
        ("key_twice", |s| { let key = read(s, "key/server.key"); write(s, "key/server.key", &key.repeat(2)) }, 78, &["has key 1 twice"]),
        ("another_key", |s| write(s, "key/server.key", &format!("1 {}\n", "ab".repeat(32))), 78, &["server.key is not the one that the database was made with", "check value of key 1 differs"]),
        ("the_key_under_another_number", |s| { let key = read(s, "key/server.key"); write(s, "key/server.key", &key.replacen('1', "2", 1)) }, 78, &["lacks key 1"]),
        ("no_key_beside_a_database", |s| remove(s, "key/server.key"), 78, &["server.key is missing, but the database exists"]),
        ("no_database_beside_key_and_journal", |s| remove(s, "state/apppw.db"), 78, &["apppw.db is missing", "server.key exists", "apppwd --init"]),
        ("no_database_beside_a_journal_alone", |s| { remove(s, "state/apppw.db"); remove(s, "key/server.key") }, 78, &["apppw.db is missing", "journal.log exists"]),
        ("no_state_directory_beside_key_and_journal", |s| fs::remove_dir_all(s.path("state")).expect("a removal"), 78, &["apppw.db is missing"]),
        ("empty_database_beside_a_journal", |s| write(s, "state/apppw.db", ""), 78, &["apppw.db"]),
        ("garbage_in_place_of_the_database", |s| write(s, "state/apppw.db", &"garbage!".repeat(1024)), 78, &["apppw.db: the database can't be used", "backup"]),
        ("folder_in_place_of_the_database", |s| { remove(s, "state/apppw.db"); fs::create_dir(s.path("state/apppw.db")).expect("a folder") }, 78, &["apppw.db: is a folder, wanted a file"]),
        ("ids_that_are_40_bits_and_more", |s| sql(s, "UPDATE app_password SET id = id + 1099511627776"), 78, &["numbers are no ids", "put it back from a backup"]),
        ("negative_ids", |s| sql(s, "UPDATE app_password SET id = id - 1099511627776"), 78, &["numbers are no ids"]),
        ("an_index_under_a_name_of_sqlites_own", |s| sql(s, "CREATE INDEX evil ON app_password (account, key, tag, revoked, hash); PRAGMA writable_schema = ON; UPDATE sqlite_schema SET name = 'sqlite_evil', sql = replace(sql, ' evil ', ' sqlite_evil ') WHERE name = 'evil'"), 78, &["its schema is not the one that apppwd makes", "backup"]),
        ("numbers_of_events_at_their_end", |s| sql(s, "UPDATE sqlite_sequence SET seq = 9223372036854775807"), 78, &["numbers of its events are at their end"]),
        ("an_account_that_its_index_does_not_find", misled, 78, &["the database failed: ", "put it back from a backup"]),
        ("key_of_a_megabyte", |s| write(s, "key/server.key", &"# x\n".repeat(1 << 18)), 78, &["server.key is too large"]),
        ("folder_in_place_of_the_key", |s| { remove(s, "key/server.key"); fs::create_dir(s.path("key/server.key")).expect("a folder") }, 78, &["server.key: is a folder, wanted a file"]),
        ("journal_line_without_an_end", |s| { let j = read(s, "key/journal.log"); write(s, "key/journal.log", &(j + &"a".repeat(64 << 20))) }, 78, &["journal.log line 4 is damaged"]),
        ("folder_in_place_of_the_write_ahead_log", |s| { remove(s, "state/apppw.db-wal"); fs::create_dir(s.path("state/apppw.db-wal")).expect("a folder") }, 78, &["apppw.db-wal: is a folder"]),
        ("damaged_line_in_the_journal", |s| { let j = read(s, "key/journal.log"); write(s, "key/journal.log", &j.replacen("enroll", "unroll", 1)) }, 78, &["journal.log line 2 is damaged"]),
        ("unknown_change_in_the_journal", |s| { let j = read(s, "key/journal.log"); write(s, "key/journal.log", &(j + "1 grant ap-00000000 00000000\n")) }, 78, &["journal.log line 4 is damaged"]),
        ("binary_in_the_journal", |s| fs::write(s.path("key/journal.log"), [0xff; 64]).expect("a file"), 78, &["journal.log line 1 is damaged"]),
        ("a_database_for_a_later_sqlite", |s| { let mut bytes = fs::read(s.path("state/apppw.db")).expect("the database"); bytes[18] = 6; fs::write(s.path("state/apppw.db"), bytes).expect("the database can be written"); }, 78, &["its header asks for a later SQLite"]),
        ("no_parent_of_the_state_directory", |s| config(s, "state_dir", "nowhere/state"), 1, &["can't make the folder", "nowhere/state"]),
        ("socket_path_too_long", |s| config(s, "auth_socket", &format!("run/{}", "s".repeat(110))), 1, &["can't bind the socket", "ssss"]),
        ("key_inside_the_state_directory", |s| config(s, "key_dir", "state/key"), 78, &["key_dir must lie apart from state_dir"]),
    ]
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

fn linked(path: &Path) {
    let aside = path.with_extension("aside");
    fs::rename(path, &aside).expect("a rename");
    symlink(aside, path).expect("a link");
}

fn read(site: &Site, name: &str) -> String {
    fs::read_to_string(site.path(name)).expect("a file")
}

fn write(site: &Site, name: &str, text: &str) {
    fs::write(site.path(name), text).expect("a file");
}

fn remove(site: &Site, name: &str) {
    fs::remove_file(site.path(name)).expect("a removal");
}

/// Another path under `key`, relative to the site.
fn config(site: &Site, key: &str, path: &str) {
    let lines = site.config().lines().map(|line| match line.split_once(" = ") {
        Some((found, _)) if found == key => format!("{key} = {:?}\n", site.path(path)),
        _ => format!("{line}\n"),
    });
    site.write_config(&lines.collect::<String>());
}

/// Changes an account's name where only the index has it.
fn misled(site: &Site) {
    let path = site.path("state/apppw.db");
    let mut bytes = fs::read(&path).expect("the database");
    let found: Vec<usize> =
        (0..bytes.len() - USER.len()).filter(|at| bytes[*at..].starts_with(USER.as_bytes())).collect();
    // An index of a table without row ids holds the name and then the id; the table, the id and then the name.
    let page = |at: usize| at / 4096;
    let alone = found.iter().find(|at| found.iter().filter(|other| page(**other) == page(**at)).count() == 1);
    let at = *alone.expect("a page with the name once");
    bytes[at] = b'z';
    fs::write(&path, bytes).expect("the database");
}

/// As an archive may hold it that somebody has edited.
fn linked_lock() {
    let site = used_site();
    let before = read(&site, "key/journal.log");
    remove(&site, "state/lock");
    symlink(site.path("key/journal.log"), site.path("state/lock")).expect("a link");
    expect(&site.command(), 78, &["state/lock: is a symbolic link"]);
    assert_eq!(read(&site, "key/journal.log"), before);
}

/// SQLite deletes what such a file names at its end.
fn rollback() {
    const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let site = used_site();
    let journal = site.path("key/journal.log");
    let before = read(&site, "key/journal.log");
    let pages = fs::metadata(site.path("state/apppw.db")).expect("the database").len() / 4096;
    let mut hot = MAGIC.to_vec();
    for word in [0, 7, u32::try_from(pages).expect("few"), 512, 4096] {
        hot.extend_from_slice(&u32::to_be_bytes(word));
    }
    hot.resize(512, 0);
    let name = journal.as_os_str().as_encoded_bytes();
    let sum: u32 = name.iter().map(|byte| u32::from(*byte)).sum();
    hot.extend_from_slice(&(0x4000_0000_u32 / 4096 + 1).to_be_bytes());
    hot.extend_from_slice(name);
    hot.extend_from_slice(&u32::try_from(name.len()).expect("short").to_be_bytes());
    hot.extend_from_slice(&sum.to_be_bytes());
    hot.extend_from_slice(&MAGIC);
    let path = site.path("state/apppw.db-journal");
    fs::write(&path, hot).expect("a file");
    mode(&path, 0o600);
    expect(&site.command(), 78, &["apppw.db-journal beside it names another file"]);
    assert_eq!(read(&site, "key/journal.log"), before);
}

fn newer_schema() {
    let site = used_site();
    sql(&site, "PRAGMA user_version = 999");
    expect(&site.command(), 78, &["apppw.db: the database has schema 999, this apppwd knows up to"]);
}

fn torn_journal() {
    let daemon = Apppwd::start();
    let (old, kept) = (daemon.create(USER, "old", &[]), daemon.create(USER, "kept", &[]));
    daemon.revoke(old.app_password.id);
    let (_, mut site) = daemon.stop();
    for torn in ["1", "1763768400 revoke ap-0000", "1763768400 revoke ap-00000000 123"] {
        let journal = read(&site, "key/journal.log");
        write(&site, "key/journal.log", &(journal + torn));
        let daemon = site.start();
        assert_eq!(try_login(&daemon.auth_socket(), USER, old.secret.expose()), Verdict::Refused);
        daemon.revoke(daemon.create(USER, torn, &[]).app_password.id);
        site = daemon.stop().1;
        let journal = read(&site, "key/journal.log");
        assert!(
            journal.ends_with('\n') && journal.lines().all(|line| line.split(' ').count() >= 4),
            "{journal}"
        );
    }
    let journal = read(&site, "key/journal.log");
    assert_eq!(journal.lines().filter(|line| !line.contains(" start ")).count(), 5, "{journal}");
    let daemon = site.start();
    assert_eq!(try_login(&daemon.auth_socket(), USER, kept.secret.expose()), Verdict::Accepted);
}

fn second_daemon() {
    let daemon = Apppwd::start();
    let holder =
        format!("another apppwd (pid {}) is running on {}", daemon.id(), daemon.path("state").display());
    expect(&daemon.command(), 1, &[&holder]);
    super::frames::still_serves(&daemon);
}

fn second_on_sockets() {
    let daemon = Apppwd::start();
    let other = Site::new(CHEAP_ARGON2);
    for key in ["auth_socket", "admin_socket"] {
        let path = if key == "auth_socket" { daemon.auth_socket() } else { daemon.admin_socket() };
        let own = format!(
            "{key} = {:?}",
            other.path(&format!("run/{}", path.file_name().expect("a name").display()))
        );
        assert!(other.config().contains(&own), "{own} is not in {}", other.config());
        other.write_config(&other.config().replace(&own, &format!("{key} = {path:?}")));
        let said = format!("{}: something listens there already", path.display());
        expect(&other.command(), 1, &[&said]);
    }
    super::frames::still_serves(&daemon);
}

fn stale_socket() {
    let site = used_site();
    for socket in [site.auth_socket(), site.admin_socket()] {
        drop(UnixListener::bind(&socket).expect("a socket"));
        assert!(socket.exists());
    }
    super::frames::still_serves(&site.start());
}

fn read_only() {
    let site = used_site();
    let command = with_read_only(&site, "state");
    expect(&command, 1, &[site.path("state").to_str().expect("UTF-8"), "Read-only file system"]);
}
