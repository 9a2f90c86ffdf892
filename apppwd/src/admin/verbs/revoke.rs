//! `revoke`

use super::{account_in_reach, record_in_reach, to_message};
use crate::admin::caller::Caller;
use crate::admin::rules::Power;
use crate::clock;
use crate::daemon::Daemon;
use crate::journal::{Change, Record};
use crate::log;
use crate::store::{AppPasswordRecord, RevokedNow, Store};
use apppw_admin::text::visible;
use apppw_admin::verbs::{AppPassword, RevokeArgs, Revoked};
use apppw_admin::{AdminError, AppPasswordId, Code, MAX_LINE};
use std::collections::BTreeSet;

/// Most ids in one request.
const MAX_IDS: usize = 1000;

/// Most log lines on one request.
const MAX_LINES: usize = 100;

/// Takes app passwords away for good: all that are named, or none.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    power: &Power,
    args: RevokeArgs,
) -> Result<Revoked, AdminError> {
    let records = targets(daemon, power, &args).await?;
    let already: Vec<AppPasswordId> = records.iter().filter(|r| r.revoked.is_some()).map(|r| r.id).collect();
    if args.dry_run {
        let ids = records.iter().filter(|r| r.revoked.is_none()).map(|r| r.id).collect();
        return answer(daemon, ids, already).await;
    }
    let done = revoke(daemon, caller, records.iter().map(|record| record.id).collect()).await?;
    let revoked: BTreeSet<AppPasswordId> = done.revoked.iter().copied().collect();
    if revoked.len() > MAX_LINES {
        tracing::info!("{caller} revoked {} app passwords; the first of them are:", revoked.len());
    }
    for record in records.iter().filter(|record| revoked.contains(&record.id)).take(MAX_LINES) {
        tracing::info!(
            "{caller} revoked {} {:?} of {}",
            record.id,
            record.name,
            visible(log::user(&record.user))
        );
    }
    answer(daemon, done.revoked, done.already).await
}

/// Revokes in the database, then in the journal: a revocation counts from the commit on,
/// and is acknowledged once it is in both.
async fn revoke<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    ids: Vec<AppPasswordId>,
) -> Result<RevokedNow, AdminError> {
    let at = clock::now();
    let ids = ids.into_iter().map(|id| (id, at)).collect();
    let journal = daemon.journal.lock().await;
    let done = daemon.store.revoke(ids, caller.actor()).await?;
    let records = done.revoked.iter().map(|id| Record { at, change: Change::Revoke(*id) }).collect();
    // Also with nothing new to say: what an append before could not write is written then.
    if let Err(error) = journal.append(records).await {
        tracing::error!("revoked, but: {error}");
        let message = format!(
            "revoked, and refused from now on; but {error}, so a backup put back would revive it. Mend that, then \
             give the same command again"
        );
        return Err(AdminError::new(Code::ReadOnly, message));
    }
    Ok(done)
}

async fn targets<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    args: &RevokeArgs,
) -> Result<Vec<AppPasswordRecord>, AdminError> {
    let invalid = |field, message: &str| Err(AdminError::in_field(Code::Invalid, field, message));
    match (args.ids.is_empty(), args.all) {
        (true, false) => invalid("ids", "say which: ids, or a user and all"),
        (false, true) => invalid("ids", "name ids or ask for all, not both"),
        (false, false) if args.user.is_some() => {
            invalid("user", "a user goes with all; ids name their user themselves")
        }
        (false, false) if args.ids.len() > MAX_IDS => invalid("ids", "too many ids, at most 1000 at once"),
        (false, false) => {
            let mut ids = args.ids.clone();
            ids.sort_unstable();
            ids.dedup();
            let mut records = Vec::with_capacity(ids.len());
            for id in ids {
                records.push(record_in_reach(daemon, power, id).await?);
            }
            Ok(records)
        }
        (true, true) => {
            let Some(user) = power.target(args.user.as_deref())? else {
                return invalid("user", "say whose: --user USER --all");
            };
            match account_in_reach(daemon, power, &user).await? {
                Some(account) => {
                    Ok(daemon.store.app_passwords(Some(&account.id), false, None, usize::MAX).await?)
                }
                None => {
                    Err(AdminError::in_field(Code::NotFound, "user", format!("there is no account {user}")))
                }
            }
        }
    }
}

/// The ids, and as many records as fit into a line beside them.
async fn answer<S: Store>(
    daemon: &Daemon<S>,
    mut ids: Vec<AppPasswordId>,
    already: Vec<AppPasswordId>,
) -> Result<Revoked, AdminError> {
    let count = u64::try_from(ids.len()).unwrap_or(u64::MAX);
    ids.truncate(MAX_IDS);
    let mut room = (MAX_LINE - 2048).saturating_sub(16 * (ids.len() + already.len()));
    let mut app_passwords: Vec<AppPassword> = Vec::new();
    for id in &ids {
        let Some(record) = daemon.store.app_password(*id).await? else { continue };
        let message = to_message(daemon, record).await?;
        let size = serde_json::to_string(&message).map_or(MAX_LINE, |text| text.len() + 1);
        if size > room {
            break;
        }
        room -= size;
        app_passwords.push(message);
    }
    Ok(Revoked { count, ids, app_passwords, already })
}
