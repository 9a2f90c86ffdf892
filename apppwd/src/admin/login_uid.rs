//! Who is behind `sudo`: the uid that a session was logged in with, as the kernel's audit keeps it
//! (pam_loginuid(8)).
//!
//! Of root's processes only. A process that came from no login has none yet, and may choose one:
//! somebody else's in the record of what a person did would accuse him.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{getsockopt, sockopt::PeerPidfd};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use tokio::net::UnixStream;
use tokio::net::unix::UCred;

/// What the kernel has for who has no login.
const UNSET: u32 = u32::MAX;

/// The login uid of root's process that has connected; `None` where there is none, or the kernel
/// doesn't tell (no audit, another pid namespace, `hidepid`, a process that has ended since).
pub fn of_root(stream: &UnixStream, peer: &UCred) -> Option<u32> {
    let pid = peer.pid().filter(|pid| *pid > 0)?;
    let process = PathBuf::from(format!("/proc/{pid}"));
    let pidfd = getsockopt(stream, PeerPidfd);
    let login_uid = of(&process)?;
    // The number may be another process's by now.
    let is_the_peers = match pidfd {
        Ok(pidfd) => is_alive(&pidfd),
        // Linux before 6.5: at least it is a process of root's, too.
        Err(Errno::ENOPROTOOPT) => process.metadata().is_ok_and(|process| process.uid() == peer.uid()),
        Err(_) => false,
    };
    is_the_peers.then_some(login_uid)
}

/// The same of this process.
pub fn of_this_process() -> Option<u32> {
    of(Path::new("/proc/self"))
}

/// By its folder in `/proc`.
fn of(process: &Path) -> Option<u32> {
    let login_uid = std::fs::read_to_string(process.join("loginuid")).ok()?.trim().parse().ok()?;
    Some(login_uid).filter(|login_uid| *login_uid != UNSET)
}

/// A pidfd becomes readable when its process ends (pidfd_open(2)).
fn is_alive(pidfd: &impl AsFd) -> bool {
    let mut fds = [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO) == Ok(0)
}
