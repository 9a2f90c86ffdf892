//! Uses that are not written yet.
//!
//! Logins are counted in memory and written behind, many in one transaction: they never
//! delay or fail a login, and a crash loses at most [`FLUSH_AFTER`] of them.

use crate::clock::UnixSeconds;
use crate::store::{MAX_USES, Uses};
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::Use;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long a use may wait for its write.
pub const FLUSH_AFTER: Duration = Duration::from_secs(30);

/// Most uses that wait, so that a disk that stays full doesn't fill the memory.
const MAX_PENDING: usize = 50_000;

/// Most of them whose address is a claim: a peer makes up as many as he likes, and what is proven needs places, too.
const MAX_UNPROVEN: usize = MAX_PENDING / 4;

/// Where a use was.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// PAM service.
    pub service: String,
    /// Address; empty: none.
    pub rhost: String,
    /// The address is a claim of an unprivileged peer.
    pub unproven: bool,
}

/// Uses in one place.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// First of them.
    pub first: UnixSeconds,
    /// Last of them.
    pub last: UnixSeconds,
    /// How many.
    pub count: u64,
}

/// The uses that wait, and those on their way to the store: both are shown. `K` says whose:
/// an app password's id, or the name of a user whose primary password it was.
#[derive(Debug)]
pub struct PendingUses<K> {
    waiting: BTreeMap<(K, Place), Seen>,
    on_their_way: BTreeMap<(K, Place), Seen>,
    /// Of those that wait.
    unproven: usize,
    dropped: u64,
}

impl<K> Default for PendingUses<K> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), on_their_way: BTreeMap::new(), unproven: 0, dropped: 0 }
    }
}

impl<K: Ord + Clone> PendingUses<K> {
    /// Counts a login. One app password or user has at most [`MAX_USES`] proven places here, and as many unproven
    /// ones: it can't crowd out the others. `false`: so many wait that nothing of it is kept.
    pub fn count(&mut self, whose: K, place: Place, now: UnixSeconds) -> bool {
        let key = (whose, place);
        if !self.waiting.contains_key(&key) {
            let unproven = key.1.unproven;
            let alike =
                range_of(&self.waiting, &key.0).filter(|(place, _)| place.unproven == unproven).count();
            let is_full = self.waiting.len() >= MAX_PENDING || (unproven && self.unproven >= MAX_UNPROVEN);
            if is_full || alike >= MAX_USES {
                self.dropped += 1;
                return range_of(&self.waiting, &key.0).next().is_some();
            }
            self.unproven += usize::from(unproven);
        }
        add(&mut self.waiting, key, Seen { first: now, last: now, count: 1 });
        true
    }

    /// Whether there are some of `whose`.
    #[must_use]
    pub fn has(&self, whose: &K) -> bool {
        self.of(whose).next().is_some()
    }

    /// Whose there are.
    #[must_use]
    pub fn whose(&self) -> BTreeSet<K> {
        self.on_their_way.keys().chain(self.waiting.keys()).map(|(whose, _)| whose.clone()).collect()
    }

    /// Drops those of `whose` that wait: it is gone.
    pub fn forget(&mut self, whose: &K) {
        self.waiting.retain(|(key, _), _| key != whose);
        self.count_unproven();
    }

    fn count_unproven(&mut self) {
        self.unproven = self.waiting.keys().filter(|(_, place)| place.unproven).count();
    }

    /// Hands out all that wait, to be written. [`PendingUses::ended`] follows.
    pub fn take(&mut self, host: &str) -> Vec<Uses<K>> {
        for (key, seen) in std::mem::take(&mut self.waiting) {
            add(&mut self.on_their_way, key, seen);
        }
        self.unproven = 0;
        let uses = self.on_their_way.iter().map(|((whose, place), seen)| Uses {
            whose: whose.clone(),
            service: place.service.clone(),
            rhost: place.rhost.clone(),
            unproven: place.unproven,
            host: host.to_owned(),
            first: seen.first,
            last: seen.last,
            count: seen.count,
        });
        uses.collect()
    }

    /// What [`PendingUses::take`] handed out is in the store (`written`), or waits again.
    pub fn ended(&mut self, written: bool) {
        for (key, seen) in std::mem::take(&mut self.on_their_way) {
            if !written {
                add(&mut self.waiting, key, seen);
            }
        }
        self.count_unproven();
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len() + self.on_their_way.len()
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

    fn of<'a>(&'a self, whose: &'a K) -> impl Iterator<Item = (&'a Place, &'a Seen)> {
        range_of(&self.on_their_way, whose).chain(range_of(&self.waiting, whose))
    }
}

impl PendingUses<AppPasswordId> {
    /// `stored` with the uses of `id` that are not in the store yet, newest first.
    #[must_use]
    pub fn merged(&self, id: AppPasswordId, host: &str, stored: Vec<Use>) -> Vec<Use> {
        let mut uses = stored;
        for (key, seen) in self.of(&id) {
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
}

fn range_of<'a, K: Ord + Clone>(
    map: &'a BTreeMap<(K, Place), Seen>,
    whose: &'a K,
) -> impl Iterator<Item = (&'a Place, &'a Seen)> {
    map.range((whose.clone(), Place::default())..)
        .take_while(move |((of, _), _)| of == whose)
        .map(|((_, place), seen)| (place, seen))
}

fn add<K: Ord>(map: &mut BTreeMap<(K, Place), Seen>, key: (K, Place), more: Seen) {
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

    fn at(service: &str, rhost: &str) -> Place {
        Place { service: service.into(), rhost: rhost.into(), unproven: false }
    }

    #[test]
    fn logins_are_counted_together_by_service_and_address() {
        let mut pending = PendingUses::default();
        pending.count(PHONE, at("imap", "192.0.2.1"), 10);
        pending.count(PHONE, at("imap", "192.0.2.1"), 12);
        pending.count(PHONE, at("smtp", ""), 11);
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
            pending.count(PHONE, at("imap", &format!("2001:db8::{i}")), i);
        }
        let laptop = AppPasswordId::from_bits(8);
        pending.count(laptop, at("imap", "192.0.2.1"), 1);
        assert_eq!(pending.take("mx").len(), MAX_USES + 1);
        assert_eq!(pending.dropped(), 200 - u64::try_from(MAX_USES).unwrap());
    }

    /// A peer that isn't root names whom and whence it likes.
    #[test]
    fn what_is_claimed_does_not_crowd_out_what_is_proven() {
        let mut pending = PendingUses::default();
        let claimed = |n: usize| Place { unproven: true, ..at("imap", &format!("2001:db8::{n:x}")) };
        let user = |n: usize| AppPasswordId::from_bits(u64::try_from(n).unwrap());
        for n in 0..MAX_PENDING + 100 {
            pending.count(user(n / 10), claimed(n), 1);
        }
        assert_eq!(pending.len(), MAX_UNPROVEN);
        assert!(pending.count(user(0), at("imap", "192.0.2.1"), 2));
        assert!(
            pending.count(user(MAX_PENDING), at("imap", "192.0.2.1"), 2),
            "of whom nothing else is there"
        );
        assert_eq!(pending.len(), MAX_UNPROVEN + 2);
        pending.take("mx");
        pending.ended(false);
        assert!(!pending.count(user(MAX_PENDING + 1), claimed(1), 3), "still as many");
        pending.forget(&user(0));
        assert!(pending.count(user(MAX_PENDING + 1), claimed(1), 3));
        for n in 0..MAX_USES {
            pending.count(user(1), at("imap", &format!("198.51.100.{n}")), 4);
        }
        let of_one = pending.take("mx").into_iter().filter(|used| used.whose == user(1));
        assert_eq!(of_one.filter(|used| !used.unproven).count(), MAX_USES);
    }

    #[test]
    fn a_failed_write_loses_and_doubles_nothing() {
        let mut pending = PendingUses::default();
        pending.count(PHONE, at("imap", "192.0.2.1"), 10);
        pending.take("mx");
        pending.count(PHONE, at("imap", "192.0.2.1"), 20);
        assert_eq!(pending.merged(PHONE, "mx", Vec::new())[0].count, 2);
        pending.ended(false);
        assert_eq!(pending.take("mx")[0].count, 2);
        pending.ended(true);
        assert!(pending.merged(PHONE, "mx", Vec::new()).is_empty());
        assert!(pending.is_empty());
    }
}
