//! `doctor`

use super::MAX_IDS;
use crate::clock;
use crate::daemon::Daemon;
use crate::store::Store;
use apppw_admin::verbs::{Checkup, DoctorArgs, KeyCheckup};
use apppw_admin::{AdminError, Code};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

/// What the daemon finds out about itself when it looks closely. The database is read on the thread for what takes
/// long: no login waits for it.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(daemon: &Daemon<S>, args: DoctorArgs) -> Result<Checkup, AdminError> {
    if args.services.len() > MAX_IDS {
        let message = format!("at most {MAX_IDS} services in one request");
        return Err(AdminError::in_field(Code::Limit, "services", message));
    }
    let database = daemon.store.examine().await?;
    let config = &daemon.config;
    let health = daemon.store.health();
    let shown = |path: &Path| path.to_string_lossy().into_owned();
    let mut unlisted = args.services;
    unlisted.retain(|service| !config.groups.has_service(service));
    let services = config.policy.default_services.iter().flat_map(|name| {
        let alone = config.groups.has_service(name).then_some(name);
        config.groups.services_of(name).chain(alone)
    });
    let services: BTreeSet<&String> = services.collect();
    let keys = daemon.keys.now();
    Ok(Checkup {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        uid: nix::unistd::geteuid().as_raw(),
        uptime: daemon.started.elapsed().as_secs(),
        now: clock::now(),
        clock_since: daemon.record.clock_since(),
        clock_doubted: daemon.record.is_clock_doubted(Instant::now()),
        writable: daemon.is_writable(),
        errors: health.errors,
        in_memory: daemon.in_memory.borrow().count(),
        panic: u64::try_from(daemon.panic.borrow().0.len()).unwrap_or(u64::MAX),
        report_only: config.policy.report_only,
        state_dir: shown(&config.state_dir),
        key_dir: shown(&config.key_dir),
        auth_socket: shown(&config.auth_socket),
        key: KeyCheckup {
            newest: keys.newest().id(),
            active: u32::try_from(keys.all().count()).unwrap_or(u32::MAX),
            credential: daemon.key_place.is_credential,
            not_locked: keys.lock_error().map(|error| error.to_string()),
        },
        database,
        unlisted,
        default_services: services.into_iter().take(MAX_IDS).cloned().collect(),
    })
}
