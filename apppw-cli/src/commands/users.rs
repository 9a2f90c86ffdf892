//! `apppw users`.

use super::{Session, last_use_cell};
use crate::cli::Csv;
use crate::exit::{Failure, Status};
use crate::output::table::{Cell, Column, Table};
use crate::output::terminal::Stream;
use crate::output::time::Clock;
use crate::output::{Fit, Paint, Text, csv, json};
use apppw_admin::Verb;
use apppw_admin::verbs::{UserSummary, Users, UsersArgs};

pub fn run(session: &mut Session, args: &Csv) -> Result<Status, Failure> {
    let users = session.pages(|session, cursor| {
        let Users { users, next } = session.ask(Verb::Users, &UsersArgs { cursor })?;
        Ok((users, next))
    })?;
    if args.csv {
        csv::users(&users)?.print()?;
    } else if session.json {
        json::print(&json::users(&users))?;
    } else if users.is_empty() {
        // Not on standard output: an empty table is empty for scripts too.
        let mut text = Text::new();
        text.line("No account is known: the first apppw create makes one known");
        text.print_to_stderr();
    } else {
        text(&users, &Clock::system(), Fit::of(Stream::Stdout)).print_in_pages()?;
    }
    Ok(Status::Done)
}

fn text(users: &[UserSummary], clock: &Clock, fit: Fit) -> Text {
    let mut table = Table::new(vec![
        Column::cut("USER", 12),
        Column::kept("APP PASSWORDS"),
        Column::kept("REVOKED").optional(),
        Column::kept("ENROLLED").optional(),
        Column::kept("LOCKED"),
        Column::short("LAST USED"),
    ]);
    let day = |time: Option<i64>| time.map(|time| clock.date(time)).unwrap_or_default();
    for user in users {
        table.row(vec![
            Cell::from(&user.user),
            Cell::from(match user.suspended {
                0 => user.live.to_string(),
                suspended => format!("{} ({suspended} suspended)", user.live),
            }),
            user.revoked.to_string().into(),
            day(user.enrolled).into(),
            Cell::painted(Paint::Bad, day(user.locked)),
            last_use_cell(user.last_use.as_ref(), clock),
        ]);
    }
    let mut text = Text::new();
    table.write(&mut text, fit);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::{golden, samples};

    #[test]
    fn accounts_at_a_glance() {
        let expected = "\
USER               APP PASSWORDS    REVOKED  ENROLLED    LOCKED      LAST USED
alice@example.org  3 (1 suspended)  2        2027-01-05              3 days ago via imap from 192.0.2.7
bob                0                0                    2027-01-14  never used
";
        assert_eq!(text(&samples::users(), &samples::clock(), Fit::UNLIMITED).as_str(), expected);
    }

    #[test]
    fn a_hostile_account_stays_on_its_line() {
        let text = text(&[samples::hostile_user()], &samples::clock(), Fit::UNLIMITED);
        assert_eq!(text.as_str().lines().count(), 2);
        assert!(!text.as_str().chars().any(|c| c != '\n' && apppw_admin::text::is_deceptive(c)));
    }

    #[test]
    fn on_terminals_of_all_widths() {
        golden::check("users", |fit| text(&samples::users(), &samples::clock(), fit));
    }
}
