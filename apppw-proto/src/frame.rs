//! The frame on `auth.sock`: one request, one reply, then the connection ends.
//!
//! `docs/protocol.md` specifies it byte by byte; `tests/golden/` has the fixtures.
//! Decoding takes any bytes and never panics; a [`Request`] borrows from its frame, so no
//! copy of a secret is made.

use crate::limits::{MAX_FIELD, MAX_FRAME};

mod reply;
mod request;

pub use reply::{Detail, REPLY_LEN, Reply, Verdict};
pub use request::{HEADER_LEN, Header, Kind, MAX_BODY, Request};

/// The first four bytes of every request and reply.
pub const MAGIC: [u8; 4] = *b"APPW";

/// The oldest version of the frame that this crate speaks; the module begins with it.
pub const OLDEST_VERSION: u8 = 1;

/// The newest version of the frame that this crate speaks.
pub const NEWEST_VERSION: u8 = 1;

/// Whether this crate speaks `version` of the frame.
#[must_use]
pub fn speaks(version: u8) -> bool {
    (OLDEST_VERSION..=NEWEST_VERSION).contains(&version)
}

/// Why bytes are not a frame, or values can't be put into one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// The bytes don't begin with [`MAGIC`].
    Magic,
    /// A version that this crate doesn't speak; the other end should be told
    /// [`NEWEST_VERSION`].
    Version(u8),
    /// An unknown kind of request.
    Kind(u8),
    /// A flag that this version doesn't know.
    Flags(u16),
    /// The header announces a body longer than [`MAX_FRAME`] allows.
    TooLong(usize),
    /// The bytes end before the frame does.
    Truncated,
    /// Bytes are left over after the last field.
    Trailing,
    /// A field is longer than [`MAX_FIELD`] bytes.
    FieldTooLong(&'static str),
    /// A secret where none belongs: what is no app password never leaves the PAM host.
    UnexpectedSecret,
    /// A user name, service or address that is not UTF-8 or has a control character.
    Text(&'static str),
    /// An empty user name or service.
    Empty(&'static str),
    /// An unknown verdict or detail in a reply.
    Verdict(u8),
}

impl std::fmt::Display for FrameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Magic => f.write_str("not a frame: wrong first bytes"),
            Self::Version(v) => write!(f, "frame version {v} is not spoken here"),
            Self::Kind(k) => write!(f, "unknown kind of request {k}"),
            Self::Flags(bits) => write!(f, "unknown flags {bits:#06x}"),
            Self::TooLong(n) => write!(f, "frame of {n} bytes is longer than {MAX_FRAME}"),
            Self::Truncated => f.write_str("frame ends too early"),
            Self::Trailing => f.write_str("bytes after the end of the frame"),
            Self::FieldTooLong(field) => write!(f, "{field} is longer than {MAX_FIELD} bytes"),
            Self::UnexpectedSecret => f.write_str("a secret in a request that takes none"),
            Self::Text(field) => write!(f, "{field} is not UTF-8 or has a control character"),
            Self::Empty(field) => write!(f, "{field} is empty"),
            Self::Verdict(v) => write!(f, "unknown verdict {v:#04x}"),
        }
    }
}

impl std::error::Error for FrameError {}
