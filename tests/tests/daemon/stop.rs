//! SIGTERM: what is under way is answered, what was done is told, and nothing is left behind.

use super::Case;
use apppw_admin::verbs::{CreateArgs, Created};
use apppw_admin::{Client, ClientError, Verb};
use apppw_proto::frame::{Reply, Verdict};
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::frames::{self, login};
use nix::sys::signal::Signal;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [Signal::SIGTERM, Signal::SIGINT]
        .into_iter()
        .map(|signal| {
            Case::new(format!("logins_under_way_are_answered_after_{signal}"), move || logins(signal))
        })
        .collect();
    cases.push(Case::new("who_has_connected_is_answered", connected));
    cases.push(Case::new("a_creation_is_told_or_not_made", creations));
    cases.push(Case::new("idle_connections_do_not_hold_it_up", idle));
    cases
}

fn logins(signal: Signal) {
    let daemon =
        Site::new("[argon2]\nmemory_kib = 16384\niterations = 4\nworkers = 1\n[limits]\nper_account = 30\n")
            .start();
    let secrets: Vec<String> = (0..30)
        .map(|i| daemon.create("alice@example.org", &i.to_string(), &[]).secret.expose().to_owned())
        .collect();
    let open: Vec<UnixStream> = secrets
        .iter()
        .map(|secret| {
            let mut stream = frames::connect(&daemon.auth_socket());
            stream.write_all(&login("alice@example.org", secret)).expect("a request");
            stream
        })
        .collect();
    let deadline = Instant::now() + Duration::from_secs(5);
    while daemon.status().argon2.queued + u32::try_from(daemon.status().verdicts.accepted).unwrap_or(0) < 29 {
        assert!(Instant::now() < deadline, "not all are under way: {:?}", daemon.status());
    }
    assert!(daemon.status().argon2.queued > 3, "too fast for this test");
    daemon.signal(signal);
    for mut stream in open {
        let reply = Reply::decode(&frames::read_to_end(&mut stream), 1).expect("an answer");
        assert_eq!(reply.verdict, Verdict::Accepted);
    }
    let (status, site) = daemon.stop();
    assert!(status.success(), "{status}");
    assert!(!site.auth_socket().exists() && !site.admin_socket().exists(), "the sockets are left");
    site.start();
}

/// Whose connection the kernel has taken counts as under way, though the daemon has not accepted
/// it yet: either connecting fails or there is an answer.
fn connected() {
    let (mut answered, mut lost) = (0, 0);
    for _ in 0..5 {
        let daemon = Apppwd::start();
        let socket = daemon.auth_socket();
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..12).map(|_| scope.spawn(|| log_in_until_it_ends(&socket))).collect();
            std::thread::sleep(Duration::from_millis(150));
            daemon.signal(Signal::SIGTERM);
            for thread in threads {
                let (some, none) = thread.join().expect("counts");
                answered += some;
                lost += none;
            }
        });
    }
    assert!(answered > 500, "{answered} logins are not many");
    assert_eq!(lost, 0, "connections without an answer, of {answered} with one");
}

fn log_in_until_it_ends(socket: &Path) -> (usize, usize) {
    let frame = login("alice@example.org", "0000-0000-0000-0000");
    let (mut answered, mut lost) = (0, 0);
    while let Ok(mut stream) = UnixStream::connect(socket) {
        let _ = stream.write_all(&frame);
        match frames::read_to_end(&mut stream).len() {
            8 => answered += 1,
            _ => lost += 1,
        }
    }
    (answered, lost)
}

/// Who made an app password must see its secret: one that nobody has seen is a row in the list
/// that nobody can explain.
fn creations() {
    let mut site = Site::new(CHEAP_ARGON2);
    let mut told = 0_u64;
    for round in 0..20_u64 {
        let daemon = site.start();
        assert_eq!(daemon.status().live, told, "after stop {round}: created, but nobody was told");
        let counts: Vec<u64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|thread| {
                    let socket = daemon.admin_socket();
                    scope.spawn(move || create_until_it_ends(&socket, &format!("{round}.{thread}")))
                })
                .collect();
            std::thread::sleep(Duration::from_millis(20 + 3 * round));
            daemon.signal(Signal::SIGTERM);
            threads.into_iter().map(|thread| thread.join().expect("a count")).collect()
        });
        told += counts.iter().sum::<u64>();
        let (status, stopped) = daemon.stop();
        assert!(status.success(), "{status}");
        site = stopped;
    }
    assert_eq!(site.start().status().live, told);
    assert!(told > 20, "{told} creations are not many");
}

fn create_until_it_ends(socket: &Path, name: &str) -> u64 {
    let Ok(mut client) = Client::connect(socket) else { return 0 };
    for told in 0.. {
        let args = CreateArgs {
            user: Some("alice@example.org".into()),
            name: format!("{name}.{told}"),
            ..CreateArgs::default()
        };
        let created: Result<Created, ClientError> = client.call(Verb::Create, &args);
        if created.is_err() {
            return told;
        }
    }
    0
}

fn idle() {
    let daemon = Apppwd::start();
    let auth: Vec<UnixStream> = (0..10).map(|_| frames::connect(&daemon.auth_socket())).collect();
    let admin: Vec<UnixStream> = (0..10).map(|_| frames::connect(&daemon.admin_socket())).collect();
    let begun = Instant::now();
    let (status, _) = daemon.stop();
    assert!(status.success(), "{status}");
    assert!(begun.elapsed() < Duration::from_secs(4), "stopped after {:?}", begun.elapsed());
    drop((auth, admin));
}
