//! Messages of the daemon, for the unit tests.

mod backup;
mod client;
mod happened;
mod keys;
mod measured;

pub use backup::{backup, restored};
pub use client::client;
pub use happened::{about, event, events, hostile_event, page};
pub use keys::keys;
pub use measured::metrics;

use crate::output::time::Clock;
use apppw_admin::verbs::{
    Account, Actor, ActorRole, AppPassword, Argon2Status, Created, PanicSwitch, PinState, PrimaryPolicy,
    PrimaryUse, Revoked, Shown, State, Status, Use, UserSummary, Verdicts,
};
use apppw_admin::{AppPasswordId, SecretText};
use jiff::tz::{Offset, TimeZone};
use std::collections::BTreeMap;

/// 2027-01-15T08:00:00Z.
pub const NOW: i64 = 1_800_000_000;
pub const DAY: i64 = 86_400;

/// A uid that no host gives away.
pub const NAMELESS: u32 = 3_999_999_999;

pub fn clock() -> Clock {
    Clock { now: NOW, zone: TimeZone::fixed(Offset::constant(1)) }
}

pub fn root() -> Actor {
    Actor { uid: 0, login_uid: None, role: ActorRole::Admin, on_behalf_of: None, name: Some("root".into()) }
}

pub fn alice() -> Actor {
    Actor { uid: 1000, role: ActorRole::User, name: Some("alice".into()), ..root() }
}

pub fn used() -> Use {
    Use {
        service: "imap".into(),
        rhost: Some("192.0.2.7".into()),
        rhost_unproven: false,
        host: "mail1".into(),
        first: NOW - 9 * DAY,
        last: NOW - 3 * DAY,
        count: 12,
    }
}

pub fn live() -> AppPassword {
    AppPassword {
        id: AppPasswordId::from_bits(0x4a),
        user: "alice@example.org".into(),
        name: "Thunderbird, laptop".into(),
        state: State::Live,
        services: vec!["mail".into()],
        networks: vec![],
        expires: None,
        pin_service: None,
        pin_network: None,
        successor: None,
        created: NOW - 10 * DAY,
        created_by: root(),
        suspended: None,
        suspended_by: None,
        revoked: None,
        revoked_by: None,
        last_use: Some(used()),
    }
}

pub fn revoked() -> AppPassword {
    AppPassword {
        id: AppPasswordId::from_bits(0x4b),
        user: "bob".into(),
        name: "old phone".into(),
        state: State::Revoked,
        services: vec!["imap".into(), "smtp".into()],
        revoked: Some(NOW - DAY),
        revoked_by: Some(Actor { name: None, ..alice() }),
        last_use: None,
        ..live()
    }
}

/// With everything that a scope can have.
pub fn scoped() -> AppPassword {
    AppPassword {
        id: AppPasswordId::from_bits(0x4c),
        name: "scanner".into(),
        services: vec!["smtp".into()],
        networks: vec!["192.0.2.0/24".into(), "2001:db8::/32".into()],
        expires: Some(NOW + 90 * DAY),
        pin_service: Some(PinState::To("smtp".into())),
        pin_network: Some(PinState::Pending),
        ..live()
    }
}

/// The old one of a rotation.
pub fn rotated() -> AppPassword {
    AppPassword {
        id: AppPasswordId::from_bits(0x4d),
        expires: Some(NOW + DAY),
        successor: Some(live().id),
        ..live()
    }
}

pub fn suspended() -> AppPassword {
    AppPassword {
        id: AppPasswordId::from_bits(0x4e),
        state: State::Suspended,
        suspended: Some(NOW - DAY),
        suspended_by: Some(alice()),
        ..live()
    }
}

pub fn expired() -> AppPassword {
    AppPassword {
        id: AppPasswordId::from_bits(0x4f),
        state: State::Expired,
        expires: Some(NOW - DAY),
        ..live()
    }
}

/// A record in which everything that can be hostile is.
pub fn hostile() -> AppPassword {
    AppPassword {
        user: evil(),
        name: evil(),
        services: vec![evil()],
        networks: vec![evil()],
        pin_service: Some(PinState::To(evil())),
        created_by: Actor { name: Some(evil()), ..root() },
        last_use: Some(hostile_use()),
        ..live()
    }
}

/// An account in which everything that can be hostile is.
pub fn hostile_user() -> UserSummary {
    let [first, ..] = users();
    UserSummary { user: evil(), last_use: Some(hostile_use()), ..first }
}

fn hostile_use() -> Use {
    Use { service: evil(), rhost: Some(evil()), host: evil(), ..used() }
}

/// As long as a name may be, a formula to a spreadsheet, several lines, and what turns the text
/// around.
pub fn evil() -> String {
    let mut evil = "=1+1\x1b[2J\r\n\u{202e}\u{9b}\",'@x".to_owned();
    evil.extend(std::iter::repeat_n('y', 255 - evil.len()));
    evil
}

pub fn users() -> [UserSummary; 2] {
    let alice = UserSummary {
        user: "alice@example.org".into(),
        uid: Some(1000),
        enrolled: Some(NOW - 10 * DAY),
        locked: None,
        created: NOW - 11 * DAY,
        live: 3,
        suspended: 1,
        revoked: 2,
        last_use: Some(used()),
    };
    let bob = UserSummary {
        user: "bob".into(),
        uid: None,
        enrolled: None,
        locked: Some(NOW - DAY),
        live: 0,
        suspended: 0,
        revoked: 0,
        last_use: None,
        ..alice.clone()
    };
    [alice, bob]
}

pub fn shown() -> Shown {
    let unknown = Use { rhost: None, service: "smtp".into(), count: 1, ..used() };
    let claimed = Use { rhost_unproven: true, ..used() };
    Shown { app_password: live(), uses: vec![claimed, unknown] }
}

pub fn created() -> Created {
    Created {
        secret: SecretText::new("abcd-efgh-jkmn-pqrs".into()),
        app_password: AppPassword { last_use: None, ..live() },
        newly_enrolled: true,
        primary: PrimaryPolicy::RefuseEnrolled,
        primary_ends: vec!["mail".into(), "dav".into()],
        client: None,
    }
}

pub fn revocation() -> Revoked {
    Revoked {
        count: 1,
        ids: vec![live().id],
        app_passwords: vec![live()],
        already: vec![revoked().id],
        record_since: None,
    }
}

pub fn account() -> Account {
    Account {
        user: "alice".into(),
        uid: Some(1000),
        other_uid: None,
        enrolled: Some(NOW - 10 * DAY),
        locked: None,
        created: NOW - 11 * DAY,
        live: 2,
        revoked: 1,
        primary: PrimaryPolicy::RefuseEnrolled,
        revoked_now: vec![],
        revoked_count: 0,
        primary_in: BTreeMap::new(),
        report_only: false,
    }
}

/// Both kinds of switches, on.
pub fn switches() -> Vec<PanicSwitch> {
    vec![
        PanicSwitch { group: None, group_is_gone: false, since: NOW - 60 },
        PanicSwitch { group: Some("mail".into()), group_is_gone: false, since: NOW - DAY },
    ]
}

pub fn primary_uses() -> Vec<PrimaryUse> {
    let first = PrimaryUse {
        user: "alice@example.org".into(),
        service: "imap".into(),
        rhost: Some("192.0.2.7".into()),
        rhost_unproven: true,
        host: "mail1".into(),
        would_be_refused: true,
        first: NOW - 9 * DAY,
        last: NOW - 3 * DAY,
        count: 12,
    };
    let second = PrimaryUse {
        user: "bob".into(),
        rhost: None,
        rhost_unproven: false,
        would_be_refused: false,
        count: 1,
        ..first.clone()
    };
    vec![first, second]
}

pub fn status() -> Status {
    Status {
        version: "0.1.0".into(),
        pid: 42,
        uptime: 90_061,
        frame_versions: (1, 1),
        primary: PrimaryPolicy::Refuse,
        report_only: false,
        accounts: 3,
        enrolled: 2,
        locked: 1,
        live: 5,
        suspended: 2,
        revoked: 1,
        verdicts: Verdicts { accepted: 10, refused: 4, not_mine: 1, unavailable: 0 },
        argon2: Argon2Status {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            workers: 4,
            queued: 0,
            runs: 6,
            memo_hits: 4,
        },
        panic: vec![],
        in_memory: 0,
        writable: true,
        last_backup: Some(NOW - 2 * DAY),
    }
}
