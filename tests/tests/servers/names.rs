//! Several names for one account (`[users]`), and presets, on hosts that hand names over as they
//! are typed.

use super::place::{Check, Expect, Place};
use super::table::Row;

use Expect::{Accepted, Refused};

/// What both need.
pub const CONFIG: &str = r#"
[argon2]
memory_kib = 64
iterations = 1
[users]
fold_case = true
default_domain = "example.org"
[users.domain_aliases]
"example.net" = "example.org"
[presets.phone]
services = ["mail"]
pin = ["network"]
life = "90d"
[presets.printer]
services = ["smtp", "submission"]
networks = ["127.20.30.0/24"]
"#;

/// In the printer's network, beside it, and far away.
const INSIDE: &str = "127.20.30.40";
const OUTSIDE: &str = "127.20.31.40";

/// All rows.
pub const ROWS: &[Row] = &[
    ("name-in-upper-case", |p| named(p, |local| format!("{}@Example.ORG", local.to_uppercase()), Accepted)),
    ("name-without-domain", |p| named(p, str::to_owned, Accepted)),
    ("name-of-domain-alias", |p| named(p, |local| format!("{local}@EXAMPLE.net"), Accepted)),
    ("name-of-other-domain", |p| named(p, |local| format!("{local}@example.com"), Refused("unknown-secret"))),
    ("name-created-in-upper-case", created_in_upper_case),
    ("preset-printer", |p| {
        let sends = ["smtp", "submission"].contains(&p.service());
        let expect = if sends { Accepted } else { Refused("wrong-service") };
        preset(p, &["--preset", "printer"], [expect, if sends { Refused("wrong-network") } else { expect }])
    }),
    ("preset-with-services-beside-it", |p| {
        let options = ["--preset", "printer", "--service", p.service()];
        preset(p, &options, [Accepted, Refused("wrong-network")])
    }),
    ("preset-phone", |p| preset(p, &["--preset", "phone"], [Accepted, Refused("pinned-network")])),
];

/// A login under another name than the account's.
fn named(place: &Place<'_>, typed: impl FnOnce(&str) -> String, expect: Expect) -> Check {
    let user = place.user();
    let made = place.make(&user, &[])?;
    let typed = typed(user.trim_end_matches("@example.org"));
    place.expect(expect, &typed, &made.secret)?;
    place.expect(Accepted, &user, &made.secret)
}

fn created_in_upper_case(place: &Place<'_>) -> Check {
    let user = place.user();
    let made = place.make(&user.to_uppercase(), &[])?;
    place.expect(Accepted, &user, &made.secret)
}

/// A login from inside, and one from outside. A host that gives no address can't be judged by a
/// network.
fn preset(place: &Place<'_>, options: &[&str], expect: [Expect; 2]) -> Check {
    let user = place.user();
    let made = place.make(&user, options)?;
    for (from, expect) in [INSIDE, OUTSIDE].into_iter().zip(expect) {
        let is_service = expect == Refused("wrong-service");
        let judged = place.host.gives_address() || is_service;
        let expect = if judged { expect } else { Refused("no-address") };
        place.from(from).expect(expect, &user, &made.secret)?;
    }
    Ok(())
}
