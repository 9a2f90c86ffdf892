//! Lines that anyone can provoke as often as he likes: one a minute for each uid, with a
//! count of those left out. journald drops lines of a unit that logs too much, and then the
//! ones that matter too.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a uid's next line of a kind has to wait.
const EVERY: Duration = Duration::from_secs(60);

/// Most uids that are kept in mind for each kind, and lines of it in that time from all of them
/// together.
const MOST: usize = 256;

/// What a line is about: one kind doesn't hide another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provoked {
    /// An owner renamed an app password.
    Renamed,
    /// A peer asked for a service that it isn't given.
    PeerNotAllowed,
    /// A request on `auth.sock` can't be read.
    Malformed,
    /// There is no place on `auth.sock` for more of a uid's connections.
    TurnedAway,
    /// Somebody passes descriptors on to `admin.sock`.
    Descriptor,
    /// The system can't say who somebody on `admin.sock` is.
    Unidentified,
    /// Who asked for a backup hasn't taken it.
    CutOff,
    /// accept(2) fails: no descriptors are left.
    NotAccepted,
}

/// What was said of whom, and when.
#[derive(Debug, Default)]
pub struct Throttle(RefCell<BTreeMap<Provoked, BTreeMap<u32, Said>>>);

#[derive(Debug)]
struct Said {
    at: Instant,
    left_out: u64,
}

impl Throttle {
    /// Whether a line of that kind on `uid` may be written now; how many were left out since the
    /// last. What root provokes is always written.
    pub fn may_say(&self, kind: Provoked, uid: u32, now: Instant) -> Option<u64> {
        if uid == 0 {
            return Some(0);
        }
        let mut kinds = self.0.borrow_mut();
        let said = kinds.entry(kind).or_default();
        if let Some(said) = said.get_mut(&uid)
            && now.duration_since(said.at) < EVERY
        {
            said.left_out += 1;
            return None;
        }
        if said.len() >= MOST {
            said.retain(|_, said| now.duration_since(said.at) < EVERY);
        }
        if said.len() >= MOST {
            // Somebody has very many uids: a user namespace gives them away.
            return None;
        }
        Some(said.insert(uid, Said { at: now, left_out: 0 }).map_or(0, |before| before.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_minute_for_each_uid() {
        let throttle = Throttle::default();
        let start = Instant::now();
        assert_eq!(throttle.may_say(Provoked::Malformed, 1000, start), Some(0));
        for _ in 0..500 {
            assert_eq!(throttle.may_say(Provoked::Malformed, 1000, start + EVERY / 2), None);
        }
        assert_eq!(throttle.may_say(Provoked::Malformed, 1001, start), Some(0));
        assert_eq!(throttle.may_say(Provoked::Renamed, 1000, start), Some(0), "another kind");
        assert_eq!(throttle.may_say(Provoked::Malformed, 1000, start + EVERY), Some(500));
        let lines = (2000..5000)
            .filter(|uid| throttle.may_say(Provoked::Malformed, *uid, start + EVERY).is_some())
            .count();
        assert!(lines <= MOST, "{lines} lines of 3,000 uids");
    }
}
