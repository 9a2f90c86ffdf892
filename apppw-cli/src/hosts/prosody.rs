//! Prosody's configuration: a program in Lua, of which the part is read that people write (`key = value`, `VirtualHost`,
//! `Component`, `Include`, as Prosody's core/configmanager takes them). Anything else is odd, and nothing is said about it.

use super::files::{Files, glob};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// The value of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A string alone.
    Text(String),
    /// `true`, `false`, `nil` or a number.
    Word(String),
    /// A table, a call, a variable: the strings that stand in it.
    Other(Vec<String>),
}

impl Value {
    /// The string, if it is one alone.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A `key = value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub file: PathBuf,
    /// From 0 on.
    pub lines: RangeInclusive<usize>,
    /// Nothing else stands in these lines.
    pub is_alone: bool,
    /// The VirtualHost or Component that it is for; none: all.
    pub host: Option<String>,
    pub key: String,
    pub value: Value,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    pub settings: Vec<Setting>,
    /// `VirtualHost`s by name.
    pub hosts: Vec<String>,
    pub files: BTreeMap<PathBuf, String>,
    /// Where in the main file something else begins than options for all.
    pub global_ends: Option<usize>,
}

/// What is not understood, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd {
    pub place: String,
    pub what: String,
}

/// Files within files.
const DEEPEST: usize = 8;

impl Source {
    /// Reads the main file and all that it includes.
    ///
    /// # Errors
    /// The first statement that isn't understood.
    pub fn read(files: &dyn Files, main: &Path) -> Result<Self, Odd> {
        let mut source = Self::default();
        source.file(files, main, 0)?;
        Ok(source)
    }

    /// The settings of an option, for all hosts or for one.
    pub fn of<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Setting> {
        self.settings.iter().filter(move |setting| setting.key == key)
    }

    fn file(&mut self, files: &dyn Files, path: &Path, depth: usize) -> Result<(), Odd> {
        let odd = |line: Option<usize>, what: &str| Odd {
            place: line
                .map_or(path.display().to_string(), |line| format!("{}, line {}", path.display(), line + 1)),
            what: what.to_owned(),
        };
        if depth > DEEPEST {
            return Err(odd(None, "files that include each other"));
        }
        let text = files.read(path).map_err(|e| odd(None, &e.to_string()))?;
        self.files.insert(path.to_owned(), text.clone());
        let tokens = tokens(&text).map_err(|line| odd(Some(line), "a string or comment without an end"))?;
        let statements = statements(&tokens)
            .map_err(|line| odd(Some(line), text.lines().nth(line).unwrap_or_default().trim()))?;
        // Each file begins with options for all.
        let mut host = None;
        for statement in statements {
            if depth == 0 && self.global_ends.is_none() && !matches!(statement.what, What::Setting(..)) {
                self.global_ends = Some(*statement.lines.start());
            }
            match statement.what {
                What::Setting(key, value) => self.settings.push(Setting {
                    file: path.to_owned(),
                    lines: statement.lines,
                    is_alone: statement.is_alone,
                    host: host.clone(),
                    key,
                    value,
                }),
                What::Host(name) => {
                    self.hosts.push(name.clone());
                    host = Some(name);
                }
                What::Component(name) => host = Some(name),
                What::Include(pattern) => {
                    let pattern = path.parent().unwrap_or(path).join(&pattern);
                    let found = glob(files, &pattern).ok_or_else(|| {
                        odd(Some(*statement.lines.start()), "a pattern that apppw doesn't know")
                    })?;
                    for file in found {
                        self.file(files, &file, depth + 1)?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug)]
enum What {
    Setting(String, Value),
    Host(String),
    Component(String),
    Include(String),
}

#[derive(Debug)]
struct Statement {
    lines: RangeInclusive<usize>,
    is_alone: bool,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Name(String),
    Text(String),
    Number(String),
    Sign(char),
}

#[derive(Debug)]
struct Placed {
    token: Token,
    first: usize,
    last: usize,
}

/// The words of a Lua program. The error is the line of what has no end.
fn tokens(text: &str) -> Result<Vec<Placed>, usize> {
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

/// The statements. The error is the line of one that isn't known.
fn statements(tokens: &[Placed]) -> Result<Vec<Statement>, usize> {
    let end = tokens.last().map_or(0, |placed| placed.last);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(placed) = tokens.get(at) {
        if placed.token == Token::Sign(';') {
            at += 1;
            continue;
        }
        let odd = || placed.first;
        let Token::Name(name) = &placed.token else { return Err(odd()) };
        let next = |ahead: usize| tokens.get(at + ahead).map(|placed| &placed.token);
        let (what, after) = match (name.as_str(), next(1)) {
            (_, Some(Token::Sign('='))) => {
                let (value, after) =
                    value(tokens, at + 2).ok_or_else(|| tokens.get(at + 2).map_or(end, |t| t.first))?;
                (What::Setting(name.clone(), value), after)
            }
            ("VirtualHost" | "Host" | "host", Some(Token::Text(host))) => (What::Host(host.clone()), at + 2),
            ("Component" | "component", Some(Token::Text(host))) => {
                let is_named = matches!(next(2), Some(Token::Text(_)));
                (What::Component(host.clone()), at + if is_named { 3 } else { 2 })
            }
            ("Include" | "include", Some(Token::Text(pattern))) => (What::Include(pattern.clone()), at + 2),
            _ => return Err(odd()),
        };
        let first = placed.first;
        let last = tokens.get(after - 1).map_or(first, |placed| placed.last);
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        // A `;` behind it belongs to it.
        let mut behind = tokens.get(after);
        if behind.is_some_and(|placed| placed.token == Token::Sign(';') && placed.first == last) {
            behind = tokens.get(after + 1);
        }
        let is_alone = before.is_none_or(|placed| placed.last < first)
            && behind.is_none_or(|placed| placed.first > last);
        found.push(Statement { lines: first..=last, is_alone, what });
        at = after;
    }
    Ok(found)
}

/// The value that begins at this token, and where the next statement begins.
fn value(tokens: &[Placed], at: usize) -> Option<(Value, usize)> {
    let (value, mut after) = match &tokens.get(at)?.token {
        Token::Text(text) => (Value::Text(text.clone()), at + 1),
        Token::Number(number) => (Value::Word(number.clone()), at + 1),
        Token::Sign('-') => match &tokens.get(at + 1)?.token {
            Token::Number(number) => (Value::Word(format!("-{number}")), at + 2),
            _ => return None,
        },
        Token::Name(word) if matches!(word.as_str(), "true" | "false" | "nil") => {
            (Value::Word(word.clone()), at + 1)
        }
        Token::Name(word) if !matches!(word.as_str(), "function" | "not") => {
            (Value::Other(Vec::new()), at + 1)
        }
        Token::Sign('{') => {
            let (strings, after) = balanced(tokens, at)?;
            (Value::Other(strings), after)
        }
        _ => return None,
    };
    let Value::Other(mut strings) = value else { return ends(tokens, after).then_some((value, after)) };
    // A variable, its fields, its calls.
    while matches!(tokens.get(at)?.token, Token::Name(_)) {
        match tokens.get(after).map(|placed| &placed.token) {
            Some(Token::Sign('.' | ':')) if matches!(tokens.get(after + 1)?.token, Token::Name(_)) => {
                after += 2;
            }
            Some(Token::Sign('(' | '{' | '[')) => {
                let (more, end) = balanced(tokens, after)?;
                strings.extend(more);
                after = end;
            }
            Some(Token::Text(text)) => {
                strings.push(text.clone());
                after += 1;
            }
            _ => break,
        }
    }
    ends(tokens, after).then_some((Value::Other(strings), after))
}

/// Whether no operator follows.
fn ends(tokens: &[Placed], at: usize) -> bool {
    match tokens.get(at).map(|placed| &placed.token) {
        None | Some(Token::Sign(';')) => true,
        Some(Token::Name(name)) => !matches!(name.as_str(), "and" | "or"),
        _ => false,
    }
}

/// What stands between brackets: its strings, and where it ends.
fn balanced(tokens: &[Placed], at: usize) -> Option<(Vec<String>, usize)> {
    let mut open = Vec::new();
    let mut strings = Vec::new();
    for (number, placed) in tokens.iter().enumerate().skip(at) {
        match &placed.token {
            Token::Text(text) => strings.push(text.clone()),
            Token::Sign('{') => open.push('}'),
            Token::Sign('(') => open.push(')'),
            Token::Sign('[') => open.push(']'),
            Token::Sign(close @ ('}' | ')' | ']')) if open.pop() != Some(*close) => return None,
            // A program in a value.
            Token::Name(name) if name == "function" => return None,
            _ => {}
        }
        if open.is_empty() {
            return Some((strings, number + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[(&str, &str)]) -> Result<Source, Odd> {
        let files: BTreeMap<PathBuf, String> =
            texts.iter().map(|(path, text)| (path.into(), (*text).to_owned())).collect();
        Source::read(&files, Path::new("/p/prosody.cfg.lua"))
    }

    fn one(text: &str) -> Result<Source, Odd> {
        read(&[("/p/prosody.cfg.lua", text)])
    }

    #[test]
    fn options_have_their_hosts_and_lines() {
        let source = read(&[
            (
                "/p/prosody.cfg.lua",
                "-- x = 1\nadmins = { } --[[ y\n = 2 ]] modules_enabled = {\n\t\"tls\"; -- why\n\t--\"no\";\n\t[\"a\"] = 'b',\n}\n\
                 authentication = \"internal_hashed\";\nlimits = { c2s = { rate = \"10kb/s\" } }\nn = -1.5\n\
                 VirtualHost \"example.org\"\n  enabled = false\nComponent \"muc.example.org\" \"muc\"\n  name = [[x\ny]]\n\
                 Include \"conf.d/*.cfg.lua\"\n  after = ENV_X\n",
            ),
            ("/p/conf.d/a.cfg.lua", "authentication = Credential(\"x\").y { \"z\" }\nVirtualHost 'b.org'\nq = nil"),
            ("/p/conf.d/a.lua", "nonsense"),
        ])
        .unwrap();
        let shown: Vec<_> = source
            .settings
            .iter()
            .map(|s| (s.host.as_deref().unwrap_or("*"), s.key.as_str(), s.lines.clone(), s.is_alone))
            .collect();
        assert_eq!(
            shown,
            [
                ("*", "admins", 1..=1, true),
                ("*", "modules_enabled", 2..=6, true),
                ("*", "authentication", 7..=7, true),
                ("*", "limits", 8..=8, true),
                ("*", "n", 9..=9, true),
                ("example.org", "enabled", 11..=11, true),
                ("muc.example.org", "name", 13..=14, true),
                ("*", "authentication", 0..=0, true),
                ("b.org", "q", 2..=2, true),
                ("muc.example.org", "after", 16..=16, true),
            ]
        );
        assert_eq!(source.hosts, ["example.org", "b.org"]);
        assert_eq!(source.global_ends, Some(10));
        let values: Vec<_> = source.of("authentication").map(|setting| setting.value.clone()).collect();
        assert_eq!(
            values,
            [Value::Text("internal_hashed".into()), Value::Other(vec!["x".into(), "z".into()])]
        );
        let modules: Vec<_> = source.of("modules_enabled").map(|setting| setting.value.clone()).collect();
        assert_eq!(modules, [Value::Other(vec!["tls".into(), "a".into(), "b".into()])]);
    }

    #[test]
    fn what_shares_its_line_is_not_alone() {
        for (text, alone) in [("a = 1 b = 2", false), ("a = 1;", true), ("a = 1; b = 2", false)] {
            assert!(one(text).unwrap().settings.iter().all(|setting| setting.is_alone == alone), "{text}");
        }
    }

    #[test]
    fn programs_are_odd() {
        for (text, line) in [
            ("a = 1\nif x then\nend", ", line 2"),
            ("local a = 1", ", line 1"),
            ("a = b .. c", ", line 1"),
            ("a = \"x\" .. c", ", line 1"),
            ("a = b or \"c\"", ", line 1"),
            ("a = function() end", ", line 1"),
            ("a = { function() end }", ", line 1"),
            ("a = { 1 )", ", line 1"),
            ("a = {", ", line 1"),
            ("a =", ", line 1"),
            ("x.y = 1", ", line 1"),
            ("print(\"x\")", ", line 1"),
            ("VirtualHost \"x\" { a = 1 }", ", line 1"),
            ("VirtualHost(\"x\")", ", line 1"),
            ("a = 1\nb = \"x", ", line 2"),
            ("--[[ x\n", ", line 1"),
            ("a = 1\nRunScript \"x\"", ", line 2"),
            ("Include \"/[x]/y\"", ", line 1"),
            ("Include \"prosody.cfg.lua\"", ""),
        ] {
            match one(text) {
                Err(odd) => assert_eq!(odd.place, format!("/p/prosody.cfg.lua{line}"), "{text}"),
                Ok(source) => panic!("{text}: {source:?}"),
            }
        }
        assert_eq!(one("Include \"none.lua\"").unwrap_err().place, "/p/none.lua");
        assert_eq!(
            one("").unwrap(),
            one("-- nothing").map(|source| Source { files: one("").unwrap().files, ..source }).unwrap()
        );
    }
}
