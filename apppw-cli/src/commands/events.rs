//! `apppw events`.

mod follow;
mod line;
mod reader;

use super::Session;
use super::resolve::{self, For};
use crate::cli::Events;
use crate::cli::values::Since;
use crate::exit::{Failure, Status};
use crate::output::time::Clock;
use crate::output::{Text, csv, json};
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::{self, EventsArgs};
use jiff::civil::Date;
use nix::unistd::User;
use reader::Reader;

pub fn run(session: &mut Session, args: Events) -> Result<Status, Failure> {
    if let Some(id) = args.user.as_deref().and_then(|user| user.parse::<AppPasswordId>().ok()) {
        return Err(Failure::invalid("user", format!("{id} is an app password: apppw events --id {id}")));
    }
    let clock = Clock::system();
    let id = args.id.as_ref().map(|id| resolve::id(session, id, For::Looking)).transpose()?;
    let mut reader = Reader::new(EventsArgs { id, ..asked(&args, &clock)? });
    if args.follow {
        return follow::run(session, &mut reader, &args, &clock);
    }
    let result = all(session, &mut reader, args.last)?;
    if session.json {
        json::print(&json::events(&result))?;
        return Ok(Status::Done);
    }
    if args.csv.csv {
        csv::events(&result.events, true)?.print()?;
    } else if result.events.is_empty() {
        // Not on standard output: no events are none for scripts too.
        none(&args).print_to_stderr();
    } else {
        let me = std::env::var("USER").ok();
        let whose = args.user.as_deref().or(me.as_deref().filter(|me| all_of(&result.events, me)));
        line::text(&result.events, whose, &clock).print_in_pages()?;
    }
    tell_forgotten(&args, &result);
    Ok(Status::Done)
}

/// All but the id, which may have to be asked for.
fn asked(args: &Events, clock: &Clock) -> Result<EventsArgs, Failure> {
    let time = |field, given: Option<Since>, of_day: fn(&Clock, Date) -> Option<i64>| {
        let time = given.map(|given| match given {
            Since::Ago(span) => Ok(clock.now.saturating_sub(span.seconds())),
            Since::At(time) => Ok(time),
            Since::Day(day) => of_day(clock, day).ok_or_else(|| {
                Failure::invalid(
                    field,
                    format!("{day} is beyond what the calendar holds: give an earlier day"),
                )
            }),
        });
        time.transpose()
    };
    let since = time("since", args.since, Clock::start_of)?;
    let until = time("until", args.until, Clock::end_of)?;
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        return Err(Failure::invalid(
            "until",
            format!(
                "--until ends at {}, before --since begins at {}: nothing lies between them",
                clock.exact(until),
                clock.exact(since)
            ),
        ));
    }
    Ok(EventsArgs {
        user: args.user.clone(),
        id: None,
        kinds: args.kinds.clone(),
        by: args.by.as_deref().map(uid_of).transpose()?,
        since,
        until,
        after: None,
        last: args.last,
    })
}

/// The uid that is meant: a number, or a user of this host.
fn uid_of(who: &str) -> Result<u32, Failure> {
    if let Ok(uid) = who.parse() {
        return Ok(uid);
    }
    let found =
        User::from_name(who).map_err(|e| Failure::io(format!("the system can't say who {who} is: {e}")))?;
    let none =
        || Failure::invalid("by", format!("this host has no user {who:?}: give another name, or a uid"));
    found.map(|user| user.uid.as_raw()).ok_or_else(none)
}

/// All pages as one.
fn all(session: &mut Session, reader: &mut Reader, last: Option<u32>) -> Result<verbs::Events, Failure> {
    let mut all = session.counting("read", |session| {
        let mut all = reader.next(session)?;
        while all.more {
            let mut page = reader.next(session)?;
            all.events.append(&mut page.events);
            all = verbs::Events { events: all.events, ..page };
            session.reached(all.events.len());
        }
        Ok(all)
    })?;
    // What happened while the pages were read may have made them more.
    let last = last.and_then(|last| usize::try_from(last).ok()).unwrap_or(usize::MAX);
    all.events.drain(..all.events.len().saturating_sub(last));
    Ok(all)
}

/// Whether all are those of the one who asks, as far as `USER` tells; it decides what is left
/// out of the lines, nothing else.
fn all_of(events: &[verbs::Event], me: &str) -> bool {
    events.iter().all(|event| event.user.as_deref() == Some(me))
}

fn none(args: &Events) -> Text {
    let of = args.user.as_ref().map(|user| format!(" of {user}")).unwrap_or_default();
    let is_filtered = args.id.is_some()
        || args.by.is_some()
        || args.since.is_some()
        || args.until.is_some()
        || !args.kinds.is_empty();
    let fit = if is_filtered { " that fit what was asked for" } else { "" };
    let mut text = Text::new();
    text.line(format!("No events{of}{fit}"));
    text
}

/// Says that there was more once, to who wants to see all.
fn tell_forgotten(args: &Events, result: &verbs::Events) {
    if result.forgotten.is_some() && args.since.is_none() && args.last.is_none() {
        let mut text = Text::new();
        text.line("Older events were forgotten, for their age or their number");
        text.print_to_stderr();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Csv, TypedId};
    use crate::commands::samples;
    use apppw_admin::span::Span;
    use apppw_admin::verbs::EventKind;

    fn args() -> Events {
        Events {
            user: None,
            id: None,
            kinds: vec![],
            by: None,
            since: None,
            until: None,
            last: None,
            follow: false,
            csv: Csv { csv: false },
        }
    }

    #[test]
    fn no_events_says_of_what() {
        let alice = || Some("alice".to_owned());
        for (args, said) in [
            (args(), "No events\n"),
            (Events { user: alice(), last: Some(3), ..args() }, "No events of alice\n"),
            (
                Events { user: alice(), kinds: vec![EventKind::Pin], ..args() },
                "No events of alice that fit what was asked for\n",
            ),
            (
                Events { id: Some(TypedId::Whole(samples::live().id)), ..args() },
                "No events that fit what was asked for\n",
            ),
        ] {
            assert_eq!(none(&args).as_str(), said);
        }
    }

    #[test]
    fn a_day_is_its_beginning_where_the_person_is() {
        let since = |since| asked(&Events { since: Some(since), ..args() }, &samples::clock());
        assert_eq!(since(Since::Ago(Span::days(7))).unwrap().since, Some(samples::NOW - 7 * samples::DAY));
        let day = jiff::civil::date(2027, 1, 15);
        assert_eq!(since(Since::Day(day)).unwrap().since, Some(samples::NOW - 9 * 3_600));
        assert_eq!(since(Since::At(7)).unwrap().since, Some(7));
        let beyond = since(Since::Day(jiff::civil::Date::MAX)).unwrap_err();
        assert_eq!(beyond.field.as_deref(), Some("since"));
        let until = |until| asked(&Events { until: Some(until), ..args() }, &samples::clock());
        let end_of_day = samples::NOW - 9 * 3_600 + samples::DAY;
        assert_eq!(until(Since::Day(day)).unwrap().until, Some(end_of_day), "the whole of its day");
        assert_eq!(until(Since::Ago(Span::days(7))).unwrap().until, Some(samples::NOW - 7 * samples::DAY));
        assert_eq!(until(Since::Day(jiff::civil::Date::MAX)).unwrap_err().field.as_deref(), Some("until"));
    }

    #[test]
    fn a_span_of_nothing_is_told_as_such() {
        let asked = |since, until| {
            let (since, until) = (Some(Since::At(since)), Some(Since::At(until)));
            asked(&Events { since, until, ..args() }, &samples::clock())
        };
        assert_eq!(asked(7, 8).unwrap().until, Some(8));
        for until in [6, 7] {
            let failure = asked(7, until).unwrap_err();
            assert_eq!((failure.status, failure.field.as_deref()), (Status::Usage, Some("until")));
        }
    }

    #[test]
    fn ones_own_events_need_no_user() {
        let events = [samples::about(1, EventKind::Create), samples::about(2, EventKind::Revoke)];
        assert!(all_of(&events, "alice@example.org"));
        assert!(!all_of(&events, "root"));
        assert!(!all_of(&[samples::event(1, EventKind::PanicOn)], "root"), "nobody's");
    }
}
