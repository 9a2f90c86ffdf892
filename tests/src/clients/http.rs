//! HTTP Basic (RFC 7617): a request of one page.

use std::io;
use std::net::SocketAddr;

use super::wire::{Wire, base64};
use super::{Answer, Attempt, MailLogin, Outcome};

/// An HTTP client.
#[derive(Clone, Copy, Debug)]
pub struct Http {
    /// The server.
    pub address: SocketAddr,
    /// What it asks for.
    pub path: &'static str,
    /// What PAM hears.
    pub pam_service: &'static str,
}

impl MailLogin for Http {
    fn name(&self) -> String {
        format!("http Basic {}", self.path)
    }

    fn pam_service(&self) -> &'static str {
        self.pam_service
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn login(&self, attempt: &Attempt<'_>) -> io::Result<Answer> {
        let mut wire = Wire::connect(self.address, attempt.from)?;
        let credentials = base64(&[attempt.user, b":", attempt.password].concat());
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Basic {credentials}\r\n\r\n",
            self.path
        );
        wire.write(&[request.as_bytes()])?;
        Ok(match wire.read()? {
            None => wire.closed(),
            Some(line) => {
                let outcome = match line.split(' ').nth(1) {
                    Some("200") => Outcome::Accepted,
                    Some("401") => Outcome::Refused(line),
                    Some("503") => Outcome::TemporaryFailure(line),
                    _ => Outcome::ProtocolRefused(line),
                };
                wire.answer(outcome)
            }
        })
    }
}
