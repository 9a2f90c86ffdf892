//! What may be put in.

use super::*;

#[test]
fn what_is_created_is_found_by_its_tag_and_by_no_other() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        let made = store.create(new(7, alice.clone(), true, "phone")).await.unwrap();
        let Created::Done { account: kept, newly_enrolled: true } = made else { panic!("{made:?}") };
        assert_eq!(kept.enrolled, Some(10));
        let row = store.look(|look| look.login_row(&alice.id, 1, 7)).unwrap().unwrap();
        assert_eq!((row.name.as_str(), row.hash), ("phone", Some(hash(1))));
        assert_eq!(row.scope.services, ["mail", "xmpp"]);
        for (other, key, tag) in [(alice.id, 1, 8), (alice.id, 2, 7), (AccountId([2; 16]), 1, 7)] {
            assert_eq!(store.look(|look| look.login_row(&other, key, tag)).unwrap(), None);
        }
        let second = store.create(new(8, kept, false, "laptop")).await.unwrap();
        assert!(matches!(second, Created::Done { newly_enrolled: false, .. }));
    });
}

#[test]
fn a_taken_name_id_or_tag_changes_nothing() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        store.create(new(7, alice.clone(), true, "phone")).await.unwrap();
        let id = AppPasswordId::from_bits(7);
        let again = |bits, name| new(bits, alice.clone(), false, name);
        assert_eq!(store.create(again(9, "phone")).await.unwrap(), Created::NameTaken(id));
        assert_eq!(store.create(again(7, "tablet")).await.unwrap(), Created::Collision);
        let same_tag = NewAppPassword { tag: 7, ..again(9, "tablet") };
        assert_eq!(store.create(same_tag).await.unwrap(), Created::Collision);
        // Another creation made the account meanwhile, under another id.
        let late = new(9, account("alice", 2), true, "tablet");
        assert_eq!(store.create(late).await.unwrap(), Created::Collision);
        assert_eq!(
            store.counts(None, 10).await.unwrap(),
            Counts { accounts: 1, enrolled: 1, live: 1, ..Counts::default() }
        );
        // A tombstone keeps its tag but not its name.
        store.revoke(vec![(id, 11)], Halves::Both, by(11)).await.unwrap();
        let same_tag = NewAppPassword { tag: 7, ..again(9, "phone") };
        assert_eq!(store.create(same_tag).await.unwrap(), Created::Collision);
        assert!(matches!(store.create(again(9, "phone")).await.unwrap(), Created::Done { .. }));
    });
}

#[test]
fn an_account_has_at_most_its_limit_of_live_ones() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        for bits in 1..=6 {
            let made =
                store.create(new(bits, alice.clone(), bits == 1, &format!("device {bits}"))).await.unwrap();
            assert!(matches!(made, Created::Done { .. }), "{made:?}");
        }
        assert_eq!(
            store.create(new(7, alice.clone(), false, "one more")).await.unwrap(),
            Created::TooManyLive
        );
        store.revoke(vec![(AppPasswordId::from_bits(3), 20)], Halves::Both, by(20)).await.unwrap();
        assert!(matches!(
            store.create(new(7, alice, false, "one more")).await.unwrap(),
            Created::Done { .. }
        ));
    });
}

#[test]
fn an_account_stays_bound_to_its_uid() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = AccountRecord { uid: Some(1000), ..account("alice", 1) };
        store.create(new(7, alice.clone(), true, "phone")).await.unwrap();
        let other = AccountRecord { uid: Some(1001), ..alice };
        assert_eq!(store.create(new(8, other, false, "x")).await.unwrap(), Created::OtherUid(1000));
    });
}

#[test]
fn a_creation_that_is_refused_changes_nothing() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let none = Limits { live: 0, per_day: None };
        let alice = account("alice", 1);
        let refused = NewAppPassword { limits: none, ..new(1, alice.clone(), true, "phone") };
        assert_eq!(store.create(refused).await.unwrap(), Created::TooManyLive);
        assert_eq!(store.account("alice").await.unwrap(), None, "nor is an account made for it");
        store.create(new(1, alice.clone(), true, "phone")).await.unwrap();
        store.create(new(2, alice.clone(), false, "tablet")).await.unwrap();
        // A rotation that is refused for its tag leaves the old half alone.
        let rotation = Rotation { old: id(1), until: 20, before: None };
        let taken = NewAppPassword { tag: 2, rotates: Some(rotation), ..new(3, alice, false, "phone") };
        assert_eq!(store.create(taken).await.unwrap(), Created::Collision);
        let old = store.app_password(id(1)).await.unwrap().unwrap();
        assert_eq!((old.successor, old.scope.expires), (None, None));
    });
}

#[test]
fn creations_are_counted_by_the_day() {
    const DAY: i64 = 86_400;
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let two = Limits { live: 100, per_day: Some(2) };
        let alice = account("alice", 1);
        let make = |bits: u64, at, limits| NewAppPassword {
            at,
            limits,
            ..new(bits, alice.clone(), bits == 1, &bits.to_string())
        };
        for (bits, at, done) in [
            (1, DAY, true),
            (2, DAY + 1, true),
            (3, 2 * DAY - 1, false),
            (4, 2 * DAY, true),
            (5, 2 * DAY, true),
        ] {
            let made = store.create(make(bits, at, two)).await.unwrap();
            assert_eq!(matches!(made, Created::Done { .. }), done, "{bits}: {made:?}");
            // Revoking makes no room for another creation.
            store.revoke(vec![(id(bits), at)], Halves::Both, by(at)).await.unwrap();
        }
        assert_eq!(store.create(make(6, 2 * DAY, two)).await.unwrap(), Created::TooManyToday);
        let made = store.create(make(6, 2 * DAY, Limits { per_day: None, ..two })).await.unwrap();
        assert!(matches!(made, Created::Done { .. }), "root is exempt: {made:?}");
    });
}

#[test]
fn a_locked_account_gets_none() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        store.set_locked(alice.clone(), true, true, 3, by(3)).await.unwrap();
        assert_eq!(store.create(new(1, alice, false, "phone")).await.unwrap(), Created::Locked);
    });
}

#[test]
fn who_makes_one_for_himself_makes_it_for_the_account_bound_to_him() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        store.create(new(1, account("virtual", 1), true, "phone")).await.unwrap();
        let mine = |bits, account, is_new| NewAppPassword {
            owner: Some(1000),
            ..new(bits, account, is_new, "mine")
        };
        let bound = |name, byte| AccountRecord { uid: Some(1000), ..account(name, byte) };
        assert_eq!(store.create(mine(2, bound("virtual", 1), false)).await.unwrap(), Created::NotBound);
        assert!(matches!(
            store.create(mine(2, bound("olive", 2), true)).await.unwrap(),
            Created::Done { .. }
        ));
        assert_eq!(
            store.check_creation(&mine(3, bound("olive", 2), false)).await.unwrap(),
            Some(Created::NameTaken(id(2)))
        );
    });
}
