//! The accounts of both, however they lie.

use super::*;
use crate::account::Names;
use crate::key;
use crate::store::sqlite::{self, Database, Empty, Missing, SqliteStore};
use std::path::Path;

fn account(byte: u8) -> AccountRecord {
    let name = format!("user{byte}");
    let id = AccountId([byte; 16]);
    AccountRecord { id, given: name.clone(), name, uid: None, enrolled: None, locked: None, created: 1 }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

fn open(dir: &Path) -> (Keyring, SqliteStore) {
    let found = key::create(dir, 1).unwrap();
    let keys = Keyring::new(&found.keys.unwrap(), &found.place.path).unwrap();
    let database = Database::in_dir(dir);
    let store = sqlite::open(&database, &keys, Path::new("key"), Empty::Filled, Missing::Refused, "mail1");
    (keys, store.unwrap())
}

/// A renaming that was cut off between database and journal is believed, unless the name is somebody's.
#[test]
fn a_name_of_which_the_journal_does_not_know_is_believed_unless_it_is_anothers() {
    // What befell the other one by the journal; whether the database has it, under one more name; locked then.
    let table = [
        (vec![], false, false),
        (vec![Befell::Enroll, Befell::Unenroll], false, false),
        (vec![Befell::Enroll], false, true),
        (vec![Befell::Enroll, Befell::Delete], false, false),
        (vec![Befell::Enroll, Befell::Unenroll], true, true),
    ];
    for (n, (befell_other, has_other, locked)) in table.into_iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        let (keys, store) = open(dir.path());
        let mut state = State::default();
        state.apply(&Record::account(50, Befell::Enroll, &account(1), &keys));
        let other = AccountRecord { id: AccountId([2; 16]), ..account(9) };
        for befell in befell_other {
            state.apply(&Record::account(51, befell, &other, &keys));
        }
        let found = run(async {
            let renamed = AccountRecord { id: AccountId([1; 16]), ..account(9) };
            assert!(store.set_enrolled(renamed, true, Some(50), by()).await.unwrap());
            if has_other {
                let other = AccountRecord { id: other.id, ..account(3) };
                assert!(store.set_enrolled(other, true, Some(50), by()).await.unwrap());
            }
            replay(&store, &state, &keys, &UsersConfig::default(), Origin::Ahead).await.unwrap();
            store.account_by_id(&AccountId([1; 16])).await.unwrap().unwrap()
        });
        assert_eq!(found.locked.is_some(), locked, "line {n}");
    }
}

#[test]
fn each_account_meets_its_own_word_in_the_journal_however_they_lie() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, store) = open(dir.path());
    let mut state = State::default();
    for (byte, befell) in [
        (1, Befell::Enroll),
        (3, Befell::Lock),
        (4, Befell::Enroll),
        (5, Befell::Delete),
        (6, Befell::Lock),
        (7, Befell::Unlock),
        (9, Befell::Delete),
        (11, Befell::Enroll),
    ] {
        state.apply(&Record::account(50, befell, &account(byte), &keys));
    }
    let outcome = run(async {
        for byte in [2, 3, 4, 7, 8, 9, 10] {
            let locked = matches!(byte, 7 | 8);
            assert!(store.set_locked(account(byte), true, true, 40, by()).await.unwrap());
            if !locked {
                assert!(store.set_locked(account(byte), false, false, 41, by()).await.unwrap());
            }
        }
        assert!(store.set_enrolled(account(2), false, Some(42), by()).await.unwrap());
        replay(&store, &state, &keys, &UsersConfig::default(), Origin::Last).await.unwrap()
    });
    let lost =
        (1..=11).filter(|byte| outcome.lost.find(&keys, &Names::exact(&format!("user{byte}"))).is_some());
    assert_eq!(lost.collect::<Vec<_>>(), [1, 6, 11]);
    let owed: Vec<_> = outcome.owed.iter().map(|record| (record.at, record.change.clone())).collect();
    let change = |befell, byte| {
        Change::Account(befell, AccountId([byte; 16]), NamedBy::new(keys.newest(), &account(byte).given))
    };
    assert_eq!(
        owed,
        [(42, change(Befell::Enroll, 2)), (40, change(Befell::Lock, 7)), (40, change(Befell::Lock, 8))]
    );
    let marks = run(async {
        let mut marks = Vec::new();
        for byte in 1..=11 {
            let found = store.account_by_id(&AccountId([byte; 16])).await.unwrap();
            marks.extend(found.map(|a| (byte, a.enrolled.is_some(), a.locked.is_some())));
        }
        marks
    });
    let expected = [
        (2, true, false),
        (3, false, true),
        (4, true, false),
        (7, false, true),
        (8, false, true),
        (10, false, false),
    ];
    assert_eq!(marks, expected, "id, enrolled, locked");
}
