//! Uses that are not written yet.
//!
//! Logins are counted in memory and written behind, many in one transaction: they never
//! delay or fail a login, and a crash loses at most [`FLUSH_AFTER`] of them.

use crate::clock::UnixSeconds;
use crate::store::{MAX_USES, UseDelta};
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::Use;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a use may wait for its write.
pub const FLUSH_AFTER: Duration = Duration::from_secs(30);

/// Most uses that wait, so that a disk that stays full doesn't fill the memory.
const MAX_PENDING: usize = 50_000;

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    id: AppPasswordId,
    service: String,
    rhost: String,
    unproven: bool,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    first: UnixSeconds,
    last: UnixSeconds,
    count: u64,
}

/// The uses that wait, and those on their way to the store: both are shown.
#[derive(Debug, Default)]
pub struct PendingUses {
    waiting: BTreeMap<Key, Seen>,
    on_their_way: BTreeMap<Key, Seen>,
    dropped: u64,
}

impl PendingUses {
    /// Counts an accepted login. One app password has at most [`MAX_USES`] places here: it
    /// can't crowd out the others.
    pub fn count(&mut self, id: AppPasswordId, service: &str, rhost: &str, unproven: bool, now: UnixSeconds) {
        let key = Key { id, service: service.to_owned(), rhost: rhost.to_owned(), unproven };
        let is_new = !self.waiting.contains_key(&key);
        if is_new && (self.waiting.len() >= MAX_PENDING || range_of(&self.waiting, id).count() >= MAX_USES) {
            self.dropped += 1;
            return;
        }
        add(&mut self.waiting, key, Seen { first: now, last: now, count: 1 });
    }

    /// Whether there are some of `id`.
    #[must_use]
    pub fn has(&self, id: AppPasswordId) -> bool {
        self.of(id).next().is_some()
    }

    /// Hands out all that wait, to be written. [`PendingUses::written`] or
    /// [`PendingUses::not_written`] follows.
    pub fn take(&mut self, host: &str) -> Vec<UseDelta> {
        for (key, seen) in std::mem::take(&mut self.waiting) {
            add(&mut self.on_their_way, key, seen);
        }
        self.on_their_way
            .iter()
            .map(|(key, seen)| UseDelta {
                id: key.id,
                service: key.service.clone(),
                rhost: key.rhost.clone(),
                unproven: key.unproven,
                host: host.to_owned(),
                first: seen.first,
                last: seen.last,
                count: seen.count,
            })
            .collect()
    }

    /// What [`PendingUses::take`] handed out is in the store.
    pub fn written(&mut self) {
        self.on_their_way.clear();
    }

    /// It is not: it waits again.
    pub fn not_written(&mut self) {
        for (key, seen) in std::mem::take(&mut self.on_their_way) {
            add(&mut self.waiting, key, seen);
        }
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Uses dropped since the start because too many waited.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// `stored` with the uses of `id` that are not in the store yet, newest first.
    #[must_use]
    pub fn merged(&self, id: AppPasswordId, host: &str, stored: Vec<Use>) -> Vec<Use> {
        let mut uses = stored;
        for (key, seen) in self.of(id) {
            let rhost = (!key.rhost.is_empty()).then(|| key.rhost.clone());
            let same = |u: &&mut Use| {
                u.service == key.service
                    && u.rhost == rhost
                    && u.rhost_unproven == key.unproven
                    && u.host == host
            };
            if let Some(known) = uses.iter_mut().find(same) {
                known.first = known.first.min(seen.first);
                known.last = known.last.max(seen.last);
                known.count += seen.count;
            } else {
                uses.push(Use {
                    service: key.service.clone(),
                    rhost,
                    rhost_unproven: key.unproven,
                    host: host.to_owned(),
                    first: seen.first,
                    last: seen.last,
                    count: seen.count,
                });
            }
        }
        uses.sort_by_key(|u| std::cmp::Reverse(u.last));
        uses.truncate(MAX_USES);
        uses
    }

    fn of(&self, id: AppPasswordId) -> impl Iterator<Item = (&Key, &Seen)> {
        range_of(&self.on_their_way, id).chain(range_of(&self.waiting, id))
    }
}

fn range_of(map: &BTreeMap<Key, Seen>, id: AppPasswordId) -> impl Iterator<Item = (&Key, &Seen)> {
    let from = Key { id, service: String::new(), rhost: String::new(), unproven: false };
    map.range(from..).take_while(move |(key, _)| key.id == id)
}

fn add(map: &mut BTreeMap<Key, Seen>, key: Key, more: Seen) {
    map.entry(key)
        .and_modify(|seen| {
            seen.first = seen.first.min(more.first);
            seen.last = seen.last.max(more.last);
            seen.count += more.count;
        })
        .or_insert(more);
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: AppPasswordId = AppPasswordId::from_bits(7);

    #[test]
    fn logins_are_counted_together_by_service_and_address() {
        let mut pending = PendingUses::default();
        pending.count(PHONE, "imap", "192.0.2.1", false, 10);
        pending.count(PHONE, "imap", "192.0.2.1", false, 12);
        pending.count(PHONE, "smtp", "", false, 11);
        let uses = pending.merged(PHONE, "mx", Vec::new());
        assert_eq!(uses.len(), 2);
        assert_eq!((uses[0].first, uses[0].last, uses[0].count), (10, 12, 2));
        assert_eq!(uses[1].rhost, None);
        assert_eq!(pending.take("mx").len(), 2);
        assert!(pending.merged(AppPasswordId::from_bits(8), "mx", Vec::new()).is_empty());
    }

    #[test]
    fn one_app_password_does_not_crowd_out_the_others() {
        let mut pending = PendingUses::default();
        for i in 0..200 {
            pending.count(PHONE, "imap", &format!("2001:db8::{i}"), false, i);
        }
        let laptop = AppPasswordId::from_bits(8);
        pending.count(laptop, "imap", "192.0.2.1", false, 1);
        assert_eq!(pending.take("mx").len(), MAX_USES + 1);
        assert_eq!(pending.dropped(), 200 - u64::try_from(MAX_USES).unwrap());
    }

    #[test]
    fn a_failed_write_loses_and_doubles_nothing() {
        let mut pending = PendingUses::default();
        pending.count(PHONE, "imap", "192.0.2.1", false, 10);
        pending.take("mx");
        pending.count(PHONE, "imap", "192.0.2.1", false, 20);
        assert_eq!(pending.merged(PHONE, "mx", Vec::new())[0].count, 2);
        pending.not_written();
        assert_eq!(pending.take("mx")[0].count, 2);
        pending.written();
        assert!(pending.merged(PHONE, "mx", Vec::new()).is_empty());
        assert!(pending.is_empty());
    }
}
