//! What the store's changes come to.

use super::AccountRecord;
use crate::clock::UnixSeconds;
use crate::panic_switch::PanicSwitch;
use apppw_admin::AppPasswordId;

/// What the journal must know of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restrictions {
    /// Revoked app passwords, and when.
    pub revoked: Vec<(AppPasswordId, UnixSeconds)>,
    /// Suspended ones that are not revoked, and since when.
    pub suspended: Vec<(AppPasswordId, UnixSeconds)>,
    /// Those in the grace of a rotation, and until when.
    pub retired: Vec<(AppPasswordId, UnixSeconds)>,
    /// Panic switches that are on.
    pub panic: PanicSwitch,
}

/// What [`super::Store::create`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It is in.
    Done {
        /// The account, made now or before.
        account: AccountRecord,
        /// It was not enrolled before.
        newly_enrolled: bool,
    },
    /// A live app password of the account has that name.
    NameTaken(AppPasswordId),
    /// The account has as many live app passwords as it may.
    TooManyLive,
    /// It has made as many today as it may.
    TooManyToday,
    /// What it was to take the place of is not live any more, not the account's, or was
    /// rotated already.
    NotRotatable,
    /// It has as many old halves in their grace as it may.
    TooManyHalves,
    /// Id or tag are taken, or another request has made the account meanwhile: draw again.
    Collision,
    /// The account's uid is another one.
    OtherUid(u32),
    /// The account is not bound to the uid of who makes it for himself.
    NotBound,
    /// The account is locked.
    Locked,
}

/// What a change of several app passwords did. Those that don't exist are in none of the
/// lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// These were changed, the other halves of rotations among them.
    pub changed: Vec<AppPasswordId>,
    /// These were so already.
    pub already: Vec<AppPasswordId>,
    /// These are revoked, which nothing changes.
    pub revoked: Vec<AppPasswordId>,
}

/// What [`super::Store::rename`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renamed {
    /// It has the name.
    Done,
    /// Another live app password of the account has it.
    NameTaken(AppPasswordId),
    /// It is not live.
    NotLive,
    /// The account's have been renamed as often today as they may.
    TooManyToday,
}

/// What new `[users]` rules did to the accounts' names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refolded {
    /// How many have another canonical name now.
    pub renamed: usize,
    /// Those that would have fallen together with another account, which has the canonical
    /// name: they keep the name that they were given.
    pub clashes: Vec<(String, String)>,
}
