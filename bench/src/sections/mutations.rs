//! Creating and revoking, durable, beside a bare commit; and what logins notice of it.

use crate::Effort;
use crate::bed::{Bed, Try, call};
use crate::report::{Goal, Section, at_most};
use crate::rounds::{Contestant, interleave};
use crate::stats::{Ratio, Sample};
use apppw_tests::apppwd::CHEAP_ARGON2;
use apppw_tests::lines::Lines;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// As many as one command may name.
const MANY: usize = 1000;

pub fn run(effort: Effort) -> Vec<Section> {
    let bed = Bed::new(CHEAP_ARGON2);
    vec![durable(&bed, effort), meanwhile(&bed, effort)]
}

/// What is compared with: commits as durable as the daemon's, and nothing else.
struct Bare {
    _dir: tempfile::TempDir,
    /// With one table of its own.
    alone: Connection,
    /// A copy of the daemon's.
    copy: Connection,
    number: i64,
}

impl Bare {
    fn new(bed: &Bed) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let open = |name: &str| {
            let database = Connection::open(dir.path().join(name)).expect("a database");
            database.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(())).expect("WAL");
            database.execute_batch("PRAGMA synchronous=FULL; PRAGMA secure_delete=ON").expect("pragmas");
            database
        };
        let daemons = Connection::open(bed.daemon.path("state/apppw.db")).expect("the daemon's database");
        let copy = dir.path().join("copy.db");
        daemons.execute("VACUUM INTO ?1", [copy.to_str()]).expect("a copy");
        let (alone, copy) = (open("bare.db"), open("copy.db"));
        alone.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB)").expect("a table");
        Self { _dir: dir, alone, copy, number: 0 }
    }

    /// One row of an app password's size.
    fn one_row(&mut self, count: usize) -> Sample {
        let one = |_| {
            let begun = Instant::now();
            self.alone.execute("INSERT INTO t (v) VALUES (?1)", [[7_u8; 300].as_slice()]).expect("a commit");
            begun.elapsed()
        };
        Sample::of(&(0..count).map(one).collect::<Vec<_>>())
    }

    /// The rows that a creation writes, with their indexes: an app password, its event, its account.
    fn its_rows(&mut self, count: usize) -> Sample {
        let one = |_| {
            self.number += 1;
            let number = self.number;
            let begun = Instant::now();
            let tx = self.copy.transaction().expect("a transaction");
            let id = tx
                .prepare_cached(
                    "INSERT INTO app_password (id, account, name, services, scheme, key, tag, memory_kib, iterations,
                         parallelism, salt, hash, created, created_by)
                     SELECT ?1, account, ?2, services, scheme, key, ?3, memory_kib, iterations, parallelism, salt, hash,
                         created, created_by
                     FROM app_password WHERE salt IS NOT NULL LIMIT 1 RETURNING id",
                )
                .and_then(|mut insert| {
                    // Scattered, as ids and tags that are drawn.
                    let drawn = number.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed()) & 0xff_ffff_ffff;
                    insert.query_row((drawn, format!("bare {number}"), drawn >> 8), |row| row.get::<_, i64>(0))
                })
                .expect("an app password");
            tx.prepare_cached(
                "INSERT INTO event (at, host, kind, actor, account, user, app_password, name, services)
                 SELECT p.created, 'host', 'create', p.created_by, a.id, a.name, p.id, p.name, p.services
                 FROM app_password p JOIN account a ON a.id = p.account WHERE p.id = ?1",
            )
            .and_then(|mut insert| insert.execute([id]))
            .expect("an event");
            tx.prepare_cached(
                "UPDATE account SET creations = creations + 1 WHERE id = (SELECT account FROM app_password WHERE id = ?1)",
            )
            .and_then(|mut update| update.execute([id]))
            .expect("its account");
            tx.commit().expect("a commit");
            begun.elapsed()
        };
        Sample::of(&(0..count).map(one).collect::<Vec<_>>())
    }
}

/// The `number`th creation: accounts have ten each, as people do.
fn for_user(number: usize) -> Value {
    json!({"user": format!("user{}@example.org", number / 10), "name": number.to_string()})
}

fn durable(bed: &Bed, effort: Effort) -> Section {
    let connect = || Lines::connect(&bed.daemon.admin_socket());
    let mut number = 0;
    let mut create = |count: usize| -> (Vec<Duration>, Vec<Value>) {
        let mut lines = connect();
        let one = |_| {
            number += 1;
            let begun = Instant::now();
            let made = call(&mut lines, "create", &for_user(number));
            (begun.elapsed(), made["app_password"]["id"].clone())
        };
        (0..count).map(one).unzip()
    };
    let (count, rounds) = (effort.count(40), effort.rounds(15, 5));
    let committed = || call(&mut connect(), "metrics", &json!({}))["store_writes"].as_u64().unwrap_or(0);
    let some = create(MANY).1;
    let before = committed();
    call(&mut connect(), "revoke", &json!({"ids": some}));
    let commits = committed() - before;
    let mut all: Vec<Value> = create(MANY * (rounds + 1)).1;
    let mut single: Vec<Value> = create(count * (rounds + 1)).1;
    let (mut one_row, mut its_rows) = (Bare::new(bed), Bare::new(bed));
    let contestants = vec![
        Contestant::new("bare commit of one row", |_| one_row.one_row(count)),
        Contestant::new("bare commit of what create writes", |_| its_rows.its_rows(count)),
        Contestant::new("create (Argon2id as cheap as it goes)", |_| Sample::of(&create(count).0)),
        Contestant::new("revoke one", |_| {
            let mut lines = connect();
            let ids = single.split_off(single.len() - count);
            let times: Vec<Duration> = ids
                .into_iter()
                .map(|id| {
                    let begun = Instant::now();
                    call(&mut lines, "revoke", &json!({"ids": [id]}));
                    begun.elapsed()
                })
                .collect();
            Sample::of(&times)
        }),
        Contestant::new("revoke 1,000 in one command", |_| {
            let ids = all.split_off(all.len() - MANY);
            let begun = Instant::now();
            call(&mut connect(), "revoke", &json!({"ids": ids}));
            Sample::of(&[begun.elapsed()])
        }),
    ];
    let results = interleave(rounds, contestants);
    let mut section = Section::new("Changes, durable");
    section.say(
        "A bare commit is one by the same SQLite with the same settings, and nothing else: no socket, no check, no hash. One \
         of one row into a table of its own; one of the rows that `create` writes, into a copy of the daemon's database.",
    );
    section.ratios(&results, "bare commit of one row");
    let many = Ratio::of(results.of("revoke 1,000 in one command"), results.of("revoke one"), |s| s.p50);
    section.goals(&[
        at_most(
            "create, without its Argon2id, against the commit of what it writes",
            2.0,
            &results,
            ("create (Argon2id as cheap as it goes)", "bare commit of what create writes"),
            |s| s.p50,
        ),
        at_most(
            "revoke, with its journal, against the commit of one row",
            4.0,
            &results,
            ("revoke one", "bare commit of one row"),
            |s| s.p50,
        ),
        Goal::new(
            "commits for 1,000 revoked by one command",
            "1",
            format!("{commits}; in time {many} of one revoked alone"),
            commits == 1,
        ),
    ]);
    section
}

const QUIET: u8 = 0;
const ONE: u8 = 1;
const ALL: u8 = 2;
const THROUGH: u8 = 3;

/// Warm logins while somebody takes access away and gives it back all the time. Suspending costs what
/// revoking does, and can go on for ever.
fn meanwhile(bed: &Bed, effort: Effort) -> Section {
    let secret = bed.create("alice@example.org", "phone");
    let warm = Try::new("imap", "alice@example.org", &secret);
    let ids: Vec<Value> = (0..MANY)
        .map(|number| bed.call("create", for_user(10_000_000 + number))["app_password"]["id"].clone())
        .collect();
    let mode = AtomicU8::new(QUIET);
    let results = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut lines = Lines::connect(&bed.daemon.admin_socket());
            for number in 0.. {
                let verb = if number % 2 == 0 { "suspend" } else { "resume" };
                match mode.load(Ordering::Relaxed) {
                    THROUGH => return,
                    ONE => call(&mut lines, verb, &json!({"ids": [ids[number / 2 % MANY]]})),
                    ALL => call(&mut lines, verb, &json!({"ids": ids})),
                    _ => {
                        std::thread::sleep(Duration::from_millis(1));
                        // The daemon hangs up on whoever asks nothing for long.
                        call(&mut lines, "panic", &json!({"on": false}))
                    }
                };
            }
        });
        let logins = |now: u8| {
            mode.store(now, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(20));
            Sample::of(&bed.log_in(&warm, effort.count(1000)))
        };
        let contestants = vec![
            Contestant::new("warm logins, quiet", |_| logins(QUIET)),
            Contestant::new("while one after the other is suspended or resumed", |_| logins(ONE)),
            Contestant::new("while 1,000 by one command are, again and again", |_| logins(ALL)),
        ];
        let results = interleave(effort.rounds(15, 5), contestants);
        mode.store(THROUGH, Ordering::Relaxed);
        results
    });
    let mut section = Section::new("Logins while things change");
    section.ratios(&results, "warm logins, quiet");
    let p99 = |what: &str, who: &str| at_most(what, 1.3, &results, (who, "warm logins, quiet"), |s| s.p99);
    section.goals(&[
        p99("warm, p99, one after the other", "while one after the other is suspended or resumed"),
        p99("warm, p99, 1,000 by one command", "while 1,000 by one command are, again and again"),
    ]);
    section
}
