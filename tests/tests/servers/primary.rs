//! What the primary password may do, by group of services, by user, by network; under a lock; and
//! what `apppw report` says of it. With Unix users, whose primary password pam_unix knows.

use super::hosts::{Host, Role};
use super::place::{Check, Expect, Place};
use super::table::Row;
use libtest_mimic::Failed;
use serde_json::Value;
use std::collections::BTreeSet;

use Expect::{Accepted, Left, Passed, Refused};

/// Reading is open with the primary password, sending only from the webmail's network.
pub const CONFIG: &str = r#"
[argon2]
memory_kib = 64
iterations = 1
[groups]
reading = ["imap", "pop3", "sieve"]
[policy]
primary = "refuse"
primary_networks = ["127.40.0.0/16"]
[policy.group.reading]
primary = "allow"
"#;

/// The webmail, and any other client.
const WEBMAIL: &str = "127.40.1.2";
const ELSEWHERE: &str = "127.50.1.2";

/// Their primary password: that of the trees' bob.
const PASSWORD: &str = "primary-of-bob";

/// Those with a policy of their own, and those without.
pub const ROLES: &[Role] = &[
    Role { name: "plain", policy: "" },
    Role { name: "free", policy: "primary = \"allow\"" },
    Role { name: "counted", policy: "primary = \"allow\"" },
    Role { name: "strict", policy: "primary = \"refuse\"\nprimary_networks = []" },
    Role { name: "enrolling", policy: "primary = \"refuse-enrolled\"\nprimary_networks = []" },
    Role { name: "exempt", policy: "primary = \"refuse\"\nprimary_networks = [\"127.50.1.2\"]" },
    Role { name: "watched", policy: "primary = \"refuse\"\nprimary_networks = []\nreport_only = true" },
    Role { name: "locked", policy: "primary = \"allow\"" },
    Role { name: "robbed", policy: "primary = \"allow\"" },
    Role { name: "stranger", policy: "primary = \"allow\"" },
    Role { name: "lockedwatched", policy: "primary = \"refuse\"\nreport_only = true" },
];

/// Of a host whose whole policy only reports.
pub const WATCHED: &[Role] = &[Role { name: "watched", policy: "" }];

/// For every client of the hosts with [`CONFIG`].
pub const ROWS: &[Row] = &[
    ("primary-by-group", |p| {
        let reading = ["imap", "pop3", "sieve"].contains(&p.service());
        let webmail = reading || p.host.gives_address();
        p.primary("plain", ELSEWHERE, if reading { ALLOWED } else { REFUSED })?;
        p.primary("plain", WEBMAIL, if webmail { ALLOWED } else { REFUSED })
    }),
    ("primary-allowed-to-user", |p| p.primary("free", ELSEWHERE, ALLOWED)),
    ("primary-refused-to-user", |p| {
        p.primary("strict", ELSEWHERE, REFUSED)?;
        p.primary("strict", WEBMAIL, REFUSED)
    }),
    ("primary-refused-to-enrolled-user", enrolled),
    ("primary-from-users-network", |p| {
        p.primary("exempt", WEBMAIL, REFUSED)?;
        p.primary("exempt", ELSEWHERE, if p.host.gives_address() { ALLOWED } else { REFUSED })
    }),
    ("primary-of-locked-account", locked),
    ("primary-after-lockdown", lockdown),
    ("primary-after-lockdown-of-stranger", |p| {
        p.apppw(&["user", &p.person("stranger"), "lockdown", "--yes"])?;
        p.primary("stranger", ELSEWHERE, LOCKED)
    }),
    ("primary-reported", |p| counted(p, "watched", "primary-reported", true)),
    ("primary-allowed-and-counted", |p| counted(p, "counted", "primary-allowed", false)),
    ("primary-reported-of-locked-account", |p| {
        p.apppw(&["user", &p.person("lockedwatched"), "lockdown", "--yes"])?;
        p.primary("lockedwatched", ELSEWHERE, LOCKED)
    }),
];

/// For every client of the host that only reports.
pub const REPORT_ONLY: &[Row] = &[("primary-reported-of-enrolled", |p| {
    let user = p.person("watched");
    p.primary("watched", ELSEWHERE, ALLOWED)?;
    would_be_refused(p, false)?;
    let made = p.make(&user, &[])?;
    p.expect(Accepted, &user, made.secret)?;
    p.primary("watched", ELSEWHERE, REPORTED)?;
    would_be_refused(p, true)
})];

fn would_be_refused(place: &Place<'_>, would: bool) -> Check {
    let report = place.report("watched")?;
    if !report.is_empty() && report.iter().all(|used| used["would_be_refused"] == would) {
        return Ok(());
    }
    Err(format!("expected {would}: {report:#?}").into())
}

const ALLOWED: Expect = Passed("primary-allowed");
const REPORTED: Expect = Passed("primary-reported");
const REFUSED: Expect = Refused("primary-refused");
const LOCKED: Expect = Refused("account-locked");

impl Place<'_> {
    fn person(&self, role: &str) -> String {
        Host::person(role, self.client)
    }

    /// Their part of `apppw report`.
    fn report(&self, role: &str) -> Result<Vec<Value>, Failed> {
        let report = self.apppw(&["report"])?;
        let uses = report["primary_uses"].as_array().ok_or("no uses")?;
        Ok(uses.iter().filter(|used| used["user"] == self.person(role).as_str()).cloned().collect())
    }

    /// One login with the right primary password.
    fn primary(&self, role: &str, from: &str, expect: Expect) -> Check {
        self.from(from).expect(expect, &self.person(role), PASSWORD)
    }
}

/// Sticky: neither the last app password's end nor anything but an administrator takes it back.
fn enrolled(place: &Place<'_>) -> Check {
    let (role, user) = ("enrolling", place.person("enrolling"));
    place.primary(role, ELSEWHERE, ALLOWED)?;
    let made = place.make(&user, &[])?;
    let warned = made.told["primary_ends"].as_array().is_some_and(|groups| groups.contains(&"mail".into()));
    if !warned || made.told["newly_enrolled"] != true {
        return Err("the first create does not say what ends".into());
    }
    place.expect(Accepted, &user, &made.secret)?;
    place.primary(role, ELSEWHERE, Refused("primary-refused-enrolled"))?;
    place.apppw(&["revoke", &made.id])?;
    place.primary(role, ELSEWHERE, Refused("primary-refused-enrolled"))?;
    place.apppw(&["user", &user, "unenroll"])?;
    place.primary(role, ELSEWHERE, ALLOWED)
}

fn locked(place: &Place<'_>) -> Check {
    let (role, user) = ("locked", place.person("locked"));
    let made = place.make(&user, &[])?;
    place.primary(role, ELSEWHERE, ALLOWED)?;
    place.apppw(&["user", &user, "lock"])?;
    place.primary(role, ELSEWHERE, LOCKED)?;
    place.primary(role, WEBMAIL, LOCKED)?;
    place.expect(LOCKED, &user, &made.secret)?;
    place.apppw(&["user", &user, "unlock"])?;
    place.primary(role, ELSEWHERE, ALLOWED)?;
    place.expect(Accepted, &user, &made.secret)
}

fn lockdown(place: &Place<'_>) -> Check {
    let (role, user) = ("robbed", place.person("robbed"));
    let made = place.make(&user, &[])?;
    place.expect(Accepted, &user, &made.secret)?;
    place.primary(role, ELSEWHERE, ALLOWED)?;
    place.apppw(&["user", &user, "lockdown", "--yes"])?;
    place.primary(role, ELSEWHERE, LOCKED)?;
    place.expect(Refused("revoked"), &user, &made.secret)
}

/// Two logins from one address, one from another; a wrong password is no login.
fn counted(place: &Place<'_>, role: &str, passes: &'static str, would_be_refused: bool) -> Check {
    for from in [ELSEWHERE, ELSEWHERE, WEBMAIL] {
        place.primary(role, from, Passed(passes))?;
    }
    place.expect(Left(passes), &place.person(role), "not-his-password")?;
    let expected: BTreeSet<(Option<&str>, u64)> = if place.host.gives_address() {
        [(Some(ELSEWHERE), 2), (Some(WEBMAIL), 1)].into()
    } else {
        [(None, 3)].into()
    };
    let report = place.report(role)?;
    let line = |used: &Value| (used["service"] == place.service(), used["would_be_refused"].as_bool());
    let found =
        report.iter().map(|used| (used["rhost"].as_str(), used["count"].as_u64().unwrap_or_default()));
    if found.collect::<BTreeSet<_>>() == expected
        && report.iter().all(|used| line(used) == (true, Some(would_be_refused)))
    {
        return Ok(());
    }
    Err(format!("expected {expected:?}, would be refused: {would_be_refused}: {report:#?}").into())
}
