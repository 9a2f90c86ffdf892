//! `watch`

use super::messages::state_of;
use super::record_in_reach;
use crate::admin::caller::Caller;
use crate::admin::rules::Power;
use crate::clock;
use crate::daemon::Daemon;
use crate::store::Store;
use crate::watch::{Asks, TooMany};
use apppw_admin::verbs::{WatchArgs, Watched};
use apppw_admin::{AdminError, Code};
use std::time::Instant;

/// What was tried on the account of an app password since the caller asked last.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    power: &Power,
    args: WatchArgs,
) -> Result<Watched, AdminError> {
    let record = record_in_reach(daemon, power, args.id).await?;
    let account = daemon.store.account_by_id(&record.account).await?;
    let account = account.ok_or_else(|| AdminError::new(Code::NotFound, "its account is gone"))?;
    let asks = Asks { uid: caller.uid, all: matches!(power, Power::All) };
    let told = daemon.watches.ask(&account, asks, args.watch, args.after, Instant::now());
    let told = told.map_err(|TooMany| {
        AdminError::new(Code::Busy, "too many wait for logins already; end one of them, or try again later")
    })?;
    Ok(Watched {
        watch: told.watch,
        state: state_of(daemon, &record, clock::now()),
        user: account.name,
        attempts: told.attempts,
        cursor: told.cursor,
    })
}
