//! Where the record of uses can be relied on: what nobody could have used, or whose use may
//! not have been noted, is not called unused.

use crate::clock::{self, UnixSeconds};
use crate::store::{RecordMarks, Store};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// Why uses may be missing, or could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    /// The journal knows of a later start than the database.
    #[error("the database is a backup, a disk was full, or journal.log is another")]
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

/// How far the clock may have gone on while the daemon was away, in seconds, and still be believed.
const AWAY_AT_MOST: i64 = 30 * 86_400;

/// How long the clock must have stood after a jump before what has expired by it is noted for good: somebody will
/// have set it right by then.
const DOUBTED_FOR: Duration = Duration::from_secs(86_400);

/// How far the clock seems to have jumped while the daemon was away, in seconds.
#[must_use]
pub fn jump_at_start(found: &RecordMarks, now: UnixSeconds) -> Option<i64> {
    let away = now.saturating_sub(found.until);
    (!(-CLOCK_MAY_BE_OFF..=AWAY_AT_MOST).contains(&away)).then_some(away)
}

/// How far it has jumped while the daemon ran, that many seconds after the last look: by the clock, and really.
#[must_use]
pub const fn jump_while_running(by_clock: i64, really: i64) -> Option<i64> {
    let jump = by_clock.saturating_sub(really);
    if jump.unsigned_abs() > CLOCK_MAY_BE_OFF.unsigned_abs() { Some(jump) } else { None }
}

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

/// The record of uses, while the daemon runs.
#[derive(Debug)]
pub struct Record {
    marks: Cell<RecordMarks>,
    may_have_lost: Cell<bool>,
    /// The last look, or the start, has found a gap.
    gap: Cell<bool>,
    looked: Cell<(UnixSeconds, Instant)>,
    /// When the clock was seen to have jumped.
    jumped: Cell<Option<Instant>>,
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
        let jump = found.and_then(|found| jump_at_start(&found, now));
        if let Some(jump) = jump {
            say_jump(jump, now);
        }
        let clock = found.filter(|_| jump.is_none()).map_or(now, |found| found.clock.min(now));
        Self {
            jumped: Cell::new(jump.map(|_| Instant::now())),
            marks: Cell::new(RecordMarks { since, clock, until: now, ended: false, run }),
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

    /// Since when the clock has not jumped.
    #[must_use]
    pub const fn clock_since(&self) -> UnixSeconds {
        self.marks.get().clock
    }

    /// Whether the clock has jumped not long ago: what is judged by it alone had better not be for good.
    #[must_use]
    pub fn is_clock_doubted(&self, instant: Instant) -> bool {
        self.jumped.get().is_some_and(|at| instant.duration_since(at) < DOUBTED_FOR)
    }

    /// Looks for gaps, and marks how far the record goes.
    pub async fn look<S: Store>(&self, store: &S, now: UnixSeconds, instant: Instant) {
        self.notice(now, instant);
        self.looked.set((now, instant));
        let marks = RecordMarks { until: now, ..self.marks.get() };
        self.marks.set(marks);
        self.write(store, marks).await;
    }

    /// Looks whether a use may have been lost, or the clock has jumped, since the last look.
    pub fn notice(&self, now: UnixSeconds, instant: Instant) {
        if self.may_have_lost.replace(false) {
            say(Gap::Unwritten, now);
            self.marks.set(RecordMarks { since: now, ..self.marks.get() });
            self.gap.set(true);
        }
        let (then, instant_then) = self.looked.get();
        let really = i64::try_from(instant.duration_since(instant_then).as_secs()).unwrap_or(i64::MAX);
        let Some(jump) = jump_while_running(now.saturating_sub(then), really) else { return };
        self.looked.set((now, instant));
        self.jumped.set(Some(instant));
        say_jump(jump, now);
        say(Gap::Clock, now);
        self.marks.set(RecordMarks { since: now, clock: now, ..self.marks.get() });
        self.gap.set(true);
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

    /// Whether there was one since: a time that was read before it, and the marks, are of two clocks.
    #[must_use]
    pub const fn has_new_gap(&self) -> bool {
        self.gap.get()
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

fn say_jump(jump: i64, now: UnixSeconds) {
    let now = clock::shown(now);
    tracing::warn!(
        "the clock jumped by {jump} s, to {now}: app passwords that end by it are refused, but housekeeping calls none \
         expired for a day, and what it forgets it keeps for its whole time from now on"
    );
}

fn say(gap: Gap, now: UnixSeconds) {
    let now = clock::shown(now);
    tracing::warn!("the record of uses has a gap until {now}: {gap}. Nothing before it counts as unused");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_a_gap_at_start() {
        let marks = |until, ended| RecordMarks { since: 5, clock: 5, until, ended, run: 7 };
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
    fn what_the_clock_says_after_an_absence_is_believed_for_a_month() {
        const DAY: i64 = 86_400;
        let found = RecordMarks { since: 5, clock: 7, until: 1_000 * DAY, ended: true, run: 7 };
        let table =
            [(0, None), (-300, None), (-301, Some(-301)), (30 * DAY, None), (31 * DAY, Some(31 * DAY))];
        for (away, jump) in table {
            let now = found.until + away;
            assert_eq!(jump_at_start(&found, now), jump, "{away}");
            let begun = Record::begin(Some(found), Some(7), 9, now);
            assert_eq!(begun.clock_since(), if jump.is_some() { now } else { 7 }, "{away}");
            assert_eq!(begun.is_clock_doubted(Instant::now()), jump.is_some(), "{away}");
        }
        for until in [i64::MIN, i64::MAX] {
            assert!(jump_at_start(&RecordMarks { until, ..found }, 1_000 * DAY).is_some());
        }
    }

    #[test]
    fn after_a_jump_the_clock_is_doubted_for_a_day() {
        let record = Record::begin(None, None, 9, 77);
        let begun = Instant::now();
        record.notice(77 + 300, begun);
        assert!(!record.is_clock_doubted(begun) && record.clock_since() == 77);
        record.notice(77 + 100_000, begun);
        assert_eq!((record.since(), record.clock_since()), (77 + 100_000, 77 + 100_000));
        let later = |seconds| begun + Duration::from_secs(seconds);
        assert!(record.is_clock_doubted(later(86_399)) && !record.is_clock_doubted(later(86_400)));
        record.notice(77, later(90_000));
        assert!(record.is_clock_doubted(later(90_001)), "back again is a jump, too");
        assert_eq!(record.clock_since(), 77);
    }

    #[test]
    fn what_is_a_jump_while_running() {
        assert_eq!(jump_while_running(3600, 3600), None);
        assert_eq!(jump_while_running(3899, 3600), None);
        assert_eq!(jump_while_running(3901, 3600), Some(301));
        assert_eq!(jump_while_running(-100, 3600), Some(-3700));
        assert_eq!(jump_while_running(i64::MIN, 3600), Some(i64::MIN));
    }
}
