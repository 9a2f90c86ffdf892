//! Why the store did not do it, or can't be opened.

use crate::fault::Exit;
use std::path::{Path, PathBuf};

/// Why the store did not do it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The disk is full or read-only; nothing has changed.
    #[error("the database can't be written: {0}")]
    ReadOnly(String),
    /// Anything else; nothing has changed.
    #[error("the database failed: {0}")]
    Failed(String),
}

/// Why the store can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Made by a newer apppwd.
    #[error(
        "{}: the database has schema {found}, this apppwd knows up to {known}. Install the newer apppwd again, or put \
         back how it was before its upgrade: `apppw restore {}`", path.display(), before_it(kept.as_deref())
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest known one.
        known: i64,
        /// As it was before it was brought to a schema that is too new, if that is still there.
        kept: Option<PathBuf>,
    },
    /// It has to be migrated, and can't be copied before.
    #[error(
        "{}: the database is of an older apppwd, and before it is brought up to date it must be copied to {}: {why}. \
         Nothing has changed", path.display(), kept.display()
    )]
    NotKept {
        /// The database.
        path: PathBuf,
        /// Where the copy would be.
        kept: PathBuf,
        /// Why there is none.
        why: String,
    },
    /// Nothing is in it, though this host has had app passwords.
    #[error(
        "{}: the database is empty, but the journal has records: this host has had app passwords. Put the database \
         back from a backup, or run `apppwd --init` once, as the daemon's user, to begin with none (revocations in the \
         journal stay in force)", path.display()
    )]
    Empty {
        /// The database.
        path: PathBuf,
    },
    /// Not a database of ours, or damaged.
    #[error("{}: the database can't be used: {why}. Put it back from a backup", path.display())]
    Unusable {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        why: String,
    },
    /// A full or read-only disk, an I/O error, another program's lock: it may pass.
    #[error("{}: the database can't be opened now: {why}. Nothing is wrong with it as far as can be seen", path.display())]
    NotNow {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        why: String,
    },
    /// The SQLite that was linked can lose commits.
    #[error(
        "SQLite {0} can lose commits in WAL mode (fixed in 3.51.3): build apppwd with its bundled SQLite"
    )]
    OldSqlite(&'static str),
}

/// What is to be restored.
fn before_it(kept: Option<&Path>) -> String {
    kept.map_or_else(|| "FILE".to_owned(), |kept| kept.display().to_string())
}

impl OpenError {
    /// The exit status.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Newer { .. } | Self::Empty { .. } | Self::Unusable { .. } => Exit::Config,
            // Room on a disk may come back by itself.
            Self::NotNow { .. } | Self::NotKept { .. } | Self::OldSqlite(_) => Exit::Failure,
        }
    }
}
