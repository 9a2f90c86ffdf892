//! What commands on several app passwords share.

use super::{Session, last_use};
use crate::output::Text;
use crate::output::table::Table;
use crate::output::time::Clock;
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
    for id in ids.iter().filter(|id| !known.contains(id)) {
        let Ok(Shown { app_password, .. }) = session.ask(Verb::Show, &ShowArgs { id: *id }) else { return };
        records.push(app_password);
    }
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
pub fn write_table(text: &mut Text, ids: &[AppPasswordId], records: &[AppPassword], clock: &Clock) {
    let mut table = Table::new(&["ID", "USER", "NAME", "CREATED", "LAST USED"]);
    for (id, record) in each(ids, records) {
        let [user, name, created, used] = record
            .map(|r| {
                [r.user.clone(), r.name.clone(), clock.date(r.created), last_use(r.last_use.as_ref(), clock)]
            })
            .unwrap_or_default();
        table.row(vec![id.to_string(), user, name, created, used]);
    }
    table.write(text);
}

/// A line for each: `ap-7k3m9qxe revoked: "laptop" of alice`.
pub fn write_done(text: &mut Text, ids: &[AppPasswordId], records: &[AppPassword], done: &str) {
    for (id, record) in each(ids, records) {
        let whose = record.map(|r| format!(": \"{}\" of {}", r.name, r.user)).unwrap_or_default();
        text.line(format!("{id} {done}{whose}"));
    }
}

/// How many, as the daemon counts.
pub fn number<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

/// `1 app password`, `7 app passwords`.
pub fn count(number: u64) -> String {
    match number {
        1 => "1 app password".to_owned(),
        n => format!("{n} app passwords"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;

    #[test]
    fn what_is_known_of_an_id_is_told() {
        let records = [samples::live(), samples::revoked()];
        let ids = [records[0].id, AppPasswordId::from_bits(7), records[1].id];
        let mut text = Text::new();
        write_table(&mut text, &ids, &records, &samples::clock());
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
        assert_eq!((count(number(&ids)), count(1)), ("3 app passwords".into(), "1 app password".into()));
    }
}
