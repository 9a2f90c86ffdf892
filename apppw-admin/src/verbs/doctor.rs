//! How the daemon finds itself: what `apppw doctor` can't see from outside.

use serde::{Deserialize, Serialize};

/// Arguments of [`super::Verb::Doctor`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoctorArgs {
    /// PAM services that are to be looked for in `[groups]`; at most 1,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
}

/// Result of [`super::Verb::Doctor`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checkup {
    /// The daemon's version.
    pub version: String,
    /// Its process id, as it sees it.
    pub pid: u32,
    /// Whose rights it has.
    pub uid: u32,
    /// Seconds since it began to serve.
    pub uptime: u64,
    /// Its clock.
    pub now: i64,
    /// Since when its clock has not jumped.
    pub clock_since: i64,
    /// It has jumped not long ago: nothing is noted as expired by it for a day.
    pub clock_doubted: bool,
    /// Whether the store took the last write.
    pub writable: bool,
    /// Reads and writes that failed since the start.
    pub errors: u64,
    /// Refused in memory only, because that could not be written down.
    pub in_memory: u64,
    /// `apppw panic` switches that are on.
    pub panic: u64,
    /// `[policy] report_only`.
    pub report_only: bool,
    /// The folder of the database.
    pub state_dir: String,
    /// The folder of the server key and the journal.
    pub key_dir: String,
    /// `auth_socket` of the configuration.
    pub auth_socket: String,
    /// The server key.
    pub key: KeyCheckup,
    /// The database.
    pub database: DatabaseCheckup,
    /// Services among the arguments that are in no group of `[groups]`: refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlisted: Vec<String>,
    /// Services that are in a group of `[policy] default_services`, or named there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub default_services: Vec<String>,
}

/// The server key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyCheckup {
    /// The number of the newest one.
    pub newest: u32,
    /// How many are active.
    pub active: u32,
    /// They come from a systemd credential, and no file in `key_dir` is read.
    #[serde(default)]
    pub credential: bool,
    /// Why they are not locked in memory, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_locked: Option<String>,
}

/// The database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseCheckup {
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
    /// Its schema.
    pub schema: u32,
    /// The newest schema that this apppwd makes.
    pub newest_schema: u32,
    /// Its size in bytes, what is free in it included.
    pub bytes: u64,
    /// The number drawn at each start and each hour, here and in the journal: by it a backup that was
    /// put back is told from the database that was used last.
    pub generation: u64,
    /// When `apppw backup` has last made one; none: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_backup: Option<i64>,
}
