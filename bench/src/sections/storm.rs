//! The daemon has been restarted, and everybody comes back at once.

use super::argon::Bare;
use crate::Effort;
use crate::bed::{Bed, Try};
use crate::report::{Goal, Section};
use crate::stats::{Sample, figures, times};
use apppw_proto::frame::Verdict;
use apppw_tests::frames::{Ask, canonical};
use serde_json::json;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// As many as a phone opens.
const CONNECTIONS: usize = 4;

/// PAM conversations at once: what the workers of all mail services together have.
const WORKERS: usize = 1000;

/// The module's own, in milliseconds.
const DEADLINE_MS: u32 = 3000;

/// Between two logins of a user who is warm.
const PACE: Duration = Duration::from_millis(5);

/// One connection that wants in.
struct Client {
    user: usize,
    attempts: usize,
    /// When it tried first.
    since: Option<Instant>,
}

/// One that is in.
struct Served {
    attempts: usize,
    /// From its first attempt on.
    waited: Duration,
}

pub fn run(effort: Effort) -> Vec<Section> {
    let users = effort.rounds(10_000, 200);
    let bed = Bed::new("");
    let warm = Try::new("imap", "warm@example.org", &bed.create("warm@example.org", "phone"));
    eprintln!("bench: creating {users} app passwords at Argon2id's real cost ...");
    let secrets: Vec<String> = (0..users).map(|n| canonical(&bed.create(&name(n), "phone"))).collect();
    let bed = bed.restarted();
    bed.log_in_once(&warm);
    let quiet = paced(&bed, &warm, |number| number < 400);
    let before = bare_seconds(effort);
    let runs = || bed.call("status", json!({}))["argon2"]["runs"].as_u64().unwrap_or(0);
    let runs_before = runs();
    let begun = Instant::now();
    let (served, stormy) = storm(&bed, &secrets, &warm);
    let took = begun.elapsed();
    let runs = runs() - runs_before;
    let bare = (before + bare_seconds(effort)) / 2.0;
    let ratio = took.as_secs_f64() / (users as f64 * bare);
    let slower = stormy.p99 / quiet.p99;
    let peak = bed.daemon.peak_resident_kib() as f64 / 1024.0;
    let mut section = Section::new("Everybody comes back after a restart");
    section.say(format!(
        "{users} users with {CONNECTIONS} connections each, {WORKERS} of them under way at a time; who is not let in \
         within the module's {} s tries again behind all others. Beside: one bare Argon2id for each user, on as \
         many threads as the daemon has.",
        DEADLINE_MS / 1000
    ));
    section.say(rows(&served, took));
    section.goals(&[
        Goal::new(
            "time until all are in, against users × bare Argon2id ÷ cores",
            "≤ 1.10×",
            times(ratio),
            ratio <= 1.1,
        ),
        Goal::new(
            "Argon2id computations for each user",
            "1",
            figures(runs as f64 / users as f64),
            usize::try_from(runs).is_ok_and(|runs| runs == users),
        ),
        Goal::new(
            format!("warm logins meanwhile, p99 against quiet ({} µs)", figures(quiet.p99)),
            "≤ 10×",
            times(slower),
            slower <= 10.0,
        ),
        Goal::new(
            "resident memory at its peak, in MiB, against the packaged unit's MemoryMax",
            "≤ 1024",
            figures(peak),
            peak <= 1024.0,
        ),
    ]);
    vec![section]
}

fn name(user: usize) -> String {
    format!("user{user}@example.org")
}

/// All who want in, and somebody warm meanwhile.
fn storm(bed: &Bed, secrets: &[String], warm: &Try) -> (Vec<Served>, Sample) {
    let clients =
        (0..secrets.len() * CONNECTIONS).map(|n| Client { user: n / CONNECTIONS, attempts: 0, since: None });
    let waiting: Mutex<VecDeque<Client>> = Mutex::new(clients.collect());
    let served = Mutex::new(Vec::with_capacity(secrets.len() * CONNECTIONS));
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let meanwhile = scope.spawn(|| paced(bed, warm, |_| !over.load(Ordering::Relaxed)));
        std::thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(|| work(bed, secrets, &waiting, &served));
            }
        });
        over.store(true, Ordering::Relaxed);
        let stormy = meanwhile.join().expect("whoever is warm is let in");
        (served.into_inner().expect("no worker has panicked"), stormy)
    })
}

/// One PAM conversation after the other.
fn work(bed: &Bed, secrets: &[String], waiting: &Mutex<VecDeque<Client>>, served: &Mutex<Vec<Served>>) {
    let socket = bed.daemon.auth_socket();
    loop {
        let Some(mut client) = waiting.lock().expect("no worker has panicked").pop_front() else { return };
        let user = name(client.user);
        let ask = Ask {
            user: user.as_bytes(),
            secret: secrets[client.user].as_bytes(),
            deadline_ms: DEADLINE_MS,
            ..Ask::default()
        };
        let since = *client.since.get_or_insert_with(Instant::now);
        client.attempts += 1;
        match ask.send(&socket).verdict {
            Verdict::Accepted => served
                .lock()
                .expect("no worker has panicked")
                .push(Served { attempts: client.attempts, waited: since.elapsed() }),
            Verdict::Unavailable => waiting.lock().expect("no worker has panicked").push_back(client),
            verdict => panic!("{user}: {verdict:?}"),
        }
    }
}

/// Logins of somebody warm, one every [`PACE`], as long as `go_on` says, which gets their number.
fn paced(bed: &Bed, warm: &Try, go_on: impl Fn(usize) -> bool) -> Sample {
    let mut times = Vec::new();
    while go_on(times.len()) {
        let took = bed.log_in_once(warm);
        times.push(took);
        std::thread::sleep(PACE.saturating_sub(took));
    }
    Sample::of(&times)
}

/// Seconds for one bare Argon2id where each core computes one after the other.
fn bare_seconds(effort: Effort) -> f64 {
    let each = effort.count(100);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let mut bare = Bare::new(19_456, 2);
                for _ in 0..each {
                    bare.run();
                }
            });
        }
    });
    begun.elapsed().as_secs_f64() / (each * cores) as f64
}

/// Who had to wait, and how long.
fn rows(served: &[Served], took: Duration) -> String {
    let most = served.iter().map(|one| one.attempts).max().unwrap_or(0);
    let at_once = served.iter().filter(|one| one.attempts == 1).count();
    let longest = served.iter().map(|one| one.waited).max().unwrap_or_default();
    let percent = |part: f64| format!("{} %", figures(100.0 * part));
    format!(
        "| | |\n|---|---|\n| let in at the first attempt | {} |\n| most attempts of one connection | {most} |\n\
         | longest wait from the first attempt, of the whole storm | {} |\n",
        percent(at_once as f64 / served.len() as f64),
        percent(longest.as_secs_f64() / took.as_secs_f64()),
    )
}
