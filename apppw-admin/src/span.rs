//! Spans of time as people write them: `2s`, `90d`, `1y`.

use serde::{Deserialize, Serialize};

/// A span in whole seconds; a year has 365 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(i64);

/// Longest span: a hundred years.
const MAX: i64 = 100 * 365 * DAY;

const DAY: i64 = 86_400;

/// The units, longest first.
const UNITS: [(char, i64); 6] =
    [('y', 365 * DAY), ('w', 7 * DAY), ('d', DAY), ('h', 3600), ('m', 60), ('s', 1)];

/// The text is not a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a span of time: write a number and s, m, h, d, w or y, such as 90d or 1y, at most 100y")]
pub struct SpanError;

impl Span {
    /// The longest span, in seconds: a hundred years.
    pub const MAX_SECONDS: i64 = MAX;

    /// That many days.
    #[must_use]
    pub const fn days(days: i64) -> Self {
        Self(days * DAY)
    }

    /// In seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }
}

impl std::str::FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let unit = text.chars().next_back().ok_or(SpanError)?;
        let (_, seconds) = UNITS.into_iter().find(|(letter, _)| *letter == unit).ok_or(SpanError)?;
        let digits = text.strip_suffix(unit).ok_or(SpanError)?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SpanError);
        }
        let number: i64 = digits.parse().map_err(|_| SpanError)?;
        number.checked_mul(seconds).filter(|span| (1..=MAX).contains(span)).map(Self).ok_or(SpanError)
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (letter, seconds) =
            UNITS.into_iter().find(|(_, seconds)| self.0 % seconds == 0).unwrap_or(('s', 1));
        write!(f, "{}{letter}", self.0 / seconds)
    }
}

impl TryFrom<String> for Span {
    type Error = SpanError;

    fn try_from(text: String) -> Result<Self, SpanError> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_as_people_write_them() {
        for (text, seconds) in
            [("2s", 2), ("90d", 90 * DAY), ("1y", 365 * DAY), ("3w", 21 * DAY), ("5m", 300)]
        {
            let span: Span = text.parse().unwrap();
            assert_eq!((span.seconds(), span.to_string().as_str()), (seconds, text));
        }
        for text in
            ["", "d", "90", "-1d", "+1d", "1.5d", "0d", "101y", "90 d", "90D", "9é", "99999999999999999999y"]
        {
            assert_eq!(text.parse::<Span>(), Err(SpanError), "{text}");
        }
    }
}
