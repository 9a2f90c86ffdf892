//! Looking at app passwords.

use super::{AppPassword, PanicSwitch, Use};
use crate::span::Span;
use crate::{AppPasswordId, SecretText};
use serde::{Deserialize, Serialize};

/// Arguments of [`super::Verb::List`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListArgs {
    /// Whose; none: the caller's own, or all accounts for an administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Expired and revoked ones too.
    #[serde(default)]
    pub all: bool,
    /// Only live ones not used for that long (never used: made that long ago).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused: Option<Span>,
    /// Only those that can't be checked without that server key, suspended ones too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<u32>,
    /// [`Listed::next`] of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Result of [`super::Verb::List`]: by account name, then time of creation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Listed {
    /// This page.
    pub app_passwords: Vec<AppPassword>,
    /// Where the next page begins; none: this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Accounts on this page that are locked: what they have is refused all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locked: Vec<String>,
    /// `apppw panic` switches that are on: what is live is refused all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub panic: Vec<PanicSwitch>,
}

/// Arguments of [`super::Verb::Show`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowArgs {
    /// Which.
    pub id: AppPasswordId,
}

/// Result of [`super::Verb::Show`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shown {
    /// The record.
    pub app_password: AppPassword,
    /// Its uses, newest first, at most 50.
    pub uses: Vec<Use>,
}

/// Arguments of [`super::Verb::Verify`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyArgs {
    /// Whose; left out by a user who acts for himself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// As typed. Empty: only whether the question may be asked at all.
    pub secret: SecretText,
    /// The service to judge it for; none: its scope is not judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The client's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rhost: Option<String>,
}

/// Result of [`super::Verb::Verify`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Verified {
    /// Whether a login would be accepted.
    pub accepted: bool,
    /// Why or why not: a word of the closed list that the log has too.
    pub reason: String,
    /// The app password that the secret belongs to, also where it is not accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_password: Option<AppPassword>,
}
