//! Words from outside in a sentence of ours: nobody can be made to seem to have said or done
//! what another did.

/// As it is if it can't be taken for more than one word, else quoted.
pub fn word(text: &str) -> String {
    let more = |c: char| c.is_whitespace() || matches!(c, '"' | '\\' | '(' | ')');
    if text.is_empty() || text.contains(more) { quoted(text) } else { text.to_owned() }
}

/// In quotes that it can't end itself.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_what_is_in_them() {
        assert_eq!(quoted("a\" of root"), "\"a\\\" of root\"");
        assert_eq!(quoted("a\\"), "\"a\\\\\"");
        assert_eq!(word("alice@example.org"), "alice@example.org");
        for text in ["", "a b", "a\u{a0}b", "a(uid", "a\"b", "a\\b"] {
            assert!(word(text).starts_with('"'), "{text:?}");
        }
    }
}
