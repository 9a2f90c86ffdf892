//! `apppw help TOPIC`, and where to read on after wrong use.

use super::{command, plain};
use crate::exit::Failure;
use apppw_admin::nearest;
use clap::Command;
use clap::error::ErrorKind;
use std::ffi::{OsStr, OsString};

/// The answer to a `help` that clap knows no command for: the text for what it goes on about (`help user lock`), or a
/// failure with the nearest command. `None` if it was no such `help`.
pub fn topic(args: &[OsString], kind: ErrorKind) -> Option<Result<String, Failure>> {
    let mut words = words(args);
    if kind != ErrorKind::InvalidSubcommand || words.next() != Some(OsStr::new("help")) {
        return None;
    }
    let topic = words.next()?.to_string_lossy().into_owned();
    let mut command = command();
    command.build();
    if let Some(found) = command.find_subcommand_mut(&topic) {
        return Some(Ok(plain(&found.render_long_help().to_string())));
    }
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    let near = nearest(&topic, shown.map(Command::get_name));
    let hint = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
    Some(Err(Failure::usage(format!("there is no command '{topic}'{hint}"))))
}

/// Where it is said how what was typed is meant. `None` if nothing was typed: then it has just been said.
pub fn pointer(args: &[OsString]) -> Option<String> {
    if args.len() < 2 {
        return None;
    }
    let typed = words(args).next().and_then(|word| word.to_str());
    let known = typed.filter(|word| command().find_subcommand(word).is_some());
    Some(known.map_or_else(|| "See `apppw help`.".to_owned(), |name| format!("See `apppw help {name}`.")))
}

/// What was typed besides options, and the value of the one option that may stand before a command.
fn words(args: &[OsString]) -> impl Iterator<Item = &OsStr> {
    let mut args = args.iter().skip(1).map(OsString::as_os_str);
    std::iter::from_fn(move || {
        loop {
            let arg = args.next()?;
            if arg == "--socket" {
                args.next();
            } else if !arg.as_encoded_bytes().starts_with(b"-") {
                return Some(arg);
            }
        }
    })
}
