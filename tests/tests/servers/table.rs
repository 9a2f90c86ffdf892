//! The table: what may be typed as a password, on every client of every server.

use super::hosts::Kind;
use super::place::{Check, Expect, Place};
use apppw_proto::secret::{ALPHABET, Secret};

use Expect::{Accepted, Refused, Unasked, Unspeakable};

/// A row: its name, and what must come of it.
pub type Row = (&'static str, fn(&Place<'_>) -> Check);

/// All rows.
pub const ROWS: &[Row] = &[
    // The secret, as people type it.
    ("right", |p| p.accepts(str::to_owned)),
    ("upper-case", |p| p.accepts(str::to_uppercase)),
    ("without-hyphens", |p| p.accepts(|s| s.replace('-', ""))),
    ("spaces", |p| p.accepts(|s| format!(" {} ", s.replace('-', " ")))),
    ("no-break-spaces", |p| p.accepts(|s| s.replace('-', "\u{a0}"))),
    ("no-break-hyphens", |p| p.accepts(|s| s.replace('-', "\u{2011}"))),
    ("o-for-0", |p| swapped(p, '0', "o")),
    ("capital-o-for-0", |p| swapped(p, '0', "O")),
    ("i-for-1", |p| swapped(p, '1', "I")),
    ("l-for-1", |p| swapped(p, '1', "l")),
    ("hyphens-to-255-bytes", |p| p.accepts(|s| format!("{s:-<255}"))),
    // What isn't it.
    ("hyphens-to-256-bytes", |p| p.denies(Refused("primary-refused"), |s| format!("{s:-<256}").into())),
    ("wrong-check-character", |p| p.denies(Refused("mistyped"), wrong_check)),
    ("unknown-secret", |p| p.denies(Refused("unknown-secret"), |_| never_drawn().into())),
    ("unknown-longer-secrets", unknown_longer),
    ("another-users", another_users),
    ("revoked", revoked),
    ("primary", |p| p.denies(Refused("primary-refused"), |_| b"correct horse battery staple".to_vec())),
    ("empty", |p| p.denies(Unasked, |_| Vec::new())),
    ("255-bytes", |p| p.denies(Refused("primary-refused"), |_| vec![b'x'; 255])),
    ("4096-bytes", |p| p.denies(of_4096_bytes(p), |_| vec![b'x'; 4096])),
    ("nul-first", |p| p.denies(Unasked, |s| [b"\0", s.as_bytes()].concat())),
    ("nul-in-the-middle", |p| {
        let expect = if cuts_at_nul(p) { Refused("primary-refused") } else { Unasked };
        p.denies(expect, |s| s.replacen('-', "\0", 1).into())
    }),
    ("nul-after-the-secret", |p| {
        // What follows the NUL is gone before PAM hears of it: nothing that we could refuse.
        let expect = if cuts_at_nul(p) { Accepted } else { Unasked };
        p.denies(expect, |s| format!("{s}\0junk").into())
    }),
    ("utf-8", |p| p.denies(Refused("primary-refused"), |_| "pässwörd 漢字 🔑".into())),
    ("broken-utf-8", |p| p.denies(Refused("primary-refused"), |s| [s.as_bytes(), b"\xff\xc3"].concat())),
    ("control-characters", |p| p.denies(Refused("primary-refused"), |s| format!("{s}\x07\x1b[2J").into())),
    ("unknown-user", |p| p.expect(Refused("unknown-secret"), &p.user(), never_drawn())),
];

/// The rows for hosts that differ in something else.
pub fn basic_rows() -> impl Iterator<Item = Row> {
    const BASIC: [&str; 4] = ["right", "unknown-secret", "another-users", "revoked"];
    ROWS.iter().copied().filter(|(name, _)| BASIC.contains(name))
}

/// Whether the host goes through saslauthd, with limits of its own.
fn through_saslauthd(place: &Place<'_>) -> bool {
    matches!(place.host.kind, Kind::ThroughSaslauthd(_))
}

/// Dovecot's line-based logins read lines of 1 to 2 KiB; saslauthd takes a password of 256 bytes.
fn of_4096_bytes(place: &Place<'_>) -> Expect {
    match place.spot.client {
        "imap-login" | "pop3-user-pass" => Unspeakable,
        _ if through_saslauthd(place) => Unasked,
        _ => Refused("primary-refused"),
    }
}

/// Servers keep passwords as C strings. Where they come as a field of their own they are cut at a
/// NUL, whereas SASL's message has NULs between its fields, and one more makes it malformed.
fn cuts_at_nul(place: &Place<'_>) -> bool {
    match place.spot.client {
        "imap-login" | "pop3-user-pass" => true,
        "smtp-auth-login" => through_saslauthd(place),
        _ => false,
    }
}

fn swapped(place: &Place<'_>, character: char, typed: &str) -> Check {
    let user = place.user();
    let created = place.create_with(&user, character);
    place.expect(Accepted, &user, created.secret.expose().replace(character, typed))
}

/// The next character of the alphabet at the end.
pub fn wrong_check(secret: &str) -> Vec<u8> {
    let mut typed = secret.as_bytes().to_vec();
    let last = typed.last_mut().expect("a secret is not empty");
    let value = ALPHABET.iter().position(|a| a == last).expect("a secret is in the alphabet");
    *last = ALPHABET[(value + 1) % ALPHABET.len()];
    typed
}

/// Of the right shape.
pub fn never_drawn() -> String {
    Secret::from_values(&[7; 15]).expect("fifteen values").display()
}

fn unknown_longer(place: &Place<'_>) -> Check {
    let user = place.user();
    let created = place.create(&user, &[]);
    for length in [19, 23] {
        let secret = Secret::from_values(&vec![9; length]).expect("so many values").display();
        place.expect(Refused("unknown-secret"), &user, secret)?;
    }
    place.expect(Accepted, &user, created.secret.expose())
}

fn another_users(place: &Place<'_>) -> Check {
    let (one, other) = (place.user(), place.user());
    let (ones, others) = (place.create(&one, &[]), place.create(&other, &[]));
    place.expect(Refused("unknown-secret"), &one, others.secret.expose())?;
    place.expect(Refused("unknown-secret"), &other, ones.secret.expose())?;
    place.expect(Accepted, &one, ones.secret.expose())?;
    place.expect(Accepted, &other, others.secret.expose())
}

/// Revoked before anyone has logged in with it; the other one of the account stays.
fn revoked(place: &Place<'_>) -> Check {
    let user = place.user();
    let phone = place.create_named(&user, "old phone", &[]);
    let laptop = place.create_named(&user, "laptop", &[]);
    place.daemon.revoke(phone.app_password.id);
    place.expect(Refused("revoked"), &user, phone.secret.expose())?;
    place.saw(&user, &format!(" id={} name=\"old phone\" ", phone.app_password.id))?;
    place.expect(Accepted, &user, laptop.secret.expose())
}
