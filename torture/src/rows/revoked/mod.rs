//! A revoked secret is never accepted, nor one that is suspended, expired, rotated away, locked, deleted
//! or in a panic; and none that is open is refused. 64 clients race logins with all that closes and
//! opens, over restarts, kills, changed parameters and new keys; what they saw is held against a
//! sequential model ([`model`]).

mod changes;
mod model;
mod race;

use crate::linear::{self, Event, Unexplained};
use crate::random::Random;
use crate::row::{Cases, Outcome, Row};
use apppw_proto::secret::Secret;
use apppw_tests::activate::DAEMON_UID;
use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::frames::canonical;
use model::{Act, Action, Part, Service, State};
use nix::sys::signal::Signal;
use race::{ACCOUNTS, Log, NAMED, Race};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Clients that log in.
const CLIENTS: u64 = 64;

/// Threads that change each account that is known by one name only: they race each other, too.
const CHANGERS: usize = 2;

const POLICY: &str = "[limits]\nper_account = 100000\n[policy]\nprimary = \"refuse-enrolled\"\n";

/// How Argon2id is set, in turn: a login with a hash of other parameters rewrites it.
struct Settings {
    argon2: [&'static str; 2],
    restarts: u64,
}

/// With cheap Argon2id, so that there are many.
pub const CHEAP: Row = Row {
    number: 4,
    name: "revoked",
    shows: "of 64 clients' logins, raced with all that closes and opens, each verdict is one that was true at a moment between call and answer",
    unit: "logins",
    full: 1_000_000,
    short: 20_000,
    batch: 50_000,
    run: cheap,
};

/// As it is shipped.
pub const COSTLY: Row = Row {
    number: 4,
    name: "revoked-argon2",
    shows: "the same with the Argon2id of production",
    unit: "logins",
    full: 100_000,
    short: 2_000,
    batch: 20_000,
    run: costly,
};

/// With Argon2id as cheap as it goes: as many attempts as can be.
fn cheap(cases: &Cases) -> Outcome {
    let argon2 = ["memory_kib = 64\niterations = 1\n", "memory_kib = 72\niterations = 1\n"];
    batch(cases, &Settings { argon2, restarts: 5 })
}

/// With the parameters of production: logins wait for a computation, and join others'.
fn costly(cases: &Cases) -> Outcome {
    let argon2 = ["memory_kib = 19456\niterations = 2\n", "memory_kib = 20480\niterations = 2\n"];
    batch(cases, &Settings { argon2, restarts: 2 })
}

fn batch(cases: &Cases, settings: &Settings) -> Outcome {
    let site = Site::in_memory(&config(settings, 0));
    let daemon = site.start_activated(DAEMON_UID);
    let race = Race::new(&daemon, cases.len());
    let mut history = Vec::new();
    let mut log = Log::default();
    for account in 0..ACCOUNTS {
        for _ in 0..3 {
            race.create(account, json!({}), &mut log);
        }
    }
    history.extend(race.take(log));
    let jobs = jobs(&race);
    let seed = cases.range.start;
    let daemon = std::thread::scope(|scope| {
        let race = &race;
        let mut threads = Vec::new();
        for (stream, job) in (1..).zip(jobs) {
            let mut random = Random::of(seed, stream);
            threads.push(scope.spawn(move || {
                let mut log = Log::default();
                job(&mut random, &mut log);
                race.take(log)
            }));
        }
        let daemon = restarts(race, daemon, settings, &mut Random::of(seed, 0));
        for thread in threads {
            match thread.join() {
                Ok(events) => history.extend(events),
                Err(panic) => race.find(crate::row::words_of(&*panic)),
            }
        }
        daemon
    });
    let mut log = Log::default();
    // At rest all of them once more, those that have ended too.
    for one in race.all() {
        race.login(&one, Service::Imap, false, &mut log);
    }
    history.extend(race.take(log));
    let mut outcome = Outcome { done: cases.len(), ..Outcome::default() };
    judge(cases, &race, history, &daemon, &mut outcome);
    outcome
}

/// What a thread does until the race is over.
type Job<'a> = Box<dyn FnOnce(&mut Random, &mut Log) + Send + 'a>;

fn jobs(race: &Race) -> Vec<Job<'_>> {
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for account in 0..NAMED {
        for _ in 0..CHANGERS {
            jobs.push(Box::new(move |random, log| changes::account(race, account, random, log)));
        }
    }
    for account in NAMED..ACCOUNTS {
        jobs.push(Box::new(move |random, log| changes::renamed(race, account, random, log)));
    }
    for switch in 0..2 {
        jobs.push(Box::new(move |random, log| changes::panic(race, switch, random, log)));
    }
    for _ in 0..CLIENTS {
        jobs.push(Box::new(move |random, log| {
            while race.goes_on() {
                attempt(race, random, log);
            }
        }));
    }
    jobs
}

fn config(settings: &Settings, turn: usize) -> String {
    format!("[argon2]\n{}{POLICY}", settings.argon2[turn % 2])
}

/// One client's attempt.
fn attempt(race: &Race, random: &mut Random, log: &mut Log) {
    let account = random.index(ACCOUNTS);
    let renamed = account >= NAMED && random.below(2) == 0;
    match random.below(50) {
        0 => {
            let values: [u8; 15] = std::array::from_fn(|_| u8::try_from(random.below(32)).unwrap_or(0));
            let strange = Secret::from_values(&values).expect("a secret").display();
            race.nothing(account, renamed, 1, &canonical(&strange), log);
        }
        1 => race.nothing(account, renamed, 2, "", log),
        _ => {
            let Some(one) = race.one_of(account, random.draw()) else {
                std::thread::sleep(Duration::from_millis(1));
                return;
            };
            let service = *random.one_of(&[Service::Imap, Service::Imap, Service::Smtp, Service::Xmpp]);
            race.login(&one, service, renamed, log);
        }
    }
}

/// Restarts and kills the daemon while the others go on, each time with other parameters, with one
/// more key as often as there may be; stops it for a moment in between.
fn restarts(race: &Race, daemon: Apppwd, settings: &Settings, random: &mut Random) -> Apppwd {
    let mut daemon = daemon;
    for turn in 1..=settings.restarts {
        let mark = race.wanted * turn / (settings.restarts + 1);
        while race.attempts.load(Ordering::Relaxed) < mark {
            std::thread::sleep(Duration::from_millis(5));
        }
        count_argon2(race, &daemon);
        daemon.signal(Signal::SIGSTOP);
        std::thread::sleep(Duration::from_millis(20));
        daemon.signal(Signal::SIGCONT);
        std::thread::sleep(Duration::from_millis(20));
        let killed_at = race.now();
        let is_kill = random.below(2) == 0;
        let site = match is_kill {
            true => daemon.kill(),
            false => {
                let (status, site) = daemon.stop();
                if !status.success() {
                    race.find(format!("apppwd stopped with {status}"));
                }
                site
            }
        };
        let paths: String = site.config().lines().take(4).flat_map(|line| [line, "\n"]).collect();
        site.write_config(&(paths + &config(settings, usize::try_from(turn).unwrap_or(0))));
        if turn == 1 || turn == 3 {
            add_key(&site, turn / 2 + 2, random);
        }
        daemon = site.start_activated(DAEMON_UID);
        if is_kill {
            race.kills.lock().expect("unpoisoned").push((killed_at, race.now()));
        }
        let what = if is_kill { "kills" } else { "orderly restarts" };
        *race.counts.lock().expect("unpoisoned").entry(what).or_default() += 1;
    }
    while race.goes_on() {
        std::thread::sleep(Duration::from_millis(5));
    }
    count_argon2(race, &daemon);
    daemon
}

/// Puts a new key before the others.
fn add_key(site: &Site, number: u64, random: &mut Random) {
    let path = site.path("key/server.key");
    let before = std::fs::read_to_string(&path).expect("the key file");
    let digits: String = (0..4).map(|_| format!("{:016x}", random.draw())).collect();
    std::fs::write(&path, format!("{number} {digits}\n{before}")).expect("the key file can be written");
}

fn count_argon2(race: &Race, daemon: &Apppwd) {
    let argon2 = daemon.status().argon2;
    let mut counts = race.counts.lock().expect("unpoisoned");
    *counts.entry("argon2 runs").or_default() += argon2.runs;
    *counts.entry("memo hits").or_default() += argon2.memo_hits;
}

/// Holds the history against the model.
fn judge(cases: &Cases, race: &Race, history: Vec<Event<Action>>, daemon: &Apppwd, outcome: &mut Outcome) {
    let mut findings = std::mem::take(&mut *race.findings.lock().expect("unpoisoned"));
    let log = daemon.log();
    findings.extend(
        log.lines().filter(|line| line.contains("panicked") || line.contains("error: ")).map(str::to_owned),
    );
    let kills = race.kills.lock().expect("unpoisoned").clone();
    let has_cut_off = race.counts.lock().expect("unpoisoned").contains_key("logins cut off");
    if has_cut_off && kills.is_empty() {
        findings.push("logins were cut off without a kill".to_owned());
    }
    let drift = race.drift();
    let (history, owners) = settled(history, &kills, drift);
    let accounts = (0..ACCOUNTS).map(Part::Account);
    let credentials = owners.iter().map(|(credential, account)| Part::Credential(*credential, *account));
    for part in accounts.chain(credentials) {
        let acts = of_part(&history, part);
        match linear::check(State::default(), &acts) {
            Ok(()) => {}
            Err(Unexplained::TooMuch(index)) => {
                findings.push(format!(
                    "{} events are too entangled to be judged at {:?}",
                    acts.len(),
                    acts[index]
                ));
            }
            Err(Unexplained::Violation(index)) => findings.push(told(&acts, index)),
        }
    }
    outcome.count("events", u64::try_from(history.len()).unwrap_or(0));
    for (what, n) in race.counts.lock().expect("unpoisoned").iter() {
        outcome.count(what, *n);
    }
    for text in findings.into_iter().take(20) {
        outcome.find(cases.range.start, text);
    }
}

/// The history in its order, with what is known only at the end; and whose each app password is.
fn settled(
    history: Vec<Event<Action>>,
    kills: &[(u64, u64)],
    drift: i64,
) -> (Vec<Event<Action>>, BTreeMap<usize, usize>) {
    let owner = |event: &Event<Action>| match event.operation {
        Action::Create { credential, account, .. } => Some((credential, account)),
        Action::Rotate { new, account, .. } => Some((new, account)),
        _ => None,
    };
    let owners = history.iter().filter_map(owner).collect();
    let last = history.iter().filter(|e| e.answered != u64::MAX).map(|e| e.answered).max().unwrap_or(0);
    let settle = |event: Event<Action>| {
        let (mut called, mut answered) = (event.called, event.answered.min(last));
        let is_expiry = matches!(event.operation, Action::Expire { .. });
        if is_expiry && drift.abs() > 1_000_000 {
            // The wall clock was moved meanwhile.
            called = called.saturating_sub(drift.max(0).cast_unsigned());
            answered = answered.saturating_add((-drift).max(0).cast_unsigned());
        }
        if event.may_be_lost && !is_expiry && !matches!(event.operation, Action::Pin { .. }) {
            // What was under way at a kill may still be brought about by the start after it.
            let kill = kills.iter().rev().find(|(killed, _)| *killed < answered);
            answered = kill.map_or(answered, |(_, serves)| answered.max(*serves));
        }
        Event { called, answered, ..event }
    };
    let mut history: Vec<Event<Action>> = history.into_iter().map(settle).collect();
    history.sort_by_key(|event| event.called);
    (history, owners)
}

/// What bears on a part. Of what comes before its creation, only what the creation finds.
fn of_part(history: &[Event<Action>], part: Part) -> Vec<Event<Act>> {
    let its = history.iter().filter(|event| event.operation.is_of(part));
    its.map(|event| {
        let Event { operation, called, answered, may_be_lost } = event.clone();
        Event { operation: Act { action: operation, part }, called, answered, may_be_lost }
    })
    .collect()
}

/// A violation with what was done around it, for a person.
fn told(acts: &[Event<Act>], index: usize) -> String {
    let bad = &acts[index];
    let mut text = format!(
        "no order of what was done explains {:?} [{}, {}]; before and beside it:",
        bad.operation.action, bad.called, bad.answered
    );
    let near: Vec<&Event<Act>> = acts.iter().filter(|act| act.called <= bad.answered).collect();
    for act in near.iter().skip(near.len().saturating_sub(50)) {
        let lost = if act.may_be_lost { ", perhaps lost" } else { "" };
        text += &format!("\n    [{}, {}] {:?}{lost}", act.called, act.answered, act.operation.action);
    }
    text
}
