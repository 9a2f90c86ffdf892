//! Accounts, and their primary passwords.

use crate::AppPasswordId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Arguments of the verbs on one account but [`super::Verb::UserRename`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserArgs {
    /// Which account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// Arguments of [`super::Verb::UserRename`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserRenameArgs {
    /// Which account.
    pub user: String,
    /// Its new name.
    pub new: String,
}

/// Result of the verbs on one account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    /// Its canonical name.
    pub user: String,
    /// The Unix uid that it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The uid that the system gives its name now, if that is another one: perhaps another
    /// person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_uid: Option<u32>,
    /// Since when it is enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolled: Option<i64>,
    /// Since when it is locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked: Option<i64>,
    /// When it became known.
    pub created: i64,
    /// Its app passwords that can be used.
    pub live: u64,
    /// Its tombstones.
    pub revoked: u64,
    /// What the primary password may do for it, where no group of services says otherwise.
    pub primary: PrimaryPolicy,
    /// Where it may do something else: by group of services.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub primary_in: BTreeMap<String, PrimaryPolicy>,
    /// That is only reported, not enforced.
    #[serde(default)]
    pub report_only: bool,
    /// What this verb revoked ([`super::Verb::UserLockdown`], [`super::Verb::UserDelete`]), at
    /// most 1,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoked_now: Vec<AppPasswordId>,
    /// How many that were.
    #[serde(default)]
    pub revoked_count: u64,
}

/// `[policy] primary`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrimaryPolicy {
    /// The primary password is refused for everyone.
    Refuse,
    /// It is refused for accounts that have, or once had, an app password.
    RefuseEnrolled,
    /// It is left to the next module.
    Allow,
}

impl PrimaryPolicy {
    /// The word in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::RefuseEnrolled => "refuse-enrolled",
            Self::Allow => "allow",
        }
    }
}

/// Arguments of [`super::Verb::Report`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportArgs {
    /// [`Report::next`] of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Result of [`super::Verb::Report`]: by account, service, address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// This page.
    pub uses: Vec<PrimaryUse>,
    /// Where the next page begins; none: this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Logins with the primary password of a known account that really opened a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrimaryUse {
    /// The account's canonical name.
    pub user: String,
    /// The PAM service.
    pub service: String,
    /// The address; `None` where the host gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rhost: Option<String>,
    /// Whether the address comes from a peer that is not trusted to name one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rhost_unproven: bool,
    /// The mail host that saw them.
    pub host: String,
    /// Whether the policy as it is now would refuse them if it were enforced
    /// (`report_only = false`).
    pub would_be_refused: bool,
    /// The first one.
    pub first: i64,
    /// The last one.
    pub last: i64,
    /// How many.
    pub count: u64,
}
