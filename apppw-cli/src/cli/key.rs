//! `apppw key`.

use super::Yes;
use crate::exit::Failure;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(
    override_usage = "apppw key [OPTIONS] show\n       apppw key [OPTIONS] rotate\n       apppw key [OPTIONS] retire ID\n       \
                      apppw key [OPTIONS] export|import FILE|-",
    after_help = "Actions:
  show         Which keys are active, since when, and how many app passwords depend on each
  rotate       Make another key: app passwords are made with it from now on, and those that
               log in are hashed anew with it. The old keys go on working; at most three are
               active
  retire ID    Revoke the app passwords that still depend on an old key, and give it up:
               says first which they are, and asks; without a terminal it needs --yes
  export FILE  Write the keys into a new file that only you can read (-: into a pipe), to keep
               it apart from backups of the database, or for another machine
  import FILE  Put the keys of a file (-: standard input) into the place of those that are
               there, on which no app password may depend

All but show are for root only.

Examples:
  apppw key show
  apppw key rotate                        After a leak, or once a year
  apppw key retire 1 --dry-run            Which app passwords would go with key 1
  apppw key export /root/apppwd.key       Keep it apart from the database
  apppw key import /root/apppwd.key       On another machine, before its database comes"
)]
pub struct Key {
    /// What to do
    #[arg(hide_possible_values = true)]
    action: Action,
    /// retire: the key's number; export, import: the file
    #[arg(value_name = "WHAT", hide = true)]
    what: Option<String>,
    /// retire: only say which app passwords would be revoked
    #[arg(long)]
    dry_run: bool,
    /// export: with a new key, too, which is not taken into use
    #[arg(long)]
    with_new: bool,
    /// export: without that old key, on which no app password may depend
    #[arg(long, value_name = "ID")]
    without: Option<u32>,
    #[command(flatten)]
    pub yes: Yes,
}

/// What can be typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Which keys are active, and what depends on each
    Show,
    /// Make another key
    Rotate,
    /// Give an old key up, with what still depends on it
    Retire,
    /// Write the keys into a file
    Export,
    /// Take the keys of a file
    Import,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyTask {
    Show,
    Rotate,
    Retire { id: u32, dry_run: bool },
    Export { file: String, with_new: bool, without: Option<u32> },
    Import { file: String },
}

impl Key {
    /// What is to be done, if the words fit together.
    pub fn task(&self) -> Result<KeyTask, Failure> {
        let Self { action, what, dry_run, with_new, without, .. } = self;
        for (given, option, goes_with) in [
            (*dry_run, "--dry-run", Action::Retire),
            (*with_new, "--with-new", Action::Export),
            (without.is_some(), "--without", Action::Export),
        ] {
            if given && *action != goes_with {
                let name = goes_with.to_possible_value();
                let name = name.as_ref().map_or("", |value| value.get_name());
                return Err(Failure::usage(format!("{option} goes with apppw key {name} only")));
            }
        }
        let missing = |what| Failure::usage(format!("{what} is missing"));
        match (action, what) {
            (Action::Show, None) => Ok(KeyTask::Show),
            (Action::Rotate, None) => Ok(KeyTask::Rotate),
            (Action::Show | Action::Rotate, Some(word)) => Err(Failure::usage(format!(
                "'{word}' is one word too many: apppw key show and rotate take no more"
            ))),
            (Action::Retire, Some(id)) => {
                let id = id.parse().map_err(|_| {
                    Failure::usage(format!("'{id}' is no key's number: apppw key show says which there are"))
                })?;
                Ok(KeyTask::Retire { id, dry_run: *dry_run })
            }
            (Action::Retire, None) => Err(missing("the key's number (apppw key show): apppw key retire ID")),
            (Action::Export, Some(file)) => {
                Ok(KeyTask::Export { file: file.clone(), with_new: *with_new, without: *without })
            }
            (Action::Import, Some(file)) => Ok(KeyTask::Import { file: file.clone() }),
            (Action::Export, None) => Err(missing("the file to write (- for a pipe): apppw key export FILE")),
            (Action::Import, None) => {
                Err(missing("the file to read (- for standard input): apppw key import FILE"))
            }
        }
    }
}
