//! Which server keys the database was made with: rows in `meta`, a check value and a time for each.

use super::rows;
use super::trail::{Details, Trail};
use super::write;
use crate::clock::UnixSeconds;
use crate::log;
use crate::store::{Halves, KnownKey, KnownKeys};
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::EventKind;
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;

/// Why an app password is revoked whose key is retired.
const RETIRED: &str = "key-retired";

/// Why one is whose key is lost.
const LOST: &str = "key-lost";

/// What the database says of its keys.
pub(super) fn read(db: &Connection) -> rusqlite::Result<KnownKeys> {
    let mut known: BTreeMap<u32, KnownKey> = BTreeMap::new();
    for (id, check_value) in check_values(db)? {
        let since = since(db, id)?;
        known.insert(id, KnownKey { id, check_value: Some(check_value), since, app_passwords: 0 });
    }
    // What is revoked or was seen expired has no hash any more, and needs no key.
    let mut count =
        db.prepare_cached("SELECT key, count(*) FROM app_password WHERE hash IS NOT NULL GROUP BY key")?;
    for row in count.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (id, app_passwords) = row?;
        let unknown = KnownKey { id, check_value: None, since: None, app_passwords: 0 };
        known.entry(id).or_insert(unknown).app_passwords = app_passwords;
    }
    Ok(KnownKeys { keys: known.into_values().collect(), highest: highest(db)? })
}

/// The highest number that any key has had.
pub(super) fn highest(db: &Connection) -> rusqlite::Result<u32> {
    let sql = "SELECT max(coalesce((SELECT max(key) FROM app_password), 0),
                          coalesce((SELECT max(CAST(substr(key, 5) AS INTEGER)) FROM meta WHERE key LIKE 'key.%'), 0))";
    db.query_row(sql, [], |row| row.get(0))
}

/// The check value of each key that the database knows.
pub(super) fn check_values(db: &Connection) -> rusqlite::Result<BTreeMap<u32, Vec<u8>>> {
    db.prepare("SELECT CAST(substr(key, 5) AS INTEGER), value FROM meta WHERE key LIKE 'key.%'")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// How many app passwords can't be checked without that key.
pub(super) fn depend(db: &Connection, id: u32) -> rusqlite::Result<u64> {
    db.prepare_cached("SELECT count(*) FROM app_password WHERE key = ?1 AND hash IS NOT NULL")?
        .query_row([id], |row| row.get(0))
}

/// A key is known from now on. Returns whether it wasn't.
pub(super) fn know(db: &Connection, id: u32, check_value: &[u8], at: UnixSeconds) -> rusqlite::Result<bool> {
    let before: Option<Vec<u8>> = db
        .prepare_cached("SELECT value FROM meta WHERE key = 'key.' || ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    if before.as_deref() == Some(check_value) {
        return Ok(false);
    }
    let mut insert = db.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1 || ?2, ?3)")?;
    insert.execute(("key.", id, check_value))?;
    insert.execute(("since.", id, at.to_string().as_bytes()))?;
    Ok(true)
}

/// It is not, any more.
pub(super) fn forget(db: &Connection, id: u32) -> rusqlite::Result<bool> {
    let forgotten =
        db.prepare_cached("DELETE FROM meta WHERE key IN ('key.' || ?1, 'since.' || ?1)")?.execute([id])?;
    Ok(forgotten > 0)
}

/// A new key, with its event. Told twice it is one.
pub(super) fn add(tx: &Trail<'_>, id: u32, check_value: &[u8]) -> rusqlite::Result<()> {
    if know(tx, id, check_value, tx.at())? {
        tx.host(EventKind::KeyRotate, &Details { was: Some(&id.to_string()), ..Details::default() })?;
    }
    Ok(())
}

/// What depends on the key is revoked, and the key is not known any more.
pub(super) fn retire(tx: &Trail<'_>, id: u32) -> rusqlite::Result<Vec<AppPasswordId>> {
    let revoked = revoke_all(tx, id, RETIRED)?;
    if forget(tx, id)? || !revoked.is_empty() {
        gone(tx, EventKind::KeyRetire, id, revoked.len())?;
    }
    Ok(revoked)
}

/// The same of keys that are lost.
pub(super) fn lose(tx: &Trail<'_>, ids: &[u32]) -> rusqlite::Result<usize> {
    let mut all = 0;
    for id in ids {
        let revoked = revoke_all(tx, *id, LOST)?.len();
        forget(tx, *id)?;
        gone(tx, EventKind::KeyLost, *id, revoked)?;
        all += revoked;
    }
    Ok(all)
}

/// Keys on which nothing depends are not known any more: all of them, or `false` and none.
pub(super) fn forget_unneeded(tx: &Connection, ids: &[u32]) -> rusqlite::Result<bool> {
    for id in ids {
        if depend(tx, *id)? > 0 {
            return Ok(false);
        }
    }
    for id in ids {
        forget(tx, *id)?;
    }
    Ok(true)
}

/// These keys are the ones from now on, with the event of it.
pub(super) fn import(tx: &Trail<'_>, keys: &[(u32, [u8; 16])]) -> rusqlite::Result<()> {
    for (id, check_value) in keys {
        know(tx, *id, check_value, tx.at())?;
    }
    let ids: Vec<String> = keys.iter().map(|(id, _)| id.to_string()).collect();
    tx.host(EventKind::KeyImport, &Details { was: Some(&ids.join(" ")), ..Details::default() })
}

fn gone(tx: &Trail<'_>, kind: EventKind, id: u32, revoked: usize) -> rusqlite::Result<()> {
    let reason = format!("{} revoked with it", log::was_or_were(revoked, "app password"));
    tx.host(kind, &Details { was: Some(&id.to_string()), reason: Some(&reason), ..Details::default() })
}

fn revoke_all(tx: &Trail<'_>, id: u32, reason: &str) -> rusqlite::Result<Vec<AppPasswordId>> {
    let ids: Vec<(AppPasswordId, UnixSeconds)> = tx
        .prepare_cached("SELECT id FROM app_password WHERE key = ?1 AND hash IS NOT NULL")?
        .query_map([id], |row| Ok((rows::id_from_sql(row.get(0)?)?, tx.at())))?
        .collect::<Result<_, _>>()?;
    Ok(write::revoke_for(tx, &ids, Halves::These, Some(reason))?.changed)
}

fn since(db: &Connection, id: u32) -> rusqlite::Result<Option<UnixSeconds>> {
    let value: Option<Vec<u8>> = db
        .prepare_cached("SELECT value FROM meta WHERE key = 'since.' || ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    // Databases of old times don't say.
    Ok(value.and_then(|value| std::str::from_utf8(&value).ok()?.parse().ok()))
}
