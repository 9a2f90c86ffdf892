//! What the packaged files warn of: each mistake does what is said, and without it all is well.

use super::place::{Check, Expect, Place};
use super::table::Row;
use apppw_tests::clients::Outcome;
use apppw_tests::servers::dovecot::SECOND_PASSDB_USER;

use Expect::{Accepted, Refused};

/// A second passdb behind `result_failure = return-fail`.
pub const GUARDED: Row = ("password-of-second-passdb-refused", |p| {
    let (user, password) = SECOND_PASSDB_USER;
    let answer = p.login(user, password)?;
    if !matches!(answer.outcome, Outcome::Refused(_)) {
        return Err(format!("{answer:?}").into());
    }
    p.saw(user, ": refused reason=primary-refused ")
});

/// The same without: our refusal is Dovecot's cue to ask the next.
pub const UNGUARDED: Row = ("password-of-second-passdb-accepted", |p| {
    let (user, password) = SECOND_PASSDB_USER;
    let answer = p.login(user, password)?;
    if !answer.accepted() {
        return Err(format!("{answer:?}").into());
    }
    p.saw(user, ": refused reason=primary-refused ")
});

/// A cache in front of PAM: nobody asks apppwd.
pub const CACHED: Row = ("revoked-still-accepted", |p| {
    let user = p.user();
    let created = p.create(&user, &[]);
    let secret = created.secret.expose();
    p.expect(Accepted, &user, secret)?;
    p.daemon.revoke(created.app_password.id);
    let answer = p.login(&user, secret)?;
    if answer.accepted() && p.verdicts(&user).len() == 1 {
        return Ok(());
    }
    Err(format!("{answer:?} {:?}", p.verdicts(&user)).into())
});

/// saslauthd with `-r`.
pub const WITH_REALM: Row = ("another-domains-user-refused", |p| {
    let (local, foreign) = local_and_foreign(p);
    let created = p.create(&local, &[]);
    p.expect(Accepted, &local, created.secret.expose())?;
    p.expect(Refused("unknown-secret"), &foreign, created.secret.expose())
});

/// saslauthd without: alice@evil.org is alice.
pub const WITHOUT_REALM: Row = ("another-domains-user-accepted", |p| {
    let (local, foreign) = local_and_foreign(p);
    let created = p.create(&local, &[]);
    p.expect_shown(Accepted, &foreign, &local, created.secret.expose())
});

fn local_and_foreign(place: &Place<'_>) -> (String, String) {
    let local = format!("alice-{}", place.spot.client);
    let foreign = format!("{local}@evil.org");
    (local, foreign)
}

/// A service that the configuration has taken out of its group.
pub const NO_GROUP: Row = ("service-in-no-group", |p| {
    let user = p.user();
    let created = p.create(&user, &["mail"]);
    let expect = if p.service() == "imap" { Accepted } else { Refused("service-in-no-group") };
    p.expect(expect, &user, created.secret.expose())
});

/// The system's own account rules, in the stack that keeps them.
pub const SYSTEM_USERS: &[Row] = &[
    ("account-in-force", |p| system_user(p, "bob", true)),
    ("account-expired", |p| system_user(p, "alice", false)),
];

/// The secret is right for both of them.
fn system_user(place: &Place<'_>, user: &str, may_log_in: bool) -> Check {
    let created = place.create_named(user, place.spot.client, &[]);
    let answer = place.login(user, created.secret.expose())?;
    if answer.accepted() != may_log_in {
        return Err(format!("{user}: {answer:?}").into());
    }
    place.saw(user, &format!(" id={} ", created.app_password.id))?;
    place.saw(user, ": accepted reason=accepted ")
}
