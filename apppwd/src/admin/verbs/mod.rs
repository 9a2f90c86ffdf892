//! The verbs, one file each.

pub mod backup;
pub mod create;
pub mod events;
pub mod find;
pub mod keys;
pub mod list;
mod make;
pub mod mark;
mod messages;
pub mod metrics;
pub mod panic;
pub mod rename;
pub mod report;
pub mod revoke;
pub mod rotate;
pub(crate) mod scope;
pub mod show;
pub mod status;
pub mod suspend;
mod unknown;
pub mod user;
pub mod users;
pub mod verify;
pub mod watch;

use super::caller::Caller;
use super::rules::Power;
use crate::account::{Names, canonical_of};
use crate::clock;
use crate::daemon::Daemon;
use crate::store::{AccountRecord, AppPasswordRecord, Store};
use crate::{log, secret};
use apppw_admin::text::{self, visible};
use apppw_admin::{About, AdminError, AppPasswordId, Code};
use messages::{to_message, to_messages, with_last_use};
use std::borrow::Cow;

/// Most ids in one request.
const MAX_IDS: usize = 1000;

/// Most log lines on one request.
const MAX_LOGGED: usize = 100;

/// A user name in a request, as the account that it means is looked for.
fn names<S>(daemon: &Daemon<S>, power: &Power, user: &str) -> Result<Names, AdminError> {
    let users = &daemon.config.users;
    let names = match power {
        Power::All => Names::of(user, users),
        Power::Own { .. } => Names::of(user, &users.for_unix()),
    };
    names.map_err(|e| AdminError::in_field(Code::Invalid, "user", format!("user {:?} {e}", cut(user))))
}

/// What stays in the record for years must not be somebody's secret, typed into the wrong place.
fn check_no_secret(field: &str, text: &str) -> Result<(), AdminError> {
    // Several words of a label may happen to make one together; a user has no spaces.
    let is_one = if field == "name" { apppw_proto::secret::is_in(text) } else { log::user(text) != text };
    if !is_one {
        return Ok(());
    }
    let what = if field == "new" { "new name" } else { field };
    let message = format!(
        "the {what} looks like the secret of an app password, which is for mail programs only; give another {what}"
    );
    Err(AdminError::in_field(Code::Invalid, field, message))
}

/// The same, for a user that may get an account by it: a slip in the command's words must not
/// make one.
fn new_names<S>(daemon: &Daemon<S>, power: &Power, user: &str) -> Result<Names, AdminError> {
    check_no_secret("user", user)?;
    if user.contains(char::is_whitespace) {
        let message = format!(
            "user {:?} has a space in it, which no user has; in create the user comes before the name",
            cut(user)
        );
        return Err(AdminError::in_field(Code::Invalid, "user", message));
    }
    names(daemon, power, user)
}

/// The uid of the person whose Unix name these are: as typed, or folded. The default domain is
/// for others.
async fn uid_of_new<S>(daemon: &Daemon<S>, names: &Names) -> Result<Option<u32>, AdminError> {
    let is_unix = canonical_of(&names.typed, true, &daemon.config.users) == names.canonical;
    let typed = if is_unix { uid_of(daemon, &names.typed).await? } else { None };
    match typed {
        Some(uid) => Ok(Some(uid)),
        // A directory may take its time: asked once.
        None if is_unix && names.typed == names.canonical => Ok(None),
        None => uid_of(daemon, &names.canonical).await,
    }
}

/// The same for what must not wait for a directory.
async fn uid_if_known<S>(daemon: &Daemon<S>, names: &Names) -> Option<u32> {
    uid_of_new(daemon, names).await.unwrap_or_else(|error| {
        tracing::warn!("{error}");
        None
    })
}

/// What an account gets as its uid if it has to be made. An emergency doesn't wait for a
/// directory, and an account that is there has its uid.
async fn uid_if_new<S: Store>(daemon: &Daemon<S>, names: &Names) -> Result<Option<u32>, AdminError> {
    Ok(match daemon.account(names).await? {
        Some(_) => None,
        None => uid_if_known(daemon, names).await,
    })
}

/// What is echoed of a value that may be as long as a line.
fn cut(value: &str) -> Cow<'_, str> {
    const SHOWN: usize = 80;
    text::cut(value, SHOWN)
}

/// The uid of the person whose Unix name that is.
async fn uid_of<S>(daemon: &Daemon<S>, user: &str) -> Result<Option<u32>, AdminError> {
    daemon.people.uid_of(user).await.map_err(|error| {
        let message = format!("the system can't say who {user} is: {error}; nothing has changed, try again");
        AdminError::in_field(Code::Busy, "user", message)
    })
}

/// The account that is meant, if it is within reach. `None`: there is none.
async fn account_in_reach<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    names: &Names,
) -> Result<Option<AccountRecord>, AdminError> {
    let account = daemon.account(names).await?;
    if let Some(account) = &account {
        power.check(account)?;
    }
    // A lock may be the journal's alone.
    power.check_open(&names.canonical, daemon.standing(names, account.as_ref()).locked)?;
    Ok(account)
}

/// An account, or one that is to be made for these names.
struct Subject {
    account: AccountRecord,
    is_new: bool,
}

async fn subject<S: Store>(
    daemon: &Daemon<S>,
    names: &Names,
    uid: Option<u32>,
) -> Result<Subject, AdminError> {
    if let Some(account) = daemon.account(names).await? {
        return Ok(Subject { account, is_new: false });
    }
    let name = names.canonical.clone();
    let account = AccountRecord {
        id: secret::draw_account().map_err(no_random)?,
        given: name.clone(),
        name,
        uid,
        enrolled: None,
        locked: None,
        created: clock::now(),
    };
    Ok(Subject { account, is_new: true })
}

fn no_random(error: getrandom::Error) -> AdminError {
    AdminError::new(Code::Busy, format!("the system gives no random bytes: {error}; nothing has changed"))
}

/// The app password of that id, if it is within reach. To who may not see it, it does not
/// exist.
async fn record_in_reach<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    id: AppPasswordId,
) -> Result<AppPasswordRecord, AdminError> {
    let mut about = About::default();
    if let Some(record) = daemon.store.app_password(id).await?
        && let Some(account) = daemon.store.account_by_id(&record.account).await?
    {
        if power.reaches(&account) {
            let names = Names::exact(&account.name);
            power.check_open(&account.name, daemon.standing(&names, Some(&account)).locked)?;
            return Ok(record);
        }
        // The record tells what the caller isn't told: that he was refused another's.
        about = About { user: Some(account.name), id: Some(id) };
    }
    let whose = match power {
        Power::All => String::new(),
        Power::Own { name, .. } => format!(" of {name}"),
    };
    let hint = match unknown::nearest_id(daemon, power, id).await {
        Some(near) => format!("did you mean {near}?"),
        None => "`apppw list --all` shows which there are".to_owned(),
    };
    let message = format!("there is no app password {id}{whose}; {hint}");
    Err(AdminError { about, ..AdminError::in_field(Code::NotFound, "id", message) })
}

/// App passwords by their ids, each within reach, each once.
async fn records_in_reach<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    mut ids: Vec<AppPasswordId>,
) -> Result<Vec<AppPasswordRecord>, AdminError> {
    if ids.is_empty() || ids.len() > MAX_IDS {
        let message = format!("name 1 to {MAX_IDS} ids, these are {}", ids.len());
        return Err(AdminError::in_field(Code::Invalid, "ids", message));
    }
    ids.sort_unstable();
    ids.dedup();
    let mut records = Vec::with_capacity(ids.len());
    for id in ids {
        records.push(record_in_reach(daemon, power, id).await?);
        // Reads are done on the thread that answers logins: those come in between.
        tokio::task::yield_now().await;
    }
    Ok(records)
}

/// Says in the log what was done to which app passwords.
async fn log_each<S: Store>(daemon: &Daemon<S>, caller: &Caller, word: &str, ids: &[AppPasswordId]) {
    if ids.len() > MAX_LOGGED {
        tracing::info!("{caller} {word} {} app passwords; the first of them are:", ids.len());
    }
    for id in ids.iter().take(MAX_LOGGED) {
        match daemon.store.app_password(*id).await {
            Ok(Some(AppPasswordRecord { name, user, .. })) => {
                tracing::info!("{caller} {word} {id} {name:?} of {}", visible(log::user(&user)));
            }
            _ => tracing::info!("{caller} {word} {id}"),
        }
    }
}
