//! POP3 (RFC 1939, 5034): USER and PASS, and AUTH PLAIN.

use std::io;
use std::net::SocketAddr;

use super::wire::Wire;
use super::{Answer, Attempt, MailLogin, Outcome};

/// How to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// USER and PASS. They have no quoting: a user or password with a line end becomes two commands.
    UserPass,
    /// AUTH PLAIN.
    Plain,
}

/// A POP3 client.
#[derive(Clone, Copy, Debug)]
pub struct Pop3 {
    /// The server.
    pub address: SocketAddr,
    /// How it logs in.
    pub mechanism: Mechanism,
}

impl MailLogin for Pop3 {
    fn name(&self) -> String {
        format!("pop3 {}", if self.mechanism == Mechanism::UserPass { "USER/PASS" } else { "AUTH PLAIN" })
    }

    fn pam_service(&self) -> &'static str {
        "pop3"
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn login(&self, attempt: &Attempt<'_>) -> io::Result<Answer> {
        let mut wire = Wire::connect(self.address, attempt.from)?;
        if wire.read()?.is_none() {
            return Ok(wire.closed());
        }
        // Each with the beginning of the answer after which the next step is due.
        let steps: [(Vec<u8>, &str); 2] = match self.mechanism {
            Mechanism::UserPass => {
                [([b"USER ", attempt.user].concat(), "+OK"), ([b"PASS ", attempt.password].concat(), "")]
            }
            Mechanism::Plain => [(b"AUTH PLAIN".to_vec(), "+ "), (attempt.sasl_plain().into_bytes(), "")],
        };
        for (step, go_on) in steps {
            match wire.ask(&[&step], |_| true)? {
                None => return Ok(wire.closed()),
                Some(line) if !go_on.is_empty() && line.starts_with(go_on) => {}
                Some(line) => return Ok(wire.answer(understand(&line))),
            }
        }
        Ok(wire.answer(Outcome::ProtocolRefused("the server wants more than there is".into())))
    }
}

fn understand(line: &str) -> Outcome {
    let text = line.to_owned();
    if text.starts_with("+OK") {
        Outcome::Accepted
    } else if text.starts_with("-ERR [SYS/TEMP]") || text.starts_with("-ERR [IN-USE]") {
        Outcome::TemporaryFailure(text)
    } else if text.starts_with("-ERR [AUTH]") {
        Outcome::Refused(text)
    } else {
        Outcome::ProtocolRefused(text)
    }
}
