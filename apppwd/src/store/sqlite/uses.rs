//! Uses: logins per app password, service and address.

use super::rows::{self, id_to_sql};
use crate::store::{MAX_USES, Uses};
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::Use;
use rusqlite::{CachedStatement, Connection, Transaction};
use std::collections::BTreeSet;

pub(super) fn read(db: &Connection, id: AppPasswordId, limit: usize) -> rusqlite::Result<Vec<Use>> {
    Newest::prepare(db)?.read(id, limit)
}

/// The newest uses of one app password after the other.
pub(super) struct Newest<'d>(CachedStatement<'d>);

impl<'d> Newest<'d> {
    pub(super) fn prepare(db: &'d Connection) -> rusqlite::Result<Self> {
        let statement = db.prepare_cached(
            "SELECT service, rhost, unproven, host, first, last, count FROM use
             WHERE app_password = ?1 ORDER BY last DESC, service, rhost LIMIT ?2",
        )?;
        Ok(Self(statement))
    }

    pub(super) fn read(&mut self, id: AppPasswordId, limit: usize) -> rusqlite::Result<Vec<Use>> {
        let limit = rows::number_to_sql(limit);
        self.0.query_map((id_to_sql(id), limit), rows::used)?.collect()
    }
}

pub(super) fn add(tx: &Transaction<'_>, uses: &[Uses<AppPasswordId>]) -> rusqlite::Result<()> {
    // An app password may be gone by the time that its uses are written. What is told later is later, also where
    // the clock was ahead before.
    let mut insert = tx.prepare_cached(
        "INSERT INTO use (app_password, service, rhost, unproven, host, first, last, count)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM app_password WHERE id = ?1)
         ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = excluded.last,
             count = count + excluded.count",
    )?;
    for delta in uses {
        insert.execute(rusqlite::params![
            id_to_sql(delta.whose),
            delta.service,
            delta.rhost,
            delta.unproven,
            delta.host,
            delta.first,
            delta.last,
            rows::number_to_sql(delta.count),
        ])?;
    }
    let mut prune = tx.prepare_cached(
        "DELETE FROM use WHERE app_password = ?1 AND (service, rhost, unproven, host) NOT IN
             (SELECT service, rhost, unproven, host FROM use WHERE app_password = ?1 ORDER BY last DESC LIMIT ?2)",
    )?;
    let ids: BTreeSet<AppPasswordId> = uses.iter().map(|delta| delta.whose).collect();
    for id in ids {
        prune.execute((id_to_sql(id), rows::number_to_sql(MAX_USES)))?;
    }
    Ok(())
}
