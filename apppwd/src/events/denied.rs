//! Refused management verbs: the first of each caller and verb at once, and of the rest a count, the
//! less often the longer they go on.

use crate::clock::UnixSeconds;
use crate::log;
use apppw_admin::About;
use apppw_admin::text::{check_field, cut};
use apppw_admin::verbs::{ActorRole, Event};
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
    let args: serde_json::Value =
        args.and_then(|args| serde_json::from_str(args.get()).ok()).unwrap_or_default();
    let word = |one: &str, many: &str| {
        let value = args.get(one).or_else(|| args.get(many)?.get(0));
        value.and_then(|value| value.as_str()).map(str::to_owned)
    };
    About { user: word("user", "users"), id: word("id", "ids").and_then(|id| id.parse().ok()) }
}

/// As it may be kept: a name that could be shown, and nobody's secret.
pub(super) fn fit_for_the_record(about: About) -> About {
    let user = about.user.filter(|user| check_field(user).is_ok());
    About { user: user.map(|user| log::user(&user).to_owned()), ..about }
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
mod tests {
    use super::*;
    use apppw_admin::AppPasswordId;
    use apppw_admin::verbs::{Actor, EventKind};

    fn denied(uid: u32, verb: &str, at: UnixSeconds) -> Event {
        denied_to(ActorRole::User, uid, verb, at)
    }

    fn denied_to(role: ActorRole, uid: u32, verb: &str, at: UnixSeconds) -> Event {
        let actor = Actor { uid, login_uid: None, role, on_behalf_of: None, name: None };
        Event {
            actor: Some(actor),
            user: Some("bob".into()),
            verb: Some(verb.to_owned()),
            reason: Some("x".repeat(1000)),
            ..super::super::bare(EventKind::Denied, at, "mail1")
        }
    }

    fn told(events: &[Event]) -> Vec<(UnixSeconds, u64)> {
        events.iter().map(|event| (event.at, event.count)).collect()
    }

    #[test]
    fn the_first_is_told_at_once_and_the_rest_as_a_count() {
        let mut verbs = DeniedVerbs::default();
        assert_eq!(verbs.first_or_counted(denied(7, "create", 100)).map(|event| event.count), Some(1));
        assert!(!verbs.counts());
        for at in 101..111 {
            assert_eq!(verbs.first_or_counted(denied(7, "create", at)), None);
        }
        assert!(verbs.first_or_counted(denied(7, "revoke", 105)).is_some(), "another verb");
        assert!(verbs.first_or_counted(denied(8, "create", 105)).is_some(), "another caller");
        assert!(verbs.counts());
        assert_eq!(verbs.due(Some(159)), []);
        assert_eq!(told(&verbs.due(Some(160))), [(110, 10)]);
        assert_eq!(verbs.first_or_counted(denied(7, "create", 161)), None);
        assert_eq!(verbs.due(None).len(), 1, "before an end all is told");
        assert!(!verbs.counts());
    }

    #[test]
    fn what_is_counted_together_names_no_account_that_only_one_was_about() {
        let mut verbs = DeniedVerbs::default();
        let of = |user: &str| Event { user: Some(user.into()), ..denied(7, "create", 100) };
        for user in ["bob", "bob", "bob"] {
            verbs.first_or_counted(of(user));
        }
        assert_eq!(verbs.due(None).pop().and_then(|event| event.user).as_deref(), Some("bob"));
        for user in ["bob", "carol"] {
            verbs.first_or_counted(of(user));
        }
        let both = verbs.due(None).pop();
        assert_eq!(both.map(|event| (event.user, event.count)), Some((None, 2)));
        // Two of bob's, refused for two reasons.
        for (bits, reason) in [(1, "x"), (2, "y")] {
            let (id, reason) = (Some(AppPasswordId::from_bits(bits)), Some(reason.to_owned()));
            verbs.first_or_counted(Event { id, reason, ..of("bob") });
        }
        let both = verbs.due(None).pop().map(|event| (event.id, event.reason));
        assert_eq!(both, Some((None, Some("several".to_owned()))));
    }

    #[test]
    fn a_count_is_told_after_a_minute_then_ten_and_then_each_hour() {
        let mut verbs = DeniedVerbs::default();
        assert!(verbs.first_or_counted(denied(7, "create", 0)).is_some());
        let mut counts = Vec::new();
        for now in 1..8000 {
            counts.extend(verbs.due(Some(now)).iter().map(|event| (now, event.count)));
            assert_eq!(verbs.first_or_counted(denied(7, "create", now)), None);
        }
        assert_eq!(counts, [(60, 59), (660, 600), (4260, 3600), (7860, 3600)]);
    }

    #[test]
    fn a_clock_that_is_set_back_ends_the_wait() {
        let mut verbs = DeniedVerbs::default();
        for at in [1000, 1001] {
            verbs.first_or_counted(denied(7, "create", at));
        }
        assert_eq!(verbs.due(Some(1002)), []);
        assert_eq!(told(&verbs.due(Some(500))), [(1001, 1)]);
    }

    #[test]
    fn where_there_is_no_room_the_known_go_on_and_after_a_day_others_get_it() {
        let mut verbs = DeniedVerbs::default();
        let (people, nobodies) = (u32::try_from(MOST).unwrap(), u32::try_from(MOST_NOBODIES).unwrap());
        for uid in 0..people {
            verbs.first_or_counted(denied(uid, "list", 0));
        }
        for uid in 0..nobodies {
            verbs.first_or_counted(denied_to(ActorRole::Nobody, uid, "any", 0));
        }
        let named = |event: Option<Event>| event.and_then(|event| event.actor).map(|actor| actor.uid);
        assert_eq!(verbs.first_or_counted(denied(7, "list", 1)), None, "counted by its name");
        let newcomers = |verbs: &mut DeniedVerbs, at| {
            [
                named(verbs.first_or_counted(denied(people, "list", at))),
                named(verbs.first_or_counted(denied_to(ActorRole::Nobody, nobodies, "any", at))),
            ]
        };
        assert_eq!(newcomers(&mut verbs, 2), [None, None]);
        assert_eq!(newcomers(&mut verbs, REMEMBERED), [Some(people), Some(nobodies)]);
        // What is counted is not forgotten.
        let counted: Vec<_> = verbs.due(None).into_iter().map(|event| named(Some(event))).collect();
        assert_eq!(counted, [Some(7)]);
    }

    #[test]
    fn a_reason_is_cut_where_it_gets_long() {
        let event = DeniedVerbs::default().first_or_counted(denied(7, "create", 0));
        let reason = event.and_then(|event| event.reason).unwrap_or_default();
        assert_eq!(reason, format!("{}…", "x".repeat(LONGEST_REASON)));
    }

    #[test]
    fn whoever_goes_on_is_told_less_often() {
        let mut verbs = DeniedVerbs::default();
        // One refusal every 50 seconds, for a day.
        let at_once: Vec<Event> =
            (0..1728).filter_map(|n| verbs.first_or_counted(denied(7, "create", n * 50))).collect();
        assert!(at_once.len() < 30, "{}", at_once.len());
        let counted: u64 = at_once.iter().chain(&verbs.due(None)).map(|event| event.count).sum();
        assert_eq!(counted, 1728);
        // A day of rest, and it is the first again.
        let event = verbs.first_or_counted(denied(7, "create", 3 * 86_400));
        assert_eq!(event.map(|event| event.count), Some(1));
    }

    #[test]
    fn too_many_are_counted_together_and_nobody_is_named_for_the_others() {
        let mut verbs = DeniedVerbs::default();
        let mut told: Vec<Event> = Vec::new();
        for uid in 0..10_000 {
            told.extend(verbs.first_or_counted(denied_to(ActorRole::Nobody, uid, "any", 5)));
        }
        assert_eq!(told.len(), MOST_NOBODIES + 1);
        // They leave room for people, and for a program with one name.
        assert!(verbs.first_or_counted(denied(1001, "users", 6)).is_some_and(|event| event.actor.is_some()));
        let last = verbs.first_or_counted(denied_to(ActorRole::Nobody, 77_777, "any", 5 + 60));
        let Some(last) = last else { panic!("not told after a minute") };
        assert_eq!(last.count, 10_000 - u64::try_from(MOST_NOBODIES).unwrap());
        assert_eq!((last.actor, last.user, last.verb), (None, None, None));
        for uid in 0..2 * u32::try_from(MOST).unwrap() {
            told.extend(verbs.first_or_counted(denied(10_000 + uid, "list", 70)));
        }
        assert_eq!(verbs.seen.len(), MOST + MOST_NOBODIES + 1);
        let others = told.iter().filter(|event| event.actor.is_none()).count();
        assert_eq!(others, 2, "one for each sort");
    }

    #[test]
    fn what_was_asked_for_is_read_and_a_secret_in_it_masked() {
        let asked = |json: &str| {
            let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
            let About { user, id } = fit_for_the_record(asked_for(Some(&raw)));
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
        assert_eq!(asked_for(None), About::default());
    }
}
