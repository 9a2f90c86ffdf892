//! `user.show`, `user.enroll`, `user.unenroll`

use super::{account_in_reach, new_user, uid_of};
use crate::admin::caller::Caller;
use crate::admin::rules::Power;
use crate::clock;
use crate::daemon::Daemon;
use crate::journal::Record;
use crate::log;
use crate::secret;
use crate::store::{AccountRecord, Store};
use apppw_admin::text::visible;
use apppw_admin::verbs::{Account, UserArgs};
use apppw_admin::{AdminError, Code};

/// One account.
///
/// # Errors
/// The closed list of codes.
pub async fn show<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    args: UserArgs,
) -> Result<Account, AdminError> {
    let user = power.target(args.user.as_deref())?.ok_or_else(say_whose)?;
    match account_in_reach(daemon, power, &user).await? {
        Some(account) => to_message(daemon, account).await,
        None if daemon.lost_enrolments.borrow().contain(&daemon.keys, &user) => {
            let message = format!(
                "{user} is not in the database, which is older, but the journal has it enrolled: under \
                 `refuse-enrolled` its primary password stays refused. `apppw user {user} unenroll` takes that back"
            );
            Err(AdminError::in_field(Code::NotFound, "user", message))
        }
        None => Err(no_such_account(&user)),
    }
}

/// Sets or clears an account's enrolment.
///
/// # Errors
/// The closed list of codes.
pub async fn set_enrolled<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    args: UserArgs,
    enrolled: bool,
) -> Result<Account, AdminError> {
    let user = new_user(&args.user.ok_or_else(say_whose)?)?;
    let uid = uid_of(daemon, &user).await?;
    let at = clock::now();
    let journal = daemon.journal.lock().await;
    let known = daemon.store.account(&user).await?;
    let new_account = known.is_none();
    if new_account && !enrolled && !daemon.lost_enrolments.borrow().contain(&daemon.keys, &user) {
        return Err(no_such_account(&user));
    }
    let account = match known {
        Some(account) => account,
        None => {
            let id = secret::draw_account()
                .map_err(|e| AdminError::new(Code::Busy, format!("the system gives no random bytes: {e}")))?;
            AccountRecord { id, name: user.clone(), uid, enrolled: None, created: at }
        }
    };
    let changed = daemon.store.set_enrolled(account.clone(), new_account, enrolled.then_some(at)).await?;
    let record = Record::enrolment(at, account.id, &account.name, daemon.keys.newest(), enrolled);
    let mut records = if changed || new_account { vec![record] } else { Vec::new() };
    if !enrolled {
        let forgotten = daemon.lost_enrolments.borrow_mut().forget(&daemon.keys, &user);
        records.extend(forgotten.into_iter().map(|change| Record { at, change }));
    }
    journal.append(records).await.map_err(|error| {
        tracing::error!("enrolment of {} changed, but: {error}", visible(log::user(&user)));
        let message =
            format!("changed; but {error}, so it would not outlive a restart. Mend that, then repeat");
        AdminError::new(Code::ReadOnly, message)
    })?;
    drop(journal);
    tracing::info!(
        "{caller} set {} to {}",
        visible(log::user(&user)),
        if enrolled { "enrolled" } else { "not enrolled" }
    );
    match daemon.store.account(&user).await? {
        Some(account) => to_message(daemon, account).await,
        None => Err(no_such_account(&user)),
    }
}

async fn to_message<S: Store>(daemon: &Daemon<S>, account: AccountRecord) -> Result<Account, AdminError> {
    let counts = daemon.store.counts(Some(&account.id)).await?;
    Ok(Account {
        user: account.name,
        uid: account.uid,
        enrolled: account.enrolled,
        created: account.created,
        live: counts.live,
        revoked: counts.revoked,
        primary: daemon.config.policy.primary,
    })
}

fn say_whose() -> AdminError {
    AdminError::in_field(Code::Invalid, "user", "say which user")
}

fn no_such_account(user: &str) -> AdminError {
    AdminError::in_field(Code::NotFound, "user", format!("{user} has never had an app password here"))
}
