//! The halves of a rotation.

use super::*;
use crate::scope::FirstUse;

/// Alice has `phone` (1) and, rotated from it with a grace until 20, its new half (2).
async fn rotated(store: &SqliteStore) {
    let alice = account("alice", 1);
    store.create(new(1, alice.clone(), true, "phone")).await.unwrap();
    let rotation = Rotation { old: id(1), until: 20, before: None };
    let half = NewAppPassword { rotates: Some(rotation), ..new(2, alice, false, "phone") };
    assert!(matches!(store.create(half).await.unwrap(), Created::Done { .. }));
}

#[test]
fn the_halves_of_a_rotation_end_together() {
    for first in [1, 2] {
        let bed = Bed::new();
        let store = bed.open().unwrap();
        run(async {
            rotated(&store).await;
            let old = store.app_password(id(1)).await.unwrap().unwrap();
            assert_eq!((old.successor, old.scope.expires), (Some(id(2)), Some(20)));
            let both = store.with_rotations(vec![id(first)], 15).await.unwrap();
            assert_eq!(both, [id(first), id(3 - first)]);
            let done = store.revoke(vec![(id(first), 15)], Halves::Both, by(15)).await.unwrap();
            assert_eq!(done.changed, both);
        });
    }
}

#[test]
fn a_half_that_has_ended_takes_nothing_with_it() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        rotated(&store).await;
        let done = store.revoke(vec![(id(1), 25)], Halves::Both, by(25)).await.unwrap();
        assert_eq!(done.changed, [id(1)], "its grace was over");
        let done = store.revoke(vec![(id(1), 26)], Halves::Both, by(26)).await.unwrap();
        assert_eq!((done.changed, done.already), (vec![], vec![id(1)]));
    });
}

#[test]
fn what_the_journal_says_of_one_half_is_said_of_that_one() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        rotated(&store).await;
        let done = store.revoke(vec![(id(1), 15)], Halves::These, by(15)).await.unwrap();
        assert_eq!(done.changed, [id(1)]);
        assert_eq!(store.app_password(id(2)).await.unwrap().unwrap().revoked, None);
    });
}

#[test]
fn the_old_half_is_gone_when_its_grace_is_over() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        rotated(&store).await;
        assert_eq!(store.sweep_expired(by(19)).await.unwrap(), []);
        assert_eq!(store.sweep_expired(by(20)).await.unwrap(), [id(1)]);
        let row = store.look(|look| look.login_row(&AccountId([1; 16]), 1, 1)).unwrap().unwrap();
        assert_eq!((row.revoked, row.hash), (Some(20), None));
        assert_eq!(store.app_password(id(2)).await.unwrap().unwrap().revoked, None);
        assert_eq!(store.sweep_expired(by(21)).await.unwrap(), [], "once");
    });
}

#[test]
fn the_old_half_is_outside_the_rules_on_names_and_numbers() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        rotated(&store).await;
        let one = Limits { live: 2, per_day: None };
        let alice = account("alice", 1);
        let more = |bits, name| NewAppPassword { limits: one, ..new(bits, alice.clone(), false, name) };
        assert!(matches!(store.create(more(3, "tablet")).await.unwrap(), Created::Done { .. }));
        assert_eq!(store.create(more(4, "x")).await.unwrap(), Created::TooManyLive);
        // Again, of the half that is new; and not of the one that was rotated already.
        let rotate = |old, bits| {
            let rotation = Rotation { old: id(old), until: 30, before: None };
            NewAppPassword { rotates: Some(rotation), ..more(bits, "phone") }
        };
        assert_eq!(store.create(rotate(1, 5)).await.unwrap(), Created::NotRotatable);
        assert!(matches!(store.create(rotate(2, 5)).await.unwrap(), Created::Done { .. }));
        let done = store.revoke(vec![(id(1), 15)], Halves::Both, by(15)).await.unwrap();
        assert_eq!(done.changed, [id(1), id(5), id(2)], "a chain of rotations is one app password");
    });
}

#[test]
fn a_rotation_that_is_taken_back_leaves_the_old_one_as_it_was() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        let until = |expires| Scope { expires, ..scope() };
        store
            .create(NewAppPassword { scope: until(Some(99)), ..new(1, alice.clone(), true, "phone") })
            .await
            .unwrap();
        let before = store.app_password(id(1)).await.unwrap().unwrap();
        let rotation = Rotation { old: id(1), until: 20, before: Some(99) };
        let half = NewAppPassword { rotates: Some(rotation), ..new(2, alice, false, "phone") };
        store.create(half.clone()).await.unwrap();
        store.undo_create(half, false, by(11)).await.unwrap();
        assert_eq!(store.app_password(id(1)).await.unwrap().unwrap(), before);
        assert_eq!(store.app_password(id(2)).await.unwrap(), None);
    });
}

#[test]
fn older_halves_belong_to_the_newest_one() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        rotated(&store).await;
        let alice = account("alice", 1);
        let rotate = |old, bits, until| {
            let rotation = Rotation { old: id(old), until, before: None };
            NewAppPassword { rotates: Some(rotation), at: 12, ..new(bits, alice.clone(), false, "phone") }
        };
        // The middle one's grace is over first; the outer ones are still one app password.
        assert!(matches!(store.create(rotate(2, 3, 13)).await.unwrap(), Created::Done { .. }));
        assert_eq!(store.sweep_expired(by(14)).await.unwrap(), [id(2)]);
        for first in [1, 3] {
            let all = store.with_rotations(vec![id(first)], 14).await.unwrap();
            assert_eq!(all.into_iter().collect::<std::collections::BTreeSet<_>>(), [id(1), id(3)].into());
        }
        let live = Selection { live_at: Some(14), ..Selection::default() };
        let ids = async |selection: Selection| {
            let records = store.whole_selection(&selection, 14).await.unwrap();
            records.into_iter().map(|record| record.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(live.clone()).await, [id(1), id(3)]);
        assert_eq!(ids(Selection { created_before: Some(12), ..live }).await, [], "the newest is newer");
        // Two may be in their grace, and no third.
        assert!(matches!(store.create(rotate(3, 4, 30)).await.unwrap(), Created::Done { .. }));
        assert_eq!(store.create(rotate(4, 5, 30)).await.unwrap(), Created::TooManyHalves);
    });
}

#[test]
fn an_old_half_whose_grace_is_over_hides_the_new_one_from_no_selection() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        // Until 20; nobody has swept it.
        rotated(&store).await;
        for (now, expected) in [(19, vec![id(1), id(2)]), (20, vec![id(2)]), (1000, vec![id(2)])] {
            let live = Selection { live_at: Some(now), ..Selection::default() };
            let records = store.whole_selection(&live, now).await.unwrap();
            assert_eq!(records.into_iter().map(|record| record.id).collect::<Vec<_>>(), expected, "{now}");
        }
    });
}

#[test]
fn a_rotation_is_for_the_account_that_has_the_old_half() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let (alice, bob) = (account("alice", 1), account("bob", 2));
        store.create(new(1, alice.clone(), true, "phone")).await.unwrap();
        store.create(new(2, bob.clone(), true, "phone")).await.unwrap();
        store.rename_account(alice.id, "carol".into(), 7, by(30)).await.unwrap();
        store.rename_account(bob.id, "alice".into(), 7, by(30)).await.unwrap();
        let rotation = Rotation { old: id(1), until: 20, before: None };
        let of = |account: AccountRecord, bits| NewAppPassword {
            rotates: Some(rotation),
            ..new(bits, account, false, "x")
        };
        let bobs = AccountRecord { id: bob.id, ..alice.clone() };
        assert_eq!(store.create(of(bobs, 3)).await.unwrap(), Created::NotRotatable);
        let Created::Done { account, .. } = store.create(of(alice, 3)).await.unwrap() else {
            panic!("it is hers")
        };
        assert_eq!(account.name, "carol");
    });
}

#[test]
fn a_new_half_is_locked_to_what_locks_the_old_one() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        let pinned = Scope { pin_service: Pin::Pending, ..scope() };
        store
            .create(NewAppPassword { scope: pinned.clone(), ..new(1, alice.clone(), true, "phone") })
            .await
            .unwrap();
        let half = |old, bits| {
            let rotates = Some(Rotation { old: id(old), until: 20, before: None });
            NewAppPassword { rotates, scope: pinned.clone(), ..new(bits, alice.clone(), false, "phone") }
        };
        let pin_of = async |bits| store.app_password(id(bits)).await.unwrap().unwrap().scope.pin_service;
        store.create(half(1, 2)).await.unwrap();
        assert_eq!(pin_of(2).await, Pin::Pending);
        // One of them is used first: both are locked, and what replaces them is too.
        let imap = FirstUse { service: Some("imap".into()), network: None };
        store.pin(id(1), imap, By::login(15)).await.unwrap();
        assert_eq!(pin_of(2).await, Pin::To("imap".into()));
        store.create(half(2, 3)).await.unwrap();
        assert_eq!(pin_of(3).await, Pin::To("imap".into()), "whatever the caller had read");
    });
}
