//! Row 2: daemons that are absent, slow, foolish, stopped or somebody else. The module says "unavailable" in time.

use crate::random::Random;
use crate::row::{Cases, Outcome, Row};
use apppw_proto::frame::{Detail, Reply, Verdict};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::fakes::{Act, Fake, FullBacklog};
use apppw_tests::identity::is_root;
use apppw_tests::pam::{Code, Confdir, Login};
use nix::sys::signal::Signal;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Logins at once.
const THREADS: u64 = 48;
/// Every so manieth login keeps the default `timeout=`.
const DEFAULT_EVERY: u64 = 25;
const SHORT: Duration = Duration::from_millis(300);
const DEFAULT: Duration = Duration::from_secs(3);
/// How much later than its deadline a login may end.
const SLACK: Duration = Duration::from_millis(200);

const SECRET: &str = "0000-0000-0000-0000";
const PRIMARY: &str = "correct horse battery staple";

/// The row.
pub const DAEMONS: Row = Row {
    number: 2,
    name: "daemon-behaviours",
    shows: "Whatever the daemon does, a login ends as unavailable within its deadline + 200 ms; a foreign uid gets no byte",
    unit: "logins",
    full: 500 * BEHAVIOURS.len() as u64,
    short: 40 * BEHAVIOURS.len() as u64,
    batch: 100 * BEHAVIOURS.len() as u64,
    run,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    /// No socket.
    Absent,
    /// A socket that nobody listens on.
    Refusing,
    /// Nobody accepts, and there is no room to wait in.
    FullBacklog,
    /// Reads, never answers.
    Silent,
    /// "accepted", a byte a second.
    Slow,
    /// "accepted", bytes fast enough to keep a timeout for each byte alive.
    Dripping,
    /// "accepted" to who showed no secret, in another version, or "another version" for ever.
    Lying,
    /// "accepted", a hundred thousand times.
    Oversized,
    /// Bytes by chance.
    Garbage,
    /// "accepted" by somebody who isn't apppwd.
    Foreign,
    /// apppwd itself, stopped by a signal.
    Stopped,
    /// Closes before or after the request.
    Closing,
    /// A part of "accepted", and no more.
    Half,
}

use Behaviour::{
    Absent, Closing, Dripping, Foreign, FullBacklog as NoRoom, Garbage, Half, Lying, Oversized, Refusing,
    Silent, Slow, Stopped,
};
const BEHAVIOURS: [Behaviour; 13] = [
    Absent, Refusing, NoRoom, Silent, Slow, Dripping, Lying, Oversized, Garbage, Foreign, Stopped, Closing,
    Half,
];

impl Behaviour {
    /// Whether nothing tells before the deadline that no answer will come.
    const fn lasts(self) -> bool {
        matches!(self, NoRoom | Silent | Slow | Dripping | Stopped | Half)
    }
}

/// All daemons, and stacks for them: `NAME` with the short timeout, `NAME-default` without one.
struct Daemons {
    confdir: Confdir,
    foreign: Option<Fake>,
    stopped: Apppwd,
    secret: String,
    _fakes: Vec<Fake>,
    _backlog: FullBacklog,
    _directory: TempDir,
}

fn accepted() -> Vec<u8> {
    Reply { version: 1, verdict: Verdict::Accepted, detail: Detail::NONE }.encode().to_vec()
}

impl Daemons {
    fn start(seed: u64) -> Self {
        let mut random = Random::of(seed, 2);
        let directory = TempDir::new().expect("a temporary folder");
        let refusing = directory.path().join("refusing.sock");
        drop(UnixListener::bind(&refusing).expect("a socket"));
        let backlog = FullBacklog::new();
        let foreign = is_root()
            .then(|| Fake::start_as(65_534, [Act::Verdict(Verdict::Accepted)]).expect("root may be anybody"));
        let stopped = Apppwd::start();
        let secret = stopped.create("alice", "phone", &["imap"]).secret.expose().to_owned();
        stopped.signal(Signal::SIGSTOP);
        let mut daemons = Self {
            confdir: Confdir::new(),
            foreign,
            stopped,
            secret,
            _fakes: Vec::new(),
            _backlog: backlog,
            _directory: directory,
        };
        for behaviour in BEHAVIOURS {
            for is_default in [false, true] {
                let mut fake = |acts: Vec<Act>| {
                    let fake = Fake::start(acts);
                    let path = fake.path().to_owned();
                    daemons._fakes.push(fake);
                    path
                };
                let pause = if is_default { DEFAULT / 6 } else { SHORT / 4 };
                let socket: PathBuf = match behaviour {
                    Absent => daemons._directory.path().join("absent.sock"),
                    Refusing => refusing.clone(),
                    NoRoom => daemons._backlog.path().to_owned(),
                    Silent => fake(vec![Act::Silent]),
                    Slow => fake(vec![Act::Trickle(accepted(), Duration::from_secs(1))]),
                    Dripping => fake(vec![Act::Trickle(accepted(), pause)]),
                    Lying => fake(lies()),
                    Oversized => fake(vec![Act::Bytes(accepted().repeat(100_000))]),
                    Garbage => fake(garbage(&mut random)),
                    Foreign => match &daemons.foreign {
                        Some(foreign) => foreign.path().to_owned(),
                        None => continue,
                    },
                    Stopped => daemons.stopped.auth_socket(),
                    Closing => fake(again(&[Act::CloseAtOnce, Act::CloseAfterRequest])),
                    Half => fake((0..500).map(|n| Act::Bytes(accepted()[..n % 8].to_vec())).collect()),
                };
                daemons.write(behaviour, is_default, &socket);
            }
        }
        let accepting = Fake::start([Act::Verdict(Verdict::Accepted)]);
        daemons.write_as(TO_NO_SECRET, false, accepting.path());
        daemons._fakes.push(accepting);
        daemons
    }

    fn write(&self, behaviour: Behaviour, is_default: bool, socket: &Path) {
        self.write_as(&name(behaviour, is_default), is_default, socket);
    }

    fn write_as(&self, name: &str, is_default: bool, socket: &Path) {
        let own = nix::unistd::geteuid();
        let timeout = if is_default { String::new() } else { format!("timeout={}ms", SHORT.as_millis()) };
        let module = apppw_tests::bin::module();
        let line = format!("{} socket={} server_uid={own} {timeout}", module.display(), socket.display());
        self.confdir.write(name, &format!("auth required {line}\naccount required {line}\n"));
    }

    /// Lets the stopped daemon go on: an honest login must then succeed.
    fn let_go_on(&self) -> Code {
        self.stopped.signal(Signal::SIGCONT);
        let socket = self.stopped.auth_socket();
        let module = apppw_tests::bin::module();
        let own = nix::unistd::geteuid();
        let line = format!(
            "auth required {} socket={} server_uid={own} timeout=8s",
            module.display(),
            socket.display()
        );
        self.confdir.write("imap", &line);
        Login::new("imap", "alice").password(&self.secret).try_once(&self.confdir)
    }
}

/// The service whose daemon says "accepted" to everything; asked without a secret.
const TO_NO_SECRET: &str = "to-no-secret";

/// libpam folds the names of services.
fn name(behaviour: Behaviour, is_default: bool) -> String {
    format!("{behaviour:?}{}", if is_default { "-default" } else { "" }).to_lowercase()
}

/// Over and over, for all of a batch.
fn again(acts: &[Act]) -> Vec<Act> {
    acts.iter().cloned().cycle().take(1000).collect()
}

fn lies() -> Vec<Act> {
    let mut other_version = accepted();
    other_version[4] = 2;
    again(&[Act::Bytes(other_version), Act::SpeaksOnly(1), Act::SpeaksOnly(1), Act::SpeaksOnly(9)])
}

/// Nothing that is a reply: its first byte is none of a reply's.
fn garbage(random: &mut Random) -> Vec<Act> {
    let mut bytes = |length: u64| -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..length).map(|_| u8::try_from(random.below(256)).unwrap_or(0)).collect();
        bytes[0] &= 0x3f;
        bytes
    };
    (0..500).map(|n| Act::Bytes(bytes(8 + n % 100))).collect()
}

fn run(cases: &Cases) -> Outcome {
    let daemons = Daemons::start(cases.range.start);
    let mut outcome = Outcome::of_each_on(THREADS.min(cases.len()), cases, |case, outcome| {
        one(&daemons, case, outcome);
    });
    match &daemons.foreign {
        Some(foreign) => {
            let bytes: usize = foreign.seen().iter().map(Vec::len).sum();
            let connections = foreign.seen().len();
            outcome.count("connections to a foreign uid", connections as u64);
            if connections == 0 && cases.len() >= BEHAVIOURS.len() as u64 {
                outcome.find(cases.range.start, "nobody ever connected to the foreign uid");
            }
            if bytes > 0 {
                outcome.find(cases.range.start, format!("a foreign uid got {bytes} bytes"));
            }
        }
        None => outcome.count("left out: a foreign uid needs root", 1),
    }
    let code = daemons.let_go_on();
    if code != Code::SUCCESS {
        outcome
            .find(cases.range.start, format!("a daemon that was stopped goes on, but a login says {code:?}"));
    }
    outcome
}

fn one(daemons: &Daemons, case: u64, outcome: &mut Outcome) {
    let behaviours = BEHAVIOURS.len() as u64;
    let behaviour = BEHAVIOURS[usize::try_from(case % behaviours).unwrap_or(0)];
    if behaviour == Foreign && daemons.foreign.is_none() {
        return;
    }
    let is_default = (case / behaviours).is_multiple_of(DEFAULT_EVERY);
    let deadline = if is_default { DEFAULT } else { SHORT };
    let is_secret = Random::of(case, 1).below(4) > 0;
    let service = match behaviour {
        Lying if !is_secret => TO_NO_SECRET.to_owned(),
        _ => name(behaviour, is_default),
    };
    let login = Login::new(service, "alice").password(if is_secret { SECRET } else { PRIMARY });
    let mut transaction = login.start(&daemons.confdir);
    let waited = run_delay();
    let start = Instant::now();
    let code = transaction.authenticate();
    let took = start.elapsed();
    let starved = run_delay().saturating_sub(waited);
    if code != Code::AUTHINFO_UNAVAIL {
        outcome.find(case, format!("{behaviour:?}: {code:?}"));
    }
    if took > deadline + SLACK {
        outcome.count("late by the clock", 1);
        // What the thread spent runnable without a CPU is the machine's.
        if took.saturating_sub(starved) > deadline + SLACK {
            let text = format!("{behaviour:?}: {took:?} of {deadline:?}, {starved:?} of it without a CPU");
            outcome.find(case, text);
        }
    }
    if behaviour.lasts() && took < deadline {
        outcome.find(case, format!("{behaviour:?}: gave up after {took:?} of {deadline:?}"));
    }
    if transaction.acct_mgmt() == Code::SUCCESS {
        outcome.find(case, format!("{behaviour:?}: the account phase says success"));
    }
    outcome.count(if is_default { "with the default timeout" } else { "with a short timeout" }, 1);
}

/// How long this thread has waited for a CPU, by the kernel's own count; nothing where it keeps none.
fn run_delay() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_whitespace().nth(1).and_then(|n| n.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}
