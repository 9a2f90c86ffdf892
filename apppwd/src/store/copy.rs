//! Copies of the whole store.

use super::Counts;
use crate::clock::UnixSeconds;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A copy of the whole store, of one moment, checked. Nothing else leads to its file, so it goes with it.
#[derive(Debug)]
pub struct StoreCopy {
    /// The copy.
    pub file: File,
    /// How long it is.
    pub bytes: u64,
    /// What is in it.
    pub counts: Counts,
    /// The number of its last event.
    pub last_event: Option<u64>,
}

/// A backup that was put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PutBack {
    /// When.
    pub at: UnixSeconds,
    /// The moment that it shows; `None`: `apppw backup` didn't make it.
    pub shows: Option<UnixSeconds>,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The disk has no room for it.
    #[error(
        "the copy of the database that is made in {} first needs {} MiB, and {} MiB are free: make room there",
        dir.display(), mebibytes(*needed), free >> 20
    )]
    NoRoom {
        /// Where it is made.
        dir: PathBuf,
        /// Bytes that it needs.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// A file can't be written or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database is damaged, and the copy with it.
    #[error("the database is damaged: {0}. Put a backup of before back: `apppw restore FILE`")]
    Damaged(String),
    /// It was broken off.
    #[error("it was broken off")]
    Cancelled,
    /// Anything else.
    #[error("the database can't be copied: {0}")]
    Failed(String),
}

impl CopyError {
    /// An I/O fault on `path`.
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

/// Rounded up.
const fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

/// Why a file can't become the database.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Something else.
    #[error(
        "what is to be restored is no database of apppwd: give it what `apppw backup` has written. Nothing has changed"
    )]
    NotOurs,
    /// Made by a newer apppwd.
    #[error(
        "the backup has schema {found}, this apppwd knows up to {known}: install the apppwd that made it, or a newer one. \
         Nothing has changed"
    )]
    Newer {
        /// Its schema.
        found: i64,
        /// The newest known one.
        known: i64,
    },
    /// Somebody has edited it.
    #[error(
        "the backup isn't as apppwd makes it: somebody has changed it. Take another one; nothing has changed"
    )]
    Changed,
    /// It was made with another key.
    #[error(
        "the backup was made with another server key than {} (key {id} differs, or is missing there): put that key back from \
         its backup first. Nothing has changed", path.display()
    )]
    OtherKey {
        /// The file of the keys.
        path: PathBuf,
        /// Which one.
        id: u32,
    },
    /// It can't be read.
    #[error("the backup is damaged: {0}. Take another one; nothing has changed")]
    Damaged(String),
    /// The disk has no room for it.
    #[error("there is no room for the backup in {}: make some; nothing has changed", dir.display())]
    NoRoom {
        /// Where it is to lie.
        dir: PathBuf,
    },
}
