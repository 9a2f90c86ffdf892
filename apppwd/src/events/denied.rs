//! Refused management verbs: the first of each caller and verb in a minute, and a count of the
//! rest when the minute is over.

use crate::clock::UnixSeconds;
use crate::log;
use apppw_admin::AppPasswordId;
use apppw_admin::text::check_field;
use apppw_admin::verbs::Event;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// How long the same ones are counted, in seconds.
const EVERY: i64 = 60;

/// Most callers and verbs that are told apart: a user namespace gives many uids away.
const MOST: usize = 256;

/// Longest reason, in characters.
const LONGEST_REASON: usize = 200;

/// What a refused request was about, as far as it can be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Whose account.
    pub user: Option<String>,
    /// Which app password.
    pub id: Option<AppPasswordId>,
}

/// Reads that from a request's arguments, whatever else is in them.
#[must_use]
pub fn asked_for(args: Option<&RawValue>) -> Asked {
    let args: serde_json::Value =
        args.and_then(|args| serde_json::from_str(args.get()).ok()).unwrap_or_default();
    let word = |one: &str, many: &str| {
        let value = args.get(one).or_else(|| args.get(many)?.get(0));
        value.and_then(|value| value.as_str()).map(str::to_owned)
    };
    Asked {
        user: word("user", "users")
            .filter(|user| check_field(user).is_ok())
            .map(|user| log::user(&user).to_owned()),
        id: word("id", "ids").and_then(|id| id.parse().ok()),
    }
}

/// Those that were refused lately.
#[derive(Debug, Default)]
pub(super) struct DeniedVerbs(BTreeMap<(u32, String), Denied>);

#[derive(Debug)]
struct Denied {
    /// When the last one was handed out.
    at: UnixSeconds,
    /// What has come since.
    counted: Option<Event>,
}

impl DeniedVerbs {
    /// `event`, if it is the first; else it is counted.
    pub(super) fn first_or_counted(&mut self, mut event: Event) -> Option<Event> {
        if let Some(reason) = &mut event.reason
            && let Some((end, _)) = reason.char_indices().nth(LONGEST_REASON)
        {
            reason.truncate(end);
            reason.push('…');
        }
        let uid = event.actor.as_ref().map_or(u32::MAX, |actor| actor.uid);
        let mut key = (uid, event.verb.clone().unwrap_or_default());
        if self.0.len() >= MOST && !self.0.contains_key(&key) {
            // The rest are one, and nobody's in particular.
            key = (u32::MAX, String::new());
            event = Event { actor: None, user: None, id: None, verb: None, ..event };
            event.reason = Some("refused to more callers and verbs than are told apart".to_owned());
        }
        match self.0.get_mut(&key) {
            None => {
                self.0.insert(key, Denied { at: event.at, counted: None });
                Some(event)
            }
            Some(denied) => {
                event.count += denied.counted.as_ref().map_or(0, |counted| counted.count);
                denied.counted = Some(event);
                None
            }
        }
    }

    /// What was counted until `now` and is due; all of it without one.
    pub(super) fn due(&mut self, now: Option<UnixSeconds>) -> Vec<Event> {
        let is_due = |denied: &Denied| now.is_none_or(|now| !(0..EVERY).contains(&(now - denied.at)));
        let mut due = Vec::new();
        for denied in self.0.values_mut().filter(|denied| is_due(denied)) {
            if let Some(event) = denied.counted.take() {
                denied.at = now.unwrap_or(denied.at);
                due.push(event);
            }
        }
        self.0.retain(|_, denied| denied.counted.is_some() || !is_due(denied));
        due
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apppw_admin::verbs::{Actor, ActorRole, EventKind};

    fn denied(uid: u32, verb: &str, at: UnixSeconds) -> Event {
        let actor = Actor { uid, login_uid: None, role: ActorRole::User, on_behalf_of: None, name: None };
        Event {
            actor: Some(actor),
            verb: Some(verb.to_owned()),
            reason: Some("x".repeat(1000)),
            ..super::super::bare(EventKind::Denied, at, "mail1")
        }
    }

    #[test]
    fn the_first_is_told_at_once_and_the_rest_as_a_count() {
        let mut verbs = DeniedVerbs::default();
        assert_eq!(verbs.first_or_counted(denied(7, "create", 100)).map(|event| event.count), Some(1));
        for at in 101..111 {
            assert_eq!(verbs.first_or_counted(denied(7, "create", at)), None);
        }
        assert!(verbs.first_or_counted(denied(7, "revoke", 105)).is_some(), "another verb");
        assert!(verbs.first_or_counted(denied(8, "create", 105)).is_some(), "another caller");
        assert_eq!(verbs.due(Some(159)), []);
        let due = verbs.due(Some(160));
        assert_eq!(due.iter().map(|event| (event.at, event.count)).collect::<Vec<_>>(), [(110, 10)]);
        assert_eq!(verbs.first_or_counted(denied(7, "create", 161)), None, "the minute begins anew");
        assert_eq!(verbs.due(None).len(), 1);
        assert!(verbs.is_empty());
    }

    #[test]
    fn nobody_fills_the_memory() {
        let mut verbs = DeniedVerbs::default();
        let at_once =
            (0..10_000).filter(|uid| verbs.first_or_counted(denied(*uid, "list", 5)).is_some()).count();
        assert_eq!((at_once, verbs.0.len()), (MOST + 1, MOST + 1));
        let counted: u64 = verbs.due(None).iter().map(|event| event.count).sum();
        assert_eq!(counted, 10_000 - u64::try_from(MOST + 1).unwrap());
    }

    #[test]
    fn what_was_asked_for_is_read_and_a_secret_in_it_masked() {
        let asked = |json: &str| {
            let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
            let Asked { user, id } = asked_for(Some(&raw));
            (user, id.map(|id| id.to_string()))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(asked(r#"{"user":"bob","id":"ap-00000005"}"#), (some("bob"), some("ap-00000005")));
        assert_eq!(
            asked(r#"{"users":["bob","eve"],"ids":["ap-00000005"]}"#),
            (some("bob"), some("ap-00000005"))
        );
        assert_eq!(asked(r#"{"user":7,"id":"x","secret":"y"}"#), (None, None));
        assert_eq!(asked(r#"{"user":"a\u001b[2Jb"}"#), (None, None));
        assert_eq!(asked("[1]"), (None, None));
        let secret = apppw_proto::secret::Secret::from_values(&[7; 15]).unwrap().display();
        assert_eq!(asked(&format!(r#"{{"user":"{secret}"}}"#)).0, some("(looks like an app password)"));
        assert_eq!(asked_for(None), Asked::default());
    }
}
