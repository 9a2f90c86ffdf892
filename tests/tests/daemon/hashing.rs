//! Argon2id is computed when it must be and not once more; stored parameters are not trusted.

use super::Case;
use apppw_proto::frame::{Detail, Reply, Verdict};
use apppw_proto::secret::Secret;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::frames::{self, login, try_login};
use std::process::Command;
use std::time::{Duration, Instant};

const USER: &str = "alice@example.org";

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new("a_cold_login_costs_one_computation_and_a_warm_one_none", cold_and_warm),
        Case::new("four_cold_logins_at_once_cost_one", four_at_once),
        Case::new("1000_wrong_guesses_cost_none", guesses),
        Case::new("changed_parameters_are_brought_in_behind_the_next_login", rewriting),
        Case::new("a_stored_value_that_is_wrong_refuses", forged_value).with_program("sqlite3"),
    ];
    for (name, change) in [
        ("memory_beyond_the_cap", "memory_kib = 262145"),
        ("memory_of_4_tib", "memory_kib = 4294967295"),
        ("memory_beyond_32_bits", "memory_kib = 4294967296"),
        ("negative_memory", "memory_kib = -1"),
        ("no_memory", "memory_kib = 0"),
        ("passes_beyond_the_cap", "iterations = 65"),
        ("no_passes", "iterations = 0"),
        ("lanes_beyond_the_cap", "parallelism = 17"),
        ("an_unknown_scheme", "scheme = 99"),
        ("a_short_salt", "salt = x'00'"),
        ("a_short_value", "hash = x'00'"),
    ] {
        cases.push(
            Case::new(format!("a_row_with_{name}_is_not_computed"), move || absurd(change))
                .with_program("sqlite3"),
        );
    }
    cases
}

fn accepted(daemon: &Apppwd, secret: &str) {
    assert_eq!(try_login(&daemon.auth_socket(), USER, secret), Verdict::Accepted);
}

fn cold_and_warm() {
    let daemon = Apppwd::start();
    let created = daemon.create(USER, "phone", &[]);
    let begin = daemon.argon2_runs();
    assert_eq!(begin, 1, "the creation's own");
    accepted(&daemon, created.secret.expose());
    assert_eq!(daemon.argon2_runs(), begin + 1);
    for _ in 0..20 {
        accepted(&daemon, created.secret.expose());
    }
    let status = daemon.status();
    assert_eq!((status.argon2.runs, status.argon2.memo_hits), (begin + 1, 20));
    // The memo is this process's alone.
    let (_, site) = daemon.stop();
    let daemon = site.start();
    accepted(&daemon, created.secret.expose());
    assert_eq!(daemon.argon2_runs(), 1);
}

fn four_at_once() {
    let daemon = Site::new("[argon2]\nmemory_kib = 32768\niterations = 3\nworkers = 4\n").start();
    let created = daemon.create(USER, "phone", &[]);
    let begin = daemon.argon2_runs();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| accepted(&daemon, created.secret.expose()));
        }
    });
    assert_eq!(daemon.argon2_runs(), begin + 1);
}

fn guesses() {
    let daemon = Apppwd::start();
    for i in 0..5 {
        daemon.create(USER, &i.to_string(), &[]);
    }
    let begin = daemon.argon2_runs();
    let mut values = [0_u8; 15];
    for i in 0..1000_u16 {
        values[..2].copy_from_slice(&[(i % 32) as u8, (i / 32) as u8]);
        let guess = Secret::from_values(&values).expect("a secret").display();
        let user = if i % 2 == 0 { USER } else { "nobody@example.org" };
        assert_eq!(try_login(&daemon.auth_socket(), user, &guess), Verdict::Refused);
    }
    assert_eq!(daemon.argon2_runs(), begin, "guesses were hashed");
}

fn rewriting() {
    let daemon = Apppwd::start();
    let created = daemon.create(USER, "phone", &[]);
    let (_, site) = daemon.stop();
    let config = site.config().replace("memory_kib = 64", "memory_kib = 128");
    assert_ne!(config, site.config());
    site.write_config(&config);
    let daemon = site.start();
    accepted(&daemon, created.secret.expose());
    // One to verify, one to rewrite.
    let deadline = Instant::now() + Duration::from_secs(5);
    while daemon.argon2_runs() < 2 {
        assert!(Instant::now() < deadline, "the hash was not rewritten");
        std::thread::sleep(Duration::from_millis(5));
    }
    accepted(&daemon, created.secret.expose());
    let shown = daemon.cli(&["status"]).output().expect("apppw runs");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("128"), "{shown}");
    let (_, site) = daemon.stop();
    let daemon = site.start();
    accepted(&daemon, created.secret.expose());
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(daemon.argon2_runs(), 1, "the hash was not kept");
}

/// Runs SQL on the database of a stopped daemon.
pub fn sql(site: &Site, statement: &str) {
    let status = Command::new("sqlite3")
        .arg(site.path("state/apppw.db"))
        .arg(statement)
        .status()
        .expect("sqlite3 runs");
    assert!(status.success(), "{statement}");
}

fn absurd(change: &str) {
    let daemon = Site::new(CHEAP_ARGON2).start();
    let (hurt, other) = (daemon.create(USER, "hurt", &[]), daemon.create(USER, "other", &[]));
    let (_, site) = daemon.stop();
    sql(&site, &format!("UPDATE app_password SET {change} WHERE name = 'hurt'"));
    let daemon = site.start();
    let (begun, memory) = (Instant::now(), daemon.resident_kib());
    let reply: Reply = frames::answer(&daemon.auth_socket(), &login(USER, hurt.secret.expose()));
    assert_eq!(reply.verdict, Verdict::Unavailable);
    assert_ne!(reply.detail, Detail::NONE);
    assert!(begun.elapsed() < Duration::from_millis(500), "took {:?}", begun.elapsed());
    assert!(daemon.resident_kib() < memory + 16 * 1024, "memory was taken for it");
    accepted(&daemon, other.secret.expose());
    assert!(!daemon.log().contains("panicked"), "{}", daemon.log());
}

fn forged_value() {
    let daemon = Site::new(CHEAP_ARGON2).start();
    let created = daemon.create(USER, "phone", &[]);
    let (_, site) = daemon.stop();
    sql(&site, "UPDATE app_password SET hash = randomblob(32)");
    let daemon = site.start();
    assert_eq!(try_login(&daemon.auth_socket(), USER, created.secret.expose()), Verdict::Refused);
    daemon.wait_for_line(&["refused reason=wrong-secret", "name=phone"]);
}
