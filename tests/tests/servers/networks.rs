//! Where an app password is good from, on every client of every server of the table.

use super::place::{Check, Expect, Place};
use super::table::Row;

use Expect::{Accepted, Refused};

/// The office, somebody in it, and somebody next door.
const OFFICE: &str = "127.20.30.0/24";
const INSIDE: &str = "127.20.30.40";
const OUTSIDE: &str = "127.20.31.40";

/// All rows: networks, the client's address, and what becomes of the login. A host that gives no
/// address can't be judged by a network: there every one of them refuses.
pub const ROWS: &[Row] = &[
    ("network-inside", |p| rule(p, &[OFFICE], INSIDE, Accepted)),
    ("network-outside", |p| rule(p, &[OFFICE], OUTSIDE, Refused("wrong-network"))),
    ("network-one-of-several", |p| rule(p, &["2001:db8::/32", OFFICE], INSIDE, Accepted)),
    ("network-of-v6-only", |p| rule(p, &["2001:db8::/32"], INSIDE, Refused("wrong-network"))),
    ("network-v4-mapped", |p| rule(p, &["::ffff:127.20.30.0/120"], INSIDE, Accepted)),
    ("network-everything", |p| rule(p, &["0.0.0.0/0"], OUTSIDE, Accepted)),
    ("pin-network", pin),
];

fn rule(place: &Place<'_>, networks: &[&str], from: &str, expect: Expect) -> Check {
    let user = place.user();
    let options: Vec<&str> = networks.iter().flat_map(|network| ["--network", network]).collect();
    let made = place.make(&user, &options)?;
    let expect = if place.host.gives_address() { expect } else { Refused("no-address") };
    place.from(from).expect(expect, &user, made.secret)
}

/// The first use locks it to the /24 around its address.
fn pin(place: &Place<'_>) -> Check {
    let user = place.user();
    let made = place.make(&user, &["--pin", "network"])?;
    if !place.host.gives_address() {
        place.from(INSIDE).expect(Refused("no-address"), &user, &made.secret)?;
        return place.locked(&made, "pin_network", None);
    }
    place.locked(&made, "pin_network", None)?;
    place.from(INSIDE).expect(Accepted, &user, &made.secret)?;
    place.locked(&made, "pin_network", Some(OFFICE))?;
    place.from(OUTSIDE).expect(Refused("pinned-network"), &user, &made.secret)?;
    place.from("127.20.30.41").expect(Accepted, &user, &made.secret)?;
    place.locked(&made, "pin_network", Some(OFFICE))
}
