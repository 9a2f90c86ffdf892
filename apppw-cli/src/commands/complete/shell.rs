//! How each shell tells what was typed, and what it may be told.
//!
//! Candidates come from people. None is told that has a character a terminal or shell would not
//! take for itself (newline and tab among them). fish and zsh quote what they put into the line;
//! bash does not, so for it they are quoted here.

use super::Candidate;
use crate::cli::Shell;
use apppw_admin::text::{is_deceptive, visible};
use std::fmt::Write as _;

/// A line that is being typed, up to the cursor.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    shell: Shell,
    /// The words before the last one; the first is the program.
    pub words: Vec<String>,
    /// The word that is being typed, as far as it is there.
    pub current: String,
    /// bash: how much of that word stands already, in bytes: readline replaces the rest.
    kept: usize,
    /// bash: the word is within quotes that are still open.
    is_quoted: bool,
}

impl Line {
    /// Reads what the shell's script sends: texts, each with a NUL behind it.
    pub fn of(shell: Shell, input: &[u8]) -> Option<Self> {
        let mut texts: Vec<String> =
            input.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned()).collect();
        // Behind the last NUL.
        texts.pop();
        if shell == Shell::Bash {
            let [breaks, line] = texts.as_slice() else { return None };
            return Some(bash(breaks, line));
        }
        let current = texts.pop()?;
        Some(Self { shell, words: texts, current, kept: 0, is_quoted: false })
    }

    /// The lines that the script reads.
    pub fn print(&self, candidates: &[Candidate]) -> String {
        let fit: Vec<&Candidate> =
            candidates.iter().filter(|candidate| !candidate.value.chars().any(is_deceptive)).collect();
        let width = fit.iter().map(|candidate| candidate.value.chars().count()).max().unwrap_or_default();
        let mut lines = String::new();
        for Candidate { value, about } in fit {
            let about = visible(about);
            // Nothing fails that writes to a string.
            let _ = match self.shell {
                Shell::Bash => match self.bash_word(value) {
                    Some(word) => writeln!(lines, "{word}"),
                    None => Ok(()),
                },
                Shell::Zsh if about.is_empty() => writeln!(lines, "{value}\t{value}"),
                Shell::Zsh => writeln!(lines, "{value}\t{value:<width$}  -- {about}"),
                Shell::Fish => writeln!(lines, "{value}\t{about}"),
            };
        }
        lines
    }

    /// What readline is to put in the place of what it takes for the word.
    fn bash_word(&self, value: &str) -> Option<String> {
        let standing = self.current.get(..self.kept)?;
        let rest = value.strip_prefix(standing)?;
        match self.is_quoted {
            // Within quotes a backslash may be one.
            true => rest.chars().all(is_plain).then(|| rest.to_owned()),
            false => Some(rest.chars().fold(String::new(), |mut word, c| {
                if !is_plain(c) {
                    word.push('\\');
                }
                word.push(c);
                word
            })),
        }
    }
}

/// Whether bash takes it for itself wherever it stands in a word.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "@.,:=_+-/%".contains(c)
}

/// The words of a line as bash would read them, and what readline takes for the last one: what
/// stands behind the last of `breaks` (`COMP_WORDBREAKS`) that isn't quoted.
fn bash(breaks: &str, line: &str) -> Line {
    let mut words = Vec::new();
    let (mut word, mut is_begun, mut kept, mut open) = (String::new(), false, 0, None);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (open, c) {
            (Some(quote), c) if c == quote => open = None,
            (Some('\''), c) => word.push(c),
            (quote, '\\') => {
                let next = chars.next();
                // Within double quotes it quotes only what is special there.
                if quote == Some('"') && !next.is_some_and(|next| "\"\\$`".contains(next)) {
                    word.push('\\');
                }
                word.extend(next);
                is_begun = true;
            }
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => {
                (open, is_begun, kept) = (Some(c), true, word.len());
            }
            (None, ' ' | '\t' | '\n') => {
                if is_begun {
                    words.push(std::mem::take(&mut word));
                }
                (is_begun, kept) = (false, 0);
            }
            (None, c) => {
                // Hosts are completed with the @ that they begin with: it is no part of what stands.
                if breaks.contains(c) {
                    kept = word.len() + if c == '@' { 0 } else { c.len_utf8() };
                }
                word.push(c);
                is_begun = true;
            }
        }
    }
    Line { shell: Shell::Bash, words, current: word, kept, is_quoted: open.is_some() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// bash's own.
    const BREAKS: &str = " \t\n\"'@><=;|&(:";

    fn words(line: &str, candidates: &[&str]) -> Vec<String> {
        let input = format!("{BREAKS}\0{line}\0");
        let line = Line::of(Shell::Bash, input.as_bytes()).unwrap();
        let candidates: Vec<Candidate> = candidates.iter().map(|value| Candidate::new(*value, "")).collect();
        line.print(&candidates).lines().map(str::to_owned).collect()
    }

    #[test]
    fn bash_s_words_are_read_as_bash_reads_them() {
        let read = |line: &str| {
            let Line { words, current, .. } = bash(BREAKS, line);
            (words, current)
        };
        let all = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        for (line, before, current) in [
            ("apppw ", &["apppw"][..], ""),
            ("apppw  list al", &["apppw", "list"], "al"),
            ("apppw list alice@exa", &["apppw", "list"], "alice@exa"),
            (r"apppw rename 'a b' my\ ph", &["apppw", "rename", "a b"], "my ph"),
            (r#"apppw create "a\"b \x" '"#, &["apppw", "create", r#"a"b \x"#], ""),
            ("apppw create '' x", &["apppw", "create", ""], "x"),
            (r"apppw x\", &["apppw"], "x"),
        ] {
            assert_eq!(read(line), (all(before), current.to_owned()), "{line}");
        }
    }

    #[test]
    fn bash_gets_what_stands_behind_the_last_break() {
        assert_eq!(words("apppw list al", &["alice@example.org"]), ["alice@example.org"]);
        assert_eq!(words("apppw list alice@e", &["alice@example.org"]), ["@example.org"]);
        assert_eq!(words("apppw create --service=ma", &["--service=mail"]), ["mail"]);
        assert_eq!(words("apppw show 7k3", &["ap-7k3m9qxe"]), ["ap-7k3m9qxe"]);
        assert_eq!(words("apppw list 'alice@e", &["alice@example.org"]), ["alice@example.org"]);
        assert_eq!(words("apppw list x@e", &["alice@example.org"]), [""; 0], "it isn't what stands there");
    }

    #[test]
    fn nothing_that_bash_would_do_is_left_bare() {
        let hostile = ["$(touch x)", "`touch x`", "a b", "a'b\"c", "a;b&c|d", "~root", "*", "!!", "a\\b"];
        let quoted = [
            r"\$\(touch\ x\)",
            r"\`touch\ x\`",
            r"a\ b",
            "a\\'b\\\"c",
            r"a\;b\&c\|d",
            r"\~root",
            r"\*",
            r"\!\!",
            r"a\\b",
        ];
        assert_eq!(words("apppw list ", &hostile), quoted);
        for open in ["'", "\""] {
            assert_eq!(words(&format!("apppw list {open}"), &hostile), [""; 0], "{open}");
        }
    }

    #[test]
    fn no_shell_is_told_what_would_break_a_line() {
        let candidates =
            ["a\nb", "a\tb", "a\u{202e}b", "plain"].map(|value| Candidate::new(value, "x\ty\nz"));
        let typed = |shell| Line { shell, words: vec![], current: String::new(), kept: 0, is_quoted: false };
        assert_eq!(typed(Shell::Bash).print(&candidates), "plain\n");
        assert_eq!(typed(Shell::Fish).print(&candidates), "plain\tx\\u{9}y\\u{a}z\n");
        assert_eq!(typed(Shell::Zsh).print(&candidates), "plain\tplain  -- x\\u{9}y\\u{a}z\n");
    }
}
