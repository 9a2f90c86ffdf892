//! Times: relative in tables, exact in records, RFC 3339 in JSON.

use jiff::Timestamp;
use jiff::tz::TimeZone;

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
        timestamp(time).to_zoned(self.zone.clone()).strftime("%Y-%m-%d").to_string()
    }

    /// `2027-01-31 13:05:09 +01:00`, local, with the offset from UTC.
    pub fn exact(&self, time: i64) -> String {
        timestamp(time).to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
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
    fn impossible_times_are_shown_somehow() {
        assert_eq!(rfc3339(i64::MIN), "-009999-01-02T01:59:59Z");
        assert!(clock(5).exact(i64::MAX).starts_with("9999-12-3"));
        assert_eq!(clock(0).ago(i64::MIN).rsplit(' ').next(), Some("ago"));
    }
}
