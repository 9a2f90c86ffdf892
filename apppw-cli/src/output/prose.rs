//! Sentences, broken into lines where the terminal ends.

/// Longer lines are hard to read.
const LONGEST: usize = 80;

/// A space at which no line is broken (U+00A0).
pub const UNBROKEN: &str = "\u{a0}";

/// The lines of `text`, each of at most `columns` characters with `indent` before it; no columns: one line. A
/// longer word has a line of its own: what has to be typed isn't torn apart.
pub fn lines(text: &str, indent: &str, columns: Option<usize>) -> Vec<String> {
    let columns = columns.map_or(usize::MAX, |columns| columns.min(LONGEST));
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{indent}{word}")),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, lines};

    #[test]
    fn lines_end_where_the_terminal_does() {
        assert_eq!(lines("one two three", "", Some(13)), ["one two three"]);
        assert_eq!(lines("one two three", "", Some(12)), ["one two", "three"]);
        assert_eq!(lines("one two three", "  ", Some(9)), ["  one two", "  three"]);
        assert_eq!(lines("a https://example.org/ b", "", Some(5)), ["a", "https://example.org/", "b"]);
        assert_eq!(lines("", "", Some(5)), [""]);
        let long = "word ".repeat(40).trim().to_owned();
        assert!(lines(&long, "", Some(200)).iter().all(|line| line.len() <= LONGEST), "nobody reads that");
        assert_eq!(lines(&long, "", None), [long]);
    }
}
