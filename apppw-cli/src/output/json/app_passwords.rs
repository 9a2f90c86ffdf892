//! App passwords, and what was done with them.

use super::handed_over::Client;
use super::parts::{Actor, Use};
use crate::output::time::rfc3339;
use apppw_admin::verbs::{self, PinState};
use apppw_admin::{AppPasswordId, SecretText};
use serde::Serialize;

/// An app password.
#[derive(Serialize)]
struct AppPassword<'a> {
    id: AppPasswordId,
    name: &'a str,
    user: &'a str,
    state: &'static str,
    services: &'a [String],
    networks: &'a [String],
    expires: Option<String>,
    pin_service: Option<Pin<'a>>,
    pin_network: Option<Pin<'a>>,
    successor: Option<AppPasswordId>,
    created: String,
    created_by: Actor<'a>,
    suspended: Option<String>,
    suspended_by: Option<Actor<'a>>,
    revoked: Option<String>,
    revoked_by: Option<Actor<'a>>,
    last_use: Option<Use<'a>>,
}

impl<'a> From<&'a verbs::AppPassword> for AppPassword<'a> {
    fn from(record: &'a verbs::AppPassword) -> Self {
        Self {
            id: record.id,
            name: &record.name,
            user: &record.user,
            state: record.state.as_str(),
            services: &record.services,
            networks: &record.networks,
            expires: record.expires.map(rfc3339),
            pin_service: record.pin_service.as_ref().map(Into::into),
            pin_network: record.pin_network.as_ref().map(Into::into),
            successor: record.successor,
            created: rfc3339(record.created),
            created_by: (&record.created_by).into(),
            suspended: record.suspended.map(rfc3339),
            suspended_by: record.suspended_by.as_ref().map(Into::into),
            revoked: record.revoked.map(rfc3339),
            revoked_by: record.revoked_by.as_ref().map(Into::into),
            last_use: record.last_use.as_ref().map(Into::into),
        }
    }
}

/// An object with `null` in it, not a word: a service may have any name, `pending` too.
#[derive(Serialize)]
struct Pin<'a> {
    to: Option<&'a str>,
}

impl<'a> From<&'a PinState> for Pin<'a> {
    fn from(pin: &'a PinState) -> Self {
        match pin {
            PinState::Pending => Self { to: None },
            PinState::To(value) => Self { to: Some(value) },
        }
    }
}

fn records(records: &[verbs::AppPassword]) -> Vec<AppPassword<'_>> {
    records.iter().map(Into::into).collect()
}

#[derive(Serialize)]
struct Created<'a> {
    secret: &'a SecretText,
    #[serde(flatten)]
    app_password: AppPassword<'a>,
    newly_enrolled: bool,
    primary: &'static str,
    primary_ends: &'a [String],
    client: Option<Client<'a>>,
}

/// Of `create`.
pub fn created(created: &verbs::Created) -> impl Serialize {
    Created {
        secret: &created.secret,
        app_password: (&created.app_password).into(),
        newly_enrolled: created.newly_enrolled,
        primary: created.primary.as_str(),
        primary_ends: &created.primary_ends,
        client: created.client.as_ref().map(Into::into),
    }
}

/// Of `rotate`: as of `create`, with the old one and until when it works.
pub fn rotated(new: &verbs::Created, old: AppPasswordId, old_expires: Option<i64>) -> impl Serialize {
    #[derive(Serialize)]
    struct Rotated<C> {
        #[serde(flatten)]
        created: C,
        old: Old,
    }
    #[derive(Serialize)]
    struct Old {
        id: AppPasswordId,
        expires: Option<String>,
    }
    Rotated { created: created(new), old: Old { id: old, expires: old_expires.map(rfc3339) } }
}

/// Of `list`.
pub fn listed(app_passwords: &[verbs::AppPassword]) -> impl Serialize {
    #[derive(Serialize)]
    struct Listed<'a> {
        app_passwords: Vec<AppPassword<'a>>,
    }
    Listed { app_passwords: records(app_passwords) }
}

/// Of `show`.
pub fn shown(shown: &verbs::Shown) -> impl Serialize {
    #[derive(Serialize)]
    struct Shown<'a> {
        #[serde(flatten)]
        app_password: AppPassword<'a>,
        uses: Vec<Use<'a>>,
    }
    Shown { app_password: (&shown.app_password).into(), uses: shown.uses.iter().map(Into::into).collect() }
}

/// Of `rename`.
pub fn renamed(app_password: &verbs::AppPassword) -> impl Serialize {
    AppPassword::from(app_password)
}

/// Of `suspend` and `resume`; here and below `kicked` says what came of `--kick`.
pub fn changed(changed: &verbs::Changed, kicked: Option<impl Serialize>) -> impl Serialize {
    #[derive(Serialize)]
    struct Changed<'a, K> {
        ids: &'a [AppPasswordId],
        app_passwords: Vec<AppPassword<'a>>,
        already: &'a [AppPasswordId],
        kicked: Option<K>,
    }
    let verbs::Changed { ids, app_passwords, already } = changed;
    Changed { ids, app_passwords: records(app_passwords), already, kicked }
}

/// Of `revoke`.
pub fn revoked(revoked: &verbs::Revoked, dry_run: bool, kicked: Option<impl Serialize>) -> impl Serialize {
    #[derive(Serialize)]
    struct Revoked<'a, K> {
        dry_run: bool,
        count: u64,
        ids: &'a [AppPasswordId],
        revoked: Vec<AppPassword<'a>>,
        already: &'a [AppPasswordId],
        record_since: Option<String>,
        kicked: Option<K>,
    }
    let verbs::Revoked { count, ids, app_passwords, already, record_since } = revoked;
    let record_since = record_since.map(rfc3339);
    Revoked { dry_run, count: *count, ids, revoked: records(app_passwords), already, record_since, kicked }
}

/// Of `verify`.
pub fn verified(verified: &verbs::Verified) -> impl Serialize {
    #[derive(Serialize)]
    struct Verified<'a> {
        accepted: bool,
        reason: &'a str,
        app_password: Option<AppPassword<'a>>,
    }
    Verified {
        accepted: verified.accepted,
        reason: &verified.reason,
        app_password: verified.app_password.as_ref().map(Into::into),
    }
}
