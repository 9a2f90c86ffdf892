//! No change without its event, and no event without its change.

use super::*;
use crate::scope::FirstUse;
use apppw_admin::verbs::EventKind::{self, *};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin as Pinned;

/// What is done to the store of [`prepared`], and the events that it leaves: of which kind, for
/// which app password, on which account.
struct Row {
    name: &'static str,
    run: fn(&SqliteStore) -> Pinned<Box<dyn Future<Output = bool> + '_>>,
    events: &'static [(EventKind, Option<u64>, Option<&'static str>)],
}

macro_rules! row {
    ($name:literal, |$store:ident| $run:expr, $events:expr) => {
        Row { name: $name, run: |$store| Box::pin(async move { $run.await.is_ok() }), events: $events }
    };
}

const ALICE: Option<&str> = Some("alice");
const BOB: Option<&str> = Some("bob");

#[rustfmt::skip]
const TABLE: &[Row] = &[
    row!("create", |s| s.create(new(5, account("alice", 1), false, "new")), &[(Create, Some(5), ALICE)]),
    row!("create_for_a_new_account", |s| s.create(new(5, account("carol", 3), true, "new")),
        &[(Create, Some(5), Some("carol")), (UserEnroll, None, Some("carol"))]),
    row!("create_a_name_that_is_taken", |s| s.create(new(5, account("alice", 1), false, "1")), &[]),
    row!("rotate", |s| s.create(rotating(6, 1)), &[(Rotate, Some(6), ALICE)]),
    row!("undo_create", |s| s.undo_create(new(1, account("alice", 1), false, "1"), true, by(11)),
        &[(UndoCreate, Some(1), ALICE), (UserUnenroll, None, ALICE)]),
    row!("rename", |s| s.rename(id(1), "x".into(), None, by(11)), &[(Rename, Some(1), ALICE)]),
    row!("rename_to_the_same", |s| s.rename(id(1), "1".into(), None, by(11)), &[]),
    row!("rename_what_is_expired", |s| s.rename(id(4), "x".into(), None, by(20)), &[(Expire, Some(4), BOB)]),
    row!("revoke_both", |s| s.revoke(vec![(id(1), 11), (id(3), 11)], Halves::Both, by(11)),
        &[(Revoke, Some(1), ALICE), (Revoke, Some(3), BOB)]),
    row!("revoke_again", |s| s.revoke(vec![(id(2), 11)], Halves::Both, by(11)), &[]),
    row!("revoke_nothing", |s| s.revoke(vec![(id(77), 11)], Halves::Both, by(11)), &[]),
    row!("suspend", |s| s.set_suspended(vec![(id(1), 11)], true, Halves::Both, by(11)), &[(Suspend, Some(1), ALICE)]),
    row!("resume", |s| s.set_suspended(vec![(id(3), 11)], false, Halves::Both, by(11)), &[(Resume, Some(3), BOB)]),
    row!("resume_what_is_not_suspended", |s| s.set_suspended(vec![(id(1), 11)], false, Halves::Both, by(11)), &[]),
    row!("pin", |s| s.pin(id(4), first_use(), By::login(11)), &[(EventKind::Pin, Some(4), BOB)]),
    row!("pin_what_has_no_pin", |s| s.pin(id(1), first_use(), By::login(11)), &[]),
    row!("end_by", |s| s.end_by(vec![(id(1), 15)], by(11)), &[(End, Some(1), ALICE)]),
    row!("end_later_than_it_does", |s| s.end_by(vec![(id(4), 15)], by(11)), &[]),
    row!("mark_expired", |s| s.mark_expired(vec![id(4)], By::login(20)), &[(Expire, Some(4), BOB)]),
    row!("sweep_expired", |s| s.sweep_expired(by(20)), &[(Expire, Some(4), BOB)]),
    row!("sweep_too_early", |s| s.sweep_expired(by(11)), &[]),
    row!("enroll", |s| s.set_enrolled(account("carol", 3), true, Some(11), by(11)), &[(UserEnroll, None, Some("carol"))]),
    row!("unenroll", |s| s.set_enrolled(account("alice", 1), false, None, by(11)), &[(UserUnenroll, None, ALICE)]),
    // Of an account that only the journal knew.
    row!("unenroll_anew", |s| s.set_enrolled(account("carol", 3), true, None, by(11)), &[(UserUnenroll, None, Some("carol"))]),
    row!("unlock_anew", |s| s.set_locked(account("carol", 3), true, false, 11, by(11)), &[(UserUnlock, None, Some("carol"))]),
    row!("lock", |s| s.set_locked(account("alice", 1), false, true, 11, by(11)), &[(UserLock, None, ALICE)]),
    row!("unlock", |s| s.set_locked(account("bob", 2), false, false, 11, by(11)), &[(UserUnlock, None, BOB)]),
    row!("lockdown", |s| s.lock_down(account("alice", 1), false, by(11)),
        &[(Revoke, Some(1), ALICE), (UserLockdown, None, ALICE)]),
    row!("rename_account", |s| s.rename_account(AccountId([1; 16]), "anna".into(), 7, by(11)), &[(UserRename, None, Some("anna"))]),
    row!("rename_account_to_anothers", |s| s.rename_account(AccountId([1; 16]), "bob".into(), 7, by(11)), &[]),
    row!("delete_account", |s| s.delete_account(AccountId([2; 16]), by(11)),
        &[(Revoke, Some(3), BOB), (Revoke, Some(4), BOB), (UserDelete, None, BOB)]),
    row!("refold", |s| s.refold(domain(), by(11)), &[(UserRename, None, Some("alice@example.org")), (UserRename, None, Some("bob@example.org"))]),
    row!("panic_on", |s| s.set_panic("mail".into(), Some(11), by(11)), &[(PanicOn, None, None)]),
    row!("panic_on_again", |s| s.set_panic(String::new(), Some(11), by(11)), &[]),
    row!("panic_off", |s| s.set_panic(String::new(), None, by(11)), &[(PanicOff, None, None)]),
    row!("add_key", |s| s.add_key(2, [7; 16], by(11)), &[(KeyRotate, None, None)]),
    row!("retire_key", |s| s.retire_key(1, by(11)),
        &[(Revoke, Some(1), ALICE), (Revoke, Some(3), BOB), (Revoke, Some(4), BOB), (KeyRetire, None, None)]),
    row!("retire_a_key_that_is_not_known", |s| s.retire_key(9, by(11)), &[]),
    row!("forget_a_key_that_is_needed", |s| s.forget_keys(vec![9, 1]), &[]),
    row!("import_keys", |s| s.import_keys(vec![(2, [7; 16]), (1, [8; 16])], by(11)), &[(KeyImport, None, None)]),
    row!("last_backup", |s| s.set_last_backup(11, 11), &[]),
    row!("tell_put_back_where_nothing_was", |s| s.tell_put_back(), &[]),
    row!("forget", |s| s.prune(15, by(99)), &[(Forget, None, None)]),
    row!("forget_nothing", |s| s.prune(1, by(99)), &[]),
];

fn first_use() -> FirstUse {
    FirstUse { service: Some("imap".into()), network: None }
}

fn rotating(bits: u64, old: u64) -> NewAppPassword {
    let rotates = Some(Rotation { old: id(old), until: 15, before: None });
    NewAppPassword { rotates, ..new(bits, account("alice", 1), false, &old.to_string()) }
}

fn domain() -> UsersConfig {
    UsersConfig { default_domain: Some("example.org".into()), ..UsersConfig::default() }
}

/// Alice has 1 (live) and 2 (revoked); bob, who is locked, 3 (suspended) and 4 (to be pinned, ends
/// at 15); panic is on.
async fn prepared(bed: &Bed) -> SqliteStore {
    let store = bed.open().unwrap();
    let scoped = Scope { expires: Some(15), pin_service: crate::scope::Pin::Pending, ..scope() };
    for (bits, name, byte, is_new) in
        [(1, "alice", 1, true), (2, "alice", 1, false), (3, "bob", 2, true), (4, "bob", 2, false)]
    {
        let scope = if bits == 4 { scoped.clone() } else { scope() };
        let new = NewAppPassword { scope, ..new(bits, account(name, byte), is_new, &bits.to_string()) };
        assert!(matches!(store.create(new).await.unwrap(), Created::Done { .. }));
    }
    store.revoke(vec![(id(2), 10)], Halves::Both, by(10)).await.unwrap();
    store.set_suspended(vec![(id(3), 10)], true, Halves::Both, by(10)).await.unwrap();
    store.set_locked(account("bob", 2), false, true, 10, by(10)).await.unwrap();
    store.set_panic(String::new(), Some(10), by(10)).await.unwrap();
    store
}

/// Everything that decides about access, as text.
fn state(bed: &Bed) -> BTreeMap<&'static str, Vec<String>> {
    let db = Connection::open(bed.path()).unwrap();
    let rows = |table: &'static str| {
        let mut statement = db.prepare(&format!("SELECT * FROM {table} ORDER BY 1")).unwrap();
        let columns = statement.column_count();
        let text = |row: &rusqlite::Row<'_>| {
            Ok((0..columns).map(|n| format!("{:?} ", row.get_ref(n).unwrap())).collect::<String>())
        };
        (table, statement.query_map([], text).unwrap().collect::<Result<_, _>>().unwrap())
    };
    // When the last backup was made decides about nothing.
    ["account", "app_password", "meta WHERE key <> 'last_backup'", "panic"].map(rows).into()
}

async fn all_events(store: &SqliteStore) -> Vec<Event> {
    store.events(&EventSelection::default(), usize::MAX).await.unwrap().events
}

#[test]
fn each_change_leaves_its_events_and_nothing_else_does() {
    for row in TABLE {
        let bed = Bed::new();
        run(async {
            let store = prepared(&bed).await;
            let (before, known) = (state(&bed), all_events(&store).await.len());
            assert!((row.run)(&store).await, "{}", row.name);
            let events = all_events(&store).await.split_off(known);
            let found: Vec<_> =
                events.iter().map(|e| (e.kind, e.id.map(|id| id.bits()), e.user.as_deref())).collect();
            assert_eq!(found, row.events, "{}", row.name);
            assert_eq!(state(&bed) != before, !events.is_empty(), "{}: events {found:?}", row.name);
            assert!(events.iter().all(|event| event.host == "mail1" && event.at >= 10), "{}", row.name);
            assert!(events.iter().all(|event| event.count == 1), "{}: {events:?}", row.name);
        });
    }
}

#[test]
fn what_can_leave_no_event_is_not_done() {
    for row in TABLE.iter().filter(|row| !row.events.is_empty()) {
        let bed = Bed::new();
        run(async {
            let store = prepared(&bed).await;
            let before = state(&bed);
            let other = Connection::open(bed.path()).unwrap();
            other.execute_batch("ALTER TABLE event RENAME TO hidden").unwrap();
            assert!(!(row.run)(&store).await, "{} did it without an event", row.name);
            assert_eq!(state(&bed), before, "{}", row.name);
        });
    }
}

#[test]
fn an_event_says_what_was_before_and_by_whom() {
    let bed = Bed::new();
    run(async {
        let store = prepared(&bed).await;
        let known = all_events(&store).await.len();
        store.rename(id(1), "tablet".into(), None, by(11)).await.unwrap();
        store.create(NewAppPassword { name: "tablet".into(), ..rotating(6, 1) }).await.unwrap();
        store.pin(id(4), first_use(), By::login(12)).await.unwrap();
        store.rename_account(AccountId([1; 16]), "anna".into(), 7, by(13)).await.unwrap();
        store.set_panic("mail".into(), Some(14), by(14)).await.unwrap();
        let events = all_events(&store).await.split_off(known);
        let said: Vec<_> = events
            .iter()
            .map(|e| (e.at, e.name.as_deref(), e.was.as_deref(), e.services.join(","), e.actor.is_some()))
            .collect();
        assert_eq!(
            said,
            [
                (11, Some("tablet"), Some("1"), String::new(), true),
                (10, Some("tablet"), Some("ap-00000001"), "mail,xmpp".into(), true),
                (12, Some("4"), None, "imap".into(), false),
                (13, None, Some("alice"), String::new(), true),
                (14, None, None, "mail".into(), true),
            ]
        );
    });
}

#[test]
fn an_event_names_the_account_as_it_is_called_then() {
    let bed = Bed::new();
    run(async {
        let store = prepared(&bed).await;
        store.refold(domain(), by(11)).await.unwrap();
        let known = all_events(&store).await.len();
        store.rename(id(1), "tablet".into(), None, by(12)).await.unwrap();
        store.set_locked(account("alice", 1), false, true, 12, by(12)).await.unwrap();
        let mut event = all_events(&store).await.pop().unwrap();
        event = Event { kind: RefusedUse, user: None, id: Some(id(1)), ..event };
        let by_name =
            Event { kind: UserLock, user: Some("alice@example.org".into()), id: None, ..event.clone() };
        store.add_events(vec![event, by_name]).await.unwrap();
        let events = all_events(&store).await.split_off(known);
        let users: Vec<_> = events.iter().map(|event| (event.kind, event.user.as_deref())).collect();
        let alice = Some("alice@example.org");
        assert_eq!(users, [(Rename, alice), (UserLock, alice), (RefusedUse, alice), (UserLock, alice)]);
        // It is his, whose name it is.
        let owners = EventSelection {
            account: Some(AccountId([1; 16])),
            since: Some(12),
            ..EventSelection::default()
        };
        assert_eq!(store.events(&owners, usize::MAX).await.unwrap().events.len(), 4);
    });
}

#[test]
fn what_befalls_nobody_is_not_done() {
    let bed = Bed::new();
    run(async {
        let store = prepared(&bed).await;
        let (before, known) = (state(&bed), all_events(&store).await);
        assert!(store.delete_account(AccountId([9; 16]), by(11)).await.is_err());
        assert!(store.lock_down(account("carol", 9), false, by(11)).await.is_err());
        let never_made = new(9, account("alice", 1), false, "never made");
        assert!(store.undo_create(never_made, true, by(11)).await.is_err());
        assert_eq!((state(&bed), all_events(&store).await), (before, known));
    });
}

#[test]
fn what_befalls_a_rotation_is_told_of_both_halves() {
    let bed = Bed::new();
    run(async {
        let store = bed.open().unwrap();
        let (service, network) = (crate::scope::Pin::Pending, crate::scope::Pin::Pending);
        let pending = Scope { pin_service: service, pin_network: network, ..scope() };
        let phone = NewAppPassword { scope: pending.clone(), ..new(1, account("alice", 1), true, "1") };
        store.create(phone).await.unwrap();
        store.create(NewAppPassword { scope: pending, ..rotating(6, 1) }).await.unwrap();
        let known = all_events(&store).await.len();
        let address = FirstUse { service: None, network: "192.0.2.0/24".parse().ok() };
        store.pin(id(1), address, By::login(11)).await.unwrap();
        store.pin(id(6), first_use(), By::login(12)).await.unwrap();
        store.sweep_expired(by(15)).await.unwrap();
        let events = all_events(&store).await.split_off(known);
        let told: Vec<_> = events
            .iter()
            .map(|e| (e.kind, e.id.map(|id| id.bits()), e.services.join(","), e.rhost.as_deref()))
            .collect();
        let (none, net) = (String::new, Some("192.0.2.0/24"));
        assert_eq!(
            told,
            [
                (EventKind::Pin, Some(1), none(), net),
                (EventKind::Pin, Some(6), none(), net),
                (EventKind::Pin, Some(6), "imap".into(), None),
                (EventKind::Pin, Some(1), "imap".into(), None),
                (Expire, Some(1), none(), None),
                (Revoke, Some(1), none(), None),
            ]
        );
    });
}

#[test]
fn a_name_by_other_rules_is_told_with_the_one_that_it_replaces() {
    let bed = Bed::new();
    run(async {
        let store = prepared(&bed).await;
        let known = all_events(&store).await.len();
        store.refold(domain(), by(11)).await.unwrap();
        store.refold(UsersConfig::default(), by(12)).await.unwrap();
        let events = all_events(&store).await.split_off(known);
        let names: Vec<_> = events.iter().map(|e| (e.was.as_deref(), e.user.as_deref())).collect();
        let (alice, bob) = (Some("alice@example.org"), Some("bob@example.org"));
        assert_eq!(names, [(ALICE, alice), (BOB, bob), (alice, ALICE), (bob, BOB)]);
    });
}

#[test]
fn forgotten_app_passwords_are_counted() {
    let bed = Bed::new();
    run(async {
        let store = prepared(&bed).await;
        store.revoke(vec![(id(1), 11), (id(3), 11)], Halves::Both, by(11)).await.unwrap();
        store.prune(15, by(20)).await.unwrap();
        let last = all_events(&store).await.pop().map(|event| (event.kind, event.count));
        assert_eq!(last, Some((Forget, 3)));
    });
}

#[test]
fn an_account_renames_so_often_a_day() {
    const DAY: i64 = 86_400;
    let bed = Bed::new();
    run(async {
        let store = prepared(&bed).await;
        // A clock that was wrong once has put the numbers ahead for good.
        store.set_locked(account("alice", 1), false, true, 5000 * DAY, by(5000 * DAY)).await.unwrap();
        for n in 0..3 {
            let name = format!("name {n}");
            let done = store.rename(id(1), name, Some(3), by(10 * DAY + n)).await.unwrap();
            assert_eq!(done, Renamed::Done);
        }
        let rename = |day, most| store.rename(id(1), "more".into(), most, by(day * DAY + 9));
        assert_eq!(rename(10, Some(3)).await.unwrap(), Renamed::TooManyToday);
        assert_eq!(rename(11, Some(3)).await.unwrap(), Renamed::Done, "another day");
        assert_eq!(
            store.rename(id(1), "by root".into(), None, by(10 * DAY + 9)).await.unwrap(),
            Renamed::Done
        );
    });
}

#[test]
fn renames_made_while_the_clock_was_ahead_do_not_count_as_todays() {
    const DAY: i64 = 86_400;
    let bed = Bed::new();
    run(async {
        let store = prepared(&bed).await;
        let rename = |at: i64| store.rename(id(1), format!("at {at}"), Some(2), by(at));
        // The last second before the next day is today; the first of that day isn't.
        for at in [50 * DAY, 50 * DAY + 1, 11 * DAY, 10 * DAY, 11 * DAY - 1] {
            assert_eq!(rename(at).await.unwrap(), Renamed::Done, "at {at}");
        }
        assert_eq!(rename(10 * DAY + 9).await.unwrap(), Renamed::TooManyToday);
    });
}
