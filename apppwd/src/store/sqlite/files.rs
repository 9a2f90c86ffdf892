//! The database's files: where they are, whose they are, and what SQLite must not meet in them.

use crate::fault::Fault;
use crate::ownership;
use crate::store::OpenError;
use nix::sys::statvfs::statvfs;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const NAME: &str = "apppw.db";

/// Of a file's format, for reading and for writing: 2 is WAL.
const NEWEST_FORMAT: u8 = 2;

/// Of the file from which SQLite takes back what a crash has left half done, while it makes the database.
const ROLLBACK: &str = "-journal";

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

/// A disk with less room than this, in bytes, is as good as full: the index of the write-ahead log takes half of it.
pub(super) const FULL: u64 = 64 << 10;

/// The file that SQLite keeps beside the database under that suffix.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}

/// Whether the disk gives the beginning of the database.
#[must_use]
pub fn is_readable(path: &Path) -> bool {
    std::fs::File::open(path).and_then(|mut file| file.read(&mut [0; 512])).is_ok()
}

/// Before SQLite touches them.
pub(super) fn check_files(path: &Path) -> Result<(), Fault> {
    for suffix in ["", "-wal", "-shm", ROLLBACK] {
        let file = beside(path, suffix);
        if ownership::is_there(&file)? {
            ownership::private_file(&file)?;
        }
    }
    check_rollback(path)
}

/// Bytes that there is room for on the disk, as far as it says.
pub(super) fn room(path: &Path) -> u64 {
    let dir = path.parent().unwrap_or(path);
    statvfs(dir).map_or(u64::MAX, |disk| disk.blocks_available().saturating_mul(disk.fragment_size()))
}

/// SQLite makes sure of room for its index by a byte in each page of 4 KiB. On a file system with smaller blocks the rest
/// of the page has none, and writing to it in memory ends the process (SIGBUS) where the disk is full.
pub(super) fn check_room(path: &Path) -> Result<(), Fault> {
    const PAGE: u64 = 4096;
    let has_small_blocks =
        path.parent().and_then(|dir| statvfs(dir).ok()).is_some_and(|disk| disk.fragment_size() < PAGE);
    if has_small_blocks && room(path) < FULL {
        let why = "its disk is full, and has blocks of less than 4 KiB: make room".to_owned();
        return Err(OpenError::NotNow { path: path.to_owned(), why }.into());
    }
    Ok(())
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

/// SQLite would make the file with the umask's mode; it holds hashes.
pub(super) fn make_file(path: &Path) -> Result<(), Fault> {
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

/// Gives a whole file its name, for good.
pub(super) fn put_in_place(new: &Path, path: &Path) -> std::io::Result<()> {
    std::fs::File::open(new)?.sync_all()?;
    std::fs::rename(new, path)?;
    path.parent().map_or(Ok(()), ownership::sync_dir)
}
