//! Messages of the daemon, for the unit tests.

use crate::output::time::Clock;
use apppw_admin::verbs::{
    Account, Actor, ActorRole, AppPassword, Argon2Status, Created, PrimaryPolicy, Revoked, Shown, State,
    Status, Use, Verdicts,
};
use apppw_admin::{AppPasswordId, SecretText};
use jiff::tz::{Offset, TimeZone};

/// 2027-01-15T08:00:00Z.
pub const NOW: i64 = 1_800_000_000;
pub const DAY: i64 = 86_400;

pub fn clock() -> Clock {
    Clock { now: NOW, zone: TimeZone::fixed(Offset::constant(1)) }
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
        created: NOW - 10 * DAY,
        created_by: Actor { uid: 0, role: ActorRole::Admin, on_behalf_of: None, name: Some("root".into()) },
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
        revoked_by: Some(Actor { uid: 1000, role: ActorRole::User, on_behalf_of: None, name: None }),
        last_use: None,
        ..live()
    }
}

/// A record in which everything that can be hostile is.
pub fn hostile() -> AppPassword {
    let evil = "\x1b[2J\r\n\u{202e}\u{9b}x";
    AppPassword {
        user: evil.into(),
        name: evil.into(),
        services: vec![evil.into()],
        created_by: Actor { uid: 0, role: ActorRole::Admin, on_behalf_of: None, name: Some(evil.into()) },
        last_use: Some(Use { service: evil.into(), rhost: Some(evil.into()), host: evil.into(), ..used() }),
        ..live()
    }
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
    }
}

pub fn revocation() -> Revoked {
    Revoked { count: 1, ids: vec![live().id], app_passwords: vec![live()], already: vec![revoked().id] }
}

pub fn account() -> Account {
    Account {
        user: "alice".into(),
        uid: Some(1000),
        enrolled: Some(NOW - 10 * DAY),
        created: NOW - 11 * DAY,
        live: 2,
        revoked: 1,
        primary: PrimaryPolicy::RefuseEnrolled,
    }
}

pub fn status() -> Status {
    Status {
        version: "0.1.0".into(),
        pid: 42,
        uptime: 90_061,
        frame_versions: (1, 1),
        primary: PrimaryPolicy::Refuse,
        accounts: 3,
        enrolled: 2,
        live: 5,
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
        writable: true,
    }
}
