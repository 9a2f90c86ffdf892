//! Slow, idle, vanishing and too many clients: honest ones don't notice.

use super::Case;
use super::asking::wait_until;
use super::authorize::{GROUP, PASSWD};
use super::frames::still_serves;
use apppw_proto::frame::Verdict;
use apppw_tests::among::start_among;
use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::frames::{self, Ask, login, try_login};
use apppw_tests::identity::Identity;
use apppw_tests::lines::{Lines, code};
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
        Case::as_root("people_who_fill_admin_sock_do_not_keep_the_helpdesk_out", full_of_people)
            .with_program("unshare"),
        Case::as_root("a_long_service_name_does_not_stall_logins", long_service),
    ]
}

fn alice(daemon: &Apppwd) -> String {
    daemon.create("alice@example.org", "phone", &[]).secret.expose().to_owned()
}

/// `count` logins.
fn honest(daemon: &Apppwd, secret: &str, count: usize) {
    for _ in 0..count {
        assert_eq!(try_login(&daemon.auth_socket(), "alice@example.org", secret), Verdict::Accepted);
    }
}

fn trickle() {
    let daemon = Apppwd::start();
    let secret = alice(&daemon);
    std::thread::scope(|scope| {
        let hostile = scope.spawn(|| {
            let mut stream = frames::connect(&daemon.auth_socket());
            let is_cut_off = Ask::default().bytes().iter().any(|byte| {
                std::thread::sleep(Duration::from_millis(100));
                stream.write_all(&[*byte]).is_err()
            });
            (is_cut_off, frames::read_to_end(&mut stream))
        });
        honest(&daemon, &secret, 100);
        let (is_cut_off, received) = hostile.join().expect("the hostile client");
        assert!(is_cut_off, "a trickling client was read to its end");
        assert_eq!(received, b"");
    });
}

fn idle() {
    let daemon = Apppwd::start();
    let secret = alice(&daemon);
    let before = daemon.descriptors_at_rest();
    let open: Vec<UnixStream> = (0..300).map(|_| frames::connect(&daemon.auth_socket())).collect();
    honest(&daemon, &secret, 100);
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
    let begun = Instant::now();
    let open: Vec<UnixStream> = (0..200).map(|_| frames::connect(&daemon.auth_socket())).collect();
    // The idle ones leave after 2 s each, 64 at once at most.
    honest(&daemon, &secret, 1);
    drop(open);
    honest(&daemon, &secret, 10);
    let lines = daemon.log().matches("can't accept a connection").count();
    let minutes = usize::try_from(begun.elapsed().as_secs() / 60).unwrap_or(usize::MAX);
    assert!((1..=1 + minutes).contains(&lines), "{lines} lines on one shortage");
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
    // A busy machine may compute them all before it is seen that they wait.
    let is_dropped = (0..10).any(|_| abandon(&daemon, &secrets));
    assert!(is_dropped, "work of clients that left was done all the same");
    still_serves(&daemon);
}

/// Eight clients come and leave: whether the rest of their work was dropped.
fn abandon(daemon: &Apppwd, secrets: &[String]) -> bool {
    let open: Vec<UnixStream> = secrets
        .iter()
        .map(|secret| {
            let mut stream = frames::connect(&daemon.auth_socket());
            stream.write_all(&login("alice@example.org", secret)).expect("a request");
            stream
        })
        .collect();
    // All have been read: the first is being computed, the rest wait.
    let mut then = daemon.status().argon2;
    let begun = then.runs;
    while then.queued < 6 && then.runs < begun + 4 {
        then = daemon.status().argon2;
    }
    drop(open);
    wait_until("nothing is queued", || daemon.status().argon2.queued == 0);
    then.queued >= 6 && daemon.argon2_runs() <= then.runs + 2
}

/// Forty people, and what one of them may hold each.
fn full_of_people() {
    let people: Vec<u32> = (5000..5040).collect();
    let lines: Vec<String> = people.iter().map(|uid| format!("p{uid}:x:{uid}:{uid}::/:/bin/sh")).collect();
    let daemon = start_among(Site::new(""), &format!("{PASSWD}{}\n", lines.join("\n")), GROUP);
    let socket = daemon.admin_socket();
    let open = || UnixStream::connect(&socket).ok();
    let crowd: Vec<UnixStream> = people
        .iter()
        .flat_map(|uid| Identity::new(*uid).act(|| (0..8).filter_map(|_| open()).collect::<Vec<_>>()))
        .collect();
    assert_eq!(crowd.len(), 8 * people.len());
    let list = |who: &Identity| who.act(|| Lines::connect(&socket).call("list", &json!({})));
    assert_eq!(code(&list(&Identity::new(5041))), "busy", "a person gets no place");
    let (helpdesk, admin) =
        (Identity { groups: vec![778], ..Identity::new(4004) }, Identity { gid: 777, ..Identity::new(4003) });
    for who in [helpdesk, admin] {
        let answer = list(&who);
        assert!(answer["ok"].is_object(), "{who:?}: {answer}");
    }
    drop(crowd);
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
            stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
            let mut line = String::new();
            let sent = (&stream).write_all(b"{\"v\":1,\"id\":1,\"verb\":\"status\"}\n");
            let read = std::io::BufRead::read_line(&mut std::io::BufReader::new(&stream), &mut line);
            let _ = told.send(sent.is_ok() && read.is_ok_and(|n| n > 0));
        });
    });
    drop(crowd);
    assert!(answer.recv().expect("an outcome"), "400 idle connections of nobody kept root out for a minute");
}

/// What an administrator mistypes is compared with every known name: that must not take the
/// thread that answers logins.
fn long_service() {
    let daemon = Apppwd::start();
    let secret = alice(&daemon);
    honest(&daemon, &secret, 1);
    let name = "x".repeat(60_000);
    let args = json!({"user": "alice@example.org", "name": "tablet", "services": [name]});
    let before = daemon.main_thread_cpu();
    let answer = Lines::connect(&daemon.admin_socket()).call("create", &args);
    // By its processor's clock, which a busy machine doesn't move.
    let spent = daemon.main_thread_cpu() - before;
    assert_eq!(apppw_tests::lines::code(&answer), "invalid");
    assert!(spent < Duration::from_millis(100), "the thread that answers logins was busy for {spent:?}");
    honest(&daemon, &secret, 1);
}
