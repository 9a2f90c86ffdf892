//! `[policy] primary`, with a Unix user whose primary password pam_unix knows.

use super::place::{Check, Expect, Place, Spot};
use super::story::{Answers, answer, clients, log_in_everywhere};
use super::table::{Row, never_drawn};
use std::sync::OnceLock;
use std::time::Duration;

/// In the trees' shadow file.
const ALICE: (&str, &str) = ("alice", "primary-of-alice");

/// alice's primary password, on all clients; told once per host.
#[derive(Default)]
pub struct Primary(OnceLock<[Phase; 3]>);

struct Phase {
    answers: Answers,
    log: String,
}

/// What becomes of the primary password in one phase.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// The policy lets it pass, and pam_unix finds it right.
    Used,
    /// Refused, with this reason.
    Refused(&'static str),
}

/// The policies' hosts, with the fate before the first app password, with it, and after its end.
const FATES: [(&str, [Fate; 3]); 3] = [
    ("policy-refuse", [Fate::Refused("primary-refused"); 3]),
    (
        "policy-refuse-enrolled",
        [
            Fate::Used,
            Fate::Refused("primary-refused-enrolled"),
            // Enrolled stays enrolled.
            Fate::Refused("primary-refused-enrolled"),
        ],
    ),
    ("policy-allow", [Fate::Used; 3]),
];

/// A check of one client's part.
type Part = fn(&Primary, &Spot<'_>) -> Check;

/// The phases: a name, and the check.
pub const PHASES: [(&str, Part); 3] = [
    ("primary-before-enrolment", |primary, spot| primary.check(spot, 0)),
    ("primary-after-first-create", |primary, spot| primary.check(spot, 1)),
    ("primary-after-last-revoke", |primary, spot| primary.check(spot, 2)),
];

impl Primary {
    fn check(&self, spot: &Spot<'_>, phase: usize) -> Check {
        let (_, fates) = FATES.iter().find(|(host, _)| *host == spot.host.name).ok_or("no policy's host")?;
        let Phase { answers, log } = &self.0.get_or_init(|| happen(spot))[phase];
        let answer = answer(answers, spot)?;
        let logged = |what: &str| log.contains(&format!("{what} user=alice service={} ", spot.service()));
        let right = match fates[phase] {
            Fate::Used => {
                answer.accepted()
                    && logged("not-mine reason=primary-allowed")
                    && logged("not-mine reason=primary-used")
            }
            Fate::Refused(reason) => answer.denied() && logged(&format!("refused reason={reason}")),
        };
        let fate = fates[phase];
        if right { Ok(()) } else { Err(format!("expected {fate:?}: {answer:?}\n{log}").into()) }
    }
}

fn happen(spot: &Spot<'_>) -> [Phase; 3] {
    let daemon = spot.running.daemon();
    let clients = clients(spot.host, spot.running);
    let log_in = || {
        let before = daemon.log().len();
        let alice = |_: &str| (ALICE.0.to_owned(), ALICE.1.to_owned());
        let answers = log_in_everywhere(&clients, alice, |_| {});
        Phase { answers, log: daemon.log().split_off(before) }
    };
    let never = log_in();
    let created = daemon.create(ALICE.0, "first", &[]);
    spot.lab.keep(created.secret.expose());
    let enrolled = log_in();
    daemon.revoke(created.app_password.id);
    [never, enrolled, log_in()]
}

/// Where the primary password is allowed: what is passed on to pam_unix, and what isn't.
pub const WHERE_ALLOWED: &[Row] = &[
    ("wrong-primary", |p| p.expect(Expect::Left("primary-allowed"), &p.user(), "not-his-password")),
    ("primary-shaped-like-a-secret", |p| p.expect(Expect::Left("never-enrolled"), &p.user(), never_drawn())),
    ("mistyped-secret-of-enrolled", mistyped),
    ("revoked-not-passed-on", not_passed_on),
];

/// It has not the shape, so it might be the primary password: pam_unix is asked.
fn mistyped(place: &Place<'_>) -> Check {
    place.denies(Expect::Left("primary-allowed"), super::table::wrong_check)
}

/// pam_unix writes down every name that it is asked about in vain: a stale phone's isn't there.
fn not_passed_on(place: &Place<'_>) -> Check {
    let (stale, mistaken) = (place.user(), place.user());
    let phone = place.create(&stale, &[]);
    place.daemon.revoke(phone.app_password.id);
    place.expect(Expect::Refused("revoked"), &stale, phone.secret.expose())?;
    place.expect(Expect::Left("primary-allowed"), &mistaken, "not-his-password")?;
    let server = &place.running.server;
    let log = server.wait_for_log(&format!("ruser={mistaken} "), Duration::from_secs(5))?;
    match log.lines().find(|line| line.contains("pam_unix") && line.contains(&stale)) {
        None => Ok(()),
        Some(line) => Err(line.into()),
    }
}
