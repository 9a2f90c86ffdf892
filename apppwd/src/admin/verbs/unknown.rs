//! What is said of a name or id that nobody has: "did you mean" for who may know what there is.

use crate::account::Names;
use crate::admin::rules::Power;
use crate::config::nearest_account;
use crate::daemon::Daemon;
use crate::store::{AccountId, AppPasswordRecord, Store};
use apppw_admin::text::visible;
use apppw_admin::{AdminError, AppPasswordId, Code, IdPrefix};

/// Says that nobody has that name, if the caller may know it and it is so: accounts that only the
/// journal, or only memory, knows are known.
///
/// # Errors
/// [`Code::NotFound`].
pub(super) async fn check_known<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    names: &Names,
) -> Result<(), AdminError> {
    let standing = daemon.standing(names, None);
    if *power != Power::All || standing.enrolled || standing.locked {
        return Ok(());
    }
    Err(no_such_account(daemon, power, &names.canonical).await)
}

/// There is no account of that name.
pub(super) async fn no_such_account<S: Store>(daemon: &Daemon<S>, power: &Power, user: &str) -> AdminError {
    let hint = account_hint(daemon, power, user).await;
    AdminError::in_field(Code::NotFound, "user", format!("there is no account {user} here{hint}"))
}

/// `; did you mean alice?`, or nothing. Only who may look at all accounts is told of others'.
pub(super) async fn account_hint<S: Store>(daemon: &Daemon<S>, power: &Power, user: &str) -> String {
    if *power != Power::All {
        return String::new();
    }
    // A hint that can't be had is no failure.
    let like = daemon.store.names_like(user).await.unwrap_or_default();
    nearest_account(user, &like).map_or(String::new(), |near| format!("; did you mean {near}?"))
}

/// The one within reach whose id differs from `id` by a slip of the finger, in words.
pub(super) async fn nearest_id<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    id: AppPasswordId,
) -> Option<String> {
    let prefix = id.to_string().parse().ok()?;
    let near = near_ids(daemon, power, prefix, 2).await;
    // Of several any may be meant.
    let [AppPasswordRecord { id, name, user, .. }] = near.as_slice() else { return None };
    Some(format!("{id} ({:?} of {})", visible(name), visible(user)))
}

/// Those within reach whose ids begin so but for a slip of the finger; at most `most`.
pub(super) async fn near_ids<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    prefix: IdPrefix,
    most: usize,
) -> Vec<AppPasswordRecord> {
    match reach(daemon, power).await {
        Some(account) => daemon.store.ids_near(prefix, account, most).await.unwrap_or_default(),
        None => Vec::new(),
    }
}

/// Whose app passwords may be found: all accounts', or those of one; `None`: nobody's. A look-up
/// by somebody whose account is closed finds nothing, and is nobody's business.
pub(super) async fn reach<S: Store>(daemon: &Daemon<S>, power: &Power) -> Option<Option<AccountId>> {
    let Power::Own { name, .. } = power else { return Some(None) };
    let names = super::names(daemon, power, name).ok()?;
    let account = super::account_in_reach(daemon, power, &names).await.ok()??;
    Some(Some(account.id))
}
