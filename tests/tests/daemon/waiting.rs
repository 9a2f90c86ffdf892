//! `apppw wait` and `create --wait`: what goes wrong is told as it happens, with what to do; and what is told of servers.

use super::Case;
use super::asking::{
    Made, USER, create, done, imap, login, primary, primary_was_used, reason, site, wait_until,
};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::frames::Ask;
use apppw_tests::pam::{Code, Confdir, Login};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("each_failure_is_told_with_its_sentence_and_the_login_ends_it", sentences),
        Case::new("a_new_app_password_is_waited_for", creation),
        Case::new("a_restart_is_told_and_waited_for", restart),
        Case::new("what_is_revoked_is_waited_for_no_more", revoked),
        Case::new("through_the_module_too", through_the_module),
        Case::new("servers_are_told_by_scope", servers),
    ]
}

/// `apppw` under way.
struct Waiting {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Waiting {
    fn new(daemon: &Apppwd, args: &[&str]) -> Self {
        let mut command = daemon.cli(args);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("apppw can be started");
        let lines = BufReader::new(child.stdout.take().expect("its output"));
        Self { child, lines }
    }

    /// `apppw wait`, once it watches.
    fn on(daemon: &Apppwd, made: &Made) -> Self {
        let mut waiting = Self::new(daemon, &["wait", &made.id, "--for", "5m"]);
        let begun = waiting.line();
        assert!(begun.starts_with("Waiting up to 5m for a login"), "{begun}");
        waiting
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    /// The next attempt with its sentences: lines that are indented belong to the one before.
    fn told(&mut self) -> String {
        let mut told = self.line();
        // It is written in one piece.
        while self.lines.buffer().first() == Some(&b' ') {
            told = format!("{told} {}", self.line().trim());
        }
        told
    }

    /// Its status, and what it said besides.
    fn end(mut self) -> (i32, String, String) {
        let (mut rest, mut errors) = (String::new(), String::new());
        self.lines.read_to_string(&mut rest).expect("the rest");
        self.child.stderr.take().expect("its errors").read_to_string(&mut errors).expect("errors");
        (self.child.wait().expect("its end").code().unwrap_or(-1), rest, errors)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sentences() {
    let daemon = site("[policy]\nprimary = \"refuse-enrolled\"\n").start();
    let wanted = create(&daemon, "new phone", json!({"networks": ["192.0.2.0/24"]}));
    let old = create(&daemon, "old phone", json!({}));
    daemon.revoke(old.id.parse().expect("an id"));
    let tablet = create(&daemon, "tablet", json!({}));
    let idle = create(&daemon, "idle", json!({}));
    done(&daemon, "suspend", json!({"ids": [idle.id]}));
    let short = create(&daemon, "short", json!({"expires": {"after": "1s"}}));
    wait_until("it is over", || imap(&daemon, &short) == "expired");
    let pinned = create(&daemon, "pinned", json!({"pin": ["service", "network"]}));
    assert_eq!(imap(&daemon, &pinned), "accepted");

    let mistyped = Ask { kind: 2, flags: 1, secret: b"", ..Ask::default() };
    let switch = |on: bool| done(&daemon, "panic", json!({"on": on}));
    let lock = |verb: &str| done(&daemon, verb, json!({"user": USER}));
    let try_it = |made: &Made, service: &str, rhost: &str| login(&daemon, USER, &made.secret, service, rhost);
    let mut waiting = Waiting::on(&daemon, &wanted);
    // Told before the next one is tried: alike ones would be one.
    let mut told = |reason: String, wanted: &[&str]| {
        let told = waiting.told();
        assert!(told.contains(&format!(": {reason}")), "{reason}: {told}");
        for part in wanted {
            assert!(told.contains(part), "{part}: {told}");
        }
    };
    told(
        try_it(&wanted, "xmpp", "192.0.2.7"),
        &["Refused via xmpp from 192.0.2.7: wrong-service", "not for this service"],
    );
    told(
        try_it(&wanted, "imap", "198.51.100.1"),
        &["wrong-network", "not from this address", "--network CIDR"],
    );
    told(try_it(&wanted, "imap", ""), &["Refused via imap: no-address", "doesn't say where"]);
    told(try_it(&wanted, "gopher", "192.0.2.7"), &["service-in-no-group", "[groups]"]);
    told(reason(&daemon, &mistyped), &["mistyped", "a character is wrong"]);
    told(
        primary(&daemon, USER, "imap", "192.0.2.7"),
        &["primary-refused-enrolled", "Type the app password in its place"],
    );
    told(
        login(&daemon, USER, "0000000000000000", "imap", "192.0.2.7"),
        &["unknown-secret", "whether the user name is right"],
    );
    let old_one = format!("with another app password, {} \"old\u{a0}phone\"", old.id);
    told(imap(&daemon, &old), &[&old_one, "revoked", &format!("{} is the new one", wanted.id)]);
    told(imap(&daemon, &idle), &["suspended", "apppw resume ID"]);
    told(imap(&daemon, &short), &["expired", "Its time is over"]);
    told(try_it(&pinned, "smtp", "192.0.2.7"), &["pinned-service", "each program gets its own"]);
    told(try_it(&pinned, "imap", "203.0.113.7"), &["pinned-network", "locked to the network"]);
    switch(true);
    told(imap(&daemon, &wanted), &["panic", "apppw panic is on"]);
    switch(false);
    lock("user.lock");
    told(imap(&daemon, &wanted), &["account-locked", "apppw user USER unlock"]);
    lock("user.unlock");
    primary_was_used(&daemon, USER, "imap", "192.0.2.7");
    told(
        "primary-used".into(),
        &["Left to the next module via imap", "The primary password opened the service"],
    );
    assert_eq!(imap(&daemon, &tablet), "accepted");
    let told = waiting.told();
    assert!(told.contains(&format!("with another app password, {} \"tablet\"", tablet.id)), "{told}");
    assert!(told.contains("Type the new one into it"), "{told}");
    assert_eq!(imap(&daemon, &wanted), "accepted");
    let (status, rest, errors) = waiting.end();
    assert_eq!(
        (status, rest.as_str(), errors.as_str()),
        (0, "Logged in via imap from 192.0.2.7, just now\n", "")
    );
}

fn creation() {
    let daemon = site("").start();
    let mut waiting = Waiting::new(&daemon, &["create", USER, "phone", "--wait=5m", "--json"]);
    let created: Value = serde_json::from_str(&waiting.line()).expect("the document");
    let secret = created["secret"].as_str().expect("a secret").replace('-', "");
    // At once: the watch began before the secret was shown.
    assert_eq!(login(&daemon, USER, &secret, "xmpp", "192.0.2.7"), "wrong-service");
    assert_eq!(login(&daemon, USER, &secret, "imap", "192.0.2.7"), "accepted");
    let (status, rest, errors) = waiting.end();
    let lines: Vec<Value> = rest.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((status, errors.as_str(), lines.len()), (0, "", 2), "{rest}");
    assert_eq!(lines[0]["attempt"]["reason"], "wrong-service");
    assert_eq!(lines[1]["login"]["id"], created["id"]);
    assert!(!rest.contains(&secret), "{rest}");
    let run = daemon.cli(&["create", USER, "second", "--wait=1s"]).output().expect("apppw can be run");
    let said = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{said}");
    assert!(said.contains("within 1s; nothing was tried as alice@example.org"), "{said}");
}

fn restart() {
    let daemon = site("").start();
    let one = create(&daemon, "phone", json!({}));
    let mut waiting = Waiting::on(&daemon, &one);
    let site = daemon.kill();
    // Long enough to be seen.
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    let daemon = site.start();
    wait_until("it watches again", || done(&daemon, "metrics", json!({}))["watches"] == 1);
    login(&daemon, USER, &one.secret, "xmpp", "192.0.2.7");
    assert!(waiting.told().contains("wrong-service"));
    assert_eq!(imap(&daemon, &one), "accepted");
    let (status, rest, errors) = waiting.end();
    assert_eq!((status, rest.as_str()), (0, "Logged in via imap from 192.0.2.7, just now\n"), "{errors}");
    let said: Vec<&str> = errors.lines().collect();
    assert_eq!(said.len(), 3, "{errors}");
    assert!(said[0].ends_with("; still waiting") && said[1] == "apppw: apppwd answers again", "{errors}");
    assert!(said[2].contains("what was tried in the meantime is not known here"), "{errors}");
}

fn revoked() {
    let daemon = site("").start();
    let one = create(&daemon, "phone", json!({}));
    let waiting = Waiting::on(&daemon, &one);
    daemon.revoke(one.id.parse().expect("an id"));
    let (status, _, errors) = waiting.end();
    assert_eq!(status, 1);
    assert!(errors.contains(&format!("{} is revoked and opens nothing any more", one.id)), "{errors}");
}

/// As a mail server does it: libpam, the module, the daemon.
fn through_the_module() {
    let daemon = site("").start();
    let one = create(&daemon, "phone", json!({}));
    let confdir = Confdir::new();
    let module = apppw_tests::bin::module();
    let arguments = format!("socket={} server_uid={}", daemon.auth_socket().display(), nix::unistd::getuid());
    for service in ["imap", "xmpp"] {
        confdir.write(service, &format!("auth required {} {arguments}\n", module.display()));
    }
    let shown = one.answer["secret"].as_str().expect("a secret");
    let try_it = |service: &str, typed: &str| Login::new(service, USER).password(typed).try_once(&confdir);
    let mut waiting = Waiting::on(&daemon, &one);
    let wrong =
        if shown.starts_with('7') { shown.replacen('7', "8", 1) } else { format!("7{}", &shown[1..]) };
    for (service, typed, reason) in [
        ("imap", wrong.as_str(), "mistyped"),
        ("imap", "her own password", "primary-refused"),
        ("xmpp", shown, "wrong-service"),
    ] {
        assert_eq!(try_it(service, typed), Code::AUTH_ERR);
        let told = waiting.told();
        assert!(told.contains(&format!("Refused via {service} from 192.0.2.7: {reason}")), "{told}");
    }
    assert_eq!(try_it("imap", &shown.to_uppercase()), Code::SUCCESS);
    let (status, rest, errors) = waiting.end();
    assert_eq!(
        (status, rest.as_str(), errors.as_str()),
        (0, "Logged in via imap from 192.0.2.7, just now\n", "")
    );
}

fn servers() {
    let daemon = site(
        "[client]\nimap = \"imap.example.org\"\nsmtp = \"smtp.example.org:587\"\n\
         caldav = \"https://dav.example.org/{user}/\"\n",
    )
    .start();
    let all = create(&daemon, "laptop", json!({})).answer["client"].clone();
    assert_eq!(
        all,
        json!({
            "user": USER, "imap": {"host": "imap.example.org", "port": 993, "encryption": "tls"},
            "smtp": {"host": "smtp.example.org", "port": 587, "encryption": "starttls"},
        })
    );
    let printer = create(&daemon, "printer", json!({"services": ["smtp"]}));
    assert_eq!(printer.answer["client"]["imap"], Value::Null);
    assert_eq!(printer.answer["client"]["smtp"]["port"], 587);
    let rotated = done(&daemon, "rotate", json!({"id": printer.id}));
    assert_eq!(rotated["client"], printer.answer["client"]);
    let run =
        daemon.cli(&["create", USER, "calendar", "--service", "dav", "--json"]).output().expect("apppw");
    let document: Value = serde_json::from_slice(&run.stdout).expect("JSON");
    assert_eq!(document["client"]["caldav"], "https://dav.example.org/alice@example.org/");
    assert_eq!(create(&site("").start(), "laptop", json!({})).answer.get("client"), None);
}
