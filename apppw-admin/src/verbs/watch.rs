//! Watching the logins of one account as they happen.

use super::State;
use crate::AppPasswordId;
use serde::{Deserialize, Serialize};

/// Arguments of [`super::Verb::Watch`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchArgs {
    /// The app password that is waited for. Its account is what is watched.
    pub id: AppPasswordId,
    /// [`Watched::watch`] of the answer before; none: a new watch begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<u64>,
    /// [`Watched::cursor`] of the answer before: what came after it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

/// Result of [`super::Verb::Watch`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Watched {
    /// The watch. Another one than was given: that one is not known (any more), and what came in
    /// between neither.
    pub watch: u64,
    /// Whether the app password can be used.
    pub state: State,
    /// The account's name: attempts under other names are not told.
    pub user: String,
    /// Attempts on the account, oldest first.
    pub attempts: Vec<Attempt>,
    /// To be given back as [`WatchArgs::after`].
    pub cursor: u64,
}

/// Logins that were tried and judged alike. It holds nothing of what was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When, the last of them.
    pub at: i64,
    /// The PAM service.
    pub service: String,
    /// The client's address; none: the host gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rhost: Option<String>,
    /// Whether the address comes from a peer that is not trusted to name one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rhost_unproven: bool,
    /// The verdict: `accepted`, `refused`, `not-mine`, `unavailable`.
    pub verdict: String,
    /// Why: a word of the closed list that the log has too.
    pub reason: String,
    /// The app password that the secret belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<AppPasswordId>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many, since the watch began.
    pub count: u64,
}
