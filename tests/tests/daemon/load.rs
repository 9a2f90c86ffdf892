//! Slow, idle, vanishing and too many clients: honest ones don't notice.

use super::Case;
use super::frames::still_serves;
use apppw_proto::frame::Verdict;
use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::frames::{self, Ask, login, try_login};
use apppw_tests::identity::Identity;
use apppw_tests::lines::Lines;
use serde_json::json;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::{Duration, Instant};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("a_trickling_client_is_cut_off_and_100_honest_ones_are_served", trickle),
        Case::new("300_idle_connections_and_honest_logins", idle),
        Case::new("more_connections_than_descriptors_are_survived", out_of_descriptors),
        Case::new("connection_churn_leaves_nothing_behind", churn),
        Case::new("work_of_clients_that_left_is_dropped", abandoned),
        Case::as_root("a_user_who_fills_admin_sock_does_not_keep_root_out", full_admin),
        Case::as_root("a_long_service_name_does_not_stall_logins", long_service),
    ]
}

fn alice(daemon: &Apppwd) -> String {
    daemon.create("alice@example.org", "phone", &[]).secret.expose().to_owned()
}

/// `count` logins; the slowest one's time.
fn honest(daemon: &Apppwd, secret: &str, count: usize) -> Duration {
    let times = (0..count).map(|_| {
        let begun = Instant::now();
        assert_eq!(try_login(&daemon.auth_socket(), "alice@example.org", secret), Verdict::Accepted);
        begun.elapsed()
    });
    times.max().unwrap_or_default()
}

fn trickle() {
    let daemon = Apppwd::start();
    let secret = alice(&daemon);
    std::thread::scope(|scope| {
        let hostile = scope.spawn(|| {
            let mut stream = frames::connect(&daemon.auth_socket());
            let begun = Instant::now();
            for byte in Ask::default().bytes() {
                if stream.write_all(&[byte]).is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            (begun.elapsed(), frames::read_to_end(&mut stream))
        });
        let slowest = honest(&daemon, &secret, 100);
        assert!(slowest < Duration::from_secs(1), "an honest login took {slowest:?}");
        let (lasted, received) = hostile.join().expect("the hostile client");
        assert!(lasted < Duration::from_secs(3), "a trickling client was kept for {lasted:?}");
        assert_eq!(received, b"");
    });
}

fn idle() {
    let daemon = Apppwd::start();
    let secret = alice(&daemon);
    let before = daemon.descriptors_at_rest();
    let open: Vec<UnixStream> = (0..300).map(|_| frames::connect(&daemon.auth_socket())).collect();
    let slowest = honest(&daemon, &secret, 100);
    assert!(slowest < Duration::from_secs(1), "an honest login took {slowest:?}");
    for mut stream in open {
        assert_eq!(frames::read_to_end(&mut stream), b"", "an idle connection is closed");
    }
    assert_eq!(daemon.descriptors_at_rest(), before);
}

/// The soft limit that systemd gives is 1024; here it is lower, to be quick.
fn out_of_descriptors() {
    let site = Site::new(apppw_tests::apppwd::CHEAP_ARGON2);
    let plain = site.command();
    let mut command = Command::new("/bin/sh");
    command.env_clear().args(["-c", "ulimit -n 64; exec \"$@\"", "sh"]).arg(plain.get_program());
    command.args(plain.get_args());
    let daemon = site.start_by(command);
    let secret = alice(&daemon);
    let open: Vec<UnixStream> = (0..200).map(|_| frames::connect(&daemon.auth_socket())).collect();
    // The idle ones leave after 2 s each, 64 at once at most.
    let begun = Instant::now();
    honest(&daemon, &secret, 1);
    assert!(begun.elapsed() < Duration::from_secs(9), "a login waited for {:?}", begun.elapsed());
    drop(open);
    let slowest = honest(&daemon, &secret, 10);
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    let lines = daemon.log().matches("can't accept a connection").count();
    assert!(lines < 500, "{lines} lines on one shortage");
    still_serves(&daemon);
}

fn churn() {
    let daemon = Apppwd::start();
    let secret = alice(&daemon);
    let round = |count: usize| {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for i in 0..count {
                        let mut stream = frames::connect(&daemon.auth_socket());
                        match i % 4 {
                            0 => {}
                            1 => drop(stream.write_all(&login("alice@example.org", &secret))),
                            2 => drop(stream.write_all(b"APPW\x01\x01")),
                            _ => drop(stream.write_all(&[0xff; 64])),
                        }
                    }
                });
            }
        });
    };
    // The first round takes what so many connections at once need; none after it needs more.
    round(2_500);
    honest(&daemon, &secret, 1);
    let (descriptors, memory) = (daemon.descriptors_at_rest(), daemon.resident_kib());
    round(2_500);
    round(2_500);
    still_serves(&daemon);
    let open = daemon.descriptors_at_rest();
    assert!(open <= descriptors, "{open} descriptors, {descriptors} before 20,000 more connections");
    let grown = daemon.resident_kib().saturating_sub(memory);
    assert!(grown < 4 * 1024, "{grown} KiB more after 20,000 more connections");
}

fn abandoned() {
    let daemon = Site::new("[argon2]\nmemory_kib = 32768\niterations = 8\nworkers = 1\n").start();
    let secrets: Vec<String> = (0..8)
        .map(|i| daemon.create("alice@example.org", &i.to_string(), &[]).secret.expose().to_owned())
        .collect();
    let before = daemon.argon2_runs();
    let open: Vec<UnixStream> = secrets
        .iter()
        .map(|secret| {
            let mut stream = frames::connect(&daemon.auth_socket());
            stream.write_all(&login("alice@example.org", secret)).expect("a request");
            stream
        })
        .collect();
    // All have been read: the first is being computed, the rest wait.
    let deadline = Instant::now() + Duration::from_secs(5);
    while daemon.status().argon2.queued < 6 {
        assert!(
            Instant::now() < deadline,
            "the machine is too fast for this test: {:?}",
            daemon.status().argon2
        );
    }
    drop(open);
    let begun = Instant::now();
    while daemon.status().argon2.queued > 0 {
        assert!(begun.elapsed() < Duration::from_secs(5), "still queued");
        std::thread::sleep(Duration::from_millis(5));
    }
    let runs = daemon.argon2_runs() - before;
    assert!(runs <= 3, "{runs} computations for 8 clients that left at once");
    still_serves(&daemon);
}

/// `admin.sock` is open to everyone, so one who may do nothing must not be able to keep an
/// administrator from revoking.
fn full_admin() {
    let daemon = Apppwd::start();
    let socket = daemon.admin_socket();
    let crowd: Vec<UnixStream> =
        Identity::new(65_534).act(|| (0..400).filter_map(|_| UnixStream::connect(&socket).ok()).collect());
    assert!(crowd.len() >= 256, "only {} connections", crowd.len());
    let (told, answer) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let stream = UnixStream::connect(&socket).expect("root connects");
            stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
            let mut line = String::new();
            let sent = (&stream).write_all(b"{\"v\":1,\"id\":1,\"verb\":\"status\"}\n");
            let read = std::io::BufRead::read_line(&mut std::io::BufReader::new(&stream), &mut line);
            let _ = told.send(sent.is_ok() && read.is_ok_and(|n| n > 0));
        });
    });
    drop(crowd);
    assert!(answer.recv().expect("an outcome"), "400 idle connections of nobody kept root out for 5 s");
}

/// What an administrator mistypes is compared with every known name: that must not take the
/// thread that answers logins.
fn long_service() {
    let daemon = Apppwd::start();
    let secret = alice(&daemon);
    honest(&daemon, &secret, 1);
    let name = "x".repeat(60_000);
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| {
            let args = json!({"user": "alice@example.org", "name": "tablet", "services": [name]});
            Lines::connect(&daemon.admin_socket()).call("create", &args)
        });
        let begun = Instant::now();
        let mut slowest = Duration::ZERO;
        while begun.elapsed() < Duration::from_millis(500) {
            slowest = slowest.max(honest(&daemon, &secret, 1));
        }
        let answer = asked.join().expect("an answer");
        assert_eq!(apppw_tests::lines::code(&answer), "invalid");
        println!("slowest warm login beside a service name of 60,000 characters: {slowest:?}");
        assert!(slowest < Duration::from_millis(300), "a warm login took {slowest:?}");
    });
}
