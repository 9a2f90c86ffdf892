//! What is part of several documents.

use crate::output::time::rfc3339;
use apppw_admin::verbs;
use serde::Serialize;

/// Who did something.
#[derive(Serialize)]
pub struct Actor<'a> {
    uid: u32,
    login_uid: Option<u32>,
    role: &'static str,
    name: Option<&'a str>,
}

impl<'a> From<&'a verbs::Actor> for Actor<'a> {
    fn from(actor: &'a verbs::Actor) -> Self {
        Self {
            uid: actor.uid,
            login_uid: actor.login_uid,
            role: actor.role.as_str(),
            name: actor.name.as_deref(),
        }
    }
}

/// Logins with one app password.
#[derive(Serialize)]
pub struct Use<'a> {
    service: &'a str,
    rhost: Option<&'a str>,
    rhost_unproven: bool,
    host: &'a str,
    first: String,
    last: String,
    count: u64,
}

impl<'a> From<&'a verbs::Use> for Use<'a> {
    fn from(used: &'a verbs::Use) -> Self {
        Self {
            service: &used.service,
            rhost: used.rhost.as_deref(),
            rhost_unproven: used.rhost_unproven,
            host: &used.host,
            first: rfc3339(used.first),
            last: rfc3339(used.last),
            count: used.count,
        }
    }
}
