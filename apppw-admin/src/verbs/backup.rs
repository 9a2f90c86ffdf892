//! A copy of the database, and putting one back.

use serde::{Deserialize, Serialize};

/// Result of [`super::Verb::Backup`]. The copy itself follows, in [`Backup::bytes`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// The moment that it shows.
    pub at: i64,
    /// How long it is.
    pub bytes: u64,
    /// Accounts in it.
    pub accounts: u64,
    /// App passwords in it that are neither expired nor revoked.
    pub live: u64,
    /// Tombstones in it.
    pub revoked: u64,
    /// The number of the last event in it; none: it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event: Option<u64>,
    /// All that the first so many bytes of the journal say is in it.
    pub journal_bytes: u64,
    /// The database that it is of.
    pub database: String,
    /// Where key and journal lie, which are not in it.
    pub key_dir: String,
}

/// Arguments of [`super::Verb::BackupKept`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupKeptArgs {
    /// The SHA-256 of the one that is, in hexadecimal digits.
    pub sha256: String,
}

/// Result of [`super::Verb::BackupKept`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupKept {
    /// [`Backup::at`] of what counts as the last backup now.
    pub last_backup: i64,
}

/// What `apppwd --restore` says on its standard output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// The database that it is now.
    pub database: String,
    /// Where the one is that was there before; none: there was none.
    pub kept: Option<String>,
    /// The moment that it shows; none: `apppw backup` didn't make it.
    pub at: Option<i64>,
    /// Accounts in it.
    pub accounts: u64,
    /// App passwords in it that were not revoked, expired ones too.
    pub app_passwords: u64,
    /// Whether the server key was there, so that it is known to fit.
    pub key_checked: bool,
    /// Where key and journal lie.
    pub key_dir: String,
}
