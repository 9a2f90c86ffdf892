//! The halves of a rotation: to whoever changes one of them they are one app password.

use super::rows::{LIVE, id_from_sql, id_to_sql};
use crate::clock::UnixSeconds;
use crate::store::Halves;
use apppw_admin::AppPasswordId;
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeSet;

/// What a change of `ids` at these times changes.
pub(super) fn reach(
    db: &Connection,
    ids: &[(AppPasswordId, UnixSeconds)],
    halves: Halves,
) -> rusqlite::Result<Vec<(AppPasswordId, UnixSeconds)>> {
    match halves {
        Halves::These => Ok(ids.to_vec()),
        Halves::Both => with_rotations(db, ids),
    }
}

/// `ids`, and what is linked to live ones among them. A half that has ended says nothing any
/// more about the other.
pub(super) fn with_rotations(
    db: &Connection,
    ids: &[(AppPasswordId, UnixSeconds)],
) -> rusqlite::Result<Vec<(AppPasswordId, UnixSeconds)>> {
    let mut successor =
        db.prepare_cached(&format!("SELECT successor FROM app_password WHERE id = ?1 AND {LIVE}"))?;
    let mut predecessors =
        db.prepare_cached("SELECT id FROM app_password WHERE successor = ?1 AND revoked IS NULL")?;
    let mut seen = BTreeSet::new();
    let mut all = Vec::with_capacity(ids.len());
    let mut waiting: Vec<(AppPasswordId, UnixSeconds)> = ids.iter().rev().copied().collect();
    while let Some((id, at)) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        all.push((id, at));
        let live: Option<Option<i64>> =
            successor.query_row((id_to_sql(id), at), |row| row.get(0)).optional()?;
        let Some(successor) = live else { continue };
        let before = predecessors.query_map([id_to_sql(id)], |row| row.get::<_, i64>(0))?;
        for other in successor.into_iter().map(Ok).chain(before) {
            waiting.push((id_from_sql(other?)?, at));
        }
    }
    Ok(all)
}

/// Those of `ids` that have no live other half outside of `ids`.
pub(super) fn whole(
    db: &Connection,
    ids: &[AppPasswordId],
    now: UnixSeconds,
) -> rusqlite::Result<BTreeSet<AppPasswordId>> {
    let all: BTreeSet<AppPasswordId> = ids.iter().copied().collect();
    // One whose grace is over may not have been revoked yet: it lives no more all the same.
    let mut lives = db.prepare_cached(&format!("SELECT 1 FROM app_password WHERE id = ?1 AND {LIVE}"))?;
    let mut whole = BTreeSet::new();
    'ids: for id in ids {
        for (half, _) in with_rotations(db, &[(*id, now)])? {
            if !all.contains(&half) && lives.exists((id_to_sql(half), now))? {
                continue 'ids;
            }
        }
        whole.insert(*id);
    }
    Ok(whole)
}
