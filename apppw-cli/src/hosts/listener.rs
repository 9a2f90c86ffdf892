//! Who listens at a socket.

use nix::sys::socket::{getsockopt, sockopt};
use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// Who called listen(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    pub uid: u32,
    /// 0: a process that can't be seen from here.
    pub pid: i32,
}

/// What comes of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Listens(Listener),
    Nobody,
    Denied,
    Other(String),
}

/// Connects, and sends nothing.
pub fn ask(path: &Path) -> Answer {
    match UnixStream::connect(path) {
        Ok(stream) => match getsockopt(&stream, sockopt::PeerCredentials) {
            Ok(peer) => Answer::Listens(Listener { uid: peer.uid(), pid: peer.pid() }),
            Err(e) => Answer::Other(e.to_string()),
        },
        Err(e) => match e.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::NotFound => Answer::Nobody,
            ErrorKind::PermissionDenied => Answer::Denied,
            _ => Answer::Other(e.to_string()),
        },
    }
}
