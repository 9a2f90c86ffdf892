//! The request: a fixed header, then four length-prefixed fields.

use super::{FrameError, MAGIC, speaks};
use crate::limits::{MAX_FIELD, MAX_FRAME};

/// Length of a request's header in bytes.
pub const HEADER_LEN: usize = 14;

/// Longest body of a version 1 request: four fields of 255 bytes with their lengths.
pub const MAX_BODY: usize = 4 * (1 + MAX_FIELD);

/// Flag: the input looked like a secret but for its check character (kind 2 only; for the
/// log).
const FLAG_WRONG_CHECK: u16 = 1;

/// What a request asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 1: may this user log in with this secret? The secret is canonical.
    Login,
    /// 2: may this user use the primary password here? No secret.
    MayUsePrimary,
    /// 3: the primary password was used, after this module had said not-mine. No secret.
    PrimaryWasUsed,
}

impl Kind {
    /// The byte that stands for this kind.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Login => 1,
            Self::MayUsePrimary => 2,
            Self::PrimaryWasUsed => 3,
        }
    }

    fn from_code(code: u8) -> Result<Self, FrameError> {
        match code {
            1 => Ok(Self::Login),
            2 => Ok(Self::MayUsePrimary),
            3 => Ok(Self::PrimaryWasUsed),
            other => Err(FrameError::Kind(other)),
        }
    }
}

/// A request's header, decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The frame's version; the reply has the same.
    pub version: u8,
    /// What is asked.
    pub kind: Kind,
    /// The input looked like a secret but for its check character.
    pub wrong_check: bool,
    /// How long the client will wait for the reply, in milliseconds from now.
    pub deadline_ms: u32,
    /// Bytes that follow the header.
    pub body_len: usize,
}

impl Header {
    /// Decodes the first [`HEADER_LEN`] bytes of a request.
    ///
    /// # Errors
    /// In this order: magic, version, kind, flags, length.
    pub fn decode(bytes: &[u8; HEADER_LEN]) -> Result<Self, FrameError> {
        let [m0, m1, m2, m3, version, kind, f0, f1, d0, d1, d2, d3, l0, l1] = *bytes;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(FrameError::Magic);
        }
        if !speaks(version) {
            return Err(FrameError::Version(version));
        }
        let kind = Kind::from_code(kind)?;
        let flags = u16::from_be_bytes([f0, f1]);
        let wrong_check = flags == FLAG_WRONG_CHECK && kind == Kind::MayUsePrimary;
        if flags != 0 && !wrong_check {
            return Err(FrameError::Flags(flags));
        }
        let body_len = usize::from(u16::from_be_bytes([l0, l1]));
        if HEADER_LEN + body_len > MAX_FRAME {
            return Err(FrameError::TooLong(HEADER_LEN + body_len));
        }
        let deadline_ms = u32::from_be_bytes([d0, d1, d2, d3]);
        Ok(Self { version, kind, wrong_check, deadline_ms, body_len })
    }
}

/// A request. Text fields are UTF-8 without control characters, at most 255 bytes; user
/// and service are not empty.
#[derive(Clone, PartialEq, Eq)]
pub struct Request<'a> {
    /// What is asked.
    pub kind: Kind,
    /// The input looked like a secret but for its check character ([`Kind::MayUsePrimary`]
    /// only).
    pub wrong_check: bool,
    /// How long the client will wait, in milliseconds.
    pub deadline_ms: u32,
    /// `PAM_USER`, as the host gave it.
    pub user: &'a str,
    /// `PAM_SERVICE`.
    pub service: &'a str,
    /// `PAM_RHOST`; empty if the host gave none (Cyrus saslauthd).
    pub rhost: &'a str,
    /// The canonical secret; empty but for [`Kind::Login`].
    pub secret: &'a [u8],
}

impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("kind", &self.kind)
            .field("service", &self.service)
            .field("rhost", &self.rhost)
            .finish_non_exhaustive()
    }
}

impl<'a> Request<'a> {
    /// Appends the frame to `out`, in `version`.
    ///
    /// # Errors
    /// [`FrameError::Version`], [`FrameError::FieldTooLong`], [`FrameError::Text`] or
    /// [`FrameError::Empty`]; `out` is then unchanged.
    pub fn encode(&self, version: u8, out: &mut Vec<u8>) -> Result<(), FrameError> {
        if !speaks(version) {
            return Err(FrameError::Version(version));
        }
        self.check()?;
        let fields = [
            ("user", self.user.as_bytes()),
            ("service", self.service.as_bytes()),
            ("rhost", self.rhost.as_bytes()),
            ("secret", self.secret),
        ];
        let mut lengths = [0_u8; 4];
        let mut body_len = 0_u16;
        for (length, (name, field)) in lengths.iter_mut().zip(fields) {
            *length = u8::try_from(field.len()).map_err(|_| FrameError::FieldTooLong(name))?;
            body_len += 1 + u16::from(*length);
        }
        let flags = if self.wrong_check { FLAG_WRONG_CHECK } else { 0 };
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&[version, self.kind.code()]);
        out.extend_from_slice(&flags.to_be_bytes());
        out.extend_from_slice(&self.deadline_ms.to_be_bytes());
        out.extend_from_slice(&body_len.to_be_bytes());
        for (length, (_, field)) in lengths.iter().zip(fields) {
            out.push(*length);
            out.extend_from_slice(field);
        }
        Ok(())
    }

    /// Decodes the body that follows `header`.
    ///
    /// # Errors
    /// [`FrameError::Truncated`], [`FrameError::Trailing`], [`FrameError::Text`] or
    /// [`FrameError::Empty`].
    pub fn decode_body(header: &Header, body: &'a [u8]) -> Result<Self, FrameError> {
        let (user, rest) = field(body)?;
        let (service, rest) = field(rest)?;
        let (rhost, rest) = field(rest)?;
        let (secret, rest) = field(rest)?;
        if !rest.is_empty() {
            return Err(FrameError::Trailing);
        }
        let request = Self {
            kind: header.kind,
            wrong_check: header.wrong_check,
            deadline_ms: header.deadline_ms,
            user: text(user, "user")?,
            service: text(service, "service")?,
            rhost: text(rhost, "rhost")?,
            secret,
        };
        request.check()?;
        Ok(request)
    }

    /// Decodes a whole frame.
    ///
    /// # Errors
    /// As [`Header::decode`] and [`Request::decode_body`].
    pub fn decode(frame: &'a [u8]) -> Result<Self, FrameError> {
        let (head, body) = frame.split_first_chunk::<HEADER_LEN>().ok_or(FrameError::Truncated)?;
        let header = Header::decode(head)?;
        match body.len().cmp(&header.body_len) {
            std::cmp::Ordering::Less => Err(FrameError::Truncated),
            std::cmp::Ordering::Greater => Err(FrameError::Trailing),
            std::cmp::Ordering::Equal => Self::decode_body(&header, body),
        }
    }

    fn check(&self) -> Result<(), FrameError> {
        for (name, value) in [("user", self.user), ("service", self.service), ("rhost", self.rhost)] {
            if value.len() > MAX_FIELD {
                return Err(FrameError::FieldTooLong(name));
            }
            if value.chars().any(char::is_control) {
                return Err(FrameError::Text(name));
            }
        }
        if self.user.is_empty() {
            return Err(FrameError::Empty("user"));
        }
        if self.service.is_empty() {
            return Err(FrameError::Empty("service"));
        }
        match (self.kind, self.secret.is_empty()) {
            (Kind::Login, true) => Err(FrameError::Empty("secret")),
            (Kind::MayUsePrimary | Kind::PrimaryWasUsed, false) => Err(FrameError::UnexpectedSecret),
            _ if self.secret.len() > MAX_FIELD => Err(FrameError::FieldTooLong("secret")),
            _ if self.wrong_check && self.kind != Kind::MayUsePrimary => {
                Err(FrameError::Flags(FLAG_WRONG_CHECK))
            }
            _ => Ok(()),
        }
    }
}

fn field(bytes: &[u8]) -> Result<(&[u8], &[u8]), FrameError> {
    let (length, rest) = bytes.split_first().ok_or(FrameError::Truncated)?;
    rest.split_at_checked(usize::from(*length)).ok_or(FrameError::Truncated)
}

fn text<'a>(bytes: &'a [u8], name: &'static str) -> Result<&'a str, FrameError> {
    std::str::from_utf8(bytes).map_err(|_| FrameError::Text(name))
}
