//! Those who log in and change things all the time, and what they see.

use super::faults::Faults;
use crate::random::Random;
use apppw_admin::{Client, Verb};
use apppw_proto::frame::{Reply, Verdict};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::frames::{Ask, canonical};
use serde_json::{Value, json};
use socket2::{Domain, SockAddr, Socket, Type};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Threads that log in.
pub const LOGIN_THREADS: u64 = 20;

/// How often each does: 200 times a second all together.
const EVERY: Duration = Duration::from_millis(100);

/// What a login has time for: the most that the module may be given.
pub const DEADLINE: Duration = Duration::from_secs(8);

/// Descriptors that the daemon may need for these clients: a connection each, and its own.
pub const MOST_DESCRIPTORS: usize = 200;

/// Most findings that are told.
const TOLD: usize = 20;

/// Accounts, and app passwords of each.
const ACCOUNTS: usize = 6;
const EACH: usize = 3;

/// What was counted.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    accepted: u64,
    refused: u64,
    failed_in_fault: u64,
    changes: u64,
    changes_failed_in_fault: u64,
    left_out: u64,
    left_out_without_fault: u64,
    too_slow: u64,
}

impl Counts {
    /// What must not be: far fewer logins than there were to be, and no fault to explain it.
    pub fn shortfall(&self) -> Option<String> {
        let (done, missing) = (self.accepted + self.refused, self.left_out_without_fault);
        (missing > done / 20).then(|| format!("{missing} logins left out without a fault, beside {done}"))
    }

    /// For the report.
    pub fn named(&self) -> [(&'static str, u64); 8] {
        [
            ("accepted", self.accepted),
            ("refused", self.refused),
            ("logins failed while a fault was on", self.failed_in_fault),
            ("changes", self.changes),
            ("changes failed while a fault was on", self.changes_failed_in_fault),
            ("logins left out because the last one took too long", self.left_out),
            ("of these, without a fault", self.left_out_without_fault),
            ("what took longer than this machine has time for", self.too_slow),
        ]
    }
}

/// What all have seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// In all.
    pub total: Counts,
    before: Counts,
    /// Of this minute's logins, in microseconds.
    times: Vec<u64>,
    /// The daemon's memory by the minute.
    pub minutes: Vec<u64>,
    /// What must not be.
    pub findings: Vec<String>,
}

impl Seen {
    /// Ends a minute: what was in it.
    pub fn end_minute(&mut self, kib: u64) -> String {
        let (now, before) = (self.total, self.before);
        self.times.sort_unstable();
        let at = |share: usize| self.times.get(self.times.len() * share / 1000).copied().unwrap_or_default();
        let most = self.times.last().copied().unwrap_or_default();
        let text = format!(
            "{} accepted, {} refused, {} failed in a fault, {} changes ({} failed), {} findings, {}/{}/{most} us (median/99.9 %/most)",
            now.accepted - before.accepted,
            now.refused - before.refused,
            now.failed_in_fault - before.failed_in_fault,
            now.changes - before.changes,
            now.changes_failed_in_fault - before.changes_failed_in_fault,
            self.findings.len(),
            at(500),
            at(999),
        );
        self.before = now;
        self.times.clear();
        self.minutes.push(kib);
        text
    }

    fn find(&mut self, text: String) {
        if self.findings.len() < TOLD {
            self.findings.push(text);
        }
    }
}

/// A secret, and what is answered to it.
struct Known {
    user: String,
    secret: String,
    wanted: Verdict,
}

/// The clients.
pub struct Honest {
    auth: PathBuf,
    admin: PathBuf,
    known: Vec<Known>,
    /// Whether this is a short run, perhaps on a busy machine.
    is_short: bool,
}

impl Honest {
    /// With some app passwords of their own, live and revoked.
    pub fn new(daemon: &Apppwd, is_short: bool) -> Self {
        let mut known = Vec::new();
        for account in 0..ACCOUNTS {
            let user = format!("user{account}@example.org");
            for number in 0..EACH {
                let created = daemon.create(&user, &format!("device {number}"), &[]);
                let is_revoked = number == 0 && account % 2 == 0;
                if is_revoked {
                    daemon.revoke(created.app_password.id);
                }
                let wanted = if is_revoked { Verdict::Refused } else { Verdict::Accepted };
                known.push(Known { user: user.clone(), secret: canonical(created.secret.expose()), wanted });
            }
            let secret = "0000000000000000".to_owned();
            known.push(Known { user, secret, wanted: Verdict::Refused });
        }
        Self { auth: daemon.auth_socket(), admin: daemon.admin_socket(), known, is_short }
    }

    /// Logs in again and again, at fixed times.
    pub fn log_in(&self, client: u64, seen: &Mutex<Seen>, faults: &Faults, is_over: &AtomicBool) {
        let mut random = Random::of(client, 17);
        let mut next = Instant::now() + EVERY * u32::try_from(client).unwrap_or(0) / 20;
        while !is_over.load(Ordering::Relaxed) {
            let now = Instant::now();
            std::thread::sleep(next.saturating_duration_since(now));
            next += EVERY;
            let known = random.one_of(&self.known);
            let from = Instant::now();
            let verdict = login(&self.auth, &known.user, &known.secret);
            let until = Instant::now();
            let mut left_out = 0;
            while next + EVERY < until {
                next += EVERY;
                left_out += 1;
            }
            let mut seen = seen.lock().expect("unpoisoned");
            seen.total.left_out += left_out;
            if left_out > 0 && !faults.excuse(true, from, until) {
                seen.total.left_out_without_fault += left_out;
            }
            match verdict {
                Ok(verdict) if verdict == known.wanted => {
                    let took = (until - from).as_micros();
                    seen.times.push(u64::try_from(took).unwrap_or(u64::MAX));
                    match verdict {
                        Verdict::Accepted => seen.total.accepted += 1,
                        _ => seen.total.refused += 1,
                    }
                }
                Ok(verdict) if verdict != Verdict::Unavailable => {
                    seen.find(format!(
                        "{} was answered {verdict:?} instead of {:?}",
                        known.user, known.wanted
                    ));
                }
                _ if faults.excuse(true, from, until) => seen.total.failed_in_fault += 1,
                _ if self.is_short && until - from >= DEADLINE => seen.total.too_slow += 1,
                failed => {
                    let took = until - from;
                    seen.find(format!("a login failed without a fault after {took:?}: {failed:?}"));
                }
            }
        }
    }

    /// Creates, tries, suspends, resumes, revokes, tries again; so often.
    pub fn change(&self, every: Duration, seen: &Mutex<Seen>, faults: &Faults, is_over: &AtomicBool) {
        let mut number = 0_u64;
        while !is_over.load(Ordering::Relaxed) {
            std::thread::sleep(every);
            number += 1;
            let from = Instant::now();
            let done = self.one_life(number);
            let until = Instant::now();
            let mut seen = seen.lock().expect("unpoisoned");
            match done {
                Ok(()) => seen.total.changes += 1,
                Err(_) if faults.excuse(false, from, until) => seen.total.changes_failed_in_fault += 1,
                Err(_) if self.is_short && until - from >= DEADLINE => seen.total.too_slow += 1,
                Err(why) => seen.find(format!("a change failed without a fault: {why}")),
            }
        }
    }

    fn one_life(&self, number: u64) -> Result<(), String> {
        let user = format!("user{}@example.org", number % 6);
        let created =
            self.ask(Verb::Create, &json!({"user": user, "name": format!("of the soak {number}")}))?;
        let secret = canonical(created["secret"].as_str().unwrap_or_default());
        let ids = json!({"ids": [created["app_password"]["id"]]});
        let ended = self.its_life(&user, &secret, &ids);
        if ended.is_err() {
            // What is left behind would add up.
            let _ = self.ask(Verb::Revoke, &ids);
        }
        ended
    }

    fn its_life(&self, user: &str, secret: &str, ids: &Value) -> Result<(), String> {
        self.is(user, secret, Verdict::Accepted)?;
        self.ask(Verb::Suspend, ids)?;
        self.is(user, secret, Verdict::Refused)?;
        self.ask(Verb::Resume, ids)?;
        self.is(user, secret, Verdict::Accepted)?;
        self.ask(Verb::Revoke, ids)?;
        self.is(user, secret, Verdict::Refused)
    }

    fn is(&self, user: &str, secret: &str, wanted: Verdict) -> Result<(), String> {
        match login(&self.auth, user, secret) {
            Ok(verdict) if verdict == wanted => Ok(()),
            other => Err(format!("{other:?} instead of {wanted:?}")),
        }
    }

    fn ask(&self, verb: Verb, args: &Value) -> Result<Value, String> {
        let client = Client::connect(&self.admin).map_err(|e| e.to_string());
        client?.call(verb, args).map_err(|e| format!("{}: {e}", verb.name()))
    }
}

/// How a login is tried.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// At which service.
    pub service: &'static str,
    /// Within which time.
    pub deadline: Duration,
}

fn login(socket: &Path, user: &str, secret: &str) -> std::io::Result<Verdict> {
    login_within(socket, user, secret, Wanted { service: "imap", deadline: DEADLINE })
}

/// One login, as the module does it.
pub fn login_within(socket: &Path, user: &str, secret: &str, wanted: Wanted) -> std::io::Result<Verdict> {
    let Wanted { service, deadline } = wanted;
    let begun = Instant::now();
    let deadline_ms = u32::try_from(deadline.as_millis()).unwrap_or(u32::MAX);
    let frame = Ask { deadline_ms, ..Ask::login(user, service, "192.0.2.7", secret) }.bytes();
    let mut stream = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // The write timeout bounds connect(2) too (unix(7)).
    stream.set_write_timeout(Some(deadline))?;
    stream.connect(&SockAddr::unix(socket)?)?;
    stream.write_all(&frame)?;
    let left = deadline.saturating_sub(begun.elapsed()).max(Duration::from_millis(1));
    stream.set_read_timeout(Some(left))?;
    let mut received = Vec::new();
    stream.read_to_end(&mut received)?;
    match Reply::decode(&received, 1) {
        Ok(reply) => Ok(reply.verdict),
        Err(error) => Err(std::io::Error::other(format!("{error}: {received:?}"))),
    }
}
