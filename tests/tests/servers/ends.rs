//! How an app password ends, for a while or for good, on every client of every server of the table.

use super::command::Made;
use super::place::{Check, Expect, Place};
use super::table::Row;
use libtest_mimic::Failed;
use std::thread;
use std::time::{Duration, Instant};

use Expect::{Accepted, Refused};

/// All rows.
pub const ROWS: &[Row] = &[
    ("expires", expires),
    ("suspended-and-resumed", suspended),
    ("rotated-old-one-revoked", |p| rotated(p, |pair| &pair.old)),
    ("rotated-new-one-revoked", |p| rotated(p, |pair| &pair.new)),
    ("rotated-grace-is-over", grace),
    ("all-of-an-account-revoked", all_of_an_account),
];

/// Lives to try: on a busy machine the login before the end may come too late.
const LIVES: [&str; 4] = ["2s", "4s", "8s", "30s"];

/// Longer than any of them.
const PATIENCE: Duration = Duration::from_secs(60);

fn expires(place: &Place<'_>) -> Check {
    let user = place.user();
    let made = until_its_end(place, &user, |life| place.make(&user, &["--expires", life]))?;
    place.expect(Refused("expired"), &user, made.secret)
}

/// The old one's time is the grace; the new one goes on.
fn grace(place: &Place<'_>) -> Check {
    let user = place.user();
    let mut new: Option<Made> = None;
    let old = until_its_end(place, &user, |grace| {
        // It has the name.
        if let Some(in_the_way) = new.take() {
            place.apppw(&["revoke", &in_the_way.id])?;
        }
        let old = place.make(&user, &["--service", place.service()])?;
        new = Some(place.rotate(&old, &["--grace", grace])?);
        Ok(old)
    })?;
    place.expect(Refused("expired"), &user, old.secret)?;
    place.expect(Accepted, &user, new.ok_or("nothing was rotated")?.secret)
}

/// One that lives so long, was accepted, and has expired.
fn until_its_end(
    place: &Place<'_>,
    user: &str,
    mut make: impl FnMut(&str) -> Result<Made, Failed>,
) -> Result<Made, Failed> {
    for life in LIVES {
        let made = make(life)?;
        let state = || Ok::<_, Failed>(place.apppw(&["show", &made.id])?["state"].clone());
        let answer = place.login(user, &made.secret)?;
        if !answer.accepted() && state()? != "expired" {
            return Err(format!("{answer:?}").into());
        }
        let patience = Instant::now() + PATIENCE;
        while state()? == "live" {
            if Instant::now() > patience {
                return Err(format!("{life} later it is still live").into());
            }
            thread::sleep(Duration::from_millis(100));
        }
        if answer.accepted() {
            return Ok(made);
        }
    }
    Err("no login came in time".into())
}

/// Warm, and still refused at the next login.
fn suspended(place: &Place<'_>) -> Check {
    let user = place.user();
    let made = place.make(&user, &[])?;
    place.expect(Accepted, &user, &made.secret)?;
    for _ in 0..2 {
        place.apppw(&["suspend", &made.id])?;
        place.expect(Refused("suspended"), &user, &made.secret)?;
        place.apppw(&["resume", &made.id])?;
        place.expect(Accepted, &user, &made.secret)?;
    }
    Ok(())
}

/// Two secrets for one device, with the scope of the first.
struct Pair {
    old: Made,
    new: Made,
}

/// Both are good until one of them is revoked, whichever.
fn rotated(place: &Place<'_>, which: fn(&Pair) -> &Made) -> Check {
    let user = place.user();
    let old = place.make(&user, &["--service", place.service()])?;
    let pair = Pair { new: place.rotate(&old, &[])?, old };
    for made in [&pair.old, &pair.new] {
        place.expect(Accepted, &user, &made.secret)?;
    }
    place.apppw(&["revoke", &which(&pair).id])?;
    for made in [&pair.old, &pair.new] {
        place.expect(Refused("revoked"), &user, &made.secret)?;
    }
    Ok(())
}

/// Not another's.
fn all_of_an_account(place: &Place<'_>) -> Check {
    let (user, another) = (place.user(), place.user());
    let phone = place.make(&user, &[])?;
    let laptop = place.create_named(&user, "laptop", &[]);
    let others = place.make(&another, &[])?;
    place.apppw(&["revoke", "--user", &user, "--all", "--yes"])?;
    place.expect(Refused("revoked"), &user, phone.secret)?;
    place.expect(Refused("revoked"), &user, laptop.secret.expose())?;
    place.expect(Accepted, &another, others.secret)
}
