//! What goes with a new secret: what to type beside it, and its first login.

use crate::output::time::rfc3339;
use apppw_admin::AppPasswordId;
use apppw_admin::verbs;
use serde::Serialize;

/// What to type into a mail program.
#[derive(Serialize)]
pub(super) struct Client<'a> {
    user: &'a str,
    imap: Option<Server<'a>>,
    pop3: Option<Server<'a>>,
    smtp: Option<Server<'a>>,
    sieve: Option<Server<'a>>,
    carddav: Option<&'a str>,
    caldav: Option<&'a str>,
    webdav: Option<&'a str>,
    help: Option<&'a str>,
    note: Option<&'a str>,
}

impl<'a> From<&'a verbs::ClientSettings> for Client<'a> {
    fn from(settings: &'a verbs::ClientSettings) -> Self {
        let verbs::ClientSettings { user, imap, pop3, smtp, sieve, carddav, caldav, webdav, help, note } =
            settings;
        Self {
            user,
            imap: imap.as_ref().map(Into::into),
            pop3: pop3.as_ref().map(Into::into),
            smtp: smtp.as_ref().map(Into::into),
            sieve: sieve.as_ref().map(Into::into),
            carddav: carddav.as_deref(),
            caldav: caldav.as_deref(),
            webdav: webdav.as_deref(),
            help: help.as_deref(),
            note: note.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct Server<'a> {
    host: &'a str,
    port: u16,
    encryption: &'static str,
}

impl<'a> From<&'a verbs::MailServer> for Server<'a> {
    fn from(server: &'a verbs::MailServer) -> Self {
        Self { host: &server.host, port: server.port, encryption: server.encryption.as_str() }
    }
}

#[derive(Serialize)]
struct Attempt<'a> {
    at: String,
    service: &'a str,
    rhost: Option<&'a str>,
    rhost_unproven: bool,
    verdict: &'a str,
    reason: &'a str,
    id: Option<AppPasswordId>,
    name: Option<&'a str>,
    count: u64,
}

impl<'a> From<&'a verbs::Attempt> for Attempt<'a> {
    fn from(attempt: &'a verbs::Attempt) -> Self {
        let verbs::Attempt { at, service, rhost, rhost_unproven, verdict, reason, id, name, count } = attempt;
        Self {
            at: rfc3339(*at),
            service,
            rhost: rhost.as_deref(),
            rhost_unproven: *rhost_unproven,
            verdict,
            reason,
            id: *id,
            name: name.as_deref(),
            count: *count,
        }
    }
}

/// Of `wait`: the login that was waited for.
pub fn login(attempt: &verbs::Attempt) -> impl Serialize {
    #[derive(Serialize)]
    struct Login<'a> {
        login: Attempt<'a>,
    }
    Login { login: attempt.into() }
}

/// Of `wait`: another attempt.
pub fn attempt(attempt: &verbs::Attempt) -> impl Serialize {
    #[derive(Serialize)]
    struct Other<'a> {
        attempt: Attempt<'a>,
    }
    Other { attempt: attempt.into() }
}
