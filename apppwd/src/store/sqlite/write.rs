//! Changes to app passwords that are there.

use super::rotation;
use super::rows::{self, id_to_sql};
use super::trail::{Details, Trail};
use crate::clock::UnixSeconds;
use crate::store::{Changed, Halves, Hash};
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::EventKind;
use rusqlite::{OptionalExtension, Transaction};

/// The hash goes with the revocation: nothing can be tested against it any more.
pub(super) fn revoke(
    tx: &Trail<'_>,
    ids: &[(AppPasswordId, UnixSeconds)],
    halves: Halves,
) -> rusqlite::Result<Changed> {
    revoke_for(tx, ids, halves, None)
}

/// The same for a reason that the events say.
pub(super) fn revoke_for(
    tx: &Trail<'_>,
    ids: &[(AppPasswordId, UnixSeconds)],
    halves: Halves,
    reason: Option<&str>,
) -> rusqlite::Result<Changed> {
    let mut state = tx.prepare_cached("SELECT revoked IS NOT NULL FROM app_password WHERE id = ?1")?;
    let mut update = tx.prepare_cached(
        "UPDATE app_password SET revoked = ?2, revoked_by = ?3, salt = NULL, hash = NULL
         WHERE id = ?1 AND revoked IS NULL",
    )?;
    let by = tx.actor();
    let mut done = Changed::default();
    for (id, at) in rotation::reach(tx, ids, halves)? {
        match state.query_row([id_to_sql(id)], |row| row.get(0)).optional()? {
            None => {}
            Some(true) => done.already.push(id),
            Some(false) => {
                // Never say that it is revoked while it isn't.
                if update.execute((id_to_sql(id), at, &by))? != 1 {
                    return Err(rusqlite::Error::StatementChangedRows(0));
                }
                tx.app_password(EventKind::Revoke, id, &Details { reason, ..Details::default() })?;
                done.changed.push(id);
            }
        }
    }
    Ok(done)
}

/// Compare-and-set: a revocation or another rewriting that came first wins.
pub(super) fn rehash(
    tx: &Transaction<'_>,
    id: AppPasswordId,
    old: &Hash,
    key: u32,
    tag: u32,
    new: &Hash,
) -> rusqlite::Result<bool> {
    let taken: bool = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM app_password WHERE key = ?2 AND tag = ?3 AND id <> ?1
                            AND account = (SELECT account FROM app_password WHERE id = ?1))",
        )?
        .query_row((id_to_sql(id), key, tag), |row| row.get(0))?;
    if taken {
        return Ok(false);
    }
    let changed = tx
        .prepare_cached(
            "UPDATE app_password SET scheme = ?10, key = ?2, tag = ?3, memory_kib = ?4, iterations = ?5, parallelism = ?6,
                 salt = ?7, hash = ?8
             WHERE id = ?1 AND hash = ?9 AND revoked IS NULL",
        )?
        .execute(rusqlite::params![
            id_to_sql(id),
            key,
            tag,
            new.memory_kib,
            new.iterations,
            new.parallelism,
            new.salt,
            new.value,
            old.value,
            rows::scheme_to_sql(new.scheme),
        ])?;
    Ok(changed > 0)
}
