//! `apppw help`: the commands, grouped as one thinks of them.

use super::plain;
use crate::exit::Status;
use clap::Command;
use std::fmt::Write as _;

/// The commands by group. One that is in none comes last, under [`REST`]; a name without a command is passed over.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Everyday", &["create", "list", "show", "revoke"]),
    ("App passwords", &["verify", "rename", "rotate", "suspend", "resume", "wait"]),
    ("Accounts", &["users", "user"]),
    ("What happened", &["events", "report"]),
    ("Host", &["status", "setup", "panic", "completion"]),
];

/// How all of them are called.
pub const USAGE: &str = "apppw COMMAND [ARGUMENT]...";

const REST: &str = "More";

/// The groups of commands, in the order in which they are shown.
#[must_use]
pub fn groups(command: &Command) -> Vec<(&'static str, Vec<&Command>)> {
    let grouped = GROUPS.iter().map(|(title, names)| {
        (*title, names.iter().filter_map(|name| command.find_subcommand(name)).collect::<Vec<_>>())
    });
    let known = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name)) || name == "help";
    let rest =
        command.get_subcommands().filter(|command| !command.is_hide_set() && !known(command.get_name()));
    let groups = grouped.chain([(REST, rest.collect())]);
    groups.filter(|(_, commands)| !commands.is_empty()).collect()
}

/// The text, for every width of terminal from 80 columns on.
pub fn text(command: &Command) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut text = format!("{about}\n\nUsage: {USAGE}\n");
    let width = command.get_subcommands().map(|command| command.get_name().len()).max().unwrap_or_default();
    for (title, commands) in groups(command) {
        let _ = write!(text, "\n{title}:\n");
        for command in commands {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {:width$}  {about}", command.get_name());
        }
    }
    let options = command.clone().long_about(None::<&str>).help_template("{options}").render_help();
    let _ = write!(text, "\nOptions:\n{}", plain(&options.to_string()));
    let statuses: Vec<_> =
        Status::ALL.iter().map(|status| format!("{} {}", *status as u8, status.brief())).collect();
    let _ = write!(text, "\nExit status: {}\n", statuses.join(", "));
    text.push_str("\n`apppw help COMMAND` says more, with examples.\n");
    text
}
