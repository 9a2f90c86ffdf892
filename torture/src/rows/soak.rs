//! 200 logins a second for an hour, while the daemon is stopped, restarted, killed, and its disk is full.
//!
//! The first half is one life of the daemon, whose memory must not grow; in the second half it is
//! restarted every minute. Clients do what the module does: one connection, one frame, one reply, one
//! deadline. A minute lasts 60 seconds, or 2 in a short run.

pub mod clients;
mod faults;

use crate::row::{Cases, Outcome, Row};
use apppw_tests::activate::DAEMON_UID;
use apppw_tests::apppwd::{Apppwd, Site};
use clients::{Honest, Seen};
use faults::{Fault, Faults};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a life's memory may grow by between its warm-up (a sixth of the first half) and its end: what
/// the allocator and SQLite's cache move by, and 7 bytes for each login of half an hour.
const GROWTH_KIB: u64 = 2048;

/// The same in a short run, which is over before the warm-up is.
const SHORT_GROWTH_KIB: u64 = 16 * 1024;

const CONFIG: &str =
    "[limits]\nper_account = 1000\ntombstones = \"1h\"\n[argon2]\nmemory_kib = 1024\niterations = 1\n";

/// An hour of it.
pub const SOAK: Row = Row {
    number: 17,
    name: "soak",
    shows: "200 logins a second with restarts, kills, SIGSTOP and a full disk: memory is flat, and errors are there only while a fault is on",
    unit: "seconds",
    full: 3600,
    short: 16,
    // One after the other, with one life of the daemon for half of them.
    batch: 3600,
    run,
};

/// All of it.
fn run(cases: &Cases) -> Outcome {
    if !apppw_tests::identity::is_root() {
        return Outcome::unable("needs root for a disk of its own");
    }
    let is_short = cases.len() < 600;
    let minute = Duration::from_secs(if is_short { 2 } else { 60 });
    let minutes = (Duration::from_secs(cases.len()).as_secs() / minute.as_secs()).max(4);
    let site = Site::new(CONFIG).with_small_disk("state", DAEMON_UID, "32m");
    let daemon = site.start_activated(DAEMON_UID);
    let honest = Honest::new(&daemon, is_short);
    let (seen, faults, is_over) = (Mutex::new(Seen::default()), Faults::default(), AtomicBool::new(false));
    let mut outcome = Outcome { done: cases.len(), ..Outcome::default() };
    let daemon = std::thread::scope(|scope| {
        for client in 0..clients::LOGIN_THREADS {
            let (honest, seen, faults, is_over) = (&honest, &seen, &faults, &is_over);
            scope.spawn(move || honest.log_in(client, seen, faults, is_over));
        }
        let (honest, seen_by_all, faults_now, over) = (&honest, &seen, &faults, &is_over);
        // Seldom: what changes leave in the database fills SQLite's cache, which is memory too.
        scope.spawn(move || honest.change(minute / 12, seen_by_all, faults_now, over));
        let daemon = live(daemon, minute, minutes, &seen, &faults, &mut outcome, cases);
        is_over.store(true, Ordering::Relaxed);
        daemon
    });
    let seen = seen.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    for text in seen.findings {
        outcome.find(cases.range.start, text);
    }
    if daemon.log().contains("panicked") || daemon.log().contains("fault inside apppwd") {
        outcome.find(cases.range.start, "the daemon's log has a fault of its own");
    }
    if !is_short && let Some(text) = seen.total.shortfall() {
        outcome.find(cases.range.start, text);
    }
    for (what, n) in seen.total.named() {
        outcome.count(what, n);
    }
    let bound = if is_short { SHORT_GROWTH_KIB } else { GROWTH_KIB };
    judge_memory(&seen.minutes, minutes, bound, cases, &mut outcome);
    outcome
}

/// One minute after the other, with what befalls the daemon in each.
fn live(
    daemon: Apppwd,
    minute: Duration,
    minutes: u64,
    seen: &Mutex<Seen>,
    faults: &Faults,
    outcome: &mut Outcome,
    cases: &Cases,
) -> Apppwd {
    let mut daemon = daemon;
    let begun = Instant::now();
    let mut first_kib = None;
    for number in 0..minutes {
        let ends = begun + minute * u32::try_from(number + 1).unwrap_or(u32::MAX);
        let fault = Fault::of_minute(number, minutes);
        std::thread::sleep((minute / 4).min(ends.saturating_duration_since(Instant::now())));
        daemon = faults.bring(fault, daemon, minute / 4);
        *outcome.counts.entry(fault.name().to_owned()).or_default() += 1;
        let mut resident = Vec::new();
        let mut descriptors = 0;
        while Instant::now() < ends {
            resident.push(daemon.resident_kib());
            descriptors = descriptors.max(daemon.descriptors());
            std::thread::sleep(Duration::from_millis(250));
        }
        resident.sort_unstable();
        let kib = resident.get(resident.len() / 2).copied().unwrap_or_else(|| daemon.resident_kib());
        let first = *first_kib.get_or_insert(kib);
        let text = seen.lock().expect("unpoisoned").end_minute(kib);
        eprintln!(
            "   minute {:>2} of {minutes}: {text}, {kib} KiB ({:+}), {descriptors} descriptors, {}",
            number + 1,
            kib.cast_signed() - first.cast_signed(),
            fault.name()
        );
        if descriptors > clients::MOST_DESCRIPTORS {
            outcome.find(cases.range.start, format!("{descriptors} descriptors in minute {number}"));
        }
        if let Some(status) = daemon.ended() {
            outcome.find(cases.range.start, format!("apppwd ended by itself with {status}"));
            break;
        }
    }
    daemon
}

/// Memory at the end of the first half beside what it was after the warm-up, and of the lives in the
/// second half beside each other.
fn judge_memory(kib: &[u64], minutes: u64, bound: u64, cases: &Cases, outcome: &mut Outcome) {
    let half = usize::try_from(minutes / 2).unwrap_or_default().min(kib.len());
    let (long, short) = kib.split_at(half);
    let warm = (half / 6).max(1).min(half);
    for (what, part) in [("one life", &long[warm..]), ("restarted", short)] {
        let third = (part.len() / 3).max(1);
        if part.len() < 2 {
            continue;
        }
        let before = median(&part[..third]);
        let after = median(&part[part.len() - third..]);
        outcome.count(&format!("KiB at first, {what}"), before);
        outcome.count(&format!("KiB at last, {what}"), after);
        if after > before + bound {
            let text =
                format!("memory of {what} has grown from {before} to {after} KiB, more than by {bound}");
            outcome.find(cases.range.start, text);
        }
    }
}

fn median(of: &[u64]) -> u64 {
    let mut of = of.to_vec();
    of.sort_unstable();
    of.get(of.len() / 2).copied().unwrap_or_default()
}
