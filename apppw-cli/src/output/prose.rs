//! Sentences, broken into lines where the terminal ends.

/// The lines of `text`, each of at most `columns` characters with `indent` before it. A longer word has a line
/// of its own: what has to be typed isn't torn apart.
pub fn lines(text: &str, indent: &str, columns: usize) -> Vec<String> {
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
    use super::lines;

    #[test]
    fn lines_end_where_the_terminal_does() {
        assert_eq!(lines("one two three", "", 13), ["one two three"]);
        assert_eq!(lines("one two three", "", 12), ["one two", "three"]);
        assert_eq!(lines("one two three", "  ", 9), ["  one two", "  three"]);
        assert_eq!(lines("a https://example.org/ b", "", 5), ["a", "https://example.org/", "b"]);
        assert_eq!(lines("", "", 5), [""]);
    }
}
