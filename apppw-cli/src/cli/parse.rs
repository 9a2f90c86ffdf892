//! Reading the command line.

use super::{Cli, Command, Create, Events, HandOver, List, Rotate, Status, help};
use crate::exit::Failure;
use crate::output::paint::{self, When};
use clap::error::ErrorKind;
use clap::{FromArgMatches, ValueEnum};
use std::ffi::OsString;

/// What was typed.
#[derive(Debug)]
pub enum Parsed {
    /// A command to run.
    Command(Box<Cli>),
    /// `--help` or `--version`: what to print.
    Help(String),
}

/// Reads the command line.
pub fn parse(args: &[OsString]) -> Result<Parsed, Failure> {
    let mut command = help::command();
    let matches = command.try_get_matches_from_mut(args);
    match matches.and_then(|matches| Cli::from_arg_matches(&matches).map_err(|e| e.format(&mut command))) {
        Ok(cli) => {
            one_format(&cli)?;
            Ok(Parsed::Command(Box::new(cli)))
        }
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            paint::choose(color_of(args));
            Ok(Parsed::Help(help::plain(&error.render().to_string())))
        }
        Err(error) => {
            paint::choose(color_of(args));
            if let Some(topic) = help::topic(args, error.kind()) {
                return topic.map(Parsed::Help);
            }
            let text = match error.kind() {
                // Without a word everybody gets the overview; behind options one is enough.
                ErrorKind::MissingSubcommand => {
                    "a command is missing, such as create, list, show or revoke".to_owned()
                }
                ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                    format!("what to do?\n\n{}", error.render())
                }
                _ => error.render().to_string(),
            };
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            // It is said for all wrong use in the same words: see `help::pointer`.
            let text = text.trim_end().trim_end_matches("For more information, try '--help'.").trim_end();
            // clap quotes what was typed: line breaks are its own only if none was typed.
            let typed = args.iter().any(|arg| arg.to_string_lossy().contains('\n'));
            Err(Failure { several_lines: !typed, ..Failure::usage(text) })
        }
    }
}

/// A result is printed in one format. Not clap's `conflicts_with`: it overlooks a `--json` before
/// the command's name.
fn one_format(cli: &Cli) -> Result<(), Failure> {
    let other = match &cli.command {
        Command::List(List { csv, .. })
        | Command::Events(Events { csv, .. })
        | Command::Users(csv)
        | Command::Report(csv)
            if csv.csv =>
        {
            "--csv"
        }
        Command::Status(Status { metrics: true }) => "--metrics",
        Command::Create(Create { hand_over: HandOver { qr: true, .. }, .. })
        | Command::Rotate(Rotate { hand_over: HandOver { qr: true, .. }, .. }) => "--qr",
        _ => return Ok(()),
    };
    if cli.global.json {
        return Err(Failure::usage(format!("{other} and --json don't go together: choose one")));
    }
    Ok(())
}

/// What `--color` says in `args`, which don't parse, or ask for help.
fn color_of(args: &[OsString]) -> When {
    let mut args = args.iter().take_while(|arg| *arg != "--").map(|arg| arg.to_string_lossy());
    while let Some(arg) = args.next() {
        let value = match arg.strip_prefix("--color") {
            Some("") => args.next().unwrap_or_default().into_owned(),
            Some(value) => value.trim_start_matches('=').to_owned(),
            None => continue,
        };
        return When::from_str(&value, false).unwrap_or_default();
    }
    When::Auto
}

/// Whether errors in `args`, which don't parse, are to be told as JSON.
pub fn wants_json(args: &[OsString]) -> bool {
    args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--json")
}
