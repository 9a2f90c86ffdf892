//! Times: relative in tables, exact in records, RFC 3339 in JSON.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const MONTH: i64 = 30 * DAY;
const YEAR: i64 = 365 * DAY;

/// The time and the place, as arguments of everything that shows a time.
pub struct Clock {
    /// Unix seconds.
    pub now: i64,
    /// The local time zone.
    pub zone: TimeZone,
}

impl Clock {
    /// As the system has them.
    pub fn system() -> Self {
        Self { now: Timestamp::now().as_second(), zone: TimeZone::system() }
    }

    /// `2027-01-31`, local.
    pub fn date(&self, time: i64) -> String {
        self.local(time).strftime("%Y-%m-%d").to_string()
    }

    /// `2027-01-31 13:05:09 +01:00`, local, with the offset from UTC.
    pub fn exact(&self, time: i64) -> String {
        self.local(time).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
    }

    /// When something ends at `time`: `2027-01-31` is the last day of it. What ends within two
    /// days is told to the minute, `2027-01-31 13:05`, unless that is midnight.
    pub fn until(&self, time: i64) -> String {
        let ahead = time.saturating_sub(self.now);
        let last = self.date(time.saturating_sub(1));
        if (0..2 * DAY).contains(&ahead) && last == self.date(time) {
            self.local(time).strftime("%Y-%m-%d %H:%M").to_string()
        } else {
            last
        }
    }

    /// The first second of `day`, local; none if it lies beyond what the calendar holds.
    pub fn start_of(&self, day: Date) -> Option<i64> {
        Some(day.to_zoned(self.zone.clone()).ok()?.timestamp().as_second())
    }

    /// The first second after `day`.
    pub fn end_of(&self, day: Date) -> Option<i64> {
        self.start_of(day.checked_add(1.day()).ok()?)
    }

    fn local(&self, time: i64) -> Zoned {
        timestamp(time).to_zoned(self.zone.clone())
    }

    /// `3 days ago`. A time that lies ahead of this host's clock is shown exactly: what is
    /// wrong then is a clock, and a word such as "now" would hide it.
    pub fn ago(&self, time: i64) -> String {
        let age = self.now.saturating_sub(time);
        let (count, unit) = match age {
            _ if age < -MINUTE => return self.exact(time),
            _ if age < MINUTE => return "just now".to_owned(),
            _ if age < HOUR => (age / MINUTE, "minute"),
            _ if age < DAY => (age / HOUR, "hour"),
            _ if age < 2 * MONTH => (age / DAY, "day"),
            _ if age < 2 * YEAR => (age / MONTH, "month"),
            _ => (age / YEAR, "year"),
        };
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {unit}{plural} ago")
    }
}

/// `2027-01-31T12:05:09Z`.
pub fn rfc3339(time: i64) -> String {
    timestamp(time).to_string()
}

/// What no calendar holds becomes the first or last moment that it holds: the daemon has no
/// such times, and a message must not make us fall over.
fn timestamp(time: i64) -> Timestamp {
    Timestamp::from_second(time).unwrap_or(if time < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::Offset;

    const NOON: i64 = 1_800_000_000; // 2027-01-15T08:00:00Z

    fn clock(hours: i8) -> Clock {
        Clock { now: NOON, zone: TimeZone::fixed(Offset::constant(hours)) }
    }

    #[test]
    fn ages_are_told_in_one_unit() {
        let ago = |seconds| clock(0).ago(NOON - seconds);
        for (seconds, told) in [
            (-60, "just now"),
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3_599, "59 minutes ago"),
            (3_600, "1 hour ago"),
            (86_399, "23 hours ago"),
            (86_400, "1 day ago"),
            (59 * 86_400, "59 days ago"),
            (60 * 86_400, "2 months ago"),
            (729 * 86_400, "24 months ago"),
            (730 * 86_400, "2 years ago"),
        ] {
            assert_eq!(ago(seconds), told, "{seconds}");
        }
    }

    #[test]
    fn a_time_ahead_of_the_clock_is_not_hidden() {
        assert_eq!(clock(0).ago(NOON + 61), "2027-01-15 08:01:01 +00:00");
    }

    #[test]
    fn exact_times_are_local_and_say_so() {
        assert_eq!(clock(5).exact(NOON), "2027-01-15 13:00:00 +05:00");
        assert_eq!(clock(-9).date(NOON), "2027-01-14");
        assert_eq!(rfc3339(NOON), "2027-01-15T08:00:00Z");
    }

    #[test]
    fn ends_are_told_by_their_last_day_and_near_ones_to_the_minute() {
        let until = |hours, seconds| clock(hours).until(NOON + seconds);
        assert_eq!(until(0, 90 * DAY), "2027-04-15");
        assert_eq!(until(0, 90 * DAY + 16 * HOUR), "2027-04-15", "midnight belongs to the day before");
        assert_eq!(until(0, 90 * DAY + 16 * HOUR + 1), "2027-04-16");
        assert_eq!(until(0, DAY + 300), "2027-01-16 08:05");
        assert_eq!(until(1, 2 * DAY - 1), "2027-01-17 08:59");
        assert_eq!(until(0, 2 * DAY), "2027-01-17");
        assert_eq!(until(0, 16 * HOUR), "2027-01-15");
        assert_eq!(until(0, -1), "2027-01-15", "what is over is told by its day");
        for extreme in [i64::MIN, i64::MAX] {
            assert!(!clock(0).until(extreme).is_empty());
        }
    }

    #[test]
    fn days_begin_and_end_where_the_person_is() {
        let day = jiff::civil::date(2027, 1, 15);
        let midnight = NOON - 8 * HOUR;
        assert_eq!(clock(0).start_of(day), Some(midnight));
        assert_eq!(clock(0).end_of(day), Some(midnight + DAY));
        assert_eq!(clock(5).start_of(day), Some(midnight - 5 * HOUR));
        // Clocks go forward at midnight: the day begins at 01:00.
        let zone = TimeZone::posix("<-03>3<-02>,J15/0,J200/0").unwrap();
        let clock = Clock { now: NOON, zone };
        assert_eq!(clock.start_of(day), Some(midnight + 3 * HOUR));
        assert_eq!(clock.end_of(day), Some(midnight + DAY + 2 * HOUR));
        assert_eq!(clock.end_of(Date::MAX), None);
    }

    #[test]
    fn impossible_times_are_shown_somehow() {
        assert_eq!(rfc3339(i64::MIN), "-009999-01-02T01:59:59Z");
        assert!(clock(5).exact(i64::MAX).starts_with("9999-12-3"));
        assert_eq!(clock(0).ago(i64::MIN).rsplit(' ').next(), Some("ago"));
    }
}
