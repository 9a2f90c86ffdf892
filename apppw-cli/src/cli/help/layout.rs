//! Texts in lines that fit a terminal. (clap breaks none without a further dependency.)

use super::blocks::Block;

/// Columns of the narrowest terminal that help is laid out for.
pub const WIDTH: usize = 80;

/// Terms that are longer than this have their meaning on a line of its own, where it doesn't fit beside.
const LONG_TERM: usize = 20;

/// The text on one line.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text in lines of at most `width` characters; a longer word has a line of its own.
pub fn wrapped(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// Paragraphs, which an empty line separates, each in lines.
pub fn paragraphs(text: &str) -> String {
    text.split("\n\n").map(|paragraph| wrapped(paragraph, WIDTH)).collect::<Vec<_>>().join("\n\n")
}

/// Paragraphs and lists in lines.
pub fn laid_out(blocks: &[Block]) -> String {
    let laid_out = blocks.iter().map(|block| match block {
        Block::Paragraph(text) => wrapped(text, WIDTH),
        Block::List { title, rows } => format!("{title}:\n{}", list(rows)),
    });
    laid_out.collect::<Vec<_>>().join("\n\n")
}

/// Terms with their meanings beside them, or below where that doesn't fit.
fn list(rows: &[(String, String)]) -> String {
    let longest = rows.iter().map(|(term, _)| term.chars().count()).max().unwrap_or_default();
    let column = 2 + longest + 2;
    let fits = |(_, meaning): &(String, String)| column + meaning.chars().count() <= WIDTH;
    let beside = longest <= LONG_TERM || rows.iter().all(fits);
    let lines = rows.iter().map(|(term, meaning)| {
        let (column, begin) =
            if beside { (column, format!("  {term:longest$}  ")) } else { (6, format!("  {term}\n      ")) };
        let meaning = wrapped(meaning, WIDTH - column).replace('\n', &format!("\n{:column$}", ""));
        format!("{begin}{meaning}").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_long_as_they_may_be() {
        assert_eq!(wrapped("one two  three\nfour", 7), "one two\nthree\nfour");
        assert_eq!(wrapped("incomprehensible is long", 4), "incomprehensible\nis\nlong");
    }

    #[test]
    fn what_does_not_fit_beside_stands_below() {
        let rows = |term: &str, meaning: &str| [(term.to_owned(), meaning.to_owned())];
        assert_eq!(list(&rows("show", "It")), "  show  It");
        assert_eq!(list(&rows("show", "")), "  show");
        let (term, meaning) = ("t".repeat(40), "m".repeat(40));
        assert_eq!(list(&rows(&term, &meaning)), format!("  {term}\n      {meaning}"));
        let meaning = "word ".repeat(20);
        assert!(list(&rows("show", &meaning)).contains("word\n        word"));
    }
}
