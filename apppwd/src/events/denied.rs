//! Refused management verbs: the first of each caller and verb at once, and of the rest a count, the
//! less often the longer they go on.

use crate::clock::UnixSeconds;
use apppw_admin::About;
use apppw_admin::text::{check_field, cut};
use apppw_admin::verbs::{ActorRole, Event};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// How long the same ones are counted before they are told again, in seconds: at first, then,
/// and from then on.
const EVERY: [i64; 3] = [60, 600, 3600];

/// For how many seconds a caller's verb is remembered: whoever waits a little is not new.
const REMEMBERED: i64 = 86_400;

/// Most callers and verbs that are told apart; and of those who may do nothing, for a user
/// namespace gives very many uids away.
const MOST: usize = 4096;
const MOST_NOBODIES: usize = 64;

/// Longest reason, in characters.
const LONGEST_REASON: usize = 200;

/// What a refused request was about, as its arguments say, whatever else is in them.
#[must_use]
pub fn asked_for(args: Option<&RawValue>) -> About {
    let asked: Asked<'_> = args.and_then(|args| serde_json::from_str(args.get()).ok()).unwrap_or_default();
    let word = |one: Option<&RawValue>, many: Option<&RawValue>| -> Option<String> {
        let first = || serde_json::from_str::<Vec<&RawValue>>(many?.get()).ok()?.into_iter().next();
        serde_json::from_str(one.or_else(first)?.get()).ok()
    };
    About {
        user: word(asked.user, asked.users),
        id: word(asked.id, asked.ids).and_then(|id| id.parse().ok()),
    }
}

/// Nothing else is kept: among the rest there may be a secret, and what is taken apart is not wiped.
#[derive(Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Asked<'a> {
    user: Option<&'a RawValue>,
    users: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    ids: Option<&'a RawValue>,
}

/// As it may be kept: a name that can be `shown`.
pub(super) fn fit_for_the_record(about: About, shown: impl Fn(&str) -> String) -> About {
    let user = about.user.filter(|user| check_field(user).is_ok());
    About { user: user.map(|user| shown(&user)), ..about }
}

/// Those that were refused lately.
#[derive(Debug, Default)]
pub(super) struct DeniedVerbs {
    seen: BTreeMap<Caller, Denied>,
    nobodies: usize,
}

/// Who was refused what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Caller {
    One {
        uid: u32,
        verb: String,
        is_nobody: bool,
    },
    /// More than are told apart: those who may do nothing, and the others.
    Others {
        are_nobodies: bool,
    },
}

#[derive(Debug)]
struct Denied {
    /// When the last one was handed out.
    at: UnixSeconds,
    /// How often there was more than that one: the index of the next wait.
    again: usize,
    /// What has come since.
    counted: Option<Event>,
}

impl Denied {
    fn is_due(&self, now: UnixSeconds) -> bool {
        let every = EVERY.get(self.again).or(EVERY.last()).copied().unwrap_or_default();
        // A clock that was set back ends the wait.
        !(0..every).contains(&(now - self.at))
    }

    fn is_forgotten(&self, now: UnixSeconds) -> bool {
        self.counted.is_none() && !(0..REMEMBERED).contains(&(now - self.at))
    }
}

/// Two as one: it names what both were about, and nothing that only one was.
fn together(one: Event, other: Event) -> Event {
    let same = one.user == other.user && one.id == other.id;
    let reason = if one.reason == other.reason { other.reason } else { Some("several".to_owned()) };
    let (user, id) = if same { (other.user, other.id) } else { (None, None) };
    Event { user, id, reason, count: one.count + other.count, ..other }
}

impl DeniedVerbs {
    /// `event`, if it is the first for long enough; else it is counted.
    pub(super) fn first_or_counted(&mut self, mut event: Event) -> Option<Event> {
        event.reason = event.reason.map(|reason| cut(&reason, LONGEST_REASON).into_owned());
        let now = event.at;
        let (caller, mut event) = self.told_apart(event);
        let Some(denied) = self.seen.get_mut(&caller) else {
            self.nobodies += usize::from(matches!(caller, Caller::One { is_nobody: true, .. }));
            self.seen.insert(caller, Denied { at: now, again: 0, counted: None });
            return Some(event);
        };
        if let Some(counted) = denied.counted.take() {
            event = together(counted, event);
        }
        if denied.is_due(now) {
            denied.at = now;
            denied.again += 1;
            return Some(event);
        }
        denied.counted = Some(event);
        None
    }

    /// Whose event this is; of more than are told apart it is nobody's in particular.
    fn told_apart(&mut self, event: Event) -> (Caller, Event) {
        let actor = event.actor.as_ref();
        let is_nobody = actor.is_none_or(|actor| actor.role == ActorRole::Nobody);
        let uid = actor.map_or(u32::MAX, |actor| actor.uid);
        let caller = Caller::One { uid, verb: event.verb.clone().unwrap_or_default(), is_nobody };
        let has_room = |seen: &Self| match is_nobody {
            true => seen.nobodies < MOST_NOBODIES,
            false => seen.seen.len() - seen.nobodies < MOST,
        };
        if !has_room(self) {
            self.forget(event.at);
        }
        if self.seen.contains_key(&caller) || has_room(self) {
            return (caller, event);
        }
        let reason = Some("refused to more callers and verbs than are told apart".to_owned());
        let event = Event { actor: None, user: None, id: None, verb: None, reason, ..event };
        (Caller::Others { are_nobodies: is_nobody }, event)
    }

    fn forget(&mut self, now: UnixSeconds) {
        self.seen.retain(|_, denied| !denied.is_forgotten(now));
        let is_nobody = |caller: &&Caller| matches!(caller, Caller::One { is_nobody: true, .. });
        self.nobodies = self.seen.keys().filter(is_nobody).count();
    }

    /// What was counted until `now` and is due; all of it without one.
    pub(super) fn due(&mut self, now: Option<UnixSeconds>) -> Vec<Event> {
        let mut due = Vec::new();
        for denied in self.seen.values_mut() {
            if now.is_none_or(|now| denied.is_due(now))
                && let Some(event) = denied.counted.take()
            {
                denied.at = now.unwrap_or(denied.at);
                denied.again += 1;
                due.push(event);
            }
        }
        due
    }

    /// Whether some are counted that are not told yet.
    pub(super) fn counts(&self) -> bool {
        self.seen.values().any(|denied| denied.counted.is_some())
    }
}

#[cfg(test)]
mod tests;
