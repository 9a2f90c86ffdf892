//! App passwords as they are sent.

use crate::auth::Reason;
use crate::clock::{self, UnixSeconds};
use crate::daemon::Daemon;
use crate::scope::{Pin, Scope};
use crate::store::{AppPasswordRecord, Store};
use apppw_admin::verbs::{AppPassword, Candidate, PinState, State, Use};
use apppw_admin::{AdminError, AppPasswordId, MAX_LINE};

/// The record as it is sent, with its last use.
pub(super) async fn to_message<S: Store>(
    daemon: &Daemon<S>,
    record: AppPasswordRecord,
) -> Result<AppPassword, AdminError> {
    let last_use = daemon.last_use_of(record.id).await?;
    Ok(with_last_use(daemon, record, last_use))
}

pub(super) fn with_last_use<S>(
    daemon: &Daemon<S>,
    record: AppPasswordRecord,
    last_use: Option<Use>,
) -> AppPassword {
    let state = state_of(daemon, &record, clock::now());
    if state == State::Expired && record.expired.is_none() {
        // Whoever reads this has seen it.
        daemon.seen_expired.borrow_mut().entry(record.id).or_insert(false);
    }
    let Scope { services, networks, expires, pin_service, pin_network } = record.scope;
    AppPassword {
        id: record.id,
        user: record.user,
        name: record.name,
        state,
        services,
        networks: networks.iter().map(ToString::to_string).collect(),
        expires,
        pin_service: pin_state(pin_service),
        pin_network: pin_state(pin_network),
        successor: record.successor,
        created: record.created,
        created_by: record.created_by,
        suspended: record.suspended,
        suspended_by: record.suspended_by,
        revoked: record.revoked,
        revoked_by: record.revoked_by,
        last_use,
    }
}

/// What a person needs to tell it from others.
pub(super) fn candidate<S>(daemon: &Daemon<S>, record: AppPasswordRecord) -> Candidate {
    let state = state_of(daemon, &record, clock::now());
    Candidate { id: record.id, user: record.user, name: record.name, state }
}

pub(super) fn state_of<S>(daemon: &Daemon<S>, record: &AppPasswordRecord, now: UnixSeconds) -> State {
    match daemon.dead(record.id, record, now) {
        Some(Reason::Revoked) => State::Revoked,
        Some(Reason::Expired) => State::Expired,
        Some(_) => State::Suspended,
        None => State::Live,
    }
}

fn pin_state<T: ToString>(pin: Pin<T>) -> Option<PinState> {
    match pin {
        Pin::No => None,
        Pin::Pending => Some(PinState::Pending),
        Pin::To(value) => Some(PinState::To(value.to_string())),
    }
}

/// As many records as fit into a line beside their ids.
pub(super) async fn to_messages<S: Store>(
    daemon: &Daemon<S>,
    ids: &[AppPasswordId],
    others: usize,
) -> Result<Vec<AppPassword>, AdminError> {
    let mut room = (MAX_LINE - 2048).saturating_sub(16 * (ids.len() + others));
    let mut messages = Vec::new();
    for id in ids {
        tokio::task::yield_now().await;
        let Some(record) = daemon.store.app_password(*id).await? else { continue };
        let message = to_message(daemon, record).await?;
        let size = serde_json::to_string(&message).map_or(MAX_LINE, |text| text.len() + 1);
        if size > room {
            break;
        }
        room -= size;
        messages.push(message);
    }
    Ok(messages)
}
