//! What is told beside a secret.

use apppw_admin::verbs::{ClientSettings, Encryption, MailServer};

/// What to type into a mail program, in several ways.
pub fn client() -> ClientSettings {
    let server = |host: &str, port, encryption| Some(MailServer { host: host.into(), port, encryption });
    ClientSettings {
        user: "alice@example.org".into(),
        imap: server("imap.example.org", 993, Encryption::Tls),
        smtp: server("smtp.example.org", 587, Encryption::Starttls),
        caldav: Some("https://dav.example.org/alice@example.org/".into()),
        help: Some("https://help.example.org/mail".into()),
        note: Some("Questions: ring 42".into()),
        ..ClientSettings::default()
    }
}
