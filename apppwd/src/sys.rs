//! What the system calls need `unsafe` for: all of the daemon's is here.
#![expect(unsafe_code, reason = "socket options and inherited descriptors that no safe crate wraps")]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixListener;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// `SO_PEERGROUPS` (Linux 4.13): the supplementary groups of a Unix socket's peer, as they
/// were when it connected.
///
/// # Errors
/// As getsockopt(2).
pub fn peer_groups(socket: &impl AsRawFd) -> io::Result<Vec<libc::gid_t>> {
    // The kernel says with ERANGE how many there are, if they are more than this.
    let mut groups: Vec<libc::gid_t> = vec![0; 64];
    loop {
        let mut len = libc::socklen_t::try_from(size_of_val(groups.as_slice())).map_err(io::Error::other)?;
        // SAFETY: `groups` is valid for writes of `len` bytes, and the kernel writes at most
        // that many; `len` is valid for reads and writes.
        let result = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_PEERGROUPS,
                groups.as_mut_ptr().cast(),
                &raw mut len,
            )
        };
        let count = usize::try_from(len).map_err(io::Error::other)? / size_of::<libc::gid_t>();
        if result == 0 {
            groups.truncate(count);
            return Ok(groups);
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::ERANGE) || count <= groups.len() {
            return Err(error);
        }
        groups.resize(count, 0);
    }
}

/// Gives back to the system what the allocator keeps free: what a start needs is needed once.
pub fn give_memory_back() {
    // SAFETY: takes a number; malloc_trim(3) may be called at any time, from any thread.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Has the runtime watch a listener, and leaves what it accepts to the caller.
///
/// # Errors
/// As epoll_ctl(2).
pub fn listen_async(listener: UnixListener) -> io::Result<AsyncFd<UnixListener>> {
    // SAFETY: the listener owns its descriptor, which stays open and the same until the AsyncFd
    // gives the listener back or is dropped with it.
    let registered = unsafe { AsyncFd::register_with_interest(listener, Interest::READABLE) };
    registered.map_err(io::Error::from)
}

/// Takes over a descriptor that the service manager passed on (sd_listen_fds(3)).
///
/// # Errors
/// If there is no such descriptor, or it can't be made to close on exec.
pub fn take_inherited(fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: fcntl on any number is harmless; it fails if no descriptor is open there.
    if unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is open, as fcntl just showed, and by the protocol of
    // sd_listen_fds(3) it is this process's to own; the caller takes each number once.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
