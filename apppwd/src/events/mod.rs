//! Events that change nothing, on their way to the store: uses of dead app passwords, refused
//! management verbs. What changes something writes its event itself, in its own transaction.
//!
//! Anyone can provoke them as often as he likes; so of refusals in a row the first is written at
//! once and the rest counted, and of each dead app password there is one an hour.

mod denied;
mod pending;
mod refused_use;

use crate::admin::caller::{self, Caller, Role};
use crate::auth::uses::Place;
use crate::auth::{Answer, Reason};
use crate::clock::{self, UnixSeconds};
use crate::daemon::Daemon;
use crate::store::{Store, StoreError};
use apppw_admin::About;
use apppw_admin::AppPasswordId;
use apppw_admin::text::visible;
use apppw_admin::verbs::{Actor, Event, EventKind};
use std::rc::Rc;
use std::time::{Duration, Instant};

pub use denied::asked_for;
pub use pending::PendingEvents;

/// How long an event may wait for its write, and for another one while the disk takes none.
const WRITE_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Says in the log what was refused, as often as it is told in the trail.
fn say(denied: &Event) {
    let whose = denied.actor.as_ref().map_or_else(|| "several callers".to_owned(), caller::shown);
    let verb = visible(denied.verb.as_deref().unwrap_or("several verbs"));
    let reason = visible(denied.reason.as_deref().unwrap_or_default());
    match denied.count {
        1 => tracing::warn!("denied to {whose}: {verb}: {reason}"),
        count => tracing::warn!("denied to {whose}: {verb}: {reason} ({count} times)"),
    }
}

/// An event of now that has nothing but its kind.
fn bare(kind: EventKind, at: UnixSeconds, host: &str) -> Event {
    Event {
        seq: None,
        at,
        host: host.to_owned(),
        kind,
        actor: None,
        user: None,
        id: None,
        name: None,
        was: None,
        services: Vec::new(),
        rhost: None,
        rhost_unproven: false,
        verb: None,
        reason: None,
        count: 1,
    }
}

impl<S: Store> Daemon<S> {
    /// An event of what is so though the disk takes no writes: it is told as soon as it does.
    #[must_use]
    pub fn event_in_memory(&self, kind: EventKind, actor: Actor) -> Event {
        let reason = Some("in memory only: the disk took no writes".to_owned());
        Event { actor: Some(actor), reason, ..bare(kind, clock::now(), &self.host) }
    }

    /// The same, of an app password: noted.
    pub async fn note_app_password_in_memory(&self, kind: EventKind, actor: Actor, id: AppPasswordId) {
        // As it will be written, so that it can be known again.
        let (user, name) = match self.store.app_password(id).await {
            Ok(Some(record)) => (Some(record.user), Some(record.name)),
            _ => (None, None),
        };
        self.note(Event { user, id: Some(id), name, ..self.event_in_memory(kind, actor) });
    }

    /// An event that befell the whole host.
    #[must_use]
    pub fn event_of_host(&self, kind: EventKind, actor: Actor, at: UnixSeconds) -> Event {
        Event { actor: Some(actor), ..bare(kind, at, &self.host) }
    }

    /// Has an event wait for its write.
    pub fn note(&self, event: Event) {
        self.events.borrow_mut().add(event);
    }

    /// Notes that somebody was given the server keys of these numbers: if the disk takes no writes, later.
    pub async fn note_key_export(&self, actor: Actor, ids: String) {
        let actor = Some(actor);
        let event = Event { actor, was: Some(ids), ..bare(EventKind::KeyExport, clock::now(), &self.host) };
        if self.store.add_events(vec![event.clone()]).await.is_err() {
            self.note(event);
        }
    }

    /// Notes in the store what befell an account that only the journal, or only memory, knew.
    ///
    /// # Errors
    /// If it takes no writes.
    pub async fn note_of_nobody(&self, kind: EventKind, actor: Actor, user: &str) -> Result<(), StoreError> {
        let (actor, user) = (Some(actor), Some(user.to_owned()));
        self.store.add_events(vec![Event { actor, user, ..bare(kind, clock::now(), &self.host) }]).await
    }

    /// Notes that somebody knew the secret of an app password that is revoked, expired or
    /// suspended. `user`: as typed.
    pub fn note_refused_use(self: &Rc<Self>, answer: &Answer, user: &str, place: Place)
    where
        S: 'static,
    {
        let Some(owner) = &answer.app_password else { return };
        // Also where another reason comes first: a service that no group has, a panic.
        let dead = match answer.reason {
            Reason::Revoked | Reason::Expired | Reason::Suspended => Some(answer.reason),
            Reason::Accepted => None,
            _ => owner.dead,
        };
        let Some(dead) = dead else { return };
        let at = clock::now();
        if !self.events.borrow_mut().refused_uses.is_first(owner.id, dead, at) {
            return;
        }
        let event = Event {
            user: Some(answer.account.as_deref().unwrap_or(user).to_owned()),
            id: Some(owner.id),
            name: Some(owner.name.clone()),
            services: vec![place.service],
            rhost: Some(place.rhost).filter(|rhost| !rhost.is_empty()),
            rhost_unproven: place.unproven,
            reason: Some(dead.as_str().to_owned()),
            ..bare(EventKind::RefusedUse, at, &self.host)
        };
        self.events.borrow_mut().add(event);
        self.write_events_later();
    }

    /// Notes that a management verb was refused. The first of its kind is in the store before
    /// the caller is told, if the disk takes it.
    pub async fn note_denied(self: &Rc<Self>, caller: &Caller, verb: &str, about: About, reason: &str)
    where
        S: 'static,
    {
        self.tally.denied();
        let About { mut user, id } =
            denied::fit_for_the_record(about, |user| self.shown_user(user).to_owned());
        if let (None, None, Role::User(name) | Role::Helpdesk(Some(name))) = (&user, id, &caller.role) {
            // Who names nobody acts for himself.
            user = Some(name.clone());
        }
        let event = Event {
            actor: Some(caller.actor()),
            user,
            id,
            verb: Some(verb.to_owned()),
            reason: Some(reason.to_owned()),
            ..bare(EventKind::Denied, clock::now(), &self.host)
        };
        let first = self.events.borrow_mut().denied.first_or_counted(event);
        if let Some(first) = first {
            say(&first);
            self.events.borrow_mut().add(first);
            // It is written later, then.
            let _ = self.write_events().await;
        }
        self.write_events_later();
    }

    /// Writes the events that wait and are due, unless the disk has just taken none.
    ///
    /// # Errors
    /// They go on to wait.
    pub async fn write_events(&self) -> Result<(), StoreError> {
        let failed = self.events.borrow().failed;
        let just_failed = failed.is_some_and(|failed| failed.elapsed() < WRITE_AFTER.1);
        if just_failed && !self.store.health().writable {
            return Ok(());
        }
        self.write_events_until(Some(clock::now())).await
    }

    /// The same with those that are still counted, before an end.
    ///
    /// # Errors
    /// They are lost with the process.
    pub async fn write_last_events(&self) -> Result<(), StoreError> {
        self.write_events_until(None).await
    }

    async fn write_events_until(&self, now: Option<UnixSeconds>) -> Result<(), StoreError> {
        let _one_at_a_time = self.writing_events.lock().await;
        let events = self.events.borrow_mut().take(now);
        if events.is_empty() {
            return Ok(());
        }
        let written = self.store.add_events(events).await;
        let mut pending = self.events.borrow_mut();
        pending.ended(written.is_ok());
        pending.failed = written.is_err().then(Instant::now);
        written
    }

    /// Writes events soon, and again while there are some. One loop at a time; nothing wakes up
    /// while there is nothing to write.
    pub fn write_events_later(self: &Rc<Self>)
    where
        S: 'static,
    {
        let mut events = self.events.borrow_mut();
        if events.is_empty() || std::mem::replace(&mut events.is_scheduled, true) {
            return;
        }
        drop(events);
        let daemon = Rc::clone(self);
        tokio::task::spawn_local(async move {
            let (mut after, slow) = WRITE_AFTER;
            while !daemon.events.borrow().is_empty() {
                tokio::time::sleep(after).await;
                after = match daemon.write_events().await {
                    Ok(()) => WRITE_AFTER.0,
                    Err(error) => {
                        tracing::warn!(
                            "could not write the last events: {error}; they are kept in memory, and lost when apppwd stops"
                        );
                        slow
                    }
                };
            }
            daemon.events.borrow_mut().is_scheduled = false;
        });
    }
}
