//! Events.

use super::parts::Actor;
use crate::output::time::rfc3339;
use apppw_admin::{AppPasswordId, verbs};
use serde::Serialize;

#[derive(Serialize)]
struct Event<'a> {
    seq: Option<u64>,
    at: String,
    host: &'a str,
    kind: &'static str,
    actor: Option<Actor<'a>>,
    user: Option<&'a str>,
    id: Option<AppPasswordId>,
    name: Option<&'a str>,
    was: Option<&'a str>,
    services: &'a [String],
    rhost: Option<&'a str>,
    rhost_unproven: bool,
    verb: Option<&'a str>,
    reason: Option<&'a str>,
    count: u64,
}

impl<'a> From<&'a verbs::Event> for Event<'a> {
    fn from(event: &'a verbs::Event) -> Self {
        Self {
            seq: event.seq,
            at: rfc3339(event.at),
            host: &event.host,
            kind: event.kind.as_str(),
            actor: event.actor.as_ref().map(Into::into),
            user: event.user.as_deref(),
            id: event.id,
            name: event.name.as_deref(),
            was: event.was.as_deref(),
            services: &event.services,
            rhost: event.rhost.as_deref(),
            rhost_unproven: event.rhost_unproven,
            verb: event.verb.as_deref(),
            reason: event.reason.as_deref(),
            count: event.count,
        }
    }
}

/// Of `events`.
pub fn events(result: &verbs::Events) -> impl Serialize {
    #[derive(Serialize)]
    struct Events<'a> {
        events: Vec<Event<'a>>,
        cursor: u64,
        forgotten: Option<u64>,
    }
    Events {
        events: result.events.iter().map(Into::into).collect(),
        cursor: result.cursor,
        forgotten: result.forgotten,
    }
}

/// Of `events --follow`: a document for each.
pub fn event(event: &verbs::Event) -> impl Serialize {
    #[derive(Serialize)]
    struct One<'a> {
        event: Event<'a>,
    }
    One { event: event.into() }
}
