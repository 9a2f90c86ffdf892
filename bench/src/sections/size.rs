//! Many users: the same daemon with few and with very many.

use crate::Effort;
use crate::bed::{Bed, NEVER_DRAWN, Try, call};
use crate::peers::stack;
use crate::pin::OneCore;
use crate::report::{Goal, Section, at_most};
use crate::rounds::{Contestant, interleave};
use crate::stats::{Sample, figures};
use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::bin;
use apppw_tests::lines::Lines;
use apppw_tests::pam::{Code, Confdir};
use rusqlite::{Connection, params};
use serde_json::json;
use std::time::{Duration, Instant};

const EACH: usize = 5;

/// With more users a list of all would take minutes.
const MOST_LISTED: usize = 100_000;

const ALICE: &str = "alice@example.org";

struct Sized {
    users: usize,
    daemon: Apppwd,
    confdir: Confdir,
    secret: String,
    started: Duration,
    bytes_each: f64,
}

pub fn run(effort: Effort) -> Vec<Section> {
    let sizes: Vec<Sized> = match effort {
        Effort::Full => vec![filled(1_000), filled(10_000), filled(100_000), filled(1_000_000)],
        Effort::Quick => vec![filled(1_000), filled(20_000)],
    };
    let contestants = sizes.iter().flat_map(|size| {
        let count = effort.count(2000);
        let warm = move |_| {
            let users = std::iter::repeat_n(ALICE.to_owned(), count);
            Sample::of(&logins(size, users, &size.secret, Code::SUCCESS))
        };
        let mut random = Random(7);
        let wrong = move |_| {
            let users = (0..count).map(|_| format!("user{}@example.org", random.next() % size.users as u64));
            Sample::of(&logins(size, users, NEVER_DRAWN, Code::AUTH_ERR))
        };
        let list = move |_| {
            Sample::of(&(0..5).map(|_| timed(size, "list", json!({"user": ALICE}))).collect::<Vec<_>>())
        };
        [
            Contestant::new(format!("warm, {} users", size.users), warm),
            Contestant::new(format!("wrong, {} users", size.users), wrong),
            Contestant::new(format!("list of one user, {} users", size.users), list),
        ]
    });
    let pinned = OneCore::with(sizes.iter().map(|size| size.daemon.id()));
    let results = interleave(effort.rounds(31, 5), contestants.collect());
    drop(pinned);
    let (small, large) =
        (&sizes[sizes.len().saturating_sub(3).max(sizes.len() / 2 - 1)], &sizes[sizes.len() - 1]);
    let mut section = Section::new("Many users, five app passwords each");
    section.say(
        "Logins go through libpam. Wrong ones are of users drawn at random, whose rows nobody has looked at. All on \
         one core, so that only what is done counts.",
    );
    section.ratios(&results, &format!("warm, {} users", small.users));
    let mut rows = String::from(
        "| users | start | bytes an app password | resident | `list --unused 90d` over all |\n|---|---|---|---|---|\n",
    );
    for size in &sizes {
        rows += &format!(
            "| {} | {} s | {} | {} MiB | {} |\n",
            size.users,
            figures(size.started.as_secs_f64()),
            figures(size.bytes_each),
            figures(resident_mib(size)),
            if size.users <= MOST_LISTED {
                figures(unused(size).as_secs_f64()) + " s"
            } else {
                "not measured".into()
            }
        );
    }
    section.say(rows);
    let name = |what: &str, size: &Sized| format!("{what}, {} users", size.users);
    let compared = |what: &str| {
        let (large, small) = (name(what, large), name(what, small));
        at_most(&format!("{large}, against {small}"), 1.05, &results, (&large, &small), |s| s.p50)
    };
    section.goals(&[
        compared("warm"),
        compared("wrong"),
        Goal::new(
            "bytes on disk an app password",
            "≤ 300",
            figures(large.bytes_each),
            large.bytes_each <= 300.0,
        ),
        Goal::new(
            format!("start with {} users, in seconds", large.users),
            "≤ 1",
            figures(large.started.as_secs_f64()),
            large.started <= Duration::from_secs(1),
        ),
        Goal::new(
            "resident memory, in MiB, with one of the Argon2id workers used",
            "≤ 10 + 19",
            figures(resident_mib(large)),
            resident_mib(large) <= 29.0,
        ),
    ]);
    vec![section]
}

/// A daemon with so many users, of whom alice has a secret that is known.
fn filled(users: usize) -> Sized {
    eprintln!("bench: filling a database with {users} users ...");
    let daemon = Site::new("").start();
    let created = daemon.create(ALICE, "phone", &[]);
    let (_, site) = daemon.stop();
    fill(&site.path("state/apppw.db"), users);
    // The first start notes in the journal whom the database has enrolled; the next ones don't.
    let (_, site) = site.start().stop();
    let bytes = std::fs::metadata(site.path("state/apppw.db")).map_or(0, |file| file.len());
    let begun = Instant::now();
    let daemon = site.start();
    let started = begun.elapsed();
    let confdir = Confdir::new();
    let module = format!("{} socket={}", bin::module().display(), daemon.auth_socket().display());
    confdir.write("imap", &stack(&module));
    let secret = created.secret.expose().to_owned();
    Sized { users, daemon, confdir, secret, started, bytes_each: bytes as f64 / (users * EACH) as f64 }
}

/// Rows as the daemon writes them, with hashes of nothing.
fn fill(path: &std::path::Path, users: usize) {
    let mut database = Connection::open(path).expect("the database");
    database
        .execute_batch("PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF; PRAGMA cache_size=-1000000; DELETE FROM event")
        .expect("pragmas");
    let tx = database.transaction().expect("a transaction");
    let mut random = Random(1);
    {
        let mut account = tx
            .prepare("INSERT INTO account (id, name, given, enrolled, created) VALUES (?1, ?2, ?2, ?3, ?3)")
            .expect("a statement");
        let mut app_password = tx
            .prepare(
                "INSERT OR IGNORE INTO app_password (id, account, name, services, scheme, key, tag, memory_kib, iterations,
                     parallelism, salt, hash, created, created_by)
                 SELECT ?1, ?2, ?3, 'mail', scheme, key, ?4, memory_kib, iterations, parallelism, ?5, ?6, 1700000000, created_by
                 FROM app_password WHERE name = 'phone' AND account = (SELECT id FROM account WHERE name = ?7)",
            )
            .expect("a statement");
        for user in 0..users {
            let id = [random.bytes::<8>(), random.bytes::<8>()].concat();
            account
                .execute(params![id, format!("user{user}@example.org"), 1_700_000_000_i64])
                .expect("an account");
            for number in 0..EACH {
                let (salt, hash) = (random.bytes::<16>(), random.bytes::<32>());
                let row = i64::try_from(random.next() >> 24).expect("40 bits");
                let tag = u32::try_from(random.next() >> 32).expect("32 bits");
                let name = format!("device {number}");
                app_password
                    .execute(params![row, id, name, tag, salt, hash, ALICE])
                    .expect("an app password");
            }
        }
    }
    tx.commit().expect("a commit");
    database.execute_batch("PRAGMA journal_mode=WAL").expect("WAL");
}

/// A generator of numbers that are the same each time (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn bytes<const N: usize>(&mut self) -> Vec<u8> {
        std::iter::repeat_with(|| self.next().to_ne_bytes()).flatten().take(N).collect()
    }
}

/// Logins through libpam, each by somebody else.
fn logins(size: &Sized, users: impl Iterator<Item = String>, secret: &str, code: Code) -> Vec<Duration> {
    let one = |user: String| {
        let login = Try { code, ..Try::new("imap", &user, secret) };
        Bed::log_in_by(&size.confdir, &login)
    };
    users.map(one).collect()
}

fn timed(size: &Sized, verb: &str, args: serde_json::Value) -> Duration {
    let begun = Instant::now();
    call(&mut Lines::connect(&size.daemon.admin_socket()), verb, &args);
    begun.elapsed()
}

fn resident_mib(size: &Sized) -> f64 {
    size.daemon.resident_kib() as f64 / 1024.0
}

/// All pages.
fn unused(size: &Sized) -> Duration {
    let begun = Instant::now();
    let output = size.daemon.cli(&["list", "--unused", "90d", "--csv"]).output().expect("apppw runs");
    assert!(output.status.success() && output.stdout.len() > size.users);
    begun.elapsed()
}
