//! Changes to what is there.

use super::rows::{self, id_to_sql};
use crate::clock::UnixSeconds;
use crate::store::{AccountRecord, Hash, RevokedNow};
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::Actor;
use rusqlite::{OptionalExtension, Transaction};

/// The hash goes with the revocation: nothing can be tested against it any more.
pub(super) fn revoke(
    tx: &Transaction<'_>,
    ids: &[(AppPasswordId, UnixSeconds)],
    by: &Actor,
) -> rusqlite::Result<RevokedNow> {
    let mut state = tx.prepare_cached("SELECT revoked IS NOT NULL FROM app_password WHERE id = ?1")?;
    let mut update = tx.prepare_cached(
        "UPDATE app_password SET revoked = ?2, revoked_by = ?3, salt = NULL, hash = NULL
         WHERE id = ?1 AND revoked IS NULL",
    )?;
    let by = rows::actor_to_sql(by);
    let mut done = RevokedNow::default();
    for (id, at) in ids {
        match state.query_row([id_to_sql(*id)], |row| row.get(0)).optional()? {
            None => {}
            Some(true) => done.already.push(*id),
            Some(false) => {
                // Never say that it is revoked while it isn't.
                if update.execute((id_to_sql(*id), at, &by))? != 1 {
                    return Err(rusqlite::Error::StatementChangedRows(0));
                }
                done.revoked.push(*id);
            }
        }
    }
    Ok(done)
}

/// Puts a new account in, not enrolled.
pub(super) fn insert_account(tx: &Transaction<'_>, account: &AccountRecord) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO account (id, name, uid, enrolled, created) VALUES (?1, ?2, ?3, NULL, ?4)",
    )?
    .execute((account.id.0, &account.name, account.uid, account.created))?;
    Ok(())
}

pub(super) fn set_enrolled(
    tx: &Transaction<'_>,
    account: &AccountRecord,
    new_account: bool,
    enrolled: Option<UnixSeconds>,
) -> rusqlite::Result<bool> {
    if new_account {
        insert_account(tx, account)?;
    }
    let changed = tx
        .prepare_cached(
            "UPDATE account SET enrolled = ?2 WHERE id = ?1 AND (enrolled IS NULL) <> (?2 IS NULL)",
        )?
        .execute((account.id.0, enrolled))?;
    Ok(changed > 0)
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
