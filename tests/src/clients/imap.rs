//! IMAP (RFC 9051): LOGIN with literals, and AUTHENTICATE PLAIN.

use std::io;
use std::net::SocketAddr;

use super::wire::Wire;
use super::{Answer, Attempt, MailLogin, Outcome};

/// How to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// LOGIN, user and password as literals: the only form of LOGIN that carries every byte.
    Login,
    /// AUTHENTICATE PLAIN.
    Plain,
}

/// An IMAP client.
#[derive(Clone, Copy, Debug)]
pub struct Imap {
    /// The server.
    pub address: SocketAddr,
    /// How it logs in.
    pub mechanism: Mechanism,
}

impl MailLogin for Imap {
    fn name(&self) -> String {
        format!("imap {}", if self.mechanism == Mechanism::Login { "LOGIN" } else { "AUTHENTICATE PLAIN" })
    }

    fn pam_service(&self) -> &'static str {
        "imap"
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn login(&self, attempt: &Attempt<'_>) -> io::Result<Answer> {
        self.log_in(attempt).map(|(_, answer)| answer)
    }
}

impl Imap {
    /// Logs in and waits for mail (RFC 2177), as a phone does all day.
    pub fn idle(&self, attempt: &Attempt<'_>) -> io::Result<Idle> {
        let (wire, answer) = self.log_in(attempt)?;
        let mut idle = Idle { wire };
        if answer.accepted() && idle.command(b"SELECT INBOX")? && idle.begin()? {
            return Ok(idle);
        }
        Err(io::Error::other(format!("no IDLE: {answer:?}, {:?}", idle.wire.closed())))
    }

    fn log_in(&self, attempt: &Attempt<'_>) -> io::Result<(Wire, Answer)> {
        let mut wire = Wire::connect(self.address, attempt.from)?;
        let answer = self.ask(&mut wire, attempt)?;
        Ok((wire, answer))
    }

    fn ask(&self, wire: &mut Wire, attempt: &Attempt<'_>) -> io::Result<Answer> {
        if wire.read()?.is_none() {
            return Ok(wire.closed());
        }
        // Untagged lines (capabilities) come in between; only a tagged line, a continuation or a BYE answers.
        let answers =
            |line: &str| line.starts_with("a ") || line.starts_with('+') || line.starts_with("* BYE");
        let steps: Vec<Vec<u8>> = match self.mechanism {
            Mechanism::Login => vec![
                format!("a LOGIN {{{}}}", attempt.user.len()).into_bytes(),
                [attempt.user, format!(" {{{}}}", attempt.password.len()).as_bytes()].concat(),
                attempt.password.to_vec(),
            ],
            Mechanism::Plain => vec![b"a AUTHENTICATE PLAIN".to_vec(), attempt.sasl_plain().into_bytes()],
        };
        for step in steps {
            match wire.ask(&[&step], answers)? {
                None => return Ok(wire.closed()),
                Some(line) if line.starts_with('+') => {}
                Some(line) => return Ok(wire.answer(understand(&line))),
            }
        }
        Ok(wire.answer(Outcome::ProtocolRefused("the server wants more than there is".into())))
    }
}

/// A session in IDLE.
pub struct Idle {
    wire: Wire,
}

impl Idle {
    /// Whether the server still answers in it; then it is in IDLE again.
    pub fn is_open(&mut self) -> io::Result<bool> {
        let done = self.wire.ask(&[b"DONE"], tagged)?;
        Ok(done.is_some_and(|line| line.starts_with("a OK")) && self.command(b"NOOP")? && self.begin()?)
    }

    /// Waits until the server ends it.
    pub fn wait_for_end(mut self) -> io::Result<()> {
        self.wire.read_until(|_| false).map(drop)
    }

    fn begin(&mut self) -> io::Result<bool> {
        let answer = self.wire.ask(&[b"a IDLE"], |line| tagged(line) || line.starts_with('+'))?;
        Ok(answer.is_some_and(|line| line.starts_with('+')))
    }

    fn command(&mut self, command: &[u8]) -> io::Result<bool> {
        let answer = self.wire.ask(&[b"a ", command], tagged)?;
        Ok(answer.is_some_and(|line| line.starts_with("a OK")))
    }
}

fn tagged(line: &str) -> bool {
    line.starts_with("a ") || line.starts_with("* BYE")
}

fn understand(line: &str) -> Outcome {
    let text = line.strip_prefix("a ").unwrap_or(line).to_owned();
    if text.starts_with("OK") {
        Outcome::Accepted
    } else if text.starts_with("NO [UNAVAILABLE]") || text.starts_with("NO [INUSE]") {
        Outcome::TemporaryFailure(text)
    } else if text.starts_with("NO [PRIVACYREQUIRED]") || !text.starts_with("NO") {
        Outcome::ProtocolRefused(text)
    } else {
        Outcome::Refused(text)
    }
}
