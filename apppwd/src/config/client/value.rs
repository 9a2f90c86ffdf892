//! The values of `[client]`: a text, or a table that says more.

use super::address::{check_host, check_url, host_and_port, url_of};
use apppw_admin::verbs::{Encryption, MailServer};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::marker::PhantomData;

/// A mail server.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Where it is.
    pub server: MailServer,
    /// What it is the server of, where that is said.
    pub services: Option<Vec<String>>,
    own: &'static Ports,
}

/// A URL.
#[derive(Debug, Clone)]
pub struct Url {
    url: String,
    /// What it is the server of, where that is said.
    pub services: Option<Vec<String>>,
}

/// The ports of a protocol (RFC 8314; RFC 5804 for ManageSieve).
#[derive(Debug)]
struct Ports {
    tls: Option<u16>,
    starttls: u16,
}

const IMAP: Ports = Ports { tls: Some(993), starttls: 143 };
const POP3: Ports = Ports { tls: Some(995), starttls: 110 };
const SMTP: Ports = Ports { tls: Some(465), starttls: 587 };
const SIEVE: Ports = Ports { tls: None, starttls: 4190 };

impl Ports {
    /// How one of its own ports is encrypted.
    fn encryption_of(&self, port: u16) -> Option<Encryption> {
        if self.tls == Some(port) {
            return Some(Encryption::Tls);
        }
        (self.starttls == port).then_some(Encryption::Starttls)
    }

    /// Completes what was said.
    fn complete(
        &self,
        host: &str,
        port: Option<u16>,
        said: Option<Encryption>,
    ) -> Result<MailServer, String> {
        check_host(host)?;
        let (port, encryption) = match (port, said) {
            (Some(0), _) => return Err("port is 0, allowed are 1 to 65535".into()),
            (Some(port), Some(encryption)) => (port, encryption),
            (Some(port), None) => (port, self.encryption_of(port).ok_or_else(|| self.unclear(host, port))?),
            (None, Some(Encryption::Starttls)) => (self.starttls, Encryption::Starttls),
            (None, Some(Encryption::Tls)) => match self.tls {
                Some(port) => (port, Encryption::Tls),
                None => return Err("there is no usual port for that with TLS: say which".into()),
            },
            (None, None) => match self.tls {
                Some(port) => (port, Encryption::Tls),
                None => (self.starttls, Encryption::Starttls),
            },
        };
        Ok(MailServer { host: host.to_owned(), port, encryption })
    }

    fn unclear(&self, host: &str, port: u16) -> String {
        let tls = self.tls.map(|port| format!("{port} is TLS, ")).unwrap_or_default();
        format!(
            "port {port} doesn't say how it is encrypted ({tls}{} is STARTTLS): write \
             {{ host = {host:?}, port = {port}, encryption = \"tls\" }} or \"starttls\"",
            self.starttls
        )
    }
}

impl Mail {
    /// A port that is usually encrypted otherwise.
    pub(super) fn warning(&self, key: &str) -> Option<String> {
        let MailServer { port, encryption, .. } = self.server;
        let usual = self.own.encryption_of(port).filter(|usual| *usual != encryption)?;
        Some(format!(
            "[client] {key} says encryption = {:?}, but port {port} is {:?}'s: programs would get no connection",
            encryption.as_str(),
            usual.as_str()
        ))
    }
}

impl Url {
    /// As that user types it.
    pub(super) fn of(&self, user: &str) -> String {
        url_of(&self.url, user)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MailTable {
    host: String,
    port: Option<u16>,
    encryption: Option<Encryption>,
    services: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UrlTable {
    url: String,
    services: Option<Vec<String>>,
}

pub(super) fn imap<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Mail>, D::Error> {
    mail(from, &IMAP)
}

pub(super) fn pop3<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Mail>, D::Error> {
    mail(from, &POP3)
}

pub(super) fn smtp<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Mail>, D::Error> {
    mail(from, &SMTP)
}

pub(super) fn sieve<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Mail>, D::Error> {
    mail(from, &SIEVE)
}

fn mail<'de, D: Deserializer<'de>>(from: D, own: &'static Ports) -> Result<Option<Mail>, D::Error> {
    let expecting = "\"HOST:PORT\" or { host = \"HOST\", port = PORT, encryption = \"tls\" }";
    let MailTable { host, port, encryption, services } = text_or_table(from, expecting, |text| {
        let (host, port) = host_and_port(text)?;
        Ok(MailTable { host, port, encryption: None, services: None })
    })?;
    let server = own.complete(&host, port, encryption).map_err(Error::custom)?;
    Ok(Some(Mail { server, services, own }))
}

pub(super) fn url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Url>, D::Error> {
    let expecting = "\"https://…\" or { url = \"https://…\", services = [\"…\"] }";
    let UrlTable { url, services } =
        text_or_table(from, expecting, |text| Ok(UrlTable { url: text.to_owned(), services: None }))?;
    check_url(&url).map_err(Error::custom)?;
    Ok(Some(Url { url, services }))
}

pub(super) fn help<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let url = String::deserialize(from)?;
    check_url(&url).map_err(Error::custom)?;
    if url.contains('{') {
        return Err(Error::custom("a page that helps is the same for all: leave {user} out"));
    }
    Ok(Some(url))
}

/// A value that is a text, as `read` understands it, or a table.
fn text_or_table<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
    expecting: &'static str,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    struct Either<T, F>(&'static str, F, PhantomData<T>);
    impl<'de, T: Deserialize<'de>, F: FnOnce(&str) -> Result<T, String>> Visitor<'de> for Either<T, F> {
        type Value = T;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            (self.1)(text).map_err(E::custom)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }
    from.deserialize_any(Either(expecting, read, PhantomData))
}
