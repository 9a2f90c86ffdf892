//! Sockets that the service manager passes on, and what it is told (sd_listen_fds(3),
//! sd_notify(3)).

use super::Case;
use super::startup::expect;
use apppw_proto::frame::{Reply, Verdict};
use apppw_tests::activate::DAEMON_UID;
use apppw_tests::apppwd::{CHEAP_ARGON2, Site};
use apppw_tests::frames::{self, login, try_login};
use apppw_tests::identity::Identity;
use nix::sys::socket::{Backlog, getsockopt, listen, sockopt::PeerCredentials};
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const USER: &str = "alice@example.org";

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::as_root("listen_again_changes_what_clients_see", listen_again),
        Case::as_root("a_daemon_of_another_uid_shows_clients_who_listened", credentials),
        Case::as_root("logins_wait_in_the_socket_over_a_restart", restart),
        Case::new("ready_and_stopping_are_told", notify),
        Case::new("sockets_passed_to_another_process_are_left_alone", other_pid),
    ];
    cases.extend(wrong().into_iter().map(|(name, make, redirections, environment, words)| {
        Case::new(name, move || {
            let site = Site::new(CHEAP_ARGON2);
            let [first, second] = make(&site);
            let command = pass(&site, redirections, environment);
            expect_with(command, [first, second], words);
        })
    }));
    cases
}

fn peer_uid(socket: &Path) -> u32 {
    let stream = UnixStream::connect(socket).expect("a connection");
    getsockopt(&stream, PeerCredentials).expect("credentials").uid()
}

/// Why the daemon must not: the kernel gives clients the credentials of the last `listen`. The
/// module trusts root's only, so every login would become unavailable.
fn listen_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("socket");
    let listener = UnixListener::bind(&path).expect("root's socket");
    assert_eq!(peer_uid(&path), 0);
    let backlog = Backlog::new(16).expect("a backlog");
    Identity::new(DAEMON_UID).act(|| listen(&listener, backlog).expect("anyone who has it may"));
    assert_eq!(peer_uid(&path), DAEMON_UID, "then the daemon could listen again, and this rule may go");
    listen(&listener, backlog).expect("and back");
    assert_eq!(peer_uid(&path), 0);
}

fn credentials() {
    let daemon = Site::new(CHEAP_ARGON2).start_activated(DAEMON_UID);
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.id())).expect("its status");
    assert!(status.contains(&format!("Uid:\t{DAEMON_UID}\t{DAEMON_UID}")), "{status}");
    for socket in [daemon.auth_socket(), daemon.admin_socket()] {
        assert_eq!(peer_uid(&socket), 0, "{}", socket.display());
    }
    let created = daemon.create(USER, "phone", &[]);
    assert_eq!(try_login(&daemon.auth_socket(), USER, created.secret.expose()), Verdict::Accepted);
    for socket in [daemon.auth_socket(), daemon.admin_socket()] {
        assert_eq!(peer_uid(&socket), 0, "{} after a login", socket.display());
    }
    let (status, site) = daemon.stop();
    assert!(status.success(), "{status}");
    assert!(site.auth_socket().exists(), "a socket that is not the daemon's was removed");
}

fn restart() {
    let daemon = Site::new(CHEAP_ARGON2).start_activated(DAEMON_UID);
    let created = daemon.create(USER, "phone", &[]);
    let (_, site) = daemon.stop();
    let waiting: Vec<UnixStream> = (0..20)
        .map(|_| {
            let mut stream = frames::connect(&site.auth_socket());
            stream.write_all(&login(USER, created.secret.expose())).expect("the socket takes it");
            stream
        })
        .collect();
    let daemon = site.start_activated(DAEMON_UID);
    for mut stream in waiting {
        let reply = Reply::decode(&frames::read_to_end(&mut stream), 1).expect("an answer");
        assert_eq!(reply.verdict, Verdict::Accepted);
    }
    drop(daemon);
}

fn notify() {
    let site = Site::new(CHEAP_ARGON2);
    let path = site.path("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    let mut command = site.command();
    command.env("NOTIFY_SOCKET", &path);
    let daemon = site.start_by(command);
    let told = || {
        let mut message = [0; 512];
        let len = socket.recv(&mut message).expect("a message");
        String::from_utf8_lossy(&message[..len]).into_owned()
    };
    assert!(told().contains("READY=1"));
    let (status, _) = daemon.stop();
    assert!(status.success(), "{status}");
    assert!(told().contains("STOPPING=1"));
}

/// The daemon's command in a shell that first moves descriptors 0 and 1 to where they belong.
fn pass(site: &Site, redirections: &str, environment: &str) -> Command {
    let plain = site.command();
    let script = format!("exec {redirections} </dev/null >/dev/null; export {environment}; exec \"$@\"");
    let mut command = Command::new("/bin/sh");
    command.env_clear().args(["-c", &script, "sh"]).arg(plain.get_program()).args(plain.get_args());
    command
}

/// As [`expect`], with two descriptors to pass on; the shell that has them outlives no case.
fn expect_with(command: Command, passed: [OwnedFd; 2], words: &[&str]) {
    let [first, second] = passed;
    let mut command = command;
    let output = command.stdin(first).stdout(second).output().expect("apppwd can be run");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
    assert_eq!(output.status.code(), Some(78), "{said}");
}

type Make = fn(&Site) -> [OwnedFd; 2];

const TWO: &str = "3<&0 4<&1";

#[rustfmt::skip]
fn wrong() -> Vec<(&'static str, Make, &'static str, &'static str, &'static [&'static str])> {
    vec![
        ("names_that_are_not_ours", streams, TWO, "LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=foo:bar", &["passed `foo`, `bar`", "named `auth` and `admin`"]),
        ("no_names", streams, TWO, "LISTEN_PID=$$ LISTEN_FDS=2", &["named `auth` and `admin`"]),
        ("one_name_twice", streams, TWO, "LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=auth:auth", &["passed `auth`, `auth`"]),
        ("one_socket_only", streams, TWO, "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=auth", &["passed `auth`;"]),
        ("three_sockets", streams, "3<&0 4<&1 5<&1", "LISTEN_PID=$$ LISTEN_FDS=3 LISTEN_FDNAMES=auth:admin:auth", &["`auth`, `admin`, `auth`"]),
        ("a_datagram_socket", |s| [stream(s, "a"), UnixDatagram::bind(s.path("b")).expect("a socket").into()], TWO, OURS, &["listening Unix stream sockets"]),
        ("a_tcp_socket", |s| [stream(s, "a"), TcpListener::bind("127.0.0.1:0").expect("a socket").into()], TWO, OURS, &["listening Unix stream sockets"]),
        ("a_socket_that_does_not_listen", |s| [stream(s, "a"), UnixStream::pair().expect("a pair").0.into()], TWO, OURS, &["listening Unix stream sockets"]),
        ("a_file", |s| [stream(s, "a"), fs::File::open(s.config_path()).expect("a file").into()], TWO, OURS, &["listening Unix stream sockets"]),
        ("a_descriptor_that_is_not_open", streams, "3<&0 4<&-", OURS, &["service manager"]),
    ]
}

const OURS: &str = "LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=auth:admin";

fn stream(site: &Site, name: &str) -> OwnedFd {
    UnixListener::bind(site.path(name)).expect("a socket").into()
}

fn streams(site: &Site) -> [OwnedFd; 2] {
    [stream(site, "a"), stream(site, "b")]
}

/// `LISTEN_PID` says whom they are for.
fn other_pid() {
    let site = Site::new(CHEAP_ARGON2);
    let [first, second] = streams(&site);
    let mut command = pass(&site, TWO, "LISTEN_PID=1 LISTEN_FDS=2 LISTEN_FDNAMES=auth:admin");
    command.stdin(first).stdout(second);
    let daemon = site.start_by(command);
    assert_eq!(daemon.status().pid, daemon.id());
    let mut check = daemon.command();
    check.arg("--check");
    expect(&check, 0, &[]);
}
