//! Several services of one host with one app password: what IMAP may, and SMTP may not.

use super::hosts::Kind;
use super::place::{Check, Expect, Place, slug};
use super::story::{Clients, log_in_everywhere};
use super::table::Row;

use std::collections::BTreeSet;

use Expect::{Accepted, Refused};

/// For every client of every server of the table.
pub const ROWS: &[Row] = &[
    ("imap-only-secret", imap_only),
    ("pin-service", pin_service),
    RACE,
    ("pin-service-is-not-closed-by-a-refused-login", refused_first),
];

/// Where Argon2id has its real cost, too: it gathers them.
pub const RACE: Row = ("pin-service-first-uses-at-once", race);

/// A client of another protocol at the same host. Behind saslauthd there is only Postfix.
fn other<'a>(place: &Place<'a>) -> Option<Place<'a>> {
    let client = if place.client.starts_with("imap-") { "submission-auth-plain" } else { "imap-login" };
    (!matches!(place.host.kind, Kind::ThroughSaslauthd(_))).then(|| place.by(client))
}

/// The same secret, on the same host.
fn imap_only(place: &Place<'_>) -> Check {
    let user = place.user();
    let made = place.make(&user, &["--service", "imap"])?;
    let expect = |at: &Place<'_>| if at.service() == "imap" { Accepted } else { Refused("wrong-service") };
    for at in other(place).iter().chain([place]) {
        at.expect(expect(at), &user, &made.secret)?;
    }
    Ok(())
}

/// Locked to what used it first, and good there for ever: IMAP's not for SMTP, SMTP's not for IMAP.
fn pin_service(place: &Place<'_>) -> Check {
    let other = other(place);
    locked_to_first(place, other.as_ref())?;
    other.map_or(Ok(()), |other| locked_to_first(&other, Some(place)))
}

fn locked_to_first(first: &Place<'_>, second: Option<&Place<'_>>) -> Check {
    let user = first.user();
    let made = first.make(&user, &["--pin", "service"])?;
    first.expect(Accepted, &user, &made.secret)?;
    if let Some(second) = second {
        let same = second.service() == first.service();
        second.expect(if same { Accepted } else { Refused("pinned-service") }, &user, &made.secret)?;
    }
    first.expect(Accepted, &user, &made.secret)?;
    first.locked(&made, "pin_service", Some(first.service()))
}

/// Every client of the host at once: all may find it open, and one service closes it.
fn race(place: &Place<'_>) -> Check {
    let user = place.user();
    let made = place.make(&user, &["--pin", "service"])?;
    let clients: Clients =
        place.running.server.clients().into_iter().map(|c| (slug(c.as_ref()), c)).collect();
    let answers = log_in_everywhere(&clients, |_| (user.clone(), made.secret.clone()), |_| {});
    let accepted = answers.iter().filter(|(_, answer)| matches!(answer, Ok(answer) if answer.accepted()));
    let services: BTreeSet<_> = accepted.map(|(client, _)| place.host.service(client)).collect();
    match services.first() {
        Some(service) if services.len() == 1 => place.locked(&made, "pin_service", Some(service)),
        _ => Err(format!("{services:?}: {answers:#?}").into()),
    }
}

/// Wrong here, so nothing is locked to it.
fn refused_first(place: &Place<'_>) -> Check {
    let user = place.user();
    let made = place.make(&user, &["--pin", "service", "--service", "dav"])?;
    place.expect(Refused("wrong-service"), &user, &made.secret)?;
    place.locked(&made, "pin_service", None)
}
