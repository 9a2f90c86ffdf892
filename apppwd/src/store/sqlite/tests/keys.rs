//! What the database knows of server keys.

use super::*;

fn depend(known: &KnownKeys) -> Vec<(u32, u64)> {
    known.keys.iter().map(|key| (key.id, key.app_passwords)).collect()
}

#[test]
fn what_has_no_hash_any_more_depends_on_no_key() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        for (bits, key) in [(1, 1), (2, 1), (3, 1), (4, 2), (5, 9)] {
            let hash = Hash { key, ..hash(1) };
            let new = NewAppPassword { hash, ..new(bits, alice.clone(), bits == 1, &bits.to_string()) };
            assert!(matches!(store.create(new).await.unwrap(), Created::Done { .. }));
        }
        store.add_key(2, [7; 16], by(50)).await.unwrap();
        let known = store.keys().await.unwrap();
        // The last one is somebody's who edited the database.
        assert_eq!((depend(&known), known.highest), (vec![(1, 3), (2, 1), (9, 1)], 9));
        let [first, second, unknown] = known.keys.try_into().unwrap();
        assert_eq!(first.check_value.as_deref(), Some(&bed.keys.newest().check_value()[..]));
        assert!(first.since.is_some_and(|since| since > 1_700_000_000));
        assert_eq!((second.check_value, second.since), (Some(vec![7; 16]), Some(50)));
        assert_eq!((unknown.check_value, unknown.since), (None, None));
        // Told again it is as old as it was.
        store.add_key(2, [7; 16], by(60)).await.unwrap();
        assert_eq!(store.keys().await.unwrap().by_id(2).unwrap().since, Some(50));
        store.set_suspended(vec![(id(1), 60)], true, Halves::These, by(60)).await.unwrap();
        store.revoke(vec![(id(2), 60)], Halves::These, by(60)).await.unwrap();
        store.mark_expired(vec![id(3)], by(60)).await.unwrap();
        assert_eq!(depend(&store.keys().await.unwrap()), [(1, 1), (2, 1), (9, 1)]);
    });
}

#[test]
fn only_what_nothing_depends_on_is_forgotten() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        store.create(new(1, account("alice", 1), true, "phone")).await.unwrap();
        store.add_key(2, [7; 16], by(50)).await.unwrap();
        assert!(!store.forget_keys(vec![2, 1]).await.unwrap());
        assert_eq!(depend(&store.keys().await.unwrap()), [(1, 1), (2, 0)], "all or none");
        assert!(store.forget_keys(vec![2]).await.unwrap());
        assert_eq!(depend(&store.keys().await.unwrap()), [(1, 1)]);
        assert_eq!(store.retire_key(1, by(60)).await.unwrap(), [id(1)]);
        assert_eq!(depend(&store.keys().await.unwrap()), []);
        assert_eq!(store.retire_key(1, by(61)).await.unwrap(), []);
        // Its number is kept by what it was for.
        assert_eq!(store.keys().await.unwrap().highest, 1);
    });
}

#[test]
fn one_half_of_a_rotation_goes_without_the_other() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        store.create(new(1, alice.clone(), true, "phone")).await.unwrap();
        let rotation = Rotation { old: id(1), until: 100, before: None };
        let hash = Hash { key: 2, ..hash(1) };
        let half = NewAppPassword { hash, rotates: Some(rotation), ..new(2, alice, false, "phone") };
        assert!(matches!(store.create(half).await.unwrap(), Created::Done { .. }));
        assert_eq!(store.retire_key(1, by(20)).await.unwrap(), [id(1)]);
        assert_eq!(store.app_password(id(2)).await.unwrap().unwrap().revoked, None);
    });
}
