//! kill -9 at any moment: what was acknowledged is there, what wasn't is there or not, and the next
//! start needs nobody.

use crate::load::watch::{CONFIG, Expected, Seen, Sockets, look, verdict};
use crate::load::{Answer, Change, World, ask};
use crate::random::Random;
use crate::row::{Cases, Outcome, Row};
use crate::shim::{Act, Plan, Shim, file, kind};
use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::frames::Ask;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Killed at the n-th operation on its files.
pub const AT_CALL: Row = Row {
    number: 5,
    name: "kill-at-call",
    shows: "kill -9 before and after the n-th operation on its files, under changes and logins: nothing \
            acknowledged is lost, resurrected or half there, each event is there once",
    unit: "kills",
    full: 1600,
    short: 60,
    batch: 100,
    run: |cases| run(cases, at_call),
};

/// Killed at any time.
pub const AT_RANDOM: Row = Row {
    name: "kill-at-random",
    shows: "kill -9 at random moments, the same",
    full: 400,
    short: 20,
    run: |cases| run(cases, at_random),
    ..AT_CALL
};

/// Killed while it starts after a kill.
pub const AT_START: Row = Row {
    name: "kill-at-start",
    shows: "kill -9 at the n-th operation of a start that brings database and journal together, once or twice, \
            the same",
    full: 800,
    short: 30,
    run: |cases| run(cases, at_start),
    ..AT_CALL
};

/// Killed while it starts for the first time.
pub const AT_FIRST_START: Row = Row {
    name: "kill-at-first-start",
    shows: "kill -9 at the n-th operation of the very first start: the next one comes up by itself",
    full: 400,
    short: 60,
    run: first_starts,
    ..AT_CALL
};

/// Operations among which the n-th is struck: a load of that many takes a fraction of a second.
const SPAN: u64 = 240;

/// Secrets that are tried after each kill.
const LOGINS: usize = 25;

/// Longest load between two kills.
const LONGEST: Duration = Duration::from_secs(10);

/// A site that is killed again and again.
struct Bed {
    site: Option<Site>,
    shim: Shim,
    worlds: [World; 2],
    cursor: u64,
}

impl Bed {
    fn new() -> Self {
        let site = Site::new(CONFIG);
        let shim = Shim::new(&site);
        Self { site: Some(site), shim, worlds: [World::new("a", "chat"), World::new("b", "dav")], cursor: 0 }
    }

    fn start(&mut self) -> Apppwd {
        self.shim.disarm();
        self.shim.start(self.site.take().expect("it is not running"))
    }
}

/// What one client did: the changes that were acknowledged have left these events, and one may have
/// been under way.
struct Done {
    world: World,
    events: Vec<String>,
    under_way: Option<Change>,
    changes: u64,
}

type Kill = fn(&mut Bed, Apppwd, u64, &mut Random, &mut Outcome) -> (Site, [Done; 2]);

fn run(cases: &Cases, kill: Kill) -> Outcome {
    let mut bed = None;
    Outcome::of_each(cases, |case, outcome| {
        let mut random = Random::of(case, 5);
        // One that failed is not built on.
        let mut own = bed.take().unwrap_or_else(Bed::new);
        let daemon = own.start();
        let (site, done) = kill(&mut own, daemon, case, &mut random, outcome);
        own.site = Some(site);
        let daemon = own.start();
        match check(&own, &daemon, &done, &mut random, outcome) {
            Err(why) => outcome.find(case, format!("{why}\nlog: {}", tail(&daemon.log()))),
            Ok(worlds) => {
                own.cursor = worlds.iter().map(|seen| seen.cursor).max().unwrap_or(0);
                own.worlds = worlds.map(|seen| seen.world);
                if daemon.log().contains("is missing") {
                    outcome.find(case, format!("the log says {}", tail(&daemon.log())));
                }
                own.site = Some(daemon.kill());
                bed = Some(own);
            }
        }
    })
}

fn sockets(daemon: &Apppwd) -> (std::path::PathBuf, std::path::PathBuf) {
    (daemon.auth_socket(), daemon.admin_socket())
}

fn check(
    bed: &Bed,
    daemon: &Apppwd,
    done: &[Done; 2],
    random: &mut Random,
    outcome: &mut Outcome,
) -> Result<[Seen; 2], String> {
    let (auth, admin) = sockets(daemon);
    let mut one = |done: &Done| {
        let Done { world, events, under_way, changes } = done;
        outcome.count("changes acknowledged", *changes);
        outcome.count("events compared", events.len() as u64);
        let under_way = under_way.as_ref();
        outcome.count("changes under way", u64::from(under_way.is_some()));
        let expected = Expected { world, under_way, events, cursor: bed.cursor, logins: LOGINS };
        let seen = look(Sockets { auth: &auth, admin: &admin }, &expected, random)?;
        outcome.count("logins tried", seen.logins);
        if under_way.is_some() && seen.is_after {
            outcome.count("under way and there", 1);
        }
        Ok::<_, String>(seen)
    };
    let [first, second] = done;
    Ok([one(first)?, one(second)?])
}

/// Two clients make changes and a third one logs in, until the daemon dies.
fn load(bed: &Bed, daemon: &Apppwd, seed: u64, until: impl FnOnce()) -> [Done; 2] {
    let (auth, admin) = sockets(daemon);
    let (is_over, begun) = (AtomicBool::new(false), Instant::now());
    std::thread::scope(|scope| {
        let [first, second] = [0, 1].map(|n| {
            let (world, admin) = (bed.worlds[n].clone(), &admin);
            scope.spawn(move || {
                change_until_it_dies(admin, world, &mut Random::of(seed, 50 + n as u64), begun)
            })
        });
        scope.spawn(|| log_in_until_it_dies(&auth, &bed.worlds, &is_over));
        until();
        let done = [first, second]
            .map(|client| client.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        is_over.store(true, Ordering::Relaxed);
        done
    })
}

fn log_in_until_it_dies(auth: &Path, worlds: &[World; 2], is_over: &AtomicBool) {
    let people = || worlds.iter().flat_map(|world| &world.people);
    let has = people().flat_map(|(user, person)| person.has.values().map(move |one| (user, one)));
    let secrets: Vec<(&String, &String)> = has
        .flat_map(|(user, one)| one.halves.iter().filter_map(move |half| Some((user, half.secret.as_ref()?))))
        .collect();
    for n in 0.. {
        let ask = secrets.get(n % secrets.len().max(1));
        let ask =
            ask.map_or_else(Ask::default, |(user, secret)| Ask::login(user, "imap", "192.0.2.7", secret));
        if is_over.load(Ordering::Relaxed) || verdict(auth, &ask).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn change_until_it_dies(admin: &Path, mut world: World, random: &mut Random, begun: Instant) -> Done {
    let (mut events, mut changes) = (Vec::new(), 0);
    while begun.elapsed() < LONGEST {
        let change = Change::draw(random, &world);
        match ask(admin, &world, &change) {
            Answer::Done(after) => {
                events.extend(change.events(&world));
                world = after;
                changes += 1;
            }
            Answer::Refused(why) => panic!("refused, what can be done: {why}"),
            Answer::None => return Done { world, events, under_way: Some(change), changes },
        }
    }
    Done { world, events, under_way: None, changes }
}

/// Before or after, by turns, the n-th change of a file, or any other operation.
const fn plan(case: u64, span: u64) -> Plan {
    let nth = 1 + case / 2 % span;
    let act = if case.is_multiple_of(2) { Act::KillBefore } else { Act::KillAfter };
    // When each has been struck once: operations that change nothing, too.
    if (case / 2 / span).is_multiple_of(2) { Plan::at_change(nth, act) } else { Plan::at(3 * nth, act) }
}

fn at_call(
    bed: &mut Bed,
    daemon: Apppwd,
    case: u64,
    _: &mut Random,
    outcome: &mut Outcome,
) -> (Site, [Done; 2]) {
    let plan = plan(case, SPAN);
    bed.shim.arm(plan);
    // Every fifth one is asked to stop before: what a stop writes is struck, too.
    let stops = case % 5 == 4;
    let done = load(bed, &daemon, case, || {
        if stops {
            std::thread::sleep(Duration::from_millis(case % 97));
            daemon.signal(nix::sys::signal::Signal::SIGTERM);
        }
    });
    outcome.count(if stops { "asked to stop" } else { "not asked to stop" }, 1);
    (ended(daemon, &bed.shim, outcome), done)
}

fn at_random(
    bed: &mut Bed,
    daemon: Apppwd,
    case: u64,
    random: &mut Random,
    _: &mut Outcome,
) -> (Site, [Done; 2]) {
    let wait = Duration::from_micros(random.below(150_000));
    let done = load(bed, &daemon, case, || {
        std::thread::sleep(wait);
        daemon.signal(nix::sys::signal::Signal::SIGKILL);
    });
    (daemon.kill(), done)
}

fn at_start(
    bed: &mut Bed,
    daemon: Apppwd,
    case: u64,
    random: &mut Random,
    outcome: &mut Outcome,
) -> (Site, [Done; 2]) {
    // A change that the database has and the journal hasn't, most of the time.
    let nth = 1 + random.below(12);
    let act = if random.below(2) == 0 { Act::KillBefore } else { Act::KillShort(random.below(60)) };
    let files = if random.below(4) == 0 { file::WAL } else { file::JOURNAL };
    bed.shim.arm(Plan { files, kinds: kind::WRITE, ..Plan::at(nth, act) });
    let done = load(bed, &daemon, case, || {});
    let site = ended(daemon, &bed.shim, outcome);
    for _ in 0..1 + case % 2 {
        bed.shim.arm(plan(case / 2 + 7 * (case % 2), 60));
        start_and_die(&site, &bed.shim, outcome);
    }
    (site, done)
}

/// Waits until it is dead; kills it if it isn't.
fn ended(mut daemon: Apppwd, shim: &Shim, outcome: &mut Outcome) -> Site {
    let begun = Instant::now();
    while daemon.ended().is_none() && begun.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(1));
    }
    outcome.count(if shim.struck() > 0 { "killed there" } else { "over before that" }, 1);
    daemon.kill()
}

/// Starts it where it is to be killed. One that gets through is killed afterwards.
fn start_and_die(site: &Site, shim: &Shim, outcome: &mut Outcome) {
    let mut command: Command = shim.drive(site.command());
    let log = std::fs::File::options().append(true).create(true).open(site.path("log")).expect("the log");
    let mut child = command.stderr(Stdio::from(log)).spawn().expect("apppwd can be started");
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            assert!(status.code().is_none(), "it ended with {status}: {}", tail(&log_of(site)));
            break;
        }
        let serves = apppw_admin::Client::connect(&site.admin_socket()).is_ok();
        if serves || begun.elapsed() > Duration::from_secs(10) {
            child.kill().expect("a child");
            child.wait().expect("a child");
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    outcome.count(if shim.struck() > 0 { "killed while starting" } else { "started before that" }, 1);
}

fn first_starts(cases: &Cases) -> Outcome {
    Outcome::of_each(cases, |case, outcome| {
        let mut random = Random::of(case, 6);
        let mut bed = Bed::new();
        let site = bed.site.take().expect("it is new");
        for again in 0..1 + case / 160 % 2 {
            bed.shim.arm(plan((case + 31 * again) % 160, 80));
            start_and_die(&site, &bed.shim, outcome);
        }
        bed.site = Some(site);
        let daemon = bed.start();
        let log = daemon.log();
        if log.contains("warning") || log.contains("error") {
            outcome.find(case, format!("a first start after a kill says: {}", tail(&log)));
        }
        let done = load(&bed, &daemon, case, || {
            std::thread::sleep(Duration::from_millis(15));
            daemon.signal(nix::sys::signal::Signal::SIGKILL);
        });
        bed.site = Some(daemon.kill());
        let daemon = bed.start();
        if let Err(why) = check(&bed, &daemon, &done, &mut random, outcome) {
            outcome.find(case, format!("{why}\nlog: {}", tail(&daemon.log())));
        }
    })
}

fn log_of(site: &Site) -> String {
    std::fs::read_to_string(site.path("log")).unwrap_or_default()
}

/// The last lines but for verdicts.
fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().filter(|line| !line.contains(" reason=")).collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
