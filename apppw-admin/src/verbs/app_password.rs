//! An app password, as it is told.

use crate::AppPasswordId;
use serde::{Deserialize, Serialize};

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
    /// Networks that it is good from; empty: from anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
    /// At this second it expires; none: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// Its lock on a service, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_service: Option<PinState>,
    /// Its lock on a network, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_network: Option<PinState>,
    /// The app password that it was rotated to: it lives until `expires` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<AppPasswordId>,
    /// When it was made.
    pub created: i64,
    /// Who made it.
    pub created_by: Actor,
    /// When it was suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<i64>,
    /// Who suspended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_by: Option<Actor>,
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
    /// Not until it is resumed.
    Suspended,
    /// Its time is over.
    Expired,
    /// Taken away for good.
    Revoked,
}

impl State {
    /// The word that is shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// How far a pin is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinState {
    /// It waits for the first use.
    Pending,
    /// It is locked to this.
    To(String),
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

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The peer's uid.
    pub uid: u32,
    /// Root's: the uid that the session was logged in with (`/proc/PID/loginuid`, audit), where
    /// the kernel tells: who is behind `sudo`. A hint: root can choose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_uid: Option<u32>,
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
    /// A member of `apppw-helpdesk`, acting for others.
    Helpdesk,
    /// A person with a Unix account.
    User,
    /// Somebody who may do nothing.
    Nobody,
    /// The daemon itself: by its journal, its configuration or the clock.
    Daemon,
}

impl ActorRole {
    /// The word that is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Helpdesk => "helpdesk",
            Self::User => "user",
            Self::Nobody => "nobody",
            Self::Daemon => "daemon",
        }
    }

    /// The role of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Admin, Self::Helpdesk, Self::User, Self::Nobody, Self::Daemon];
        all.into_iter().find(|role| role.as_str() == word)
    }
}
