//! Commands that make an account by naming it: a slip in the name must not pass in silence.

use super::Session;
use crate::output::terminal;
use apppw_admin::Verb;
use apppw_admin::verbs::UserArgs;
use serde_json::Value;

/// The accounts that may have been meant, if nobody has this one yet. Asked before a change, of a person's commands
/// only, and answered by apppwd to who may see all accounts.
pub fn for_another(session: &mut Session, user: Option<&str>) -> Option<String> {
    let user = user.filter(|_| !session.json && terminal::stdin_is_terminal())?;
    let shown: Result<Value, _> = session.ask(Verb::UserShow, &UserArgs { user: Some(user.to_owned()) });
    let failure = shown.err().filter(|failure| failure.code == "not_found")?;
    let (_, meant) = failure.message.split_once("did you mean ")?;
    Some(format!("{user} is new here; did you mean {meant}"))
}
