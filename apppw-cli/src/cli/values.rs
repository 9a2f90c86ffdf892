//! Values that need reading: times as people write them.

use apppw_admin::span::Span;
use jiff::civil::Date;

/// Until when: what `--expires` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// `never`
    Never,
    /// `90d`: that long from now.
    After(Span),
    /// `2027-01-31`: to the end of that day, where the one who asks is.
    EndOf(Date),
}

/// Reads the value of `--expires`.
pub fn until(text: &str) -> Result<Until, String> {
    if text == "never" {
        return Ok(Until::Never);
    }
    if looks_like_a_date(text) {
        return date(text).map(Until::EndOf);
    }
    text.parse().map(Until::After).map_err(|_| {
        "write a span of time such as 90d or 1y (s, m, h, d, w, y; at most 100y), the last day such as 2027-01-31, \
         or never"
            .to_owned()
    })
}

/// Since when, or until when: what `--since` and `--until` take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// `7d`: that long ago.
    Ago(Span),
    /// `2027-01-31`: from the beginning, or to the end, of that day, where the one who asks is.
    Day(Date),
    /// `2027-01-31T08:00:00Z`: that second.
    At(i64),
}

/// Reads the value of `--since` and `--until`.
pub fn since(text: &str) -> Result<Since, String> {
    if looks_like_a_date(text) {
        return date(text).map(Since::Day);
    }
    // As `--json` gives times.
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Since::At(time.as_second()));
    }
    text.parse().map(Since::Ago).map_err(|_| {
        "write a span of time such as 7d or 2h (s, m, h, d, w, y; at most 100y), a day such as 2027-01-31, or \
         a time such as 2027-01-31T08:00:00Z"
            .to_owned()
    })
}

/// Reads a day, `2027-01-31`.
pub fn date(text: &str) -> Result<Date, String> {
    if !looks_like_a_date(text) {
        return Err("write a day as year, month and day, such as 2027-01-31".to_owned());
    }
    text.parse().map_err(|_| "there is no such day in the calendar".to_owned())
}

/// Ten characters, as in `2027-01-31`. The calendar's own reader takes more than we promise.
fn looks_like_a_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(i, byte)| match i {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil;

    #[test]
    fn expiry_is_never_a_span_or_a_day() {
        assert_eq!(until("never"), Ok(Until::Never));
        assert_eq!(until("90d"), Ok(Until::After(Span::days(90))));
        assert_eq!(until("2027-01-31"), Ok(Until::EndOf(civil::date(2027, 1, 31))));
        assert_eq!(until("2028-02-29"), Ok(Until::EndOf(civil::date(2028, 2, 29))));
        for text in
            ["", "Never", "90", "0d", "101y", "tomorrow", "2027-1-31", "31.01.2027", "20270131", "-1d"]
        {
            assert!(until(text).unwrap_err().starts_with("write a span"), "{text}");
        }
        for text in ["2027-02-29", "2027-13-01", "2027-00-10", "2027-04-31"] {
            assert_eq!(until(text).unwrap_err(), "there is no such day in the calendar", "{text}");
        }
    }

    #[test]
    fn a_beginning_is_a_span_or_a_day() {
        assert_eq!(since("7d"), Ok(Since::Ago(Span::days(7))));
        assert_eq!(since("2027-01-31"), Ok(Since::Day(civil::date(2027, 1, 31))));
        assert_eq!(since("2027-01-15T08:00:00Z"), Ok(Since::At(1_800_000_000)));
        assert_eq!(since("2027-01-15T09:00:00+01:00"), Ok(Since::At(1_800_000_000)));
        for text in ["", "never", "7", "0d", "yesterday", "-1d", "2027-1-31"] {
            assert!(since(text).unwrap_err().starts_with("write a span"), "{text}");
        }
        assert_eq!(since("2027-02-30").unwrap_err(), "there is no such day in the calendar");
    }

    #[test]
    fn a_day_is_written_in_one_way() {
        assert_eq!(date("2027-01-31"), Ok(civil::date(2027, 1, 31)));
        for text in
            ["", "90d", "never", "2027-1-31", "20270131", "2027-01-31T00:00:00", "+2027-01-3", "２027-01-31"]
        {
            assert!(date(text).unwrap_err().starts_with("write a day"), "{text}");
        }
    }
}
