//! Guesses, idle connections and slow writers, and what honest logins notice of them.

use super::guess;
use crate::Effort;
use crate::bed::{Bed, Try};
use crate::report::{Section, at_most};
use crate::rounds::{Contestant, interleave};
use crate::stats::Sample;
use apppw_tests::frames::Ask;
use apppw_tests::identity::Identity;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

const ALICE: &str = "alice@example.org";

/// A PAM host that isn't root, where the idle and the slow ones come from.
const PEER: u32 = 4050;

const QUIET: u8 = 0;
const PACED: u8 = 1;
const FLAT_OUT: u8 = 2;
const CROWDED: u8 = 3;
const THROUGH: u8 = 4;

pub fn run(effort: Effort) -> Vec<Section> {
    let bed = Bed::new("[peers.4050]\nservices = [\"imap\"]\n[limits]\nper_account = 1000\n");
    let secret = bed.create(ALICE, "phone");
    let warm = Try::new("imap", ALICE, &secret);
    let rounds = effort.rounds(15, 5);
    let cold: Vec<Vec<Try>> = (0..4)
        .map(|which| {
            (0..=rounds)
                .map(|round| {
                    Try::new(
                        "imap",
                        "bob@example.org",
                        &bed.create("bob@example.org", &format!("{which} {round}")),
                    )
                })
                .collect()
        })
        .collect();
    let mode = AtomicU8::new(QUIET);
    let results = std::thread::scope(|scope| {
        for worker in 0..16_u64 {
            let (mode, bed) = (&mode, &bed);
            scope.spawn(move || guesses(bed, mode, worker));
        }
        scope.spawn(|| crowd(&bed, &mode));
        let logins = |now: u8, login: &Try, count: usize| {
            mode.store(now, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(100));
            let times = bed.log_in(login, count);
            mode.store(QUIET, Ordering::Relaxed);
            Sample::of(&times)
        };
        let rows = [
            ("quiet", QUIET),
            ("2,000 guesses a second", PACED),
            ("16 workers that guess flat out", FLAT_OUT),
            ("a peer with 5,000 idle and slow connections", CROWDED),
        ];
        let mut contestants: Vec<Contestant<'_>> = Vec::new();
        for ((name, now), cold) in rows.into_iter().zip(cold) {
            let (warm, logins) = (&warm, &logins);
            contestants.push(Contestant::new(format!("warm, {name}"), move |_| {
                logins(now, warm, effort.count(500))
            }));
            contestants
                .push(Contestant::new(format!("cold, {name}"), move |round| logins(now, &cold[round], 1)));
        }
        let results = interleave(rounds, contestants);
        mode.store(THROUGH, Ordering::Relaxed);
        results
    });
    let mut section = Section::new("Honest logins in a flood");
    section.ratios(&results, "warm, quiet");
    section.say("Every honest login was accepted: the benchmark stops at the first that isn't.");
    section.goals(&[
        at_most(
            "warm, p99, 2,000 guesses a second, against quiet",
            2.0,
            &results,
            ("warm, 2,000 guesses a second", "warm, quiet"),
            |s| s.p99,
        ),
        at_most(
            "warm, p99, 16 workers flat out, against quiet",
            6.0,
            &results,
            ("warm, 16 workers that guess flat out", "warm, quiet"),
            |s| s.p99,
        ),
        at_most(
            "warm, p99, 5,000 idle and slow connections, against quiet",
            2.0,
            &results,
            ("warm, a peer with 5,000 idle and slow connections", "warm, quiet"),
            |s| s.p99,
        ),
    ]);
    vec![section]
}

/// One worker: of many users, from many addresses.
fn guesses(bed: &Bed, mode: &AtomicU8, worker: u64) {
    let mut number = worker << 40;
    loop {
        let wait = match mode.load(Ordering::Relaxed) {
            THROUGH => return,
            // Four of them with 500 a second each.
            PACED if worker < 4 => Duration::from_millis(2),
            FLAT_OUT => Duration::ZERO,
            _ => {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            }
        };
        number += 1;
        let begun = Instant::now();
        let (user, rhost) =
            (format!("user{}@example.org", number % 1000), format!("198.51.100.{}", number % 250));
        let secret = guess::secret(number);
        let ask = Ask {
            user: user.as_bytes(),
            rhost: rhost.as_bytes(),
            secret: secret.as_bytes(),
            ..Ask::default()
        };
        ask.send(&bed.daemon.auth_socket());
        std::thread::sleep(wait.saturating_sub(begun.elapsed()));
    }
}

/// A peer that opens connections and sends nothing, or a byte now and then.
fn crowd(bed: &Bed, mode: &AtomicU8) {
    let gid = std::fs::metadata(bed.daemon.auth_socket()).expect("the socket").gid();
    let identity = Identity { groups: vec![gid], ..Identity::new(PEER) };
    identity.act(|| {
        let mut open: Vec<UnixStream> = Vec::new();
        loop {
            match mode.load(Ordering::Relaxed) {
                THROUGH => return,
                CROWDED => {
                    while open.len() < 5000 {
                        let Ok(stream) = UnixStream::connect(bed.daemon.auth_socket()) else { break };
                        open.push(stream);
                    }
                    for stream in open.iter_mut().step_by(50) {
                        let _ = stream.write_all(b"A");
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
                _ => {
                    open.clear();
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        }
    });
}
