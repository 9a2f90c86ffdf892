//! What the command line says about itself: clap's model of it, with its texts laid out.
//!
//! `-h`, `--help`, `help COMMAND` and the manual (the crate `manual`) are all made from this one model, so none of
//! them can differ from what is read. The texts stand beside what they explain: a command's in the documentation of
//! its variant, an argument's in that of its field, and examples, with whatever else there is to say, in `after_help`
//! ([`blocks`] says how that is written).

mod blocks;
mod layout;
mod overview;
mod topic;

pub use blocks::{Block, EXAMPLES, blocks};
pub use overview::groups;
pub use topic::{pointer, topic};

use super::Cli;
use clap::{Arg, Command, CommandFactory};
use layout::{WIDTH, laid_out, one_line, paragraphs, wrapped};
use std::ffi::OsStr;

/// How far clap sets an argument's text in where it stands below the argument.
const BELOW: usize = 10;

/// More words than these are a paragraph of their own.
const MOST_WORDS: usize = 8;

/// The command line, with all that is said about it.
#[must_use]
pub fn command() -> Command {
    // Without a text for `--help` alone: there they stand in a list with a command's own.
    let mut command = Cli::command().mut_args(|arg| {
        let text = wrapped(&text(&arg), WIDTH - 28);
        told_by_us(arg).help(text)
    });
    let widest = command.get_arguments().map(width).max().unwrap_or_default();
    for (name, usage) in usages() {
        command = command.mut_subcommand(name, |command| explained(command, usage, widest));
    }
    let overview = overview::text(&command);
    command.override_usage(overview::USAGE).override_help(overview)
}

/// How each command is called, as clap finds it, without its angle brackets.
fn usages() -> Vec<(String, String)> {
    let mut built = Cli::command();
    built.build();
    let commands = built.get_subcommands_mut().filter(|command| command.get_name() != "help");
    let usage = |command: &mut Command| {
        let usage = plain(&command.render_usage().to_string());
        usage.trim_start_matches("Usage:").trim().to_owned()
    };
    commands.map(|command| (command.get_name().to_owned(), usage(command))).collect()
}

/// A command with its texts in lines that fit a terminal: a summary for `-h`, all of it for `--help`. `widest` is the
/// widest option of all commands.
fn explained(command: Command, usage: String, widest: usize) -> Command {
    let name = command.get_name().to_owned();
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string);
    let about = paragraphs(&about.unwrap_or_default());
    let behind = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string);
    let behind = laid_out(&blocks(&[behind, words(&command)].map(Option::unwrap_or_default).join("\n\n")));
    let room = WIDTH - (4 + command.get_arguments().map(width).fold(widest, usize::max));
    command
        .override_usage(usage)
        .mut_args(|arg| {
            let text = text(&arg);
            told_by_us(arg).help(wrapped(&text, room)).long_help(wrapped(&text, WIDTH - BELOW))
        })
        .long_about(about)
        .after_help(format!("`apppw help {name}` says more, with examples."))
        .after_long_help(behind)
}

/// What is said of an argument: its text, the words and the default that it has.
fn text(arg: &Arg) -> String {
    let mut text = one_line(&arg.get_help().map(ToString::to_string).unwrap_or_default());
    if !arg.get_action().takes_values() {
        return text;
    }
    let words = possible_words(arg);
    if (1..=MOST_WORDS).contains(&words.len()) {
        text.push_str(&format!(" [{}]", alternatives(&words)));
    }
    let defaults = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned());
    let environment = arg.get_env().map(|name| format!("${}", OsStr::to_string_lossy(name)));
    let defaults: Vec<_> = environment.into_iter().chain(defaults).collect();
    if !defaults.is_empty() {
        text.push_str(&format!(" [default: {}]", defaults.join(", else ")));
    }
    text
}

/// `a, b or c`.
fn alternatives(words: &[String]) -> String {
    match words.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => words.concat(),
    }
}

/// What [`text`] says, clap need not say again in its own way.
fn told_by_us(arg: Arg) -> Arg {
    if !arg.get_action().takes_values() {
        return arg;
    }
    arg.hide_possible_values(true).hide_default_value(true).hide_env(true)
}

/// Lists of words that are too long for the argument's own text, as paragraphs.
fn words(command: &Command) -> Option<String> {
    let of_arg = |arg: &Arg| {
        let words = possible_words(arg);
        let name = arg.get_value_names()?.first()?.to_string();
        (words.len() > MOST_WORDS).then(|| format!("{name} is one of {}.", words.join(", ")))
    };
    let lists: Vec<_> = command.get_arguments().filter_map(of_arg).collect();
    (!lists.is_empty()).then(|| lists.join("\n\n"))
}

fn possible_words(arg: &Arg) -> Vec<String> {
    if !arg.get_action().takes_values() {
        return Vec::new();
    }
    let values = arg.get_possible_values();
    values.iter().filter(|value| !value.is_hide_set()).map(|value| value.get_name().to_owned()).collect()
}

/// Columns that clap needs for an argument's name.
fn width(arg: &Arg) -> usize {
    let value = arg.get_value_names().and_then(|names| names.first()).map_or(0, |name| name.len());
    // `[=VALUE]` in the place of ` VALUE`.
    let equals = if arg.is_require_equals_set() { 2 } else { 0 };
    match arg.get_long() {
        _ if arg.is_hide_set() => 0,
        Some(long) if arg.get_action().takes_values() => {
            "-x, --".len() + long.len() + " <>".len() + value + equals
        }
        Some(long) => "-x, --".len() + long.len(),
        None => arg.get_id().as_str().len().max(value) + "[]...".len(),
    }
}

/// clap's text without the angle brackets around what stands for something else; what stands in a column behind it
/// stays there.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.trim_end();
    while let Some((before, behind)) = rest.split_once('<') {
        plain.push_str(before);
        rest = match behind.split_once('>') {
            Some((name, behind)) if name.bytes().all(|c| c.is_ascii_uppercase() || b"-_".contains(&c)) => {
                plain.push_str(name);
                let end = behind.find([' ', '\n', '<']).unwrap_or(behind.len());
                let (end, behind) = behind.split_at_checked(end).unwrap_or((behind, ""));
                plain.push_str(end);
                if behind.starts_with("  ") {
                    plain.push_str("  ");
                }
                behind
            }
            _ => {
                plain.push('<');
                behind
            }
        };
    }
    plain.push_str(rest);
    plain.push('\n');
    plain
}

#[cfg(test)]
mod tests;
