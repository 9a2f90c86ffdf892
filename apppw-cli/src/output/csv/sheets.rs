//! The columns of each command.

use super::{Sheet, actor, maybe, used};
use crate::exit::Failure;
use crate::output::time::rfc3339;
use apppw_admin::verbs::{AppPassword, Event, PinState, PrimaryUse, UserSummary};

const LIST: &[&str] = &[
    "id",
    "name",
    "user",
    "state",
    "services",
    "networks",
    "expires",
    "pin_service",
    "pin_network",
    "successor",
    "created",
    "created_by_uid",
    "created_by_login_uid",
    "created_by_role",
    "created_by_name",
    "suspended",
    "suspended_by_uid",
    "suspended_by_login_uid",
    "suspended_by_role",
    "suspended_by_name",
    "revoked",
    "revoked_by_uid",
    "revoked_by_login_uid",
    "revoked_by_role",
    "revoked_by_name",
    "last_use_service",
    "last_use_rhost",
    "last_use_rhost_unproven",
    "last_use_host",
    "last_use_first",
    "last_use_last",
    "last_use_count",
];

const USERS: &[&str] = &[
    "user",
    "uid",
    "enrolled",
    "locked",
    "created",
    "live",
    "suspended",
    "revoked",
    "last_use_service",
    "last_use_rhost",
    "last_use_rhost_unproven",
    "last_use_host",
    "last_use_first",
    "last_use_last",
    "last_use_count",
];

const REPORT: &[&str] =
    &["user", "service", "rhost", "rhost_unproven", "host", "would_be_refused", "first", "last", "count"];

const EVENTS: &[&str] = &[
    "seq",
    "at",
    "host",
    "kind",
    "actor_uid",
    "actor_login_uid",
    "actor_role",
    "actor_name",
    "user",
    "id",
    "name",
    "was",
    "services",
    "rhost",
    "rhost_unproven",
    "verb",
    "reason",
    "count",
];

/// Of `list`.
pub fn listed(records: &[AppPassword]) -> Result<Sheet, Failure> {
    let mut sheet = Sheet::new(LIST)?;
    for record in records {
        let mut row = vec![
            record.id.to_string(),
            record.name.clone(),
            record.user.clone(),
            record.state.as_str().to_owned(),
            record.services.join(" "),
            record.networks.join(" "),
            maybe(record.expires.map(rfc3339)),
            maybe(record.pin_service.as_ref().map(pin)),
            maybe(record.pin_network.as_ref().map(pin)),
            maybe(record.successor),
            rfc3339(record.created),
        ];
        row.extend(actor(Some(&record.created_by)));
        row.push(maybe(record.suspended.map(rfc3339)));
        row.extend(actor(record.suspended_by.as_ref()));
        row.push(maybe(record.revoked.map(rfc3339)));
        row.extend(actor(record.revoked_by.as_ref()));
        row.extend(used(record.last_use.as_ref()));
        sheet.row(&row)?;
    }
    Ok(sheet)
}

/// Two words if it is locked: a service may have any name, `pending` too.
fn pin(pin: &PinState) -> String {
    match pin {
        PinState::Pending => "pending".to_owned(),
        PinState::To(value) => format!("to {value}"),
    }
}

/// Of `users`.
pub fn users(users: &[UserSummary]) -> Result<Sheet, Failure> {
    let mut sheet = Sheet::new(USERS)?;
    for user in users {
        let mut row = vec![
            user.user.clone(),
            maybe(user.uid),
            maybe(user.enrolled.map(rfc3339)),
            maybe(user.locked.map(rfc3339)),
            rfc3339(user.created),
            user.live.to_string(),
            user.suspended.to_string(),
            user.revoked.to_string(),
        ];
        row.extend(used(user.last_use.as_ref()));
        sheet.row(&row)?;
    }
    Ok(sheet)
}

/// Of `report`.
pub fn primary_uses(uses: &[PrimaryUse]) -> Result<Sheet, Failure> {
    let mut sheet = Sheet::new(REPORT)?;
    for used in uses {
        sheet.row(&[
            used.user.clone(),
            used.service.clone(),
            maybe(used.rhost.as_deref()),
            used.rhost_unproven.to_string(),
            used.host.clone(),
            used.would_be_refused.to_string(),
            rfc3339(used.first),
            rfc3339(used.last),
            used.count.to_string(),
        ])?;
    }
    Ok(sheet)
}

/// Of `events`; `first`: with the heading.
pub fn events(events: &[Event], first: bool) -> Result<Sheet, Failure> {
    let mut sheet = if first { Sheet::new(EVENTS)? } else { Sheet::headless() };
    for event in events {
        let mut row =
            vec![maybe(event.seq), rfc3339(event.at), event.host.clone(), event.kind.as_str().to_owned()];
        row.extend(actor(event.actor.as_ref()));
        row.extend([
            maybe(event.user.as_deref()),
            maybe(event.id),
            maybe(event.name.as_deref()),
            maybe(event.was.as_deref()),
            event.services.join(" "),
            maybe(event.rhost.as_deref()),
            event.rhost_unproven.to_string(),
            maybe(event.verb.as_deref()),
            maybe(event.reason.as_deref()),
            event.count.to_string(),
        ]);
        sheet.row(&row)?;
    }
    Ok(sheet)
}
