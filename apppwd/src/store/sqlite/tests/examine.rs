//! What is found out about a database when it is looked at closely.

use super::*;
use std::os::unix::fs::FileExt;

#[test]
fn a_sound_database() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        let marks = RecordMarks { since: 1, clock: 1, until: 2, ended: false, run: 77 };
        store.set_record_marks(marks).await.unwrap();
        let found = store.examine().await.unwrap();
        assert_eq!((found.damage.as_deref(), found.generation, found.last_backup), (None, 77, None));
        assert_eq!((found.schema, found.schema), (found.newest_schema, 4));
        assert!(found.bytes >= 4096, "{found:?}");
    });
}

#[test]
fn the_last_backup_is_told() {
    let bed = Bed::new();
    drop(bed.open().unwrap());
    let other = Connection::open(bed.path()).unwrap();
    for value in ["'1800000000'", "CAST('1800000000' AS BLOB)"] {
        other
            .execute(&format!("REPLACE INTO meta VALUES ('last_backup', CAST({value} AS BLOB))"), [])
            .unwrap();
        let store = bed.open().unwrap();
        assert_eq!(run(store.examine()).unwrap().last_backup, Some(1_800_000_000));
    }
    other.execute("REPLACE INTO meta VALUES ('last_backup', x'ff')", []).unwrap();
    assert_eq!(run(bed.open().unwrap().examine()).unwrap().last_backup, None);
}

#[test]
fn damage_is_told_and_is_no_failure() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        for number in 1..=200_u8 {
            let account = account(&format!("user-{number}"), number);
            store.create(new(number.into(), account, true, "phone")).await.unwrap();
        }
    });
    drop(store);
    let store = bed.open().unwrap();
    let file = std::fs::File::options().read(true).write(true).open(bed.path()).unwrap();
    let pages = file.metadata().unwrap().len() / 4096;
    assert!(pages > 8, "{pages}");
    for page in pages / 2..pages {
        file.write_all_at(&[0xa5; 2048], page * 4096 + 1).unwrap();
    }
    let found = run(store.examine()).unwrap();
    assert!(found.damage.is_some(), "{found:?}");
}

#[test]
fn of_two_backups_the_later_one_counts_whichever_is_kept_last() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async {
        // The last but one is of a clock that was wrong.
        for (kept, now, last) in [(20, 21, 20), (10, 22, 20), (30, 31, 30), (99, 99, 99), (40, 41, 40)] {
            store.set_last_backup(kept, now).await.unwrap();
            assert_eq!(store.last_backup().await.unwrap(), Some(last));
        }
    });
}
