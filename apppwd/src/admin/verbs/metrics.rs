//! `metrics`

use super::status::NoArgs;
use crate::clock;
use crate::daemon::Daemon;
use crate::store::{Health, Store};
use apppw_admin::AdminError;
use apppw_admin::verbs::Metrics;

/// The daemon in numbers.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(daemon: &Daemon<S>, _: NoArgs) -> Result<Metrics, AdminError> {
    let counts = daemon.store.counts(None, clock::now()).await?;
    let last_backup = daemon.store.last_backup().await?;
    let Health { commits, errors, .. } = daemon.store.health();
    let pool = daemon.argon.pool();
    let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let (uses, primary_uses) = (daemon.uses.borrow(), daemon.primary_uses.borrow());
    Ok(Metrics {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: clock::now() - i64::try_from(daemon.started.elapsed().as_secs()).unwrap_or(0),
        logins: daemon.tally.logins(),
        login_time: daemon.tally.login_time.message(),
        argon2_time: pool.time().message(),
        argon2_queued: number(pool.queued()),
        argon2_turned_away: pool.turned_away(),
        argon2_workers: number(pool.workers()),
        memo_hits: daemon.tally.memo_hits(),
        memo_entries: number(daemon.memo.borrow().entries()),
        store_errors: errors,
        store_writes: commits,
        writable: daemon.is_writable(),
        last_backup,
        uses_waiting: number(uses.len() + primary_uses.len()),
        uses_dropped: uses.dropped() + primary_uses.dropped(),
        watches: number(daemon.watches.len()),
        events_dropped: daemon.events.borrow().dropped(),
        log_lines_dropped: daemon.log.dropped(),
        management_denied: daemon.tally.denials(),
        in_memory: daemon.in_memory.borrow().count(),
        panic_switches: number(super::panic::to_messages(daemon).len()),
        accounts: counts.accounts,
        enrolled: counts.enrolled,
        locked: counts.locked,
        live: counts.live,
        suspended: counts.suspended,
        revoked: counts.revoked,
    })
}
