//! Opening and migrating the database file.

use super::keys as known_keys;
use super::threads::{Reader, Writer, is_passing};
use super::trail::Trail;
use super::{SqliteStore, copy};
use crate::admin::caller;
use crate::clock;
use crate::fault::Fault;
use crate::key::{KeyError, Keyring};
use crate::log;
use crate::ownership;
use crate::store::{By, OpenError};
use apppw_admin::text::cut;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Each step from one schema to the next; `user_version` counts those that are done.
const MIGRATIONS: &[&str] =
    &[include_str!("0001.sql"), include_str!("0002.sql"), include_str!("0003.sql"), include_str!("0004.sql")];

/// Of a file's format, for reading and for writing: 2 is WAL.
const NEWEST_FORMAT: u8 = 2;

/// The oldest SQLite whose WAL mode loses no commits.
const LEAST_SQLITE: i32 = 3_051_003;

/// Pages that the reader of long reads keeps, in KiB; negative, as SQLite wants it.
const SLOW_CACHE_KIB: i32 = -512;

const NAME: &str = "apppw.db";

/// Characters shown of what SQLite says.
const LONGEST_WHY: usize = 200;

/// Of the file from which SQLite takes back what a crash has left half done, while it makes the database.
const ROLLBACK: &str = "-journal";

/// Longest text, blob or row that is written, in bytes: only a list of all names that clash comes near.
const MOST_WRITTEN: i32 = 16 << 20;

/// The same of what is read for logins and lists, many rows at a time: 64 services are far less.
const MOST_READ: i32 = 64 << 10;

/// The highest number that an event may have: half of all, which the clock reaches in 146,000 years.
const LAST_EVENT: i64 = i64::MAX / 2;

/// Where the database of a state directory is.
#[derive(Debug, Clone)]
pub struct Database {
    /// The file.
    pub path: PathBuf,
}

/// What is there of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// No file.
    Missing,
    /// An empty file: what the first start makes before anything else.
    Begun,
    /// Something is in it.
    Filled,
}

impl Database {
    /// The database in `state_dir`.
    #[must_use]
    pub fn in_dir(state_dir: &Path) -> Self {
        Self { path: state_dir.join(NAME) }
    }

    /// Whether there is one.
    ///
    /// # Errors
    /// [`Fault::Io`] if it can't be looked at: that is not the same as missing.
    pub fn presence(&self) -> Result<Presence, Fault> {
        match self.path.symlink_metadata() {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Presence::Missing),
            Err(e) => Err(Fault::io("can't look at", &self.path, e)),
            Ok(found) if found.is_file() && found.len() == 0 => Ok(Presence::Begun),
            Ok(_) => Ok(Presence::Filled),
        }
    }

    /// Makes the empty file, if it isn't there, and syncs that it is.
    ///
    /// # Errors
    /// [`Fault::Io`].
    pub fn begin(&self) -> Result<(), Fault> {
        make_file(&self.path)?;
        let Some(dir) = self.path.parent() else { return Ok(()) };
        ownership::sync_dir(dir).map_err(|e| Fault::io("can't sync the folder", dir, e))
    }
}

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
    let unusable = |e| open_error(path, &e);
    let reader = open_reader(path).map_err(unusable)?;
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
    let slow = Reader::start(slow, Arc::clone(&errors)).map_err(thread)?;
    let writer = Writer::start(connection, Arc::clone(&errors)).map_err(thread)?;
    Ok(SqliteStore { path: path.as_path().into(), reader, slow, writer, host: host.into(), errors })
}

/// The file that SQLite keeps beside the database under that suffix.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}

/// Before SQLite touches them.
fn check_files(path: &Path) -> Result<(), Fault> {
    for suffix in ["", "-wal", "-shm", ROLLBACK] {
        let file = beside(path, suffix);
        if ownership::is_there(&file)? {
            ownership::private_file(&file)?;
        }
    }
    check_rollback(path)
}

/// SQLite plays back a rollback journal that it finds, and if another file is named at its end, deletes that
/// file: a backup that somebody edited could have it delete `journal.log`. Ours never name one, for the daemon
/// opens one database only (<https://www.sqlite.org/fileformat2.html>, 3; pager.c, `pager_delsuper`).
pub(super) fn check_rollback(path: &Path) -> Result<(), Fault> {
    const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let rollback = beside(path, ROLLBACK);
    let mut file = match std::fs::File::open(&rollback) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Fault::io("can't open", &rollback, e)),
    };
    let mut end = [0; 8];
    let ends_so =
        file.seek(SeekFrom::End(-8)).and_then(|_| file.read_exact(&mut end)).is_ok() && end == MAGIC;
    if ends_so {
        let why = format!("{} beside it names another file: somebody has put it there", rollback.display());
        return Err(OpenError::Unusable { path: path.to_owned(), why }.into());
    }
    Ok(())
}

/// A file whose header asks for a later SQLite is opened to be read only, and each start would end as if the disk
/// were write-protected (<https://www.sqlite.org/fileformat2.html>, 1.3.3).
pub(super) fn check_format(path: &Path) -> Result<(), Fault> {
    let mut header = [0; 20];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
    let [.., for_writing, for_reading] = header;
    match read {
        Ok(()) if for_writing.max(for_reading) > NEWEST_FORMAT => {
            let why =
                "its header asks for a later SQLite: it is damaged, or somebody has changed it".to_owned();
            Err(OpenError::Unusable { path: path.to_owned(), why }.into())
        }
        Err(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => Err(Fault::io("can't read", path, e)),
        _ => Ok(()),
    }
}

fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
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

fn open_error(path: &Path, error: &rusqlite::Error) -> OpenError {
    // It may quote a whole statement of the schema.
    let words: Vec<String> = error.to_string().split_whitespace().map(str::to_owned).collect();
    let (path, why) = (path.to_owned(), cut(&words.join(" "), LONGEST_WHY).into_owned());
    // A disk that gives nothing looks like damage, too.
    let is_read = std::fs::File::open(&path).and_then(|mut file| file.read(&mut [0; 512]));
    if is_passing(error) || is_read.is_err() {
        OpenError::NotNow { path, why }
    } else {
        OpenError::Unusable { path, why }
    }
}

/// SQLite would make the file with the umask's mode; it holds hashes.
fn make_file(path: &Path) -> Result<(), Fault> {
    std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
        .map(drop)
        .map_err(|e| Fault::io("can't open the database", path, e))
}

/// A new, empty file that nobody else may touch.
pub(super) fn file_of_our_own(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(path)
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

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    harden(connection, MOST_WRITTEN)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(32);
    // The journal mode is answered with a row; the others are not.
    connection.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(()))?;
    connection.execute_batch(
        "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;",
    )
}

/// The schema's number; 0: there is none.
pub(super) fn schema_number(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// The newest schema that is known.
pub(super) fn newest_schema() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Where the database is kept as it was before it was brought to that schema.
fn before_schema(path: &Path, schema: i64) -> PathBuf {
    beside(path, &format!(".before-schema-{schema}"))
}

/// What an older apppwd can go on with where a newer one has brought the database to schema `found`.
fn before_upgrade(path: &Path, found: i64) -> Option<PathBuf> {
    let newer = newest_schema().saturating_add(1)..=found.min(newest_schema().saturating_add(100));
    newer.map(|schema| before_schema(path, schema)).find(|kept| kept.is_file())
}

/// A database of an older schema is copied before it is touched: there is no way back otherwise.
fn back_up_before_migration(connection: &Connection, path: &Path) -> Result<(), Fault> {
    let found = schema_number(connection).map_err(|e| open_error(path, &e))?;
    let newest = newest_schema();
    if !(1..newest).contains(&found) {
        return Ok(());
    }
    let kept = before_schema(path, newest);
    let why = |why: String| OpenError::NotKept { path: path.to_owned(), kept: kept.clone(), why };
    let copied = copy::write(connection, path).map_err(|error| why(error.to_string()));
    let placed = copied.and_then(|copy| put_in_place(&copy, &kept).map_err(|error| why(error.to_string())));
    if placed.is_err() {
        // Half of it would only fill the disk.
        let _ = copy::remove_begun(path);
    }
    placed?;
    tracing::info!(
        "the database has schema {found} and is brought to {newest}; as it was it is kept in {}",
        kept.display()
    );
    Ok(())
}

/// Gives a whole file its name, for good.
pub(super) fn put_in_place(new: &Path, path: &Path) -> std::io::Result<()> {
    std::fs::File::open(new)?.sync_all()?;
    std::fs::rename(new, path)?;
    path.parent().map_or(Ok(()), ownership::sync_dir)
}

fn migrate(connection: &mut Connection, path: &Path, empty: Empty) -> Result<(), Fault> {
    let unusable = |e| open_error(path, &e);
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unusable)?;
    let (found, known) = (schema_number(&tx).map_err(unusable)?, newest_schema());
    if found > known {
        let kept = before_upgrade(path, found);
        return Err(OpenError::Newer { path: path.to_owned(), found, known, kept }.into());
    }
    match empty {
        Empty::Refused if found == 0 => return Err(OpenError::Empty { path: path.to_owned() }.into()),
        Empty::Demanded if found > 0 => return Err(Fault::NothingToInit { database: path.to_owned() }),
        _ => {}
    }
    for step in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        tx.execute_batch(step).map_err(unusable)?;
    }
    if found < known {
        tx.pragma_update(None, "user_version", known).map_err(unusable)?;
    }
    Ok(tx.commit().map_err(unusable)?)
}

/// The schema must be the one that the migrations make: a trigger or another table in a
/// backup that was put back is somebody's doing.
fn check_schema(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let unusable = |e| open_error(path, &e);
    if has_schema(connection, newest_schema()).map_err(unusable)? {
        return Ok(());
    }
    let why = "its schema is not the one that apppwd makes: somebody has changed it".to_owned();
    Err(OpenError::Unusable { path: path.to_owned(), why })
}

/// Whether its schema is the one of that number, and nothing besides.
pub(super) fn has_schema(connection: &Connection, number: i64) -> rusqlite::Result<bool> {
    let expected = Connection::open_in_memory()?;
    make_schema(&expected, number)?;
    Ok(schema_of(connection)? == schema_of(&expected)?)
}

/// The schema of that number, from nothing.
pub(super) fn make_schema(connection: &Connection, number: i64) -> rusqlite::Result<()> {
    let steps = usize::try_from(number).unwrap_or(0);
    MIGRATIONS.iter().take(steps).try_for_each(|step| connection.execute_batch(step))
}

/// Tables, indexes, triggers, views, with the table that each is on. What SQLite keeps for itself too: an index
/// under such a name could answer in the place of the table.
fn schema_of(connection: &Connection) -> rusqlite::Result<Vec<(String, String, Option<String>)>> {
    connection
        .prepare("SELECT type || ' ' || name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect()
}

/// With a number at the end of all numbers no event could be written any more, and so no change be made.
pub(super) fn check_numbers(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_sequence WHERE typeof(seq) <> 'integer' OR seq > ?1)";
    let are_out: bool =
        connection.query_row(sql, [LAST_EVENT], |row| row.get(0)).map_err(|e| open_error(path, &e))?;
    if !are_out {
        return Ok(());
    }
    let why = "the numbers of its events are at their end: somebody has changed it".to_owned();
    Err(OpenError::Unusable { path: path.to_owned(), why })
}

/// Each key that the database knows must be there with the check value that it had, if anything depends on it; a new
/// one is noted.
fn check_keys(
    connection: &mut Connection,
    keys: &Keyring,
    key_path: &Path,
    path: &Path,
    missing: Missing,
    host: &str,
) -> Result<(), Fault> {
    let unusable = |e| open_error(path, &e);
    let known = known_keys::check_values(connection).map_err(unusable)?;
    let is_ours = known.iter().any(|(id, check_value)| keys.has(*id, check_value));
    let (mut lost, mut left) = (Vec::new(), Vec::new());
    let mut others: Vec<u32> =
        known.iter().filter(|(id, check_value)| !keys.has(**id, check_value)).map(|(id, _)| *id).collect();
    // That it is another file says more than what it lacks.
    others.sort_by_key(|id| keys.by_id(*id).is_none());
    for id in others {
        let app_passwords = known_keys::depend(connection, id).map_err(unusable)?;
        let key_path = key_path.to_owned();
        let fault = match keys.by_id(id) {
            Some(_) => KeyError::Wrong { path: key_path, id },
            // What retiring it has left, when the disk failed.
            None if app_passwords == 0 && is_ours => {
                left.push(id);
                continue;
            }
            None => KeyError::Gone { path: key_path, id, app_passwords },
        };
        match missing {
            Missing::Refused => return Err(fault.into()),
            Missing::Lost => lost.push(id),
        }
    }
    if missing == Missing::Lost && lost.is_empty() {
        return Err(Fault::NoKeyLost { key: key_path.to_owned() });
    }
    let new: Vec<_> =
        keys.all().filter(|key| !known.contains_key(&key.id()) || lost.contains(&key.id())).collect();
    // A start on a full disk writes nothing that need not be.
    if [lost.len(), left.len(), new.len()] == [0, 0, 0] {
        return Ok(());
    }
    let now = clock::now();
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unusable)?;
    let by = By::actor(caller::daemon_as("--key-lost"), now);
    let revoked = known_keys::lose(&Trail::new(&tx, host, &by), &lost).map_err(unusable)?;
    for id in left {
        known_keys::forget(&tx, id).map_err(unusable)?;
    }
    let by = By::actor(caller::daemon_as("server.key"), now);
    for key in new {
        let (id, check_value) = (key.id(), key.check_value());
        // The first one is no event; one that came into the file while nobody looked is.
        if known.is_empty() {
            known_keys::know(&tx, id, &check_value, now).map_err(unusable)?;
        } else {
            known_keys::add(&Trail::new(&tx, host, &by), id, &check_value).map_err(unusable)?;
        }
    }
    tx.commit().map_err(unusable)?;
    if missing == Missing::Lost {
        let ids: Vec<String> = lost.iter().map(ToString::to_string).collect();
        tracing::warn!(
            "server key {} given up: {} revoked",
            ids.join(" and "),
            log::was_or_were(revoked, "app password")
        );
    }
    Ok(())
}
