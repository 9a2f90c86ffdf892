//! `status`

use crate::clock;
use crate::daemon::Daemon;
use crate::store::Store;
use apppw_admin::AdminError;
use apppw_admin::verbs::{Argon2Status, Status};
use apppw_proto::frame::{NEWEST_VERSION, OLDEST_VERSION};
use serde::Deserialize;

/// `status` takes none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoArgs {}

/// How the daemon is.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(daemon: &Daemon<S>, _: NoArgs) -> Result<Status, AdminError> {
    let counts = daemon.store.counts(None, clock::now()).await?;
    let pool = daemon.argon.pool();
    let config = &daemon.config.argon2;
    let last_backup = daemon.store.last_backup().await?;
    Ok(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        uptime: daemon.started.elapsed().as_secs(),
        frame_versions: (OLDEST_VERSION, NEWEST_VERSION),
        primary: daemon.config.policy.primary,
        report_only: daemon.config.policy.report_only,
        accounts: counts.accounts,
        enrolled: counts.enrolled,
        locked: counts.locked,
        live: counts.live,
        suspended: counts.suspended,
        revoked: counts.revoked,
        verdicts: daemon.tally.verdicts(),
        argon2: Argon2Status {
            memory_kib: config.memory_kib,
            iterations: config.iterations,
            parallelism: config.parallelism,
            workers: u32::try_from(pool.workers()).unwrap_or(u32::MAX),
            queued: u32::try_from(pool.queued()).unwrap_or(u32::MAX),
            runs: pool.runs(),
            memo_hits: daemon.tally.memo_hits(),
        },
        panic: super::panic::to_messages(daemon),
        in_memory: daemon.in_memory.borrow().count(),
        writable: daemon.is_writable(),
        last_backup,
    })
}
