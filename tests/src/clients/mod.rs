//! Tiny mail clients that log in and say what the server answered.
//!
//! They send any bytes as user and password (NUL, 4096 characters, broken UTF-8), because that is what tests of a
//! login need and what real client libraries refuse to send. One trait, [`MailLogin`], so that one table of cases runs
//! over every protocol and mechanism.

pub mod http;
pub mod imap;
pub mod pop3;
pub mod sieve;
pub mod smtp;
mod wire;
pub mod xmpp;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

pub use http::Http;
pub use imap::Imap;
pub use pop3::Pop3;
pub use sieve::Sieve;
pub use smtp::Smtp;
pub use xmpp::Xmpp;

/// What the server made of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Logged in.
    Accepted,
    /// The credentials were judged and found wrong: what a mail program shows as "wrong password".
    Refused(String),
    /// The server says that it can't judge now.
    TemporaryFailure(String),
    /// The server didn't judge the credentials at all: malformed, too long, not allowed here, connection closed.
    ProtocolRefused(String),
}

/// The outcome and the server's last line as it came, without its end of line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The line, understood.
    pub outcome: Outcome,
    /// The line itself (lossily decoded): response codes are worth testing.
    pub last_line: String,
}

impl Answer {
    /// Was the login accepted?
    pub fn accepted(&self) -> bool {
        self.outcome == Outcome::Accepted
    }

    /// Not accepted, for whatever reason. What "this must not log in" means.
    pub fn denied(&self) -> bool {
        !self.accepted()
    }
}

/// One login attempt.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// The user name, as bytes.
    pub user: &'a [u8],
    /// The password, as bytes.
    pub password: &'a [u8],
    /// The client's address, for tests of network rules: anything in 127.0.0.0/8 works without configuration.
    pub from: Option<IpAddr>,
}

impl<'a> Attempt<'a> {
    /// From no particular address.
    pub fn new(user: &'a (impl AsRef<[u8]> + ?Sized), password: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Attempt { user: user.as_ref(), password: password.as_ref(), from: None }
    }

    /// The same, connecting from this address.
    pub fn from(self, from: IpAddr) -> Self {
        Attempt { from: Some(from), ..self }
    }

    /// The message of SASL PLAIN (RFC 4616): no authorisation identity, user, password.
    pub fn sasl_plain(&self) -> String {
        let mut message = vec![0];
        message.extend_from_slice(self.user);
        message.push(0);
        message.extend_from_slice(self.password);
        wire::base64(&message)
    }
}

// A failing assertion prints its case: the user helps, a real password would end in the test's log.
impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Attempt({:?}, {} bytes of password)",
            String::from_utf8_lossy(self.user),
            self.password.len()
        )
    }
}

/// Something that can log in to a mail server. `Sync`, because refusals are slow (Dovecot 2.3: half a second, tests
/// or not): a table runs its clients in parallel.
pub trait MailLogin: Send + Sync {
    /// Protocol and mechanism, for messages: "imap LOGIN".
    fn name(&self) -> String;
    /// The PAM service name that the server will use with one service per protocol.
    fn pam_service(&self) -> &'static str;
    /// Where it connects.
    fn address(&self) -> SocketAddr;
    /// Connect, log in, hang up. `Err` only for what isn't an answer: no connection, or none within ten seconds.
    fn login(&self, attempt: &Attempt<'_>) -> io::Result<Answer>;
}
