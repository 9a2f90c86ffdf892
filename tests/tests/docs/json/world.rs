//! Hosts on which much has happened, and what the commands print there.

use super::Document;
use crate::host::{
    How, Who, alike_ids, among_people, apppw, apppw_on_a_terminal, create, done, doveadm, fill_key_disk,
    login, made, mail_server, site, start, start_on_small_disk,
};
use apppw_tests::among::fill_disk;
use apppw_tests::apppwd::{Apppwd, Site, copy};
use apppw_tests::clock::Clock;
use apppw_tests::frames::Ask;
use apppw_tests::identity::Identity;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Stdio;

const DAY: i64 = 86_400;

/// What has been printed.
#[derive(Default)]
struct Printed(Vec<Document>);

impl Printed {
    /// Runs the command as `who` and keeps what it prints, be it a result or an error; the result.
    #[track_caller]
    fn take(&mut self, daemon: &Apppwd, of: &'static str, who: Who, args: &[&str]) -> Value {
        self.take_with(&daemon.admin_socket(), of, who, args, &How::default())
    }

    #[track_caller]
    fn take_with(
        &mut self,
        socket: &Path,
        of: &'static str,
        who: Who,
        args: &[&str],
        how: &How<'_>,
    ) -> Value {
        let args = [&["--json"], args].concat();
        let ran = apppw(socket, who, &args, how);
        let from = args.join(" ");
        for line in ran.stdout.lines() {
            let value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{from}: {e}: {ran:?}"));
            self.0.push(Document { of, from: from.clone(), value });
        }
        for line in ran.stderr.lines() {
            let value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{from}: {e}: {ran:?}"));
            self.0.push(Document { of: "error", from: from.clone(), value });
        }
        assert!(of == "error" || !ran.stdout.is_empty(), "{from}: {ran:?}");
        serde_json::from_str(&ran.stdout).unwrap_or(Value::Null)
    }
}

/// All that is printed.
pub fn documents() -> Vec<Document> {
    let parts: [fn(&mut Printed); 7] =
        [a_year, a_backup, a_full_disk, server_keys, failures, strangers, a_mail_server];
    let mut all = Vec::new();
    std::thread::scope(|scope| {
        let parts = parts.map(|part| {
            scope.spawn(move || {
                let mut printed = Printed::default();
                part(&mut printed);
                printed
            })
        });
        for part in parts {
            all.extend(part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).0);
        }
    });
    all
}

/// A Dovecot that is set up, and back.
fn a_mail_server(printed: &mut Printed) {
    let server = mail_server();
    let place = tempfile::tempdir().expect("a folder");
    let socket = place.path().join("admin.sock");
    let setup = |printed: &mut Printed, target: &str, args: &[&str], state: &str| {
        let how = How { mail_server: Some(server.path()), ..How::default() };
        let args = [&["setup", target], args].concat();
        let told = printed.take_with(&socket, "setup", Who::Root, &args, &how);
        assert_eq!(told["state"], state, "{told:#}");
    };
    let imap = server.path().join("etc/pam.d/imap");
    fs::write(&imap, "auth required pam_access.so\n").expect("a file");
    setup(printed, "dovecot", &["--yes"], "stopped");
    fs::remove_file(&imap).expect("it is there");
    setup(printed, "dovecot", &["--dry-run"], "planned");
    setup(printed, "dovecot", &["--yes"], "done");
    setup(printed, "dovecot", &["--yes"], "nothing");
    let ours = fs::read(&imap).expect("a file");
    fs::write(&imap, "# theirs\n").expect("a file");
    setup(printed, "dovecot", &["--undo", "--yes"], "conflict");
    fs::write(&imap, ours).expect("a file");
    let other = server.path().join("var-lib/apppw-setup/postfix-dovecot/1");
    fs::create_dir_all(&other).expect("a folder");
    let needs = r#"{"schema": 1, "order": 9, "files": [{"path": "/etc/pam.d/imap", "existed": false, "changed": false}]}"#;
    fs::write(other.join("manifest.json"), needs).expect("a file");
    let how = How { mail_server: Some(server.path()), ..How::default() };
    let undo = ["setup", "dovecot", "--undo", "--yes"];
    printed.take_with(&socket, "error", Who::Root, &undo, &how);
    fs::remove_dir_all(other).expect("it is there");
    setup(printed, "dovecot", &["--undo", "--yes"], "undone");
    for target in ["postfix-dovecot", "postfix-saslauthd", "exim", "cyrus", "prosody", "apache"] {
        let kept = server.path().join(format!("var-lib/apppw-setup/{target}/1"));
        fs::create_dir_all(&kept).expect("a folder");
        fs::write(kept.join("manifest.json"), r#"{"schema": 1, "files": []}"#).expect("a file");
        setup(printed, target, &["--undo", "--yes"], "undone");
    }
}

const CONFIG: &str = "[policy]\nself_service = \"create\"\nprimary = \"refuse-enrolled\"\nreport_only = true\n\
    [policy.group.dav]\nprimary = \"allow\"\n[policy.group.chat]\nprimary = \"refuse\"\n\
    [limits]\ntombstones = \"60d\"\n[events]\nkeep = \"90d\"\n[groups]\nnews = [\"inn\"]\n[peers.exim]\nservices = [\"exim\"]\n\
    [client]\nimap = \"imap.example.org:993\"\npop3 = \"pop.example.org:995\"\nsmtp = { host = \"smtp.example.org\", port = 587 }\n\
    sieve = \"imap.example.org\"\ncarddav = \"https://dav.example.org/\"\ncaldav = \"https://dav.example.org/\"\n\
    webdav = \"https://files.example.org/\"\nhelp = \"https://help.example.org/mail\"\nnote = \"Questions: ring 42\"\n";

/// All that can be done, on a clock that goes fast.
fn a_year(printed: &mut Printed) {
    let place = site(CONFIG);
    let clock = Clock::new(&place);
    let command = clock.drive(among_people(&place));
    let daemon = place.start_by(command);
    create(&daemon, "carol@example.org", "gone", &[]);
    let gone = create(&daemon, "carol@example.org", "gone too", &[]).0;
    done(&daemon, &["revoke", &gone]);
    for _ in 0..100 {
        clock.go(DAY);
        done(&daemon, &["rename", &create_once(&daemon), "again"]);
    }
    let database = daemon.path("state/apppw.db");
    let daemon = restarted(daemon, &clock, |config| {
        as_if_time_had_passed(&database);
        config.to_owned()
    });
    daemon.wait_for_line(&["forgot", "events"]);
    daemon.wait_for_line(&["forgot", "app passwords"]);
    // Alice's own.
    let scope = ["--network", "192.0.2.0/24", "--expires", "30d", "--pin", "service", "--pin", "network"];
    let phone = printed.take(&daemon, "create", Who::Alice, &[&["create", "phone"][..], &scope].concat());
    let (phone, secret) = made(&phone);
    login(&daemon, "alice", &secret, "imap", "192.0.2.7");
    let tablet = made(&printed.take(&daemon, "create", Who::Root, &["create", "alice", "tablet"])).0;
    let laptop =
        printed.take(&daemon, "create", Who::Root, &["create", "alice", "laptop", "--service", "imap"]);
    let (laptop, laptops) = made(&laptop);
    login(&daemon, "alice", &laptops, "imap", "");
    let new = made(&printed.take(&daemon, "rotate", Who::Alice, &["rotate", &laptop])).0;
    printed.take(&daemon, "rename", Who::Alice, &["rename", &new, "notebook"]);
    for id in [&phone, &laptop] {
        printed.take(&daemon, "show", Who::Alice, &["show", id]);
    }
    printed.take(
        &daemon,
        "create",
        Who::Root,
        &["create", "alice", "calendar", "--service", "dav", "--service", "files"],
    );
    let bin = doveadm(&daemon.path(""), "case \"$1\" in -f) echo '[]';; esac");
    let kick = How { path: Some(&bin), ..How::default() };
    let socket = daemon.admin_socket();
    printed.take_with(&socket, "suspend", Who::Root, &["suspend", &tablet, "--kick"], &kick);
    printed.take(&daemon, "suspend", Who::Heidi, &["suspend", &tablet]);
    printed.take(&daemon, "list", Who::Root, &["list", "alice"]);
    printed.take(&daemon, "suspend", Who::Adele, &["resume", &tablet]);
    printed.take(&daemon, "revoke", Who::Root, &["revoke", "--unused", "1d", "--dry-run"]);
    printed.take(&daemon, "revoke", Who::Heidi, &["revoke", &tablet]);
    printed.take_with(&socket, "revoke", Who::Root, &["revoke", &tablet, "--kick"], &kick);
    for (secret, more) in [(&secret, &["--service", "imap"][..]), (&"0000000000000000".to_owned(), &[])] {
        let stdin = format!("{secret}\n");
        let how = How { stdin: stdin.as_bytes(), ..How::default() };
        printed.take_with(&socket, "verify", Who::Root, &[&["verify", "alice"][..], more].concat(), &how);
    }
    clock.go(40 * DAY);
    login(&daemon, "alice", &secret, "imap", "192.0.2.7");
    printed.take(&daemon, "list", Who::Root, &["list", "--all"]);
    accounts(printed, &daemon, &kick);
    primaries(printed, &daemon);
    refusals(printed, &daemon);
    done(&daemon, &["panic", "on", "--group", "news"]);
    let daemon = restarted(daemon, &clock, |config| config.replace("[groups]\nnews = [\"inn\"]\n", ""));
    printed.take(&daemon, "panic", Who::Root, &["panic", "on"]);
    printed.take(&daemon, "status", Who::Root, &["status"]);
    printed.take(&daemon, "doctor", Who::Root, &["doctor", "--no-login"]);
    printed.take(&daemon, "panic", Who::Root, &["panic", "off"]);
    printed.take(&daemon, "panic", Who::Root, &["panic", "off", "--group", "news"]);
    printed.take(&daemon, "users", Who::Heidi, &["users"]);
    printed.take(&daemon, "events", Who::Root, &["events"]);
    printed.take(&daemon, "events", Who::Alice, &["events"]);
    follow(printed, &daemon);
}

/// The one that is renamed every day.
fn create_once(daemon: &Apppwd) -> String {
    let listed = done(daemon, &["list"]);
    let mut all = listed["app_passwords"].as_array().into_iter().flatten();
    let there = all
        .find(|one| one["user"] == "dave@example.org")
        .and_then(|one| one["id"].as_str())
        .map(str::to_owned);
    there.unwrap_or_else(|| create(daemon, "dave@example.org", "diary", &[]).0)
}

/// What a clock that jumps makes old is kept for its whole time from then on; the last word of the mark says
/// since when it has not jumped.
fn as_if_time_had_passed(database: &Path) {
    let edit = "UPDATE meta SET value = CAST(rtrim(CAST(value AS TEXT), '0123456789') || '0' AS BLOB) WHERE key = 'record'";
    let status = std::process::Command::new("sqlite3").arg(database).arg(edit).status();
    assert!(status.expect("sqlite3 (Debian: sqlite3) runs").success());
}

fn restarted(daemon: Apppwd, clock: &Clock, config: impl Fn(&str) -> String) -> Apppwd {
    let (_, place) = daemon.stop();
    place.write_config(&config(place.config()));
    let command = clock.drive(among_people(&place));
    place.start_by(command)
}

fn accounts(printed: &mut Printed, daemon: &Apppwd, kick: &How<'_>) {
    create(daemon, "bob", "phone", &[]);
    for action in ["show", "unenroll", "enroll", "lock", "unlock"] {
        printed.take(daemon, "user", Who::Root, &["user", "bob", action]);
    }
    printed.take(daemon, "user", Who::Root, &["user", "carol@example.org", "lock"]);
    printed.take(daemon, "user", Who::Root, &["user", "carol@example.org", "rename", "caroline@example.org"]);
    let socket = daemon.admin_socket();
    printed.take_with(&socket, "user", Who::Root, &["user", "bob", "lockdown", "--yes", "--kick"], kick);
    printed.take(daemon, "user", Who::Root, &["user", "bob", "delete", "--yes"]);
    printed.take(daemon, "user", Who::Root, &["user", "heidi", "lock"]);
    // Locked, enrolled, or neither.
    printed.take(daemon, "users", Who::Root, &["users"]);
}

/// Primary passwords that were used.
fn primaries(printed: &mut Printed, daemon: &Apppwd) {
    for rhost in ["192.0.2.7", ""] {
        let used = Ask { kind: 3, user: b"alice", rhost: rhost.as_bytes(), secret: b"", ..Ask::default() };
        used.send(&daemon.auth_socket());
    }
    printed.take(daemon, "report", Who::Root, &["report"]);
}

/// What is refused, and by whom it was tried.
fn refusals(printed: &mut Printed, daemon: &Apppwd) {
    let nobody = Identity::new(5000);
    nobody.act(|| {
        let mut lines = apppw_tests::lines::Lines::connect(&daemon.admin_socket());
        lines.receive()
    });
    for (who, args) in [
        (Who::Exim, &["list"][..]),
        (Who::Bob, &["list", "alice"]),
        (Who::Heidi, &["user", "alice", "unlock"]),
    ] {
        printed.take(daemon, "error", who, args);
    }
}

/// Lines as they come, of which one can be read.
fn follow(printed: &mut Printed, daemon: &Apppwd) {
    let mut child =
        daemon.cli(&["events", "--follow", "--json"]).stdout(Stdio::piped()).spawn().expect("apppw runs");
    let mut lines = BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("a line");
    let value = serde_json::from_str(&line).expect("JSON");
    printed.0.push(Document { of: "event_line", from: "events --follow".to_owned(), value });
    drop(lines);
    let _ = child.kill();
    let _ = child.wait();
}

/// A backup of the database put back, over a rotation; and other people under the same name.
fn a_backup(printed: &mut Printed) {
    let daemon = start("");
    let path = |name: &str| daemon.path(name).display().to_string();
    printed.take(&daemon, "backup", Who::Root, &["backup", &path("empty.db")]);
    let (phone, _) = made(&printed.take(&daemon, "create", Who::Root, &["create", "alice", "phone"]));
    let file = path("whole.db");
    printed.take(&daemon, "backup", Who::Root, &["backup", &file]);
    printed.take(&daemon, "status", Who::Root, &["status"]);
    printed.take(&daemon, "events", Who::Root, &["events"]);
    let to_pipe = How { stdout_to: Some(Path::new("/dev/null")), ..How::default() };
    let ran = apppw(&daemon.admin_socket(), Who::Root, &["--json", "backup", "-"], &to_pipe);
    let value = serde_json::from_str(&ran.stderr).expect("JSON");
    printed.0.push(Document { of: "backup", from: "backup -".to_owned(), value });
    let (_, place) = daemon.stop();
    restores(printed, &place, &file);
    copy(&place.path("state"), &place.path("backup"));
    let command = among_people(&place);
    let daemon = place.start_by(command);
    done(&daemon, &["rotate", &phone]);
    let (_, place) = daemon.stop();
    fs::remove_dir_all(place.path("state")).expect("the database goes");
    fs::rename(place.path("backup"), place.path("state")).expect("the backup comes");
    let passwd = "root:x:0:0::/:/bin/sh\nalice:x:1007:1007::/:/bin/sh\n";
    let command = apppw_tests::among::among(&place, passwd, "root:x:0:\n");
    let daemon = place.start_by(command);
    printed.take(&daemon, "events", Who::Root, &["events"]);
    printed.take(&daemon, "user", Who::Root, &["user", "alice", "show"]);
    printed.take(&daemon, "revoke", Who::Root, &["revoke", "--unused", "1d", "--dry-run"]);
}

/// Of what `apppw backup` has made, and of a copy, without a key and in the place of nothing.
fn restores(printed: &mut Printed, place: &Site, file: &str) {
    let config = place.config_path().display().to_string();
    let mut restore = |file: &str| {
        let args = ["restore", "--yes", "--config", &config, file];
        printed.take_with(&place.admin_socket(), "restore", Who::Root, &args, &How::default());
    };
    restore(file);
    let plain = place.path("plain.db");
    copy(&place.path("state/apppw.db"), &plain);
    let status = std::process::Command::new("sqlite3")
        .arg(&plain)
        .arg("DELETE FROM meta WHERE key = 'backup'")
        .status();
    assert!(status.expect("sqlite3 runs").success());
    fs::remove_file(place.path("state/apppw.db")).expect("the database goes");
    fs::rename(place.path("key/server.key"), place.path("aside")).expect("the key goes");
    restore(&plain.display().to_string());
    fs::rename(place.path("aside"), place.path("key/server.key")).expect("the key comes");
    restore(file);
}

/// Events that wait, and a creation that is taken back.
fn a_full_disk(printed: &mut Printed) {
    let daemon = start_on_small_disk("", "state");
    let (phone, _) = create(&daemon, "alice", "phone", &[]);
    fill_disk(&daemon, "state");
    printed.take(&daemon, "error", Who::Root, &["revoke", &phone]);
    printed.take(&daemon, "events", Who::Root, &["events"]);
    printed.take(&daemon, "status", Who::Root, &["status"]);
    let daemon = start_on_small_disk("[policy]\nprimary = \"allow\"\n", "key");
    fill_key_disk(&daemon);
    printed.take(&daemon, "error", Who::Root, &["create", "alice", "phone"]);
    printed.take(&daemon, "events", Who::Root, &["events"]);
}

/// Server keys: made, carried about, given up, lost.
fn server_keys(printed: &mut Printed) {
    let daemon = start("");
    create(&daemon, "alice", "phone", &[]);
    let file = |name: &str| daemon.path(name).to_str().expect("UTF-8").to_owned();
    let (both, new) = (file("both"), file("new"));
    printed.take(&daemon, "key", Who::Root, &["key", "rotate"]);
    printed.take(&daemon, "key_exported", Who::Root, &["key", "export", &both]);
    printed.take(&daemon, "key_retired", Who::Root, &["key", "retire", "1", "--dry-run"]);
    printed.take(&daemon, "key_retired", Who::Root, &["key", "retire", "1", "--yes"]);
    printed.take(&daemon, "key_exported", Who::Root, &["key", "export", &new]);
    printed.take(&daemon, "key", Who::Root, &["key", "import", &both]);
    printed.take(&daemon, "key", Who::Root, &["key", "import", &new]);
    let place = daemon.kill();
    let forget = [
        "sqlite3",
        place.path("state/apppw.db").to_str().expect("UTF-8"),
        "DELETE FROM meta WHERE key = 'since.2'",
    ]
    .map(str::to_owned);
    assert!(
        std::process::Command::new(&forget[0]).args(&forget[1..]).status().expect("sqlite3 runs").success()
    );
    let daemon = place.start();
    printed.take(&daemon, "key", Who::Root, &["key", "show"]);
    create(&daemon, "alice", "tablet", &[]);
    let place = daemon.kill();
    fs::remove_file(place.path("key/server.key")).expect("the key");
    assert!(place.refuses(&["--key-lost"]).0.success());
    let daemon = place.start();
    printed.take(&daemon, "events", Who::Root, &["events"]);
}

/// Every code of an error.
fn failures(printed: &mut Printed) {
    let daemon = start("[limits]\nper_account = 1\n[client]\nsmtp = \"smtp.example.org:465\"\n");
    let (phone, _) = made(&printed.take(&daemon, "create", Who::Root, &["create", "alice", "phone"]));
    waits(printed, &daemon);
    for (who, args) in [
        (Who::Alice, &["create", "laptop"][..]),
        (Who::Root, &["create", "alice", "laptop"]),
        (Who::Root, &["show", "ap-7k3m9qxe"]),
        (Who::Root, &["create", "bob", "phone", "--service", "imao"]),
        (Who::Root, &["create", "alice", "phone"]),
        (Who::Root, &["show", "laptop"]),
    ] {
        printed.take(&daemon, "error", who, args);
    }
    let daemon = alike_ids(daemon);
    printed.take(&daemon, "error", Who::Root, &["show", "7k3"]);
    let full = How { stdout_to: Some(Path::new("/dev/full")), ..How::default() };
    printed.take_with(&daemon.admin_socket(), "error", Who::Root, &["list"], &full);
    let ran = apppw_on_a_terminal(&daemon.admin_socket(), &format!("\"$APPPW\" --json revoke {phone}"));
    let line = ran
        .stdout
        .lines()
        .find_map(|line| line.find("{\"schema\"").map(|at| line[at..].trim_end().to_owned()));
    let value = serde_json::from_str(&line.expect("an error")).expect("JSON");
    printed.0.push(Document { of: "error", from: "revoke, declined".to_owned(), value });
    let nowhere = daemon.path("nowhere");
    let how = How { path: Some(&nowhere), ..How::default() };
    printed.take_with(&daemon.admin_socket(), "revoke", Who::Root, &["revoke", &phone, "--kick"], &how);
    let damage =
        ["sqlite3", daemon.path("state/apppw.db").to_str().expect("UTF-8"), "DROP TABLE app_password"]
            .map(str::to_owned);
    let damaged = std::process::Command::new(&damage[0]).args(&damage[1..]).status();
    assert!(damaged.expect("sqlite3 runs").success());
    printed.take(&daemon, "error", Who::Root, &["list"]);
    let place: Site = daemon.kill();
    printed.take_with(&place.admin_socket(), "error", Who::Root, &["list"], &How::default());
}

/// Logins that are waited for: one comes and one doesn't.
fn waits(printed: &mut Printed, daemon: &Apppwd) {
    let (id, secret) = create(daemon, "carol@example.org", "phone", &["--service", "dav"]);
    printed.take(daemon, "error", Who::Root, &["wait", &id, "--for", "1s"]);
    let mut child = daemon.cli(&["wait", &id, "--json"]).stdout(Stdio::piped()).spawn().expect("apppw runs");
    let lines = BufReader::new(child.stdout.take().expect("its output"));
    for (secret, service, rhost) in [
        ("0000000000000000", "radicale", "192.0.2.7"),
        (secret.as_str(), "imap", ""),
        (secret.as_str(), "radicale", "192.0.2.7"),
    ] {
        std::thread::sleep(std::time::Duration::from_millis(1200));
        login(daemon, "carol@example.org", secret, service, rhost);
    }
    for line in lines.lines() {
        let value: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let of = if value.get("attempt").is_some() { "attempt" } else { "login" };
        printed.0.push(Document { of, from: "wait".to_owned(), value });
    }
    let _ = child.wait();
}

/// A daemon that is another version, and one that isn't ours.
fn strangers(printed: &mut Printed) {
    for answer in [
        "{\"v\":1,\"id\":1,\"error\":{\"code\":\"unsupported\",\"field\":\"verb\",\"message\":\"no such verb\"}}\n",
        "HTTP/1.1 400 Bad Request\r\n",
    ] {
        let place = tempfile::tempdir().expect("a folder");
        fs::create_dir(place.path().join("run")).expect("a folder");
        let socket = place.path().join("run/admin.sock");
        let listener = UnixListener::bind(&socket).expect("a socket");
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut stream = BufReader::new(stream);
                let _ = stream.read_line(&mut String::new());
                let _ = stream.get_mut().write_all(answer.as_bytes());
            }
        });
        printed.take_with(&socket, "error", Who::Root, &["list"], &How::default());
    }
}
