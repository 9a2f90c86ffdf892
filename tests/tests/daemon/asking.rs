//! What is asked again and again, in few words: verbs as JSON, logins by their reason.

use apppw_proto::frame::Verdict;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::frames::{Ask, canonical};
use apppw_tests::lines::{Lines, code, field};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A virtual user.
pub const USER: &str = "alice@example.org";

/// Another one.
pub const OTHER: &str = "bob@example.org";

/// An app password, as its owner knows it.
#[derive(Debug, Clone)]
pub struct Made {
    /// Its id.
    pub id: String,
    /// As it goes over the socket.
    pub secret: String,
    /// The whole answer.
    pub answer: Value,
}

/// A site with cheap Argon2id and the usual limits. Top-level keys can't be in `config`.
pub fn site(config: &str) -> Site {
    let argon2 = CHEAP_ARGON2.split("[limits]").next().unwrap_or_default();
    Site::new(&format!("{argon2}{config}"))
}

/// Stops, puts another configuration in its place, and hands the site back.
pub fn reconfigured(daemon: Apppwd, config: &str) -> Site {
    let (status, site) = daemon.stop();
    assert!(status.success(), "{status}");
    let paths: String = site.config().lines().take(4).flat_map(|line| [line, "\n"]).collect();
    let argon2 = CHEAP_ARGON2.split("[limits]").next().unwrap_or_default();
    site.write_config(&format!("{paths}{argon2}{config}"));
    site
}

/// Asks for a verb, as whoever this thread is.
pub fn ask(daemon: &Apppwd, verb: &str, args: Value) -> Value {
    Lines::connect(&daemon.admin_socket()).call(verb, &args)
}

/// The same, where it has to be done.
#[track_caller]
pub fn done(daemon: &Apppwd, verb: &str, args: Value) -> Value {
    let answer = ask(daemon, verb, args);
    assert!(answer.get("ok").is_some(), "{verb}: {answer}");
    answer["ok"].clone()
}

/// The same, where it has to be refused: code and field.
#[track_caller]
pub fn refused(daemon: &Apppwd, verb: &str, args: Value) -> (String, String) {
    let answer = ask(daemon, verb, args);
    (code(&answer).to_owned(), field(&answer).unwrap_or_default().to_owned())
}

/// The same, in one word.
pub fn outcome(answer: &Value) -> &str {
    if answer.get("ok").is_some() { "ok" } else { code(answer) }
}

/// Creates or rotates.
#[track_caller]
pub fn make(daemon: &Apppwd, verb: &str, args: Value) -> Made {
    made(done(daemon, verb, args))
}

/// What an answer gave.
pub fn made(answer: Value) -> Made {
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    Made { id: text(&answer["app_password"]["id"]), secret: canonical(&text(&answer["secret"])), answer }
}

/// An app password of [`USER`] with that name, and what else is said.
#[track_caller]
pub fn create(daemon: &Apppwd, name: &str, more: Value) -> Made {
    create_for(daemon, USER, name, more)
}

/// The same of anyone.
#[track_caller]
pub fn create_for(daemon: &Apppwd, user: &str, name: &str, more: Value) -> Made {
    let mut args = json!({"user": user, "name": name});
    for (key, value) in more.as_object().into_iter().flatten() {
        args[key] = value.clone();
    }
    make(daemon, "create", args)
}

/// Every app password as `list` tells it, the ended ones too, without its last use.
pub fn all(daemon: &Apppwd) -> Vec<Value> {
    let listed = done(daemon, "list", json!({"all": true}));
    let mut all = listed["app_passwords"].as_array().expect("a list").clone();
    all.iter_mut().filter_map(Value::as_object_mut).for_each(|one| drop(one.remove("last_use")));
    all
}

/// One of them.
#[track_caller]
pub fn show(daemon: &Apppwd, id: &str) -> Value {
    done(daemon, "show", json!({"id": id}))["app_password"].clone()
}

/// Its state.
#[track_caller]
pub fn state(daemon: &Apppwd, id: &str) -> String {
    show(daemon, id)["state"].as_str().expect("a state").to_owned()
}

/// Why a login at `service` from `rhost` is judged as it is. For one thread alone: the next
/// verdict in the log is taken for this one's.
#[track_caller]
pub fn login(daemon: &Apppwd, user: &str, secret: &str, service: &str, rhost: &str) -> String {
    reason(daemon, &Ask::login(user, service, rhost, secret))
}

/// Why a login of [`USER`] at `imap` is judged as it is.
#[track_caller]
pub fn imap(daemon: &Apppwd, made: &Made) -> String {
    login(daemon, USER, &made.secret, "imap", "192.0.2.7")
}

/// Why a primary password may be used or not.
#[track_caller]
pub fn primary(daemon: &Apppwd, user: &str, service: &str, rhost: &str) -> String {
    let ask = Ask {
        kind: 2,
        user: user.as_bytes(),
        service: service.as_bytes(),
        rhost: rhost.as_bytes(),
        secret: b"",
        ..Ask::default()
    };
    reason(daemon, &ask)
}

/// Reports that a primary password was used.
pub fn primary_was_used(daemon: &Apppwd, user: &str, service: &str, rhost: &str) {
    let ask = Ask {
        kind: 3,
        user: user.as_bytes(),
        service: service.as_bytes(),
        rhost: rhost.as_bytes(),
        secret: b"",
        ..Ask::default()
    };
    assert_eq!(reason(daemon, &ask), "primary-used");
}

/// Asks, and waits for the reason in the log.
#[track_caller]
pub fn reason(daemon: &Apppwd, ask: &Ask<'_>) -> String {
    reason_in(&line(daemon, ask)).to_owned()
}

/// The reason of a verdict's line.
pub fn reason_in(line: &str) -> &str {
    let after = line.split_once(" reason=").map_or("", |(_, after)| after);
    after.split_whitespace().next().unwrap_or_default()
}

/// Asks, and waits for the whole line in the log.
#[track_caller]
pub fn line(daemon: &Apppwd, ask: &Ask<'_>) -> String {
    let before = daemon.log().len();
    let verdict = ask.send(&daemon.auth_socket()).verdict;
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let log = daemon.log();
        let line = log[before..].split_inclusive('\n').find(|l| l.contains(" reason=") && l.ends_with('\n'));
        if let Some((line, (before, _))) = line.and_then(|line| Some((line, line.split_once(" reason=")?))) {
            let word = match verdict {
                Verdict::Accepted => "accepted",
                Verdict::Refused => "refused",
                Verdict::NotMine => "not-mine",
                _ => "unavailable",
            };
            assert!(before.ends_with(word), "answered {verdict:?}, but logged {before}");
            return line.trim_end_matches('\n').to_owned();
        }
        assert!(Instant::now() < deadline, "no verdict in:\n{log}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Waits until something is so: what happens behind the answers. Patient: a busy machine's disk may
/// take its time.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(300);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within five minutes: {what}");
        std::thread::sleep(Duration::from_millis(4));
    }
}

/// What is in the journal.
pub fn journal(site: &Site) -> String {
    std::fs::read_to_string(site.path("key/journal.log")).expect("the journal")
}
