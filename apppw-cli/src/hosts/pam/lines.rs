//! From a file's text to lines as libpam puts them together, and from a line to its words.

/// A line, put together from those that a backslash joins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Of its first line, from 1 on.
    pub number: usize,
    pub text: String,
}

/// The lines of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lines {
    pub lines: Vec<Line>,
    /// Numbers of lines that go on behind an empty line or a comment: libpam reads them in one way before 1.6, and ends
    /// them there since.
    pub torn: Vec<usize>,
    /// It ends in the middle of a line that goes on: libpam then takes the file for unreadable.
    pub cut_off: bool,
}

/// Longest line that libpam before 1.6 reads as one.
pub const LONGEST: usize = 1023;

/// Blanks between words.
const BLANKS: [char; 3] = [' ', '\n', '\t'];

/// Reads a file.
#[must_use]
pub fn read(text: &str) -> Lines {
    let mut lines = Lines::default();
    let mut begun: Option<Line> = None;
    for (index, raw) in text.split_inclusive('\n').enumerate() {
        let raw = raw.strip_suffix('\n').unwrap_or(raw);
        if raw.trim_start_matches(BLANKS).is_empty() || raw.trim_start_matches(BLANKS).starts_with('#') {
            lines.torn.extend(begun.as_ref().map(|line| line.number));
            continue;
        }
        let (said, commented) = match raw.split_once('#') {
            Some((said, _)) => (said, true),
            None => (raw, false),
        };
        let mut line = begun.take().unwrap_or(Line { number: index + 1, text: String::new() });
        // Behind a comment no backslash is looked for.
        match said.trim_end_matches(BLANKS).strip_suffix('\\').filter(|_| !commented) {
            Some(said) => {
                line.text.push_str(said);
                line.text.push(' ');
                begun = Some(line);
            }
            None => {
                line.text.push_str(said);
                lines.lines.push(line);
            }
        }
    }
    lines.cut_off = begun.is_some();
    lines
}

/// The first word of `rest`, and what follows it. What is in brackets is one word, without them; in it `\]` stands for
/// `]`.
pub fn word(rest: &str) -> Option<(String, &str)> {
    let rest = rest.trim_start_matches(BLANKS);
    let Some(inner) = rest.strip_prefix('[') else {
        let end = rest.find(BLANKS).unwrap_or(rest.len());
        let (word, rest) = rest.split_at_checked(end)?;
        let rest = rest.strip_prefix(BLANKS).unwrap_or(rest);
        return (!word.is_empty()).then(|| (word.to_owned(), rest));
    };
    let mut word = String::new();
    let mut rest = inner;
    loop {
        if let Some(behind) = rest.strip_prefix("\\]") {
            word.push(']');
            rest = behind;
            continue;
        }
        let mut chars = rest.chars();
        match chars.next() {
            None => return Some((word, "")),
            Some(']') => return Some((word, chars.as_str())),
            Some(c) => word.push(c),
        }
        rest = chars.as_str();
    }
}

/// All words of `rest`.
#[must_use]
pub fn words(mut rest: &str) -> Vec<String> {
    let mut words = Vec::new();
    while let Some((found, behind)) = word(rest) {
        words.push(found);
        rest = behind;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<(usize, String)> {
        read(text).lines.into_iter().map(|line| (line.number, line.text)).collect()
    }

    #[test]
    fn lines_go_on_and_comments_end_them() {
        let text = "# a\n\nauth required a.so # b \\\n account \\\n\n # c\n\trequired\\\nb.so\n";
        assert_eq!(
            texts(text),
            [(3, "auth required a.so ".to_owned()), (4, " account  \trequired b.so".to_owned())]
        );
        assert!(!read(text).cut_off);
        assert_eq!(read(text).torn, [4, 4]);
        assert_eq!(read("a \\\nb\n\nc\n").torn, [0_usize; 0]);
    }

    #[test]
    fn a_file_that_ends_in_the_middle_is_cut_off() {
        assert!(read("auth required \\\n").cut_off);
        assert!(read("auth required \\").cut_off);
        assert_eq!(texts("auth required a.so"), [(1, "auth required a.so".to_owned())]);
    }

    #[test]
    fn brackets_make_one_word() {
        assert_eq!(
            words("auth [success=ok  default=bad] a.so [b c] d"),
            ["auth", "success=ok  default=bad", "a.so", "b c", "d"]
        );
        assert_eq!(words(" [a\\]b]c [d"), ["a]b", "c", "d"]);
        assert_eq!(words("a[b c]"), ["a[b", "c]"], "only at the beginning");
        assert_eq!(words(" \t"), [""; 0]);
    }
}
