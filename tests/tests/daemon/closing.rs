//! Closing is linearizable, whatever closes: once a suspension, a lock, a panic switch or a
//! renaming was answered, no login that starts later is accepted; once it was taken back, none
//! that starts later is refused.

use super::Case;
use super::asking::{OTHER, USER, ask, create, outcome, site, wait_until};
use apppw_proto::frame::Verdict;
use apppw_tests::apppwd::Apppwd;
use apppw_tests::frames::Ask;
use apppw_tests::lines::Lines;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

const THREADS: usize = 4;
const ROUNDS: u64 = 25;

/// Judged at least between two changes.
const LOGINS: u64 = 8;

/// A verb and its arguments.
type Change = (&'static str, Value);

/// What closes and what opens again, for an app password.
type Changes = fn(&str) -> [Change; 2];

pub fn cases() -> Vec<Case> {
    let table: [(&str, Changes); 5] = [
        ("suspend", |id| [("suspend", json!({"ids": [id]})), ("resume", json!({"ids": [id]}))]),
        ("lock", |_| [("user.lock", json!({"user": USER})), ("user.unlock", json!({"user": USER}))]),
        ("panic", |_| [("panic", json!({"on": true})), ("panic", json!({"on": false}))]),
        ("panic_of_a_group", |_| {
            [
                ("panic", json!({"on": true, "group": "mail"})),
                ("panic", json!({"on": false, "group": "mail"})),
            ]
        }),
        ("rename", |_| {
            let rename = |user: &str, new: &str| ("user.rename", json!({"user": user, "new": new}));
            [rename(USER, OTHER), rename(OTHER, USER)]
        }),
    ];
    table.into_iter().map(|(name, changes)| Case::new(name, move || race(changes))).collect()
}

/// Whether it is open for sure (0), closing (1), closed for sure (2) or opening (3), modulo 4: who
/// sees the same number before and after a login has had that phase all the time.
struct Phase(AtomicU64);

fn race(changes: Changes) {
    let daemon = site("").start();
    let one = create(&daemon, "phone", json!({}));
    let changes = changes(&one.id);
    let phase = Phase(AtomicU64::new(0));
    let [accepted, refused, wrong, judged] = std::array::from_fn(|_| AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| alternate(&daemon, &changes, &phase, &judged));
        for _ in 0..THREADS {
            scope.spawn(|| {
                let ask = Ask { secret: one.secret.as_bytes(), ..Ask::default() };
                while phase.0.load(SeqCst) < 4 * ROUNDS {
                    let before = phase.0.load(SeqCst);
                    let verdict = ask.send(&daemon.auth_socket()).verdict;
                    let is_sure = before == phase.0.load(SeqCst);
                    if is_sure && before.is_multiple_of(2) && verdict != Verdict::Unavailable {
                        judged.fetch_add(1, SeqCst);
                    }
                    match (is_sure, before % 4, verdict) {
                        (true, 0, Verdict::Accepted) => drop(accepted.fetch_add(1, SeqCst)),
                        (true, 2, Verdict::Refused) => drop(refused.fetch_add(1, SeqCst)),
                        // A busy machine may take longer than a login has.
                        (_, _, Verdict::Unavailable) => {}
                        (false, ..) | (_, 1 | 3, Verdict::Accepted | Verdict::Refused) => {}
                        (_, phase, other) => {
                            println!("{other:?} in phase {phase}");
                            wrong.fetch_add(1, SeqCst);
                        }
                    }
                }
            });
        }
    });
    let count = |counter: &AtomicU64| counter.load(SeqCst);
    println!("{} accepted while open, {} refused while closed", count(&accepted), count(&refused));
    assert_eq!(count(&wrong), 0, "verdicts that were not so");
    assert!(count(&accepted) >= ROUNDS && count(&refused) >= ROUNDS, "not much of a race");
}

fn alternate(daemon: &Apppwd, changes: &[Change; 2], phase: &Phase, judged: &AtomicU64) {
    // Whatever happens, the others come to an end.
    struct End<'p>(&'p Phase);
    impl Drop for End<'_> {
        fn drop(&mut self) {
            self.0.0.fetch_max(4 * ROUNDS, SeqCst);
        }
    }
    let _end = End(phase);
    let mut lines = Lines::connect(&daemon.admin_socket());
    for round in 0..ROUNDS {
        for (number, (verb, args)) in (0..).zip(changes) {
            // Some logins have to begin and end while it is so.
            let before = judged.load(SeqCst);
            wait_until("logins are judged", || judged.load(SeqCst) >= before + LOGINS);
            phase.0.store(4 * round + 2 * number + 1, SeqCst);
            let answer = lines.call(verb, args);
            assert_eq!(outcome(&answer), "ok", "{verb}: {answer}");
            phase.0.store(4 * round + 2 * number + 2, SeqCst);
        }
    }
    assert_eq!(outcome(&ask(daemon, "status", json!({}))), "ok");
}
