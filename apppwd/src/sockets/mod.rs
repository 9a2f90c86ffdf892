//! The two listening sockets: inherited from systemd, or bound here.

mod bind;
mod inherit;
mod places;

pub use places::{Limits, Place, Places};

use crate::config::Config;
use crate::fault::{Exit, Fault};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

/// Both sockets, listening.
#[derive(Debug)]
pub struct Sockets {
    /// Where the PAM module asks.
    pub auth: UnixListener,
    /// Where `apppw` asks.
    pub admin: UnixListener,
    /// The files to remove at the end: those bound here.
    own: Vec<PathBuf>,
}

/// Why a socket can't be had.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Someone listens there already.
    #[error("{}: something listens there already: is another apppwd running? (systemctl status apppwd.socket)", path.display())]
    InUse {
        /// The socket.
        path: PathBuf,
    },
    /// It can't be bound.
    #[error("can't {what} the socket {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What the service manager passed is not what apppwd needs.
    #[error(
        "the service manager passed {found}; apppwd needs two listening Unix stream sockets named `auth` and \
         `admin` (FileDescriptorName= in apppwd.socket and apppwd-admin.socket)"
    )]
    Inherited {
        /// What was passed.
        found: String,
    },
}

impl SocketError {
    /// The exit status.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Inherited { .. } => Exit::Config,
            Self::InUse { .. } | Self::Io { .. } => Exit::Failure,
        }
    }
}

/// The sockets that systemd passed, if it passed any. Called before anything is opened.
///
/// # Errors
/// [`SocketError::Inherited`], or [`Fault::Access`] if others could put a socket of theirs in
/// place.
pub fn inherited() -> Result<Option<Sockets>, Fault> {
    Ok(inherit::take()?.map(|(auth, admin)| Sockets { auth, admin, own: Vec::new() }))
}

/// Binds both.
///
/// # Errors
/// [`Fault::Socket`], or [`Fault::Access`] if others could put a socket of theirs in place.
pub fn bind(config: &Config) -> Result<Sockets, Fault> {
    let auth = bind::bind(&config.auth_socket, bind::AUTH_MODE)?;
    bind::give_to_group(&config.auth_socket, "apppw-auth")?;
    let admin = bind::bind(&config.admin_socket, bind::ADMIN_MODE)?;
    Ok(Sockets { auth, admin, own: vec![config.auth_socket.clone(), config.admin_socket.clone()] })
}

/// Closes a socket that was bound here: nobody connects any more, and those who have are
/// handed out. (In an inherited one they wait for the next start.)
///
/// # Errors
/// As shutdown(2).
pub fn close(listener: UnixListener) -> std::io::Result<Vec<UnixStream>> {
    nix::sys::socket::shutdown(listener.as_raw_fd(), nix::sys::socket::Shutdown::Read)?;
    listener.set_nonblocking(true)?;
    // With nobody left, accept(2) fails.
    Ok(std::iter::from_fn(|| listener.accept().ok()).map(|(stream, _)| stream).collect())
}

impl Sockets {
    /// The paths of the sockets that were bound here.
    #[must_use]
    pub fn own_paths(&self) -> &[PathBuf] {
        &self.own
    }
}
