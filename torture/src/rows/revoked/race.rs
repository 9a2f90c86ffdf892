//! What the threads of a race share: the sockets, the app passwords there are, the history.

use super::model::{Account, Action, Service};
use crate::linear::Event;
use apppw_admin::{Client, ClientError, Verb};
use apppw_proto::frame::{Reply, Verdict};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::frames::{Ask, canonical};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Longest that a machine may take for an answer before something hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Accounts whose changes are by name; those behind them are renamed, and changed by id only.
pub const NAMED: usize = 6;

/// All accounts.
pub const ACCOUNTS: usize = 8;

/// App passwords of an account that are tried again and again.
const TRIED: usize = 24;

/// An app password, as its owner knows it.
#[derive(Debug)]
pub struct Credential {
    pub account: Account,
    pub id: String,
    /// The id's number.
    pub bits: usize,
    pub secret: String,
    /// The number of the first one of its rotations.
    pub family: usize,
    /// Whether its first use locks it to a service.
    pub pinned: bool,
    /// Whether it is ended for sure: a hint for who chooses what to do.
    pub ended: AtomicBool,
}

/// What is shared.
pub struct Race {
    pub auth: PathBuf,
    pub admin: PathBuf,
    begun: Instant,
    /// The wall clock when this began, in nanoseconds since 1970.
    wall: u64,
    tried: RwLock<Vec<Vec<Arc<Credential>>>>,
    all: Mutex<Vec<Arc<Credential>>>,
    pub attempts: AtomicU64,
    pub wanted: u64,
    names: AtomicU64,
    pub findings: Mutex<Vec<String>>,
    pub counts: Mutex<BTreeMap<&'static str, u64>>,
    /// When the daemon was killed, and when it served again.
    pub kills: Mutex<Vec<(u64, u64)>>,
}

/// What one thread has seen.
#[derive(Default)]
pub struct Log {
    pub events: Vec<Event<Action>>,
    counts: BTreeMap<&'static str, u64>,
}

impl Log {
    pub fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }
}

/// An account's name.
pub fn name(account: Account, renamed: bool) -> String {
    format!("{}{account}@example.org", if renamed { "also" } else { "user" })
}

impl Race {
    pub fn new(daemon: &Apppwd, wanted: u64) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            auth: daemon.auth_socket(),
            admin: daemon.admin_socket(),
            begun: Instant::now(),
            wall: u64::try_from(since.as_nanos()).unwrap_or_default(),
            tried: RwLock::new(vec![Vec::new(); ACCOUNTS]),
            all: Mutex::default(),
            attempts: AtomicU64::new(0),
            wanted,
            names: AtomicU64::new(0),
            findings: Mutex::default(),
            counts: Mutex::default(),
            kills: Mutex::default(),
        }
    }

    /// Whether the attempts are not yet as many as they are to be.
    pub fn goes_on(&self) -> bool {
        self.attempts.load(Ordering::Relaxed) < self.wanted
    }

    /// Nanoseconds since the race began.
    pub fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// How far the wall clock has moved against the race's since it began, in nanoseconds.
    pub fn drift(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = u64::try_from(since.as_nanos()).unwrap_or_default();
        wall.cast_signed() - self.wall.cast_signed() - self.now().cast_signed()
    }

    /// When that second of the wall clock begins, if it keeps going as it did when the race began.
    pub fn at_second(&self, second: i64) -> u64 {
        u64::try_from(second).unwrap_or_default().saturating_mul(1_000_000_000).saturating_sub(self.wall)
    }

    pub fn find(&self, text: String) {
        self.findings.lock().expect("unpoisoned").push(text);
    }

    /// Takes in what a thread has counted, and gives back what it has seen.
    pub fn take(&self, log: Log) -> Vec<Event<Action>> {
        let mut counts = self.counts.lock().expect("unpoisoned");
        for (what, n) in log.counts {
            *counts.entry(what).or_default() += n;
        }
        log.events
    }

    /// One of the app passwords that are tried; mostly one that may be open.
    pub fn one_of(&self, account: Account, draw: u64) -> Option<Arc<Credential>> {
        let tried = self.tried.read().expect("unpoisoned");
        let these = tried.get(account).filter(|these| !these.is_empty())?;
        let first = usize::try_from(draw >> 8).unwrap_or(0) % these.len();
        if !draw.is_multiple_of(8) {
            let open = these.iter().cycle().skip(first).take(these.len());
            if let Some(open) = open.into_iter().find(|one| !one.ended.load(Ordering::Relaxed)) {
                return Some(Arc::clone(open));
            }
        }
        Some(Arc::clone(&these[first]))
    }

    /// How many of an account's may be open.
    pub fn open(&self, account: Account) -> usize {
        let tried = self.tried.read().expect("unpoisoned");
        tried[account].iter().filter(|one| !one.ended.load(Ordering::Relaxed)).count()
    }

    /// All that there ever were.
    pub fn all(&self) -> Vec<Arc<Credential>> {
        self.all.lock().expect("unpoisoned").clone()
    }

    fn add(&self, credential: Credential) -> Arc<Credential> {
        let credential = Arc::new(credential);
        self.all.lock().expect("unpoisoned").push(Arc::clone(&credential));
        let mut tried = self.tried.write().expect("unpoisoned");
        let these = &mut tried[credential.account];
        these.push(Arc::clone(&credential));
        if these.len() > TRIED {
            let oldest = these.iter().position(|one| one.ended.load(Ordering::Relaxed)).unwrap_or(0);
            these.remove(oldest);
        }
        credential
    }

    /// A login, noted.
    pub fn login(&self, credential: &Credential, service: Service, renamed: bool, log: &mut Log) {
        let user = name(credential.account, renamed);
        let ask = Ask::login(&user, service.name(), "192.0.2.7", &credential.secret);
        let called = self.now();
        let verdict = self.answer(&ask.bytes(), log);
        let answered = self.now();
        let bits = credential.bits;
        // What an answer that was lost has done to a pin is not known.
        let pin = Event {
            operation: Action::Pin { credential: bits, service },
            called,
            answered,
            may_be_lost: true,
        };
        if credential.pinned && !renamed && verdict != Some(Verdict::Accepted) {
            log.events.push(pin);
        }
        let Some(verdict) = verdict else { return };
        let operation = match verdict {
            Verdict::Accepted if credential.pinned => Action::FirstUse { credential: bits, service },
            verdict => Action::Login { credential: bits, service, renamed, verdict },
        };
        log.events.push(Event { operation, called, answered, may_be_lost: false });
    }

    /// A secret that nobody has, or whether the primary password may be used; noted.
    pub fn nothing(&self, account: Account, renamed: bool, kind: u8, secret: &str, log: &mut Log) {
        let user = name(account, renamed);
        let secret = if kind == 1 { secret } else { "" };
        let ask = Ask { kind, ..Ask::login(&user, "imap", "192.0.2.7", secret) };
        let called = self.now();
        let Some(verdict) = self.answer(&ask.bytes(), log) else { return };
        let operation = Action::Nothing { account, renamed, verdict };
        log.events.push(Event { operation, called, answered: self.now(), may_be_lost: false });
    }

    /// The verdict; `None`: there was none, for the daemon was killed, or says that it can't tell.
    fn answer(&self, frame: &[u8], log: &mut Log) -> Option<Verdict> {
        match self.exchange(frame) {
            Ok(received) if received.is_empty() => {
                log.count("logins cut off");
                None
            }
            Ok(received) => match Reply::decode(&received, 1) {
                Ok(reply) if reply.verdict == Verdict::Unavailable => {
                    log.count("logins unavailable");
                    None
                }
                Ok(reply) => {
                    log.count(match reply.verdict {
                        Verdict::Accepted => "accepted",
                        Verdict::Refused => "refused",
                        _ => "not mine",
                    });
                    self.attempts.fetch_add(1, Ordering::Relaxed);
                    Some(reply.verdict)
                }
                Err(error) => {
                    self.find(format!("a reply that is none: {error}: {received:?}"));
                    None
                }
            },
            Err(error) => {
                if error.kind() == std::io::ErrorKind::WouldBlock {
                    self.find(format!("a login without an answer for {PATIENCE:?}"));
                }
                log.count("logins cut off");
                None
            }
        }
    }

    fn exchange(&self, frame: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut stream = UnixStream::connect(&self.auth)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(frame)?;
        let mut received = Vec::new();
        stream.read_to_end(&mut received)?;
        Ok(received)
    }

    /// Asks for a change: what was answered. `Err(true)`: it was refused, and nothing has changed;
    /// `Err(false)`: nobody knows.
    pub fn ask(&self, verb: Verb, args: &Value, log: &mut Log) -> Result<Value, bool> {
        let mut client = Client::connect_with_timeout(&self.admin, PATIENCE).map_err(|_| true)?;
        match client.call(verb, args) {
            Ok(answer) => {
                log.count(verb.name());
                Ok(answer)
            }
            Err(ClientError::Refused(error)) => {
                let code = format!("{:?}", error.code);
                if ["NotFound", "Invalid", "Exists", "Limit", "Denied"].contains(&code.as_str()) {
                    log.count("changes refused");
                } else {
                    self.find(format!("{} was answered {error}", verb.name()));
                }
                Err(true)
            }
            Err(_) => {
                log.count("changes without an answer");
                Err(false)
            }
        }
    }

    /// A change, noted: `done` says what it was by the answer, `lost` what it may have been if there
    /// is none.
    pub fn change(
        &self,
        verb: Verb,
        args: &Value,
        log: &mut Log,
        done: impl FnOnce(&Value) -> Action,
        lost: &[Action],
    ) -> Option<Value> {
        let called = self.now();
        match self.ask(verb, args, log) {
            Ok(answer) => {
                let answered = self.now();
                log.events.push(Event { operation: done(&answer), called, answered, may_be_lost: false });
                Some(answer)
            }
            Err(true) => None,
            Err(false) => {
                let answered = self.now();
                for action in lost {
                    let operation = action.clone();
                    log.events.push(Event { operation, called, answered, may_be_lost: true });
                }
                None
            }
        }
    }

    /// Makes one; `more` is said beside its name.
    pub fn create(&self, account: Account, more: Value, log: &mut Log) -> Option<Arc<Credential>> {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        let mut args = json!({"user": name(account, false), "name": format!("device {number}"), "services": ["mail", "chat"]});
        let pinned = more.get("pin").is_some();
        for (key, value) in more.as_object().into_iter().flatten() {
            args[key] = value.clone();
        }
        let called = self.now();
        let lost = [Action::Enroll { account }];
        let done = |answer: &Value| Action::Create { credential: bits_of(answer), account, pinned };
        let answer = self.change(Verb::Create, &args, log, done, &lost)?;
        self.note_expiry(account, &answer["app_password"], called, log);
        Some(self.add(made(account, pinned, None, &answer)))
    }

    /// Puts a new one in the place of another.
    pub fn rotate(&self, old: &Credential, grace: &str, log: &mut Log) {
        let (account, called) = (old.account, self.now());
        let args = json!({"id": old.id, "grace": grace});
        let done = |answer: &Value| Action::Rotate { old: old.bits, new: bits_of(answer), account };
        match self.ask(Verb::Rotate, &args, log) {
            Ok(answer) => {
                let answered = self.now();
                log.events.push(Event { operation: done(&answer), called, answered, may_be_lost: false });
                // As long a life as the old one was given.
                self.note_expiry(account, &answer["app_password"], called, log);
                if let Ok(shown) = self.ask(Verb::Show, &json!({"id": old.id}), log) {
                    self.note_expiry(account, &shown["app_password"], called, log);
                } else {
                    self.may_expire(old, called, log);
                }
                self.add(made(account, false, Some(old.family), &answer));
            }
            Err(true) => {}
            // The new one's secret is not known, and when the old one ends neither.
            Err(false) => self.may_expire(old, called, log),
        }
    }

    fn may_expire(&self, old: &Credential, called: u64, log: &mut Log) {
        let operation = Action::Expire { credential: old.bits, account: old.account };
        log.events.push(Event { operation, called, answered: u64::MAX, may_be_lost: true });
    }

    /// That it expires, if the answer says so.
    fn note_expiry(&self, account: Account, app_password: &Value, called: u64, log: &mut Log) {
        /// What the two clocks may differ by.
        const SLACK: u64 = 5_000_000;
        let Some(second) = app_password["expires"].as_i64() else { return };
        let (at, answered) = (self.at_second(second), self.now());
        log.events.push(Event {
            operation: Action::Expire { credential: number_of(app_password), account },
            called: at.saturating_sub(SLACK).max(called),
            answered: at.saturating_add(SLACK).max(answered),
            may_be_lost: false,
        });
    }
}

/// The number of an id in an answer.
fn number_of(app_password: &Value) -> usize {
    numbers(std::slice::from_ref(&app_password["id"])).first().copied().unwrap_or_default()
}

fn bits_of(answer: &Value) -> usize {
    number_of(&answer["app_password"])
}

/// The numbers of ids.
pub fn numbers(ids: &[Value]) -> Vec<usize> {
    ids.iter()
        .filter_map(|id| id.as_str()?.parse::<apppw_admin::AppPasswordId>().ok())
        .filter_map(|id| usize::try_from(id.bits()).ok())
        .collect()
}

/// The numbers of those that an answer says were, or now are, changed.
pub fn changed(answer: &Value) -> Vec<usize> {
    let ids = |key: &str| answer[key].as_array().map_or(&[][..], Vec::as_slice).to_vec();
    numbers(&[ids("ids"), ids("already")].concat())
}

fn made(account: Account, pinned: bool, family: Option<usize>, answer: &Value) -> Credential {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Credential {
        account,
        id: text(&answer["app_password"]["id"]),
        bits: bits_of(answer),
        secret: canonical(&text(&answer["secret"])),
        family: family.unwrap_or_else(|| bits_of(answer)),
        pinned,
        ended: AtomicBool::new(false),
    }
}
