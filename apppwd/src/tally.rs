//! What happened since the start, in numbers.

use apppw_admin::verbs::Verdicts;
use apppw_proto::frame::Verdict;
use std::cell::Cell;

/// Counters of one thread.
#[derive(Debug, Default)]
pub struct Tally {
    verdicts: Cell<Verdicts>,
    memo_hits: Cell<u64>,
}

impl Tally {
    /// Counts a verdict.
    pub fn verdict(&self, verdict: Verdict) {
        let mut verdicts = self.verdicts.get();
        match verdict {
            Verdict::Accepted => verdicts.accepted += 1,
            Verdict::Refused => verdicts.refused += 1,
            Verdict::NotMine => verdicts.not_mine += 1,
            Verdict::Unavailable => verdicts.unavailable += 1,
            Verdict::OtherVersion => {}
        }
        self.verdicts.set(verdicts);
    }

    /// Counts a login that the memo answered.
    pub fn memo_hit(&self) {
        self.memo_hits.set(self.memo_hits.get() + 1);
    }

    /// The verdicts.
    #[must_use]
    pub const fn verdicts(&self) -> Verdicts {
        self.verdicts.get()
    }

    /// The memo's hits.
    #[must_use]
    pub const fn memo_hits(&self) -> u64 {
        self.memo_hits.get()
    }
}
