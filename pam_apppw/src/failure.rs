//! Why there is no reply, in words for the person who mends it.

use crate::ffi::Errno;
use crate::text::Escaped;
use apppw_proto::frame::FrameError;
use std::fmt;

/// Why an exchange brought no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No socket could be made (no descriptors left, a sandbox).
    Socket(Errno),
    /// Nobody could be reached there.
    Connect(Errno),
    /// Somebody else than `server_uid` listens; nothing was sent.
    Foreign {
        /// Who listens.
        found: u32,
        /// Who should.
        wanted: u32,
    },
    /// The connection broke.
    Broken(Errno),
    /// The connection was closed before a whole reply had come.
    Closed,
    /// The deadline passed.
    Deadline,
    /// Something came that is no reply.
    Nonsense(FrameError),
    /// There is no memory for the request.
    Memory,
    /// The request could not be framed.
    Request(FrameError),
    /// The daemon speaks no version that we speak; this is its highest.
    Version(u8),
}

/// A failure and the socket that it happened on, as one line.
pub struct OnSocket<'a> {
    /// Where.
    pub socket: &'a [u8],
    /// What.
    pub failure: &'a Failure,
}

impl fmt::Display for OnSocket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let socket = Escaped(self.socket);
        match self.failure {
            Failure::Socket(error) => write!(f, "apppwd not asked: no socket can be made: {error}"),
            Failure::Connect(error) => {
                write!(f, "apppwd can't be reached on {socket}: {error}")
            }
            Failure::Foreign { found, wanted } => write!(
                f,
                "{socket} belongs to uid {found}, not {wanted}: nothing was sent \
                 (is another program posing as apppwd, or server_uid= wrong?)"
            ),
            Failure::Broken(error) => write!(f, "connection to apppwd on {socket} broke: {error}"),
            Failure::Closed => write!(f, "apppwd closed {socket} without an answer"),
            Failure::Deadline => write!(f, "apppwd on {socket} didn't answer in time (timeout=)"),
            Failure::Nonsense(error) => write!(f, "apppwd on {socket} answered nonsense: {error}"),
            Failure::Memory => f.write_str("apppwd not asked: out of memory"),
            Failure::Request(error) => write!(f, "apppwd not asked: {error}"),
            Failure::Version(highest) => write!(
                f,
                "apppwd on {socket} speaks frame versions up to {highest}, none that this module \
                 speaks (restart this service after an upgrade)"
            ),
        }
    }
}

/// Words, and what to do, for the errors that an administrator meets; a number for the rest.
impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            libc::EACCES | libc::EPERM => {
                f.write_str("permission denied (check the group apppw-auth and SELinux/AppArmor)")
            }
            libc::ENOENT => f.write_str("no such socket (is apppwd.socket started?)"),
            libc::ECONNREFUSED => f.write_str("nobody listens (is apppwd.socket started?)"),
            libc::EMFILE | libc::ENFILE => f.write_str("too many open files"),
            number => write!(f, "error number {number}, see errno(3)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, OnSocket};
    use crate::ffi::Errno;

    fn line(failure: &Failure) -> String {
        OnSocket { socket: b"/run/a\nb", failure }.to_string()
    }

    #[test]
    fn a_permission_denied_says_where_to_look() {
        let line = line(&Failure::Connect(Errno(libc::EACCES)));
        assert!(line.contains("apppw-auth") && line.contains("SELinux/AppArmor"), "{line}");
    }

    #[test]
    fn the_path_is_escaped() {
        assert!(line(&Failure::Deadline).contains("/run/a\\nb"));
    }

    #[test]
    fn a_foreign_peer_is_named() {
        let line = line(&Failure::Foreign { found: 1000, wanted: 0 });
        assert!(line.contains("uid 1000, not 0"), "{line}");
    }
}
