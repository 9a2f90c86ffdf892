//! What could stand at the end of a command line, by the same definition that reads it.

use super::Candidate;
use crate::cli::ABOUT_ACTIONS;
use apppw_admin::verbs::FindWhat;
use clap::{Arg, ArgAction, Command};
use std::path::PathBuf;

/// What could stand there.
#[derive(Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing that is known beforehand, such as a name.
    Nothing,
    /// One of these.
    OneOf(Vec<Candidate>),
    /// A file.
    File,
    /// What apppwd knows that begins with `text`.
    Known {
        what: FindWhat,
        /// Expired and revoked ones too.
        all: bool,
        text: String,
        /// Stands before it in the same word, as in `--service=`.
        before: String,
        /// There already.
        but: Vec<String>,
    },
}

/// What could stand in the place of `current`, behind `words` (the first is the program); and
/// the socket that they name.
pub fn wanted(root: &Command, words: &[String], current: &str) -> (Wanted, Option<PathBuf>) {
    let mut line = Line {
        command: root,
        path: vec![],
        words: vec![],
        options: vec![],
        value_of: None,
        only_words: false,
    };
    for word in words.iter().skip(1) {
        if !line.take(word) {
            return (Wanted::Nothing, None);
        }
    }
    let socket = line.options.iter().rev().find(|(id, _)| *id == "socket");
    let socket = socket.and_then(|(_, value)| value.clone()).map(PathBuf::from);
    (line.complete(current), socket)
}

/// A line as far as it was read.
struct Line<'a> {
    command: &'a Command,
    /// The commands' names.
    path: Vec<&'a str>,
    /// Words that are neither commands nor options.
    words: Vec<&'a str>,
    /// Options by their ids, with their values.
    options: Vec<(&'a str, Option<String>)>,
    /// The next word is this option's value.
    value_of: Option<&'a Arg>,
    /// Behind `--`.
    only_words: bool,
}

impl<'a> Line<'a> {
    /// Reads a word; false if what follows can't be known.
    fn take(&mut self, word: &'a str) -> bool {
        if let Some(option) = self.value_of.take() {
            self.options.push((option.get_id().as_str(), Some(word.to_owned())));
        } else if self.only_words || !word.starts_with('-') || word == "-" {
            return self.take_plain(word);
        } else if word == "--" {
            self.only_words = true;
        } else if let Some(long) = word.strip_prefix("--") {
            let (name, value) =
                long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            let Some(option) = self.option(|arg| arg.get_long() == Some(name)) else { return false };
            self.take_option(option, value);
        } else if let Some(last) = word.chars().last() {
            // `-fy`: the last one of a cluster may have its value in the next word.
            let Some(option) = self.option(|arg| arg.get_short() == Some(last)) else { return false };
            self.take_option(option, None);
        }
        true
    }

    fn take_plain(&mut self, word: &'a str) -> bool {
        if !self.command.has_subcommands() {
            self.words.push(word);
            return true;
        }
        let Some(command) = self.command.find_subcommand(word) else { return false };
        self.command = command;
        self.path.push(command.get_name());
        true
    }

    fn take_option(&mut self, option: &'a Arg, value: Option<&str>) {
        match value {
            // Of `--wait[=SPAN]` the next word is none.
            None if option.get_action().takes_values() && !option.is_require_equals_set() => {
                self.value_of = Some(option);
            }
            value => self.options.push((option.get_id().as_str(), value.map(str::to_owned))),
        }
    }

    fn option(&self, is_it: impl Fn(&Arg) -> bool) -> Option<&'a Arg> {
        self.command.get_arguments().find(|arg| !arg.is_positional() && is_it(arg))
    }

    fn complete(&self, current: &str) -> Wanted {
        if let Some(option) = self.value_of {
            return self.value(option, current, "");
        }
        if current.starts_with('-') && !self.only_words {
            if let Some((name, value)) = current.split_once('=') {
                let option =
                    self.option(|arg| arg.get_long().is_some_and(|long| name == format!("--{long}")));
                return option.map_or(Wanted::Nothing, |arg| self.value(arg, value, &format!("{name}=")));
            }
            return Wanted::OneOf(self.options_like(current));
        }
        if self.command.has_subcommands() {
            let commands = self.command.get_subcommands().filter(|command| !command.is_hide_set());
            return one_of(
                commands.map(|c| Candidate::new(c.get_name(), first_line(c.get_about()))),
                current,
            );
        }
        self.word(current)
    }

    /// Long options; none twice that can't be there twice.
    fn options_like(&self, current: &str) -> Vec<Candidate> {
        let again = |arg: &Arg| {
            matches!(arg.get_action(), ArgAction::Append | ArgAction::Count)
                || !self.options.iter().any(|(id, _)| *id == arg.get_id().as_str())
        };
        let shown = self.command.get_arguments().filter(|arg| !arg.is_hide_set() && again(arg));
        let long =
            shown.filter_map(|arg| Some((format!("--{}", arg.get_long()?), first_line(arg.get_help()))));
        let fit = long.filter(|(name, _)| name.starts_with(current));
        fit.map(|(name, about)| Candidate::new(name, about)).collect()
    }

    /// A word that is neither a command nor an option.
    fn word(&self, current: &str) -> Wanted {
        let place = self.words.len();
        match (self.path.as_slice(), place) {
            // The place decides, not the word: an account may be called `show`.
            (["user"], 0) | (["create"], 0) => self.known(FindWhat::User, current, ""),
            (["user"], 1) => {
                one_of(ABOUT_ACTIONS.iter().map(|(name, about)| Candidate::new(*name, *about)), current)
            }
            (["key"], 1) if self.words.iter().any(|word| ["export", "import"].contains(word)) => Wanted::File,
            _ => {
                let positional = self.command.get_positionals().nth(place);
                let last = self.command.get_positionals().last().filter(|arg| is_many(arg));
                let arg = positional.or(last).filter(|arg| !arg.is_hide_set());
                arg.map_or(Wanted::Nothing, |arg| self.value(arg, current, ""))
            }
        }
    }

    /// A value of `arg` that begins with `text`.
    fn value(&self, arg: &Arg, text: &str, before: &str) -> Wanted {
        let words = arg.get_possible_values();
        if !words.is_empty() {
            let words = words.iter().filter(|word| !word.is_hide_set());
            let words =
                words.map(|w| Candidate::new(format!("{before}{}", w.get_name()), first_line(w.get_help())));
            return one_of(words, &format!("{before}{text}"));
        }
        match arg.get_id().as_str() {
            "socket" | "file" | "config" => Wanted::File,
            "id" | "ids" => self.known(FindWhat::AppPassword, text, before),
            "user" | "users" => self.known(FindWhat::User, text, before),
            "service" | "services" => self.known(FindWhat::Service, text, before),
            "group" => self.known(FindWhat::Group, text, before),
            "preset" => self.known(FindWhat::Preset, text, before),
            _ => Wanted::Nothing,
        }
    }

    fn known(&self, what: FindWhat, text: &str, before: &str) -> Wanted {
        // Only these say something of what has ended.
        let all = matches!(self.path.first(), Some(&("show" | "events")));
        let but = match what {
            FindWhat::AppPassword => self.words.iter().map(|word| (*word).to_owned()).collect(),
            _ => Vec::new(),
        };
        Wanted::Known { what, all, text: text.to_owned(), before: before.to_owned(), but }
    }
}

/// Whether it takes all words that follow.
fn is_many(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append) || arg.get_num_args().is_some_and(|n| n.max_values() > 1)
}

fn one_of(candidates: impl Iterator<Item = Candidate>, beginning: &str) -> Wanted {
    Wanted::OneOf(candidates.filter(|candidate| candidate.value.starts_with(beginning)).collect())
}

/// Help may have several lines.
fn first_line(help: Option<&clap::builder::StyledStr>) -> String {
    help.map(ToString::to_string).unwrap_or_default().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
