//! What is read back, and what adds up.

use super::*;

#[test]
fn actors_come_back_as_they_were() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let names = [(None, None), (Some("root"), Some(1000)), (Some("- x y"), None), (Some("a b"), Some(0))];
        for (bits, (name, login_uid)) in (1..).zip(names) {
            let name = name.map(str::to_owned);
            let by = Actor { uid: 7, login_uid, role: ActorRole::User, on_behalf_of: None, name };
            let new = NewAppPassword {
                by: by.clone(),
                ..new(bits, account("alice", 1), bits == 1, &bits.to_string())
            };
            store.create(new).await.unwrap();
            let kept = store.app_password(AppPasswordId::from_bits(bits)).await.unwrap().unwrap();
            assert_eq!(kept.created_by, by);
        }
    });
}

#[test]
fn a_revoked_row_keeps_its_tag_and_loses_its_hash() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        store.create(new(7, alice.clone(), true, "phone")).await.unwrap();
        let (id, none) = (AppPasswordId::from_bits(7), AppPasswordId::from_bits(8));
        let done = store.revoke(vec![(id, 20), (none, 20)], Halves::Both, by(20)).await.unwrap();
        assert_eq!(done, Changed { changed: vec![id], ..Changed::default() });
        let row = store.look(|look| look.login_row(&alice.id, 1, 7)).unwrap().unwrap();
        assert_eq!((row.revoked, row.hash), (Some(20), None));
        let again = store.revoke(vec![(id, 30)], Halves::Both, by(30)).await.unwrap();
        assert_eq!(again.already, [id]);
        assert_eq!(store.app_password(id).await.unwrap().unwrap().revoked, Some(20));
        assert!(!store.rehash(id, hash(1), 1, 9, hash(2)).await.unwrap(), "a tombstone is not rewritten");
    });
}

#[test]
fn a_hash_is_rewritten_only_if_it_is_still_the_one_that_was_checked() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        store.create(new(7, alice.clone(), true, "phone")).await.unwrap();
        store.create(new(9, alice.clone(), false, "laptop")).await.unwrap();
        let id = AppPasswordId::from_bits(7);
        assert!(!store.rehash(id, hash(3), 1, 7, hash(2)).await.unwrap());
        assert!(!store.rehash(id, hash(1), 1, 9, hash(2)).await.unwrap(), "the tag of another");
        assert!(store.rehash(id, hash(1), 2, 77, Hash { key: 2, ..hash(2) }).await.unwrap());
        assert_eq!(store.look(|look| look.login_row(&alice.id, 1, 7)).unwrap(), None);
        assert_eq!(
            store.look(|look| look.login_row(&alice.id, 2, 77)).unwrap().unwrap().hash.unwrap().value,
            [2; 32]
        );
    });
}

#[test]
fn pages_follow_one_another_without_gap_or_repetition() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        for (i, user) in (1_u8..).zip(["carol", "alice", "bob"]) {
            let mut account = account(user, i);
            for n in 0..5 {
                let bits = u64::from(i) * 10 + n;
                let made =
                    store.create(new(bits, account.clone(), n == 0, &format!("device {n}"))).await.unwrap();
                let Created::Done { account: kept, .. } = made else { panic!("{made:?}") };
                account = kept;
            }
        }
        let whole = store.app_passwords(&Selection::default(), None, 100).await.unwrap();
        assert_eq!(whole.len(), 15);
        let mut paged = Vec::new();
        let mut start = None;
        loop {
            let page = store.app_passwords(&Selection::default(), start.as_ref(), 4).await.unwrap();
            let Some(last) = page.last() else { break };
            start = Some(PageStart { user: last.user.clone(), created: last.created, id: last.id });
            paged.extend(page);
        }
        assert_eq!(paged, whole);
        assert!(whole.is_sorted_by_key(|record| (record.user.clone(), record.created, record.id)));
        let bob = Selection { accounts: Some(vec![AccountId([3; 16])]), ..Selection::default() };
        let bobs = store.app_passwords(&bob, None, 100).await.unwrap();
        assert!(bobs.len() == 5 && bobs.iter().all(|record| record.user == "bob"));
    });
}

#[test]
fn uses_add_up_and_only_the_newest_stay() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        store.create(new(7, account("alice", 1), true, "phone")).await.unwrap();
        let id = AppPasswordId::from_bits(7);
        let used = |rhost: String, at: i64, count| Uses {
            whose: id,
            service: "imap".into(),
            rhost,
            unproven: false,
            host: "mx".into(),
            first: at,
            last: at,
            count,
        };
        store.add_uses(vec![used("192.0.2.1".into(), 5, 2)]).await.unwrap();
        store.add_uses(vec![used("192.0.2.1".into(), 9, 3)]).await.unwrap();
        let uses = store.uses(id, MAX_USES).await.unwrap();
        assert_eq!((uses[0].first, uses[0].last, uses[0].count), (5, 9, 5));
        let many = (0..60).map(|i| used(format!("198.51.100.{i}"), 100 + i, 1)).collect();
        store.add_uses(many).await.unwrap();
        let uses = store.uses(id, MAX_USES).await.unwrap();
        assert_eq!(uses.len(), MAX_USES);
        assert_eq!((uses[0].last, uses[MAX_USES - 1].last), (159, 110));
        // The app password may be gone by then.
        store.undo_create(new(7, account("alice", 1), true, "phone"), true, by(11)).await.unwrap();
        store.add_uses(vec![used(String::new(), 1, 1)]).await.unwrap();
        assert_eq!(
            store.counts(None, 10).await.unwrap(),
            Counts::default(),
            "nor is its account, which it alone had made"
        );
    });
}
