//! Revocation is linearizable: once `revoke` has returned, no login that starts later is
//! accepted, however many logins, creations and revocations race.

use super::Case;
use super::asking::wait_until;
use super::hashing::sql;
use apppw_admin::verbs::{CreateArgs, Created, RevokeArgs, Revoked};
use apppw_admin::{Client, Verb};
use apppw_proto::frame::Verdict;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::frames::{login, try_login};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

const USERS: [&str; 4] = ["alice@example.org", "bob@example.org", "carol", "dave@example.net"];
const LOGIN_THREADS: usize = 26;
const CHANGE_THREADS: usize = 6;
const ATTEMPTS: u64 = 6_000;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("no_login_that_begins_after_a_revoke_is_accepted", race),
        Case::new("a_revoke_during_the_computation_wins", during_argon2),
        Case::new("all_live_ones_of_a_user_go_at_once", all_of_a_user),
        Case::new("5000_of_a_user_go_at_once", very_many).with_program("sqlite3"),
    ]
}

/// One app password in the race.
struct Entry {
    user: &'static str,
    frame: Vec<u8>,
    created: Created,
    /// Set after `revoke` has returned, before anyone looks at it to start a login.
    gone: AtomicBool,
}

#[derive(Default)]
struct Counts {
    attempts: AtomicU64,
    accepted: AtomicU64,
    refused_after: AtomicU64,
    violations: AtomicU64,
}

fn race() {
    // The many attempts, with all else that closes, are the row `revoked` of the campaign.
    let daemon = Site::in_memory(CHEAP_ARGON2).start();
    let entries: RwLock<Vec<Arc<Entry>>> = RwLock::new(Vec::new());
    let (counts, revocations) = (Counts::default(), AtomicU64::new(0));
    let begun = Instant::now();
    // A busy machine makes for few revocations: then it takes longer.
    let goes_on = || {
        let wanted = [
            (&counts.attempts, ATTEMPTS),
            (&counts.accepted, 500),
            (&counts.refused_after, 500),
            (&revocations, 60),
        ];
        wanted.iter().any(|(counter, least)| counter.load(Ordering::Relaxed) < *least)
            && counts.violations.load(Ordering::Relaxed) == 0
    };
    std::thread::scope(|scope| {
        for thread in 0..CHANGE_THREADS {
            let (daemon, entries, revocations) = (&daemon, &entries, &revocations);
            scope.spawn(move || {
                let mut round = 0;
                while goes_on() {
                    change(daemon, entries, thread, round);
                    revocations.fetch_add(1, Ordering::Relaxed);
                    round += 1;
                }
            });
        }
        for thread in 0..LOGIN_THREADS {
            let (daemon, entries, counts) = (&daemon, &entries, &counts);
            scope.spawn(move || {
                let mut number = thread;
                while goes_on() {
                    number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(thread + 1);
                    attempt(daemon, entries, counts, number >> 33);
                }
            });
        }
    });
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    println!(
        "{} logins in {:.1} s against {} revocations: {} accepted, {} refused that began after a revoke, {} violations",
        count(&counts.attempts),
        begun.elapsed().as_secs_f64(),
        count(&revocations),
        count(&counts.accepted),
        count(&counts.refused_after),
        count(&counts.violations),
    );
    assert_eq!(count(&counts.violations), 0, "revoked app passwords were accepted");
}

/// Makes an app password, leaves it to the others for a moment, revokes it.
fn change(daemon: &Apppwd, entries: &RwLock<Vec<Arc<Entry>>>, thread: usize, round: usize) {
    let user = USERS[thread % USERS.len()];
    let created = daemon.create(user, &format!("{thread}.{round}"), &[]);
    let frame = login(user, created.secret.expose());
    let entry = Arc::new(Entry { user, frame, created, gone: AtomicBool::new(false) });
    {
        let mut entries = entries.write().expect("unpoisoned");
        entries.push(Arc::clone(&entry));
        // The last ones revoked stay for a while: these are tried again and again.
        if entries.len() > 2 * CHANGE_THREADS {
            let oldest = entries.iter().position(|entry| entry.gone.load(Ordering::SeqCst));
            oldest.map(|at| entries.remove(at));
        }
    }
    std::thread::sleep(Duration::from_millis(u64::try_from(round % 7).unwrap_or(0) * 3));
    daemon.revoke(entry.created.app_password.id);
    entry.gone.store(true, Ordering::SeqCst);
}

fn attempt(daemon: &Apppwd, entries: &RwLock<Vec<Arc<Entry>>>, counts: &Counts, number: usize) {
    let entry = {
        let entries = entries.read().expect("unpoisoned");
        if entries.is_empty() {
            return;
        }
        Arc::clone(&entries[number % entries.len()])
    };
    let was_gone = entry.gone.load(Ordering::SeqCst);
    let verdict = apppw_tests::frames::answer(&daemon.auth_socket(), &entry.frame).verdict;
    counts.attempts.fetch_add(1, Ordering::Relaxed);
    match verdict {
        Verdict::Accepted if was_gone => {
            counts.violations.fetch_add(1, Ordering::Relaxed);
            println!("{} of {} accepted after its revoke", entry.created.app_password.id, entry.user);
        }
        Verdict::Accepted => drop(counts.accepted.fetch_add(1, Ordering::Relaxed)),
        Verdict::Refused if was_gone => drop(counts.refused_after.fetch_add(1, Ordering::Relaxed)),
        // A busy machine may take longer than a login has.
        Verdict::Refused | Verdict::Unavailable => {}
        other => panic!("an honest login was answered with {other:?}"),
    }
}

/// A login that waits for Argon2id while its app password is revoked is refused, and not
/// remembered.
fn during_argon2() {
    let daemon = Site::new("[argon2]\nmemory_kib = 65536\niterations = 6\nworkers = 1\n").start();
    // On a busy disk the revocation may come too late: what was accepted before is no news.
    let caught = (0..10).any(|_| {
        let created = daemon.create(USERS[0], "phone", &[]);
        let secret = created.secret.expose();
        let runs = daemon.argon2_runs();
        let (revoked, verdicts) = std::thread::scope(|scope| {
            let login = || (try_login(&daemon.auth_socket(), USERS[0], secret), Instant::now());
            let logins: Vec<_> = (0..4).map(|_| scope.spawn(login)).collect();
            wait_until("one is being computed", || daemon.argon2_runs() > runs);
            assert_eq!(daemon.revoke(created.app_password.id).ids.len(), 1);
            let revoked = Instant::now();
            (revoked, logins.into_iter().map(|login| login.join().expect("a verdict")).collect::<Vec<_>>())
        });
        for (verdict, at) in &verdicts {
            let is_late = *verdict == Verdict::Accepted && *at < revoked;
            // A busy machine may take longer than a login has.
            let is_told = !matches!(verdict, Verdict::Unavailable);
            assert!(*verdict == Verdict::Refused || is_late || !is_told, "{verdict:?}");
        }
        verdicts.iter().all(|(verdict, _)| *verdict == Verdict::Refused)
    });
    assert!(caught, "each computation was over before the revocation was");
    daemon.wait_for_line(&["refused reason=revoked", "name=phone"]);
}

fn all_of_a_user() {
    let daemon = Apppwd::start();
    let mine: Vec<Created> = (0..20).map(|i| daemon.create(USERS[0], &i.to_string(), &[])).collect();
    let other = daemon.create(USERS[1], "phone", &[]);
    for created in &mine {
        assert_eq!(try_login(&daemon.auth_socket(), USERS[0], created.secret.expose()), Verdict::Accepted);
    }
    let args = RevokeArgs { users: vec![USERS[0].into()], all: true, ..RevokeArgs::default() };
    let mut client = Client::connect(&daemon.admin_socket()).expect("a connection");
    let dry = RevokeArgs { dry_run: true, ..args.clone() };
    let would: Revoked = client.call(Verb::Revoke, &dry).expect("an answer");
    assert_eq!(would.ids.len(), 20);
    assert_eq!(try_login(&daemon.auth_socket(), USERS[0], mine[0].secret.expose()), Verdict::Accepted);
    let revoked: Revoked = client.call(Verb::Revoke, &args).expect("an answer");
    assert_eq!(revoked.ids.len(), 20);
    for created in &mine {
        assert_eq!(try_login(&daemon.auth_socket(), USERS[0], created.secret.expose()), Verdict::Refused);
    }
    assert_eq!(try_login(&daemon.auth_socket(), USERS[1], other.secret.expose()), Verdict::Accepted);
    // A name is free again once its bearer is revoked.
    let args = CreateArgs { user: Some(USERS[0].into()), name: "0".into(), ..CreateArgs::default() };
    let again: Created = client.call(Verb::Create, &args).expect("an answer");
    assert_eq!(try_login(&daemon.auth_socket(), USERS[0], again.secret.expose()), Verdict::Accepted);
}

/// More than fit into an answer: they are gone all the same, and the answer can be read.
fn very_many() {
    let daemon = Apppwd::start();
    let first = daemon.create(USERS[0], "phone", &[]);
    let (_, site) = daemon.stop();
    sql(
        &site,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
         INSERT INTO app_password (id, account, name, services, scheme, key, tag, memory_kib, iterations,
             parallelism, salt, hash, created, created_by)
         SELECT n.i, account, 'device ' || n.i, services, scheme, key, NULL, memory_kib, iterations, parallelism,
             salt, hash, created, created_by FROM app_password, n",
    );
    let daemon = site.start();
    let args = RevokeArgs { users: vec![USERS[0].into()], all: true, ..RevokeArgs::default() };
    let revoked: Result<Revoked, _> = daemon.call(Verb::Revoke, &args);
    assert_eq!(daemon.status().live, 0);
    assert_eq!(try_login(&daemon.auth_socket(), USERS[0], first.secret.expose()), Verdict::Refused);
    assert!(revoked.is_ok(), "all were revoked, but the answer was {:?}", revoked.err());
}
