//! Descriptors that somebody passes on (unix(7), `SCM_RIGHTS`) to a daemon that asks for none: they aren't kept, and nobody
//! waits for their closing.

use super::Case;
use super::frames::still_serves;
use apppw_proto::frame::Verdict;
use apppw_tests::activate::DAEMON_UID;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::frames::{self, login, pass_on, try_login};
use apppw_tests::identity::Identity;
use socket2::SockRef;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("are_refused_by_the_kernel_or_not_kept", not_kept),
        Case::as_root("that_came_before_the_daemon_hold_up_no_login", before_the_daemon),
    ]
}

/// Whether a listener can have them refused.
fn kernel_refuses() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("the kernel's release");
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (6, 16)
}

/// 100 × 8 open files each.
fn not_kept() {
    let daemon = Apppwd::start();
    still_serves(&daemon);
    let before = daemon.descriptors_at_rest();
    let file = tempfile::tempfile().expect("a file");
    let frame = login("alice@example.org", "0000-0000-0000-0000");
    for socket in [daemon.auth_socket(), daemon.admin_socket()] {
        for _ in 0..100 {
            let mut stream = frames::connect(&socket);
            match pass_on(&stream, &frame, &[file.as_raw_fd(); 8]) {
                Err(e) if e.kind() == ErrorKind::PermissionDenied => assert!(kernel_refuses()),
                sent => {
                    sent.expect("a message");
                    assert!(!kernel_refuses(), "the daemon hasn't told the kernel");
                }
            }
            stream.shutdown(Shutdown::Write).expect("the end");
            frames::read_to_end(&mut stream);
        }
    }
    assert_eq!(daemon.descriptors_at_rest(), before, "descriptors were kept");
    still_serves(&daemon);
}

/// A socket whose closing waits for an hour, or until the other one is read to its end.
fn lingering() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let lingers = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
    let (other, _) = listener.accept().expect("the other end");
    SockRef::from(&lingers).set_linger(Some(Duration::from_secs(3600))).expect("it lingers");
    lingers.set_nonblocking(true).expect("for filling it");
    while (&lingers).write(&[0; 1 << 16]).is_ok() {}
    (lingers, other)
}

/// No kernel can refuse what came before the daemon had told it to, and before 6.16 none can at all.
fn before_the_daemon() {
    let stranger = DAEMON_UID + 1;
    let mut site = Site::new(CHEAP_ARGON2);
    site.bind_sockets();
    // More than one uid has places for, so that some are turned away.
    let held: Vec<(UnixStream, TcpStream)> = (0..20)
        .map(|_| {
            let stream = Identity::new(stranger).act(|| UnixStream::connect(site.admin_socket()));
            let stream = stream.expect("a connection");
            let (lingers, other) = lingering();
            pass_on(&stream, b"{\"v\":1,\"id\":1,\"verb\":\"status\"}\n", &[lingers.as_raw_fd()])
                .expect("a message");
            (stream, other)
        })
        .collect();
    let daemon = site.start_activated(DAEMON_UID);
    daemon.wait_for_line(&["warning: ", &format!("uid {stranger} passes descriptors on")]);
    let created = daemon.create("alice@example.org", "phone", &[]);
    let log_in = || try_login(&daemon.auth_socket(), "alice@example.org", created.secret.expose());
    for _ in 0..50 {
        assert_eq!(log_in(), Verdict::Accepted);
    }
    daemon.revoke(created.app_password.id);
    assert_eq!(log_in(), Verdict::Refused);
    // He has let go of them: all are closed, and his places free again.
    for (_, mut other) in held {
        other.read_to_end(&mut Vec::new()).expect("it is closed now");
    }
    daemon.descriptors_at_rest();
    let answer = Identity::new(stranger).act(|| frames::connect(&daemon.admin_socket()));
    drop(answer);
    still_serves(&daemon);
}
