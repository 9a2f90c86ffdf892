//! What is suspended because it is not used, and dropped because it never was.

use crate::account::Names;
use crate::clock::UnixSeconds;
use crate::config::{Config, Life};
use crate::daemon::Daemon;
use crate::store::{AppPasswordRecord, Halves, PageStart, Selection, Store, StoreError};
use apppw_admin::text::visible;
use apppw_admin::verbs::Actor;

/// Read at once.
const PAGE: usize = 500;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// It was not used for long.
    Suspend,
    /// It was never used.
    Drop,
}

/// An app password, as far as its use is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Idle {
    /// Last used or resumed; made, if it never was.
    pub since: UnixSeconds,
    /// When it was made, or resumed.
    pub created: UnixSeconds,
    /// It was never used.
    pub never_used: bool,
    /// It is suspended: nobody could have used it.
    pub suspended: bool,
}

/// Decides what is due. What lies before `record_since` doesn't count: nobody knows it.
#[must_use]
pub fn due(
    idle: &Idle,
    record_since: UnixSeconds,
    now: UnixSeconds,
    suspend: Life,
    drop: Life,
) -> Option<Due> {
    let is_over = |begun: UnixSeconds, life: Life| {
        // One that lies ahead was written by a clock that was.
        let begun = if begun > now { record_since } else { begun };
        life.seconds().is_some_and(|seconds| now.saturating_sub(begun.max(record_since)) >= seconds)
    };
    if idle.suspended {
        return None;
    }
    if idle.never_used && is_over(idle.created, drop) {
        return Some(Due::Drop);
    }
    is_over(idle.since, suspend).then_some(Due::Suspend)
}

/// Suspends and drops what is due.
pub(super) async fn sweep<S: Store>(
    daemon: &Daemon<S>,
    now: UnixSeconds,
    by: &Actor,
) -> Result<(), StoreError> {
    // While panic is on nobody can use what he has; its end begins the spans anew.
    if !daemon.panic.borrow().0.is_empty() || daemon.in_memory.borrow().has_panic() {
        return Ok(());
    }
    let config = &daemon.config;
    let shortest = |own: Life, of: fn(&crate::config::Overrides) -> Option<Life>| {
        config.policy.overrides().filter_map(of).chain([own]).min().and_then(Life::seconds)
    };
    let suspend = shortest(config.limits.suspend_unused, |o| o.suspend_unused);
    let drop = shortest(config.limits.drop_never_used, |o| o.drop_never_used);
    let live = Selection { live_at: Some(now), ..Selection::default() };
    if let Some(seconds) = suspend {
        let idle = Selection { unused_since: Some(now - seconds + 1), ..live.clone() };
        sweep_selected(daemon, now, by, idle, Due::Suspend).await?;
    }
    if let Some(seconds) = drop {
        let never = Selection { never_used: true, created_before: Some(now - seconds + 1), ..live };
        sweep_selected(daemon, now, by, never, Due::Drop).await?;
    }
    Ok(())
}

async fn sweep_selected<S: Store>(
    daemon: &Daemon<S>,
    now: UnixSeconds,
    by: &Actor,
    selection: Selection,
    what: Due,
) -> Result<(), StoreError> {
    let mut start: Option<PageStart> = None;
    loop {
        let page = daemon.store.app_passwords(&selection, start.as_ref(), PAGE).await?;
        start =
            page.last().map(|last| PageStart { user: last.user.clone(), created: last.created, id: last.id });
        for record in &page {
            // A stop waits for what has begun, and what has not begun doesn't begin.
            let Ok(_under_way) = daemon.requests.try_read() else { return Ok(()) };
            // The clock may have been set right since `now` was read.
            if is_due(daemon, record, now, what).await? && !daemon.record.has_new_gap() {
                carry_out(daemon, record, what, by).await;
            }
        }
        if page.len() < PAGE {
            return Ok(());
        }
    }
}

async fn is_due<S: Store>(
    daemon: &Daemon<S>,
    record: &AppPasswordRecord,
    now: UnixSeconds,
    what: Due,
) -> Result<bool, StoreError> {
    // The old half of a rotation ends by itself; and what is refused can't be used.
    let account = daemon.store.account_by_id(&record.account).await?;
    let names = Names::exact(&record.user);
    let is_refused = daemon.standing(&names, account.as_ref()).locked
        || daemon.in_memory.borrow().reason(record.id).is_some();
    if record.successor.is_some() || is_refused {
        return Ok(false);
    }
    // Until its end comes, a use of it is a use of both.
    let mut last: Option<UnixSeconds> = None;
    for half in daemon.store.halves(record.id, now).await? {
        last = last.max(daemon.last_use_of(half).await?.map(|used| used.last));
    }
    let idle = Idle {
        since: last.unwrap_or(record.created).max(record.resumed.unwrap_or(record.created)),
        created: record.created.max(record.resumed.unwrap_or(record.created)),
        never_used: last.is_none(),
        suspended: record.suspended.is_some(),
    };
    let (suspend, drop) = lives(&daemon.config, record);
    Ok(due(&idle, daemon.record.since(), now, suspend, drop) == Some(what))
}

/// After how long this one is suspended, and dropped.
fn lives(config: &Config, record: &AppPasswordRecord) -> (Life, Life) {
    let resolve = |key: fn(&crate::config::Overrides) -> Option<Life>, global| {
        let (groups, services) = (&config.groups, &record.scope.services);
        config.policy.resolve_scope(&record.user, groups, services, key, std::cmp::min, global)
    };
    (
        resolve(|o| o.suspend_unused, config.limits.suspend_unused),
        resolve(|o| o.drop_never_used, config.limits.drop_never_used),
    )
}

async fn carry_out<S: Store>(daemon: &Daemon<S>, record: &AppPasswordRecord, what: Due, by: &Actor) {
    let ids = vec![record.id];
    let (done, words) = match what {
        Due::Suspend => (daemon.set_suspended(ids, true, by.clone()).await, "suspended, for it was not used"),
        Due::Drop => (daemon.revoke(ids, Halves::Both, by.clone()).await, "revoked, for it was never used"),
    };
    let whose = format!("{} {:?} of {}", record.id, record.name, visible(crate::log::user(&record.user)));
    match done {
        Ok(_) => tracing::info!("{whose} {words}"),
        Err(error) => tracing::warn!("{whose} was to be {words}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apppw_admin::span::Span;

    const DAY: i64 = 86_400;

    fn days(n: i64) -> Life {
        Life::For(Span::days(n))
    }

    #[test]
    fn what_is_due_and_what_is_not() {
        let used = |since| Idle { since: since * DAY, created: 0, never_used: false, suspended: false };
        let never = Idle { since: 0, created: 0, never_used: true, suspended: false };
        let suspended = Idle { suspended: true, ..used(0) };
        use Due::{Drop, Suspend};
        #[rustfmt::skip]
        let table = [
            // what        record since  now  suspend after  drop after   due
            (used(10),     0,            99,  days(90),      Life::Never, None),
            (used(10),     0,            100, days(90),      Life::Never, Some(Suspend)),
            (used(10),     0,            999, Life::Never,   days(1),     None),
            (used(10),     11,           100, days(90),      Life::Never, None),           // a gap until day 11
            (used(10),     11,           101, days(90),      Life::Never, Some(Suspend)),
            (never,        0,            29,  days(90),      days(30),    None),
            (never,        0,            30,  days(90),      days(30),    Some(Drop)),
            (never,        5,            30,  days(90),      days(30),    None),           // a gap until day 5
            (never,        0,            90,  days(90),      Life::Never, Some(Suspend)),
            (suspended,    0,            999, days(90),      days(30),    None),
            (Idle { suspended: true, ..never }, 0, 999, days(90), days(30), None),
        ];
        for (idle, record_since, now, suspend, drop, outcome) in table {
            let found = due(&idle, record_since * DAY, now * DAY, suspend, drop);
            assert_eq!(found, outcome, "{idle:?} {record_since} {now} {suspend:?} {drop:?}");
        }
    }
}
