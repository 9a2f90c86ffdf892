//! `users`

use crate::clock;
use crate::daemon::Daemon;
use crate::store::Store;
use apppw_admin::verbs::{Use, UserSummary, Users, UsersArgs};
use apppw_admin::{AdminError, MAX_LINE};
use std::collections::BTreeMap;

/// Accounts read for one page.
const PAGE: usize = 100;

/// One page of accounts.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(daemon: &Daemon<S>, args: UsersArgs) -> Result<Users, AdminError> {
    if args.cursor.is_none() {
        // Uses that are not written yet count.
        daemon.flush_uses_if_writable().await;
    }
    let after = args.cursor.unwrap_or_default();
    let found = daemon.store.users(&after, PAGE + 1, clock::now()).await?;
    let mut unwritten = unwritten(daemon).await?;
    let mut room = MAX_LINE - 1024;
    let mut users: Vec<UserSummary> = Vec::new();
    for mut user in found {
        let latest = unwritten.remove(&user.user);
        user.last_use = user.last_use.into_iter().chain(latest).max_by_key(|used| used.last);
        let size = serde_json::to_string(&user).map_or(MAX_LINE, |text| text.len() + 1);
        if users.len() == PAGE || size > room {
            let next = users.last().map(|last| last.user.clone());
            return Ok(Users { users, next });
        }
        room -= size;
        users.push(user);
    }
    Ok(Users { users, next: None })
}

/// The latest of the uses that the disk doesn't take, by account.
async fn unwritten<S: Store>(daemon: &Daemon<S>) -> Result<BTreeMap<String, Use>, AdminError> {
    let waiting = daemon.uses.borrow().whose();
    let mut latest: BTreeMap<String, Use> = BTreeMap::new();
    for id in waiting {
        tokio::task::yield_now().await;
        let (record, used) = (daemon.store.app_password(id).await?, daemon.last_use_of(id).await?);
        let (Some(record), Some(used)) = (record, used) else { continue };
        if latest.get(&record.user).is_none_or(|known| known.last < used.last) {
            latest.insert(record.user, used);
        }
    }
    Ok(latest)
}
