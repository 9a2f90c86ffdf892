//! ManageSieve (RFC 5804): AUTHENTICATE PLAIN, the one way to log in.

use std::io;
use std::net::SocketAddr;

use super::wire::Wire;
use super::{Answer, Attempt, MailLogin, Outcome};

/// A ManageSieve client.
#[derive(Clone, Copy, Debug)]
pub struct Sieve {
    /// The server.
    pub address: SocketAddr,
}

impl MailLogin for Sieve {
    fn name(&self) -> String {
        "sieve AUTHENTICATE PLAIN".into()
    }

    fn pam_service(&self) -> &'static str {
        "sieve"
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn login(&self, attempt: &Attempt<'_>) -> io::Result<Answer> {
        let mut wire = Wire::connect(self.address, attempt.from)?;
        // Capabilities (quoted strings) until OK, both as greeting and after logging in.
        let answers = |line: &str| ["OK", "NO", "BYE"].iter().any(|word| line.starts_with(word));
        match wire.read_until(answers)? {
            Some(line) if line.starts_with("OK") => {}
            Some(line) => return Ok(wire.answer(understand(&line))),
            None => return Ok(wire.closed()),
        }
        // A non-synchronising literal carries 4000 bytes, where a quoted string ends at 1024.
        let message = attempt.sasl_plain();
        let command = format!("AUTHENTICATE \"PLAIN\" {{{}+}}\r\n{message}", message.len());
        match wire.ask(&[command.as_bytes()], answers)? {
            Some(line) => Ok(wire.answer(understand(&line))),
            None => Ok(wire.closed()),
        }
    }
}

fn understand(line: &str) -> Outcome {
    let text = line.to_owned();
    if text.starts_with("OK") {
        Outcome::Accepted
    } else if text.starts_with("NO (TRYLATER)") {
        Outcome::TemporaryFailure(text)
    } else if text.starts_with("NO (ENCRYPT-NEEDED)") || !text.starts_with("NO") {
        Outcome::ProtocolRefused(text)
    } else {
        Outcome::Refused(text)
    }
}
