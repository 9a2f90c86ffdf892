//! `apppw show`.

use super::resolve::{self, For};
use super::{Session, actor, address, last_use, pin};
use crate::cli::Show;
use crate::exit::{Failure, Status};
use crate::output::table::{Table, record};
use crate::output::time::Clock;
use crate::output::{Text, json};
use apppw_admin::Verb;
use apppw_admin::verbs::{Actor, AppPassword, ShowArgs, Shown, Use};

pub fn run(session: &mut Session, args: &Show) -> Result<Status, Failure> {
    let id = resolve::id(session, &args.id, For::Looking)?;
    let shown: Shown = session.ask(Verb::Show, &ShowArgs { id })?;
    if session.json {
        json::print(&json::shown(&shown))?;
    } else {
        text(&shown, &Clock::system()).print()?;
    }
    Ok(Status::Done)
}

fn text(shown: &Shown, clock: &Clock) -> Text {
    let mut text = Text::new();
    record(&mut text, &fields(&shown.app_password, clock));
    if !shown.uses.is_empty() {
        text.line("");
        uses(&shown.uses, clock).write(&mut text);
    }
    text
}

fn fields(record: &AppPassword, clock: &Clock) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("ID", record.id.to_string()),
        ("Name", record.name.clone()),
        ("User", record.user.clone()),
        ("State", record.state.as_str().to_owned()),
        ("Services", record.services.join(", ")),
    ];
    if !record.networks.is_empty() {
        fields.push(("Networks", record.networks.join(", ")));
    }
    fields.extend(record.pin_service.as_ref().map(|to| ("Pinned service", pin(to).to_owned())));
    fields.extend(record.pin_network.as_ref().map(|to| ("Pinned network", pin(to).to_owned())));
    fields.extend(record.expires.map(|time| ("Expires", clock.exact(time))));
    fields.extend(record.successor.map(|id| ("Rotated to", id.to_string())));
    fields.push(("Created", by(record.created, Some(&record.created_by), clock)));
    for (name, time, actor) in [
        ("Suspended", record.suspended, &record.suspended_by),
        ("Revoked", record.revoked, &record.revoked_by),
    ] {
        fields.extend(time.map(|time| (name, by(time, actor.as_ref(), clock))));
    }
    let exactly =
        record.last_use.as_ref().map(|used| format!("{}, ", clock.exact(used.last))).unwrap_or_default();
    fields.push(("Last used", format!("{exactly}{}", last_use(record.last_use.as_ref(), clock))));
    fields
}

/// When, and by whom where that is known.
fn by(time: i64, who: Option<&Actor>, clock: &Clock) -> String {
    let who = who.map(|who| format!(" by {}", actor(who))).unwrap_or_default();
    format!("{}{who}", clock.exact(time))
}

fn uses(uses: &[Use], clock: &Clock) -> Table {
    let mut table = Table::new(&["LAST", "SERVICE", "ADDRESS", "LOGINS", "FIRST", "HOST"]);
    for used in uses {
        table.row(vec![
            clock.exact(used.last),
            used.service.clone(),
            address(used.rhost.as_deref(), used.rhost_unproven).unwrap_or_else(|| "-".to_owned()),
            used.count.to_string(),
            clock.exact(used.first),
            used.host.clone(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;

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
        assert_eq!(text(&samples::shown(), &samples::clock()).as_str(), expected);
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
        assert_eq!(text(&Shown { app_password, uses: vec![] }, &samples::clock()).as_str(), expected);
    }

    #[test]
    fn a_suspension_says_when_and_by_whom() {
        let shown = Shown { app_password: samples::suspended(), uses: vec![] };
        let text = text(&shown, &samples::clock());
        assert!(text.as_str().contains("State:      suspended\n"));
        assert!(text.as_str().contains("Suspended:  2027-01-14 09:00:00 +01:00 by alice (uid 1000)\n"));
    }

    #[test]
    fn a_tombstone_says_when_and_by_whom() {
        let shown = Shown { app_password: samples::revoked(), uses: vec![] };
        let text = text(&shown, &samples::clock());
        assert!(text.as_str().contains("Revoked:    2027-01-14 09:00:00 +01:00 by uid 1000\n"));
        assert!(text.as_str().ends_with("Last used:  never used\n"));
    }

    #[test]
    fn who_is_behind_sudo_is_told() {
        let created = |uid, name: Option<&str>, login_uid| {
            let created_by =
                Actor { uid, login_uid, name: name.map(str::to_owned), ..samples::live().created_by };
            let shown = Shown { app_password: AppPassword { created_by, ..samples::live() }, uses: vec![] };
            let text = text(&shown, &samples::clock());
            let line = text.as_str().lines().find_map(|line| line.strip_prefix("Created:    ")).unwrap();
            line.strip_prefix("2027-01-05 09:00:00 +01:00 by ").unwrap().to_owned()
        };
        assert_eq!(created(0, Some("root"), Some(1000)), "root (uid 0, logged in as uid 1000)");
        assert_eq!(created(0, None, Some(1000)), "uid 0 (logged in as uid 1000)");
        assert_eq!(created(1000, Some("alice"), Some(1000)), "alice (uid 1000, admin)");
        assert_eq!(created(0, Some("root"), Some(0)), "root (uid 0)");
    }

    #[test]
    fn a_hostile_record_has_as_many_lines_as_any() {
        let lines = |app_password: AppPassword| {
            let uses = app_password.last_use.iter().cloned().collect();
            let text = text(&Shown { app_password, uses }, &samples::clock());
            assert!(!text.as_str().chars().any(|c| c != '\n' && apppw_admin::text::is_deceptive(c)));
            text.as_str().lines().count()
        };
        assert_eq!(lines(samples::hostile()), lines(samples::live()) + 2, "networks and a pin besides");
    }
}
