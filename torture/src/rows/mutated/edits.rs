//! Edits of the database by somebody who has SQLite, a backup and time, but not the key.

use super::world::{ALICE, BOBBY, CAROL, MALLY, World, world};
use crate::random::Random;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// A number that is none of ours.
const ABSURD: &[&str] = &[
    "-1",
    "0",
    "-9223372036854775808",
    "9223372036854775807",
    "4294967295",
    "4294967296",
    "1099511627776",
    "'text'",
    "x'00'",
    "NULL",
    "1e300",
    "zeroblob(70000000)",
];

/// Columns that hold what a login or a change reads.
const COLUMNS: &[(&str, &[&str])] = &[
    (
        "app_password",
        &[
            "id",
            "account",
            "name",
            "services",
            "networks",
            "expires",
            "expired",
            "pin_service",
            "pin_network",
            "successor",
            "suspended",
            "suspended_by",
            "resumed",
            "scheme",
            "key",
            "tag",
            "memory_kib",
            "iterations",
            "parallelism",
            "salt",
            "hash",
            "created",
            "created_by",
            "revoked",
            "revoked_by",
        ],
    ),
    (
        "account",
        &["id", "name", "given", "uid", "enrolled", "locked", "created", "creation_day", "creations"],
    ),
    ("use", &["app_password", "service", "rhost", "unproven", "host", "first", "last", "count"]),
    (
        "event",
        &["seq", "at", "host", "kind", "actor", "account", "user", "app_password", "services", "count"],
    ),
    ("meta", &["key", "value"]),
    ("sqlite_sequence", &["name", "seq"]),
    ("sqlite_schema", &["type", "name", "tbl_name", "rootpage", "sql"]),
];

/// Each with what `{...}` in it stands for.
const EDITS: &[&str] = &[
    // An id that is another one to SQLite and the same to whoever looks at 40 bits of it.
    "UPDATE app_password SET id = id + 1099511627776",
    "UPDATE app_password SET id = id - 1099511627776",
    "UPDATE app_password SET id = id + 5 * 1099511627776 WHERE name = 'lost phone'",
    "UPDATE app_password SET id = id + 1",
    "UPDATE app_password SET id = -id",
    // Whose it is.
    "UPDATE app_password SET account = (SELECT id FROM account WHERE name = '{alice}') WHERE account = (SELECT id FROM account WHERE name = '{mally}')",
    "UPDATE account SET name = name || '.old' WHERE name = '{alice}'; UPDATE account SET name = '{alice}' WHERE name = '{mally}'",
    "UPDATE account SET name = name || '.old', given = given || '.old' WHERE name = '{alice}'; UPDATE account SET name = '{alice}', given = '{alice}' WHERE name = '{mally}'",
    "UPDATE account SET given = '{alice}' WHERE name = '{mally}'",
    "UPDATE account SET enrolled = NULL, locked = NULL",
    "UPDATE account SET id = zeroblob(16) WHERE name = '{alice}'",
    "UPDATE account SET uid = 0",
    "DELETE FROM account",
    "DELETE FROM app_password",
    "DELETE FROM meta",
    "DELETE FROM meta WHERE key LIKE 'key.%'",
    "UPDATE meta SET value = zeroblob(32) WHERE key LIKE 'key.%'",
    "INSERT INTO meta VALUES ('key.2', zeroblob(32))",
    "UPDATE meta SET value = CAST('-9223372036854775808 -9223372036854775808 1 7' AS BLOB) WHERE key = 'record'",
    "UPDATE meta SET value = CAST('9223372036854775807 9223372036854775807 0 7' AS BLOB) WHERE key = 'record'",
    // What was taken away.
    "UPDATE app_password SET revoked = NULL, suspended = NULL, expired = NULL, expires = NULL",
    "UPDATE app_password SET successor = id",
    "UPDATE app_password SET successor = (SELECT max(id) FROM app_password)",
    "UPDATE app_password SET salt = (SELECT salt FROM app_password WHERE name = 'phone' LIMIT 1), hash = (SELECT hash FROM app_password WHERE name = 'phone' LIMIT 1)",
    // Rows of another installation, whose secrets its owner knows.
    "ATTACH '{other}' AS other; INSERT OR IGNORE INTO account SELECT * FROM other.account; INSERT OR REPLACE INTO app_password SELECT * FROM other.app_password",
    "ATTACH '{other}' AS other; UPDATE account SET id = (SELECT id FROM other.account) WHERE name = '{alice}'; INSERT OR REPLACE INTO app_password SELECT * FROM other.app_password",
    "ATTACH '{other}' AS other; UPDATE app_password SET (key, tag, salt, hash) = (SELECT key, tag, salt, hash FROM other.app_password) WHERE name = 'phone' AND account = (SELECT id FROM account WHERE name = '{alice}')",
    "ATTACH '{other}' AS other; INSERT OR REPLACE INTO meta SELECT * FROM other.meta; INSERT OR REPLACE INTO app_password SELECT * FROM other.app_password",
    // Code, and what SQLite would take for the right table.
    "CREATE TRIGGER t AFTER UPDATE OF revoked ON app_password BEGIN UPDATE app_password SET revoked = NULL WHERE id = NEW.id; END",
    "CREATE TRIGGER t BEFORE INSERT ON event BEGIN SELECT RAISE(IGNORE); END",
    "CREATE TEMP TABLE x (y); CREATE VIEW v AS SELECT * FROM account; CREATE TABLE more (a, b GENERATED ALWAYS AS (a + 1))",
    "ALTER TABLE app_password ADD COLUMN more TEXT GENERATED ALWAYS AS (name) VIRTUAL",
    "ALTER TABLE app_password RENAME TO old; CREATE VIEW app_password AS SELECT * FROM old",
    "ALTER TABLE account DROP COLUMN creations",
    "CREATE TABLE evil (x); INSERT INTO evil SELECT randomblob(1000) FROM app_password",
    "DROP INDEX app_password_tag",
    "DROP INDEX app_password_tag; CREATE INDEX app_password_tag ON app_password (account, key, tag)",
    "CREATE INDEX evil ON app_password (account, key, tag, revoked, hash)",
    "PRAGMA user_version = 0",
    "PRAGMA user_version = -5",
    "PRAGMA user_version = 99",
    "PRAGMA user_version = 1",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA page_size = 65536; PRAGMA journal_mode = DELETE; VACUUM",
    "PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = FULL; VACUUM",
    "PRAGMA encoding = 'UTF-16'; PRAGMA journal_mode = DELETE; VACUUM",
    "PRAGMA application_id = 77",
    // A covering index under a name of SQLite's own, with what the row was before it was revoked.
    "{unlocked} CREATE INDEX evil ON app_password (account, key, tag, services, networks, expires, pin_service, pin_network, name, expired, suspended, revoked, scheme, memory_kib, iterations, parallelism, salt, hash); UPDATE sqlite_schema SET name = 'sqlite_evil', sql = replace(sql, ' evil ', ' sqlite_evil ') WHERE name = 'evil'; UPDATE app_password SET id = id",
    "{unlocked} INSERT INTO sqlite_schema VALUES ('trigger', 'sqlite_evil', 'app_password', 0, 'CREATE TRIGGER sqlite_evil AFTER UPDATE ON app_password BEGIN UPDATE app_password SET revoked = NULL; END')",
    "{unlocked} INSERT INTO sqlite_schema VALUES ('view', 'sqlite_evil', 'sqlite_evil', 0, 'CREATE VIEW sqlite_evil AS SELECT 1')",
    "{unlocked} UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '      ')",
    "{unlocked} UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'event') WHERE name = 'app_password'",
    "{unlocked} UPDATE sqlite_schema SET rootpage = 1 WHERE name = 'account'",
    "{unlocked} UPDATE sqlite_schema SET tbl_name = 'account' WHERE name = 'app_password_tag'",
    "{unlocked} DELETE FROM sqlite_schema WHERE type = 'index'",
    // Texts.
    "UPDATE app_password SET name = char(27) || '[2J' || char(10) || 'error: x'",
    "UPDATE app_password SET services = ''",
    "UPDATE app_password SET services = replace(hex(zeroblob(20000000)), '00', char(10)) WHERE rowid = (SELECT max(rowid) FROM app_password)",
    "UPDATE app_password SET networks = 'not a network'",
    "UPDATE app_password SET networks = '0.0.0.0/99'",
    "UPDATE app_password SET pin_network = '::/0', pin_service = '*'",
    "UPDATE event SET kind = 'levitate'",
    "UPDATE event SET services = replace(hex(zeroblob(30000)), '00', 'imap' || char(10))",
    "UPDATE account SET name = CAST(x'ff' AS TEXT) WHERE name = '{alice}'",
    "UPDATE account SET given = replace(hex(zeroblob(5000)), '00', 'a') WHERE name = '{alice}'",
    "INSERT OR REPLACE INTO panic VALUES ('', -9223372036854775808)",
    "UPDATE sqlite_sequence SET seq = 9223372036854775807",
    "UPDATE event SET seq = 9223372036854775807 WHERE seq = (SELECT max(seq) FROM event)",
    "UPDATE app_password SET created = -9223372036854775808, resumed = 9223372036854775807",
    "UPDATE use SET first = -9223372036854775808, last = 9223372036854775807, count = 9223372036854775807",
    "UPDATE use SET count = -1",
    "INSERT INTO use SELECT id, 'imap', '192.0.2.' || value, 0, 'host', 1, 2, 3 FROM app_password, generate_series(1, 2000) WHERE name = 'phone' AND account = (SELECT id FROM account WHERE name = '{alice}')",
];

/// Makes some edits of the database at `path`, and says which.
pub fn edit(path: &Path, random: &mut Random) -> String {
    let world = world();
    let mut script = String::from("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;\n");
    let mut told = Vec::new();
    for _ in 0..1 + random.below(2) {
        let edit = if random.below(3) > 0 {
            fill(EDITS[random.index(EDITS.len())], world)
        } else {
            let (table, columns) = *random.one_of(COLUMNS);
            let (column, value) = (*random.one_of(columns), *random.one_of(ABSURD));
            let which = *random.one_of(&[
                "",
                " WHERE rowid = (SELECT max(rowid) FROM app_password)",
                " WHERE rowid % 3 = 0",
            ]);
            let which = if table == "app_password" { which } else { "" };
            // One is more than enough: a disk full of them says nothing more.
            let is_vast = value.starts_with("zeroblob");
            let vast = format!(" WHERE rowid = (SELECT max(rowid) FROM {table})");
            let which = if is_vast { &vast } else { which };
            let lax = match random.below(2) {
                0 => "",
                _ => "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '');",
            };
            format!(
                "{}{lax} UPDATE OR IGNORE {table} SET {column} = {value}{which};",
                fill("{unlocked} ", world)
            )
        };
        script += &edit;
        script += ";\n";
        told.push(edit);
    }
    run(path, &script);
    told.join(" | ")
}

/// What a `{...}` stands for.
fn fill(edit: &str, world: &World) -> String {
    let other = world.other("state/apppw.db");
    edit.replace("{alice}", ALICE)
        .replace("{bobby}", BOBBY)
        .replace("{carol}", CAROL)
        .replace("{mally}", MALLY)
        .replace("{other}", &other.display().to_string())
        .replace("{unlocked}", "\n.dbconfig defensive off\nPRAGMA writable_schema = ON;")
}

/// What is wrong in a script is skipped: it is an attacker's.
fn run(path: &Path, script: &str) {
    let mut child = Command::new("sqlite3")
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sqlite3 runs");
    let _ = child.stdin.take().expect("its input").write_all(script.as_bytes());
    let _ = child.wait();
}
