//! `[client]`: what to type into a mail program beside the secret.
//!
//! The keys are those that mail programs ask for, by the names of their protocols; what is behind them
//! follows RFC 6186 (which servers), RFC 8314 (never in the clear, rather TLS than STARTTLS) and RFC 6764 (DAV).

mod address;
mod value;

use super::groups::Groups;
use super::policy::check_services;
use crate::address::Address;
use crate::scope::Scope;
use apppw_admin::text::check_field;
use apppw_admin::verbs::ClientSettings;
use serde::Deserialize;
use value::{Mail, Url};

/// `[client]`. Each key is left out by default: without any, `apppw create` says nothing of servers.
///
/// A server is written `"imap.example.org"`, `"imap.example.org:993"`, or
/// `{ host = "imap.example.org", port = 993, encryption = "tls", services = ["imap"] }`; `encryption` is `"tls"` or
/// `"starttls"` and goes without saying on the protocol's own ports. A URL is written
/// `"https://dav.example.org/{user}/"` or `{ url = "https://…", services = ["caldav"] }`. `services`: what it is the server
/// of, by services and groups of `[groups]`; it is shown to app passwords whose scope has one of them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientConfig {
    /// Incoming mail. Ports: 993 (TLS, the default), 143 (STARTTLS).
    #[serde(deserialize_with = "value::imap")]
    pub imap: Option<Mail>,
    /// Incoming mail that is taken away. Ports: 995 (TLS, the default), 110 (STARTTLS).
    #[serde(deserialize_with = "value::pop3")]
    pub pop3: Option<Mail>,
    /// Outgoing mail. Ports: 465 (TLS, the default), 587 (STARTTLS).
    #[serde(deserialize_with = "value::smtp")]
    pub smtp: Option<Mail>,
    /// Mail filters. Port: 4190 (STARTTLS, the default).
    #[serde(deserialize_with = "value::sieve")]
    pub sieve: Option<Mail>,
    /// Address books.
    #[serde(deserialize_with = "value::url")]
    pub carddav: Option<Url>,
    /// Calendars.
    #[serde(deserialize_with = "value::url")]
    pub caldav: Option<Url>,
    /// Files.
    #[serde(deserialize_with = "value::url")]
    pub webdav: Option<Url>,
    /// A page that helps on, shown whatever the scope is: a URL.
    #[serde(deserialize_with = "value::help")]
    pub help: Option<String>,
    /// A sentence of the site's own, shown whatever the scope is. At most 255 bytes.
    pub note: Option<String>,
}

/// The PAM services that each is the server of, unless it says so itself: by the names that their
/// programs give PAM, those of `[groups]`.
const IMAP: &[&str] = &["imap", "imaps", "dovecot", "cyrus"];
const POP3: &[&str] = &["pop3", "pop3s", "dovecot", "cyrus"];
const SMTP: &[&str] = &["smtp", "smtps", "submission", "submissions", "postfix", "exim", "dovecot"];
const SIEVE: &[&str] = &["sieve", "managesieve", "dovecot", "cyrus"];
const CARDDAV: &[&str] = &["carddav", "radicale", "davical", "sogo"];
const CALDAV: &[&str] = &["caldav", "radicale", "davical", "sogo"];
const WEBDAV: &[&str] = &["webdav", "apache2", "httpd", "nginx"];

impl ClientConfig {
    /// What the owner of an app password of that scope types into his programs; none: nothing is
    /// configured.
    #[must_use]
    pub fn settings(&self, groups: &Groups, scope: &Scope, user: &str) -> Option<ClientSettings> {
        let Self { imap, pop3, smtp, sieve, carddav, caldav, webdav, help, note } = self;
        let opens = |services: &Option<Vec<String>>, defaults: &[&str]| {
            self::services(services.as_deref(), defaults)
                .into_iter()
                .any(|name| is_opened(groups, scope, name))
        };
        let mail = |mail: &Option<Mail>, defaults| {
            mail.as_ref().filter(|mail| opens(&mail.services, defaults)).map(|mail| mail.server.clone())
        };
        let url = |url: &Option<Url>, defaults| {
            url.as_ref().filter(|url| opens(&url.services, defaults)).map(|url| url.of(user))
        };
        let settings = ClientSettings {
            user: user.to_owned(),
            imap: mail(imap, IMAP),
            pop3: mail(pop3, POP3),
            smtp: mail(smtp, SMTP),
            sieve: mail(sieve, SIEVE),
            carddav: url(carddav, CARDDAV),
            caldav: url(caldav, CALDAV),
            webdav: url(webdav, WEBDAV),
            help: help.clone(),
            note: note.clone(),
        };
        let is_configured = self.entries().next().is_some() || help.is_some() || note.is_some();
        is_configured.then_some(settings)
    }

    /// What no type expresses.
    pub(super) fn check(&self, groups: &Groups) -> Result<(), (String, String)> {
        for (key, services, _) in self.entries() {
            if let Some(services) = services {
                check_services(&format!("[client] {key} services"), services, groups)?;
            }
        }
        match self.note.as_deref().map(check_field) {
            Some(Err(e)) => Err(("[client] note".into(), e.to_string())),
            _ => Ok(()),
        }
    }

    /// What is hardly meant.
    pub(super) fn warnings(&self, groups: &Groups) -> Vec<String> {
        let mut warnings: Vec<String> = self
            .entries()
            .filter(|(_, services, defaults)| {
                let names = self::services(*services, defaults);
                !names.iter().any(|name| groups.has_group(name) || groups.has_service(name))
            })
            .map(|(key, ..)| {
                format!(
                    "[client] {key} is shown to nobody: none of its usual services is in a group; say which are \
                     meant: {key} = {{ …, services = [\"…\"] }}"
                )
            })
            .collect();
        let mail = [("imap", &self.imap), ("pop3", &self.pop3), ("smtp", &self.smtp), ("sieve", &self.sieve)];
        for (key, mail) in mail {
            warnings.extend(mail.as_ref().and_then(|mail| mail.warning(key)));
        }
        warnings
    }

    /// What is shown by scope: key, services as configured, and those otherwise.
    fn entries(&self) -> impl Iterator<Item = (&'static str, Option<&[String]>, &'static [&'static str])> {
        let Self { imap, pop3, smtp, sieve, carddav, caldav, webdav, .. } = self;
        let mails =
            [("imap", imap, IMAP), ("pop3", pop3, POP3), ("smtp", smtp, SMTP), ("sieve", sieve, SIEVE)];
        let urls = [("carddav", carddav, CARDDAV), ("caldav", caldav, CALDAV), ("webdav", webdav, WEBDAV)];
        let mails = mails
            .into_iter()
            .filter_map(|(key, entry, usual)| Some((key, entry.as_ref()?.services.as_deref(), usual)));
        let urls = urls
            .into_iter()
            .filter_map(|(key, entry, usual)| Some((key, entry.as_ref()?.services.as_deref(), usual)));
        mails.chain(urls)
    }
}

/// The services as configured, or the usual ones.
fn services<'a>(configured: Option<&'a [String]>, usual: &'a [&'a str]) -> Vec<&'a str> {
    configured.map_or_else(|| usual.to_vec(), |names| names.iter().map(String::as_str).collect())
}

/// Whether the scope opens a service, or one of a group.
fn is_opened(groups: &Groups, scope: &Scope, name: &str) -> bool {
    // Networks and the end are no matter of what is typed.
    let opens = |service: &str| scope.refusal(groups, Some(service), Address::NotAsked, i64::MIN).is_none();
    if groups.has_group(name) { groups.services_of(name).any(|service| opens(service)) } else { opens(name) }
}

#[cfg(test)]
mod tests;
