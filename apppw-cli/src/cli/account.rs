//! `apppw user`.

use super::{Kick, Yes};
use crate::exit::Failure;
use apppw_admin::nearest;
use clap::Args;

/// The action isn't a subcommand of clap's, because an account may be called `show` or
/// `delete`: the place decides, not the word.
#[derive(Debug, Args)]
#[command(
    override_usage = "apppw user [OPTIONS] USER ACTION\n       apppw user [OPTIONS] USER rename NEW",
    after_help = "Actions:
  show        Say what is known of the account
  lock        Refuse its app passwords and, in the services that ask apppwd, its primary
              password; close its self-service
  unlock      Take that back
  lockdown    Lock it and revoke all its app passwords, at once: after a theft
  enroll      Mark it as enrolled: under `primary = \"refuse-enrolled\"` its primary password
              no longer opens the services that ask apppwd
  unenroll    Clear that mark
  rename NEW  Give it another name; its app passwords stay
  delete      Forget it and revoke all its app passwords: when the person has left

lockdown and delete ask first; without a terminal they need --yes. --kick goes with lock,
lockdown and delete.

Examples:
  apppw user alice lockdown --kick
  apppw user alice@old.example rename alice@example.org
  apppw user alice delete --yes"
)]
pub struct User {
    /// Which account; the action; rename's new name
    #[arg(value_name = "WORD", hide = true)]
    words: Vec<String>,
    #[command(flatten)]
    pub kick: Kick,
    #[command(flatten)]
    pub yes: Yes,
}

impl User {
    /// USER, if given, and the action: one word is an action, two are both.
    pub fn user_and_action(&self) -> Result<(Option<&str>, Action), Failure> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            [] => Err(Failure::usage(format!(
                "an action is missing: apppw user USER {}",
                names().collect::<Vec<_>>().join("|")
            ))),
            [word] => Ok((None, action(word, None)?)),
            [user, "rename", new] => Ok((Some(user), Action::Rename((*new).to_owned()))),
            [_, "rename"] => Err(Failure::usage("the new name is missing: apppw user USER rename NEW")),
            [user, word] => Ok((Some(user), action(word, Some(user))?)),
            [_, _, more, ..] => Err(Failure::usage(format!(
                "'{more}' is one word too many: apppw user USER ACTION (only rename takes another)"
            ))),
        }
    }
}

/// What can be done with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Show,
    Lock,
    Unlock,
    Lockdown,
    Enroll,
    Unenroll,
    Rename(String),
    Delete,
}

impl Action {
    /// Whether it refuses logins that sessions may be open from.
    pub const fn ends_access(&self) -> bool {
        matches!(self, Self::Lock | Self::Lockdown | Self::Delete)
    }
}

/// The words for all but `rename`, which comes with a name.
const ACTIONS: [(&str, Action); 7] = [
    ("show", Action::Show),
    ("lock", Action::Lock),
    ("unlock", Action::Unlock),
    ("lockdown", Action::Lockdown),
    ("enroll", Action::Enroll),
    ("unenroll", Action::Unenroll),
    ("delete", Action::Delete),
];

/// What is said of each action, for completion.
pub const ABOUT_ACTIONS: [(&str, &str); 8] = [
    ("show", "Say what is known of the account"),
    ("lock", "Refuse its app passwords and its primary password"),
    ("unlock", "Take that back"),
    ("lockdown", "Lock it and revoke all its app passwords, at once"),
    ("enroll", "Mark it as enrolled"),
    ("unenroll", "Clear that mark"),
    ("rename", "Give it another name; its app passwords stay"),
    ("delete", "Forget it and revoke all its app passwords"),
];

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().map(|(name, _)| *name).chain(["rename NEW"])
}

fn action(word: &str, user: Option<&str>) -> Result<Action, Failure> {
    let found = ACTIONS.into_iter().find(|(name, _)| *name == word).map(|(_, action)| action);
    found.ok_or_else(|| {
        let whose = user.unwrap_or("USER");
        let near = nearest(word, ACTIONS.iter().map(|(name, _)| *name).chain(["rename"]));
        let near = near.map(|near| format!("; did you mean apppw user {whose} {near}?"));
        let as_user = user.is_none().then(|| format!(" (apppw user {word} show?)"));
        let names = names().collect::<Vec<_>>().join(", ");
        let hint = near.or(as_user).unwrap_or_default();
        Failure::usage(format!("'{word}' is no action; choose one of {names}{hint}"))
    })
}
