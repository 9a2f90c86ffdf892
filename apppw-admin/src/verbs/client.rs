//! What to type into a mail program beside the secret: `[client]` of the daemon's configuration.

use serde::{Deserialize, Serialize};

/// Servers and addresses, as far as the app password opens them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSettings {
    /// The user name as it must be typed.
    pub user: String,
    /// Incoming mail, left on the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imap: Option<MailServer>,
    /// Incoming mail, taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pop3: Option<MailServer>,
    /// Outgoing mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp: Option<MailServer>,
    /// Filters (ManageSieve).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sieve: Option<MailServer>,
    /// Address books: a URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carddav: Option<String>,
    /// Calendars: a URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caldav: Option<String>,
    /// Files: a URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webdav: Option<String>,
    /// A page that helps on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// A sentence of the site's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Where a mail program connects to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailServer {
    /// Its host name, or an address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: Encryption,
}

/// How a connection is encrypted. There is no third: nobody types a password into the clear
/// (RFC 8314).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encryption {
    /// From the first byte on ("SSL/TLS" in mail programs).
    Tls,
    /// After a beginning in the clear.
    Starttls,
}

impl Encryption {
    /// The word in JSON and in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Starttls => "starttls",
        }
    }

    /// What mail programs call it.
    #[must_use]
    pub const fn in_programs(self) -> &'static str {
        match self {
            Self::Tls => "SSL/TLS",
            Self::Starttls => "STARTTLS",
        }
    }
}
