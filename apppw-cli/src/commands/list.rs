//! `apppw list`.

use super::{Session, last_use, state};
use crate::cli::List;
use crate::exit::{Failure, Status};
use crate::output::table::Table;
use crate::output::time::Clock;
use crate::output::{self, Text, csv, json};
use apppw_admin::Verb;
use apppw_admin::verbs::{AppPassword, ListArgs, Listed, PanicSwitch, State};

pub fn run(session: &mut Session, args: List) -> Result<Status, Failure> {
    let mut switches = Vec::new();
    let records = session.pages(|session, cursor| {
        let args = ListArgs { user: args.user.clone(), all: args.all, unused: args.unused, cursor };
        let Listed { app_passwords, next, panic } = session.ask(Verb::List, &args)?;
        switches = panic;
        Ok((app_passwords, next))
    })?;
    if args.csv.csv {
        csv::listed(&records)?.print()?;
    } else if session.json {
        json::print(&json::listed(&records))?;
    } else if records.is_empty() {
        // Not on standard output: an empty list is empty for scripts too.
        none(&args).print_to_stderr();
    } else {
        let me = std::env::var("USER").ok();
        let columns = Columns {
            user: args.user.is_none() && !all_of(&records, me.as_deref()),
            state: args.all || records.iter().any(|r| r.state != State::Live || r.successor.is_some()),
            expires: records.iter().any(|record| record.expires.is_some()),
        };
        text(&records, columns, &Clock::system()).print()?;
    }
    if !session.json {
        switches.iter().for_each(|switch| output::warn(&in_panic(switch, &Clock::system())));
    }
    Ok(Status::Done)
}

/// What a list doesn't show: that its live ones open nothing now.
fn in_panic(switch: &PanicSwitch, clock: &Clock) -> String {
    let what = match &switch.group {
        Some(group) if !switch.group_is_gone => {
            format!("every app password is refused for the services of {group}")
        }
        _ => "every app password of this host is refused".to_owned(),
    };
    format!("panic is on since {}: {what}", clock.exact(switch.since))
}

/// Whether all are those of the one who asks, as far as `USER` tells; it decides about a
/// column, nothing else.
fn all_of(records: &[AppPassword], me: Option<&str>) -> bool {
    me.is_some_and(|me| records.iter().all(|record| record.user == me))
}

fn none(args: &List) -> Text {
    let mut text = Text::new();
    let of = args.user.as_ref().map(|user| format!(" of {user}")).unwrap_or_default();
    let which = args.unused.map(|span| format!(" not used for {span}")).unwrap_or_default();
    let hint =
        if args.all || args.unused.is_some() { "" } else { " (--all shows expired and revoked ones too)" };
    text.line(format!("No app passwords{of}{which}{hint}"));
    text
}

/// The columns that aren't always there.
#[derive(Clone, Copy)]
struct Columns {
    user: bool,
    state: bool,
    expires: bool,
}

fn text(records: &[AppPassword], columns: Columns, clock: &Clock) -> Text {
    let chosen = |column: &(bool, &'static str)| column.0.then_some(column.1);
    let headings: Vec<&'static str> = [
        (true, "ID"),
        (columns.user, "USER"),
        (true, "NAME"),
        (columns.state, "STATE"),
        (true, "SERVICES"),
        (columns.expires, "EXPIRES"),
        (true, "CREATED"),
        (true, "LAST USED"),
    ]
    .iter()
    .filter_map(chosen)
    .collect();
    let mut table = Table::new(&headings);
    for record in records {
        let mut row = vec![record.id.to_string()];
        row.extend(columns.user.then(|| record.user.clone()));
        row.push(record.name.clone());
        row.extend(columns.state.then(|| state(record, |time| clock.ago(time), |time| clock.until(time))));
        row.push(record.services.join(","));
        row.extend(columns.expires.then(|| record.expires.map_or("never".to_owned(), |t| clock.until(t))));
        row.extend([clock.date(record.created), last_use(record.last_use.as_ref(), clock)]);
        table.row(row);
    }
    let mut text = Text::new();
    table.write(&mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;

    const ALL: Columns = Columns { user: true, state: true, expires: true };

    #[test]
    fn a_list_of_several_accounts_in_every_state() {
        let records = [
            samples::live(),
            samples::scoped(),
            samples::rotated(),
            samples::suspended(),
            samples::expired(),
        ];
        let expected = "\
ID           USER               NAME                 STATE                   SERVICES  EXPIRES           CREATED     LAST USED
ap-0000002a  alice@example.org  Thunderbird, laptop  live                    mail      never             2027-01-05  3 days ago via imap from 192.0.2.7
ap-0000002c  alice@example.org  scanner              live                    smtp      2027-04-15        2027-01-05  3 days ago via imap from 192.0.2.7
ap-0000002d  alice@example.org  Thunderbird, laptop  until 2027-01-16 09:00  mail      2027-01-16 09:00  2027-01-05  3 days ago via imap from 192.0.2.7
ap-0000002e  alice@example.org  Thunderbird, laptop  suspended 1 day ago     mail      never             2027-01-05  3 days ago via imap from 192.0.2.7
ap-0000002f  alice@example.org  Thunderbird, laptop  expired 1 day ago       mail      2027-01-14        2027-01-05  3 days ago via imap from 192.0.2.7
";
        assert_eq!(text(&records, ALL, &samples::clock()).as_str(), expected);
    }

    #[test]
    fn a_list_with_tombstones() {
        let some = Columns { expires: false, ..ALL };
        let expected = "\
ID           USER               NAME                 STATE              SERVICES   CREATED     LAST USED
ap-0000002a  alice@example.org  Thunderbird, laptop  live               mail       2027-01-05  3 days ago via imap from 192.0.2.7
ap-0000002b  bob                old phone            revoked 1 day ago  imap,smtp  2027-01-05  never used
";
        assert_eq!(text(&[samples::live(), samples::revoked()], some, &samples::clock()).as_str(), expected);
    }

    #[test]
    fn the_list_of_one_account() {
        let few = Columns { user: false, state: false, expires: false };
        let expected = "\
ID           NAME                 SERVICES  CREATED     LAST USED
ap-0000002a  Thunderbird, laptop  mail      2027-01-05  3 days ago via imap from 192.0.2.7
";
        assert_eq!(text(&[samples::live()], few, &samples::clock()).as_str(), expected);
    }

    #[test]
    fn an_empty_list_says_of_what() {
        let list = |user: Option<&str>, all, unused| List {
            user: user.map(str::to_owned),
            all,
            unused: Option::map(unused, apppw_admin::span::Span::days),
            csv: crate::cli::Csv { csv: false },
        };
        for (args, said) in [
            (list(None, false, None), "No app passwords (--all shows expired and revoked ones too)\n"),
            (list(Some("bob"), true, None), "No app passwords of bob\n"),
            (list(Some("bob"), false, Some(90)), "No app passwords of bob not used for 90d\n"),
        ] {
            assert_eq!(none(&args).as_str(), said);
        }
    }

    #[test]
    fn a_hostile_record_stays_on_its_line() {
        let text = text(&[samples::hostile()], ALL, &samples::clock());
        assert_eq!(text.as_str().lines().count(), 2);
        assert!(!text.as_str().chars().any(|c| c != '\n' && apppw_admin::text::is_deceptive(c)));
    }

    #[test]
    fn a_panic_is_told_beside_the_list() {
        let told = |group: Option<&str>, group_is_gone| {
            let switch = PanicSwitch { group: group.map(str::to_owned), group_is_gone, since: samples::NOW };
            in_panic(&switch, &samples::clock())
        };
        assert!(told(None, false).ends_with(": every app password of this host is refused"));
        assert!(
            told(Some("mail"), false).ends_with(": every app password is refused for the services of mail")
        );
        assert!(told(Some("mail"), true).ends_with(": every app password of this host is refused"));
    }

    #[test]
    fn ones_own_list_needs_no_user() {
        let records = [samples::live(), samples::live()];
        assert!(all_of(&records, Some("alice@example.org")));
        assert!(!all_of(&records, Some("root")));
        assert!(!all_of(&records, None));
        assert!(!all_of(&[samples::live(), samples::revoked()], Some("bob")));
    }
}
