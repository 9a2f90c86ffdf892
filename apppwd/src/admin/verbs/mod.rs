//! The verbs, one file each.

pub mod create;
pub mod list;
pub mod revoke;
pub mod show;
pub mod status;
pub mod user;
pub mod verify;

use super::rules::Power;
use crate::account;
use crate::daemon::Daemon;
use crate::store::{AccountRecord, AppPasswordRecord, Store};
use apppw_admin::verbs::{AppPassword, State};
use apppw_admin::{AdminError, AppPasswordId, Code};

/// The canonical form of a user name in a request.
fn canonical(user: &str) -> Result<String, AdminError> {
    account::canonical(user)
        .map(Into::into)
        .map_err(|e| AdminError::in_field(Code::Invalid, "user", format!("user {:?} {e}", cut(user))))
}

/// The same, for a user that may get an account by it: a slip in the command's words must not
/// make one.
fn new_user(user: &str) -> Result<String, AdminError> {
    if user.contains(char::is_whitespace) {
        let message = format!("user {:?} has a space in it; the user comes before the name", cut(user));
        return Err(AdminError::in_field(Code::Invalid, "user", message));
    }
    canonical(user)
}

/// What is echoed of a value that may be as long as a line.
fn cut(value: &str) -> String {
    const SHOWN: usize = 80;
    match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}

/// The uid of the person whose Unix name that is.
async fn uid_of<S>(daemon: &Daemon<S>, user: &str) -> Result<Option<u32>, AdminError> {
    daemon.people.uid_of(user).await.map_err(|error| {
        let message = format!("the system can't say who {user} is: {error}; nothing has changed, try again");
        AdminError::in_field(Code::Busy, "user", message)
    })
}

/// The account of that name, if it is within reach. `None`: there is none.
async fn account_in_reach<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    user: &str,
) -> Result<Option<AccountRecord>, AdminError> {
    let account = daemon.store.account(&canonical(user)?).await?;
    if let Some(account) = &account {
        power.check(account)?;
    }
    Ok(account)
}

/// The app password of that id, if it is within reach. To who may not see it, it does not
/// exist.
async fn record_in_reach<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    id: AppPasswordId,
) -> Result<AppPasswordRecord, AdminError> {
    if let Some(record) = daemon.store.app_password(id).await?
        && let Some(account) = daemon.store.account(&record.user).await?
        && power.reaches(&account)
    {
        return Ok(record);
    }
    let whose = match power {
        Power::All => String::new(),
        Power::Own { name, .. } => format!(" of {name}"),
    };
    let message = format!("there is no app password {id}{whose}; `apppw list --all` shows which there are");
    Err(AdminError::in_field(Code::NotFound, "id", message))
}

/// The record as it is sent, with its last use.
async fn to_message<S: Store>(
    daemon: &Daemon<S>,
    record: AppPasswordRecord,
) -> Result<AppPassword, AdminError> {
    let last_use = daemon.last_use_of(record.id).await?;
    let state = if record.revoked.is_some() { State::Revoked } else { State::Live };
    Ok(AppPassword {
        id: record.id,
        user: record.user,
        name: record.name,
        state,
        services: record.services,
        created: record.created,
        created_by: record.created_by,
        revoked: record.revoked,
        revoked_by: record.revoked_by,
        last_use,
    })
}
