//! What happened: events.

use super::Actor;
use super::words::words;
use crate::AppPasswordId;
use serde::{Deserialize, Serialize};

words! {
    /// What an event is about: a closed list.
    EventKind,
    /// The word that is stored and shown.
    as_str:

    /// An app password was made.
    Create => "create",
    /// Its creation was taken back, before anybody saw its secret.
    UndoCreate => "undo-create",
    /// An app password was made in the place of another ([`Event::was`]: its id).
    Rotate => "rotate",
    /// An app password got another name ([`Event::was`]: the one before).
    Rename => "rename",
    /// It was suspended.
    Suspend => "suspend",
    /// It was resumed.
    Resume => "resume",
    /// It was revoked.
    Revoke => "revoke",
    /// It was locked to the service or the network of its first use.
    Pin => "pin",
    /// Its end was brought forward to what the journal says.
    End => "end",
    /// Its end came, and was noted.
    Expire => "expire",
    /// Somebody knew the secret of an app password that is revoked, expired or suspended
    /// ([`Event::reason`]). At most one for each app password and hour.
    RefusedUse => "refused-use",
    /// An account was marked as enrolled.
    UserEnroll => "user.enroll",
    /// That mark was cleared.
    UserUnenroll => "user.unenroll",
    /// An account was locked.
    UserLock => "user.lock",
    /// It was unlocked.
    UserUnlock => "user.unlock",
    /// It was locked and all its app passwords revoked.
    UserLockdown => "user.lockdown",
    /// It got another name ([`Event::was`]: the one before).
    UserRename => "user.rename",
    /// It was deleted.
    UserDelete => "user.delete",
    /// A panic switch was turned on.
    PanicOn => "panic.on",
    /// It was turned off.
    PanicOff => "panic.off",
    /// A new server key was taken into use ([`Event::was`]: its number).
    KeyRotate => "key.rotate",
    /// An old one was given up ([`Event::was`]: its number; [`Event::reason`]: what went with it).
    KeyRetire => "key.retire",
    /// Somebody was given the server keys ([`Event::was`]: their numbers).
    KeyExport => "key.export",
    /// Server keys were put into the place of those before ([`Event::was`]: their numbers).
    KeyImport => "key.import",
    /// One was lost (the same).
    KeyLost => "key.lost",
    /// A copy of the database was handed out.
    Backup => "backup",
    /// A backup was put back ([`Event::was`]: of when, in Unix seconds).
    Restore => "restore",
    /// Somebody was refused a management verb ([`Event::verb`]), by his role or by a limit.
    Denied => "denied",
    /// Old tombstones were forgotten.
    Forget => "forget",
    /// Old events were forgotten.
    Prune => "prune",
}

impl EventKind {
    /// The kind of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its number: later ones have greater numbers, and none is given twice, not even when a
    /// backup was put back. None: it waits to be written, for the disk takes no writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// When.
    pub at: i64,
    /// The mail host where it happened.
    pub host: String,
    /// What.
    pub kind: EventKind,
    /// Who did it; none: a login did, or in [`EventKind::Denied`] so many callers that they are
    /// not told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// The account's canonical name then. In [`EventKind::Denied`]: whose account was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The app password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<AppPasswordId>,
    /// Its name then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it was before: a name, or the id of what was rotated. Of a server key its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// The services and groups that it was made for, or the group whose panic switch it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// The client's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rhost: Option<String>,
    /// Whether the address comes from a peer that is not trusted to name one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rhost_unproven: bool,
    /// The verb that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
    /// Why: the log's word, or the refusal's message; of what was revoked because of its server key
    /// `key-retired` or `key-lost`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many of the kind this one stands for.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: u64,
}

const fn one() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_one(count: &u64) -> bool {
    *count == 1
}

/// Arguments of [`super::Verb::Events`]. All conditions hold that are given.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsArgs {
    /// Whose; none: the caller's own, or all for an administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Of this app password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<AppPasswordId>,
    /// Of these kinds; none: of any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<EventKind>,
    /// Done, or asked for and refused, by that uid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<u32>,
    /// At or after that second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// Before that second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// With a greater number: [`Events::cursor`] of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Only the newest so many; doesn't go with `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<u32>,
}

/// Result of [`super::Verb::Events`]: by number, and last those that are not written yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Events {
    /// This page.
    pub events: Vec<Event>,
    /// Where the next page begins, also if it would be empty now.
    pub cursor: u64,
    /// There are more behind this page.
    #[serde(default)]
    pub more: bool,
    /// Events up to this number were forgotten for their age or number; none: none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<u64>,
}
