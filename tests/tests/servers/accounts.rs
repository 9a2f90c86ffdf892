//! What an administrator does with a whole account, on every client of every server of the table.

use super::place::{Check, Expect, Place};
use super::table::{Row, never_drawn};

use Expect::{Accepted, Refused};

/// No app password: what pam_apppw takes for a primary one.
const PRIMARY: &str = "correct horse battery staple";

/// All rows.
pub const ROWS: &[Row] = &[
    ("account-locked-and-unlocked", locked),
    ("account-lockdown", lockdown),
    ("account-lockdown-of-never-enrolled", lockdown_of_never_enrolled),
    ("account-renamed", renamed),
    ("account-deleted", deleted),
];

fn locked(place: &Place<'_>) -> Check {
    let user = place.user();
    let made = place.make(&user, &[])?;
    place.expect(Accepted, &user, &made.secret)?;
    place.apppw(&["user", &user, "lock"])?;
    place.expect(Refused("account-locked"), &user, &made.secret)?;
    place.expect(Refused("account-locked"), &user, PRIMARY)?;
    place.apppw(&["user", &user, "unlock"])?;
    place.expect(Accepted, &user, &made.secret)?;
    place.expect(Refused("primary-refused"), &user, PRIMARY)
}

/// Unlocking gives no app password back, but lets new ones be made.
fn lockdown(place: &Place<'_>) -> Check {
    let user = place.user();
    let made = place.make(&user, &[])?;
    place.expect(Accepted, &user, &made.secret)?;
    place.apppw(&["user", &user, "lockdown", "--yes"])?;
    place.expect(Refused("revoked"), &user, &made.secret)?;
    place.expect(Refused("account-locked"), &user, PRIMARY)?;
    place.apppw_refuses(&["create", &user, "after the theft"], "denied")?;
    place.apppw(&["user", &user, "unlock"])?;
    place.expect(Refused("revoked"), &user, &made.secret)?;
    let new = place.make(&user, &[])?;
    place.expect(Accepted, &user, &new.secret)
}

/// Nobody has heard of it before, and it is locked all the same.
fn lockdown_of_never_enrolled(place: &Place<'_>) -> Check {
    let user = place.user();
    place.apppw(&["user", &user, "lockdown", "--yes"])?;
    place.expect(Refused("account-locked"), &user, PRIMARY)?;
    place.expect(Refused("unknown-secret"), &user, never_drawn())
}

/// The app passwords go with it; the old name is nobody's.
fn renamed(place: &Place<'_>) -> Check {
    let (old, new) = (place.user(), place.user());
    let made = place.make(&old, &[])?;
    place.expect(Accepted, &old, &made.secret)?;
    place.apppw(&["user", &old, "rename", &new])?;
    place.expect(Refused("unknown-secret"), &old, &made.secret)?;
    place.expect(Accepted, &new, &made.secret)
}

fn deleted(place: &Place<'_>) -> Check {
    let user = place.user();
    let made = place.make(&user, &[])?;
    place.expect(Accepted, &user, &made.secret)?;
    place.apppw(&["user", &user, "delete", "--yes"])?;
    place.expect(Refused("unknown-secret"), &user, &made.secret)
}
