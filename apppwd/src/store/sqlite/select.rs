//! App passwords by what they are like, a page at a time.

use super::rows::{self, id_to_sql};
use super::uses;
use crate::store::{AppPasswordRecord, ListedRow, PageStart, Selection};
use rusqlite::{Connection, Row, ToSql};

/// When an app password was used or resumed last, or made if it never was.
const LAST_USE: &str = "max(coalesce((SELECT max(last) FROM use WHERE use.app_password = p.id), p.created), \
                        coalesce(p.resumed, p.created))";

pub(super) fn app_passwords(
    db: &Connection,
    selection: &Selection,
    start: Option<&PageStart>,
    limit: usize,
) -> rusqlite::Result<Vec<AppPasswordRecord>> {
    page(db, selection, start, limit, rows::app_password)
}

/// The same as a list shows them.
pub(super) fn listed(
    db: &Connection,
    selection: &Selection,
    start: Option<&PageStart>,
    limit: usize,
) -> rusqlite::Result<Vec<ListedRow>> {
    // One view, and one lock for all that is read.
    let view = db.unchecked_transaction()?;
    let mut latest = uses::Newest::prepare(&view)?;
    page(&view, selection, start, limit, |row| {
        let record = rows::app_password(row)?;
        let last_use = latest.read(record.id, 1)?.pop();
        Ok(ListedRow { record, last_use, is_locked: row.get("is_locked")? })
    })
}

fn page<T>(
    db: &Connection,
    selection: &Selection,
    start: Option<&PageStart>,
    limit: usize,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut statement = db.prepare_cached(&page_query(selection, start.is_some()))?;
    let (user, created, id) =
        start.map_or((None, None, None), |s| (Some(&s.user), Some(s.created), Some(id_to_sql(s.id))));
    let limit = rows::number_to_sql(limit);
    let all: [(&str, &dyn ToSql); 9] = [
        (":live_at", &selection.live_at),
        (":unused_since", &selection.unused_since),
        (":created_before", &selection.created_before),
        (":service", &selection.service),
        (":key", &selection.key),
        (":user", &user),
        (":created", &created),
        (":id", &id),
        (":limit", &limit),
    ];
    let used: Vec<_> =
        all.into_iter().filter(|(name, _)| matches!(statement.parameter_index(name), Ok(Some(_)))).collect();
    statement.query_map(used.as_slice(), read)?.collect()
}

/// Accounts are walked by name, from where the page begins, so that a page costs its own
/// rows and not all of them. CROSS JOIN keeps SQLite from turning that round.
fn page_query(selection: &Selection, has_start: bool) -> String {
    let Selection { accounts, live_at, unused_since, never_used, created_before, service, key } = selection;
    let mut conditions = vec!["true".to_owned()];
    if let Some(accounts) = accounts {
        // Ids are bytes of our own; written out they let SQLite use the index.
        let ids: Vec<String> = accounts.iter().map(|id| format!("x'{}'", hex(&id.0))).collect();
        conditions.push(format!("a.id IN ({})", ids.join(",")));
    }
    for (given, condition) in [
        (
            live_at.is_some(),
            "p.revoked IS NULL AND p.expired IS NULL AND (p.expires IS NULL OR p.expires > :live_at)",
        ),
        (unused_since.is_some(), &format!("{LAST_USE} < :unused_since")),
        (*never_used, "NOT EXISTS (SELECT 1 FROM use WHERE use.app_password = p.id)"),
        (created_before.is_some(), "p.created < :created_before"),
        (
            service.is_some(),
            "instr(char(10) || p.services || char(10), char(10) || :service || char(10)) > 0",
        ),
        (key.is_some(), "p.key = :key AND p.hash IS NOT NULL"),
        (has_start, "a.name >= :user AND (a.name, p.created, p.id) > (:user, :created, :id)"),
    ] {
        if given {
            conditions.push(condition.to_owned());
        }
    }
    format!(
        "SELECT {}, a.locked IS NOT NULL AS is_locked FROM account a CROSS JOIN app_password p ON p.account = a.id WHERE {}
         ORDER BY a.name, p.created, p.id LIMIT :limit",
        rows::APP_PASSWORD,
        conditions.join(" AND ")
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::AccountId;

    #[test]
    fn a_page_walks_the_accounts_by_name_and_sorts_only_within_one() {
        let db = Connection::open_in_memory().unwrap();
        super::super::schema::make_schema(&db, i64::MAX).unwrap();
        let one = Selection { accounts: Some(vec![AccountId([7; 16])]), ..Selection::default() };
        let unused = Selection { unused_since: Some(1), live_at: Some(1), ..Selection::default() };
        for (selection, has_start) in
            [(Selection::default(), true), (Selection::default(), false), (one, true), (unused, true)]
        {
            let query = page_query(&selection, has_start);
            let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            // Unbound parameters are NULL; the plan doesn't depend on them.
            let steps = statement.raw_query().mapped(|row| row.get::<_, String>(3));
            let plan = steps.collect::<Result<Vec<_>, _>>().unwrap().join("\n");
            assert!(plan.contains("SEARCH p USING"), "walks all app passwords:\n{plan}");
            assert!(!plan.contains("TEMP B-TREE FOR ORDER BY"), "sorts everything:\n{plan}");
        }
    }
}
