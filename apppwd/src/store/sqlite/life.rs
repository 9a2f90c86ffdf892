//! What befalls a single app password between its creation and its revocation.

use super::rotation;
use super::rows::{actor_to_sql, id_from_sql, id_to_sql};
use crate::clock::UnixSeconds;
use crate::scope::FirstUse;
use crate::store::{AccountId, Changed, Halves, Renamed};
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::Actor;
use rusqlite::{OptionalExtension, Transaction};

pub(super) fn set_suspended(
    tx: &Transaction<'_>,
    ids: &[(AppPasswordId, UnixSeconds)],
    suspend: bool,
    halves: Halves,
    by: &Actor,
) -> rusqlite::Result<Changed> {
    let mut state = tx.prepare_cached(
        "SELECT revoked IS NOT NULL, suspended IS NOT NULL FROM app_password WHERE id = ?1",
    )?;
    let mut update = tx.prepare_cached(if suspend {
        "UPDATE app_password SET suspended = ?2, suspended_by = ?3 WHERE id = ?1"
    } else {
        "UPDATE app_password SET suspended = NULL, suspended_by = NULL, resumed = ?2 WHERE id = ?1 AND ?3 IS NOT NULL"
    })?;
    let by = actor_to_sql(by);
    let mut done = Changed::default();
    for (id, at) in rotation::reach(tx, ids, halves)? {
        let found: Option<(bool, bool)> =
            state.query_row([id_to_sql(id)], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match found {
            None => {}
            Some((true, _)) => done.revoked.push(id),
            Some((false, is_suspended)) if is_suspended == suspend => done.already.push(id),
            Some((false, _)) => {
                update.execute((id_to_sql(id), at, &by))?;
                done.changed.push(id);
            }
        }
    }
    Ok(done)
}

pub(super) fn rename(
    tx: &Transaction<'_>,
    id: AppPasswordId,
    name: &str,
    now: UnixSeconds,
) -> rusqlite::Result<Renamed> {
    let account: Option<[u8; 16]> = tx
        .query_row("SELECT account FROM app_password WHERE id = ?1", [id_to_sql(id)], |row| row.get(0))
        .optional()?;
    let Some(account) = account else { return Ok(Renamed::NotLive) };
    note_expired(tx, &AccountId(account), now)?;
    let taken: Option<i64> = tx
        .query_row(
            "SELECT o.id FROM app_password p JOIN app_password o ON o.account = p.account AND o.id <> p.id
             WHERE p.id = ?1 AND p.successor IS NULL AND o.name = ?2 AND o.revoked IS NULL AND o.successor IS NULL
                 AND o.expired IS NULL",
            (id_to_sql(id), name),
            |row| row.get(0),
        )
        .optional()?;
    if let Some(taken) = taken {
        return Ok(Renamed::NameTaken(id_from_sql(taken)));
    }
    let changed = tx.execute(
        "UPDATE app_password SET name = ?2 WHERE id = ?1 AND revoked IS NULL AND expired IS NULL",
        (id_to_sql(id), name),
    )?;
    Ok(if changed > 0 { Renamed::Done } else { Renamed::NotLive })
}

/// Marks what has expired of an account: the names are free again, and the index on names knows by
/// the mark.
pub(super) fn note_expired(
    tx: &Transaction<'_>,
    account: &AccountId,
    now: UnixSeconds,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE app_password SET expired = ?2, salt = NULL, hash = NULL
         WHERE account = ?1 AND expires <= ?2 AND expired IS NULL AND revoked IS NULL",
    )?
    .execute((account.0, now))
    .map(drop)
}

/// Only what is still pending: whoever came first has locked it. The halves of a rotation are
/// one device's, and locked to the same.
pub(super) fn pin(
    tx: &Transaction<'_>,
    id: AppPasswordId,
    first_use: &FirstUse,
    now: UnixSeconds,
) -> rusqlite::Result<()> {
    for (half, _) in rotation::reach(tx, &[(id, now)], Halves::Both)? {
        if let Some(service) = &first_use.service {
            tx.prepare_cached("UPDATE app_password SET pin_service = ?2 WHERE id = ?1 AND pin_service = ''")?
                .execute((id_to_sql(half), service))?;
        }
        if let Some(network) = &first_use.network {
            tx.prepare_cached("UPDATE app_password SET pin_network = ?2 WHERE id = ?1 AND pin_network = ''")?
                .execute((id_to_sql(half), network.to_string()))?;
        }
    }
    Ok(())
}

pub(super) fn end_by(
    tx: &Transaction<'_>,
    ends: &[(AppPasswordId, UnixSeconds)],
) -> rusqlite::Result<Vec<AppPasswordId>> {
    let mut update = tx.prepare_cached(
        "UPDATE app_password SET expires = ?2
         WHERE id = ?1 AND revoked IS NULL AND (expires IS NULL OR expires > ?2)",
    )?;
    let mut changed = Vec::new();
    for (id, end) in ends {
        if update.execute((id_to_sql(*id), end))? > 0 {
            changed.push(*id);
        }
    }
    Ok(changed)
}

pub(super) fn mark_expired(
    tx: &Transaction<'_>,
    ids: &[AppPasswordId],
    at: UnixSeconds,
) -> rusqlite::Result<()> {
    let mut update = tx.prepare_cached(
        "UPDATE app_password SET expired = ?2, salt = NULL, hash = NULL WHERE id = ?1 AND expired IS NULL",
    )?;
    for id in ids {
        update.execute((id_to_sql(*id), at))?;
    }
    Ok(())
}

/// Marks what has expired. An old half whose grace is over is taken away for good: its secret
/// was to be replaced.
pub(super) fn sweep_expired(
    tx: &Transaction<'_>,
    now: UnixSeconds,
    by: &Actor,
) -> rusqlite::Result<Vec<AppPasswordId>> {
    tx.execute(
        "UPDATE app_password SET expired = ?1, salt = NULL, hash = NULL
         WHERE expires <= ?1 AND expires IS NOT NULL AND expired IS NULL AND revoked IS NULL",
        [now],
    )?;
    tx.prepare_cached(
        "UPDATE app_password SET revoked = ?1, revoked_by = ?2, salt = NULL, hash = NULL
         WHERE successor IS NOT NULL AND expired IS NOT NULL AND revoked IS NULL RETURNING id",
    )?
    .query_map((now, actor_to_sql(by)), |row| row.get(0).map(id_from_sql))?
    .collect()
}

/// Tombstones that are old enough; their uses go with them.
pub(super) fn prune(tx: &Transaction<'_>, before: UnixSeconds) -> rusqlite::Result<usize> {
    tx.execute(
        "DELETE FROM app_password
         WHERE (revoked IS NOT NULL AND revoked < ?1) OR (revoked IS NULL AND expired IS NOT NULL AND expired < ?1)",
        [before],
    )
}
