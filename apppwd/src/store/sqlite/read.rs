//! Queries. Each is one prepared statement, kept by its connection.

use super::rows::{self, id_to_sql};
use crate::store::{AccountId, AccountRecord, AppPasswordRecord, Counts, LoginRow, PageStart, Tombstones};
use apppw_admin::AppPasswordId;
use rusqlite::{Connection, OptionalExtension, named_params};

pub(super) fn account(db: &Connection, name: &str) -> rusqlite::Result<Option<AccountRecord>> {
    db.prepare_cached("SELECT id, name, uid, enrolled, created FROM account WHERE name = ?1")?
        .query_row([name], rows::account)
        .optional()
}

pub(super) fn account_by_id(db: &Connection, id: &AccountId) -> rusqlite::Result<Option<AccountRecord>> {
    db.prepare_cached("SELECT id, name, uid, enrolled, created FROM account WHERE id = ?1")?
        .query_row([id.0], rows::account)
        .optional()
}

pub(super) fn login_row(
    db: &Connection,
    account: &AccountId,
    key: u32,
    tag: u32,
) -> rusqlite::Result<Option<LoginRow>> {
    db.prepare_cached(
        "SELECT id, name, services, revoked, scheme, key, memory_kib, iterations, parallelism, salt, hash
         FROM app_password WHERE account = ?1 AND key = ?2 AND tag = ?3",
    )?
    .query_row((account.0, key, tag), rows::login_row)
    .optional()
}

pub(super) fn app_password(
    db: &Connection,
    id: AppPasswordId,
) -> rusqlite::Result<Option<AppPasswordRecord>> {
    let sql = format!(
        "SELECT {} FROM app_password p JOIN account a ON a.id = p.account WHERE p.id = ?1",
        rows::APP_PASSWORD
    );
    db.prepare_cached(&sql)?.query_row([id_to_sql(id)], rows::app_password).optional()
}

pub(super) fn app_passwords(
    db: &Connection,
    account: Option<&AccountId>,
    revoked_too: bool,
    start: Option<&PageStart>,
    limit: usize,
) -> rusqlite::Result<Vec<AppPasswordRecord>> {
    let sql = page_query(account.is_some(), start.is_some());
    let mut statement = db.prepare_cached(&sql)?;
    let params = named_params! {
        ":account": account.map(|account| account.0),
        ":revoked_too": revoked_too,
        ":user": start.map(|start| &start.user),
        ":created": start.map(|start| start.created),
        ":id": start.map(|start| id_to_sql(start.id)),
        ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
    };
    statement.query_map(params, rows::app_password)?.collect()
}

/// Accounts are walked by name, from where the page begins, so that a page costs its own
/// rows and not all of them. CROSS JOIN keeps SQLite from turning that round.
fn page_query(one_account: bool, has_start: bool) -> String {
    let whose = if one_account { "a.id = :account" } else { ":account IS NULL" };
    let from = if has_start {
        "a.name >= :user AND (a.name, p.created, p.id) > (:user, :created, :id)"
    } else {
        "(:user IS NULL OR :created IS NULL OR :id IS NULL)"
    };
    format!(
        "SELECT {} FROM account a CROSS JOIN app_password p ON p.account = a.id
         WHERE {whose} AND {from} AND (:revoked_too OR p.revoked IS NULL)
         ORDER BY a.name, p.created, p.id LIMIT :limit",
        rows::APP_PASSWORD
    )
}

pub(super) fn counts(db: &Connection, account: Option<&AccountId>) -> rusqlite::Result<Counts> {
    let count = |table: &str, marked: &str, key: &str| -> rusqlite::Result<(u64, u64)> {
        let mut sql = format!("SELECT count(*), count({marked}) FROM {table}");
        let pair = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        match account {
            Some(account) => {
                sql += &format!(" WHERE {key} = ?1");
                db.prepare_cached(&sql)?.query_row([account.0], pair)
            }
            None => db.prepare_cached(&sql)?.query_row([], pair),
        }
    };
    let (accounts, enrolled) = count("account", "enrolled", "id")?;
    let (all, revoked) = count("app_password", "revoked", "account")?;
    Ok(Counts { accounts, enrolled, live: all - revoked, revoked })
}

pub(super) fn tombstones(db: &Connection) -> rusqlite::Result<Tombstones> {
    let revoked = db
        .prepare("SELECT id, revoked FROM app_password WHERE revoked IS NOT NULL")?
        .query_map([], |row| Ok((rows::id_from_sql(row.get(0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let enrolled = db
        .prepare("SELECT id, name, uid, enrolled, created FROM account WHERE enrolled IS NOT NULL")?
        .query_map([], rows::account)?
        .collect::<Result<_, _>>()?;
    Ok(Tombstones { revoked, enrolled })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_walks_the_accounts_by_name_and_sorts_only_within_one() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(include_str!("0001.sql")).unwrap();
        for (one_account, has_start) in [(false, true), (false, false), (true, true)] {
            let query = page_query(one_account, has_start);
            let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            // Unbound parameters are NULL; the plan doesn't depend on them.
            let steps = statement.raw_query().mapped(|row| row.get::<_, String>(3));
            let plan = steps.collect::<Result<Vec<_>, _>>().unwrap().join("\n");
            assert!(plan.contains("SEARCH p USING"), "walks all app passwords:\n{plan}");
            assert!(!plan.contains("TEMP B-TREE FOR ORDER BY"), "sorts everything:\n{plan}");
        }
    }
}
