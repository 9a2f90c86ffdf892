//! SMTP submission (RFC 4954): AUTH PLAIN and AUTH LOGIN.

use std::io;
use std::net::SocketAddr;

use super::wire::{Wire, base64};
use super::{Answer, Attempt, MailLogin, Outcome};

/// How to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// AUTH PLAIN.
    Plain,
    /// AUTH LOGIN, as old Outlook versions do.
    Login,
}

/// An SMTP client.
#[derive(Clone, Copy, Debug)]
pub struct Smtp {
    /// The server.
    pub address: SocketAddr,
    /// How it logs in.
    pub mechanism: Mechanism,
    /// "submission" for Dovecot's own submission service, "smtp" for Postfix: what PAM hears.
    pub pam_service: &'static str,
}

impl MailLogin for Smtp {
    fn name(&self) -> String {
        format!(
            "{} AUTH {}",
            self.pam_service,
            if self.mechanism == Mechanism::Plain { "PLAIN" } else { "LOGIN" }
        )
    }

    fn pam_service(&self) -> &'static str {
        self.pam_service
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn login(&self, attempt: &Attempt<'_>) -> io::Result<Answer> {
        self.log_in(attempt).map(|(_, answer)| answer)
    }
}

impl Smtp {
    /// Logs in and stays, to send more.
    pub fn stay(&self, attempt: &Attempt<'_>) -> io::Result<Session> {
        match self.log_in(attempt)? {
            (wire, answer) if answer.accepted() => Ok(Session { wire }),
            (_, answer) => Err(io::Error::other(format!("no session: {answer:?}"))),
        }
    }

    fn log_in(&self, attempt: &Attempt<'_>) -> io::Result<(Wire, Answer)> {
        let mut wire = Wire::connect(self.address, attempt.from)?;
        let answer = self.ask(&mut wire, attempt)?;
        Ok((wire, answer))
    }

    fn ask(&self, wire: &mut Wire, attempt: &Attempt<'_>) -> io::Result<Answer> {
        if wire.read_until(ends_reply)?.is_none()
            || wire.ask(&[b"EHLO client.example.org"], ends_reply)?.is_none()
        {
            return Ok(wire.closed());
        }
        // The message in a line of its own: an initial response would hit the limit of a command line (512 in RFC 5321).
        let steps = match self.mechanism {
            Mechanism::Plain => vec!["AUTH PLAIN".to_owned(), attempt.sasl_plain()],
            Mechanism::Login => vec!["AUTH LOGIN".to_owned(), base64(attempt.user), base64(attempt.password)],
        };
        for step in steps {
            match wire.ask(&[step.as_bytes()], ends_reply)? {
                None => return Ok(wire.closed()),
                Some(line) if line.starts_with("334") => {}
                Some(line) => return Ok(wire.answer(understand(&line))),
            }
        }
        Ok(wire.answer(Outcome::ProtocolRefused("the server wants more than there is".into())))
    }
}

/// Logged in.
pub struct Session {
    wire: Wire,
}

impl Session {
    /// Whether the server would take mail of who has logged in.
    pub fn may_send(&mut self) -> io::Result<bool> {
        for command in ["MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "RSET"] {
            match self.wire.ask(&[command.as_bytes()], ends_reply)? {
                Some(line) if line.starts_with("250") => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// The last line of a reply has a blank after the code, the others a hyphen.
fn ends_reply(line: &str) -> bool {
    line.as_bytes().get(3) != Some(&b'-')
}

fn understand(line: &str) -> Outcome {
    let text = line.to_owned();
    match line.get(..3) {
        Some("235") => Outcome::Accepted,
        Some("535") => Outcome::Refused(text),
        Some(code) if code.starts_with('4') => Outcome::TemporaryFailure(text),
        _ => Outcome::ProtocolRefused(text),
    }
}
