//! What befalls an app password.

use super::*;
use crate::scope::FirstUse;

#[test]
fn suspension_comes_and_goes_and_revocation_stays() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        store.create(new(1, alice.clone(), true, "phone")).await.unwrap();
        store.create(new(2, alice, false, "tablet")).await.unwrap();
        store.revoke(vec![(id(2), 11)], Halves::Both, by(11)).await.unwrap();
        let all = vec![(id(1), 12), (id(2), 12), (id(3), 12)];
        let done = store.set_suspended(all.clone(), true, Halves::Both, by(12)).await.unwrap();
        assert_eq!((done.changed, done.revoked, done.already), (vec![id(1)], vec![id(2)], vec![]));
        let row = store.look(|look| look.login_row(&AccountId([1; 16]), 1, 1)).unwrap().unwrap();
        assert_eq!(row.suspended, Some(12));
        let done = store.set_suspended(all.clone(), true, Halves::Both, by(12)).await.unwrap();
        assert_eq!(done.already, [id(1)]);
        store.set_suspended(vec![(id(1), 13)], false, Halves::Both, by(13)).await.unwrap();
        let record = store.app_password(id(1)).await.unwrap().unwrap();
        assert_eq!((record.suspended, record.suspended_by, record.resumed), (None, None, Some(13)));
    });
}

#[test]
fn the_first_use_closes_a_pin_and_no_later_one_opens_it() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let pinned = Scope { pin_service: Pin::Pending, pin_network: Pin::Pending, ..scope() };
        store
            .create(NewAppPassword { scope: pinned, ..new(1, account("alice", 1), true, "phone") })
            .await
            .unwrap();
        let net = |text: &str| Some(text.parse().unwrap());
        let first = FirstUse { service: Some("imap".into()), network: net("192.0.2.0/24") };
        let second = FirstUse { service: Some("smtp".into()), network: net("198.51.100.0/24") };
        store.pin(id(1), first, By::login(15)).await.unwrap();
        store.pin(id(1), second, By::login(15)).await.unwrap();
        let row = store.look(|look| look.login_row(&AccountId([1; 16]), 1, 1)).unwrap().unwrap();
        assert_eq!(row.scope.pin_service, Pin::To("imap".into()));
        assert_eq!(row.scope.pin_network, Pin::To("192.0.2.0/24".parse().unwrap()));
    });
}

#[test]
fn what_was_seen_expired_stays_so_and_frees_its_name() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        let short = Scope { expires: Some(30), ..scope() };
        store.create(NewAppPassword { scope: short, ..new(1, alice.clone(), true, "phone") }).await.unwrap();
        let same = |bits, at| NewAppPassword { at, ..new(bits, alice.clone(), false, "phone") };
        assert_eq!(store.create(same(2, 29)).await.unwrap(), Created::NameTaken(id(1)));
        assert!(matches!(store.create(same(2, 30)).await.unwrap(), Created::Done { .. }));
        let row = store.look(|look| look.login_row(&alice.id, 1, 1)).unwrap().unwrap();
        assert!(row.expired, "seen by the creation");
        assert_eq!(store.rename(id(1), "x".into(), None, by(30)).await.unwrap(), Renamed::NotLive);
        assert_eq!(store.rename(id(2), "x".into(), None, by(30)).await.unwrap(), Renamed::Done);
        // A renaming sees it as well, and sees its own end.
        let brief = Scope { expires: Some(40), ..scope() };
        store.create(NewAppPassword { scope: brief, ..same(3, 30) }).await.unwrap();
        assert_eq!(
            store.rename(id(2), "phone".into(), None, by(39)).await.unwrap(),
            Renamed::NameTaken(id(3))
        );
        assert_eq!(store.rename(id(2), "phone".into(), None, by(40)).await.unwrap(), Renamed::Done);
        assert_eq!(store.rename(id(3), "y".into(), None, by(40)).await.unwrap(), Renamed::NotLive);
        assert_eq!(store.rename(id(9), "y".into(), None, by(40)).await.unwrap(), Renamed::NotLive);
    });
}

#[test]
fn tombstones_are_forgotten_in_time() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        for bits in 1..=3 {
            store.create(new(bits, alice.clone(), bits == 1, &bits.to_string())).await.unwrap();
        }
        store.revoke(vec![(id(1), 20), (id(2), 30)], Halves::Both, by(30)).await.unwrap();
        store.end_by(vec![(id(3), 25)], by(20)).await.unwrap();
        store.sweep_expired(by(25)).await.unwrap();
        assert_eq!(store.prune(25, by(99)).await.unwrap(), 1);
        let left = store.app_passwords(&Selection::default(), None, 10).await.unwrap();
        assert_eq!(left.iter().map(|record| record.id).collect::<Vec<_>>(), [id(2), id(3)]);
        assert_eq!(store.prune(26, by(99)).await.unwrap(), 1, "what has expired is forgotten too");
    });
}

#[test]
fn a_selection_fits_all_its_conditions() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let (alice, bob) = (account("alice", 1), account("bob", 2));
        let make = |bits, account: &AccountRecord, at, services: &[&str], expires| {
            let services = services.iter().map(|s| (*s).to_owned()).collect();
            let scope = Scope { services, expires, ..scope() };
            NewAppPassword { at, scope, ..new(bits, account.clone(), bits < 3, &bits.to_string()) }
        };
        for new in [
            make(1, &alice, 10, &["mail"], None),
            make(2, &bob, 20, &["imap", "xmpp"], None),
            make(3, &alice, 30, &["xmpp"], None),
            make(4, &alice, 40, &["mail"], Some(50)),
        ] {
            store.create(new).await.unwrap();
        }
        let used = |bits, last| Uses {
            whose: id(bits),
            service: "imap".into(),
            rhost: String::new(),
            unproven: false,
            host: "mx".into(),
            first: last,
            last,
            count: 1,
        };
        store.add_uses(vec![used(1, 45)]).await.unwrap();
        let all = Selection::default();
        #[rustfmt::skip]
        let table = [
            (all.clone(),                                                     vec![1, 3, 4, 2]),
            (Selection { live_at: Some(50), ..all.clone() },                  vec![1, 3, 2]),
            (Selection { live_at: Some(49), ..all.clone() },                  vec![1, 3, 4, 2]),
            (Selection { unused_since: Some(45), ..all.clone() },             vec![3, 4, 2]),
            (Selection { unused_since: Some(40), ..all.clone() },             vec![3, 2]),
            (Selection { never_used: true, created_before: Some(30), ..all.clone() }, vec![2]),
            (Selection { service: Some("xmpp".into()), ..all.clone() },       vec![3, 2]),
            (Selection { service: Some("ma".into()), ..all.clone() },         vec![]),
            (Selection { accounts: Some(vec![bob.id]), ..all.clone() },       vec![2]),
            (Selection { accounts: Some(vec![]), ..all },                     vec![]),
        ];
        for (selection, wanted) in table {
            let found = store.app_passwords(&selection, None, 10).await.unwrap();
            let found: Vec<u64> = found.iter().map(|record| record.id.bits()).collect();
            assert_eq!(found, wanted, "{selection:?}");
        }
    });
}
