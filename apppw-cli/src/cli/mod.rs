//! The command line: what can be typed.

mod account;
mod app_password;
mod events;
mod hand_over;
mod id;
mod revoke;
pub mod suggest;
pub mod values;

#[cfg(test)]
mod tests;

pub use account::{ABOUT_ACTIONS, Action, User};
pub use app_password::{Create, Ids, List, Pin, Rename, Rotate, Show, Suspend, Verify};
pub use events::Events;
pub use hand_over::{HandOver, Wait};
pub use id::TypedId;
pub use revoke::Revoke;

use crate::exit::Failure;
use crate::output::paint::{self, When};
use crate::output::terminal::Stream;
use apppw_admin::DEFAULT_ADMIN_SOCKET;
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Create, list and revoke app passwords.
///
/// An app password is a generated password for one program or device, for mail and other
/// services that can't ask for a second factor. It is shown once and can be revoked alone.
#[derive(Debug, Parser)]
#[command(name = "apppw", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Global {
    /// Where apppwd listens for management
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "APPPW_SOCKET",
        hide_env_values = true,
        display_order = 101,
        default_value = DEFAULT_ADMIN_SOCKET
    )]
    pub socket: PathBuf,
    /// Print JSON (docs/json.md), errors too
    #[arg(long, global = true, display_order = 102)]
    pub json: bool,
    // With `help =`, where lines end where we end them; the values in it, for they are few.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        display_order = 103,
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true,
        help = "Show colours: auto (on a terminal, unless NO_COLOR is set), always\nor never"
    )]
    pub color: When,
    /// Don't show long lists in pages (APPPW_PAGER, PAGER; else less)
    #[arg(long, global = true, display_order = 104)]
    pub no_pager: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an app password and show its secret, once
    Create(Create),
    /// List app passwords and when each was last used
    List(List),
    /// Show one app password with all its recorded uses
    Show(Show),
    /// Give an app password another name
    Rename(Rename),
    /// Make a new secret for an app password; the old one lives for a grace period
    Rotate(Rotate),
    /// Refuse app passwords until they are resumed
    Suspend(Suspend),
    /// Take a suspension back
    Resume(Ids),
    /// Take app passwords away for good
    Revoke(Revoke),
    /// Say whether a login with a secret would be accepted (asks for it, or reads it from stdin)
    Verify(Verify),
    /// Wait for a login with an app password, and say what goes wrong meanwhile
    Wait(Wait),
    /// Show an account, lock it, rename it, delete it, set and clear its mark "enrolled"
    User(User),
    /// Refuse every app password at once, without deleting anything, and take that back
    Panic(Panic),
    /// Say what happened: who made, changed and revoked what, and who was refused
    Events(Events),
    /// List accounts with their numbers of app passwords
    Users(Csv),
    /// Say whose primary password opened which service, and what enforcement would refuse
    Report(Csv),
    /// Say how the daemon is, and which panic switches are on
    Status(Status),
    /// Print what makes a shell complete apppw's commands, users and ids
    Completion(Completion),
    /// What those scripts ask: words on standard input, candidates on standard output
    #[command(hide = true)]
    Complete(Completion),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Where apppw is installed by `make install` it is in its place already. Else, for yourself:
  bash   apppw completion bash > ~/.local/share/bash-completion/completions/apppw
  zsh    apppw completion zsh > DIR/_apppw     DIR: one of $fpath, before compinit
  fish   apppw completion fish > ~/.config/fish/completions/apppw.fish"
)]
pub struct Completion {
    /// Which shell
    pub shell: Shell,
}

/// A shell that can complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

#[derive(Debug, Args)]
pub struct Status {
    /// Print numbers for monitoring instead, as OpenMetrics text (docs/json.md)
    #[arg(long)]
    pub metrics: bool,
}

/// What every command takes whose result is a list of records.
#[derive(Debug, Args)]
pub struct Csv {
    /// Print CSV for a spreadsheet (docs/json.md)
    #[arg(long, display_order = 99)]
    pub csv: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  apppw panic on                  Refuse every app password of this host
  apppw panic on --group mail     Refuse them for the services of one group
  apppw panic off --group mail    Let them log in again")]
pub struct Panic {
    /// Refuse app passwords, or let them log in again
    pub switch: Switch,
    /// Only for this group of services; each group has a switch beside the host's
    #[arg(long, value_name = "NAME")]
    pub group: Option<String>,
    #[command(flatten)]
    pub yes: Yes,
}

/// How a switch is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

/// What every changing command takes, whether or not it asks today.
#[derive(Debug, Args)]
pub struct Yes {
    /// Don't ask
    #[arg(long, short, display_order = 100)]
    pub yes: bool,
}

/// What every command takes that refuses logins whose sessions may be open.
#[derive(Debug, Args)]
pub struct Kick {
    // With `help =`, where lines end where we end them.
    #[arg(
        long,
        help = "Then, as root: end the accounts' open sessions in Dovecot and flush its\ncache (doveadm auth cache flush, doveadm kick); without it only new\nlogins are stopped"
    )]
    pub kick: bool,
}

/// What was typed.
pub enum Parsed {
    /// A command to run.
    Command(Box<Cli>),
    /// `--help` or `--version`: what to print.
    Help(String),
}

/// Reads the command line.
pub fn parse(args: &[OsString]) -> Result<Parsed, Failure> {
    match Cli::try_parse_from(args) {
        Ok(cli) => {
            one_format(&cli)?;
            Ok(Parsed::Command(Box::new(cli)))
        }
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            paint::choose(color_of(args));
            let text = error.render();
            let is_painted = paint::is_wanted(Stream::Stdout);
            let text = if is_painted { text.ansi().to_string() } else { text.to_string() };
            Ok(Parsed::Help(format!("{}\n", text.trim_end())))
        }
        Err(error) => {
            paint::choose(color_of(args));
            let text = error.render().to_string();
            let text = match error.kind() {
                ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => format!("what to do?\n\n{text}"),
                _ => text.strip_prefix("error: ").unwrap_or(&text).to_owned(),
            };
            // clap quotes what was typed: line breaks are its own only if none was typed.
            let typed = args.iter().any(|arg| arg.to_string_lossy().contains('\n'));
            Err(Failure { several_lines: !typed, ..Failure::usage(text.trim_end()) })
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
