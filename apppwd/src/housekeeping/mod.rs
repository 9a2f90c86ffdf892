//! What happens without anybody asking: ends that have come, what is not used, what is old
//! enough to be forgotten. None of it is on a login's way.

mod record;
mod uids;
mod unused;

pub use record::Record;

use crate::admin::caller;
use crate::clock::{self, UnixSeconds};
use crate::config::{Config, EventsConfig, Life};
use crate::daemon::Daemon;
use crate::journal::{Change, Record as Journaled};
use crate::store::{By, KeepEvents, Store, StoreError};
use apppw_admin::verbs::Actor;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How often, at the most and at the least. A shorter configured span makes it more often.
const EVERY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));

/// How often the uids of names are looked at: that asks the system's directory.
const UIDS_EVERY: Duration = Duration::from_secs(86_400);

/// Keeps house until the daemon ends.
pub async fn run<S: Store + 'static>(daemon: Rc<Daemon<S>>) {
    let every = every(&daemon.config);
    let (mut uids_at, mut numbered_at): (Option<Instant>, Instant) = (None, Instant::now());
    loop {
        let instant = Instant::now();
        if instant.duration_since(numbered_at) >= EVERY.1 {
            numbered_at = instant;
            renumber(&daemon, clock::now()).await;
        }
        once(&daemon, clock::now(), instant).await;
        if uids_at.is_none_or(|at| instant.duration_since(at) >= UIDS_EVERY) {
            uids_at = Some(instant);
            warn_if_failed("could not look at the uids of accounts", uids::look(&*daemon).await);
        }
        tokio::time::sleep(every).await;
    }
}

/// A quarter of the shortest configured span, within limits.
fn every(config: &Config) -> Duration {
    let spans = config.limits.spans(config.policy.overrides()).chain([config.events.keep]);
    let shortest = spans.min().and_then(Life::seconds);
    let quarter = shortest.and_then(|seconds| u64::try_from(seconds / 4).ok()).map(Duration::from_secs);
    quarter.unwrap_or(EVERY.1).clamp(EVERY.0, EVERY.1)
}

async fn once<S: Store + 'static>(daemon: &Rc<Daemon<S>>, now: UnixSeconds, instant: Instant) {
    // The clock first: what comes after acts on it, and can't be taken back.
    daemon.flush_uses().await;
    daemon.record.look(&daemon.store, now, instant).await;
    if daemon.record.take_gap() {
        return;
    }
    let by = caller::daemon_as("housekeeping");
    warn_if_failed("could not note what has expired", note_seen(daemon, now, &by).await);
    // What it says after a jump may be wrong, and this is for good.
    if !daemon.record.is_clock_doubted(instant) {
        warn_if_failed("could not note what has expired", sweep_expired(daemon, now, &by).await);
    }
    warn_if_failed("could not look for what is not used", unused::sweep(daemon, now, &by).await);
    if let Some(kept) = daemon.config.limits.tombstones.seconds().filter(|kept| is_over(daemon, now, *kept)) {
        let by = By::actor(by.clone(), now);
        warn_if_failed("could not forget old tombstones", prune(daemon, now - kept, by).await);
    }
    warn_if_failed("could not forget old events", prune_events(daemon, now, by).await);
}

/// Whether so many seconds have passed by a clock that has not jumped: what is older by one that has, is not
/// forgotten.
fn is_over<S>(daemon: &Daemon<S>, now: UnixSeconds, seconds: i64) -> bool {
    !daemon.record.has_new_gap() && now.saturating_sub(daemon.record.clock_since()) >= seconds
}

/// Notes another number in journal and database, as a start does: a backup taken while the
/// daemon runs for months is soon known as one.
async fn renumber<S: Store>(daemon: &Daemon<S>, now: UnixSeconds) {
    let Ok(run) = getrandom::u64() else { return };
    let started = Journaled { at: now, change: Change::Start(run) };
    match daemon.journal.lock().await.append_or_forget(vec![started]).await {
        Ok(()) => daemon.record.renumber(run),
        Err(error) => tracing::warn!("could not note that the daemon runs: {error}"),
    }
}

async fn prune<S: Store>(daemon: &Daemon<S>, before: UnixSeconds, by: By) -> Result<(), StoreError> {
    let forgotten = daemon.store.prune(before, by).await?;
    if forgotten > 0 {
        let kept = daemon.config.limits.tombstones;
        tracing::info!("forgot {forgotten} app passwords that ended more than {kept} ago");
    }
    Ok(())
}

/// The trail is never cut silently: the log says it, and an event.
async fn prune_events<S: Store>(daemon: &Daemon<S>, now: UnixSeconds, by: Actor) -> Result<(), StoreError> {
    let EventsConfig { keep, most } = daemon.config.events;
    let kept = KeepEvents { seconds: keep.seconds().filter(|kept| is_over(daemon, now, *kept)), most };
    let forgotten = daemon.store.prune_events(kept, By::actor(by, now)).await?;
    if forgotten > 0 {
        tracing::info!("forgot {forgotten} events, older than {keep} or beyond {most} ([events])");
    }
    Ok(())
}

/// What somebody has seen expired.
async fn note_seen<S: Store>(daemon: &Daemon<S>, now: UnixSeconds, by: &Actor) -> Result<(), StoreError> {
    // A stop waits for what has begun, and what has not begun doesn't begin.
    let Ok(_under_way) = daemon.requests.try_read() else { return Ok(()) };
    // Seen while the clock said so; it may say otherwise by now.
    let seen: Vec<_> = daemon.seen_expired.borrow().keys().copied().collect();
    if !seen.is_empty() {
        daemon.store.mark_expired(seen.clone(), By::actor(by.clone(), now)).await?;
        daemon.seen_expired.borrow_mut().retain(|id, _| !seen.contains(id));
    }
    Ok(())
}

/// Ends that have come; the old halves of rotations go for good.
async fn sweep_expired<S: Store>(daemon: &Daemon<S>, now: UnixSeconds, by: &Actor) -> Result<(), StoreError> {
    let Ok(_under_way) = daemon.requests.try_read() else { return Ok(()) };
    let journal = daemon.journal.lock().await;
    let gone = daemon.store.sweep_expired(By::actor(by.clone(), now)).await?;
    let records = gone.iter().map(|id| Journaled { at: now, change: Change::Revoke(*id) }).collect();
    if let Err(error) = journal.append(records).await {
        tracing::error!("the grace of {} rotations is over, but: {error}", gone.len());
    }
    Ok(())
}

fn warn_if_failed(what: &str, done: Result<(), StoreError>) {
    if let Err(error) = done {
        tracing::warn!("{what}: {error}; it will be tried again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use std::path::Path;

    #[test]
    fn it_looks_as_often_as_the_shortest_span_needs() {
        let every = |text: &str| every(&parse(text, Path::new("x")).unwrap()).as_secs();
        assert_eq!(every(""), 3600);
        assert_eq!(every("[limits]\nsuspend_unused = \"1h\"\n"), 900);
        assert_eq!(every("[policy.user.bob]\ndrop_never_used = \"2s\"\n"), 1);
        assert_eq!(every("[limits]\ntombstones = \"never\"\n"), 3600);
    }
}
