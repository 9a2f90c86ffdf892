//! Events that wait for their write, and those on their way: none is lost to a failed write, and
//! their number is bounded.

use super::denied::DeniedVerbs;
use super::refused_use::RefusedUses;
use super::say;
use crate::clock::UnixSeconds;
use apppw_admin::verbs::{ActorRole, Event};
use std::time::Instant;

/// Most events that wait, so that a disk that stays full doesn't fill the memory.
const MAX_WAITING: usize = 10_000;

/// The events that wait, and those on their way.
#[derive(Debug, Default)]
pub struct PendingEvents {
    waiting: Vec<Event>,
    on_their_way: Vec<Event>,
    pub(super) refused_uses: RefusedUses,
    pub(super) denied: DeniedVerbs,
    dropped: u64,
    /// A task is there that will write them.
    pub(super) is_scheduled: bool,
    /// When the disk last took none.
    pub(super) failed: Option<Instant>,
}

impl PendingEvents {
    pub(super) fn add(&mut self, event: Event) {
        // What administrators do must find room, whatever others have done before.
        let is_admins = event.actor.as_ref().is_some_and(|actor| actor.role == ActorRole::Admin);
        let most = if is_admins { MAX_WAITING + MAX_WAITING / 4 } else { MAX_WAITING };
        if self.waiting.len() < most {
            self.waiting.push(event);
        } else {
            self.dropped += event.count;
        }
    }

    /// Hands out all that are due, to be written. [`PendingEvents::ended`] follows.
    pub(super) fn take(&mut self, now: Option<UnixSeconds>) -> Vec<Event> {
        for event in self.denied.due(now) {
            say(&event);
            self.add(event);
        }
        self.on_their_way.append(&mut self.waiting);
        self.on_their_way.clone()
    }

    /// What [`PendingEvents::take`] handed out is in the store (`written`), or waits again.
    pub(super) fn ended(&mut self, written: bool) {
        let tried = std::mem::take(&mut self.on_their_way);
        if !written {
            let later = std::mem::replace(&mut self.waiting, tried);
            self.waiting.extend(later);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && !self.denied.counts()
    }

    /// Those that are not in the store yet.
    pub fn all(&self) -> impl Iterator<Item = &Event> {
        self.on_their_way.iter().chain(&self.waiting)
    }

    /// Events dropped since the start because too many waited.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::super::bare;
    use super::*;
    use apppw_admin::verbs::{Actor, EventKind};

    fn pending(event: &Event) -> (UnixSeconds, u64) {
        (event.at, event.count)
    }

    fn event(at: UnixSeconds) -> Event {
        Event { count: 3, ..bare(EventKind::RefusedUse, at, "mail1") }
    }

    #[test]
    fn a_failed_write_loses_none_and_keeps_their_order() {
        let mut events = PendingEvents::default();
        events.add(event(1));
        assert_eq!(events.take(Some(1)), [event(1)]);
        events.add(event(2));
        assert_eq!(events.all().map(pending).collect::<Vec<_>>(), [(1, 3), (2, 3)], "also on their way");
        events.ended(false);
        assert_eq!(events.take(Some(2)), [event(1), event(2)]);
        events.ended(true);
        assert!(events.is_empty() && events.all().next().is_none());
    }

    #[test]
    fn a_disk_that_stays_full_does_not_fill_the_memory() {
        let mut events = PendingEvents::default();
        (0..MAX_WAITING + 5).for_each(|_| events.add(event(1)));
        assert_eq!((events.all().count(), events.dropped()), (MAX_WAITING, 5 * 3));
        let name = Some("root".to_owned());
        let root = Actor { uid: 0, login_uid: None, role: ActorRole::Admin, on_behalf_of: None, name };
        events.add(Event { actor: Some(root), ..event(2) });
        assert_eq!(events.all().last().map(pending), Some((2, 3)), "there is room for administrators");
    }
}
