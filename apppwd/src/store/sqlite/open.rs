//! Opening the database.

use super::files::{Database, FULL, check_files, check_format, check_room, is_readable, make_file, room};
use super::key_check::check_keys;
use super::keys as known_keys;
use super::schema::{back_up_before_migration, check_numbers, check_schema, migrate};
use super::threads::{Reader, Writer, is_passing};
use super::{SqliteStore, copy};
use crate::fault::Fault;
use crate::key::Keyring;
use crate::store::OpenError;
use apppw_admin::text::cut;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The oldest SQLite whose WAL mode loses no commits.
const LEAST_SQLITE: i32 = 3_051_003;

/// Pages that the reader of long reads keeps, in KiB; negative, as SQLite wants it.
const SLOW_CACHE_KIB: i32 = -512;

/// Characters shown of what SQLite says.
const LONGEST_WHY: usize = 200;

/// Longest text, blob or row that is written, in bytes: only a list of all names that clash comes near.
const MOST_WRITTEN: i32 = 16 << 20;

/// The same of what is read for logins and lists, many rows at a time: 64 services are far less.
const MOST_READ: i32 = 64 << 10;

/// What is done with a database without a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// It is refused: this host has had another one.
    Refused,
    /// It is filled.
    Filled,
    /// It is filled, and one that has a schema is refused: `--init`.
    Demanded,
}

/// What is done about keys that app passwords need and that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The database is refused.
    Refused,
    /// They are lost: those app passwords are revoked, and a database that lacks no key is refused: `--key-lost`.
    Lost,
}

/// The highest number that a server key has had by the database; 0: none yet.
///
/// # Errors
/// As [`open`].
pub fn highest_key(database: &Database) -> Result<u32, Fault> {
    let path = &database.path;
    check_files(path)?;
    check_room(path)?;
    let unusable = |e| open_error(path, &e);
    let reader = open_reader(path).map_err(unusable)?;
    keep_files(&reader).map_err(unusable)?;
    Ok(known_keys::highest(&reader).map_err(unusable)?)
}

/// Opens the database, migrating it if need be, and checks that it was made with `keys`. Events will
/// say that they happened on `host`.
///
/// # Errors
/// [`Fault::Store`], [`Fault::Access`], [`Fault::Key`] if the key is another one, or
/// [`Fault::NothingToInit`].
pub fn open(
    database: &Database,
    keys: &Keyring,
    key_path: &Path,
    empty: Empty,
    missing: Missing,
    host: &str,
) -> Result<SqliteStore, Fault> {
    let path = &database.path;
    let unusable = |e| open_error(path, &e);
    if rusqlite::version_number() < LEAST_SQLITE {
        return Err(OpenError::OldSqlite(rusqlite::version()).into());
    }
    check_files(path)?;
    check_room(path)?;
    copy::remove_begun(path).map_err(|e| Fault::io("can't remove", &copy::begun(path), e))?;
    make_file(path)?;
    check_format(path)?;
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut connection = Connection::open_with_flags(path, flags).map_err(unusable)?;
    configure(&connection).map_err(unusable)?;
    back_up_before_migration(&connection, path)?;
    migrate(&mut connection, path, empty)?;
    check_schema(&connection, path)?;
    check_numbers(&connection, path)?;
    check_keys(&mut connection, keys, key_path, path, missing, host)?;
    let thread = |source| Fault::System { what: "can't start a thread", source };
    let reader = open_reader(path).map_err(unusable)?;
    let errors = Arc::new(AtomicU64::new(0));
    let slow = open_reader(path).map_err(unusable)?;
    // It reads each page once; a cache of SQLite's usual 2 MB would only be filled and kept.
    slow.pragma_update(None, "cache_size", SLOW_CACHE_KIB).map_err(unusable)?;
    keep_files(&reader).and_then(|()| keep_files(&slow)).map_err(unusable)?;
    let slow = Reader::start(slow, Arc::clone(&errors)).map_err(thread)?;
    let writer = Writer::start(connection, Arc::clone(&errors)).map_err(thread)?;
    Ok(SqliteStore { path: path.as_path().into(), reader, slow, writer, host: host.into(), errors })
}

pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let reader = Connection::open_with_flags(path, flags)?;
    // Nobody else should hold a lock; if somebody does, one login fails and not all wait.
    reader.busy_timeout(std::time::Duration::from_millis(50))?;
    harden(&reader, MOST_READ)?;
    reader.execute_batch("PRAGMA query_only=ON;")?;
    reader.set_prepared_statement_cache_capacity(32);
    Ok(reader)
}

pub(super) fn open_error(path: &Path, error: &rusqlite::Error) -> OpenError {
    // It may quote a whole statement of the schema.
    let words: Vec<String> = error.to_string().split_whitespace().map(str::to_owned).collect();
    let (path, mut why) = (path.to_owned(), cut(&words.join(" "), LONGEST_WHY).into_owned());
    // A disk that gives nothing looks like damage, too.
    if is_passing(error) || !is_readable(&path) {
        if room(&path) < FULL {
            why.push_str(" (its disk is full: make room)");
        }
        OpenError::NotNow { path, why }
    } else {
        OpenError::Unusable { path, why }
    }
}

/// Whoever could edit a backup must not leave code in it, nor rows that fill the memory.
pub(super) fn harden(connection: &Connection, longest: i32) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, longest)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.execute_batch("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;")
}

/// Leaves the files of the write-ahead log where they are at the end, empty: on a disk that has become full a start could
/// not make them anew, and nobody would get in.
fn keep_files(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    harden(connection, MOST_WRITTEN)?;
    keep_files(connection)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(32);
    // The journal mode is answered with a row; the others are not.
    connection.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(()))?;
    connection.execute_batch(
        "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;",
    )
}
