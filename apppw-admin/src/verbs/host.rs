//! The daemon as a whole.

use super::PrimaryPolicy;
use serde::{Deserialize, Serialize};

/// Result of [`super::Verb::Status`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    /// The daemon's version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// Seconds since it began to serve.
    pub uptime: u64,
    /// The frame versions that it speaks, oldest and newest.
    pub frame_versions: (u8, u8),
    /// `[policy] primary`.
    pub primary: PrimaryPolicy,
    /// `[policy] report_only`.
    #[serde(default)]
    pub report_only: bool,
    /// Accounts known.
    pub accounts: u64,
    /// Accounts enrolled.
    pub enrolled: u64,
    /// Accounts locked.
    #[serde(default)]
    pub locked: u64,
    /// App passwords that are neither expired nor revoked.
    pub live: u64,
    /// Of them suspended.
    #[serde(default)]
    pub suspended: u64,
    /// Tombstones.
    pub revoked: u64,
    /// Verdicts since the start.
    pub verdicts: Verdicts,
    /// Argon2id: how it is set and how busy it is.
    pub argon2: Argon2Status,
    /// `apppw panic` switches that are on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub panic: Vec<PanicSwitch>,
    /// App passwords and accounts that are refused in the daemon's memory only, because that
    /// could not be written down.
    #[serde(default)]
    pub in_memory: u64,
    /// Whether the store took the last write: `false` on a full or read-only disk.
    pub writable: bool,
    /// The moment that the last backup shows; none: there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_backup: Option<i64>,
}

/// Verdicts since the start.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Verdicts {
    /// accepted
    pub accepted: u64,
    /// refused
    pub refused: u64,
    /// not-mine
    pub not_mine: u64,
    /// unavailable
    pub unavailable: u64,
}

/// Argon2id: how it is set and how busy it is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Argon2Status {
    /// Memory of one computation, in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Computations at once.
    pub workers: u32,
    /// Requests that wait now.
    pub queued: u32,
    /// Computations since the start.
    pub runs: u64,
    /// Logins that the memo answered since the start.
    pub memo_hits: u64,
}

/// Arguments of [`super::Verb::Panic`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PanicArgs {
    /// On or off.
    pub on: bool,
    /// A group of services; none: the whole host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// Result of [`super::Verb::Panic`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PanicSwitches {
    /// Switches that are on now.
    pub panic: Vec<PanicSwitch>,
}

/// A switch that is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanicSwitch {
    /// The group; none: the whole host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The group is not configured any more: the switch holds for the whole host.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub group_is_gone: bool,
    /// Since when.
    pub since: i64,
}
