//! How the text behind a command's options is written.
//!
//! Paragraphs, with an empty line between two. One whose first line ends with a colon and whose other lines are set in
//! is a list: each line a term, two spaces or more, and what it means; a line that is set in deeper goes on with the
//! one before. In the list "Examples" the terms are command lines, which a test reads.
//!
//! ```text
//! Examples:
//!   apppw list           Your own
//!   apppw list alice     Hers
//! ```

/// The title of the list whose terms are command lines.
pub const EXAMPLES: &str = "Examples";

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Prose, on one line.
    Paragraph(String),
    /// A list.
    List {
        /// What stands over it, without the colon.
        title: String,
        /// Terms, and what they mean: perhaps nothing.
        rows: Vec<(String, String)>,
    },
}

/// The pieces of a text.
#[must_use]
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let set_in = |line: &&str| line.starts_with("  ");
        match line.trim_end().strip_suffix(':') {
            Some(title) if lines.peek().is_some_and(set_in) => {
                let mut rows = Vec::new();
                while let Some(line) = lines.next_if(set_in) {
                    row(&mut rows, line);
                }
                blocks.push(Block::List { title: title.to_owned(), rows });
            }
            _ if line.trim().is_empty() => {}
            _ => {
                let mut words: Vec<&str> = line.split_whitespace().collect();
                while let Some(line) = lines.next_if(|line| !line.trim().is_empty()) {
                    words.extend(line.split_whitespace());
                }
                blocks.push(Block::Paragraph(words.join(" ")));
            }
        }
    }
    blocks
}

/// Takes a line of a list.
fn row(rows: &mut Vec<(String, String)>, line: &str) {
    let text = line.trim();
    match rows.last_mut() {
        Some((_, meaning)) if line.starts_with("   ") => {
            if !meaning.is_empty() {
                meaning.push(' ');
            }
            meaning.push_str(text);
        }
        _ => {
            let (term, meaning) = text.split_once("  ").unwrap_or((text, ""));
            rows.push((term.to_owned(), meaning.trim_start().to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, blocks};

    #[test]
    fn paragraphs_and_lists_are_told_apart() {
        let list = |title: &str, rows: &[(&str, &str)]| Block::List {
            title: title.into(),
            rows: rows.iter().map(|(term, meaning)| ((*term).into(), (*meaning).into())).collect(),
        };
        let text = "Examples:\n  a \"b c\"    One\n      more\n  d\n\nProse over\ntwo lines: yes.\n\nNot a list:\nbut this.\n\nList:\n  x";
        assert_eq!(
            blocks(text),
            [
                list("Examples", &[("a \"b c\"", "One more"), ("d", "")]),
                Block::Paragraph("Prose over two lines: yes.".into()),
                Block::Paragraph("Not a list: but this.".into()),
                list("List", &[("x", "")]),
            ]
        );
        assert_eq!(blocks("\n\n  \n"), []);
    }

    #[test]
    fn a_list_may_follow_another_directly() {
        let text = "A:\n  x  y\nB:\n  z";
        assert_eq!(blocks(text).len(), 2);
    }
}
