//! Prosody's configuration: a program in Lua, of which the part is read that people write (`key = value`, `VirtualHost`,
//! `Component`, `Include`, as Prosody's core/configmanager takes them). Anything else is odd, and nothing is said about it.

mod words;

use super::files::{Files, glob};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use words::{Placed, Token, tokens};

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
mod tests;
