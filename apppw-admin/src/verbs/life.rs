//! Changing app passwords and taking them away.

use super::AppPassword;
use crate::AppPasswordId;
use crate::span::Span;
use serde::{Deserialize, Serialize};

/// Arguments of [`super::Verb::Rename`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenameArgs {
    /// Which.
    pub id: AppPasswordId,
    /// The new label.
    pub name: String,
}

/// Arguments of [`super::Verb::Suspend`] and [`super::Verb::Resume`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdsArgs {
    /// Which; at most 1,000.
    pub ids: Vec<AppPasswordId>,
}

/// Result of [`super::Verb::Suspend`] and [`super::Verb::Resume`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Changed {
    /// What was changed, all of it.
    pub ids: Vec<AppPasswordId>,
    /// The records of `ids`, as many as fit into a line.
    pub app_passwords: Vec<AppPassword>,
    /// Ids among the arguments that were so already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub already: Vec<AppPasswordId>,
}

/// Arguments of [`super::Verb::Revoke`]: either ids, or a selection (`users` with `all`, or any of
/// `unused`, `created_before` and `service`, within `users` if there are some).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeArgs {
    /// Which; at most 1,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<AppPasswordId>,
    /// Whose; at most 1,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    /// All live ones of `users`.
    #[serde(default)]
    pub all: bool,
    /// Live ones not used for that long (never used: made that long ago).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused: Option<Span>,
    /// Live ones made before that second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_before: Option<i64>,
    /// Live ones whose scope names that service or group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Say what would be revoked, change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// Result of [`super::Verb::Revoke`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Revoked {
    /// How many were (or with `dry_run` would be) revoked.
    pub count: u64,
    /// Which, at most 1,000.
    pub ids: Vec<AppPasswordId>,
    /// The records of `ids`, as many as fit into a line.
    pub app_passwords: Vec<AppPassword>,
    /// Ids among the arguments that had been revoked before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub already: Vec<AppPasswordId>,
    /// The record of uses has a gap that ended then, and `unused` looks further back: some of
    /// them may have been used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_since: Option<i64>,
}
