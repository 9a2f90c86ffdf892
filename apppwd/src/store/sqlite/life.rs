//! What befalls a single app password between its creation and its revocation.

use super::rotation;
use super::rows::{id_from_sql, id_to_sql};
use super::trail::{Details, NUMBERS_A_SECOND, Trail};
use crate::clock::UnixSeconds;
use crate::scope::FirstUse;
use crate::store::{AccountId, Changed, Halves, Renamed};
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::EventKind;
use rusqlite::OptionalExtension;

pub(super) fn set_suspended(
    tx: &Trail<'_>,
    ids: &[(AppPasswordId, UnixSeconds)],
    suspend: bool,
    halves: Halves,
) -> rusqlite::Result<Changed> {
    let mut state = tx.prepare_cached(
        "SELECT revoked IS NOT NULL, suspended IS NOT NULL FROM app_password WHERE id = ?1",
    )?;
    let mut update = tx.prepare_cached(if suspend {
        "UPDATE app_password SET suspended = ?2, suspended_by = ?3 WHERE id = ?1"
    } else {
        "UPDATE app_password SET suspended = NULL, suspended_by = NULL, resumed = ?2 WHERE id = ?1 AND (?3 IS NULL) IS NOT NULL"
    })?;
    let by = tx.actor();
    let kind = if suspend { EventKind::Suspend } else { EventKind::Resume };
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
                tx.app_password(kind, id, &Details::default())?;
                done.changed.push(id);
            }
        }
    }
    Ok(done)
}

pub(super) fn rename(
    tx: &Trail<'_>,
    id: AppPasswordId,
    name: &str,
    per_day: Option<u32>,
) -> rusqlite::Result<Renamed> {
    let found: Option<([u8; 16], String)> = tx
        .query_row("SELECT account, name FROM app_password WHERE id = ?1", [id_to_sql(id)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((account, before)) = found else { return Ok(Renamed::NotLive) };
    if let Some(most) = per_day
        && renamed_today(tx, &account)? >= most
    {
        return Ok(Renamed::TooManyToday);
    }
    note_expired(tx, &AccountId(account))?;
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
        return Ok(Renamed::NameTaken(id_from_sql(taken)?));
    }
    let changed = tx.execute(
        "UPDATE app_password SET name = ?2 WHERE id = ?1 AND revoked IS NULL AND expired IS NULL",
        (id_to_sql(id), name),
    )?;
    if changed == 0 {
        return Ok(Renamed::NotLive);
    }
    if before != name {
        tx.app_password(EventKind::Rename, id, &Details { was: Some(&before), ..Details::default() })?;
    }
    Ok(Renamed::Done)
}

/// How often app passwords of an account were renamed that day: the events say it. Those of a clock
/// that was ahead once are another day's.
fn renamed_today(tx: &Trail<'_>, account: &[u8; 16]) -> rusqlite::Result<u32> {
    const DAY: i64 = 86_400;
    let morning = tx.at() - tx.at().rem_euclid(DAY);
    tx.prepare_cached(
        "SELECT count(*) FROM event
         WHERE account = ?1 AND seq >= ?2 * ?4 AND at >= ?2 AND at < ?2 + ?5 AND kind = ?3",
    )?
    .query_row((account, morning, EventKind::Rename.as_str(), NUMBERS_A_SECOND, DAY), |row| row.get(0))
}

/// Marks what has expired of an account: the names are free again, and the index on names knows by
/// the mark.
pub(super) fn note_expired(tx: &Trail<'_>, account: &AccountId) -> rusqlite::Result<()> {
    let ids: Vec<i64> = tx
        .prepare_cached(
            "UPDATE app_password SET expired = ?2, salt = NULL, hash = NULL
             WHERE account = ?1 AND expires <= ?2 AND expired IS NULL AND revoked IS NULL RETURNING id",
        )?
        .query_map((account.0, tx.at()), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    have_expired(tx, &ids)
}

fn have_expired(tx: &Trail<'_>, ids: &[i64]) -> rusqlite::Result<()> {
    let expire = |id: &i64| tx.app_password(EventKind::Expire, id_from_sql(*id)?, &Details::default());
    ids.iter().try_for_each(expire)
}

/// Only what is still pending: whoever came first has locked it. The halves of a rotation are
/// one device's, and locked to the same.
pub(super) fn pin(tx: &Trail<'_>, id: AppPasswordId, first_use: &FirstUse) -> rusqlite::Result<()> {
    for (half, _) in rotation::reach(tx, &[(id, tx.at())], Halves::Both)? {
        let (mut services, mut network) = (Vec::new(), None);
        if let Some(service) = &first_use.service {
            let closed = tx
                .prepare_cached(
                    "UPDATE app_password SET pin_service = ?2 WHERE id = ?1 AND pin_service = ''",
                )?
                .execute((id_to_sql(half), service))?;
            services.extend((closed > 0).then(|| service.clone()));
        }
        if let Some(first) = &first_use.network {
            let first = first.to_string();
            let closed = tx
                .prepare_cached(
                    "UPDATE app_password SET pin_network = ?2 WHERE id = ?1 AND pin_network = ''",
                )?
                .execute((id_to_sql(half), &first))?;
            network = (closed > 0).then_some(first);
        }
        if !services.is_empty() || network.is_some() {
            let details = Details { services: &services, rhost: network.as_deref(), ..Details::default() };
            tx.app_password(EventKind::Pin, half, &details)?;
        }
    }
    Ok(())
}

pub(super) fn end_by(
    tx: &Trail<'_>,
    ends: &[(AppPasswordId, UnixSeconds)],
) -> rusqlite::Result<Vec<AppPasswordId>> {
    let mut update = tx.prepare_cached(
        "UPDATE app_password SET expires = ?2
         WHERE id = ?1 AND revoked IS NULL AND (expires IS NULL OR expires > ?2)",
    )?;
    let mut changed = Vec::new();
    for (id, end) in ends {
        if update.execute((id_to_sql(*id), end))? > 0 {
            tx.app_password(EventKind::End, *id, &Details::default())?;
            changed.push(*id);
        }
    }
    Ok(changed)
}

pub(super) fn mark_expired(tx: &Trail<'_>, ids: &[AppPasswordId]) -> rusqlite::Result<()> {
    let mut update = tx.prepare_cached(
        "UPDATE app_password SET expired = ?2, salt = NULL, hash = NULL WHERE id = ?1 AND expired IS NULL",
    )?;
    for id in ids {
        if update.execute((id_to_sql(*id), tx.at()))? > 0 {
            tx.app_password(EventKind::Expire, *id, &Details::default())?;
        }
    }
    Ok(())
}

/// Marks what has expired. An old half whose grace is over is taken away for good: its secret
/// was to be replaced.
pub(super) fn sweep_expired(tx: &Trail<'_>) -> rusqlite::Result<Vec<AppPasswordId>> {
    let over: Vec<i64> = tx
        .prepare_cached(
            "UPDATE app_password SET expired = ?1, salt = NULL, hash = NULL
             WHERE expires <= ?1 AND expires IS NOT NULL AND expired IS NULL AND revoked IS NULL RETURNING id",
        )?
        .query_map([tx.at()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    have_expired(tx, &over)?;
    let gone: Vec<AppPasswordId> = tx
        .prepare_cached(
            "UPDATE app_password SET revoked = ?1, revoked_by = ?2, salt = NULL, hash = NULL
             WHERE successor IS NOT NULL AND expired IS NOT NULL AND revoked IS NULL RETURNING id",
        )?
        .query_map((tx.at(), tx.actor()), |row| id_from_sql(row.get(0)?))?
        .collect::<Result<_, _>>()?;
    gone.iter().try_for_each(|id| tx.app_password(EventKind::Revoke, *id, &Details::default()))?;
    Ok(gone)
}

/// Tombstones that are old enough; their uses go with them.
pub(super) fn prune(tx: &Trail<'_>, before: UnixSeconds) -> rusqlite::Result<usize> {
    let gone = tx.execute(
        "DELETE FROM app_password
         WHERE (revoked IS NOT NULL AND revoked < ?1) OR (revoked IS NULL AND expired IS NOT NULL AND expired < ?1)",
        [before],
    )?;
    if gone > 0 {
        tx.host(EventKind::Forget, &Details { count: Some(gone), ..Details::default() })?;
    }
    Ok(gone)
}
