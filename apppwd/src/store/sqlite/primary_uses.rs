//! Uses of primary passwords, for `apppw report`.

use super::rows::number_to_sql;
use crate::store::{MAX_USES, Uses};
use rusqlite::{Connection, Transaction};
use std::collections::BTreeSet;

/// Most that are kept: every user's fifty, on a host with many, are enough.
const MOST: i64 = 500_000;

pub(super) fn add(tx: &Transaction<'_>, uses: &[Uses<String>]) -> rusqlite::Result<()> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO primary_use (user, service, rhost, unproven, host, first, last, count)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
             count = count + excluded.count",
    )?;
    for used in uses {
        let count = number_to_sql(used.count);
        let Uses { whose: user, service, rhost, unproven, host, first, last, .. } = used;
        insert.execute(rusqlite::params![user, service, rhost, unproven, host, first, last, count])?;
    }
    let mut prune = tx.prepare_cached(
        "DELETE FROM primary_use WHERE user = ?1 AND (service, rhost, unproven, host) NOT IN
             (SELECT service, rhost, unproven, host FROM primary_use WHERE user = ?1 ORDER BY unproven, last DESC LIMIT ?2)",
    )?;
    let users: BTreeSet<&str> = uses.iter().map(|used| used.whose.as_str()).collect();
    for user in users {
        prune.execute((user, number_to_sql(MAX_USES)))?;
    }
    let kept: i64 = tx.prepare_cached("SELECT count(*) FROM primary_use")?.query_row([], |row| row.get(0))?;
    if kept > MOST {
        tx.prepare_cached(
            "DELETE FROM primary_use WHERE (user, service, rhost, unproven, host) IN
                 (SELECT user, service, rhost, unproven, host FROM primary_use ORDER BY unproven DESC, last LIMIT ?1)",
        )?
        .execute([kept - MOST])?;
    }
    Ok(())
}

pub(super) fn read(db: &Connection, offset: usize, limit: usize) -> rusqlite::Result<Vec<Uses<String>>> {
    db.prepare_cached(
        "SELECT user, service, rhost, unproven, host, first, last, count FROM primary_use
         ORDER BY user, service, rhost, unproven, host LIMIT ?1 OFFSET ?2",
    )?
    .query_map((number_to_sql(limit), number_to_sql(offset)), |row| {
        Ok(Uses {
            whose: row.get(0)?,
            service: row.get(1)?,
            rhost: row.get(2)?,
            unproven: row.get(3)?,
            host: row.get(4)?,
            first: row.get(5)?,
            last: row.get(6)?,
            count: row.get(7)?,
        })
    })?
    .collect()
}
