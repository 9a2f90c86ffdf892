//! The texts of errors and warnings as they stand in the sources: each has to be seen, or excused.
//!
//! No parser of Rust: string literals count that stand within a call, macro or attribute that makes
//! an error, or are assigned to what such a call is given.

use crate::repository;
use std::path::{Path, PathBuf};

/// Calls, macros, attributes and structs whose literals are errors.
const MAKES: &[&str] = &[
    "#error",
    "Failure::usage",
    "Failure::invalid",
    "Failure::declined",
    "Failure::io",
    "Failure::kick",
    "AdminError::new",
    "AdminError::in_field",
    "AccessFault",
    "KeyError::Io",
    "KeyError::Malformed",
    "Fault::io",
    "Fault::System",
    "SocketError::Io",
    "SocketError::Inherited",
    "JournalError::Io",
    "OpenError::Unusable",
    "tracing::warn!",
    "tracing::error!",
    "output::warn",
    "warnings.push",
    "Err",
    "ok_or",
    "ok_or_else",
    "map_err",
    "invalid",
    "denied",
    "fault",
    "failed",
    "malformed",
    "turn_away",
    "refuse",
    "store_fault",
    "warn_if_failed",
    "host.log",
    "Unframable",
];

/// Names of what is put into an error a line later.
const NAMES: [&str; 6] = ["message", "hint", "why", "remedy", "wanted", "allowed"];

/// Functions of which all literals count.
const FUNCTIONS: [&str; 6] = ["refusal", "next_step", "aftermath", "fmt", "excuse", "message"];

/// A literal, and where it stands.
pub struct Text {
    pub text: String,
    pub place: String,
}

/// All of them.
pub fn texts() -> Vec<Text> {
    let mut files = Vec::new();
    for dir in ["apppwd/src", "apppw-admin/src", "apppw-cli/src", "pam_apppw/src", "apppw-proto/src"] {
        rust_files(&repository(dir), &mut files);
    }
    files.sort();
    files.iter().flat_map(|path| texts_of(path)).filter(|text| is_sentence(&text.text)).collect()
}

/// A line of the daemon's log.
pub struct LogLine {
    pub level: &'static str,
    pub text: String,
    pub place: String,
}

/// All of them: the first literal of each macro that logs.
pub fn log_lines() -> Vec<LogLine> {
    let mut files = Vec::new();
    rust_files(&repository("apppwd/src"), &mut files);
    files.sort();
    let mut lines = Vec::new();
    for path in files {
        let source = std::fs::read_to_string(&path).expect("a source");
        let name = path.strip_prefix(repository("")).unwrap_or(&path).display().to_string();
        let mut scan = Scan { source: source.as_bytes(), at: 0 };
        let (mut last, mut level) = (String::new(), None);
        while let Some(token) = scan.next() {
            match token {
                Token::Tests => break,
                Token::Word(word) => last = word,
                Token::Open { .. } => {
                    level = match last.as_str() {
                        "tracing::info!" => Some("info"),
                        "tracing::warn!" => Some("warning"),
                        "tracing::error!" => Some("error"),
                        _ => None,
                    };
                    last.clear();
                }
                Token::Text(text, line) => {
                    if let Some(level) = level.take() {
                        lines.push(LogLine { level, text, place: format!("{name}:{line}") });
                    }
                }
                Token::Close | Token::End => level = None,
            }
        }
    }
    lines
}

fn rust_files(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a folder of sources").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if path.is_dir() && name != "tests" && name != "samples" {
            rust_files(&path, files);
        } else if name.ends_with(".rs") && !["tests.rs", "samples.rs", "script.rs"].contains(&name.as_ref()) {
            files.push(path);
        }
    }
}

/// Whether what is called or built by this path makes an error.
fn makes(path: &str) -> bool {
    let mut ends = path.match_indices("::").map(|(at, _)| &path[at + 2..]);
    MAKES.contains(&path) || ends.any(|end| MAKES.contains(&end))
}

/// What is only a word, a mark or a placeholder can't be looked for.
fn is_sentence(text: &str) -> bool {
    // Queries are none.
    if text.starts_with("SELECT ") {
        return false;
    }
    let pieces = pieces(text);
    let letters: usize = pieces.iter().map(|piece| piece.chars().filter(|c| c.is_alphabetic()).count()).sum();
    letters >= 8 && pieces.iter().any(|piece| piece.trim().contains(' '))
}

/// What stands between the placeholders.
pub fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.peek() == Some(&c) => {
                chars.next();
                pieces.last_mut().expect("one").push(c);
            }
            '{' => {
                chars.by_ref().find(|c| *c == '}');
                pieces.push(String::new());
            }
            c => pieces.last_mut().expect("one").push(c),
        }
    }
    let squeezed = |piece: &String| piece.split_whitespace().collect::<Vec<_>>().join(" ");
    pieces.iter().map(squeezed).filter(|piece| piece.chars().any(char::is_alphanumeric)).collect()
}

/// Whether this was said: all pieces, in their order.
pub fn was_said(text: &str, said: &str) -> bool {
    let mut rest = said;
    pieces(text).iter().all(|piece| match rest.find(piece.as_str()) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}

/// The literals of one file that count.
fn texts_of(path: &Path) -> Vec<Text> {
    let source = std::fs::read_to_string(path).expect("a source");
    let name = path.strip_prefix(repository("")).unwrap_or(path).display().to_string();
    let mut scan = Scan { source: source.as_bytes(), at: 0 };
    let mut found = Vec::new();
    // For what is open: whether it makes an error, and whether its statement is given to one.
    let mut open: Vec<(bool, bool)> = Vec::new();
    let (mut is_given, mut in_function, mut last) = (false, false, String::new());
    while let Some(token) = scan.next() {
        match token {
            // Unit tests stand at the end.
            Token::Tests => break,
            Token::Word(word) => {
                if last == "let" || last == "mut" {
                    is_given = NAMES.contains(&word.as_str());
                }
                if last == "fn" {
                    in_function = FUNCTIONS.contains(&word.as_str());
                }
                last = word;
            }
            Token::Open { is_body } => {
                let makes = makes(&last) || is_given || (is_body && in_function);
                in_function &= !is_body;
                open.push((makes, std::mem::take(&mut is_given)));
                last.clear();
            }
            Token::Close => {
                is_given = open.pop().is_some_and(|(_, given)| given);
                last.clear();
            }
            Token::End => is_given = false,
            Token::Text(text, line) if is_given || open.iter().any(|(makes, _)| *makes) => {
                found.push(Text { text, place: format!("{name}:{line}") });
            }
            Token::Text(..) => {}
        }
    }
    found
}

enum Token {
    /// A path, perhaps with `!`; `#error` for the attribute.
    Word(String),
    /// `(`, `[` or `{`, which is a body's.
    Open {
        is_body: bool,
    },
    Close,
    /// Here unit tests begin.
    Tests,
    /// `;`
    End,
    Text(String, usize),
}

struct Scan<'s> {
    source: &'s [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.source.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn next(&mut self) -> Option<Token> {
        loop {
            if self.at >= self.source.len() {
                return None;
            }
            let c = self.peek(0);
            match c {
                b'/' if self.peek(1) == b'/' => self.skip_until(b'\n'),
                b'#' if self.source[self.at..].starts_with(b"#[cfg(test)]") => {
                    self.at += 12;
                    // What is only declared stands in another file, and more follows here.
                    let rest = &self.source[self.at..];
                    if rest.iter().find(|c| matches!(c, b';' | b'{')) == Some(&b'{') {
                        return Some(Token::Tests);
                    }
                }
                b'#' if self.source[self.at..].starts_with(b"#[error") => {
                    self.at += 7;
                    return Some(Token::Word("#error".to_owned()));
                }
                b'"' => return Some(self.text()),
                b'r' if self.peek(1) == b'"' || self.peek(1) == b'#' && self.peek(2) == b'"' => {
                    return Some(self.raw());
                }
                b'\'' => self.character(),
                b'(' | b'[' => return Some(self.one(Token::Open { is_body: false })),
                b'{' => return Some(self.one(Token::Open { is_body: true })),
                b')' | b']' | b'}' => return Some(self.one(Token::Close)),
                b';' => return Some(self.one(Token::End)),
                c if c.is_ascii_alphanumeric() || c == b'_' => return Some(self.path()),
                _ => self.at += 1,
            }
        }
    }

    fn one(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    fn skip_until(&mut self, end: u8) {
        while self.at < self.source.len() && self.peek(0) != end {
            self.at += 1;
        }
    }

    /// `'x'`, `'\n'`, or a lifetime.
    fn character(&mut self) {
        let is_character = self.peek(1) == b'\\' || (1..=4).any(|n| self.peek(1 + n) == b'\'');
        self.at += 1;
        if is_character {
            self.at += if self.peek(0) == b'\\' { 2 } else { 1 };
            self.skip_until(b'\'');
            self.at += 1;
        }
    }

    fn path(&mut self) -> Token {
        let begin = self.at;
        let goes_on = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b':' | b'.' | b'!');
        while goes_on(self.peek(0)) {
            self.at += 1;
        }
        let word = String::from_utf8_lossy(&self.source[begin..self.at]).into_owned();
        // Of a method's name the last part, but for the few that are meant with what they are called on.
        let whole = MAKES.contains(&word.as_str()) || word.contains("::");
        Token::Word(if whole { word } else { word.rsplit('.').next().unwrap_or_default().to_owned() })
    }

    fn text(&mut self) -> Token {
        let line = self.line();
        self.at += 1;
        let mut text = Vec::new();
        loop {
            match self.peek(0) {
                b'"' | 0 => break,
                b'\\' => {
                    match self.peek(1) {
                        b'n' => text.push(b'\n'),
                        b'\n' => {
                            while self.peek(2).is_ascii_whitespace() {
                                self.at += 1;
                            }
                        }
                        other => text.push(other),
                    }
                    self.at += 2;
                }
                other => {
                    text.push(other);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        Token::Text(String::from_utf8_lossy(&text).into_owned(), line)
    }

    fn raw(&mut self) -> Token {
        let line = self.line();
        let hashes = self.source[self.at + 1..].iter().take_while(|c| **c == b'#').count();
        self.at += 2 + hashes;
        let end = [b"\"".to_vec(), vec![b'#'; hashes]].concat();
        let begin = self.at;
        while self.at < self.source.len() && !self.source[self.at..].starts_with(&end) {
            self.at += 1;
        }
        let text = String::from_utf8_lossy(&self.source[begin..self.at]).into_owned();
        self.at += end.len();
        Token::Text(text, line)
    }

    fn line(&self) -> usize {
        1 + self.source[..self.at].iter().filter(|c| **c == b'\n').count()
    }
}
