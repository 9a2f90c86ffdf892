//! `apppw list`.

mod limits;

use super::{Session, last_use_cell, paint_of, several, state};
use crate::cli::List;
use crate::exit::{Failure, Status};
use crate::output::number::thousands;
use crate::output::quote::word;
use crate::output::table::{Cell, Column, Table};
use crate::output::terminal::Stream;
use crate::output::time::Clock;
use crate::output::{self, Fit, Paint, Text, csv, json};
use apppw_admin::Verb;
use apppw_admin::verbs::{AppPassword, ListArgs, Listed, PanicSwitch, State};
use limits::Refused;
use std::collections::BTreeSet;

pub fn run(session: &mut Session, args: List) -> Result<Status, Failure> {
    let mut refused = Refused::default();
    let records = session.pages(|session, cursor| {
        let args =
            ListArgs { user: args.user.clone(), all: args.all, unused: args.unused, key: None, cursor };
        let Listed { app_passwords, next, locked, panic } = session.ask(Verb::List, &args)?;
        refused.locked.extend(locked);
        refused.switches = panic;
        Ok((app_passwords, next))
    })?;
    let clock = Clock::system();
    if args.csv.csv {
        csv::listed(&records)?.print()?;
    } else if session.json {
        json::print(&json::listed(&records))?;
    } else if records.is_empty() {
        // Not on standard output: an empty list is empty for scripts too.
        none(&args).print_to_stderr();
    } else {
        let me = std::env::var("USER").ok();
        let fit = Fit::of(Stream::Stdout);
        let columns = Columns {
            user: args.user.is_none() && !all_of(&records, me.as_deref()),
            state: args.all || records.iter().any(|r| r.state != State::Live || r.successor.is_some()),
            // What was there before the limits were: who cuts columns out of it finds them again.
            expires: !fit.is_terminal() && records.iter().any(|record| record.expires.is_some()),
            limits: fit.is_terminal() && records.iter().any(|r| !limits::of(r, &refused, &clock).is_empty()),
        };
        text(&records, columns, &refused, &clock, fit).print_in_pages()?;
    }
    if !session.json {
        refused.switches.iter().for_each(|switch| output::warn(&in_panic(switch, &clock)));
        if let Some(warning) = locked(&refused.locked) {
            output::warn(&warning);
        }
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

/// The same, of accounts.
fn locked(users: &BTreeSet<String>) -> Option<String> {
    const NAMED: usize = 3;
    let first = users.first()?;
    let names: Vec<String> = users.iter().take(NAMED).map(|user| word(user)).collect();
    let more = if users.len() > NAMED { ", ..." } else { "" };
    let which = match users.len() {
        1 => format!("the account {} is locked: its app passwords are refused", word(first)),
        n => format!(
            "{} accounts are locked ({}{more}): their app passwords are refused",
            thousands(several::number_of(n)),
            names.join(", ")
        ),
    };
    Some(format!("{which}; apppw user USER unlock takes that back"))
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
    limits: bool,
}

fn text(records: &[AppPassword], columns: Columns, refused: &Refused, clock: &Clock, fit: Fit) -> Text {
    let chosen = |column: (bool, Column)| column.0.then_some(column.1);
    let headings = [
        (true, Column::kept("ID")),
        (columns.user, Column::cut("USER", 8)),
        (true, Column::cut("NAME", 10)),
        (columns.state, Column::short("STATE")),
        (true, Column::cut("SERVICES", 8).optional()),
        (columns.expires, Column::kept("EXPIRES")),
        (columns.limits, Column::short("LIMITS")),
        (true, Column::kept("CREATED").optional()),
        (true, Column::short("LAST USED")),
    ];
    let mut table = Table::new(headings.into_iter().filter_map(chosen).collect());
    for record in records {
        let mut row = vec![Cell::painted(Paint::Id, record.id.to_string())];
        row.extend(columns.user.then(|| Cell::from(&record.user)));
        row.push(Cell::from(&record.name));
        row.extend(columns.state.then(|| {
            let state = state(record, |time| clock.ago(time), |time| clock.until(time));
            Cell::painted(paint_of(record.state), state).or(record.state.as_str())
        }));
        row.push(Cell::from(record.services.join(",")));
        row.extend(
            columns
                .expires
                .then(|| Cell::from(record.expires.map_or("never".to_owned(), |time| clock.until(time)))),
        );
        row.extend(columns.limits.then(|| limits::of(record, refused, clock).cell()));
        row.push(Cell::from(clock.date(record.created)));
        row.push(last_use_cell(record.last_use.as_ref(), clock));
        table.row(row);
    }
    let mut text = Text::new();
    table.write(&mut text, fit);
    text
}

#[cfg(test)]
mod tests;
