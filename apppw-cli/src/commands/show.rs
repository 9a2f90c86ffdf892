//! `apppw show`.

use super::resolve::{self, For};
use super::{Session, actor, address, last_use, paint_of, pin};
use crate::cli::Show;
use crate::exit::{Failure, Status};
use crate::output::table::{Cell, Column, Table, record};
use crate::output::terminal::Stream;
use crate::output::time::Clock;
use crate::output::{Fit, Paint, Text, json};
use apppw_admin::Verb;
use apppw_admin::verbs::{Actor, AppPassword, ShowArgs, Shown, Use};

pub fn run(session: &mut Session, args: &Show) -> Result<Status, Failure> {
    let id = resolve::id(session, &args.id, For::Looking)?;
    let shown: Shown = session.ask(Verb::Show, &ShowArgs { id })?;
    if session.json {
        json::print(&json::shown(&shown))?;
    } else {
        text(&shown, &Clock::system(), Fit::of(Stream::Stdout)).print_in_pages()?;
    }
    Ok(Status::Done)
}

fn text(shown: &Shown, clock: &Clock, fit: Fit) -> Text {
    let mut text = Text::new();
    record(&mut text, fields(&shown.app_password, clock));
    if !shown.uses.is_empty() {
        text.line("");
        uses(&shown.uses, clock).write(&mut text, fit);
    }
    text
}

fn fields(record: &AppPassword, clock: &Clock) -> Vec<(&'static str, Cell)> {
    let mut fields = vec![
        ("ID", Cell::painted(Paint::Id, record.id.to_string())),
        ("Name", Cell::from(&record.name)),
        ("User", Cell::from(&record.user)),
        ("State", Cell::painted(paint_of(record.state), record.state.as_str())),
        ("Services", Cell::from(record.services.join(", "))),
    ];
    if !record.networks.is_empty() {
        fields.push(("Networks", Cell::from(record.networks.join(", "))));
    }
    fields.extend(record.pin_service.as_ref().map(|to| ("Pinned service", Cell::from(pin(to)))));
    fields.extend(record.pin_network.as_ref().map(|to| ("Pinned network", Cell::from(pin(to)))));
    fields.extend(record.expires.map(|time| ("Expires", Cell::from(clock.exact(time)))));
    fields.extend(record.successor.map(|id| ("Rotated to", Cell::painted(Paint::Id, id.to_string()))));
    fields.push(("Created", Cell::from(by(record.created, Some(&record.created_by), clock))));
    for (name, time, actor) in [
        ("Suspended", record.suspended, &record.suspended_by),
        ("Revoked", record.revoked, &record.revoked_by),
    ] {
        fields.extend(time.map(|time| (name, Cell::from(by(time, actor.as_ref(), clock)))));
    }
    let exactly =
        record.last_use.as_ref().map(|used| format!("{}, ", clock.exact(used.last))).unwrap_or_default();
    let last_used = format!("{exactly}{}", last_use(record.last_use.as_ref(), clock));
    fields.push(("Last used", Cell::from(last_used)));
    fields
}

/// When, and by whom where that is known.
fn by(time: i64, who: Option<&Actor>, clock: &Clock) -> String {
    let who = who.map(|who| format!(" by {}", actor(who))).unwrap_or_default();
    format!("{}{who}", clock.exact(time))
}

fn uses(uses: &[Use], clock: &Clock) -> Table {
    let mut table = Table::new(vec![
        Column::kept("LAST"),
        Column::cut("SERVICE", 8),
        Column::cut("ADDRESS", 15),
        Column::kept("LOGINS"),
        Column::kept("FIRST").optional(),
        Column::cut("HOST", 8).optional(),
    ]);
    for used in uses {
        table.row(vec![
            clock.exact(used.last).into(),
            Cell::from(&used.service),
            address(used.rhost.as_deref(), used.rhost_unproven).unwrap_or_else(|| "-".to_owned()).into(),
            used.count.to_string().into(),
            clock.exact(used.first).into(),
            Cell::from(&used.host),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::{golden, samples};

    #[test]
    fn the_whole_record_with_exact_times() {
        let expected = "\
ID:         ap-0000002a
Name:       Thunderbird, laptop
User:       alice@example.org
State:      live
Services:   mail
Created:    2027-01-05 09:00:00 +01:00 by root (uid 0)
Last used:  2027-01-12 09:00:00 +01:00, 3 days ago via imap from 192.0.2.7

LAST                        SERVICE  ADDRESS               LOGINS  FIRST                       HOST
2027-01-12 09:00:00 +01:00  imap     192.0.2.7 (unproven)  12      2027-01-06 09:00:00 +01:00  mail1
2027-01-12 09:00:00 +01:00  smtp     -                     1       2027-01-06 09:00:00 +01:00  mail1
";
        assert_eq!(text(&samples::shown(), &samples::clock(), Fit::UNLIMITED).as_str(), expected);
    }

    #[test]
    fn the_whole_scope_is_shown() {
        let app_password =
            AppPassword { successor: Some(samples::live().id), last_use: None, ..samples::scoped() };
        let expected = "\
ID:              ap-0000002c
Name:            scanner
User:            alice@example.org
State:           live
Services:        smtp
Networks:        192.0.2.0/24, 2001:db8::/32
Pinned service:  smtp
Pinned network:  to be locked at the first use
Expires:         2027-04-15 09:00:00 +01:00
Rotated to:      ap-0000002a
Created:         2027-01-05 09:00:00 +01:00 by root (uid 0)
Last used:       never used
";
        assert_eq!(
            text(&Shown { app_password, uses: vec![] }, &samples::clock(), Fit::UNLIMITED).as_str(),
            expected
        );
    }

    #[test]
    fn a_suspension_says_when_and_by_whom() {
        let shown = Shown { app_password: samples::suspended(), uses: vec![] };
        let text = text(&shown, &samples::clock(), Fit::UNLIMITED);
        assert!(text.as_str().contains("State:      suspended\n"));
        assert!(text.as_str().contains("Suspended:  2027-01-14 09:00:00 +01:00 by alice (uid 1000)\n"));
    }

    #[test]
    fn a_tombstone_says_when_and_by_whom() {
        let shown = Shown { app_password: samples::revoked(), uses: vec![] };
        let text = text(&shown, &samples::clock(), Fit::UNLIMITED);
        assert!(text.as_str().contains("Revoked:    2027-01-14 09:00:00 +01:00 by uid 1000\n"));
        assert!(text.as_str().ends_with("Last used:  never used\n"));
    }

    #[test]
    fn who_is_behind_sudo_is_told() {
        let created = |uid, name: Option<&str>, login_uid| {
            let created_by =
                Actor { uid, login_uid, name: name.map(str::to_owned), ..samples::live().created_by };
            let shown = Shown { app_password: AppPassword { created_by, ..samples::live() }, uses: vec![] };
            let text = text(&shown, &samples::clock(), Fit::UNLIMITED);
            let line = text.as_str().lines().find_map(|line| line.strip_prefix("Created:    ")).unwrap();
            line.strip_prefix("2027-01-05 09:00:00 +01:00 by ").unwrap().to_owned()
        };
        let nobody = samples::NAMELESS;
        assert_eq!(
            created(0, Some("root"), Some(nobody)),
            format!("root (uid 0, logged in as uid {nobody})")
        );
        assert_eq!(created(0, None, Some(nobody)), format!("uid 0 (logged in as uid {nobody})"));
        assert_eq!(
            created(7, None, Some(0)),
            "uid 7 (admin, logged in as root (uid 0))",
            "as this host calls it"
        );
        assert_eq!(created(1000, Some("alice"), Some(1000)), "alice (uid 1000, admin)");
        assert_eq!(created(0, Some("root"), Some(0)), "root (uid 0)");
    }

    #[test]
    fn a_hostile_record_has_as_many_lines_as_any() {
        let lines = |app_password: AppPassword| {
            let uses = app_password.last_use.iter().cloned().collect();
            let text = text(&Shown { app_password, uses }, &samples::clock(), Fit::UNLIMITED);
            assert!(!text.as_str().chars().any(|c| c != '\n' && apppw_admin::text::is_deceptive(c)));
            text.as_str().lines().count()
        };
        assert_eq!(lines(samples::hostile()), lines(samples::live()) + 2, "networks and a pin besides");
    }

    #[test]
    fn on_terminals_of_all_widths() {
        let shown = Shown { app_password: samples::scoped(), ..samples::shown() };
        golden::check("show", |fit| text(&shown, &samples::clock(), fit));
    }
}
