//! Hostile names, addresses and services, by real logins through libpam, in everything that shows
//! them: tables, JSON, CSV, the log, metrics.

use super::Case;
use super::asking::{Made, create_for, done, refused, site};
use apppw_admin::text::is_deceptive;
use apppw_tests::apppwd::Apppwd;
use apppw_tests::bin;
use apppw_tests::pam::{Code, Confdir, Login};
use serde_json::{Value, json};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("what_is_hostile_and_allowed_is_shown_as_text_everywhere", allowed),
        Case::new("what_is_not_allowed_reaches_no_record", refused_names),
    ]
}

/// Allowed as user and as name of an app password, and an offence to some reader.
const ALLOWED: [&str; 10] = [
    "=1+1",
    "@SUM(A1:A9)",
    "-2+3*cmd|'/C_calc'!A0",
    "+491711234567",
    "\"quoted\",comma;semi",
    "back\\slash{}$%s%n`id`",
    "reason=accepted_rhost=203.0.113.9",
    "'_OR_1=1;--",
    "<script>alert(1)</script>",
    "電話\u{1f4de}e\u{301}",
];

/// Not allowed in names, but a client's address may be anything that a host makes of it.
const ADDRESSES: [&str; 6] = [
    "\u{202e}7.2.0.291",
    "192.0.2.7\u{200b}",
    "=HYPERLINK(\"http://192.0.2.7\")",
    "\" rhost=203.0.113.9",
    "host,with;separators|and spaces",
    "@192.0.2.7",
];

/// In a group, and not; with what libpam allows in a service's name.
const KNOWN_SERVICE: &str = "im\"ap\\{le=\"1\"} 5";
const UNKNOWN_SERVICE: &str = "=evil\"} 1\u{202e}";

struct Host {
    daemon: Apppwd,
    confdir: Confdir,
}

impl Host {
    fn new() -> Self {
        let daemon = site(&format!("[groups]\nmail = [\"imap\", {KNOWN_SERVICE:?}]\n")).start();
        let confdir = Confdir::new();
        for service in ["imap", KNOWN_SERVICE, UNKNOWN_SERVICE] {
            let line = format!(
                "required {} socket={} server_uid={}\n",
                bin::module().display(),
                daemon.auth_socket().display(),
                nix::unistd::geteuid()
            );
            confdir.write(service, &format!("auth {line}account {line}"));
        }
        Self { daemon, confdir }
    }

    fn login(&self, service: &str, user: impl AsRef<[u8]>, rhost: &[u8], made: &Made) -> Code {
        let login = Login::new(service, user).rhost_bytes(rhost).password(&made.secret);
        login.try_once(&self.confdir)
    }

    fn apppw(&self, args: &[&str]) -> String {
        let output = self.daemon.cli(args).output().expect("apppw runs");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {errors}");
        assert!(is_plain(&errors), "{args:?}: {errors:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}

/// Nothing in it is taken for a command by a terminal, or hides what is beside it.
fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c != '\n' && is_deceptive(c))
}

fn allowed() {
    let host = Host::new();
    let long = "x".repeat(255);
    let names: Vec<&str> = ALLOWED.into_iter().chain([long.as_str()]).collect();
    let mut logins = 0;
    let mut revoked = Vec::new();
    for (n, name) in names.iter().enumerate() {
        let label: String = name.chars().take(80).collect();
        let made = create_for(&host.daemon, name, &label, json!({}));
        let dead = create_for(&host.daemon, name, "dead", json!({}));
        done(&host.daemon, "revoke", json!({"ids": [dead.id]}));
        let address = ADDRESSES[n % ADDRESSES.len()].as_bytes();
        for service in ["imap", KNOWN_SERVICE] {
            assert_eq!(host.login(service, name, address, &made), Code::SUCCESS, "{name:?} at {service:?}");
            logins += 1;
        }
        assert_eq!(host.login(UNKNOWN_SERVICE, name, address, &made), Code::AUTH_ERR);
        assert_eq!(host.login("imap", name, address, &dead), Code::AUTH_ERR);
        revoked.push(dead.id);
    }
    for (command, key, of_each) in
        [("list --all", "app_passwords", 2), ("users", "users", 1), ("events", "events", 5)]
    {
        let args: Vec<&str> = command.split(' ').collect();
        let with = |more: &'static str| host.apppw(&[&args[..], &[more]].concat());
        assert!(is_plain(&host.apppw(&args)), "{command}: {}", host.apppw(&args));
        // One line for each, whatever is in it.
        let rows = names.len() * of_each;
        let lines = host.apppw(&args).lines().count();
        assert!((rows..=rows + 1).contains(&lines), "{command}: {lines} lines for {rows}");
        let shown = with("--json");
        assert!(is_plain(&shown) && shown.lines().count() == 1, "{command} --json: {shown}");
        let shown: Value = serde_json::from_str(&shown).expect("JSON");
        let users: Vec<&str> =
            shown[key].as_array().expect("rows").iter().filter_map(|row| row["user"].as_str()).collect();
        assert_eq!(users.len(), rows);
        assert!(names.iter().all(|name| users.contains(name)), "{command}: {users:?}");
        spreadsheet(command, &with("--csv"), rows, &names);
    }
    for id in &revoked {
        assert!(is_plain(&host.apppw(&["show", id])));
    }
    let log = host.daemon.settled_log();
    assert!(is_plain(&log), "{log}");
    let accepted = log.lines().filter(|line| line.contains(": accepted reason=accepted ")).count();
    assert_eq!(accepted, logins, "no name is a line of its own");
    assert!(!log.lines().any(|line| unquoted(line).contains(" rhost=203.0.113.9")), "{log}");
    let metrics = host.apppw(&["status", "--metrics"]);
    assert!(is_plain(&metrics), "{metrics}");
    let escaped = KNOWN_SERVICE.replace('\\', "\\\\").replace('"', "\\\"");
    let line = format!(
        "apppw_logins_total{{service=\"{escaped}\",verdict=\"accepted\",reason=\"accepted\"}} {}",
        names.len()
    );
    assert!(metrics.lines().any(|found| found == line), "no {line} in\n{metrics}");
    assert!(!metrics.contains("evil"), "{metrics}");
}

/// A line without what stands in quotes.
fn unquoted(line: &str) -> String {
    let (mut kept, mut is_quoted, mut chars) = (String::new(), false, line.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' if is_quoted => drop(chars.next()),
            '"' => is_quoted = !is_quoted,
            c if !is_quoted => kept.push(c),
            _ => {}
        }
    }
    kept
}

/// No cell begins a formula, and all are there.
fn spreadsheet(command: &str, text: &str, rows: usize, names: &[&str]) {
    assert!(is_plain(text), "{command} --csv: {text}");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let user = reader.headers().expect("a heading").iter().position(|name| name == "user").expect("users");
    let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("CSV");
    assert_eq!(records.len(), rows, "{command} --csv");
    for cell in records.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{command}: {cell:?} is a formula");
    }
    for name in names {
        let bare = |text: &str| text.replace('\'', "");
        let is_it = |record: &csv::StringRecord| bare(&record[user]) == bare(name);
        assert!(records.iter().any(is_it), "{command}: no {name:?}");
    }
}

/// What no account can be called, and what libpam hands over that is no text at all.
fn refused_names() {
    let host = Host::new();
    let made = create_for(&host.daemon, "alice", "phone", json!({}));
    for name in [
        "a\u{1b}[2Jb",
        "a\r\nb",
        "a\nrefused reason=accepted",
        "a\u{202e}b",
        "a\u{200b}b",
        "a\u{9b}b",
        &"x".repeat(256),
    ] {
        for args in [json!({"user": name, "name": "x"}), json!({"user": "bob", "name": name})] {
            assert_eq!(refused(&host.daemon, "create", args).0, "invalid", "{name:?}");
        }
        assert_eq!(host.login("imap", name, b"192.0.2.7", &made), Code::AUTH_ERR, "{name:?}");
    }
    for user in [&b"\xff\xfe"[..], b"alice\xc3", b"\x80"] {
        assert_eq!(host.login("imap", user, b"192.0.2.7", &made), Code::AUTH_ERR);
    }
    // An address that can't be framed: no login is worth that.
    for rhost in [&b"\x1b[2J"[..], b"192.0.2.7\r\n", b"\xff\xff", &[b'x'; 256]] {
        assert_eq!(host.login("imap", "alice", rhost, &made), Code::AUTH_ERR);
    }
    let before = json!({"user": "alice"});
    assert_eq!(done(&host.daemon, "list", before)["app_passwords"][0]["last_use"], Value::Null);
    assert_eq!(host.login("imap", "alice", b"", &made), Code::SUCCESS);
    let log = host.daemon.settled_log();
    assert!(is_plain(&log), "{log}");
    let verdicts = |word: &str| log.lines().filter(|line| line.contains(word)).count();
    assert_eq!(verdicts(": accepted reason="), 1, "{log}");
    let events = host.apppw(&["events"]);
    assert_eq!(events.lines().count(), 2, "{events}");
    assert!(is_plain(&events));
    let users = host.apppw(&["users", "--json"]);
    assert_eq!(
        serde_json::from_str::<Value>(&users).expect("JSON")["users"].as_array().map(Vec::len),
        Some(1)
    );
}
