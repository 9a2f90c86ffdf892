//! The command line: what can be typed.

mod account;
mod app_password;
mod backup;
mod completion;
mod doctor;
mod events;
mod hand_over;
pub mod help;
mod id;
mod key;
mod parse;
mod revoke;
mod setup;
pub mod values;

#[cfg(test)]
mod tests;

pub use account::{ABOUT_ACTIONS, Action, User};
pub use app_password::{Create, Ids, List, Pin, Rename, Rotate, Show, Suspend, Verify};
pub use backup::{Backup, Restore};
pub use completion::{Completion, Shell};
pub use doctor::{Doctor, DoctorChild};
pub use events::Events;
pub use hand_over::{HandOver, Wait};
pub use id::TypedId;
pub use key::{Key, KeyTask};
pub use parse::{Parsed, parse, wants_json};
pub use revoke::Revoke;
pub use setup::{Setup, SetupTarget, Stack};

use crate::exit::Failure;
use crate::output::paint::When;
use apppw_admin::DEFAULT_ADMIN_SOCKET;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Create, list and revoke app passwords.
///
/// An app password is a generated password for one program or device, for mail and other
/// services that can't ask for a second factor. It is shown once and can be revoked alone.
///
/// A user of this host manages the own ones and leaves the user name out; root manages those of
/// every account. Whom apppwd takes for whom is told by the kernel, so there is nothing to log in to.
#[derive(Debug, Parser)]
#[command(
    name = "apppw",
    version,
    after_help = "Examples:
  apppw create alice@example.org \"Thunderbird, laptop\"   Show a new secret, once
  apppw list alice@example.org                           Her app passwords, with their last use
  apppw revoke ap-7k3m9qxe                               Take one away for good
  apppw help create                                      What create does, with examples"
)]
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
        help = "When colours are shown"
    )]
    pub color: When,
    /// Show long lists at once, not in pages
    #[arg(long, global = true, display_order = 104)]
    pub no_pager: bool,
}

/// The commands. The first paragraph is said in lists of them, all of it in `help COMMAND` and in the manual.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an app password and show its secret, once
    ///
    /// The secret is generated and shown this one time: type or paste it into the program that it is for. Hyphens,
    /// spaces and case don't count. What it is good for (services, networks, until when) can't be changed later:
    /// make another one, and revoke this.
    Create(Create),
    /// List app passwords and when each was last used
    ///
    /// Live and suspended ones, unless told otherwise; secrets are never shown again.
    List(List),
    /// Show one app password with all its recorded uses
    ///
    /// What it is good for, who made it and when, and each service and address that it was used from.
    #[command(after_help = "Examples:
  apppw show ap-7k3m9qxe          The id is in apppw list
  apppw show ap-7k3m9qxe --json   For a program")]
    Show(Show),
    /// Give an app password another name
    ///
    /// The secret and everything else stay as they are.
    #[command(after_help = "Examples:
  apppw rename ap-7k3m9qxe \"Thunderbird, desktop\"")]
    Rename(Rename),
    /// Give an app password a new secret; the old one lives on a while
    ///
    /// The new app password has an id of its own, and the name and scope of the old one. Revoking either of them
    /// ends both.
    Rotate(Rotate),
    /// Refuse app passwords until they are resumed
    ///
    /// Nothing else is changed. For a device that is missing but may be found again.
    #[command(after_help = "Examples:
  apppw suspend ap-7k3m9qxe          Refused from now on
  apppw suspend ap-7k3m9qxe --kick   And end the account's open sessions, as root")]
    Suspend(Suspend),
    /// Take a suspension back
    #[command(after_help = "Examples:
  apppw resume ap-7k3m9qxe")]
    Resume(Ids),
    /// Take app passwords away for good
    ///
    /// Those with these ids, or all that a selection names. Once the command has returned, no login that starts
    /// later is accepted. Sessions that are open already go on, unless `--kick` ends them.
    Revoke(Revoke),
    /// Say whether a login with a secret would be accepted
    ///
    /// The secret is asked for without being shown, or read from standard input. It counts as no use and closes no
    /// pin. The exit status is 0 if the login would be accepted, else 1.
    #[command(after_help = "Examples:
  apppw verify alice@example.org --service imap
  apppw verify alice@example.org --service imap --rhost 192.0.2.7   As if from that address")]
    Verify(Verify),
    /// Wait for a login, and say meanwhile what is refused and why
    ///
    /// For the person who types a new secret into a program: the first successful login ends the wait; attempts on
    /// the account that are refused are shown with the reason and what to do. The app password stays as it is.
    Wait(Wait),
    /// Show an account, lock, rename or delete it, mark it as enrolled
    ///
    /// An account is there from its first app password on, or from its first lock or enrolment.
    User(User),
    /// Refuse every app password at once, and take that back
    ///
    /// Nothing is deleted or changed: when the switch is off again, all of them work as before. Primary passwords
    /// are not touched.
    Panic(Panic),
    /// Show, make, give up and keep the server keys
    ///
    /// Without its server key no app password can be checked: it is as much part of each as its secret, and lies apart from
    /// the database, so that who has one of the two can test no guess. A new one is made without a login failing.
    Key(Key),
    /// Say what happened: who made, changed and revoked what
    ///
    /// Oldest first. Also who was refused what, and who used an app password that is revoked, expired or
    /// suspended. Accepted logins are no events: `apppw show` counts them.
    Events(Events),
    /// List accounts with their numbers of app passwords
    #[command(after_help = "Examples:
  apppw users
  apppw users --csv   For a spreadsheet")]
    Users(Csv),
    /// Say whose primary password opened which service
    ///
    /// And whose would be refused once `[policy] report_only` is false again. Only logins that succeeded count, in
    /// PAM stacks that let the primary password through.
    #[command(after_help = "Examples:
  apppw report
  apppw report --csv   For a spreadsheet")]
    Report(Csv),
    /// Say how the daemon is, and which panic switches are on
    #[command(after_help = "Examples:
  apppw status
  apppw status --metrics   For Prometheus: logins, latencies, what waits")]
    Status(Status),
    /// Set up a mail server: shows a diff, asks, writes, checks
    ///
    /// Reads what is there, plans the files of PAM and of the server, shows how they would change, and writes them
    /// when told to, each whole or not at all. The server's own checker is asked; if it refuses, everything is put
    /// back. Nothing is restarted or reloaded: the commands for that are shown. What it doesn't understand it
    /// doesn't touch, and prints the lines to paste instead. Run as root, on the server's own host.
    Setup(Setup),
    /// Look for what is wrong on this host, and say what to do
    ///
    /// Daemon and sockets, key, database, clock, the module's file, every PAM stack that names it, the configuration of
    /// Dovecot, Postfix and saslauthd, what AppArmor and SELinux denied, and programs that still run with an older
    /// module. As root also a real login through libpam, with an app password that is made for it, revoked, and deleted
    /// with its account. Each line is ok, a warning or a fault with what to do; the exit status is 0 if all are ok, else 1.
    Doctor(Doctor),
    /// A part of `doctor` that runs in a process of its own
    #[command(name = "doctor-aid", hide = true)]
    DoctorChild(DoctorChild),
    /// Copy the database to a file, while apppwd serves
    ///
    /// Consistent, checked, and of one moment; logins and changes don't wait for it. The server key isn't in it, nor is
    /// the journal of what was revoked: both lie in the daemon's key_dir, and belong into another backup.
    Backup(Backup),
    /// Put a backup back, while apppwd is stopped
    ///
    /// As root. The file is checked first, also whether it fits the server key; the database that is there is kept
    /// beside it. At its next start apppwd takes away again what the journal says was revoked, locked or suspended since
    /// the backup, and tells each difference in its log. Of what is given, nothing is opened by anything but apppwd.
    Restore(Restore),
    /// Print what makes a shell complete apppw's commands, users and ids
    Completion(Completion),
    /// What those scripts ask: words on standard input, candidates on standard output
    #[command(hide = true)]
    Complete(Completion),
}

impl Command {
    /// Whether the words fit together that clap can't judge.
    pub fn check(&self) -> Result<(), Failure> {
        match self {
            Self::Create(create) => create.user_and_name().map(|_| ()),
            Self::User(user) => user.user_and_action().map(|_| ()),
            Self::Key(key) => key.task().map(|_| ()),
            _ => Ok(()),
        }
    }
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
