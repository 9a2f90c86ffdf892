//! Who changes something, and what is asked of the events that tell it.

use super::AccountId;
use crate::clock::UnixSeconds;
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::{Actor, Event, EventKind};

/// By whom something is changed, and when: its event says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// Who; `None`: a login.
    pub actor: Option<Actor>,
    /// When.
    pub at: UnixSeconds,
}

impl By {
    /// By `actor`.
    #[must_use]
    pub const fn actor(actor: Actor, at: UnixSeconds) -> Self {
        Self { actor: Some(actor), at }
    }

    /// By a login.
    #[must_use]
    pub const fn login(at: UnixSeconds) -> Self {
        Self { actor: None, at }
    }
}

/// Which events: all conditions hold that are given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventSelection {
    /// Of that account; with `user` too: of either.
    pub account: Option<AccountId>,
    /// That name an account so, whichever it was.
    pub user: Option<String>,
    /// Of that app password.
    pub id: Option<AppPasswordId>,
    /// Of these kinds; none: of any.
    pub kinds: Vec<EventKind>,
    /// By that uid.
    pub by: Option<u32>,
    /// At or after that second.
    pub since: Option<UnixSeconds>,
    /// Before that second.
    pub until: Option<UnixSeconds>,
    /// With a greater number than that.
    pub after: u64,
    /// Only the newest so many.
    pub last: Option<u32>,
}

/// Events, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    /// The events.
    pub events: Vec<Event>,
    /// The greatest number that any event had, when they were read.
    pub last: u64,
    /// Up to that number some were forgotten.
    pub forgotten: Option<u64>,
}

/// Which events are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepEvents {
    /// For how many seconds; `None`: for ever.
    pub seconds: Option<i64>,
    /// How many at most; of those that anybody can provoke a quarter of that.
    pub most: u64,
}
