//! An event on a line: the same for what was and, with `--follow`, for what comes, where no
//! width is known ahead.

use crate::commands::{actor, address};
use crate::output::quote::{quoted, word};
use crate::output::time::Clock;
use crate::output::{Paint, Text};
use apppw_admin::text::visible;
use apppw_admin::verbs::{Event, EventKind};

/// A line for each; `whose` is known from elsewhere, and not said again.
pub fn text(events: &[Event], whose: Option<&str>, clock: &Clock) -> Text {
    let mut text = Text::new();
    for event in events {
        let line = line(event, whose, clock);
        text.painted(line.iter().map(|(paint, part)| (*paint, part.as_str())));
    }
    text
}

/// `2027-01-31 13:05:09 +01:00  revoke         alice  ap-7k3m9qxe "old phone"  by root (uid 0)`.
/// Each line says its offset from UTC: lines are pasted alone, and clocks are put back.
/// What comes from outside is one word or quoted, or stands at the end: nobody can be made to
/// seem to have done what another did.
fn line(event: &Event, whose: Option<&str>, clock: &Clock) -> Vec<(Paint, String)> {
    let widest = EventKind::ALL.iter().map(|kind| kind.as_str().len()).max().unwrap_or(0);
    let kind = event.kind.as_str();
    let room = " ".repeat(2 + widest - kind.len());
    vec![
        (Paint::Plain, format!("{}  ", clock.exact(event.at))),
        (paint_of(event.kind), kind.to_owned()),
        (Paint::Plain, format!("{room}{}", said(event, whose, clock))),
    ]
}

/// What is seldom, and what somebody should know of.
const fn paint_of(kind: EventKind) -> Paint {
    match kind {
        EventKind::Denied | EventKind::RefusedUse | EventKind::KeyExport => Paint::Notable,
        EventKind::PanicOn
        | EventKind::UserLock
        | EventKind::UserLockdown
        | EventKind::UserDelete
        | EventKind::KeyRetire
        | EventKind::KeyLost
        | EventKind::Restore => Paint::Bad,
        _ => Paint::Plain,
    }
}

/// All but time and kind.
fn said(event: &Event, whose: Option<&str>, clock: &Clock) -> String {
    let mut parts = Vec::new();
    parts.extend(user(event, whose));
    parts.extend(app_password(event));
    parts.extend(of_when(event, clock));
    parts.extend(place(event));
    parts.extend(server_key(event));
    parts.push(match &event.actor {
        Some(who) => format!("by {}", actor(who)),
        // So many that they are not told apart.
        None if event.kind == EventKind::Denied => "by several".to_owned(),
        None => "by a login".to_owned(),
    });
    if event.count > 1 {
        parts.push(format!("({} of them)", event.count));
    }
    if event.seq.is_none() {
        parts.push("(not written yet)".to_owned());
    }
    parts.extend(why(event));
    parts.join("  ")
}

fn user(event: &Event, whose: Option<&str>) -> Option<String> {
    let user = event.user.as_deref()?;
    match &event.was {
        Some(was) if event.kind == EventKind::UserRename => Some(format!("{} → {}", word(was), word(user))),
        _ => (whose != Some(user)).then(|| word(user)),
    }
}

fn app_password(event: &Event) -> Option<String> {
    let name = event.name.as_deref().map(quoted);
    let name = match (event.kind, event.was.as_deref(), name) {
        (EventKind::Rename, Some(was), Some(name)) => Some(format!("{} → {name}", quoted(was))),
        (EventKind::Rotate, Some(was), name) => {
            Some(format!("{} in the place of {}", name.unwrap_or_default(), word(was)))
        }
        (_, _, name) => name,
    };
    let id = event.id.map(|id| id.to_string());
    let said: Vec<String> = [id, name].into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// Which server keys.
fn server_key(event: &Event) -> Option<String> {
    use EventKind::{KeyExport, KeyImport, KeyLost, KeyRetire, KeyRotate};
    let is_about_keys = matches!(event.kind, KeyRotate | KeyRetire | KeyExport | KeyImport | KeyLost);
    let ids = event.was.as_deref().filter(|_| is_about_keys)?;
    Some(format!("key {}", ids.split(' ').map(word).collect::<Vec<_>>().join(", ")))
}

/// The moment that a backup shows.
fn of_when(event: &Event, clock: &Clock) -> Option<String> {
    let was = event.was.as_deref().filter(|_| event.kind == EventKind::Restore)?;
    Some(format!("of {}", was.parse().map_or_else(|_| word(was), |at| clock.exact(at))))
}

/// Which services, and from where.
fn place(event: &Event) -> Option<String> {
    let services = event.services.iter().map(|service| word(service)).collect::<Vec<_>>().join(", ");
    let services = match event.kind {
        EventKind::PanicOn | EventKind::PanicOff if services.is_empty() => Some("whole host".to_owned()),
        _ if services.is_empty() => None,
        EventKind::PanicOn | EventKind::PanicOff => Some(format!("group {services}")),
        EventKind::Pin | EventKind::RefusedUse => Some(format!("via {services}")),
        _ => Some(format!("for {services}")),
    };
    let from = address(event.rhost.as_deref().map(word).as_deref(), event.rhost_unproven)
        .map(|address| format!("from {address}"));
    let said: Vec<String> = [services, from].into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// The verb and the reason of a refusal: at the end, since a reason is somebody's sentence.
fn why(event: &Event) -> Option<String> {
    let verb = event.verb.as_deref().map(word);
    let reason = event.reason.as_deref().map(|reason| new_of(reason, event).to_owned());
    let said: Vec<String> = verb.into_iter().chain(reason).filter(|part| !part.is_empty()).collect();
    (!said.is_empty()).then(|| said.join(": "))
}

/// What a refusal's message says besides who asked for which verb, which the line has already.
fn new_of<'r>(reason: &'r str, event: &Event) -> &'r str {
    let (Some(who), Some(verb)) = (&event.actor, &event.verb) else { return reason };
    // As the daemon names a caller in its messages.
    let login = who.login_uid.filter(|login| *login != who.uid);
    let login = login.map(|login| format!(", logged in as uid {login}")).unwrap_or_default();
    let caller = match &who.name {
        Some(name) => format!("{} (uid {}{login})", visible(name), who.uid),
        None => format!("uid {}{login}", who.uid),
    };
    let Some(rest) = reason.strip_prefix(&caller).and_then(|rest| rest.strip_prefix(' ')) else {
        return reason;
    };
    rest.strip_prefix(&format!("may not use `{verb}`: ")).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::{golden, samples};
    use apppw_admin::verbs::{Actor, ActorRole};

    #[test]
    fn server_keys_are_told_by_their_numbers() {
        let said = |kind, was: &str, reason: Option<&str>| {
            let event = Event {
                was: Some(was.to_owned()),
                reason: reason.map(str::to_owned),
                ..samples::event(1, kind)
            };
            said(&event, None, &samples::clock())
        };
        assert_eq!(said(EventKind::KeyRotate, "2", None), "key 2  by root (uid 0)");
        assert_eq!(said(EventKind::KeyExport, "2 1", None), "key 2, 1  by root (uid 0)");
        let gone = Some("3 app passwords were revoked with it");
        assert_eq!(
            said(EventKind::KeyRetire, "1", gone),
            "key 1  by root (uid 0)  3 app passwords were revoked with it"
        );
    }

    #[test]
    fn each_kind_of_line() {
        let expected = "\
2027-01-14 09:00:00 +01:00  create         alice@example.org  ap-0000002a \"old phone\"  for mail, dav  by alice (uid 1000)
2027-01-14 09:00:00 +01:00  rotate         alice@example.org  ap-0000002a \"old phone\" in the place of ap-0000002b  by root (uid 0)
2027-01-14 09:00:00 +01:00  rename         alice@example.org  ap-0000002a \"phone\" → \"old phone\"  by root (uid 0)
2027-01-14 09:00:00 +01:00  pin            alice@example.org  ap-0000002a \"old phone\"  via imap from 192.0.2.7  by a login
2027-01-14 09:00:00 +01:00  refused-use    alice@example.org  ap-0000002a \"old phone\"  via imap from 192.0.2.7 (unproven)  by a login  (3 of them)  revoked
2027-01-14 09:00:00 +01:00  revoke         alice@example.org  ap-0000002a \"old phone\"  by root (uid 0, logged in as uid 3999999999)
2027-01-14 09:00:00 +01:00  user.rename    alice → alice@example.org  by root (uid 0)
2027-01-14 09:00:00 +01:00  user.lockdown  alice@example.org  by root (uid 0)
2027-01-14 09:00:00 +01:00  panic.on       group mail  by root (uid 0)
2027-01-14 09:00:00 +01:00  panic.off      whole host  by root (uid 0)
2027-01-14 09:00:00 +01:00  denied         bob  by uid 1001  (17 of them)  user.delete: may do nothing here: only root and members may
2027-01-14 09:00:00 +01:00  prune          by housekeeping (uid 998)  (1000 of them)
2027-01-14 09:00:00 +01:00  end            alice@example.org  ap-0000002a \"old phone\"  by journal.log (uid 998)  (not written yet)
";
        assert_eq!(text(&samples::events(), None, &samples::clock()).as_str(), expected);
    }

    #[test]
    fn the_user_who_was_asked_for_is_left_out() {
        let events = [
            samples::about(1, EventKind::Revoke),
            Event { was: Some("alice".into()), ..samples::about(2, EventKind::UserRename) },
        ];
        let expected = "\
2027-01-14 09:00:00 +01:00  revoke         ap-0000002a \"old phone\"  by root (uid 0)
2027-01-14 09:00:00 +01:00  user.rename    alice → alice@example.org  ap-0000002a \"old phone\"  by root (uid 0)
";
        let clock = samples::clock();
        assert_eq!(text(&events, Some("alice@example.org"), &clock).as_str(), expected);
        assert!(text(&events, Some("alice"), &clock).as_str().contains("revoke         alice@example.org  "));
    }

    #[test]
    fn nobody_can_put_words_into_the_line() {
        let said = |name: &str, user: &str| {
            let event = Event {
                name: Some(name.into()),
                user: Some(user.into()),
                ..samples::about(1, EventKind::Revoke)
            };
            let text = text(&[event], None, &samples::clock());
            text.as_str().strip_prefix("2027-01-14 09:00:00 +01:00  revoke         ").unwrap().to_owned()
        };
        assert_eq!(
            said("x\"  by bob (uid 1)  \"y", "alice"),
            "alice  ap-0000002a \"x\\\"  by bob (uid 1)  \\\"y\"  by root (uid 0)\n"
        );
        assert_eq!(said("x\\", "a  by bob"), "\"a  by bob\"  ap-0000002a \"x\\\\\"  by root (uid 0)\n");
        assert_eq!(said("", ""), "\"\"  ap-0000002a \"\"  by root (uid 0)\n");
    }

    #[test]
    fn a_refusal_says_who_and_what_once() {
        let said = |uid, name: Option<&str>, verb: &str, reason: &str| {
            let actor =
                Actor { uid, name: name.map(str::to_owned), role: ActorRole::User, ..samples::root() };
            let (verb, reason) = (Some(verb.to_owned()), Some(reason.to_owned()));
            let event = Event { actor: Some(actor), verb, reason, ..samples::event(1, EventKind::Denied) };
            let text = text(&[event], None, &samples::clock());
            text.as_str().trim_end().rsplit("  ").next().unwrap().to_owned()
        };
        let reason = "alice (uid 1000) may not use `user.lock`: only administrators may";
        assert_eq!(said(1000, Some("alice"), "user.lock", reason), "user.lock: only administrators may");
        let reason = "uid 1001 may do nothing here: it is no person's";
        assert_eq!(said(1001, None, "any", reason), "any: may do nothing here: it is no person's");
        for others in ["alice may act for alice only", "bob (uid 7) may not use `show`: no", "several"] {
            assert_eq!(
                said(1000, Some("alice"), "show", others),
                format!("show: {others}"),
                "it is left alone"
            );
        }
    }

    #[test]
    fn a_hostile_event_stays_on_its_line() {
        for kind in EventKind::ALL {
            let text = text(&[samples::hostile_event(*kind)], None, &samples::clock());
            assert_eq!(text.as_str().lines().count(), 1, "{kind:?}");
            assert!(!text.as_str().chars().any(|c| c != '\n' && apppw_admin::text::is_deceptive(c)));
        }
    }

    #[test]
    fn on_terminals_of_all_widths() {
        golden::check("events", |_| text(&samples::events(), None, &samples::clock()));
    }
}
