//! Numbers with their nouns.

/// `1 account`, `2 accounts`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// `1 account is`, `2 accounts are`.
#[must_use]
pub fn is_or_are(number: usize, noun: &str) -> String {
    format!("{} {}", count(number, noun), if number == 1 { "is" } else { "are" })
}

/// `1 account was`, `2 accounts were`.
#[must_use]
pub fn was_or_were(number: usize, noun: &str) -> String {
    format!("{} {}", count(number, noun), if number == 1 { "was" } else { "were" })
}

/// `1 account depends`, `2 accounts depend`.
#[must_use]
pub fn depend(number: u64, noun: &str) -> String {
    let ending = if number == 1 { " depends" } else { "s depend" };
    format!("{number} {noun}{ending}")
}

/// ` (3 more like it)`, for a line that stands for those which were left out before it; nothing for none.
#[must_use]
pub fn left_out(number: u64, words: &str) -> String {
    if number == 0 { String::new() } else { format!(" ({number} {words})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one() {
        assert_eq!((count(1, "account"), count(0, "account")), ("1 account".into(), "0 accounts".into()));
        assert_eq!(
            (is_or_are(1, "change"), is_or_are(2, "change")),
            ("1 change is".into(), "2 changes are".into())
        );
        assert_eq!((was_or_were(1, "it"), was_or_were(7, "it")), ("1 it was".into(), "7 its were".into()));
        assert_eq!((left_out(0, "more"), left_out(2, "more")), (String::new(), " (2 more)".into()));
    }
}
