//! All accounts, at a glance.

use super::Use;
use serde::{Deserialize, Serialize};

/// Arguments of [`super::Verb::Users`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsersArgs {
    /// [`Users::next`] of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Result of [`super::Verb::Users`]: by name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Users {
    /// This page.
    pub users: Vec<UserSummary>,
    /// Where the next page begins; none: this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An account, and how many app passwords it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSummary {
    /// Its canonical name.
    pub user: String,
    /// The Unix uid that it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Since when it is enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolled: Option<i64>,
    /// Since when it is locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked: Option<i64>,
    /// When it became known.
    pub created: i64,
    /// App passwords that are neither revoked nor expired.
    pub live: u64,
    /// Of them suspended.
    pub suspended: u64,
    /// Revoked ones that are still remembered.
    pub revoked: u64,
    /// The latest login with any of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_use: Option<Use>,
}
