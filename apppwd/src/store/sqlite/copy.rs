//! A consistent copy of the database in another file, while it is used.

use super::files::{beside, file_of_our_own};
use super::open::harden;
use super::{read, record};
use crate::clock::UnixSeconds;
use crate::store::{CopyError, StoreCopy};
use nix::sys::statvfs::statvfs;
use rusqlite::limits::Limit;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, InterruptHandle, OpenFlags};
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Behind the database's name, of what is being written. What a crash has left of it goes at the next start.
const BEGUN: &str = ".copying";

/// Longest row of a copy; as what is written.
pub(super) const LONGEST_ROW: i32 = 16 << 20;

/// A copy being made, to be broken off from another thread.
#[derive(Default)]
pub(super) struct Cancel {
    cancelled: AtomicBool,
    working: Mutex<Option<InterruptHandle>>,
}

impl Cancel {
    /// Ends what goes on, and keeps the next step from beginning.
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        if let Some(handle) = &*self.working.lock().unwrap_or_else(PoisonError::into_inner) {
            handle.interrupt();
        }
    }

    fn watch(&self, connection: &Connection) -> Result<(), CopyError> {
        *self.working.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(connection.get_interrupt_handle());
        if self.cancelled.load(Ordering::SeqCst) { Err(CopyError::Cancelled) } else { Ok(()) }
    }
}

/// Where the copy of the database `path` is written.
pub(super) fn begun(path: &Path) -> PathBuf {
    beside(path, BEGUN)
}

/// Takes away what a crash has left of a copy.
pub(super) fn remove_begun(path: &Path) -> std::io::Result<()> {
    for suffix in ["", "-journal", "-wal", "-shm"] {
        match std::fs::remove_file(beside(&begun(path), suffix)) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    Ok(())
}

/// A checked copy of the database `path`, of this moment, in a file that has no name any more: nothing of
/// it is left, however this ends.
pub(super) fn make(path: &Path, at: UnixSeconds, cancel: &Cancel) -> Result<StoreCopy, CopyError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let source = Connection::open_with_flags(path, flags)?;
    harden(&source, LONGEST_ROW)?;
    source.busy_timeout(std::time::Duration::from_secs(5))?;
    // The copy is read once and gone: a power cut may have it.
    source.execute_batch("PRAGMA temp_store=MEMORY; PRAGMA synchronous=OFF;")?;
    cancel.watch(&source)?;
    let made = write(&source, path).and_then(|copy| finish(&copy, at, cancel));
    // Its name goes, whatever has come of it.
    let removed = remove_begun(path).map_err(|error| CopyError::io(&begun(path), error));
    let made = made?;
    removed?;
    Ok(made)
}

/// Writes the copy, which is then at [`begun`]: the schema that there is, whichever.
pub(super) fn write(source: &Connection, path: &Path) -> Result<PathBuf, CopyError> {
    let copy = begun(path);
    let io = |error| CopyError::io(&copy, error);
    remove_begun(path).map_err(io)?;
    look_for_room(source, path)?;
    // SQLite would make it with the umask's mode.
    file_of_our_own(&copy).map_err(io)?;
    // The copy is attached for the time.
    source.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 1)?;
    let name = ToSqlOutput::Borrowed(ValueRef::Text(copy.as_os_str().as_bytes()));
    let written = source.execute("VACUUM INTO ?1", [name]);
    source.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    written?;
    Ok(copy)
}

/// A full disk would refuse everybody's changes meanwhile.
fn look_for_room(source: &Connection, path: &Path) -> Result<(), CopyError> {
    const SPARE: u64 = 1 << 20;
    let number = |pragma: &str| source.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, u64>(0));
    let pages = number("page_count")?.saturating_sub(number("freelist_count")?);
    let size = pages.saturating_mul(number("page_size")?);
    let needed = size.saturating_add(size / 8).saturating_add(SPARE);
    let dir = path.parent().unwrap_or(Path::new("."));
    // A file system that doesn't tell will say so when it is full.
    let Ok(disk) = statvfs(dir) else { return Ok(()) };
    let free = disk.blocks_available().saturating_mul(disk.fragment_size());
    if free >= needed { Ok(()) } else { Err(CopyError::NoRoom { dir: dir.to_owned(), needed, free }) }
}

/// Notes in the copy what it is, and looks whether it can be read.
fn finish(copy: &Path, at: UnixSeconds, cancel: &Cancel) -> Result<StoreCopy, CopyError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(copy, flags)?;
    harden(&connection, LONGEST_ROW)?;
    connection.query_row("PRAGMA journal_mode=OFF", [], |_| Ok(()))?;
    connection.execute_batch("PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;")?;
    cancel.watch(&connection)?;
    record::note_copy(&connection, at)?;
    if let Some(damage) = damage(&connection)? {
        return Err(CopyError::Damaged(damage));
    }
    let counts = read::counts(&connection, None, at)?;
    let last_event = record::last_event(&connection)?;
    drop(connection);
    let file = File::open(copy).map_err(|error| CopyError::io(copy, error))?;
    let bytes = file.metadata().map_err(|error| CopyError::io(copy, error))?.len();
    Ok(StoreCopy { file, bytes, counts, last_event })
}

/// What is wrong with a database, all of it looked at.
pub(super) fn damage(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let said: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok((said != "ok").then(|| said.lines().collect::<Vec<_>>().join(" ")))
}

impl From<rusqlite::Error> for CopyError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Self::Cancelled,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}
