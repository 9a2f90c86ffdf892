//! What keeps the daemon from starting, and what it says at a start.

use super::super::page::Page;
use crate::host::{among_people, create, done, site, start};
use apppw_tests::among::with_read_only;
use apppw_tests::apppwd::{Apppwd, Site, copy};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::process::Command;

pub fn play(page: &mut Page) {
    page.title("Starting apppwd", "Nothing is served before all of this is right.");
    let used = used();
    let site = &used;
    type Change = fn(&Site);
    let table: &[(Change, &str)] = &[
        (|s| mode(s, "state", 0o750), "Others can read the database's folder."),
        (|s| mode(s, "key/server.key", 0o640), "Others can read the server key."),
        (|s| mode(s, "run", 0o775), "Others can write into the sockets' folder."),
        (|s| owner(s, "state", 990), "The database's folder is another user's (apppwd runs as root here)."),
        (|s| linked(s, "key"), "A symbolic link in place of a folder."),
        (|s| drop(File::create(s.auth_socket()).expect("a file")), "A file in place of a socket."),
        (|s| remove(s, "key/server.key"), "The server key is gone."),
        (
            |s| write(s, "key/server.key", &format!("1 {}\n", "ab".repeat(32))),
            "The server key is another one.",
        ),
        (|s| rekey(s, |key| key.replacen('1', "2", 1)), "The server key has another number."),
        (|s| write(s, "key/server.key", "1 xyz\n"), "The server key can't be read."),
        (|s| write(s, "key/server.key", ""), "The file of the server key is empty."),
        (|s| rekey(s, |key| key.repeat(2)), "A key is there twice."),
        (
            |s| rekey(s, |key| (1..5).map(|n| key.replacen('1', &n.to_string(), 1)).collect()),
            "There are more keys than can be active.",
        ),
        (
            |s| fs::write(s.path("key/server.key"), [0xff, 0xfe]).expect("a file"),
            "The file of the server key is no text.",
        ),
        (
            |s| {
                remove(s, "key/server.key");
                fs::create_dir(s.path("key/server.key")).expect("a folder")
            },
            "A folder in place of the server key.",
        ),
        (|s| remove(s, "state/apppw.db"), "The database is gone."),
        (|s| write(s, "state/apppw.db", ""), "The database is empty."),
        (|s| write(s, "state/apppw.db", &"garbage!".repeat(1024)), "The database is none."),
        (|s| sql(s, "PRAGMA user_version = 999"), "The database is a newer apppwd's."),
        (|s| sql(s, "CREATE TABLE guest (id INTEGER)"), "Somebody has changed the database."),
        (
            |s| sql(s, "UPDATE app_password SET id = id + 1099511627776"),
            "Somebody has changed the ids in the database.",
        ),
        (
            |s| {
                let path = s.path("state/apppw.db-journal");
                fs::write(&path, [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]).expect("a file");
                fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("a mode")
            },
            "A file beside the database that would have SQLite delete another one.",
        ),
        (
            |s| {
                remove(s, "state/apppw.db");
                fs::create_dir(s.path("state/apppw.db")).expect("a folder")
            },
            "A folder in place of the database.",
        ),
        (|s| journal(s, |text| text.replacen("enroll", "unroll", 1)), "A line of the journal is damaged."),
        (
            |s| journal(s, |text| text + "1763768400 grant ap-7k3m9qxe c136da65\n"),
            "A line of the journal is of a newer apppwd.",
        ),
        (
            |s| {
                remove(s, "key/journal.log");
                fs::create_dir(s.path("key/journal.log")).expect("a folder")
            },
            "A folder in place of the journal.",
        ),
        (
            |s| {
                fs::remove_dir_all(s.socket_dir()).expect("a removal");
                drop(File::create(s.socket_dir()).expect("a file"))
            },
            "A file in place of the sockets' folder.",
        ),
    ];
    for (change, what) in table {
        put_back(site);
        change(site);
        page.starts(&site.path(""), &mut site.command(), "apppwd", what);
    }
    put_back(site);
    page.starts(
        &site.path(""),
        site.command().arg("--init"),
        "apppwd --init",
        "`--init` where nothing is lost.",
    );
    page.starts(
        &site.path(""),
        site.command().arg("--key-lost"),
        "apppwd --key-lost",
        "`--key-lost` where no key is.",
    );
    remove(site, "key/server.key");
    page.starts(
        &site.path(""),
        site.command().arg("--key-lost"),
        "apppwd --key-lost",
        "The server key is lost, and given up.",
    );
    put_back(site);
    page.starts(
        &site.path(""),
        &mut with_read_only(site, "state"),
        "apppwd",
        "The database's folder is on a read-only disk.",
    );
    page.starts(
        &site.path(""),
        &mut with_read_only(site, "key"),
        "apppwd",
        "The key's folder is on a read-only disk.",
    );
    let own = site.config().to_owned();
    config(site, "state_dir", "none/state");
    page.starts(
        &site.path(""),
        &mut site.command(),
        "apppwd",
        "The folder above the database's is not there.",
    );
    site.write_config(&own);
    put_back(site);
    locked(page, site);
    foreign(page, site);
    seconds(page);
    passed(page);
    reports(page);
}

/// Another program has the database.
fn locked(page: &mut Page, site: &Site) {
    let held = site.path("held");
    let mut sqlite = Command::new("sqlite3")
        .arg(site.path("state/apppw.db"))
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("sqlite3 runs");
    let lines = format!("BEGIN EXCLUSIVE;\n.shell touch '{}'\n", held.display());
    let stdin = sqlite.stdin.as_mut().expect("its input");
    std::io::Write::write_all(stdin, lines.as_bytes()).expect("it listens");
    while !held.exists() {
        assert!(sqlite.try_wait().expect("a child").is_none(), "sqlite3 has ended");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    page.starts(&site.path(""), &mut site.command(), "apppwd", "Another program uses the database.");
    let _ = sqlite.kill();
    let _ = sqlite.wait();
}

/// Not as root.
fn foreign(page: &mut Page, site: &Site) {
    let program = site.path("apppwd");
    copy(&apppw_tests::bin::apppwd(), &program);
    for (dirs, what) in [
        (
            &["state"][..],
            "The folder of the key is another user's (apppwd runs as a user without a name here).",
        ),
        (
            &["state", "key", "key/server.key", "key/journal.log", "state/apppw.db", "state/lock"],
            "The folder of the sockets is a stranger's.",
        ),
    ] {
        for dir in dirs {
            if site.path(dir).exists() {
                chown(site.path(dir), Some(61_110), Some(61_110)).expect("root may change an owner");
            }
        }
        chown(site.socket_dir(), Some(4711), None).expect("root may change an owner");
        let mut command = Command::new(&program);
        command.args(site.command().get_args()).env_clear().uid(61_110).gid(61_110);
        page.starts(&site.path(""), &mut command, "apppwd", what);
    }
}

/// A second daemon, of the same place or of the same sockets.
fn seconds(page: &mut Page) {
    let daemon = start("");
    page.starts(&daemon.path(""), &mut daemon.command(), "apppwd", "It runs already.");
    let other = site("");
    let own = other.config().to_owned();
    for name in ["auth", "admin"] {
        let path = |site: &Site| format!("{:?}", site.path(&format!("run/{name}.sock")));
        other.write_config(&own.replace(&path(&other), &path(&daemon)));
    }
    other.write_config(
        &own.replace(&format!("{:?}", other.auth_socket()), &format!("{:?}", daemon.auth_socket())),
    );
    page.starts(&daemon.path(""), &mut other.command(), "apppwd", "Another one serves the socket.");
}

/// Sockets of the service manager.
fn passed(page: &mut Page) {
    let site = site("");
    let pass = |names: &str| {
        let daemon = site.command();
        let mut command = Command::new("/bin/sh");
        let script = format!(
            "exec 3</dev/null 4</dev/null; export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES={names}; exec \"$@\""
        );
        command.env_clear().arg("-c").arg(script).arg("sh").arg(daemon.get_program()).args(daemon.get_args());
        command
    };
    page.starts(
        &site.path(""),
        &mut pass("auth:web"),
        "systemctl start apppwd",
        "Units that pass on other sockets than `auth` and `admin`.",
    );
}

/// What it finds at a start and says, and starts all the same.
fn reports(page: &mut Page) {
    page.title("What a start says in the log", "It starts all the same.");
    let daemon = start("[policy]\nprimary = \"allow\"\n[groups]\nnews = [\"inn\"]\n");
    let (old, _) = create(&daemon, "alice", "old", &[]);
    let (tablet, _) = create(&daemon, "alice", "tablet", &[]);
    let (phone, _) = create(&daemon, "alice", "phone", &[]);
    create(&daemon, "carol@example.org", "phone", &[]);
    create(&daemon, "dave@example.org", "phone", &[]);
    create(&daemon, "erin@example.org", "phone", &[]);
    done(&daemon, &["user", "alice", "unenroll"]);
    let site = stopped(daemon);
    copy(&site.path("state"), &site.path("backup"));
    let daemon = site.start_by_people();
    done(&daemon, &["revoke", &old]);
    done(&daemon, &["suspend", &tablet]);
    done(&daemon, &["rotate", &phone]);
    done(&daemon, &["panic", "on", "--group", "news"]);
    done(&daemon, &["user", "alice", "enroll"]);
    done(&daemon, &["user", "alice", "lock"]);
    done(&daemon, &["user", "carol@example.org", "delete", "--yes"]);
    done(&daemon, &["user", "dave@example.org", "rename", "david@example.org"]);
    create(&daemon, "bob", "phone", &[]);
    let site = stopped(daemon);
    copy(&site.path("state"), &site.path("newest"));
    fs::remove_dir_all(site.path("state")).expect("the database goes");
    fs::rename(site.path("backup"), site.path("state")).expect("the backup comes");
    site.write_config(
        &site.config().replace("[groups]\nnews = [\"inn\"]\n", "[peers.nosuchuser]\nservices = [\"imap\"]\n[peers.exim]\nservices = [\"exim\"]\n[peers.450]\nservices = [\"imap\"]\n"),
    );
    let daemon = site.start_by_people();
    for (words, what) in [
        (
            &["revoked by the journal"][..],
            "A backup of the database was put back. Since then: an app password was revoked,",
        ),
        (&["suspended in the database but by"], "one was suspended,"),
        (&["rotated by the journal"], "one got a new secret,"),
        (&["panic was off in the database"], "panic was turned on,"),
        (&["was enrolled by the journal"], "an account was enrolled,"),
        (&["was locked by the journal"], "one was locked,"),
        (&["was deleted by the journal"], "one was deleted,"),
        (&["had another name"], "one was renamed,"),
        (&["in the database: that holds"], "one was made,"),
        (&["record of uses has a gap"], "and logins have been, of which the backup doesn't know."),
        (&["panic is on for group"], "Panic is on for a group that is configured no more."),
        (&["names a user that this system"], "A peer that this host has not."),
        (&["which has a rule already"], "Two rules for one peer."),
    ] {
        page.logs(&daemon, words, what);
    }
    journals(page, daemon);
    names(page);
}

/// The other way round: the journal is older, or gone, or torn.
fn journals(page: &mut Page, daemon: Apppwd) {
    let site = stopped(daemon);
    drop(site);
    let daemon = start("");
    create(&daemon, "alice", "phone", &[]);
    let (tablet, _) = create(&daemon, "alice", "tablet", &[]);
    let site = stopped(daemon);
    let before = fs::read_to_string(site.path("key/journal.log")).expect("the journal");
    let daemon = site.start_by_people();
    done(&daemon, &["suspend", &tablet]);
    done(&daemon, &["panic", "on"]);
    done(&daemon, &["user", "alice", "lock"]);
    let site = stopped(daemon);
    // As if each had been given back, and that is what was lost.
    write(&site, "key/journal.log", &(before.clone() + "1763768400 suspe"));
    let daemon = site.start_by_people();
    for (words, what) in [
        (&["a crash has left"][..], "A crash came in the middle of a line of the journal."),
        (&["changes were in the database"], "A crash came between database and journal."),
    ] {
        page.logs(&daemon, words, what);
    }
    done(&daemon, &["resume", &tablet]);
    done(&daemon, &["panic", "off"]);
    done(&daemon, &["user", "alice", "unlock"]);
    let site = stopped(daemon);
    let journal_then = fs::read(site.path("key/journal.log")).expect("the journal");
    let daemon = site.start_by_people();
    done(&daemon, &["suspend", &tablet]);
    done(&daemon, &["panic", "on"]);
    done(&daemon, &["user", "alice", "lock"]);
    let site = stopped(daemon);
    fs::write(site.path("key/journal.log"), journal_then).expect("an older journal");
    let _ = fs::remove_file(site.path("log"));
    let daemon = site.start_by_people();
    for (words, what) in [
        (
            &["suspended in the database but not"][..],
            "An older journal was put back: it says that a suspension was taken back, and the database says that it holds.",
        ),
        (&["panic is on in the database but"], "The same, of panic."),
        (&["is locked in the database but not"], "The same, of an account."),
    ] {
        page.logs(&daemon, words, what);
    }
    let site = stopped(daemon);
    remove(&site, "key/journal.log");
    let daemon = site.start_by_people();
    page.logs(&daemon, &["has no journal.log"], "The journal is gone.");
    // A new key, without the accounts of the old one.
    let site = stopped(daemon);
    fs::remove_dir_all(site.path("state")).expect("the database goes");
    remove(&site, "key/server.key");
    let status =
        site.command().arg("--init").stderr(std::process::Stdio::null()).status().expect("apppwd can be run");
    assert!(status.success());
    let daemon = site.start_by_people();
    page.logs(
        &daemon,
        &["under a server key that is gone"],
        "Database and key are lost, and the journal is there.",
    );
}

/// New rules for names.
fn names(page: &mut Page) {
    let daemon = start("");
    create(&daemon, "Carol@example.org", "phone", &[]);
    create(&daemon, "carol@example.org", "phone", &[]);
    let site = stopped(daemon);
    site.write_config(&format!("{}[users]\nfold_case = true\n", site.config()));
    let daemon = site.start_by_people();
    page.logs(&daemon, &["one name"], "New rules in `[users]` make two accounts' names one.");
    create(&daemon, "alice", "phone", &[]);
    let site = stopped(daemon);
    let others = "root:x:0:0::/:/bin/sh\nalice:x:1007:1007::/:/bin/sh\n";
    let command = apppw_tests::among::among(&site, others, "root:x:0:\n");
    let daemon = site.start_by(command);
    page.logs(&daemon, &["but the account is bound to"], "A name was given to another person.");
    let (daemon, clock) = crate::host::start_by_clock("");
    let site = stopped(daemon);
    clock.go(10 * 86_400);
    let daemon = clock.start(site);
    page.logs(&daemon, &["the daemon was away"], "apppwd was stopped for long.");
}

trait AmongPeople {
    fn start_by_people(self) -> Apppwd;
}

impl AmongPeople for Site {
    fn start_by_people(self) -> Apppwd {
        let command = among_people(&self);
        self.start_by(command)
    }
}

fn stopped(daemon: Apppwd) -> Site {
    let (status, site) = daemon.stop();
    assert!(status.success(), "{status}");
    site
}

/// A stopped daemon's, with an enrolled account and a revoked app password, and a copy of it.
fn used() -> Site {
    let daemon = start("");
    create(&daemon, "alice", "phone", &[]);
    let (old, _) = create(&daemon, "alice", "old", &[]);
    done(&daemon, &["revoke", &old]);
    let site = stopped(daemon);
    for name in ["state", "key", "run"] {
        copy(&site.path(name), &site.path(&format!("{name}.copy")));
    }
    site
}

fn put_back(site: &Site) {
    for name in ["state", "key", "run"] {
        let (path, kept) = (site.path(name), site.path(&format!("{name}.copy")));
        let _ = fs::remove_dir_all(&path);
        let _ = fs::remove_file(&path);
        copy(&kept, &path);
    }
    let _ = fs::remove_dir_all(site.path("aside"));
}

fn mode(site: &Site, name: &str, mode: u32) {
    fs::set_permissions(site.path(name), Permissions::from_mode(mode)).expect("a mode");
}

fn owner(site: &Site, name: &str, uid: u32) {
    chown(site.path(name), Some(uid), None).expect("root may change an owner");
}

fn linked(site: &Site, name: &str) {
    fs::rename(site.path(name), site.path("aside")).expect("a rename");
    symlink(site.path("aside"), site.path(name)).expect("a link");
}

fn write(site: &Site, name: &str, text: &str) {
    fs::write(site.path(name), text).expect("a file");
}

fn remove(site: &Site, name: &str) {
    fs::remove_file(site.path(name)).expect("a removal");
}

fn rekey(site: &Site, change: impl Fn(String) -> String) {
    let key = fs::read_to_string(site.path("key/server.key")).expect("the key");
    write(site, "key/server.key", &change(key));
}

fn journal(site: &Site, change: impl Fn(String) -> String) {
    let text = fs::read_to_string(site.path("key/journal.log")).expect("the journal");
    write(site, "key/journal.log", &change(text));
}

fn sql(site: &Site, statement: &str) {
    let status = Command::new("sqlite3").arg(site.path("state/apppw.db")).arg(statement).status();
    assert!(status.expect("sqlite3 runs").success(), "{statement}");
}

/// Another path under `key`, relative to the site.
fn config(site: &Site, key: &str, path: &str) {
    let lines = site.config().lines().map(|line| match line.split_once(" = ") {
        Some((found, _)) if found == key => format!("{key} = {:?}\n", site.path(path)),
        _ => format!("{line}\n"),
    });
    site.write_config(&lines.collect::<String>());
}
