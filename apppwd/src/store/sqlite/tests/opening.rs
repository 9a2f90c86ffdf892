//! Which file is opened.

use super::*;

#[test]
fn another_key_or_none_of_its_own_is_refused() {
    let bed = Bed::new();
    drop(bed.open().unwrap());
    drop(bed.open().unwrap());
    let other = Bed::new();
    let database = Database::in_dir(bed.dir.path());
    let error =
        open(&database, &other.keys, Path::new("/k/server.key"), Empty::Filled, Missing::Refused, "mail1")
            .err()
            .unwrap()
            .to_string();
    assert!(error.contains("is not the one that the database was made with"), "{error}");
    Connection::open(bed.path())
        .unwrap()
        .execute("UPDATE meta SET key = 'key.9' WHERE key = 'key.1'", [])
        .unwrap();
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

#[test]
fn a_database_of_schema_1_is_brought_up_to_date() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async { store.create(new(7, account("alice", 1), true, "phone")).await.unwrap() });
    drop(store);
    // As the first schema had it: what that had is copied into a new file.
    let old = bed.dir.path().join("old.db");
    let database = Connection::open(&old).unwrap();
    database.execute_batch(include_str!("../0001.sql")).unwrap();
    let path = bed.path();
    database.execute("ATTACH ?1 AS new", [path.to_str().unwrap()]).unwrap();
    for table in ["meta", "account", "app_password", "use"] {
        let columns: Vec<String> = database
            .prepare(&format!("SELECT name FROM pragma_table_info('{table}', 'main')"))
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let columns = columns.join(", ");
        let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}");
        database.execute(&copy, []).unwrap();
    }
    database.execute_batch("DETACH new; PRAGMA user_version = 1; PRAGMA journal_mode = DELETE;").unwrap();
    drop(database);
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(bed.dir.path().join(format!("apppw.db{suffix}")));
    }
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::rename(&old, bed.path()).unwrap();
    let store = bed.open().unwrap();
    run(async {
        let alice = store.account("alice").await.unwrap().unwrap();
        assert_eq!((alice.given.as_str(), alice.locked, alice.enrolled), ("alice", None, Some(10)));
        let row = store.look(|look| look.login_row(&alice.id, 1, 7)).unwrap().unwrap();
        assert_eq!((row.scope, row.hash, row.suspended), (scope(), Some(hash(1)), None));
        assert!(matches!(store.create(new(8, alice, false, "phone")).await.unwrap(), Created::NameTaken(_)));
    });
}

/// 3.51.3 mended a race in WAL mode by which commits were lost.
#[test]
fn the_library_is_one_that_loses_no_commits() {
    assert!(rusqlite::version_number() >= 3_051_003, "SQLite is {}", rusqlite::version());
    let bed = Bed::new();
    drop(bed.open().unwrap());
    let mode: String = Connection::open(bed.path())
        .unwrap()
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
}
