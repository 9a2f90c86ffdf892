//! Uses of dead app passwords: one event for each in an hour.

use crate::auth::Reason;
use crate::clock::UnixSeconds;
use apppw_admin::AppPasswordId;
use std::collections::BTreeMap;

/// How long the next event of an app password has to wait, in seconds. The store holds to it
/// across restarts.
const EVERY: i64 = 3600;

/// Most app passwords that are kept in mind.
const MOST: usize = 20_000;

/// When there was one of whom.
#[derive(Debug, Default)]
pub(super) struct RefusedUses(BTreeMap<(AppPasswordId, Reason), UnixSeconds>);

impl RefusedUses {
    /// Whether this is the first in an hour, as far as memory reaches. What was suspended and is
    /// revoked since is another matter.
    pub(super) fn is_first(&mut self, id: AppPasswordId, dead: Reason, now: UnixSeconds) -> bool {
        let key = (id, dead);
        // A clock that was set back ends the hour.
        let is_recent = |at: UnixSeconds| (0..EVERY).contains(&(now - at));
        if self.0.get(&key).is_some_and(|at| is_recent(*at)) {
            return false;
        }
        if self.0.len() >= MOST {
            self.0.retain(|_, at| is_recent(*at));
        }
        if self.0.len() >= MOST {
            // The store knows too, at the cost of asking it.
            self.0.clear();
        }
        self.0.insert(key, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_an_hour() {
        let mut uses = RefusedUses::default();
        let (old, other) = (AppPasswordId::from_bits(1), AppPasswordId::from_bits(2));
        use Reason::{Revoked, Suspended};
        for (id, dead, now, is_first) in [
            (old, Suspended, 1000, true),
            (old, Suspended, 1000, false),
            (other, Suspended, 1001, true),
            (old, Suspended, 1000 + EVERY - 1, false),
            (old, Revoked, 1000 + EVERY - 1, true),
            (old, Suspended, 1000 + EVERY, true),
            (old, Suspended, 5, true),
        ] {
            assert_eq!(uses.is_first(id, dead, now), is_first, "{id} at {now}");
        }
    }

    #[test]
    fn it_stays_small() {
        let mut uses = RefusedUses::default();
        for bits in 0..3 * u64::try_from(MOST).unwrap() {
            uses.is_first(AppPasswordId::from_bits(bits), Reason::Revoked, 7);
            assert!(uses.0.len() <= MOST);
        }
    }
}
