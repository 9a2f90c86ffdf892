//! The store, on a file of its own.

use super::*;
use crate::fault::Fault;
use crate::key::{self, Keyring};
use crate::store::{MAX_USES, Scheme};
use apppw_admin::verbs::ActorRole;
use rusqlite::Connection;
use std::path::Path;

struct Bed {
    dir: tempfile::TempDir,
    keys: Keyring,
}

const BY: Actor = Actor { uid: 0, role: ActorRole::Admin, on_behalf_of: None, name: None };

impl Bed {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let found = key::create(dir.path()).unwrap();
        let keys = Keyring::new(&found.keys.unwrap(), &found.path).unwrap();
        Self { dir, keys }
    }

    fn path(&self) -> std::path::PathBuf {
        Database::in_dir(self.dir.path()).path
    }

    fn open(&self) -> Result<SqliteStore, Fault> {
        open(&Database::in_dir(self.dir.path()), &self.keys, Path::new("server.key"), true)
    }
}

fn account(name: &str, byte: u8) -> AccountRecord {
    AccountRecord { id: AccountId([byte; 16]), name: name.into(), uid: None, enrolled: None, created: 5 }
}

fn hash(byte: u8) -> Hash {
    Hash {
        scheme: Scheme::Argon2id,
        key: 1,
        memory_kib: 8,
        iterations: 1,
        parallelism: 1,
        salt: [byte; 16],
        value: [byte; 32],
    }
}

fn new(bits: u64, account: AccountRecord, new_account: bool, name: &str) -> NewAppPassword {
    NewAppPassword {
        id: AppPasswordId::from_bits(bits),
        account,
        new_account,
        name: name.into(),
        services: vec!["mail".into(), "xmpp".into()],
        tag: u32::try_from(bits).unwrap(),
        hash: hash(1),
        at: 10,
        by: BY,
        most_live: 6,
    }
}

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test)
}

#[test]
fn what_is_created_is_found_by_its_tag_and_by_no_other() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        let made = store.create(new(7, alice.clone(), true, "phone")).await.unwrap();
        let Created::Done { account: kept, newly_enrolled: true } = made else { panic!("{made:?}") };
        assert_eq!(kept.enrolled, Some(10));
        let row = store.login_row(&alice.id, 1, 7).await.unwrap().unwrap();
        assert_eq!((row.name.as_str(), row.hash), ("phone", Some(hash(1))));
        assert_eq!(row.services, ["mail", "xmpp"]);
        for (other, key, tag) in [(alice.id, 1, 8), (alice.id, 2, 7), (AccountId([2; 16]), 1, 7)] {
            assert_eq!(store.login_row(&other, key, tag).await.unwrap(), None);
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
            store.counts(None).await.unwrap(),
            Counts { accounts: 1, enrolled: 1, live: 1, revoked: 0 }
        );
        // A tombstone keeps its tag but not its name.
        store.revoke(vec![(id, 11)], BY).await.unwrap();
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
        store.revoke(vec![(AppPasswordId::from_bits(3), 20)], BY).await.unwrap();
        assert!(matches!(
            store.create(new(7, alice, false, "one more")).await.unwrap(),
            Created::Done { .. }
        ));
    });
}

#[test]
fn actors_come_back_as_they_were() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        for (bits, name) in (1..).zip([None, Some("root"), Some("- x y"), Some("a b")]) {
            let by =
                Actor { uid: 7, role: ActorRole::User, on_behalf_of: None, name: name.map(str::to_owned) };
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
fn a_revoked_row_keeps_its_tag_and_loses_its_hash() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let alice = account("alice", 1);
        store.create(new(7, alice.clone(), true, "phone")).await.unwrap();
        let (id, none) = (AppPasswordId::from_bits(7), AppPasswordId::from_bits(8));
        let done = store.revoke(vec![(id, 20), (none, 20)], BY).await.unwrap();
        assert_eq!(done, RevokedNow { revoked: vec![id], already: vec![] });
        let row = store.login_row(&alice.id, 1, 7).await.unwrap().unwrap();
        assert_eq!((row.revoked, row.hash), (Some(20), None));
        let again = store.revoke(vec![(id, 30)], BY).await.unwrap();
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
        assert_eq!(store.login_row(&alice.id, 1, 7).await.unwrap(), None);
        assert_eq!(store.login_row(&alice.id, 2, 77).await.unwrap().unwrap().hash.unwrap().value, [2; 32]);
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
        let whole = store.app_passwords(None, true, None, 100).await.unwrap();
        assert_eq!(whole.len(), 15);
        let mut paged = Vec::new();
        let mut start = None;
        loop {
            let page = store.app_passwords(None, true, start.as_ref(), 4).await.unwrap();
            let Some(last) = page.last() else { break };
            start = Some(PageStart { user: last.user.clone(), created: last.created, id: last.id });
            paged.extend(page);
        }
        assert_eq!(paged, whole);
        assert!(whole.is_sorted_by_key(|record| (record.user.clone(), record.created, record.id)));
        let bobs = store.app_passwords(Some(&AccountId([3; 16])), true, None, 100).await.unwrap();
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
        let used = |rhost: String, at: i64, count| UseDelta {
            id,
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
        store.undo_create(id, true).await.unwrap();
        store.add_uses(vec![used(String::new(), 1, 1)]).await.unwrap();
        assert_eq!(
            store.counts(None).await.unwrap(),
            Counts::default(),
            "nor is its account, which it alone had made"
        );
    });
}

#[test]
fn another_key_or_none_of_its_own_is_refused() {
    let bed = Bed::new();
    drop(bed.open().unwrap());
    drop(bed.open().unwrap());
    let other = Bed::new();
    let database = Database::in_dir(bed.dir.path());
    let error = open(&database, &other.keys, Path::new("/k/server.key"), true).err().unwrap().to_string();
    assert!(error.contains("is not the one that the database was made with"), "{error}");
    Connection::open(bed.path()).unwrap().execute("UPDATE meta SET key = 'key.9'", []).unwrap();
    let error = bed.open().err().unwrap().to_string();
    assert!(error.contains("lacks key 9"), "{error}");
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let bed = Bed::new();
    drop(bed.open().unwrap());
    Connection::open(bed.path()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = bed.open().err().unwrap();
    assert_eq!(error.exit().code(), 78);
    assert!(error.to_string().contains("schema 99"), "{error}");
}

#[test]
fn a_trigger_that_somebody_put_into_a_backup_is_refused() {
    let bed = Bed::new();
    drop(bed.open().unwrap());
    let edit = "CREATE TRIGGER back AFTER UPDATE OF revoked ON app_password
                BEGIN UPDATE app_password SET revoked = NULL WHERE id = new.id; END";
    Connection::open(bed.path()).unwrap().execute_batch(edit).unwrap();
    let error = bed.open().err().unwrap();
    assert_eq!(error.exit().code(), 78);
    assert!(error.to_string().contains("somebody has changed it"), "{error}");
}

#[test]
fn what_is_no_database_is_refused() {
    let bed = Bed::new();
    std::fs::write(bed.path(), "This is not a database, only some text that is long enough.").unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(bed.path(), std::fs::Permissions::from_mode(0o600)).unwrap();
    let error = bed.open().err().unwrap();
    assert_eq!(error.exit().code(), 78);
    assert!(error.to_string().contains("can't be used"), "{error}");
}

#[test]
fn a_database_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let bed = Bed::new();
    drop(bed.open().unwrap());
    std::fs::set_permissions(bed.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = bed.open().err().unwrap();
    assert!(error.to_string().contains("mode is 0644"), "{error}");
    assert_eq!(error.exit().code(), 78);
}
