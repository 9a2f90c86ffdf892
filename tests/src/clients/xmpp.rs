//! XMPP (RFC 6120): SASL PLAIN over a stream of a client, without TLS.

use std::io;
use std::net::SocketAddr;

use super::wire::{Wire, base64};
use super::{Answer, Attempt, MailLogin, Outcome};

/// An XMPP client. Its user is `local@domain`; the server hears of the domain by the stream, of the local part by SASL.
#[derive(Clone, Copy, Debug)]
pub struct Xmpp {
    /// The server.
    pub address: SocketAddr,
}

impl Xmpp {
    /// Logs in as `local` of `domain`, and asks to be `identity` (empty: whoever logs in is).
    pub fn log_in(&self, identity: &str, local: &[u8], domain: &str, password: &[u8]) -> io::Result<Answer> {
        let mut wire = Wire::connect(self.address, None)?;
        let opening = format!(
            "<?xml version='1.0'?><stream:stream to='{domain}' version='1.0' xmlns='jabber:client' \
             xmlns:stream='http://etherx.jabber.org/streams'>"
        );
        wire.write(&[opening.as_bytes()])?;
        match wire.read_through(&["</stream:features>", "</stream:error>"])? {
            Some(features) if features.contains("<mechanism>PLAIN</mechanism>") => {}
            Some(other) => return Ok(wire.answer(Outcome::ProtocolRefused(other))),
            None => return Ok(wire.closed()),
        }
        let message = base64(&[identity.as_bytes(), b"\0", local, b"\0", password].concat());
        let auth =
            format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{message}</auth>");
        wire.write(&[auth.as_bytes()])?;
        Ok(match wire.read_through(&["<success", "</failure>", "</stream:error>"])? {
            None => wire.closed(),
            Some(text) => {
                let outcome = if text.ends_with("<success") {
                    Outcome::Accepted
                } else if text.contains("<not-authorized/>") {
                    Outcome::Refused(text)
                } else if text.contains("<temporary-auth-failure/>") {
                    Outcome::TemporaryFailure(text)
                } else {
                    Outcome::ProtocolRefused(text)
                };
                wire.answer(outcome)
            }
        })
    }
}

impl MailLogin for Xmpp {
    fn name(&self) -> String {
        "xmpp PLAIN".into()
    }

    fn pam_service(&self) -> &'static str {
        "xmpp"
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn login(&self, attempt: &Attempt<'_>) -> io::Result<Answer> {
        let user = String::from_utf8_lossy(attempt.user);
        let (local, domain) = user.split_once('@').unwrap_or((&user, "localhost"));
        self.log_in("", local.as_bytes(), domain, attempt.password)
    }
}
