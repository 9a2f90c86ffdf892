//! `apppw list`.

use super::{Session, last_use};
use crate::cli::List;
use crate::exit::{Failure, Status};
use crate::output::table::Table;
use crate::output::time::Clock;
use crate::output::{Text, json};
use apppw_admin::verbs::{AppPassword, ListArgs, Listed, State};
use apppw_admin::{ClientError, Verb};

pub fn run(session: &mut Session, args: List) -> Result<Status, Failure> {
    let List { user, all } = args;
    let records = pages(session, user.as_ref(), all)?;
    if session.json {
        json::print(&json::listed(&records))?;
    } else if records.is_empty() {
        // Not on standard output: an empty list is empty for scripts too.
        none(user.as_deref(), all).print_to_stderr();
    } else {
        let me = std::env::var("USER").ok();
        let columns = Columns { user: user.is_none() && !all_of(&records, me.as_deref()), state: all };
        text(&records, columns, &Clock::system()).print()?;
    }
    Ok(Status::Done)
}

/// The whole list, page by page.
fn pages(session: &mut Session, user: Option<&String>, all: bool) -> Result<Vec<AppPassword>, Failure> {
    let mut args = ListArgs { user: user.cloned(), all, cursor: None };
    let mut records = Vec::new();
    loop {
        let Listed { mut app_passwords, next } = session.ask(Verb::List, &args)?;
        records.append(&mut app_passwords);
        if next.is_none() {
            return Ok(records);
        }
        if next == args.cursor {
            let error = ClientError::Protocol("the list doesn't go on".to_owned());
            return Err(Failure::from_call(error, &session.socket, false));
        }
        args.cursor = next;
    }
}

/// Whether all are those of the one who asks, as far as `USER` tells; it decides about a
/// column, nothing else.
fn all_of(records: &[AppPassword], me: Option<&str>) -> bool {
    me.is_some_and(|me| records.iter().all(|record| record.user == me))
}

fn none(user: Option<&str>, all: bool) -> Text {
    let mut text = Text::new();
    let of = user.map(|user| format!(" of {user}")).unwrap_or_default();
    let hint = if all { "" } else { " (--all shows revoked ones too)" };
    text.line(format!("No app passwords{of}{hint}"));
    text
}

/// The columns that aren't always there.
#[derive(Clone, Copy)]
struct Columns {
    user: bool,
    state: bool,
}

fn text(records: &[AppPassword], columns: Columns, clock: &Clock) -> Text {
    let chosen = |column: &(bool, &'static str)| column.0.then_some(column.1);
    let headings: Vec<&'static str> = [
        (true, "ID"),
        (columns.user, "USER"),
        (true, "NAME"),
        (columns.state, "STATE"),
        (true, "SERVICES"),
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
        row.extend(columns.state.then(|| state(record, clock)));
        row.extend([record.services.join(","), clock.date(record.created), last_use(record, clock)]);
        table.row(row);
    }
    let mut text = Text::new();
    table.write(&mut text);
    text
}

/// `live`, or `revoked 2 days ago`.
fn state(record: &AppPassword, clock: &Clock) -> String {
    match (record.state, record.revoked) {
        (State::Revoked, Some(time)) => format!("revoked {}", clock.ago(time)),
        (state, _) => state.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;

    #[test]
    fn a_list_of_several_accounts_with_tombstones() {
        let all = Columns { user: true, state: true };
        let expected = "\
ID           USER               NAME                 STATE              SERVICES   CREATED     LAST USED
ap-0000002a  alice@example.org  Thunderbird, laptop  live               mail       2027-01-05  3 days ago via imap from 192.0.2.7
ap-0000002b  bob                old phone            revoked 1 day ago  imap,smtp  2027-01-05  never used
";
        assert_eq!(text(&[samples::live(), samples::revoked()], all, &samples::clock()).as_str(), expected);
    }

    #[test]
    fn the_list_of_one_account() {
        let few = Columns { user: false, state: false };
        let expected = "\
ID           NAME                 SERVICES  CREATED     LAST USED
ap-0000002a  Thunderbird, laptop  mail      2027-01-05  3 days ago via imap from 192.0.2.7
";
        assert_eq!(text(&[samples::live()], few, &samples::clock()).as_str(), expected);
    }

    #[test]
    fn a_hostile_record_stays_on_its_line() {
        let text = text(&[samples::hostile()], Columns { user: true, state: true }, &samples::clock());
        assert_eq!(text.as_str().lines().count(), 2);
        assert!(!text.as_str().chars().any(|c| c != '\n' && apppw_admin::text::is_deceptive(c)));
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
