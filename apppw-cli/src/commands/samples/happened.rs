//! Events.

use super::{DAY, NOW, alice, evil, live, root};
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::{Actor, ActorRole, Event, EventKind, Events};

/// Of that kind, by root, about nothing.
pub fn event(seq: u64, kind: EventKind) -> Event {
    Event {
        seq: Some(seq),
        at: NOW - DAY,
        host: "mail1".into(),
        kind,
        actor: Some(root()),
        user: None,
        id: None,
        name: None,
        was: None,
        services: vec![],
        rhost: None,
        rhost_unproven: false,
        verb: None,
        reason: None,
        count: 1,
    }
}

/// Of that kind, by root, about an app password of alice's.
pub fn about(seq: u64, kind: EventKind) -> Event {
    Event {
        user: Some("alice@example.org".into()),
        id: Some(live().id),
        name: Some("old phone".into()),
        ..event(seq, kind)
    }
}

/// One of each that is told in its own way.
pub fn events() -> Vec<Event> {
    let via = |seq, kind| Event {
        actor: None,
        services: vec!["imap".into()],
        rhost: Some("192.0.2.7".into()),
        ..about(seq, kind)
    };
    let daemon =
        |name: &str| Some(Actor { uid: 998, role: ActorRole::Daemon, name: Some(name.into()), ..root() });
    let account = |seq, kind| Event { user: Some("alice@example.org".into()), ..event(seq, kind) };
    vec![
        Event {
            services: vec!["mail".into(), "dav".into()],
            actor: Some(alice()),
            ..about(1, EventKind::Create)
        },
        Event { was: Some(AppPasswordId::from_bits(0x4b).to_string()), ..about(2, EventKind::Rotate) },
        Event { was: Some("phone".into()), ..about(3, EventKind::Rename) },
        via(4, EventKind::Pin),
        Event {
            rhost_unproven: true,
            reason: Some("revoked".into()),
            count: 3,
            ..via(5, EventKind::RefusedUse)
        },
        Event {
            actor: Some(Actor { login_uid: Some(super::NAMELESS), ..root() }),
            ..about(6, EventKind::Revoke)
        },
        Event { was: Some("alice".into()), ..account(7, EventKind::UserRename) },
        account(8, EventKind::UserLockdown),
        Event { services: vec!["mail".into()], ..event(9, EventKind::PanicOn) },
        event(10, EventKind::PanicOff),
        Event {
            user: Some("bob".into()),
            actor: Some(Actor { uid: 1001, role: ActorRole::Nobody, name: None, ..root() }),
            verb: Some("user.delete".into()),
            reason: Some("uid 1001 may do nothing here: only root and members may".into()),
            count: 17,
            ..event(11, EventKind::Denied)
        },
        Event { actor: daemon("housekeeping"), count: 1_000, ..event(12, EventKind::Prune) },
        Event { seq: None, actor: daemon("journal.log"), ..about(13, EventKind::End) },
    ]
}

/// As the daemon sends them.
pub fn page() -> Events {
    Events { events: events(), cursor: 12, more: false, forgotten: None }
}

/// An event in which everything that can be hostile is.
pub fn hostile_event(kind: EventKind) -> Event {
    Event {
        host: evil(),
        actor: Some(Actor { name: Some(evil()), ..root() }),
        user: Some(evil()),
        name: Some(evil()),
        was: Some(evil()),
        services: vec![evil()],
        rhost: Some(evil()),
        verb: Some(evil()),
        reason: Some(evil()),
        ..about(1, kind)
    }
}
