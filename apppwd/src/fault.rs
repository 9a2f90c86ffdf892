//! Why the daemon doesn't start.

use crate::journal::JournalError;
use crate::key::KeyError;
use std::path::{Path, PathBuf};

/// What the process exits with (sysexits(3)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 78, `EX_CONFIG`: configuration, key, schema, owner or mode; starting again won't help.
    Config,
    /// 1: the rest.
    Failure,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Config => 78,
            Self::Failure => 1,
        }
    }
}

/// A fault at start-up, told to the person who reads the log.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The configuration can't be used.
    #[error("{0}")]
    Config(#[from] crate::config::ConfigError),
    /// The key or the journal can't be used.
    #[error("{0}")]
    Key(#[from] crate::key::KeyError),
    /// The journal can't be used.
    #[error("{0}")]
    Journal(#[from] crate::journal::JournalError),
    /// A file or folder has another owner or mode than it must.
    #[error("{0}")]
    Access(#[from] AccessFault),
    /// The store can't be opened.
    #[error("{0}")]
    Store(#[from] crate::store::OpenError),
    /// What is to be restored can't be.
    #[error("{0}")]
    Restore(#[from] crate::store::RestoreError),
    /// A socket can't be had.
    #[error("{0}")]
    Socket(#[from] crate::sockets::SocketError),
    /// Key or journal are there, the database isn't.
    #[error(
        "{database} is missing, but {beside} exists: this host has had app passwords. Put the database back \
         from a backup, or run `apppwd --init` once, as the daemon's user, to begin with none (revocations in the \
         journal stay in force)"
    )]
    DatabaseMissing {
        /// The database's path.
        database: PathBuf,
        /// What shows that there was one.
        beside: PathBuf,
    },
    /// `--init` where there is a database.
    #[error("--init is for a host that has lost its database, and {} is there: leave --init out", database.display())]
    NothingToInit {
        /// The database's path.
        database: PathBuf,
    },
    /// `--key-lost` where no key is.
    #[error(
        "--key-lost is for a host that has lost its server key for good, and {} has each that is needed: leave \
         --key-lost out", key.display()
    )]
    NoKeyLost {
        /// The file.
        key: PathBuf,
    },
    /// The database can be opened, but what is in it not be used.
    #[error(
        "{what}: {error}. The database is damaged, or somebody has changed it: put it back from a backup"
    )]
    Damaged {
        /// What was tried.
        what: &'static str,
        /// What the store said.
        error: crate::store::StoreError,
    },
    /// Another daemon has this state directory.
    #[error("another apppwd ({holder}) is running on {}: stop it first, or give this one its own state_dir", dir.display())]
    SecondDaemon {
        /// The state directory.
        dir: PathBuf,
        /// What the lock file says of its holder.
        holder: String,
    },
    /// Anything of the system's.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// No path to name.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Owner or mode of a path is not what it must be.
#[derive(Debug, thiserror::Error)]
#[error("{}: {found}, wanted {wanted}. {remedy}", path.display())]
pub struct AccessFault {
    /// The path.
    pub path: PathBuf,
    /// Owner or mode as found.
    pub found: String,
    /// As it must be.
    pub wanted: String,
    /// The command that mends it.
    pub remedy: String,
}

impl Fault {
    /// An I/O fault on `path`.
    pub fn io(what: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { what, path: path.to_owned(), source }
    }

    /// The exit status for this fault.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            // What may pass by itself: systemd tries again.
            Self::Key(KeyError::Io { .. } | KeyError::Random(_))
            | Self::Journal(JournalError::Io { .. } | JournalError::Lost(_)) => Exit::Failure,
            Self::Config(_)
            | Self::Key(_)
            | Self::Journal(_)
            | Self::Access(_)
            | Self::DatabaseMissing { .. }
            | Self::Damaged { .. }
            | Self::NothingToInit { .. }
            | Self::NoKeyLost { .. }
            | Self::Restore(_) => Exit::Config,
            Self::Store(error) => error.exit(),
            Self::Socket(error) => error.exit(),
            Self::SecondDaemon { .. } | Self::Io { .. } | Self::System { .. } => Exit::Failure,
        }
    }
}
