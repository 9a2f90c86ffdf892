//! `apppw report`.

use super::{Session, address};
use crate::cli::Csv;
use crate::exit::{Failure, Status};
use crate::output::table::{Cell, Column, Table};
use crate::output::terminal::Stream;
use crate::output::time::Clock;
use crate::output::{Fit, Paint, Text, csv, json};
use apppw_admin::Verb;
use apppw_admin::verbs::{PrimaryUse, Report, ReportArgs};
use std::collections::BTreeSet;

pub fn run(session: &mut Session, args: &Csv) -> Result<Status, Failure> {
    let uses = session.pages(|session, cursor| {
        let Report { uses, next } = session.ask(Verb::Report, &ReportArgs { cursor })?;
        Ok((uses, next))
    })?;
    if args.csv {
        csv::primary_uses(&uses)?.print()?;
    } else if session.json {
        json::print(&json::primary_uses(&uses))?;
    } else if uses.is_empty() {
        // Not on standard output: an empty table is empty for scripts too.
        let mut text = Text::new();
        text.line("No login with a primary password is on record");
        text.print_to_stderr();
    } else {
        text(&uses, &Clock::system(), Fit::of(Stream::Stdout)).print_in_pages()?;
    }
    Ok(Status::Done)
}

fn text(uses: &[PrimaryUse], clock: &Clock, fit: Fit) -> Text {
    let mut table = Table::new(vec![
        Column::cut("USER", 12),
        Column::cut("SERVICE", 8),
        Column::cut("ADDRESS", 15),
        Column::kept("COUNT").optional(),
        Column::kept("LAST"),
        Column::kept("WOULD BE REFUSED"),
    ]);
    for used in uses {
        table.row(vec![
            Cell::from(&used.user),
            Cell::from(&used.service),
            address(used.rhost.as_deref(), used.rhost_unproven).unwrap_or_else(|| "-".to_owned()).into(),
            used.count.to_string().into(),
            clock.ago(used.last).into(),
            if used.would_be_refused { Cell::painted(Paint::Notable, "yes") } else { Cell::from("no") },
        ]);
    }
    let refused = uses.iter().filter(|used| used.would_be_refused);
    let accounts: BTreeSet<&str> = refused.map(|used| used.user.as_str()).collect();
    let mut text = Text::new();
    table.write(&mut text, fit);
    text.line("");
    text.line(match accounts.len() {
        0 => "Enforcing the policy (report_only = false) would refuse none of them".to_owned(),
        1 => "Enforcing the policy (report_only = false) would refuse logins of 1 account".to_owned(),
        n => format!("Enforcing the policy (report_only = false) would refuse logins of {n} accounts"),
    });
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::{golden, samples};

    #[test]
    fn who_would_be_refused_is_told_and_counted() {
        let expected = "\
USER               SERVICE  ADDRESS               COUNT  LAST        WOULD BE REFUSED
alice@example.org  imap     192.0.2.7 (unproven)  12     3 days ago  yes
bob                imap     -                     1      3 days ago  no

Enforcing the policy (report_only = false) would refuse logins of 1 account
";
        let mut uses = samples::primary_uses();
        assert_eq!(text(&uses, &samples::clock(), Fit::UNLIMITED).as_str(), expected);
        uses[0].would_be_refused = false;
        assert!(
            text(&uses, &samples::clock(), Fit::UNLIMITED).as_str().ends_with("would refuse none of them\n")
        );
        uses.iter_mut().for_each(|used| used.would_be_refused = true);
        assert!(text(&uses, &samples::clock(), Fit::UNLIMITED).as_str().ends_with("logins of 2 accounts\n"));
    }

    #[test]
    fn on_terminals_of_all_widths() {
        golden::check("report", |fit| text(&samples::primary_uses(), &samples::clock(), fit));
    }
}
