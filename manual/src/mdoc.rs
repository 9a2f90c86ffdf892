//! Writing mdoc(7).
//!
//! Prose comes with backticks around what is typed, and may name pages as `apppwd(8)`.

use std::fmt::Write as _;

/// When the pages last changed in a way that counts.
const DATE: &str = "November 22, 2026";

/// Longest line of prose in the source, in bytes: mandoc warns of longer ones.
const LONGEST: usize = 78;

/// A page in the making.
#[derive(Debug)]
pub struct Page(String);

impl Page {
    /// The head of a page, from its title to its description in a line.
    #[must_use]
    pub fn new(name: &str, section: u8, about: &str) -> Self {
        let mut page = Self(String::new());
        page.line(".\\\" Made by `make man` from what the program reads: change it there.");
        page.line(&format!(".Dd {DATE}"));
        page.line(&format!(".Dt {} {section}", name.to_uppercase()));
        page.line(".Os");
        page.section("NAME");
        page.line(&format!(".Nm {name}"));
        page.line(&format!(".Nd {}", escaped(about)));
        page
    }

    /// The text.
    #[must_use]
    pub fn finish(self) -> String {
        self.0
    }

    /// Begins a section.
    pub fn section(&mut self, title: &str) {
        self.line(&format!(".Sh {title}"));
    }

    /// Begins a part of a section.
    pub fn part(&mut self, title: &str) {
        // What ends in a bracket would be taken for the end of a sentence.
        self.line(&format!(".Ss {}\\&", escaped(title)));
    }

    /// A line of mdoc as it is.
    pub fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// Paragraphs, each but the first behind a gap.
    pub fn paragraphs<'a>(&mut self, paragraphs: impl IntoIterator<Item = &'a str>) {
        for (number, paragraph) in paragraphs.into_iter().enumerate() {
            if number > 0 {
                self.line(".Pp");
            }
            self.prose(paragraph);
        }
    }

    /// Prose. A sentence ends a line of the source, as mdoc wants it.
    pub fn prose(&mut self, text: &str) {
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('`') {
            let Some((typed, behind)) = behind.split_once('`') else { break };
            let (before, open) = split_end(before, &['(']);
            self.plain(before);
            let (close, behind) = split_begin(behind, &['.', ',', ':', ';', ')']);
            self.line(&quoted(open, typed, close));
            rest = behind;
        }
        self.plain(rest);
    }

    /// Begins a list of terms.
    pub fn list(&mut self) {
        self.line(".Bl -tag -width Ds");
    }

    /// Ends it.
    pub fn end_of_list(&mut self) {
        self.line(".El");
    }

    /// Prose without anything typed.
    fn plain(&mut self, text: &str) {
        let mut line = String::new();
        for word in text.split_whitespace() {
            if let Some(reference) = reference(word) {
                self.flush(&mut line);
                self.line(&reference);
                continue;
            }
            if line.len() + 1 + word.len() > LONGEST {
                self.flush(&mut line);
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            if word.trim_end_matches([')', '"']).ends_with(['.', '!', '?']) {
                self.flush(&mut line);
            }
        }
        self.flush(&mut line);
    }

    fn flush(&mut self, line: &mut String) {
        if !line.is_empty() {
            self.line(&escaped(line));
            line.clear();
        }
    }
}

/// `.Xr apppwd 8 ,` for `apppwd(8),`.
fn reference(word: &str) -> Option<String> {
    let (name, behind) = word.split_once('(')?;
    let (section, behind) = behind.split_once(')')?;
    let is_section = section.len() == 1 && section.bytes().all(|c| (b'1'..=b'8').contains(&c));
    if name.is_empty() || !is_section {
        return None;
    }
    let behind: String = behind.chars().map(|c| format!(" {c}")).collect();
    Some(format!(".Xr {name} {section}{behind}"))
}

/// What is typed, in quotes, with what stands before and behind without a space.
fn quoted(open: &str, typed: &str, close: &str) -> String {
    let mut line = ".".to_owned();
    if !open.is_empty() {
        let _ = write!(line, "Pq ");
    }
    let _ = write!(line, "Ql {}", typed.split_whitespace().map(argument).collect::<Vec<_>>().join(" "));
    let close = if open.is_empty() { close } else { close.trim_start_matches(')') };
    close.chars().for_each(|c| {
        let _ = write!(line, " {c}");
    });
    line
}

/// The end of `text` that is one of `marks`, without a space before what follows.
fn split_end<'a>(text: &'a str, marks: &[char]) -> (&'a str, &'a str) {
    match text.char_indices().next_back() {
        Some((at, c)) if marks.contains(&c) => text.split_at(at),
        _ => (text, ""),
    }
}

/// The beginning of `text` that consists of `marks`.
fn split_begin<'a>(text: &'a str, marks: &[char]) -> (&'a str, &'a str) {
    text.split_at(text.len() - text.trim_start_matches(marks).len())
}

/// A word in the line of a macro.
#[must_use]
pub fn argument(word: &str) -> String {
    let escaped = escaped(word).replace('"', "\\(dq").replace('-', "\\-");
    let mut letters = escaped.chars();
    let may_be_a_macro = letters.next().is_some_and(|c| c.is_ascii_uppercase()) && escaped.len() <= 3;
    let is_mark = matches!(word, "." | "," | ":" | ";" | "(" | ")" | "[" | "]" | "|" | "?" | "!");
    if may_be_a_macro || is_mark { format!("\\&{escaped}") } else { escaped }
}

/// Text in which nothing is a command of roff.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    if text.starts_with(['.', '\'']) {
        escaped.push_str("\\&");
    }
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\e"),
            c if c.is_ascii() => escaped.push(c),
            c => {
                let _ = write!(escaped, "\\[u{:04X}]", u32::from(c));
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prose(text: &str) -> String {
        let mut page = Page(String::new());
        page.prose(text);
        page.finish()
    }

    #[test]
    fn a_sentence_is_a_line() {
        assert_eq!(prose("One. Two (or so.) Three, four"), "One.\nTwo (or so.)\nThree, four\n");
    }

    #[test]
    fn what_is_typed_and_what_is_referred_to_are_marked() {
        assert_eq!(prose("Ask `apppw list --all`, or"), "Ask\n.Ql apppw list \\-\\-all ,\nor\n");
        assert_eq!(prose("(`On`) it"), ".Pq Ql \\&On\nit\n");
        assert_eq!(prose("See apppwd(8), please(x)."), "See\n.Xr apppwd 8 ,\nplease(x).\n");
    }

    #[test]
    fn nothing_from_a_text_is_a_command() {
        assert_eq!(prose(".so /etc/passwd \\n"), "\\&.so /etc/passwd \\en\n");
        assert_eq!(prose("a × b"), "a \\[u00D7] b\n");
        assert_eq!(argument("\"ID\""), "\\(dqID\\(dq");
        assert_eq!(argument("ID"), "\\&ID");
    }
}
