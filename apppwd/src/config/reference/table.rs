//! The table itself, in the order of the sample.

mod bounds;
mod client;
mod host;
mod names;
mod policy;

use super::Section;

/// All there is.
pub const SECTIONS: &[Section] = &[
    host::FILES,
    policy::POLICY,
    policy::POLICY_GROUP,
    policy::POLICY_USER,
    host::SECRET,
    host::ARGON2,
    bounds::LIMITS,
    bounds::EVENTS,
    names::PRESETS,
    client::CLIENT,
    names::USERS,
    names::GROUPS,
    names::PEERS,
];
