//! How many columns text takes on a terminal, and how it is cut.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns `text` takes (Unicode UAX #11). A terminal that sees it otherwise costs
/// alignment, nothing else.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// `text`, or as much of its beginning as fits into `most` columns with `ellipsis` behind it. It is
/// cut between whole characters with their combining marks.
pub fn cut(text: &str, most: usize, ellipsis: &str) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(width(ellipsis));
    let starts_one = |(at, c): &(usize, char)| *at == 0 || c.width().unwrap_or(0) > 0;
    let ends = text.char_indices().filter(starts_one).map(|(at, _)| text.get(..at).unwrap_or_default());
    let kept = ends.take_while(|kept| width(kept) <= room).last().unwrap_or_default();
    format!("{}{ellipsis}", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_left_alone() {
        for text in ["", "Büro", "電話", "e\u{301}"] {
            assert_eq!(cut(text, 4, "…"), text);
        }
    }

    #[test]
    fn nothing_is_cut_in_its_middle_and_nothing_gets_too_wide() {
        for (text, most, expected) in [
            ("laptop", 5, "lapt…"),
            ("電話電話", 7, "電話電…"),
            ("電話電話", 6, "電話…"),
            ("電話電話", 2, "…"),
            ("電話電話", 1, "…"),
            ("ae\u{301}\u{302}bcd", 3, "ae\u{301}\u{302}…"),
            ("ae\u{301}\u{302}bcd", 2, "a…"),
            ("two words", 5, "two…"),
            ("\u{301}abc", 2, "\u{301}a…"),
            ("a\u{263a}\u{fe0f}bc", 3, "a…"),
        ] {
            let cut = cut(text, most, "…");
            assert_eq!(cut, expected, "{text:?} in {most}");
            assert!(width(&cut) <= most.max(1), "{cut:?}");
        }
        assert_eq!(cut("laptop", 5, "..."), "la...");
    }
}
