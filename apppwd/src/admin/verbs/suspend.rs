//! `suspend`, `resume`

use super::{log_each, records_in_reach, to_messages};
use crate::admin::caller::Caller;
use crate::admin::rules::Power;
use crate::auth::Reason;
use crate::daemon::Daemon;
use crate::store::Store;
use apppw_admin::verbs::{Changed, IdsArgs};
use apppw_admin::{AdminError, AppPasswordId, Code};

/// Suspends or resumes app passwords: all that are named, or none.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    power: &Power,
    args: IdsArgs,
    suspend: bool,
) -> Result<Changed, AdminError> {
    let records = records_in_reach(daemon, power, args.ids).await?;
    for record in records.iter().filter(|record| record.revoked.is_some()) {
        // An old half that has ended since it was suspended in memory: its new half is to be written down.
        if !suspend || daemon.owed_halves(vec![record.id], Reason::Suspended).await?.is_empty() {
            let message = format!("{} is revoked, for good: leave it out; nothing has changed", record.id);
            return Err(AdminError::in_field(Code::NotFound, "ids", message));
        }
    }
    let asked: Vec<AppPasswordId> = records.iter().map(|record| record.id).collect();
    let done = daemon.set_suspended(asked.clone(), suspend, caller.actor()).await;
    let done = match suspend {
        true => daemon.or_deny(done, asked.clone(), Reason::Suspended, caller.actor()).await?,
        false => done?,
    };
    if !suspend {
        daemon.in_memory.borrow_mut().forget(&done.changed, Reason::Suspended);
        daemon.in_memory.borrow_mut().forget(&done.already, Reason::Suspended);
    }
    log_each(daemon, caller, if suspend { "suspended" } else { "resumed" }, &done.changed).await;
    // What a rotation adds is told too; what it leaves as it was is nobody's question.
    let already: Vec<AppPasswordId> = done.already.into_iter().filter(|id| asked.contains(id)).collect();
    let app_passwords = to_messages(daemon, &done.changed, already.len()).await?;
    Ok(Changed { ids: done.changed, app_passwords, already })
}
