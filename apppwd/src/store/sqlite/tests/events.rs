//! Reading events, their numbers, and forgetting them.

use super::*;
use apppw_admin::verbs::EventKind;

fn refused_use(bits: u64, at: i64) -> Event {
    Event {
        seq: None,
        at,
        host: "mail1".into(),
        kind: EventKind::RefusedUse,
        actor: None,
        user: Some("alice".into()),
        id: Some(id(bits)),
        name: Some("phone".into()),
        was: None,
        services: vec!["imap".into()],
        rhost: Some("192.0.2.7".into()),
        rhost_unproven: true,
        verb: None,
        reason: Some("revoked".into()),
        count: 1,
    }
}

fn denied(at: i64) -> Event {
    Event {
        kind: EventKind::Denied,
        actor: Some(ROOT),
        user: Some("alice".into()),
        id: None,
        name: None,
        services: Vec::new(),
        rhost: None,
        rhost_unproven: false,
        verb: Some("create".into()),
        reason: Some("no".into()),
        count: 7,
        ..refused_use(1, at)
    }
}

async fn with_phone(bed: &Bed) -> SqliteStore {
    let store = bed.open().unwrap();
    store.create(new(1, account("alice", 1), true, "phone")).await.unwrap();
    store
}

async fn read(store: &SqliteStore, selection: EventSelection) -> Vec<Event> {
    store.events(&selection, usize::MAX).await.unwrap().events
}

fn keep(seconds: Option<i64>, most: u64) -> KeepEvents {
    KeepEvents { seconds, most }
}

#[test]
fn what_is_noted_is_read_back() {
    let bed = Bed::new();
    run(async {
        let store = with_phone(&bed).await;
        store.add_events(vec![refused_use(1, 20), denied(21)]).await.unwrap();
        let events = read(&store, EventSelection { after: 10_000_001, ..EventSelection::default() }).await;
        let without_numbers: Vec<Event> =
            events.iter().map(|event| Event { seq: None, ..event.clone() }).collect();
        assert_eq!(without_numbers, [refused_use(1, 20), denied(21)]);
    });
}

#[test]
fn a_refusal_names_the_app_password_and_is_no_part_of_its_account() {
    let bed = Bed::new();
    run(async {
        let store = with_phone(&bed).await;
        let of_phone = Event { user: None, id: Some(id(1)), ..denied(20) };
        store.add_events(vec![of_phone, denied(21)]).await.unwrap();
        let refused = EventSelection { kinds: vec![EventKind::Denied], ..EventSelection::default() };
        let told: Vec<_> =
            read(&store, refused.clone()).await.into_iter().map(|e| (e.user, e.id, e.name)).collect();
        let alice = || Some("alice".to_owned());
        assert_eq!(told, [(alice(), Some(id(1)), Some("phone".into())), (alice(), None, None)]);
        let owners = EventSelection { account: Some(AccountId([1; 16])), ..refused };
        assert_eq!(read(&store, owners).await, []);
    });
}

#[test]
fn what_memory_held_is_part_of_its_account() {
    let bed = Bed::new();
    run(async {
        let store = with_phone(&bed).await;
        let of_account = Event { kind: EventKind::UserLock, ..denied(20) };
        let of_phone = Event { kind: EventKind::Revoke, user: None, id: Some(id(1)), ..denied(20) };
        store.add_events(vec![of_account, of_phone]).await.unwrap();
        let owners = EventSelection {
            account: Some(AccountId([1; 16])),
            since: Some(20),
            ..EventSelection::default()
        };
        let told: Vec<_> = read(&store, owners).await.into_iter().map(|e| (e.kind, e.user, e.name)).collect();
        let alice = || Some("alice".to_owned());
        assert_eq!(
            told,
            [(EventKind::UserLock, alice(), None), (EventKind::Revoke, alice(), Some("phone".into()))]
        );
    });
}

#[test]
fn numbers_rise_and_are_given_once_whatever_the_clock_and_backups_do() {
    let bed = Bed::new();
    let (copy, numbers) = (bed.dir.path().join("copy"), |events: &[Event]| -> Vec<u64> {
        events.iter().filter_map(|event| event.seq).collect()
    });
    run(async {
        let store = with_phone(&bed).await;
        drop(store);
        std::fs::copy(bed.path(), &copy).unwrap();
        let store = bed.open().unwrap();
        for at in [20, 20, 20, 5, 30] {
            store.rename(id(1), format!("{at}"), None, by(at)).await.unwrap();
            store.rename(id(1), format!("{at}'"), None, by(at)).await.unwrap();
        }
        let before = numbers(&read(&store, EventSelection::default()).await);
        assert!(before.is_sorted_by(|a, b| a < b), "{before:?}");
        assert_eq!(before.last(), Some(&30_000_001), "{before:?}");
        drop(store);
        std::fs::copy(&copy, bed.path()).unwrap();
        let store = bed.open().unwrap();
        store.rename(id(1), "after a backup".into(), None, by(31)).await.unwrap();
        let after = numbers(&read(&store, EventSelection::default()).await);
        assert!(after.last() > before.last(), "{after:?} {before:?}");
        // Nor when all are forgotten.
        store.prune_events(keep(Some(1), 1000), by(40)).await.unwrap();
        let left = read(&store, EventSelection::default()).await;
        assert_eq!(left.iter().map(|event| event.kind).collect::<Vec<_>>(), [EventKind::Prune]);
        assert!(left.last().unwrap().seq > after.last().copied());
    });
}

#[test]
fn a_selection_fits_by_account_name_id_kind_time_and_number() {
    let bed = Bed::new();
    run(async {
        let store = with_phone(&bed).await; // create, user.enroll at 10
        store.create(new(2, account("bob", 2), true, "tablet")).await.unwrap(); // the same
        store.add_events(vec![denied(20), refused_use(2, 21)]).await.unwrap();
        store.rename_account(AccountId([1; 16]), "anna".into(), 7, by(30)).await.unwrap();
        store.create(new(3, account("alice", 3), true, "other alice")).await.unwrap(); // at 10
        use EventKind::{Create, Denied, RefusedUse, UserEnroll, UserRename};
        let anna = Some(AccountId([1; 16]));
        let of = |account, user: Option<&str>| EventSelection {
            account,
            user: user.map(str::to_owned),
            ..EventSelection::default()
        };
        #[rustfmt::skip]
        let table = [
            (of(None, None), vec![Create, UserEnroll, Create, UserEnroll, Denied, RefusedUse, UserRename, Create, UserEnroll]),
            (of(anna, None), vec![Create, UserEnroll, UserRename]),
            (of(anna, Some("anna")), vec![Create, UserEnroll, UserRename]),
            (of(None, Some("alice")), vec![Create, UserEnroll, Denied, RefusedUse, Create, UserEnroll]),
            (of(Some(AccountId([2; 16])), None), vec![Create, UserEnroll, RefusedUse]),
            (EventSelection { id: Some(id(2)), ..of(None, None) }, vec![Create, RefusedUse]),
            (EventSelection { kinds: vec![Denied, UserRename], ..of(None, None) }, vec![Denied, UserRename]),
            (EventSelection { since: Some(21), ..of(None, None) }, vec![RefusedUse, UserRename]),
            (EventSelection { until: Some(20), kinds: vec![Create], ..of(None, None) }, vec![Create, Create, Create]),
            (EventSelection { since: Some(20), until: Some(21), ..of(None, None) }, vec![Denied]),
            (EventSelection { until: Some(21), last: Some(1), kinds: vec![Denied, RefusedUse], ..of(None, None) }, vec![Denied]),
            (EventSelection { last: Some(2), ..of(anna, None) }, vec![UserEnroll, UserRename]),
            (EventSelection { last: Some(99), ..of(anna, None) }, vec![Create, UserEnroll, UserRename]),
            (EventSelection { last: Some(0), ..of(anna, None) }, vec![]),
            (EventSelection { last: Some(99), after: 20_000_000, ..of(anna, None) }, vec![UserRename]),
            (EventSelection { after: 20_000_000, ..of(None, None) }, vec![RefusedUse, UserRename, Create, UserEnroll]),
        ];
        for (selection, kinds) in table {
            let found: Vec<_> = read(&store, selection.clone()).await.iter().map(|e| e.kind).collect();
            assert_eq!(found, kinds, "{selection:?}");
        }
        let page = store.events(&EventSelection::default(), 3).await.unwrap();
        assert_eq!(page.events.len(), 3);
        assert!(page.last > page.events[2].seq.unwrap());
        // Who has seen more, of a database that a backup has replaced, is not sent back.
        let beyond = EventSelection { after: 99_000_000, ..EventSelection::default() };
        assert_eq!(store.events(&beyond, 3).await.unwrap().last, 99_000_000);
    });
}

#[test]
fn a_dead_app_password_is_noted_once_an_hour() {
    let bed = Bed::new();
    run(async {
        let store = with_phone(&bed).await;
        for (at, count) in [(100, 1), (101, 1), (3699, 1), (3700, 2), (50, 3), (51, 3), (9999, 4)] {
            store.add_events(vec![refused_use(1, at)]).await.unwrap();
            let uses = EventSelection { kinds: vec![EventKind::RefusedUse], ..EventSelection::default() };
            assert_eq!(read(&store, uses).await.len(), count, "at {at}");
        }
        store.add_events(vec![denied(9999), denied(9999)]).await.unwrap();
        let kinds = EventSelection { kinds: vec![EventKind::Denied], ..EventSelection::default() };
        assert_eq!(read(&store, kinds).await.len(), 2, "that is for dead app passwords only");
    });
}

#[test]
fn old_ones_are_forgotten_and_that_is_noted() {
    const DAY: i64 = 86_400;
    let bed = Bed::new();
    run(async {
        let store = with_phone(&bed).await;
        for day in 1..=40 {
            store.rename(id(1), format!("day {day}"), None, by(day * DAY)).await.unwrap();
        }
        let forget = |seconds, day| store.prune_events(keep(Some(seconds), 1000), by(day * DAY));
        // The first two are at 10.
        assert_eq!(forget(40 * DAY - 100, 40).await.unwrap(), 0, "a little older is tolerated");
        assert_eq!(forget(30 * DAY, 40).await.unwrap(), 2 + 9);
        let page = store.events(&EventSelection::default(), 99).await.unwrap();
        assert_eq!(page.events[0].at, 10 * DAY);
        assert_eq!(page.forgotten, Some(u64::try_from(9 * DAY * 1_000_000).unwrap()));
        let last = page.events.last().unwrap();
        assert_eq!((last.kind, last.count, last.at), (EventKind::Prune, 11, 40 * DAY));
        assert_eq!(forget(30 * DAY, 40).await.unwrap(), 0);
        assert_eq!(store.prune_events(keep(None, 1000), by(999 * DAY)).await.unwrap(), 0);
    });
}

#[test]
fn a_clock_that_was_wrong_once_keeps_nothing_for_ever() {
    const DAY: i64 = 86_400;
    let bed = Bed::new();
    run(async {
        let store = with_phone(&bed).await;
        for (n, day) in [5000, 20, 21, 60].into_iter().enumerate() {
            store.rename(id(1), format!("{n}"), None, by(day * DAY)).await.unwrap();
        }
        store.prune_events(keep(Some(30 * DAY), 1000), by(60 * DAY)).await.unwrap();
        let times: Vec<_> =
            read(&store, EventSelection::default()).await.iter().map(|e| e.at / DAY).collect();
        assert_eq!(times, [5000, 60, 60]);
        let since = EventSelection { since: Some(60 * DAY), ..EventSelection::default() };
        assert_eq!(read(&store, since).await.len(), 3);
    });
}

#[test]
fn the_number_of_what_is_forgotten_is_not_given_again() {
    const DAY: i64 = 86_400;
    let bed = Bed::new();
    run(async {
        let store = with_phone(&bed).await;
        // After a clock that was wrong the newest is older than what is before it.
        for (name, day) in [("by a wrong clock", 5000), ("by a right one", 20)] {
            store.rename(id(1), name.into(), None, by(day * DAY)).await.unwrap();
        }
        let before = read(&store, EventSelection::default()).await.pop().unwrap();
        assert_eq!(before.at, 20 * DAY);
        store.prune_events(keep(Some(30 * DAY), 1000), by(60 * DAY)).await.unwrap();
        let after = read(&store, EventSelection::default()).await;
        assert!(!after.contains(&before), "{after:?}");
        assert!(after.last().unwrap().seq > before.seq, "{after:?}");
    });
}

#[test]
fn all_that_is_forgotten_is_counted_and_the_greatest_number_of_it_told() {
    let bed = Bed::new();
    run(async {
        let store = with_phone(&bed).await; // create, user.enroll at 10
        for n in 0..900 {
            store.rename(id(1), format!("{n}"), None, by(10)).await.unwrap();
        }
        store.add_events((0..300).map(|_| denied(2000)).collect()).await.unwrap();
        let page = || async { store.events(&EventSelection::default(), usize::MAX).await.unwrap() };
        let before = page().await;
        // Some denials first, and then the oldest of all.
        let forgotten = store.prune_events(keep(None, 1000), by(2001)).await.unwrap();
        let after = page().await;
        let gone: Vec<&Event> = before.events.iter().filter(|event| !after.events.contains(event)).collect();
        assert_eq!(forgotten, gone.len());
        assert_eq!(after.events.last().map(|event| event.count), u64::try_from(forgotten).ok());
        let kinds = [gone[0].kind, gone[forgotten - 1].kind];
        assert_eq!(kinds, [EventKind::Create, EventKind::Denied]);
        assert_eq!(after.forgotten, gone[forgotten - 1].seq);
        // What is forgotten later, with lesser numbers, takes nothing of it back.
        assert!(store.prune_events(keep(Some(500), 1000), by(2002)).await.unwrap() > 0);
        assert_eq!(page().await.forgotten, after.forgotten);
    });
}

#[test]
fn a_mass_of_events_does_not_run_ahead_of_the_clock() {
    let bed = Bed::new();
    run(async {
        let store = with_phone(&bed).await;
        store.add_events((0..5000).map(|_| denied(20)).collect()).await.unwrap();
        let last = read(&store, EventSelection::default()).await.last().and_then(|event| event.seq);
        // What a backup has forgotten is not counted again a second later.
        assert!(last < Some(21_000_000), "{last:?}");
    });
}

#[test]
fn too_many_are_forgotten_and_what_anybody_provokes_first() {
    let bed = Bed::new();
    run(async {
        let store = with_phone(&bed).await;
        for n in 0..600 {
            store.rename(id(1), format!("{n}"), None, by(10)).await.unwrap();
        }
        store.add_events(vec![refused_use(1, 5)]).await.unwrap();
        store.add_events((0..800).map(|n| denied(1000 + n)).collect()).await.unwrap();
        store.prune_events(keep(None, 1000), by(2000)).await.unwrap();
        let count = |kind| {
            let kinds = EventSelection { kinds: vec![kind], ..EventSelection::default() };
            async { read(&store, kinds).await.len() }
        };
        assert_eq!(count(EventKind::Rename).await, 600, "crowded out");
        assert_eq!(count(EventKind::RefusedUse).await, 1, "crowded out by what others provoke");
        let denials = count(EventKind::Denied).await;
        assert!((200..=250).contains(&denials), "{denials}");
        for n in 0..600 {
            store.rename(id(1), format!("more {n}"), None, by(3000)).await.unwrap();
        }
        store.prune_events(keep(None, 1000), by(4000)).await.unwrap();
        let all = read(&store, EventSelection::default()).await.len();
        assert!((900..=1000).contains(&all), "{all}");
        let hours = (2..402).map(|hour| refused_use(1, 3600 * hour)).collect();
        store.add_events(hours).await.unwrap();
        store.prune_events(keep(None, 1000), by(5000)).await.unwrap();
        let uses = count(EventKind::RefusedUse).await;
        assert!((200..=250).contains(&uses), "{uses}");
    });
}

#[test]
fn users_are_told_with_what_they_have() {
    let bed = Bed::new();
    run(async {
        let store = with_phone(&bed).await;
        store.create(new(2, account("alice", 1), false, "tablet")).await.unwrap();
        store.create(new(3, account("alice", 1), false, "old")).await.unwrap();
        store.revoke(vec![(id(3), 11)], Halves::Both, by(11)).await.unwrap();
        store.set_suspended(vec![(id(2), 11)], true, Halves::Both, by(11)).await.unwrap();
        store.set_locked(account("bob", 2), true, true, 12, by(12)).await.unwrap();
        let used = |bits, last, count| Uses {
            whose: id(bits),
            service: "imap".into(),
            rhost: "192.0.2.7".into(),
            unproven: false,
            host: "mail1".into(),
            first: 20,
            last,
            count,
        };
        store.add_uses(vec![used(1, 30, 4), used(3, 40, 2)]).await.unwrap();
        let users = store.users("", 10, 50).await.unwrap();
        let told: Vec<_> = users
            .iter()
            .map(|u| (u.user.as_str(), u.live, u.suspended, u.revoked, u.enrolled, u.locked))
            .collect();
        assert_eq!(told, [("alice", 2, 1, 1, Some(10), None), ("bob", 0, 0, 0, None, Some(12))]);
        let last = users[0].last_use.as_ref().map(|used| (used.last, used.count));
        assert_eq!(last, Some((40, 2)), "also with one that is revoked");
        assert_eq!(users[1].last_use, None);
        let next = store.users("alice", 1, 50).await.unwrap();
        assert_eq!(next.iter().map(|u| u.user.as_str()).collect::<Vec<_>>(), ["bob"]);
    });
}
