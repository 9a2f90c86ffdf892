//! An app password's life on every client: its scope, where it is used from, its end.

use super::place::{Check, Expect, Place};
use super::table::Row;
use std::collections::BTreeSet;

use Expect::{Accepted, Refused};

/// For every client of every server of the table.
pub const ROWS: &[Row] = &[
    ("next-login-after-revoke", next_login_after_revoke),
    ("scope-of-this-service", |p| {
        let user = p.user();
        let created = p.create(&user, &[p.service()]);
        p.expect(Accepted, &user, created.secret.expose())
    }),
    ("scope-of-the-other-services", |p| {
        let user = p.user();
        let others = ["imap", "pop3", "sieve", "submission", "smtp", "dovecot"];
        let others: Vec<_> = others.into_iter().filter(|service| *service != p.service()).collect();
        let created = p.create(&user, &others);
        p.expect(Refused("wrong-service"), &user, created.secret.expose())
    }),
    ("scope-of-imap", |p| {
        let user = p.user();
        let created = p.create(&user, &["imap"]);
        let expect = if p.service() == "imap" { Accepted } else { Refused("wrong-service") };
        p.expect(expect, &user, created.secret.expose())
    }),
    ("scope-without-mail", |p| {
        let user = p.user();
        let created = p.create(&user, &["dav", "chat", "files"]);
        p.expect(Refused("wrong-service"), &user, created.secret.expose())
    }),
    ("address", address),
];

/// Warm: the daemon remembers the secret. Revoked by the command line.
fn next_login_after_revoke(place: &Place<'_>) -> Check {
    let user = place.user();
    let created = place.create(&user, &[]);
    let secret = created.secret.expose();
    for _ in 0..2 {
        place.expect(Accepted, &user, secret)?;
    }
    place.apppw(&["revoke", &created.app_password.id.to_string()])?;
    place.expect(Refused("revoked"), &user, secret)?;
    place.expect(Refused("revoked"), &user, secret)
}

/// Two addresses, in the log and in `apppw show`.
fn address(place: &Place<'_>) -> Check {
    let user = place.user();
    let created = place.create(&user, &[]);
    let addresses = ["127.20.30.40", "127.50.60.70"];
    for address in addresses {
        place.from(address).expect(Accepted, &user, created.secret.expose())?;
        let line = place.verdicts(&user).pop().unwrap_or_default();
        let logged = if place.host.gives_address() {
            line.contains(&format!(" rhost={address} "))
        } else {
            !line.contains("rhost")
        };
        if !logged {
            return Err(format!("from {address}: {line:?}").into());
        }
    }
    let expected: BTreeSet<Option<&str>> =
        if place.host.gives_address() { addresses.map(Some).into() } else { [None].into() };
    let shown = place.apppw(&["show", &created.app_password.id.to_string()])?;
    let uses = shown["uses"].as_array().ok_or("no uses")?;
    let services_are_right = uses.iter().all(|used| used["service"] == place.service());
    let found: BTreeSet<Option<&str>> = uses.iter().map(|used| used["rhost"].as_str()).collect();
    let count: u64 = uses.iter().filter_map(|used| used["count"].as_u64()).sum();
    if services_are_right && found == expected && count == 2 && shown["last_use"] == uses[0] {
        return Ok(());
    }
    Err(format!("expected {expected:?}: {shown:#}").into())
}
