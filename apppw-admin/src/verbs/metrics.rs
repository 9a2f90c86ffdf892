//! The daemon in numbers, for monitoring.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The service under which a login counts whose service is in no group, or which is one more
/// than are told apart.
pub const OTHER_SERVICE: &str = "other";

/// Result of [`super::Verb::Metrics`]. Counters begin at 0 when the daemon starts; durations
/// are in microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metrics {
    /// The daemon's version.
    pub version: String,
    /// When it began to serve.
    pub started: i64,
    /// Logins by service, and by the reason of their verdict.
    pub logins: BTreeMap<String, BTreeMap<String, LoginCount>>,
    /// From a whole request to its answer.
    pub login_time: Histogram,
    /// Computations of Argon2id, without the wait for one's turn.
    pub argon2_time: Histogram,
    /// Requests that wait for one now.
    pub argon2_queued: u64,
    /// Requests that found the queue full.
    pub argon2_turned_away: u64,
    /// Computations at once.
    pub argon2_workers: u64,
    /// Logins that the memo spared Argon2id.
    pub memo_hits: u64,
    /// Secrets that the memo knows.
    pub memo_entries: u64,
    /// Reads and writes of the store that failed.
    pub store_errors: u64,
    /// Transactions of the store that were committed.
    pub store_writes: u64,
    /// Whether the store took the last write.
    pub writable: bool,
    /// The moment that the last backup shows which lies where it was to; none: there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_backup: Option<i64>,
    /// Uses that wait to be written.
    pub uses_waiting: u64,
    /// Uses that were dropped, for too many waited.
    pub uses_dropped: u64,
    /// Callers that wait for a login now.
    #[serde(default)]
    pub watches: u64,
    /// Events that were dropped, for too many waited.
    pub events_dropped: u64,
    /// Lines that the log was too slow for.
    pub log_lines_dropped: u64,
    /// Management requests that were refused: by the caller's role, or by a limit.
    #[serde(default)]
    pub management_denied: u64,
    /// App passwords and accounts that are refused in memory only.
    pub in_memory: u64,
    /// Panic switches that are on.
    pub panic_switches: u64,
    /// Accounts known.
    pub accounts: u64,
    /// Of them enrolled.
    pub enrolled: u64,
    /// Of them locked.
    pub locked: u64,
    /// App passwords that are neither expired nor revoked.
    pub live: u64,
    /// Of them suspended.
    pub suspended: u64,
    /// Revoked ones that are still remembered.
    pub revoked: u64,
}

/// Logins of one service with one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginCount {
    /// The reason's verdict.
    pub verdict: String,
    /// How many.
    pub count: u64,
}

/// How long something took.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// Upper bounds in microseconds, rising, and how many took at most so long.
    pub buckets: Vec<(u64, u64)>,
    /// How many there were.
    pub count: u64,
    /// Their sum in microseconds.
    pub sum: u64,
}
