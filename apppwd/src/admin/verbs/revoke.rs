//! `revoke`

use super::{account_in_reach, cut, log_each, names, records_in_reach, to_messages, unknown};
use crate::admin::caller::Caller;
use crate::admin::rules::Power;
use crate::auth::Reason;
use crate::clock;
use crate::daemon::Daemon;
use crate::store::{AppPasswordRecord, Halves, Selection, Store};
use apppw_admin::nearest;
use apppw_admin::verbs::{RevokeArgs, Revoked};
use apppw_admin::{AdminError, AppPasswordId, Code};
use std::collections::BTreeSet;
use std::time::Instant;

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
    if args.unused.is_some() {
        // The clock may have jumped since housekeeping looked. Nothing is written: anybody may ask, as often as he likes.
        daemon.record.notice(clock::now(), Instant::now());
    }
    let record_since = record_since(daemon, &args);
    let records = if args.ids.is_empty() {
        selected(daemon, power, &args).await?
    } else {
        named(daemon, power, &args).await?
    };
    let asked: Vec<AppPasswordId> = records.iter().map(|record| record.id).collect();
    let (revoked, already) = if args.dry_run {
        would_be(daemon, &records).await?
    } else {
        let done = daemon.revoke(asked.clone(), Halves::Both, caller.actor()).await;
        let done = daemon.or_deny(done, asked, Reason::Revoked, caller.actor()).await?;
        log_each(daemon, caller, "revoked", &done.changed).await;
        (done.changed, done.already)
    };
    let count = u64::try_from(revoked.len()).unwrap_or(u64::MAX);
    let mut ids = revoked;
    ids.truncate(super::MAX_IDS);
    let app_passwords = to_messages(daemon, &ids, already.len()).await?;
    Ok(Revoked { count, ids, app_passwords, already, record_since })
}

/// What would be revoked, and what is already.
async fn would_be<S: Store>(
    daemon: &Daemon<S>,
    records: &[AppPasswordRecord],
) -> Result<(Vec<AppPasswordId>, Vec<AppPasswordId>), AdminError> {
    let (already, live): (Vec<_>, Vec<_>) = records.iter().partition(|record| record.revoked.is_some());
    let mut live: Vec<AppPasswordId> = live.into_iter().map(|record| record.id).collect();
    let asked = records.iter().map(|record| record.id).collect();
    live.extend(daemon.owed_halves(asked, Reason::Revoked).await?);
    let live = daemon.store.with_rotations(live, clock::now()).await?;
    Ok((live, already.into_iter().map(|record| record.id).collect()))
}

/// Since when the record of uses has no gap, if what is asked for looks further back.
fn record_since<S>(daemon: &Daemon<S>, args: &RevokeArgs) -> Option<i64> {
    let since = daemon.record.since();
    args.unused.map(|span| clock::now() - span.seconds()).filter(|from| *from < since).map(|_| since)
}

async fn named<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    args: &RevokeArgs,
) -> Result<Vec<AppPasswordRecord>, AdminError> {
    if !args.users.is_empty() {
        return Err(invalid("users", "users go with a selection; ids name their user themselves"));
    }
    if args.all || args.unused.is_some() || args.created_before.is_some() || args.service.is_some() {
        return Err(invalid("ids", "name ids or ask for a selection, not both"));
    }
    records_in_reach(daemon, power, args.ids.clone()).await
}

async fn selected<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    args: &RevokeArgs,
) -> Result<Vec<AppPasswordRecord>, AdminError> {
    let has_filter = args.unused.is_some() || args.created_before.is_some() || args.service.is_some();
    if args.all == has_filter {
        return Err(match args.all {
            true => invalid("all", "all of a user's, or those that a selection fits, not both"),
            false => invalid("ids", "say which: ids, all of a user's, or a selection"),
        });
    }
    if args.users.len() > super::MAX_IDS {
        return Err(invalid(
            "users",
            &format!("{} users are too many, at most {} at once", args.users.len(), super::MAX_IDS),
        ));
    }
    let accounts = accounts(daemon, power, args).await?;
    if args.all && accounts.is_none() {
        return Err(invalid("users", "say whose: --user USER --all"));
    }
    // Uses that are not written yet count.
    daemon.flush_uses_if_writable().await;
    let now = clock::now();
    let selection = Selection {
        accounts,
        // All of a user's are also those that are expired: nothing of them is to be left.
        live_at: (!args.all).then_some(now),
        unused_since: args.unused.map(|span| now - span.seconds()),
        never_used: false,
        created_before: args.created_before,
        service: args.service.clone(),
        key: None,
    };
    // A rotation is one app password: it fits only if all that lives of it does.
    let mut records = if args.all {
        daemon.store.app_passwords(&selection, None, usize::MAX).await?
    } else {
        daemon.store.whole_selection(&selection, now).await?
    };
    records.retain(|record| record.revoked.is_none());
    if args.unused.is_some() {
        let used = records.iter().map(|record| record.id).filter(|id| daemon.uses.borrow().has(id)).collect();
        // A use of one half is a use of both.
        let used = BTreeSet::from_iter(daemon.store.with_rotations(used, now).await?);
        records.retain(|record| !used.contains(&record.id));
    }
    if records.is_empty()
        && let Some(service) = &args.service
    {
        check_known(daemon, service)?;
    }
    Ok(records)
}

/// A slip of the finger must not look like work that is done.
fn check_known<S>(daemon: &Daemon<S>, service: &str) -> Result<(), AdminError> {
    let groups = &daemon.config.groups;
    if groups.has_group(service) || groups.has_service(service) {
        return Ok(());
    }
    let hint = nearest(service, groups.names());
    let hint = hint.map_or(String::new(), |near| format!("; did you mean {near:?}?"));
    let message = format!("{:?} is neither a group nor a service in one{hint}", cut(service));
    Err(AdminError::in_field(Code::Invalid, "service", message))
}

/// The accounts that a selection is within; `None`: all.
async fn accounts<S: Store>(
    daemon: &Daemon<S>,
    power: &Power,
    args: &RevokeArgs,
) -> Result<Option<Vec<crate::store::AccountId>>, AdminError> {
    let users: BTreeSet<Option<&str>> = match args.users.as_slice() {
        [] => BTreeSet::from([None]),
        users => users.iter().map(|user| Some(user.as_str())).collect(),
    };
    let mut accounts = Vec::new();
    for user in users {
        let Some(user) = power.target(user)? else { return Ok(None) };
        let names = names(daemon, power, &user)?;
        match account_in_reach(daemon, power, &names).await? {
            Some(account) => accounts.push(account.id),
            None => {
                let hint = unknown::account_hint(daemon, power, &names.canonical).await;
                let message = format!("there is no account {user}{hint}; nothing has changed");
                return Err(AdminError::in_field(Code::NotFound, "users", message));
            }
        }
        // Reads are done on the thread that answers logins: those come in between.
        tokio::task::yield_now().await;
    }
    Ok(Some(accounts))
}

fn invalid(field: &str, message: &str) -> AdminError {
    AdminError::in_field(Code::Invalid, field, message)
}
