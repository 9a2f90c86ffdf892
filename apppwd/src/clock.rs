//! Time. Decisions take it as an argument; only this file and the shell around the
//! decisions ask the system.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970-01-01 UTC; the store's only unit of time.
pub type UnixSeconds = i64;

/// That second as people read it, in UTC.
#[must_use]
pub fn shown(at: UnixSeconds) -> String {
    jiff::Timestamp::from_second(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

/// The wall clock now. A clock before 1970 reads as 0.
#[must_use]
pub fn now() -> UnixSeconds {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
