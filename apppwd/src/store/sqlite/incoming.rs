//! A file that is to become the database: whether it may, and how it does without a moment at which a crash would
//! leave neither the one nor the other.

use super::files::{self, Database, beside};
use super::{copy, record};
use super::{open, rows_check, schema};
use crate::clock::UnixSeconds;
use crate::fault::Fault;
use crate::key::Keyring;
use crate::ownership;
use crate::store::{CopyError, RestoreError};
use apppw_admin::verbs::Actor;
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// Behind the database's name, of what is being looked at.
const BEGUN: &str = ".restoring";

/// What every database of SQLite begins with (<https://www.sqlite.org/fileformat2.html>, 1.3.1).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Bytes that stay free on the disk.
const SPARE: u64 = 1 << 20;

/// A file that may become the database, whole and checked.
pub struct Incoming {
    path: PathBuf,
    /// Accounts in it.
    pub accounts: u64,
    /// App passwords in it that are not revoked.
    pub app_passwords: u64,
    /// The moment that it shows; `None`: it isn't by `apppw backup`.
    pub shows: Option<UnixSeconds>,
}

/// Takes what is to become `database` from `source`, and checks it. With `keys`, whether it was made with them; they
/// are in `key_path`. It will say that it was put back at `at` by `by`.
///
/// # Errors
/// [`Fault::Restore`], [`Fault::Key`], [`Fault::Io`]; nothing is left of it then.
pub fn take(
    database: &Database,
    source: &mut impl Read,
    keys: Option<(&Keyring, &Path)>,
    by: &Actor,
    at: UnixSeconds,
) -> Result<Incoming, Fault> {
    let path = beside(&database.path, BEGUN);
    remove(&path)?;
    let taken = fetch(source, &path).and_then(|()| check(&path, keys, by, at));
    if taken.is_err() {
        let _ = remove(&path);
    }
    taken
}

fn remove(path: &Path) -> Result<(), Fault> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let file = beside(path, suffix);
        match std::fs::remove_file(&file) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(Fault::io("can't remove", &file, e)),
            _ => {}
        }
    }
    Ok(())
}

fn fetch(source: &mut impl Read, path: &Path) -> Result<(), Fault> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut most = files::room(path).saturating_sub(SPARE);
    let mut file =
        files::file_of_our_own(path).map_err(|e| Fault::io("can't take the backup into", path, e))?;
    let mut block = vec![0; 1 << 16];
    loop {
        let read = match source.read(&mut block) {
            Ok(0) => break,
            Ok(read) => block.get(..read).unwrap_or_default(),
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(source) => return Err(Fault::System { what: "can't read the backup", source }),
        };
        let len = u64::try_from(read.len()).unwrap_or(u64::MAX);
        most = most.checked_sub(len).ok_or_else(|| RestoreError::NoRoom { dir: dir.to_owned() })?;
        file.write_all(read).map_err(|e| Fault::io("can't take the backup into", path, e))?;
    }
    file.sync_all().map_err(|e| Fault::io("can't take the backup into", path, e))
}

fn check(
    path: &Path,
    keys: Option<(&Keyring, &Path)>,
    by: &Actor,
    at: UnixSeconds,
) -> Result<Incoming, Fault> {
    let mut magic = [0; 16];
    let begins = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    if begins.is_err() || magic != *MAGIC {
        return Err(RestoreError::NotOurs.into());
    }
    if files::check_format(path).is_err() {
        return Err(RestoreError::Damaged("its header asks for a later SQLite".to_owned()).into());
    }
    let unreadable = |e: rusqlite::Error| match CopyError::from(e) {
        CopyError::Damaged(why) | CopyError::Failed(why) => RestoreError::Damaged(why),
        other => RestoreError::Damaged(other.to_string()),
    };
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags).map_err(unreadable)?;
    open::harden(&connection, copy::LONGEST_ROW).map_err(unreadable)?;
    connection.execute_batch("PRAGMA temp_store=MEMORY; PRAGMA synchronous=FULL;").map_err(unreadable)?;
    let (found, known) = (schema::schema_number(&connection).map_err(unreadable)?, schema::newest_schema());
    if found > known {
        return Err(RestoreError::Newer { found, known }.into());
    }
    if found < 1 {
        return Err(RestoreError::NotOurs.into());
    }
    // Whatever is in its tables is only read once they are known to be ours.
    if !schema::has_schema(&connection, found).map_err(unreadable)? {
        return Err(RestoreError::Changed.into());
    }
    if let Some(damage) = copy::damage(&connection).map_err(unreadable)? {
        return Err(RestoreError::Damaged(damage).into());
    }
    if super::read::has_wrong_ids(&connection).map_err(unreadable)? {
        return Err(RestoreError::Changed.into());
    }
    // Of an older one the next start looks at the rows, once it has brought them up.
    if found == known {
        check_rows(path, &connection)?;
    }
    if let Some((keys, key_path)) = keys
        && let Some(id) = key_that_differs(&connection, keys).map_err(unreadable)?
    {
        return Err(RestoreError::OtherKey { path: key_path.to_owned(), id }.into());
    }
    let number = |sql| connection.query_row(sql, [], |row| row.get(0)).map_err(unreadable);
    let accounts = number("SELECT count(*) FROM account")?;
    let app_passwords = number("SELECT count(*) FROM app_password WHERE revoked IS NULL")?;
    let shows = record::copy_of(&connection).map_err(unreadable)?;
    // One file, without a log beside it.
    connection.query_row("PRAGMA journal_mode=DELETE", [], |_| Ok(())).map_err(unreadable)?;
    record::note_put_back(&connection, by, at).map_err(unreadable)?;
    drop(connection);
    Ok(Incoming { path: path.to_owned(), accounts, app_passwords, shows })
}

/// What the daemon would stumble over, as it reads.
fn check_rows(path: &Path, connection: &Connection) -> Result<(), Fault> {
    schema::check_numbers(connection, path).map_err(|_| RestoreError::Changed)?;
    let damaged = |e: rusqlite::Error| RestoreError::Damaged(e.to_string());
    let reader = open::open_reader(path).map_err(damaged)?;
    match rows_check::first_unreadable(&reader, true).map_err(damaged)? {
        Some(why) => Err(RestoreError::Damaged(why).into()),
        None => Ok(()),
    }
}

/// A key that the file was made with and that isn't among `keys`. One that nothing needs any more may be gone.
fn key_that_differs(connection: &Connection, keys: &Keyring) -> rusqlite::Result<Option<u32>> {
    let sql = "SELECT CAST(substr(m.key, 5) AS INTEGER), m.value, EXISTS (SELECT 1 FROM app_password p \
               WHERE p.key = CAST(substr(m.key, 5) AS INTEGER) AND p.hash IS NOT NULL) FROM meta m WHERE m.key LIKE 'key.%'";
    let mut query = connection.prepare(sql)?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (id, check, is_needed): (u32, Vec<u8>, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let fits = keys.by_id(id).map(|key| key.check_value() == check.as_slice());
        if fits == Some(false) || (fits.is_none() && is_needed) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

impl Incoming {
    /// Puts it in the place of `database`, of which nobody may have hold, and returns where that one is kept; `None`:
    /// there was none. `stamp` is a part of that name.
    ///
    /// # Errors
    /// [`Fault::Io`]; the database is as it was then, or, if it was unusable already, aside.
    pub fn put(self, database: &Database, stamp: &str) -> Result<Option<PathBuf>, Fault> {
        let path = &database.path;
        let kept = keep(path, stamp)?;
        files::put_in_place(&self.path, path)
            .map_err(|e| Fault::io("can't put the backup in place of", path, e))?;
        Ok(kept)
    }
}

/// Sees to it that the database there has a second name, or, if it can't be brought into one file, another one.
fn keep(path: &Path, stamp: &str) -> Result<Option<PathBuf>, Fault> {
    let kept = free_name(path, stamp)?;
    settle(path);
    let logs: Vec<&str> = ["-wal", "-journal"]
        .into_iter()
        .filter(|suffix| beside(path, suffix).symlink_metadata().is_ok())
        .collect();
    let shm = beside(path, "-shm");
    let there = ownership::is_there(path)?;
    if there && logs.is_empty() {
        // At each moment one of the two has the name.
        match std::fs::hard_link(path, &kept) {
            Ok(()) => {}
            // Not every file system has links.
            Err(_) => drop(std::fs::copy(path, &kept).map_err(io("can't keep the database as", &kept))?),
        }
        File::open(&kept)
            .and_then(|file| file.sync_all())
            .map_err(io("can't keep the database as", &kept))?;
    } else {
        // The new one must never meet the old one's log. Without a database the daemon doesn't start, and
        // what is here can be done again.
        for suffix in std::iter::once("").filter(|_| there).chain(logs) {
            let (from, to) = (beside(path, suffix), beside(&kept, suffix));
            std::fs::rename(&from, &to).map_err(io("can't put aside", &from))?;
        }
    }
    match std::fs::remove_file(&shm) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(Fault::io("can't remove", &shm, e)),
        _ => {}
    }
    if let Some(dir) = path.parent() {
        ownership::sync_dir(dir).map_err(io("can't sync the folder", dir))?;
    }
    Ok(there.then_some(kept))
}

fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Fault + use<> {
    let path = path.to_owned();
    move |error| Fault::io(what, &path, error)
}

fn free_name(path: &Path, stamp: &str) -> Result<PathBuf, Fault> {
    let mut name = beside(path, &format!(".before-restore-{stamp}"));
    for number in 2.. {
        if !ownership::is_there(&name)? {
            break;
        }
        name = beside(path, &format!(".before-restore-{stamp}-{number}"));
    }
    Ok(name)
}

/// Brings the database into its one file, as an end in order does. One that is damaged, or that somebody has put
/// something beside, stays as it is.
fn settle(path: &Path) {
    let is_ours =
        |file: &Path| !ownership::is_there(file).unwrap_or(true) || ownership::private_file(file).is_ok();
    let are_ours = ["", "-wal", "-shm", "-journal"].iter().all(|suffix| is_ours(&beside(path, suffix)));
    if !are_ours || files::check_rollback(path).is_err() || files::check_format(path).is_err() {
        return;
    }
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let Ok(connection) = Connection::open_with_flags(path, flags) else { return };
    let hardened = open::harden(&connection, copy::LONGEST_ROW);
    let _ = hardened.and_then(|()| connection.query_row("PRAGMA journal_mode=DELETE", [], |_| Ok(())));
}
