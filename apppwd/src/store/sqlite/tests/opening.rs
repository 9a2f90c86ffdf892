//! Which file is opened.

use super::super::schema::{make_schema, newest_schema};
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

/// Makes a database of that schema, as that apppwd left it, of what is in the newest: what the one had is copied
/// into a new file.
fn go_back_to(bed: &Bed, schema: i64) {
    let old = bed.dir.path().join("old.db");
    let database = Connection::open(&old).unwrap();
    make_schema(&database, schema).unwrap();
    let path = bed.path();
    database.execute("ATTACH ?1 AS new", [path.to_str().unwrap()]).unwrap();
    let names = |sql: &str| -> Vec<String> {
        let mut query = database.prepare(sql).unwrap();
        query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    for table in
        names("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name <> 'sqlite_sequence'")
    {
        let columns = names(&format!("SELECT name FROM pragma_table_info('{table}', 'main')")).join(", ");
        let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}");
        database.execute(&copy, []).unwrap();
    }
    database
        .execute_batch(&format!("DETACH new; PRAGMA user_version = {schema}; PRAGMA journal_mode = DELETE;"))
        .unwrap();
    drop(database);
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(bed.dir.path().join(format!("apppw.db{suffix}")));
    }
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::rename(&old, bed.path()).unwrap();
}

/// With an app password of alice's.
fn of_schema(schema: i64) -> Bed {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async { store.create(new(7, account("alice", 1), true, "phone")).await.unwrap() });
    drop(store);
    go_back_to(&bed, schema);
    bed
}

fn schema_and_rows(path: &Path) -> (i64, i64) {
    let database = Connection::open(path).unwrap();
    let number = |sql: &str| database.query_row(sql, [], |row| row.get(0)).unwrap();
    (number("PRAGMA user_version"), number("SELECT count(*) FROM app_password"))
}

fn kept(bed: &Bed) -> std::path::PathBuf {
    bed.dir.path().join(format!("apppw.db.before-schema-{}", newest_schema()))
}

#[test]
fn a_database_of_each_older_schema_is_kept_and_brought_up_to_date() {
    assert!(newest_schema() > 3);
    for schema in 1..newest_schema() {
        let bed = of_schema(schema);
        let store = bed.open().unwrap();
        run(async {
            let alice = store.account("alice").await.unwrap().unwrap();
            assert_eq!((alice.given.as_str(), alice.locked, alice.enrolled), ("alice", None, Some(10)));
            let row = store.look(|look| look.login_row(&alice.id, 1, 7)).unwrap().unwrap();
            assert_eq!((row.scope, row.hash, row.suspended), (scope(), Some(hash(1)), None));
            let again = store.create(new(8, alice, false, "phone")).await.unwrap();
            assert!(matches!(again, Created::NameTaken(_)));
        });
        drop(store);
        assert_eq!(schema_and_rows(&kept(&bed)), (schema, 1));
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(kept(&bed)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600, "{schema}");
        // It can be put back, which is what it is for.
        let database = Database::in_dir(bed.dir.path());
        let mut file = std::fs::File::open(kept(&bed)).unwrap();
        let key = (&bed.keys, Path::new("server.key"));
        let taken = incoming::take(&database, &mut file, Some(key), &ROOT, 20).unwrap();
        assert_eq!((taken.accounts, taken.app_passwords, taken.shows), (1, 1, None), "{schema}");
        taken.put(&database, "x").unwrap().unwrap();
        assert_eq!(schema_and_rows(&bed.path()).0, schema);
        drop(bed.open().unwrap());
        // The newest is not kept: nothing changes.
        std::fs::remove_file(kept(&bed)).unwrap();
        drop(bed.open().unwrap());
        assert!(!kept(&bed).exists());
    }
}

#[test]
fn what_cannot_be_kept_is_not_migrated() {
    let bed = of_schema(3);
    std::fs::create_dir(kept(&bed)).unwrap();
    let error = bed.open().err().unwrap();
    assert_eq!(error.exit().code(), 1, "it may pass by itself");
    let text = error.to_string();
    assert!(text.contains("must be copied to") && text.contains("before-schema-4"), "{text}");
    assert_eq!(schema_and_rows(&bed.path()), (3, 1));
    assert!(!bed.dir.path().join("apppw.db.copying").exists());
    std::fs::remove_dir(kept(&bed)).unwrap();
    drop(bed.open().unwrap());
    assert_eq!(schema_and_rows(&bed.path()), (newest_schema(), 1));
}

#[test]
fn who_goes_back_to_an_older_apppwd_is_told_what_can_be_put_back() {
    let bed = of_schema(3);
    drop(bed.open().unwrap());
    Connection::open(bed.path()).unwrap().pragma_update(None, "user_version", newest_schema() + 2).unwrap();
    let text = bed.open().err().unwrap().to_string();
    assert!(text.contains("`apppw restore FILE`"), "{text}");
    // As a newer one has left it.
    let left = bed.dir.path().join(format!("apppw.db.before-schema-{}", newest_schema() + 2));
    std::fs::rename(kept(&bed), &left).unwrap();
    let text = bed.open().err().unwrap().to_string();
    assert!(text.contains(&format!("`apppw restore {}`", left.display())), "{text}");
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
