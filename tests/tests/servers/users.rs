//! User names that aren't, on every client of every server of the table.

use super::hosts::Kind;
use super::place::{Check, Expect, Place};
use super::table::{Row, never_drawn};
use apppw_tests::clients::Outcome;

use Expect::{Accepted, Refused, Unasked};

/// All rows.
pub const ROWS: &[Row] = &[
    ("user-empty", |p| {
        let answer = p.login("", never_drawn())?;
        if answer.denied() { Ok(()) } else { Err(format!("{answer:?}").into()) }
    }),
    ("user-with-utf-8", |p| beyond_ascii(p, 'ä', "ä", Accepted)),
    ("user-with-invisible-character", |p| beyond_ascii(p, '\u{200b}', "\\u{200b}", Refused("bad-user-name"))),
    ("user-with-broken-utf-8", |p| strange(p, |user| [b"\xff\xc3", user.as_bytes()].concat())),
    ("user-with-control-characters", |p| strange(p, |user| format!("\x1b[2J{user}").into())),
    ("user-with-256-bytes", |p| strange(p, |user| format!("{user:x>256}").into())),
    ("user-with-255-bytes", |p| {
        let user = format!("{:x>255}", p.user());
        let created = p.create(&user, &[]);
        p.expect(Accepted, &user, created.secret.expose())
    }),
    ("user-is-the-secret", |p| {
        let user = p.user();
        let created = p.create(&user, &[]);
        let secret = created.secret.expose();
        let answer = p.login(secret, secret)?;
        if !matches!(answer.outcome, Outcome::Refused(_)) {
            return Err(format!("{answer:?}").into());
        }
        p.saw("\"(looks like an app password)\"", ": refused reason=unknown-secret ")
    }),
];

/// A name that no account can have, made from that of one that has a secret.
fn strange(place: &Place<'_>, name: impl FnOnce(&str) -> Vec<u8>) -> Check {
    let user = place.user();
    let created = place.create(&user, &[]);
    let secret = created.secret.expose();
    place.expect_shown(Unasked, name(&user), &user, secret)?;
    place.expect(Accepted, &user, secret)
}

/// Dovecot lets only ASCII through, unless auth_username_chars says otherwise; saslauthd everything.
fn beyond_ascii(place: &Place<'_>, character: char, logged: &str, expect: Expect) -> Check {
    let ascii = place.user();
    let user = format!("{character}{ascii}");
    if !matches!(place.host.kind, Kind::ThroughSaslauthd(_)) {
        return place.expect_shown(Unasked, &user, &ascii, never_drawn());
    }
    let secret =
        if expect == Accepted { place.create(&user, &[]).secret.expose().to_owned() } else { never_drawn() };
    place.expect_shown(expect, &user, &format!("\"{logged}{ascii}\""), secret)
}
