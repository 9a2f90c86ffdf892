//! Where the record of uses can be relied on: what nobody could have used, or whose use may
//! not have been noted, is not called unused.

use crate::clock::UnixSeconds;
use crate::store::{RecordMarks, Store};
use std::cell::Cell;
use std::time::Instant;

/// Why uses may be missing, or could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    /// The journal knows of a later start than the database.
    #[error("the database is a backup")]
    Restored,
    /// Nobody knows what was between the last mark and now.
    #[error("the daemon was away")]
    Away,
    /// The clock was set.
    #[error("the clock jumped")]
    Clock,
    /// Panic was on: nobody could use what he has.
    #[error("panic was on")]
    Panic,
    /// The disk was full or read-only.
    #[error("uses could not be written")]
    Unwritten,
}

/// How far the clock may be from where it should be, in seconds.
const CLOCK_MAY_BE_OFF: i64 = 300;

/// How long the daemon may have been away after it ended in order, in seconds: longer than
/// that, people could not have used what they have.
const AWAY_IN_ORDER: i64 = 86_400;

/// How old the last mark may be after a crash, in seconds. Marks are written each hour.
const AWAY_BY_CRASH: i64 = 2 * 3600;

/// What a start finds.
#[must_use]
pub fn gap_at_start(found: &RecordMarks, run_by_journal: Option<u64>, now: UnixSeconds) -> Option<Gap> {
    let away = if found.ended { AWAY_IN_ORDER } else { AWAY_BY_CRASH };
    if run_by_journal != Some(found.run) {
        return Some(Gap::Restored);
    }
    match now.saturating_sub(found.until) {
        ..0 => Some(Gap::Clock),
        span if span > away => Some(Gap::Away),
        _ => None,
    }
}

/// What is found while the daemon runs, that many seconds after the last look: by the clock,
/// and really.
#[must_use]
pub const fn gap_while_running(by_clock: i64, really: i64, may_have_lost: bool) -> Option<Gap> {
    if by_clock.abs_diff(really) > CLOCK_MAY_BE_OFF.unsigned_abs() {
        return Some(Gap::Clock);
    }
    if may_have_lost { Some(Gap::Unwritten) } else { None }
}

/// The record of uses, while the daemon runs.
#[derive(Debug)]
pub struct Record {
    marks: Cell<RecordMarks>,
    may_have_lost: Cell<bool>,
    /// The last look, or the start, has found a gap.
    gap: Cell<bool>,
    looked: Cell<(UnixSeconds, Instant)>,
}

impl Record {
    /// At the start: with what the store has, the number of the last start by the journal,
    /// and the number of this one.
    #[must_use]
    pub fn begin(
        found: Option<RecordMarks>,
        run_by_journal: Option<u64>,
        run: u64,
        now: UnixSeconds,
    ) -> Self {
        let gap = found.and_then(|found| gap_at_start(&found, run_by_journal, now));
        if let Some(gap) = gap {
            say(gap, now);
        }
        let since = found.filter(|_| gap.is_none()).map_or(now, |found| found.since.min(now));
        Self {
            marks: Cell::new(RecordMarks { since, until: now, ended: false, run }),
            may_have_lost: Cell::new(false),
            gap: Cell::new(gap.is_some()),
            looked: Cell::new((now, Instant::now())),
        }
    }

    /// Since when it has no gap.
    #[must_use]
    pub const fn since(&self) -> UnixSeconds {
        self.marks.get().since
    }

    /// A use could not be written, or not be kept.
    pub fn may_have_lost(&self) {
        self.may_have_lost.set(true);
    }

    /// Looks for gaps, and marks how far the record goes.
    pub async fn look<S: Store>(&self, store: &S, now: UnixSeconds, instant: Instant) {
        let (then, instant_then) = self.looked.replace((now, instant));
        let really = i64::try_from(instant.duration_since(instant_then).as_secs()).unwrap_or(i64::MAX);
        let mut marks = RecordMarks { until: now, ..self.marks.get() };
        if let Some(gap) = gap_while_running(now - then, really, self.may_have_lost.replace(false)) {
            say(gap, now);
            marks.since = now;
            self.gap.set(true);
        }
        self.marks.set(marks);
        self.write(store, marks).await;
    }

    /// Nobody could use what he has, until now.
    pub fn was_closed(&self, now: UnixSeconds) {
        say(Gap::Panic, now);
        self.marks.set(RecordMarks { since: now, ..self.marks.get() });
    }

    /// The number that a backup will not know: another one than before.
    pub fn renumber(&self, run: u64) {
        self.marks.set(RecordMarks { run, ..self.marks.get() });
    }

    /// The next number, which it has from now on.
    pub fn count_on(&self) -> u64 {
        let run = self.marks.get().run.wrapping_add(1);
        self.renumber(run);
        run
    }

    /// Whether there was a gap since this was asked last, or at the start: what can't be taken
    /// back had better wait then.
    pub fn take_gap(&self) -> bool {
        self.gap.replace(false)
    }

    /// Writes down how far the record goes.
    pub async fn mark<S: Store>(&self, store: &S) {
        self.write(store, self.marks.get()).await;
    }

    /// The daemon ends in order: everything is written.
    pub async fn end<S: Store>(&self, store: &S, now: UnixSeconds) {
        let whole = !self.may_have_lost.get();
        self.write(store, RecordMarks { until: now, ended: whole, ..self.marks.get() }).await;
    }

    async fn write<S: Store>(&self, store: &S, marks: RecordMarks) {
        if let Err(error) = store.set_record_marks(marks).await {
            self.may_have_lost();
            tracing::warn!("could not note how far the record of uses goes: {error}");
        }
    }
}

fn say(gap: Gap, now: UnixSeconds) {
    let now = jiff::Timestamp::from_second(now).map_or_else(|_| now.to_string(), |now| now.to_string());
    tracing::warn!("the record of uses has a gap until {now}: {gap}. Nothing before it counts as unused");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_a_gap_at_start() {
        let marks = |until, ended| RecordMarks { since: 5, until, ended, run: 7 };
        #[rustfmt::skip]
        let table = [
            // last mark at, in order, run by journal, now              gap
            (1_000_000,      true,     Some(7),        1_000_100,       None),
            (1_000_000,      true,     Some(7),        1_086_400,       None),
            (1_000_000,      true,     Some(7),        1_086_401,       Some(Gap::Away)),
            (1_000_000,      false,    Some(7),        1_007_200,       None),
            (1_000_000,      false,    Some(7),        1_007_201,       Some(Gap::Away)),
            (1_000_000,      true,     Some(7),          999_999,       Some(Gap::Clock)),
            (1_000_000,      true,     Some(8),        1_000_001,       Some(Gap::Restored)),
            (1_000_000,      true,     None,           1_000_001,       Some(Gap::Restored)),
        ];
        for (until, ended, run, now, gap) in table {
            let found = marks(until, ended);
            assert_eq!(gap_at_start(&found, run, now), gap, "{until} {ended} {run:?} {now}");
            let begun = Record::begin(Some(found), run, 9, now);
            assert_eq!(begun.since(), if gap.is_some() { now } else { 5 });
        }
        assert_eq!(Record::begin(None, None, 9, 77).since(), 77, "it begins with the database");
    }

    #[test]
    fn a_backup_of_before_another_number_is_known_as_one() {
        let record = Record::begin(None, None, 9, 77);
        let copied = RecordMarks { ended: true, ..record.marks.get() };
        assert_eq!(gap_at_start(&copied, Some(9), 77), None);
        record.renumber(10);
        assert_eq!(gap_at_start(&copied, Some(10), 77), Some(Gap::Restored));
        assert_eq!(gap_at_start(&record.marks.get(), Some(10), 77), None);
    }

    #[test]
    fn what_makes_a_gap_while_running() {
        assert_eq!(gap_while_running(3600, 3600, false), None);
        assert_eq!(gap_while_running(3899, 3600, false), None);
        assert_eq!(gap_while_running(3901, 3600, false), Some(Gap::Clock));
        assert_eq!(gap_while_running(-100, 3600, false), Some(Gap::Clock));
        assert_eq!(gap_while_running(3600, 3600, true), Some(Gap::Unwritten));
    }
}
