//! The reply: eight bytes, whatever the verdict.

use super::{FrameError, MAGIC, NEWEST_VERSION, speaks};

/// Length of a reply in bytes.
pub const REPLY_LEN: usize = 8;

/// What apppwd answers. The reason is never sent: it goes to the daemon's log only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The secret is right and may be used here ([`super::Kind::Login`] only).
    Accepted,
    /// Final: no other module may accept this password either.
    Refused,
    /// The next module may try the primary password.
    NotMine,
    /// No verdict: the daemon can't say now.
    Unavailable,
    /// The request's version is not spoken; the reply carries the highest that is.
    OtherVersion,
}

impl Verdict {
    /// The byte that stands for this verdict: letters, so that neither zeroed nor flipped
    /// bytes turn one into another.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Accepted => b'A',
            Self::Refused => b'R',
            Self::NotMine => b'N',
            Self::Unavailable => b'U',
            Self::OtherVersion => b'V',
        }
    }

    fn from_code(code: u8) -> Result<Self, FrameError> {
        match code {
            b'A' => Ok(Self::Accepted),
            b'R' => Ok(Self::Refused),
            b'N' => Ok(Self::NotMine),
            b'U' => Ok(Self::Unavailable),
            b'V' => Ok(Self::OtherVersion),
            other => Err(FrameError::Verdict(other)),
        }
    }
}

/// Why a reply is [`Verdict::Unavailable`], for the module's own syslog line. A newer
/// daemon may send a number that this crate doesn't know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detail(pub u16);

impl Detail {
    /// Nothing to say; with every other verdict than [`Verdict::Unavailable`].
    pub const NONE: Self = Self(0);
    /// Too many requests are waiting.
    pub const OVERLOADED: Self = Self(1);
    /// The request's deadline passed.
    pub const DEADLINE: Self = Self(2);
    /// The store can't be read.
    pub const STORE: Self = Self(3);
    /// The request was no valid frame.
    pub const MALFORMED: Self = Self(4);
    /// The configuration doesn't let this peer ask for this service.
    pub const PEER: Self = Self(5);
    /// A fault inside the daemon.
    pub const INTERNAL: Self = Self(6);

    /// The detail in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self.0 {
            0 => "no detail",
            1 => "overloaded",
            2 => "deadline passed",
            3 => "store can't be read",
            4 => "malformed request",
            5 => "this process may not ask for this service ([peers] in apppwd.toml)",
            6 => "internal fault",
            _ => "unknown detail",
        }
    }
}

/// A reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// The version of the request; with [`Verdict::OtherVersion`] the highest one spoken.
    pub version: u8,
    /// What the daemon says.
    pub verdict: Verdict,
    /// Why, if unavailable.
    pub detail: Detail,
}

impl Reply {
    /// The answer to a request of an unknown version.
    #[must_use]
    pub const fn other_version() -> Self {
        Self { version: NEWEST_VERSION, verdict: Verdict::OtherVersion, detail: Detail::NONE }
    }

    /// The reply's bytes.
    #[must_use]
    pub const fn encode(&self) -> [u8; REPLY_LEN] {
        let [m0, m1, m2, m3] = MAGIC;
        let [d0, d1] = self.detail.0.to_be_bytes();
        [m0, m1, m2, m3, self.version, self.verdict.code(), d0, d1]
    }

    /// Decodes a reply to a request of version `asked`.
    ///
    /// # Errors
    /// Anything but exactly one reply of that version (or [`Verdict::OtherVersion`]) is an
    /// error: what can't be read must never be taken for an answer.
    pub fn decode(bytes: &[u8], asked: u8) -> Result<Self, FrameError> {
        let bytes: [u8; REPLY_LEN] = match bytes.len() {
            n if n < REPLY_LEN => return Err(FrameError::Truncated),
            REPLY_LEN => bytes.try_into().map_err(|_| FrameError::Truncated)?,
            _ => return Err(FrameError::Trailing),
        };
        let [m0, m1, m2, m3, version, verdict, d0, d1] = bytes;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(FrameError::Magic);
        }
        let verdict = Verdict::from_code(verdict)?;
        if verdict != Verdict::OtherVersion && (version != asked || !speaks(version)) {
            return Err(FrameError::Version(version));
        }
        Ok(Self { version, verdict, detail: Detail(u16::from_be_bytes([d0, d1])) })
    }
}
