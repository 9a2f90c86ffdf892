//! What commands on several app passwords share.

use super::{Session, last_use, last_use_cell, named};
use crate::output::quote::word;
use crate::output::table::{Cell, Column, Table};
use crate::output::time::Clock;
use crate::output::{Fit, Paint, Text, number as numbers};
use apppw_admin::verbs::{AppPassword, ShowArgs, Shown};
use apppw_admin::{AppPasswordId, Verb};
use std::collections::{BTreeMap, BTreeSet};

/// Ids in one call, as the contract has it: one call is one transaction.
pub const BATCH: usize = 1000;

/// Each id once, in the order given.
pub fn distinct(ids: Vec<AppPasswordId>) -> Vec<AppPasswordId> {
    let mut seen = BTreeSet::new();
    ids.into_iter().filter(|id| seen.insert(*id)).collect()
}

/// Of many, the answer has only as many records as fit into a line. The rest is asked for; what
/// can't be had stays an id: the change is done, and this mustn't look like its failure.
pub fn fetch_missing(session: &mut Session, ids: &[AppPasswordId], records: &mut Vec<AppPassword>) {
    let known: BTreeSet<AppPasswordId> = records.iter().map(|record| record.id).collect();
    session.counting("read", |session| {
        for id in ids.iter().filter(|id| !known.contains(id)) {
            let Ok(Shown { app_password, .. }) = session.ask(Verb::Show, &ShowArgs { id: *id }) else {
                return;
            };
            records.push(app_password);
            session.reached(records.len());
        }
    });
}

/// Each id with its record, if that could be had.
fn each<'a>(
    ids: &'a [AppPasswordId],
    records: &'a [AppPassword],
) -> impl Iterator<Item = (AppPasswordId, Option<&'a AppPassword>)> {
    let records: BTreeMap<_, _> = records.iter().map(|record| (record.id, record)).collect();
    ids.iter().map(move |id| (*id, records.get(id).copied()))
}

/// What a person needs to recognise them.
pub fn write_table(text: &mut Text, ids: &[AppPasswordId], records: &[AppPassword], clock: &Clock, fit: Fit) {
    let mut table = Table::new(vec![
        Column::kept("ID"),
        Column::cut("USER", 10),
        Column::cut("NAME", 12),
        Column::kept("CREATED").optional(),
        Column::short("LAST USED"),
    ]);
    for (id, record) in each(ids, records) {
        let id = Cell::painted(Paint::Id, id.to_string());
        let [user, name, created, used] = match record {
            Some(record) => [
                Cell::from(&record.user),
                Cell::from(&record.name),
                Cell::from(clock.date(record.created)),
                last_use_cell(record.last_use.as_ref(), clock),
            ],
            None => std::array::from_fn(|_| Cell::from("")),
        };
        table.row(vec![id, user, name, created, used]);
    }
    table.write(text, fit);
}

/// A line for each: `ap-7k3m9qxe revoked: "laptop" of alice`.
pub fn write_done(text: &mut Text, ids: &[AppPasswordId], records: &[AppPassword], done: &str) {
    for (id, record) in each(ids, records) {
        let whose = record.map(|record| format!(": {}", named(record))).unwrap_or_default();
        text.painted([(Paint::Id, id.to_string().as_str()), (Paint::Plain, &format!(" {done}{whose}"))]);
    }
}

/// What is to be known before a yes: how many app passwords it hits (the records may be fewer), whose
/// they are, and when one of them was used last.
pub fn write_extent(text: &mut Text, count: u64, records: &[AppPassword], clock: &Clock) {
    const NAMED: usize = 3;
    if count < 2 || records.is_empty() {
        return;
    }
    let users: BTreeSet<&str> = records.iter().map(|record| record.user.as_str()).collect();
    let all_known = number(records) >= count;
    let whose = match users.len() {
        n if n <= NAMED && all_known => {
            format!("of {}", users.into_iter().map(word).collect::<Vec<_>>().join(", "))
        }
        n => {
            let at_least = if all_known { "" } else { "at least " };
            format!("of {at_least}{}", numbers::count(number_of(n), "account"))
        }
    };
    let latest = records.iter().filter_map(|record| record.last_use.as_ref()).max_by_key(|used| used.last);
    let used = match latest {
        Some(used) => format!("the latest use was {}", last_use(Some(used), clock)),
        None => "none was ever used".to_owned(),
    };
    let used = if all_known { used } else { format!("of those shown {used}") };
    text.line(format!("{} {whose}; {used}", numbers::count(count, "app password")));
}

/// How many, as the daemon counts.
pub fn number<T>(items: &[T]) -> u64 {
    number_of(items.len())
}

/// The same, of a number.
pub fn number_of(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// `1 app password`, `7 app passwords`.
pub fn count(number: u64) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} app password{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;

    #[test]
    fn a_name_from_outside_cant_say_what_was_done() {
        let record =
            AppPassword { name: "x\" of root\u{202e}".into(), user: "a b".into(), ..samples::live() };
        let mut text = Text::new();
        write_done(&mut text, &[record.id], &[record], "revoked");
        assert_eq!(text.as_str(), "ap-0000002a revoked: \"x\\\" of root\\u{202e}\" of \"a b\"\n");
    }

    #[test]
    fn what_is_known_of_an_id_is_told() {
        let records = [samples::live(), samples::revoked()];
        let ids = [records[0].id, AppPasswordId::from_bits(7), records[1].id];
        let mut text = Text::new();
        write_table(&mut text, &ids, &records, &samples::clock(), Fit::UNLIMITED);
        write_done(&mut text, &ids, &records, "revoked");
        let expected = "\
ID           USER               NAME                 CREATED     LAST USED
ap-0000002a  alice@example.org  Thunderbird, laptop  2027-01-05  3 days ago via imap from 192.0.2.7
ap-00000007
ap-0000002b  bob                old phone            2027-01-05  never used
ap-0000002a revoked: \"Thunderbird, laptop\" of alice@example.org
ap-00000007 revoked
ap-0000002b revoked: \"old phone\" of bob
";
        assert_eq!(text.as_str(), expected);
        let mut text = Text::new();
        write_extent(&mut text, 2, &records, &samples::clock());
        write_extent(&mut text, 1_234, &records, &samples::clock());
        write_extent(&mut text, 1, &records, &samples::clock());
        let expected = "\
2 app passwords of alice@example.org, bob; the latest use was 3 days ago via imap from 192.0.2.7
1,234 app passwords of at least 2 accounts; of those shown the latest use was 3 days ago via imap from 192.0.2.7
";
        assert_eq!(text.as_str(), expected);
        assert_eq!((count(number(&ids)), count(1)), ("3 app passwords".into(), "1 app password".into()));
    }
}
