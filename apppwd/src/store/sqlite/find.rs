//! Finding app passwords and accounts by how they begin. Each look-up walks one index and has an
//! end, however many rows there are.

use super::read;
use super::rows::{self, id_to_sql};
use crate::clock::UnixSeconds;
use crate::store::{AccountId, AppPasswordRecord, IdsFound};
use apppw_admin::IdPrefix;
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeSet;

/// Rows looked at for one beginning of an id: where nearly all are revoked, few of them fit.
const LOOKED_AT: usize = 1000;

/// Fewer characters of an id are near to everything.
const LEAST_FOR_SLIPS: usize = 4;

/// Names on each side of one that is unknown, and with the same part before the @.
const NEIGHBOURS: usize = 25;

/// Longest name of which each slip is looked up, in characters: each costs a look-up.
const LONGEST_FOR_SLIPS: usize = 40;

/// What account names are mostly made of.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789.-_";

/// Greater than any name that begins with what stands before it: no name has this character.
const LAST: char = '\u{10ffff}';

/// The other queries.
const OWN_IDS: &str = "SELECT id FROM app_password WHERE account = ?1 LIMIT ?2";
const IDS_BETWEEN: &str = "SELECT id FROM app_password WHERE id BETWEEN ?1 AND ?2 LIMIT ?3";
const NAMES_BETWEEN: &str = "SELECT name FROM account WHERE name >= ?1 AND name < ?2 ORDER BY name LIMIT ?3";
const NAMES_BEFORE: &str = "SELECT name FROM account WHERE name < ?1 ORDER BY name DESC LIMIT ?2";
const NAMES_BEHIND: &str = "SELECT name FROM account WHERE name >= ?1 ORDER BY name LIMIT ?2";
const NAME: &str = "SELECT name FROM account WHERE name = ?1";

/// The query for the ids from `?1` to `?2`. An account has few of them, and its own index.
fn query(of_account: bool) -> String {
    let condition = if of_account {
        "+p.id BETWEEN ?1 AND ?2 AND p.account = ?4"
    } else {
        "p.id BETWEEN ?1 AND ?2 AND ?4 IS NULL"
    };
    format!(
        "SELECT {} FROM app_password p CROSS JOIN account a ON a.id = p.account WHERE {condition}
         ORDER BY p.id LIMIT ?3",
        rows::APP_PASSWORD
    )
}

/// App passwords that begin so, of that account or of all.
pub(super) fn ids(
    db: &Connection,
    prefix: IdPrefix,
    account: Option<&AccountId>,
    live_at: Option<UnixSeconds>,
    most: usize,
) -> rusqlite::Result<IdsFound> {
    let mut statement = db.prepare_cached(&query(account.is_some()))?;
    let (first, last) = prefix.range();
    let limit = rows::number_to_sql(LOOKED_AT);
    let account = account.map(|account| account.0);
    let mut found = IdsFound::default();
    let mut looked_at = 0;
    let mut rows = statement.query((id_to_sql(first), id_to_sql(last), limit, account))?;
    while let Some(row) = rows.next()? {
        looked_at += 1;
        let record = rows::app_password(row)?;
        if live_at.is_some_and(|now| !is_live(&record, now)) {
            continue;
        }
        if found.records.len() == most {
            found.more = true;
            return Ok(found);
        }
        found.records.push(record);
    }
    found.more = looked_at == LOOKED_AT;
    Ok(found)
}

fn is_live(record: &AppPasswordRecord, now: UnixSeconds) -> bool {
    record.revoked.is_none()
        && record.expired.is_none()
        && record.scope.expires.is_none_or(|expires| expires > now)
}

/// App passwords whose ids begin as `prefix` does but for one slip of the finger.
pub(super) fn near_ids(
    db: &Connection,
    prefix: IdPrefix,
    account: Option<&AccountId>,
    most: usize,
) -> rusqlite::Result<Vec<AppPasswordRecord>> {
    if prefix.chars() < LEAST_FOR_SLIPS {
        return Ok(Vec::new());
    }
    let slips = prefix.slips().map(|slip| (id_to_sql(slip.range().0), id_to_sql(slip.range().1)));
    let near: Vec<i64> = match account {
        Some(account) => {
            let slips: Vec<_> = slips.collect();
            let mut own = db.prepare_cached(OWN_IDS)?;
            let own = own.query_map((account.0, rows::number_to_sql(LOOKED_AT)), |row| row.get(0))?;
            let is_near = |id: &i64| slips.iter().any(|(first, last)| (first..=last).contains(&id));
            own.collect::<rusqlite::Result<Vec<i64>>>()?.into_iter().filter(is_near).take(most).collect()
        }
        None => {
            let mut statement = db.prepare_cached(IDS_BETWEEN)?;
            let mut near = Vec::new();
            for (first, last) in slips {
                let room = rows::number_to_sql(most.saturating_sub(near.len()));
                let found = statement.query_map((first, last, room), |row| row.get(0))?;
                near.extend(found.collect::<rusqlite::Result<Vec<i64>>>()?);
            }
            near
        }
    };
    let records = near.into_iter().map(|id| read::app_password(db, rows::id_from_sql(id)?));
    Ok(records.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// Names of accounts that begin so, by name; at most `most`.
pub(super) fn account_names(db: &Connection, beginning: &str, most: usize) -> rusqlite::Result<Vec<String>> {
    let mut statement = db.prepare_cached(NAMES_BETWEEN)?;
    let end = format!("{beginning}{LAST}");
    statement.query_map((beginning, end, rows::number_to_sql(most)), |row| row.get(0))?.collect()
}

/// Names of accounts that may have been meant by `name`: its neighbours, those with the same part
/// before the @, and those that are one slip of the finger away, wherever in the name it is.
pub(super) fn names_like(db: &Connection, name: &str) -> rusqlite::Result<Vec<String>> {
    let mut like = BTreeSet::new();
    let limit = rows::number_to_sql(NEIGHBOURS);
    for neighbours in [NAMES_BEFORE, NAMES_BEHIND] {
        let mut statement = db.prepare_cached(neighbours)?;
        for found in statement.query_map((name, limit), |row| row.get::<_, String>(0))? {
            like.insert(found?);
        }
    }
    let (local, domain) = name.split_at(name.find('@').unwrap_or(name.len()));
    like.extend(account_names(db, &format!("{local}@"), NEIGHBOURS)?);
    let mut exact = db.prepare_cached(NAME)?;
    let folded = name.to_lowercase();
    let mut slips = vec![folded, local.to_owned()];
    if local.chars().count() <= LONGEST_FOR_SLIPS {
        slips.extend(slips_of(local).into_iter().map(|slip| slip + domain));
    }
    for slip in slips {
        let found: Option<String> = exact.query_row([slip], |row| row.get(0)).optional()?;
        like.extend(found);
    }
    Ok(like.into_iter().collect())
}

/// `name` with one character more, less or other, or with two neighbours the other way round.
fn slips_of(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let with = |place: usize, gone: usize, put: &[char]| -> String {
        let (before, rest) = chars.split_at(place.min(chars.len()));
        before.iter().chain(put).chain(rest.iter().skip(gone)).collect()
    };
    let mut slips = Vec::new();
    for place in 0..=chars.len() {
        slips.extend(LETTERS.chars().map(|letter| with(place, 0, &[letter])));
        let rest = chars.get(place..).unwrap_or_default();
        if !rest.is_empty() {
            slips.push(with(place, 1, &[]));
            slips.extend(LETTERS.chars().map(|letter| with(place, 1, &[letter])));
        }
        if let [one, two, ..] = rest {
            slips.push(with(place, 2, &[*two, *one]));
        }
    }
    slips
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_look_up_walks_a_table() {
        let db = Connection::open_in_memory().unwrap();
        super::super::schema::make_schema(&db, i64::MAX).unwrap();
        let names = [NAMES_BETWEEN, NAMES_BEFORE, NAMES_BEHIND, NAME];
        let names = names.map(|sql| (sql.to_owned(), "SEARCH account USING COVERING INDEX"));
        let ids = [
            (OWN_IDS.to_owned(), "USING COVERING INDEX app_password_tag (account=?)"),
            (IDS_BETWEEN.to_owned(), "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
            (query(false), "SEARCH p USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
            (query(true), "SEARCH p USING INDEX app_password_tag (account=?)"),
        ];
        for (sql, wanted) in names.into_iter().chain(ids) {
            let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let steps = statement.raw_query().mapped(|row| row.get::<_, String>(3));
            let plan = steps.collect::<Result<Vec<_>, _>>().unwrap().join("\n");
            assert!(plan.contains(wanted) && !plan.contains("SCAN"), "{plan}");
        }
    }

    #[test]
    fn slips_are_found_at_any_place() {
        let slips = slips_of("alise");
        for meant in ["alice", "lise", "ailse", "alises", "valise", "alis", "a.lise"] {
            assert!(slips.iter().any(|slip| slip == meant), "{meant}");
        }
        assert!(slips_of("é").iter().any(String::is_empty));
    }
}
