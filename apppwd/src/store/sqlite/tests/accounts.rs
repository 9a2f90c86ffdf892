//! What befalls an account.

use super::*;
use std::collections::BTreeMap;

#[test]
fn a_lockdown_is_one_transaction() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        store.create(new(1, alice.clone(), true, "phone")).await.unwrap();
        store.create(new(2, alice.clone(), false, "tablet")).await.unwrap();
        store.revoke(vec![(id(2), 11)], Halves::Both, by(11)).await.unwrap();
        assert_eq!(store.lock_down(alice.clone(), false, by(20)).await.unwrap(), [id(1)]);
        assert_eq!(store.account("alice").await.unwrap().unwrap().locked, Some(20));
        // One that is not known yet is made for it.
        assert_eq!(store.lock_down(account("bob", 2), true, by(21)).await.unwrap(), []);
        assert_eq!(store.account("bob").await.unwrap().unwrap().locked, Some(21));
        assert!(store.set_locked(alice.clone(), false, false, 22, by(22)).await.unwrap());
        assert!(!store.set_locked(alice, false, false, 23, by(23)).await.unwrap(), "it was so already");
    });
}

#[test]
fn a_renamed_account_keeps_its_app_passwords() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        store.create(new(1, alice.clone(), true, "phone")).await.unwrap();
        store.create(new(2, account("bob", 2), true, "phone")).await.unwrap();
        assert!(!store.rename_account(alice.id, "bob".into(), 7, by(30)).await.unwrap(), "bob has it");
        assert!(store.rename_account(alice.id, "carol".into(), 7, by(30)).await.unwrap());
        assert_eq!(store.account("alice").await.unwrap(), None);
        assert_eq!(store.account("carol").await.unwrap().unwrap().id, alice.id);
        assert!(store.look(|look| look.login_row(&alice.id, 1, 1)).unwrap().is_some());
    });
}

#[test]
fn a_deleted_account_leaves_nothing() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        store.create(new(1, alice.clone(), true, "phone")).await.unwrap();
        store.create(new(2, alice.clone(), false, "tablet")).await.unwrap();
        store.revoke(vec![(id(2), 11)], Halves::Both, by(11)).await.unwrap();
        assert_eq!(store.delete_account(alice.id, by(30)).await.unwrap(), [id(1)]);
        assert_eq!(store.counts(None, 20).await.unwrap(), Counts::default());
        assert_eq!(store.look(|look| look.login_row(&alice.id, 1, 1)).unwrap(), None);
    });
}

fn rules(fold_case: bool, default_domain: Option<&str>, aliases: &[(&str, &str)]) -> UsersConfig {
    let domain_aliases: BTreeMap<String, String> =
        aliases.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
    UsersConfig { fold_case, default_domain: default_domain.map(str::to_owned), domain_aliases }
}

#[test]
fn new_rules_fold_names_and_kill_none() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let unix = AccountRecord { uid: Some(1000), ..account("Dora", 6) };
        let given = ["Alice", "bob@old.example", "BOB@new.example", "carol", "carol@example.org"];
        for (byte, name) in (1..).zip(given) {
            let account = AccountRecord { created: i64::from(byte), ..account(name, byte) };
            store.create(new(u64::from(byte), account, true, "phone")).await.unwrap();
        }
        store.create(new(6, unix, true, "phone")).await.unwrap();
        let names = async || {
            let mut all = store.app_passwords(&Selection::default(), None, 10).await.unwrap();
            all.sort_by_key(|record| record.id);
            all.into_iter().map(|record| record.user).collect::<Vec<_>>()
        };
        let strict = rules(true, Some("example.org"), &[("old.example", "new.example")]);
        let done = store.refold(strict.clone(), by(40)).await.unwrap();
        assert_eq!(
            names().await,
            ["alice@example.org", "bob@new.example", "BOB@new.example", "carol", "carol@example.org", "dora"]
        );
        assert_eq!(done.renamed, 3);
        let clashes = [("BOB@new.example", "bob@new.example"), ("carol", "carol@example.org")];
        assert_eq!(done.clashes, clashes.map(|(given, name)| (given.to_owned(), name.to_owned())));
        let again = store.refold(strict, by(40)).await.unwrap();
        assert_eq!((again.renamed, again.clashes), (0, done.clashes), "said at each start, done once");
        // Back again: each has the name that it was given.
        store.refold(UsersConfig::default(), by(40)).await.unwrap();
        assert_eq!(
            names().await,
            ["Alice", "bob@old.example", "BOB@new.example", "carol", "carol@example.org", "Dora"]
        );
    });
}

#[test]
fn panic_switches_are_kept() {
    let bed = Bed::new();
    {
        let store = bed.open().unwrap();
        run(async {
            store.set_panic(String::new(), Some(5), by(5)).await.unwrap();
            store.set_panic(String::new(), Some(6), by(5)).await.unwrap();
            store.set_panic("mail".into(), Some(7), by(5)).await.unwrap();
            store.set_panic("mail".into(), None, by(5)).await.unwrap();
        });
    }
    let store = bed.open().unwrap();
    let on = run(store.restrictions()).unwrap().panic;
    assert_eq!(on.0, BTreeMap::from([(String::new(), 5)]), "since the first time");
}

#[test]
fn the_uses_of_primary_passwords_add_up() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let used = |rhost: &str, at| Uses {
            whose: "alice".to_owned(),
            service: "imap".into(),
            rhost: rhost.into(),
            unproven: false,
            host: "mx".into(),
            first: at,
            last: at,
            count: 1,
        };
        store.add_primary_uses(vec![used("192.0.2.1", 5), used("192.0.2.2", 6)]).await.unwrap();
        store.add_primary_uses(vec![used("192.0.2.1", 9)]).await.unwrap();
        let uses = store.primary_uses(0, 10).await.unwrap();
        assert_eq!(uses.len(), 2);
        assert_eq!((uses[0].first, uses[0].last, uses[0].count), (5, 9, 2));
        assert_eq!(store.primary_uses(1, 10).await.unwrap(), uses[1..]);
        let many = (0..60).map(|i| used(&format!("198.51.100.{i}"), 100 + i)).collect();
        store.add_primary_uses(many).await.unwrap();
        assert_eq!(store.primary_uses(0, 100).await.unwrap().len(), MAX_USES);
    });
}

#[test]
fn nobodys_given_name_is_ever_taken() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        for (byte, name) in (1..).zip(["alice", "alice@example.net", "alice@example.org", "c"]) {
            store.create(new(u64::from(byte), account(name, byte), true, "phone")).await.unwrap();
        }
        let unix = AccountRecord { uid: Some(1000), ..account("C", 5) };
        store.create(new(5, unix, true, "phone")).await.unwrap();
        // The default domain is an alias, and each name is one that somebody was given.
        let odd = rules(true, Some("example.net"), &[("example.net", "example.org")]);
        let done = store.refold(odd, by(40)).await.unwrap();
        assert_eq!(done.renamed, 1, "c is c@example.org");
        for name in ["alice", "alice@example.net", "alice@example.org", "C", "c@example.org"] {
            assert!(store.account(name).await.unwrap().is_some(), "{name}: {done:?}");
        }
        // A Unix account beside the virtual one that its bare name would mean.
        let unix = AccountRecord { uid: Some(1001), ..account("dora", 6) };
        store.create(new(6, unix, true, "phone")).await.unwrap();
        store.create(new(7, account("dora@example.org", 7), true, "phone")).await.unwrap();
        let done = store.refold(rules(false, Some("example.org"), &[]), by(40)).await.unwrap();
        assert!(done.clashes.contains(&("dora".into(), "dora@example.org".into())), "{done:?}");
    });
}
