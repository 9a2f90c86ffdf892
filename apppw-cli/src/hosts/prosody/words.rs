//! The words of a Lua program: names, strings, numbers, signs; comments are none.

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Name(String),
    Text(String),
    Number(String),
    Sign(char),
}

/// Where it stands: lines from 0 on.
#[derive(Debug)]
pub struct Placed {
    pub token: Token,
    pub first: usize,
    pub last: usize,
}

/// The words of a Lua program. The error is the line of what has no end.
pub fn tokens(text: &str) -> Result<Vec<Placed>, usize> {
    let mut placed = Vec::new();
    let mut rest = text;
    let mut line = 0;
    while let Some(c) = rest.chars().next() {
        let first = line;
        let (token, length) = if let Some(comment) = rest.strip_prefix("--") {
            let length = match long_bracket(comment) {
                Some(end) => end.ok_or(first)?.1 + 2,
                None => rest.find('\n').unwrap_or(rest.len()),
            };
            (None, length)
        } else if c.is_whitespace() {
            (None, c.len_utf8())
        } else if let Some(end) = long_bracket(rest) {
            let (inner, length) = end.ok_or(first)?;
            (Some(Token::Text(inner.to_owned())), length)
        } else if matches!(c, '"' | '\'') {
            let (inner, length) = quoted(rest, c).ok_or(first)?;
            (Some(Token::Text(inner)), length)
        } else if c.is_ascii_alphanumeric() || c == '_' {
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
            let is_number = c.is_ascii_digit();
            let end = rest.find(|c: char| !is_word(c) || c == '.' && !is_number).unwrap_or(rest.len());
            let word = rest.get(..end).unwrap_or_default().to_owned();
            (Some(if is_number { Token::Number(word) } else { Token::Name(word) }), end)
        } else {
            (Some(Token::Sign(c)), c.len_utf8())
        };
        let (taken, left) = rest.split_at(length);
        line += taken.matches('\n').count();
        rest = left;
        if let Some(token) = token {
            placed.push(Placed { token, first, last: line });
        }
    }
    Ok(placed)
}

/// `[[ ]]` or `[=[ ]=]` at the beginning: what is in it and its length, or that it has no end.
fn long_bracket(text: &str) -> Option<Option<(&str, usize)>> {
    let inner = text.strip_prefix('[')?;
    let level = inner.len() - inner.trim_start_matches('=').len();
    let inner = inner.get(level..)?.strip_prefix('[')?;
    let close = format!("]{}]", "=".repeat(level));
    Some(inner.find(&close).and_then(|end| Some((inner.get(..end)?, level + 2 + end + close.len()))))
}

/// A string, and its length with its marks. Escapes stay as they are written.
fn quoted(text: &str, mark: char) -> Option<(String, usize)> {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '\n' => return None,
            c if c == mark => return Some((text.get(1..at)?.to_owned(), at + 1)),
            _ => {}
        }
    }
    None
}
