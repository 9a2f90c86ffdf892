//! The command line: what can be typed.

use crate::exit::Failure;
use apppw_admin::{AppPasswordId, DEFAULT_ADMIN_SOCKET};
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
        default_value = DEFAULT_ADMIN_SOCKET
    )]
    pub socket: PathBuf,
    /// Print JSON (docs/json.md), errors too
    #[arg(long, global = true)]
    pub json: bool,
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
    /// Take app passwords away for good
    Revoke(Revoke),
    /// Say whether a login with a secret would be accepted (asks for it, or reads it from stdin)
    Verify(Verify),
    /// Show an account, or set and clear its mark "enrolled"
    User(User),
    /// Say how the daemon is
    Status,
}

#[derive(Debug, Args)]
#[command(override_usage = "apppw create [OPTIONS] [USER] NAME")]
pub struct Create {
    /// Whose it is; left out by a user acting for himself
    #[arg(value_name = "USER")]
    first: Option<String>,
    /// What it is for, such as "Thunderbird, laptop"
    #[arg(value_name = "NAME")]
    second: Option<String>,
    /// A service or group that it is good for; may be repeated [default: as configured]
    #[arg(long = "service", value_name = "S")]
    pub services: Vec<String>,
    #[command(flatten)]
    pub yes: Yes,
}

impl Create {
    /// USER, if given, and NAME.
    pub fn user_and_name(&self) -> Result<(Option<String>, String), Failure> {
        user_and_last(&self.first, &self.second)
            .ok_or_else(|| Failure::usage("a name is missing: apppw create [USER] NAME"))
    }
}

#[derive(Debug, Args)]
pub struct List {
    /// Whose; without it: your own, or for root and administrators those of all accounts
    pub user: Option<String>,
    /// Revoked ones too
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Args)]
pub struct Show {
    /// Which one, such as ap-7k3m9qxe
    pub id: AppPasswordId,
}

#[derive(Debug, Args)]
#[command(override_usage = "apppw revoke [OPTIONS] ID...\n       apppw revoke [OPTIONS] [--user USER] --all")]
pub struct Revoke {
    /// Which ones, such as ap-7k3m9qxe
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    pub ids: Vec<AppPasswordId>,
    /// Those of this account; with --all. Left out by a user acting for himself
    #[arg(long, requires = "all")]
    pub user: Option<String>,
    /// All live ones of the account
    #[arg(long)]
    pub all: bool,
    /// Only say what would be revoked
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub yes: Yes,
}

#[derive(Debug, Args)]
pub struct Verify {
    /// Whose; left out by a user acting for himself
    pub user: Option<String>,
    /// The service to judge it for; without it the scope isn't judged
    #[arg(long, value_name = "S")]
    pub service: Option<String>,
    /// The address that the login would come from
    #[arg(long, value_name = "ADDR")]
    pub rhost: Option<String>,
    /// A secret given as a word: refused without being shown again.
    #[arg(hide = true)]
    pub misplaced: Vec<OsString>,
}

/// The action isn't a subcommand of clap's, because an account may be called `show` or
/// `delete`: the place decides, not the word.
#[derive(Debug, Args)]
#[command(
    override_usage = "apppw user [OPTIONS] USER ACTION",
    after_help = "Actions:
  show      Say what is known of the account
  enroll    Mark it as enrolled: under `primary = \"refuse-enrolled\"` its primary password
            no longer opens the services that ask apppwd
  unenroll  Clear that mark"
)]
pub struct User {
    /// Which account
    #[arg(value_name = "USER")]
    first: Option<String>,
    /// What to do with it
    #[arg(value_name = "ACTION")]
    second: Option<String>,
    #[command(flatten)]
    pub yes: Yes,
}

impl User {
    /// USER, if given, and the action.
    pub fn user_and_action(&self) -> Result<(Option<String>, Action), Failure> {
        let (user, word) = user_and_last(&self.first, &self.second)
            .ok_or_else(|| Failure::usage("an action is missing: apppw user [USER] show|enroll|unenroll"))?;
        let action = Action::from_str(&word, false).map_err(|_| {
            let hint = if user.is_none() { format!(" (apppw user {word} show?)") } else { String::new() };
            Failure::usage(format!("'{word}' is no action, these are: show, enroll, unenroll{hint}"))
        })?;
        Ok((user, action))
    }
}

/// What can be done with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Action {
    Show,
    Enroll,
    Unenroll,
}

/// What every changing command takes, whether or not it asks today.
#[derive(Debug, Args)]
pub struct Yes {
    /// Don't ask
    #[arg(long, short)]
    pub yes: bool,
}

/// One word is the last of `[USER] LAST`, two are both. clap's `allow_missing_positional` does
/// this only for words that follow each other directly.
fn user_and_last(first: &Option<String>, second: &Option<String>) -> Option<(Option<String>, String)> {
    match (first, second) {
        (first, Some(last)) => Some((first.clone(), last.clone())),
        (Some(last), None) => Some((None, last.clone())),
        (None, None) => None,
    }
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
        Ok(cli) => Ok(Parsed::Command(Box::new(cli))),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            Ok(Parsed::Help(format!("{}\n", error.render().to_string().trim_end())))
        }
        Err(error) => {
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

/// Whether errors in `args`, which don't parse, are to be told as JSON.
pub fn wants_json(args: &[OsString]) -> bool {
    args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> Result<Command, Failure> {
        let args: Vec<OsString> = ["apppw"].iter().chain(words).map(OsString::from).collect();
        match parse(&args)? {
            Parsed::Command(cli) => Ok(cli.command),
            Parsed::Help(text) => panic!("help: {text}"),
        }
    }

    #[test]
    fn clap_finds_no_fault_with_the_definition() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn one_word_is_the_name_and_two_are_user_and_name() {
        let create = |words: &[&str]| match command(words).unwrap() {
            Command::Create(create) => (create.services.clone(), create.user_and_name().unwrap()),
            other => panic!("{other:?}"),
        };
        assert_eq!(create(&["create", "laptop"]), (vec![], (None, "laptop".into())));
        let both = (Some("alice".into()), "laptop".into());
        assert_eq!(create(&["create", "alice", "laptop"]), (vec![], both.clone()));
        let services = vec!["imap".to_owned(), "smtp".to_owned()];
        let between = ["create", "--service", "imap", "alice", "--service", "smtp", "laptop"];
        assert_eq!(create(&between), (services, both));
        assert!(command(&["create", "alice", "laptop", "phone"]).is_err());
    }

    #[test]
    fn an_account_may_be_called_like_an_action() {
        let user = |words: &[&str]| match command(words).unwrap() {
            Command::User(user) => user.user_and_action(),
            other => panic!("{other:?}"),
        };
        assert_eq!(user(&["user", "show"]), Ok((None, Action::Show)));
        assert_eq!(user(&["user", "enroll", "show"]), Ok((Some("enroll".into()), Action::Show)));
        assert_eq!(user(&["user", "show", "unenroll"]), Ok((Some("show".into()), Action::Unenroll)));
        for wrong in [&["user", "alice"][..], &["user", "alice", "drop"], &["user"]] {
            assert_eq!(user(wrong).unwrap_err().status, crate::exit::Status::Usage);
        }
    }

    #[test]
    fn revoke_takes_ids_or_all_of_one_account() {
        let ok = |words: &[&str]| command(words).is_ok();
        assert!(ok(&["revoke", "ap-00000001", "ap-00000002", "--yes"]));
        assert!(ok(&["revoke", "--user", "alice", "--all", "--dry-run"]));
        assert!(!ok(&["revoke"]));
        assert!(!ok(&["revoke", "--user", "alice"]));
        assert!(ok(&["revoke", "--all"]), "a user's own");
        assert!(!ok(&["revoke", "--user", "alice", "--all", "ap-00000001"]));
        assert!(!ok(&["revoke", "laptop"]));
    }

    #[test]
    fn json_after_the_double_hyphen_is_a_word() {
        let args = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        assert!(wants_json(&args(&["apppw", "list", "--json", "--bad"])));
        assert!(!wants_json(&args(&["apppw", "create", "--bad", "--", "--json"])));
    }
}
