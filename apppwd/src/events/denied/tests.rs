//! What of refused verbs is told, and how often.

use super::*;
use crate::log;
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
        let About { user, id } =
            fit_for_the_record(asked_for(Some(&raw)), |user| log::unknown_user(user).to_owned());
        (user, id.map(|id| id.to_string()))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(asked(r#"{"user":"bob","id":"ap-00000005"}"#), (some("bob"), some("ap-00000005")));
    assert_eq!(asked(r#"{"users":["bob","eve"],"ids":["ap-00000005"]}"#), (some("bob"), some("ap-00000005")));
    assert_eq!(asked(r#"{"user":7,"id":"x","secret":"y"}"#), (None, None));
    assert_eq!(asked(r#"{"user":"a\u001b[2Jb"}"#), (None, None));
    assert_eq!(asked("[1]"), (None, None));
    let secret = apppw_proto::secret::Secret::from_values(&[7; 15]).unwrap().display();
    assert_eq!(asked(&format!(r#"{{"user":"{secret}"}}"#)).0, some("(looks like an app password)"));
    assert_eq!(asked_for(None), About::default());
}
