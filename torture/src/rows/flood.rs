//! Everybody wants all of the daemon at once: 5,000 idle connections, oversized and slow requests,
//! connection churn, wrong logins as fast as they go, on both sockets and from several uids; and
//! honest logins and changes all the while, of which none may fail.

use super::soak::clients::{Wanted, login_within};
use crate::random::Random;
use crate::row::{Cases, Outcome, Row};
use apppw_admin::{Client, Verb};
use apppw_proto::frame::Verdict;
use apppw_proto::secret::Secret;
use apppw_tests::activate::DAEMON_UID;
use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::frames::{Ask, canonical};
use apppw_tests::identity::Identity;
use serde_json::json;
use socket2::{Domain, SockAddr, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A uid that `[peers]` gives a service.
const PEER: u32 = 61_111;

/// One that has nothing.
const NOBODY: u32 = 65_534;

const CONFIG: &str = "[peers.61111]\nservices = [\"xmpp\"]\n[policy]\nprimary = \"refuse\"\n";

/// The module's own, and what a short run on a busy machine is given.
const DEADLINE: Duration = Duration::from_secs(3);
const PATIENT: Duration = Duration::from_secs(8);

/// Beside Argon2id's memory.
const MEMORY_KIB: u64 = 64 * 1024;
const ARGON2_KIB: u64 = 19_456;

/// The places of both sockets, and what it has open of its own.
const MOST_DESCRIPTORS: usize = 4096 + 256 + 128;

/// What the daemon may say besides verdicts: a line a minute for each kind, uid and socket, and what
/// it says of itself.
const MOST_LINES: u64 = 100;

/// What everybody shares.
struct Flood {
    auth: PathBuf,
    admin: PathBuf,
    is_over: AtomicBool,
    findings: Mutex<Vec<String>>,
    counts: [AtomicU64; COUNTS.len()],
    /// Idle connections that are open now.
    open: AtomicU64,
    deadline: Duration,
}

const COUNTS: [&str; 11] = [
    "honest logins",
    "honest changes",
    "slowest honest login (ms)",
    "slowest honest change (ms)",
    "idle connections opened",
    "oversized requests",
    "slow requests",
    "connections opened and closed",
    "wrong logins",
    "honest ones that took longer than this machine has time for",
    "idle connections open at once, at most",
];
const LOGINS: usize = 0;
const CHANGES: usize = 1;
const SLOWEST_LOGIN: usize = 2;
const SLOWEST_CHANGE: usize = 3;
const IDLE: usize = 4;
const OVERSIZED: usize = 5;
const SLOW: usize = 6;
const CHURN: usize = 7;
const WRONG: usize = 8;
const TOO_SLOW: usize = 9;
const OPEN: usize = 10;
/// What an attack consists of: without it nothing was shown.
const ATTACKS: [usize; 5] = [IDLE, OVERSIZED, SLOW, CHURN, WRONG];
/// Idle connections that are asked for.
const IDLE_ASKED: u64 = 5000;

/// Five minutes of it.
pub const FLOOD: Row = Row {
    number: 10,
    name: "flood",
    shows: "beside 5,000 idle connections, oversized and slow requests, churn and wrong logins on both sockets from several uids no honest login or change fails; memory, descriptors and log are bounded",
    unit: "seconds",
    full: 300,
    short: 8,
    batch: 300,
    run,
};

/// All of it, for so many seconds.
fn run(cases: &Cases) -> Outcome {
    if !apppw_tests::identity::is_root() {
        return Outcome::unable("needs root to act as other users");
    }
    let own = std::process::id().to_string();
    let limit = Command::new("prlimit").args(["--pid", &own, "--nofile=16384:16384"]).status();
    if !limit.is_ok_and(|status| status.success()) {
        return Outcome::unable("this process can't have 16384 descriptors");
    }
    let daemon = Site::new(CONFIG).start_activated(DAEMON_UID);
    let mode = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(daemon.auth_socket(), mode).expect("the peer may connect");
    let flood = Flood {
        auth: daemon.auth_socket(),
        admin: daemon.admin_socket(),
        is_over: AtomicBool::new(false),
        findings: Mutex::default(),
        counts: Default::default(),
        open: AtomicU64::new(0),
        deadline: if cases.len() < 60 { PATIENT } else { DEADLINE },
    };
    let secrets: Vec<(String, String)> = (0..4)
        .map(|n| {
            let user = format!("user{n}@example.org");
            let secret = canonical(daemon.create(&user, "phone", &[]).secret.expose());
            (user, secret)
        })
        .collect();
    let mut most_descriptors = 0;
    std::thread::scope(|scope| {
        let flood = &flood;
        let secrets = &secrets;
        for client in 0..8 {
            scope.spawn(move || flood.log_in(client, secrets));
        }
        scope.spawn(|| flood.change());
        flood.attack(scope);
        let ends = Instant::now() + Duration::from_secs(cases.len());
        while Instant::now() < ends {
            most_descriptors = most_descriptors.max(daemon.descriptors());
            std::thread::sleep(Duration::from_millis(50));
        }
        flood.is_over.store(true, Ordering::Relaxed);
    });
    flood.judge(&daemon, most_descriptors, cases)
}

impl Flood {
    fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
    }

    /// Whether this is a short run, perhaps on a busy machine.
    fn is_patient(&self) -> bool {
        self.deadline == PATIENT
    }

    fn count(&self, what: usize) {
        self.counts[what].fetch_add(1, Ordering::Relaxed);
    }

    fn find(&self, text: String) {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// An honest client: ten logins a second.
    fn log_in(&self, client: u64, secrets: &[(String, String)]) {
        let mut random = Random::of(client, 10);
        while self.goes_on() {
            let (user, secret) = random.one_of(secrets);
            let wanted = Wanted { service: "imap", deadline: self.deadline };
            let begun = Instant::now();
            let verdict = login_within(&self.auth, user, secret, wanted);
            let took = begun.elapsed();
            self.took(SLOWEST_LOGIN, took);
            match verdict {
                Ok(Verdict::Accepted) => self.count(LOGINS),
                // In a short run that is the machine's business.
                Err(_) | Ok(Verdict::Unavailable) if self.is_patient() && took >= PATIENT => {
                    self.count(TOO_SLOW);
                }
                other => self.find(format!("an honest login after {took:?}: {other:?}")),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// An administrator: makes one, which then costs its Argon2id, uses it and revokes it.
    fn change(&self) {
        let mut number = 0;
        while self.goes_on() {
            number += 1;
            let begun = Instant::now();
            if let Err(why) = self.one_life(number) {
                if self.is_patient() && begun.elapsed() >= PATIENT {
                    self.count(TOO_SLOW);
                    continue;
                }
                self.find(format!("an honest change after {:?}: {why}", begun.elapsed()));
            }
            self.took(SLOWEST_CHANGE, begun.elapsed());
            self.count(CHANGES);
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    fn one_life(&self, number: u64) -> Result<(), String> {
        let ask = |verb: Verb, args: serde_json::Value| -> Result<serde_json::Value, String> {
            let client = Client::connect(&self.admin).map_err(|e| e.to_string());
            client?.call(verb, &args).map_err(|e| format!("{}: {e}", verb.name()))
        };
        let user = "carol@example.org";
        let created = ask(Verb::Create, json!({"user": user, "name": format!("device {number}")}))?;
        let secret = canonical(created["secret"].as_str().unwrap_or_default());
        let is = |wanted: Verdict| {
            let within = Wanted { service: "imap", deadline: self.deadline };
            match login_within(&self.auth, user, &secret, within) {
                Ok(verdict) if verdict == wanted => Ok(()),
                other => Err(format!("{other:?} instead of {wanted:?}")),
            }
        };
        is(Verdict::Accepted)?;
        ask(Verb::Revoke, json!({"ids": [created["app_password"]["id"]]}))?;
        is(Verdict::Refused)
    }

    fn took(&self, what: usize, time: Duration) {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.counts[what].fetch_max(ms, Ordering::Relaxed);
    }

    /// Everybody else.
    fn attack<'scope, 'env>(&'scope self, scope: &'scope std::thread::Scope<'scope, 'env>) {
        let (auth, admin) = (self.auth.as_path(), self.admin.as_path());
        // 5,000 idle ones: of root (which is also where honest logins come from), of a peer, of nobody.
        for (uid, socket, how_many) in [
            (0, auth, 3000),
            (PEER, auth, 800),
            (PEER + 1, auth, 400),
            (NOBODY, admin, 700),
            (PEER, admin, 100),
        ] {
            scope.spawn(move || Identity::new(uid).act(|| self.idle(socket, how_many)));
        }
        for (uid, socket) in [(0, auth), (PEER, auth), (NOBODY, admin)] {
            scope.spawn(move || Identity::new(uid).act(|| self.oversized(socket, 34)));
            scope.spawn(move || Identity::new(uid).act(|| self.slow(socket, 34)));
            scope.spawn(move || Identity::new(uid).act(|| self.churn(socket)));
        }
        for stream in 0..2 {
            scope.spawn(move || self.wrong(stream, 0, "imap"));
            scope.spawn(move || Identity::new(PEER).act(|| self.wrong(stream + 2, PEER, "xmpp")));
        }
    }

    /// Keeps that many connections open and says nothing.
    fn idle(&self, socket: &Path, how_many: usize) {
        let mut open: Vec<Socket> = Vec::new();
        while self.goes_on() {
            let before = open.len();
            open.retain(
                |one| matches!((&*one).read(&mut [0; 64]), Err(e) if e.kind() == ErrorKind::WouldBlock),
            );
            self.open.fetch_sub((before - open.len()) as u64, Ordering::Relaxed);
            while open.len() < how_many && self.goes_on() {
                let Some(one) = connect(socket) else { break };
                let _ = one.set_nonblocking(true);
                self.count(IDLE);
                let now = 1 + self.open.fetch_add(1, Ordering::Relaxed);
                self.counts[OPEN].fetch_max(now, Ordering::Relaxed);
                open.push(one);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Requests that say that they are, or become, far too long.
    fn oversized(&self, socket: &Path, how_many: usize) {
        let mut frame = b"APPW\x01\x01\x00\x00\x00\x00\x1f\x40\xff\xff".to_vec();
        frame.resize(70_000, b'a');
        while self.goes_on() {
            let all: Vec<Socket> = (0..how_many).filter_map(|_| connect(socket)).collect();
            for one in &all {
                let _ = one.set_nonblocking(true);
                let _ = (&*one).write(&frame);
                self.count(OVERSIZED);
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// A byte a second.
    fn slow(&self, socket: &Path, how_many: usize) {
        let frame = Ask::default().bytes();
        while self.goes_on() {
            let all: Vec<Socket> = (0..how_many).filter_map(|_| connect(socket)).collect();
            for byte in frame.chunks(1).take(5) {
                for one in &all {
                    let _ = one.set_nonblocking(true);
                    let _ = (&*one).write(byte);
                }
                if !all.is_empty() {
                    self.count(SLOW);
                }
                if !self.goes_on() {
                    return;
                }
                std::thread::sleep(Duration::from_secs(1));
            }
        }
    }

    /// Connections that are opened and closed as fast as they go.
    fn churn(&self, socket: &Path) {
        while self.goes_on() {
            if connect(socket).is_some() {
                self.count(CHURN);
            }
        }
    }

    /// Wrong logins, of the shape and not, for somebody and nobody.
    fn wrong(&self, stream: u64, uid: u32, service: &'static str) {
        let mut random = Random::of(stream, 11);
        while self.goes_on() {
            let values: [u8; 15] = std::array::from_fn(|_| u8::try_from(random.below(32)).unwrap_or(0));
            let strange = canonical(&Secret::from_values(&values).expect("a secret").display());
            let secret = if random.below(4) == 0 { "no-shape" } else { &strange };
            let user = format!("user{}@example.org", random.below(8));
            let wanted = Wanted { service, deadline: PATIENT };
            match login_within(&self.auth, &user, secret, wanted) {
                Ok(Verdict::Accepted) => {
                    self.find(format!("a wrong secret was accepted for {user} from uid {uid}"));
                }
                Ok(_) => self.count(WRONG),
                Err(_) => {}
            }
        }
    }

    fn judge(self, daemon: &Apppwd, most_descriptors: usize, cases: &Cases) -> Outcome {
        let mut outcome = Outcome { done: cases.len(), ..Outcome::default() };
        let mut findings = self.findings.into_inner().unwrap_or_else(PoisonError::into_inner);
        let more = findings.len().saturating_sub(20);
        findings.truncate(20);
        if more > 0 {
            findings.push(format!("and {more} more"));
        }
        let workers = u64::try_from(std::thread::available_parallelism().map_or(1, |n| n.get().min(16)));
        let bound = MEMORY_KIB + workers.unwrap_or(16) * ARGON2_KIB;
        let peak = daemon.peak_resident_kib();
        if peak > bound {
            findings.push(format!("{peak} KiB of memory at most, more than {bound}"));
        }
        if most_descriptors > MOST_DESCRIPTORS {
            findings.push(format!("{most_descriptors} descriptors"));
        }
        for attack in ATTACKS {
            if self.counts[attack].load(Ordering::Relaxed) == 0 {
                findings.push(format!("nothing was attacked: no {}", COUNTS[attack]));
            }
        }
        let idle = self.counts[IDLE].load(Ordering::Relaxed);
        if idle < IDLE_ASKED && cases.len() >= 60 {
            findings.push(format!("only {idle} idle connections in all"));
        }
        let log = daemon.settled_log();
        let told: Vec<&str> = log.lines().filter(|line| !line.contains(" reason=")).collect();
        // What root provokes is always written; creations and revocations are honest ones.
        let is_bounded =
            |line: &&&str| !["device ", "revoked", "from uid 0 "].iter().any(|word| line.contains(word));
        let own = told.iter().filter(is_bounded).count();
        let own = u64::try_from(own).unwrap_or(u64::MAX);
        if own > MOST_LINES + cases.len() / 2 {
            findings.push(format!("{own} lines that are no verdicts, such as {}", told[told.len() / 2]));
        }
        for (what, count) in COUNTS.iter().zip(&self.counts) {
            outcome.count(what, count.load(Ordering::Relaxed));
        }
        outcome.count("KiB of memory at most", peak);
        outcome.count("descriptors at most", u64::try_from(most_descriptors).unwrap_or(u64::MAX));
        outcome.count("lines that are no verdicts", own);
        for text in findings {
            outcome.find(cases.range.start, text);
        }
        outcome
    }
}

/// Connects; gives up where there is no room for long.
fn connect(socket: &Path) -> Option<Socket> {
    let stream = Socket::new(Domain::UNIX, Type::STREAM, None).ok()?;
    stream.set_write_timeout(Some(Duration::from_millis(200))).ok()?;
    stream.connect(&SockAddr::unix(socket).ok()?).ok()?;
    Some(stream)
}
