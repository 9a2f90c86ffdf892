//! What is found by how it begins.

use super::*;
use apppw_admin::IdPrefix;

fn prefix(text: &str) -> IdPrefix {
    text.parse().unwrap()
}

/// alice's with the ids, which follow each other, and bob's with the last one.
async fn with_ids(store: &SqliteStore, ids: &[&str]) {
    for (tag, id) in (1..).zip(ids) {
        let (name, byte) = if tag == ids.len() { ("bob", 2) } else { ("alice", 1) };
        let is_new = tag == 1 || tag == ids.len();
        let limits = Limits { live: u32::MAX, per_day: None };
        let tag = u32::try_from(tag).unwrap();
        let new = new(u64::from(tag), account(name, byte), is_new, id);
        store.create(NewAppPassword { id: id.parse().unwrap(), limits, ..new }).await.unwrap();
    }
}

fn names(found: &IdsFound) -> Vec<&str> {
    found.records.iter().map(|record| record.name.as_str()).collect()
}

#[test]
fn an_id_is_found_by_its_beginning_by_who_may_see_it() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let ids = ["ap-7k200000", "ap-7k300000", "ap-7k3zzzzz", "ap-7k400000", "ap-7k3m0000"];
        with_ids(&store, &ids).await;
        let find =
            async |text, account, most| store.ids_found(prefix(text), account, None, most).await.unwrap();
        let all = find("7k3", None, 8).await;
        assert_eq!((names(&all), all.more), (vec!["ap-7k300000", "ap-7k3m0000", "ap-7k3zzzzz"], false));
        let two = find("7k3", None, 2).await;
        assert_eq!((names(&two), two.more), (vec!["ap-7k300000", "ap-7k3m0000"], true));
        let three = find("7k3", None, 3).await;
        assert!(!three.more, "exactly so many are all");
        let alice = find("7k3", Some(AccountId([1; 16])), 8).await;
        assert_eq!(names(&alice), ["ap-7k300000", "ap-7k3zzzzz"]);
        assert_eq!(names(&find("", None, 8).await).len(), 5);
        assert_eq!(find("7k5", None, 8).await, IdsFound::default());
    });
}

#[test]
fn only_what_lives_is_found_where_that_is_asked() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        with_ids(&store, &["ap-7k300000", "ap-7k300001", "ap-7k300002", "ap-7k300003"]).await;
        let revoked = "ap-7k300000".parse().unwrap();
        store.revoke(vec![(revoked, 20)], Halves::These, by(20)).await.unwrap();
        store.end_by(vec![("ap-7k300001".parse().unwrap(), 30)], by(20)).await.unwrap();
        let live_at = async |at| store.ids_found(prefix("7k3"), None, Some(at), 8).await.unwrap();
        assert_eq!(names(&live_at(29).await), ["ap-7k300001", "ap-7k300002", "ap-7k300003"]);
        assert_eq!(names(&live_at(30).await), ["ap-7k300002", "ap-7k300003"]);
    });
}

#[test]
fn a_look_through_tombstones_has_an_end_and_says_so() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let ids: Vec<String> = (0..1001).map(|bits| id(bits).to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        with_ids(&store, &ids).await;
        let dead = ids.iter().take(1000).map(|id| (id.parse().unwrap(), 20)).collect();
        store.revoke(dead, Halves::These, by(20)).await.unwrap();
        let found = store.ids_found(prefix("000"), None, Some(20), 8).await.unwrap();
        assert_eq!((names(&found), found.more), (vec![], true), "the live one behind them isn't ruled out");
    });
}

#[test]
fn a_slip_in_an_id_is_found_among_those_within_reach() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        with_ids(&store, &["ap-7k3m9qxe", "ap-7k3m9qxf", "ap-00000000", "ap-7k3m9qxg"]).await;
        let near = async |text, account| {
            let near = store.ids_near(prefix(text), account, 8).await.unwrap();
            near.into_iter().map(|record| record.name).collect::<Vec<_>>()
        };
        assert_eq!(near("7k3m9xqe", None).await, ["ap-7k3m9qxe"]);
        assert_eq!(near("0000000", None).await, [""; 0], "what fits is not near");
        assert_eq!(near("0000100", None).await, ["ap-00000000"]);
        let mut of_alice = near("7k3m9qxz", Some(AccountId([1; 16]))).await;
        of_alice.sort();
        assert_eq!(of_alice, ["ap-7k3m9qxe", "ap-7k3m9qxf"]);
        assert_eq!(near("7k2", None).await, [""; 0], "too little to be near to anything");
    });
}

#[test]
fn accounts_are_found_by_beginning_and_by_likeness() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let all = ["alice", "alice@example.org", "alina@example.org", "bob", "zoe@a.example", "Émile"];
        for (byte, name) in (1..).zip(all) {
            store.create(new(u64::from(byte), account(name, byte), true, "phone")).await.unwrap();
        }
        let begin = async |text, most| store.account_names(text, most).await.unwrap();
        assert_eq!(begin("ali", 8).await, ["alice", "alice@example.org", "alina@example.org"]);
        assert_eq!(begin("ali", 2).await, ["alice", "alice@example.org"]);
        assert_eq!(begin("É", 2).await, ["Émile"]);
        assert_eq!(begin("%", 8).await, [""; 0]);
        assert_eq!(begin("", 8).await.len(), 6);
        let like = async |text: &str, meant: &str| {
            let like = store.names_like(text).await.unwrap();
            assert!(like.iter().any(|name| name == meant), "{text}: {like:?}");
        };
        // So many in between that neighbourhood doesn't help.
        for byte in 10..=250 {
            let name = format!("m{byte:03}@example.org");
            store.create(new(u64::from(byte), account(&name, byte), true, "phone")).await.unwrap();
        }
        like("xlice@example.org", "alice@example.org").await;
        like("ZOE@a.example", "zoe@a.example").await;
        like("zoe@b.example", "zoe@a.example").await;
        like("zoe", "zoe@a.example").await;
        like("obb", "bob").await;
        assert!(store.names_like("m").await.unwrap().len() < 60, "a bounded number");
    });
}
