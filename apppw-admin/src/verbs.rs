//! The verbs: their names, arguments and results. Times are Unix seconds.

use crate::{AppPasswordId, SecretText};
use serde::{Deserialize, Serialize};

/// What can be asked on `admin.sock`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Make an app password.
    Create,
    /// App passwords of one account, or of all.
    List,
    /// One app password, whole.
    Show,
    /// Take app passwords away for good.
    Revoke,
    /// Would this secret be accepted?
    Verify,
    /// How the daemon is.
    Status,
    /// One account.
    UserShow,
    /// Mark an account as enrolled.
    UserEnroll,
    /// Clear that mark.
    UserUnenroll,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 9] = [
        Self::Create,
        Self::List,
        Self::Show,
        Self::Revoke,
        Self::Verify,
        Self::Status,
        Self::UserShow,
        Self::UserEnroll,
        Self::UserUnenroll,
    ];

    /// The verb's name in the envelope.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::List => "list",
            Self::Show => "show",
            Self::Revoke => "revoke",
            Self::Verify => "verify",
            Self::Status => "status",
            Self::UserShow => "user.show",
            Self::UserEnroll => "user.enroll",
            Self::UserUnenroll => "user.unenroll",
        }
    }

    /// The verb of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.name() == name)
    }
}

/// Arguments of [`Verb::Create`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateArgs {
    /// Whose; left out by a user who acts for himself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The label: 1 to 80 characters, unique among the account's live ones.
    pub name: String,
    /// Services and groups; empty: `[policy] default_services`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
}

/// Result of [`Verb::Create`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Created {
    /// The secret with its hyphens: the only time that it is shown.
    pub secret: SecretText,
    /// The record.
    pub app_password: AppPassword,
    /// This was the account's first: it is enrolled from now on.
    pub newly_enrolled: bool,
    /// What the primary password may still do for this account.
    pub primary: PrimaryPolicy,
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

/// An app password without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPassword {
    /// Its public name.
    pub id: AppPasswordId,
    /// The account's canonical name.
    pub user: String,
    /// The label.
    pub name: String,
    /// Whether it can be used.
    pub state: State,
    /// Services and groups that it is good for, by name.
    pub services: Vec<String>,
    /// When it was made.
    pub created: i64,
    /// Who made it.
    pub created_by: Actor,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<i64>,
    /// Who revoked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_by: Option<Actor>,
    /// The latest login with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_use: Option<Use>,
}

/// Whether an app password can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It can.
    Live,
    /// Taken away for good.
    Revoked,
}

impl State {
    /// The word that is shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Revoked => "revoked",
        }
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The peer's uid.
    pub uid: u32,
    /// What it was then.
    pub role: ActorRole,
    /// Whom it acted for, if not for itself. Reserved: no role may do that yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// Its name, where the system knew one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What an actor was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActorRole {
    /// Root, or a member of `apppw-admin`.
    Admin,
    /// A person with a Unix account.
    User,
    /// The daemon itself, at start from its journal.
    Daemon,
}

impl ActorRole {
    /// The word that is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
            Self::Daemon => "daemon",
        }
    }

    /// The role of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Admin, Self::User, Self::Daemon].into_iter().find(|role| role.as_str() == word)
    }
}

/// Logins with one app password on one service from one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
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
    /// The first one.
    pub first: i64,
    /// The last one.
    pub last: i64,
    /// How many.
    pub count: u64,
}

/// Arguments of [`Verb::List`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListArgs {
    /// Whose; none: the caller's own, or all accounts for an administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Revoked ones too.
    #[serde(default)]
    pub all: bool,
    /// [`Listed::next`] of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Result of [`Verb::List`]: by account name, then time of creation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Listed {
    /// This page.
    pub app_passwords: Vec<AppPassword>,
    /// Where the next page begins; none: this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Arguments of [`Verb::Show`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowArgs {
    /// Which.
    pub id: AppPasswordId,
}

/// Result of [`Verb::Show`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shown {
    /// The record.
    pub app_password: AppPassword,
    /// Its uses, newest first, at most 50.
    pub uses: Vec<Use>,
}

/// Arguments of [`Verb::Revoke`]: either ids, or one user and `all`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeArgs {
    /// Which; at most 1,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<AppPasswordId>,
    /// Whose; with `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// All live ones of `user`.
    #[serde(default)]
    pub all: bool,
    /// Say what would be revoked, change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// Result of [`Verb::Revoke`].
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
}

/// Arguments of [`Verb::Verify`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyArgs {
    /// Whose; left out by a user who acts for himself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// As typed.
    pub secret: SecretText,
    /// The service to judge it for; none: its scope is not judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The client's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rhost: Option<String>,
}

/// Result of [`Verb::Verify`].
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

/// Result of [`Verb::Status`].
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
    /// Accounts known.
    pub accounts: u64,
    /// Accounts enrolled.
    pub enrolled: u64,
    /// App passwords that can be used.
    pub live: u64,
    /// Tombstones.
    pub revoked: u64,
    /// Verdicts since the start.
    pub verdicts: Verdicts,
    /// Argon2id: how it is set and how busy it is.
    pub argon2: Argon2Status,
    /// Whether the store took the last write: `false` on a full or read-only disk.
    pub writable: bool,
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

/// Arguments of [`Verb::UserShow`], [`Verb::UserEnroll`] and [`Verb::UserUnenroll`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserArgs {
    /// Which account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// Result of [`Verb::UserShow`], [`Verb::UserEnroll`] and [`Verb::UserUnenroll`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    /// Its canonical name.
    pub user: String,
    /// The Unix uid that it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Since when it is enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolled: Option<i64>,
    /// When it became known.
    pub created: i64,
    /// Its app passwords that can be used.
    pub live: u64,
    /// Its tombstones.
    pub revoked: u64,
    /// What the primary password may do for it.
    pub primary: PrimaryPolicy,
}
