//! An event on a line: the same for what was and, with `--follow`, for what comes, where no
//! width is known ahead.

use crate::commands::{actor, address};
use crate::output::Text;
use crate::output::time::Clock;
use apppw_admin::verbs::{Event, EventKind};

/// A line for each; `whose` is known from elsewhere, and not said again.
pub fn text(events: &[Event], whose: Option<&str>, clock: &Clock) -> Text {
    let mut text = Text::new();
    for event in events {
        text.line(line(event, whose, clock));
    }
    text
}

/// `2027-01-31 13:05:09  revoke         alice  ap-7k3m9qxe "old phone"  by root (uid 0)`.
/// What comes from outside is one word or quoted, or stands at the end: nobody can be made to
/// seem to have done what another did.
fn line(event: &Event, whose: Option<&str>, clock: &Clock) -> String {
    let widest = EventKind::ALL.iter().map(|kind| kind.as_str().len()).max().unwrap_or(0);
    let mut parts = vec![clock.brief(event.at), format!("{:<widest$}", event.kind.as_str())];
    parts.extend(user(event, whose));
    parts.extend(app_password(event));
    parts.extend(place(event));
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
    let said: Vec<String> = verb.into_iter().chain(event.reason.clone()).collect();
    (!said.is_empty()).then(|| said.join(": "))
}

/// As it is if it can't be taken for more than one word, else quoted.
fn word(text: &str) -> String {
    let more = |c: char| c.is_whitespace() || matches!(c, '"' | '\\' | '(' | ')');
    if text.is_empty() || text.contains(more) { quoted(text) } else { text.to_owned() }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;

    #[test]
    fn each_kind_of_line() {
        let expected = "\
2027-01-14 09:00:00  create         alice@example.org  ap-0000002a \"old phone\"  for mail, dav  by alice (uid 1000)
2027-01-14 09:00:00  rotate         alice@example.org  ap-0000002a \"old phone\" in the place of ap-0000002b  by root (uid 0)
2027-01-14 09:00:00  rename         alice@example.org  ap-0000002a \"phone\" → \"old phone\"  by root (uid 0)
2027-01-14 09:00:00  pin            alice@example.org  ap-0000002a \"old phone\"  via imap from 192.0.2.7  by a login
2027-01-14 09:00:00  refused-use    alice@example.org  ap-0000002a \"old phone\"  via imap from 192.0.2.7 (unproven)  by a login  (3 of them)  revoked
2027-01-14 09:00:00  revoke         alice@example.org  ap-0000002a \"old phone\"  by root (uid 0, logged in as uid 1000)
2027-01-14 09:00:00  user.rename    alice → alice@example.org  by root (uid 0)
2027-01-14 09:00:00  user.lockdown  alice@example.org  by root (uid 0)
2027-01-14 09:00:00  panic.on       group mail  by root (uid 0)
2027-01-14 09:00:00  panic.off      whole host  by root (uid 0)
2027-01-14 09:00:00  denied         bob  by uid 1001  (17 of them)  user.delete: uid 1001 may do nothing here
2027-01-14 09:00:00  prune          by housekeeping (uid 998)  (1000 of them)
2027-01-14 09:00:00  end            alice@example.org  ap-0000002a \"old phone\"  by journal.log (uid 998)  (not written yet)
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
2027-01-14 09:00:00  revoke         ap-0000002a \"old phone\"  by root (uid 0)
2027-01-14 09:00:00  user.rename    alice → alice@example.org  ap-0000002a \"old phone\"  by root (uid 0)
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
            text.as_str().strip_prefix("2027-01-14 09:00:00  revoke         ").unwrap().to_owned()
        };
        assert_eq!(
            said("x\"  by bob (uid 1)  \"y", "alice"),
            "alice  ap-0000002a \"x\\\"  by bob (uid 1)  \\\"y\"  by root (uid 0)\n"
        );
        assert_eq!(said("x\\", "a  by bob"), "\"a  by bob\"  ap-0000002a \"x\\\\\"  by root (uid 0)\n");
        assert_eq!(said("", ""), "\"\"  ap-0000002a \"\"  by root (uid 0)\n");
    }

    #[test]
    fn a_hostile_event_stays_on_its_line() {
        for kind in EventKind::ALL {
            let text = text(&[samples::hostile_event(*kind)], None, &samples::clock());
            assert_eq!(text.as_str().lines().count(), 1, "{kind:?}");
            assert!(!text.as_str().chars().any(|c| c != '\n' && apppw_admin::text::is_deceptive(c)));
        }
    }
}
