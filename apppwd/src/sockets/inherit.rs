//! Sockets passed on by systemd (sd_listen_fds(3)).
//!
//! They listen already. **`listen()` is never called again on them**: the peer credentials
//! that clients see would change from systemd's (root) to this process's, and the module
//! would no longer trust them.

use super::SocketError;
use crate::fault::Fault;
use crate::ownership::{self, Kept};
use crate::sys;
use nix::sys::socket::{SockType, getsockopt, sockopt};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// The two sockets, if the service manager passed any to this very process.
///
/// Called before anything else is opened: a number that was not passed after all must not
/// turn out to be a file of ours.
pub(super) fn take() -> Result<Option<(UnixListener, UnixListener)>, Fault> {
    let system =
        |source| Fault::System { what: "can't take over the sockets of the service manager", source };
    let is_ours = std::env::var("LISTEN_PID").is_ok_and(|pid| pid == std::process::id().to_string());
    if !is_ours {
        return Ok(None);
    }
    let passed: Vec<_> = match sd_notify::listen_fds_with_names() {
        Ok(passed) => passed.collect(),
        Err(error) => return Err(SocketError::Inherited { found: error.to_string() }.into()),
    };
    if passed.is_empty() {
        return Ok(None);
    }
    let found = passed.iter().map(|(_, name)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let (mut auth, mut admin) = (None, None);
    for (fd, name) in passed {
        let socket = sys::take_inherited(fd).map_err(system)?;
        let slot = match name.as_str() {
            "auth" => &mut auth,
            "admin" => &mut admin,
            _ => return Err(SocketError::Inherited { found }.into()),
        };
        if slot.is_some() || !is_listening_unix_stream(&socket) {
            return Err(SocketError::Inherited { found }.into());
        }
        *slot = Some(UnixListener::from(socket));
    }
    // systemd made the sockets, but an administrator may have made their folder.
    for dir in [&auth, &admin].into_iter().flatten().filter_map(folder) {
        ownership::check(&dir, Kept::Unwritable)?;
    }
    match (auth, admin) {
        (Some(auth), Some(admin)) => Ok(Some((auth, admin))),
        _ => Err(SocketError::Inherited { found }.into()),
    }
}

/// The folder that a socket lies in; none if it has no path.
fn folder(socket: &UnixListener) -> Option<PathBuf> {
    let address = socket.local_addr().ok()?;
    address.as_pathname()?.parent().map(Path::to_owned)
}

fn is_listening_unix_stream(socket: &OwnedFd) -> bool {
    let is_unix =
        nix::sys::socket::getsockname::<nix::sys::socket::UnixAddr>(std::os::fd::AsRawFd::as_raw_fd(socket));
    is_unix.is_ok()
        && getsockopt(socket, sockopt::SockType).is_ok_and(|kind| kind == SockType::Stream)
        && getsockopt(socket, sockopt::AcceptConn).is_ok_and(|listens| listens)
}
