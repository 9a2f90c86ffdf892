//! `apppw`: creates, lists and revokes app passwords by asking apppwd on its `admin.sock`.
//!
//! A library for the sake of the manual (the crate `manual`), which is made from what the program reads.
#![deny(unsafe_code)]

mod cli;
mod commands;
mod exit;
// The tests hold it against libpam.
#[doc(hidden)]
pub mod hosts;
#[expect(unsafe_code, reason = "the interfaces of the dynamic linker and of libpam")]
mod libpam;
mod output;
mod program;
mod rights;

#[doc(hidden)]
pub mod fuzzed;

pub use cli::help::{Block, EXAMPLES, blocks, command, groups};
pub use exit::Status;

use cli::Parsed;
use std::ffi::OsString;
use std::process::ExitCode;

/// What the environment says, beside the variables that stand for an option.
pub const ENVIRONMENT: &[(&str, &str)] = &[
    ("USER", "Lists leave the user out where all app passwords and events are of this one."),
    ("TZ", "The time zone in which times are shown and days are read; without it that of the host."),
    ("NO_COLOR", "With any value: no colours, unless `--color` says otherwise."),
    ("TERM", "With `dumb`, or without a value, no colours and no line of progress."),
    ("COLUMNS", "How wide the terminal is; without it what the terminal says."),
    ("LANG", "With `LC_CTYPE` and `LC_ALL`, which come before it: whether more than ASCII may be shown."),
    ("APPPW_PAGER", "What shows a list that is longer than the screen; empty, or `cat`: nothing does."),
    ("PAGER", "The same, where APPPW_PAGER isn't set; without both it is less, made secure under sudo."),
    ("LESS", "Options of less; `FRX` where it isn't set."),
];

/// Does what the command line `args` says, the program's name first, and tells what came of it.
#[must_use]
pub fn run(args: &[OsString]) -> ExitCode {
    let (json, done) = match cli::parse(args) {
        Ok(Parsed::Command(cli)) => {
            output::paint::choose(cli.global.color);
            if cli.global.no_pager {
                output::no_pager();
            }
            (cli.global.json, commands::run(*cli))
        }
        Ok(Parsed::Help(text)) => (false, output::print(text.as_bytes()).map(|()| Status::Done)),
        Err(failure) => (cli::wants_json(args), Err(failure)),
    };
    let status = done.unwrap_or_else(|failure| {
        output::report(&failure, json);
        if let Some(pointer) = cli::help::pointer(args).filter(|_| !json && failure.is_wrong_use()) {
            output::note(&pointer);
        }
        failure.status
    });
    status.into()
}

/// Whether `words`, without the program's name, are a command line that can be run; if not, what is wrong with it.
/// Nothing is run.
///
/// # Errors
/// What `apppw` would say.
pub fn check(words: &[String]) -> Result<(), String> {
    let args: Vec<_> =
        ["apppw"].into_iter().map(OsString::from).chain(words.iter().map(OsString::from)).collect();
    let checked = cli::parse(&args).and_then(|parsed| match parsed {
        Parsed::Command(cli) => cli.command.check(),
        Parsed::Help(_) => Ok(()),
    });
    checked.map_err(|failure| failure.message)
}
