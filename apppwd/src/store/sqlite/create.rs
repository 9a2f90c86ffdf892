//! Putting a new app password in.
//!
//! All checks come before the first change, for what is refused is committed too.

use super::rows::{self, LIVE, id_from_sql, id_to_sql, list_to_sql, pin_to_sql};
use super::trail::{Details, Trail};
use super::{account, life, read};
use crate::clock::UnixSeconds;
use crate::scope::Scope;
use crate::store::{AccountRecord, Created, NewAppPassword, Rotation};
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::EventKind;
use rusqlite::{Connection, OptionalExtension};

const DAY: i64 = 86_400;

/// Most old halves of one app password in their grace at once: they count for no limit.
const MOST_HALVES: i64 = 2;

pub(super) fn create(tx: &Trail<'_>, new: &NewAppPassword) -> rusqlite::Result<Created> {
    let Some(account) = account_for(tx, new)? else { return Ok(no_account(new)) };
    if let Some(refused) = refusal(tx, &account, new)? {
        return Ok(refused);
    }
    if is_taken(tx, &account, new)? {
        return Ok(Created::Collision);
    }
    if new.new_account {
        account::insert(tx, &account)?;
    }
    life::note_expired(tx, &account.id)?;
    if let Some(rotation) = &new.rotates {
        retire(tx, rotation, new.id)?;
    }
    insert(tx, &account, new)?;
    if let Some(rotation) = &new.rotates {
        inherit(tx, rotation, new.id)?;
    }
    let was = new.rotates.map(|rotation| rotation.old.to_string());
    let kind = if was.is_some() { EventKind::Rotate } else { EventKind::Create };
    let details = Details { was: was.as_deref(), services: &new.scope.services, ..Details::default() };
    tx.app_password(kind, new.id, &details)?;
    let newly_enrolled = account.enrolled.is_none();
    if newly_enrolled {
        // One that was only locked or enrolled by name, while nobody could say whose it is.
        tx.prepare_cached("UPDATE account SET uid = coalesce(uid, ?2) WHERE id = ?1")?
            .execute((account.id.0, new.account.uid))?;
        tx.account(EventKind::UserEnroll, &account.id, &Details::default())?;
    }
    tx.prepare_cached(
        "UPDATE account SET enrolled = coalesce(enrolled, ?2), creations = iif(creation_day = ?3, creations, 0) + 1,
             creation_day = ?3
         WHERE id = ?1",
    )?
    .execute((account.id.0, new.at, new.at.div_euclid(DAY)))?;
    let account = AccountRecord { enrolled: account.enrolled.or(Some(new.at)), ..account };
    Ok(Created::Done { account, newly_enrolled })
}

/// Why there can be no such app password, whatever its secret is. Asked before Argon2id, on a
/// reader, and in the transaction that adds: racing creations can't exceed a limit.
pub(super) fn check(db: &Connection, new: &NewAppPassword) -> rusqlite::Result<Option<Created>> {
    match account_for(db, new)? {
        Some(account) => refusal(db, &account, new),
        None => Ok(Some(no_account(new))),
    }
}

/// Another creation or a deletion was faster: a new account may be tried again, what is rotated has gone
/// with its own.
const fn no_account(new: &NewAppPassword) -> Created {
    if new.rotates.is_some() { Created::NotRotatable } else { Created::Collision }
}

fn refusal(
    tx: &Connection,
    account: &AccountRecord,
    new: &NewAppPassword,
) -> rusqlite::Result<Option<Created>> {
    if let (Some(kept), Some(found)) = (account.uid, new.account.uid)
        && kept != found
    {
        return Ok(Some(Created::OtherUid(kept)));
    }
    if new.owner.is_some_and(|owner| account.uid != Some(owner)) {
        return Ok(Some(Created::NotBound));
    }
    if account.locked.is_some() {
        return Ok(Some(Created::Locked));
    }
    let old = new.rotates.map(|rotation| id_to_sql(rotation.old));
    if let Some(old) = old {
        if !is_rotatable(tx, account, old, new.at)? {
            return Ok(Some(Created::NotRotatable));
        }
        if halves_of(tx, old, new.at)? >= MOST_HALVES {
            return Ok(Some(Created::TooManyHalves));
        }
    }
    // The old half of a rotation, now or before, is outside the rules on names and numbers.
    let (mut same_name, mut live) = (None, 0);
    let mut others = tx.prepare_cached(&format!(
        "SELECT id, name FROM app_password WHERE account = ?1 AND {LIVE} AND successor IS NULL AND id IS NOT ?3"
    ))?;
    let mut rows = others.query((account.id.0, new.at, old))?;
    while let Some(row) = rows.next()? {
        live += 1;
        if row.get_ref(1)?.as_str()? == new.name {
            same_name = Some(id_from_sql(row.get(0)?)?);
        }
    }
    if let Some(id) = same_name {
        return Ok(Some(Created::NameTaken(id)));
    }
    // A rotation takes no room: also where the limit is lower than it was, a secret can be replaced.
    if new.rotates.is_none() && live >= new.limits.live {
        return Ok(Some(Created::TooManyLive));
    }
    let made_today: u32 = tx
        .prepare_cached("SELECT creations FROM account WHERE id = ?1 AND creation_day = ?2")?
        .query_row((account.id.0, new.at.div_euclid(DAY)), |row| row.get(0))
        .optional()?
        .unwrap_or(0);
    if new.limits.per_day.is_some_and(|most| made_today >= most) {
        return Ok(Some(Created::TooManyToday));
    }
    Ok(None)
}

fn is_rotatable(
    db: &Connection,
    account: &AccountRecord,
    old: i64,
    now: UnixSeconds,
) -> rusqlite::Result<bool> {
    db.prepare_cached(&format!(
        "SELECT EXISTS (SELECT 1 FROM app_password WHERE id = ?1 AND account = ?3 AND {LIVE}
             AND suspended IS NULL AND successor IS NULL)"
    ))?
    .query_row((old, now, account.id.0), |row| row.get(0))
}

/// How many old halves this one has that still live.
fn halves_of(db: &Connection, newest: i64, now: UnixSeconds) -> rusqlite::Result<i64> {
    db.prepare_cached(&format!("SELECT count(*) FROM app_password WHERE successor = ?1 AND {LIVE}"))?
        .query_row((newest, now), |row| row.get(0))
}

/// A pin may have closed since the caller read it: the new half is locked to the same.
fn inherit(tx: &Trail<'_>, rotation: &Rotation, new: AppPasswordId) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE app_password SET (pin_service, pin_network) =
             (SELECT pin_service, pin_network FROM app_password WHERE id = ?1) WHERE id = ?2",
    )?
    .execute((id_to_sql(rotation.old), id_to_sql(new)))?;
    Ok(())
}

/// Leaves the old half of a rotation to its grace. Older halves that still live are the new
/// one's too: all of them are one app password.
fn retire(tx: &Trail<'_>, rotation: &Rotation, successor: AppPasswordId) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE app_password SET successor = ?2, expires = min(coalesce(expires, ?3), ?3) WHERE id = ?1",
    )?
    .execute((id_to_sql(rotation.old), id_to_sql(successor), rotation.until))?;
    tx.prepare_cached("UPDATE app_password SET successor = ?2 WHERE successor = ?1 AND revoked IS NULL")?
        .execute((id_to_sql(rotation.old), id_to_sql(successor)))?;
    Ok(())
}

/// The account of that name. `None` if it was to be made but another creation was faster, or
/// the other way round: the tag was then computed with the wrong account id.
///
/// A rotation is for the account that has the old half, whatever it is called by now.
fn account_for(db: &Connection, new: &NewAppPassword) -> rusqlite::Result<Option<AccountRecord>> {
    let wanted = &new.account;
    if new.rotates.is_some() {
        return read::account_by_id(db, &wanted.id);
    }
    Ok(match read::account(db, &wanted.name)? {
        Some(found) if found.id == wanted.id && !new.new_account => Some(found),
        None if new.new_account => Some(AccountRecord { enrolled: None, locked: None, ..wanted.clone() }),
        _ => None,
    })
}

fn is_taken(tx: &Connection, account: &AccountRecord, new: &NewAppPassword) -> rusqlite::Result<bool> {
    tx.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM app_password WHERE id = ?1)
             OR EXISTS (SELECT 1 FROM app_password WHERE account = ?2 AND key = ?3 AND tag = ?4)",
    )?
    .query_row((id_to_sql(new.id), account.id.0, new.hash.key, new.tag), |row| row.get(0))
}

fn insert(tx: &Trail<'_>, account: &AccountRecord, new: &NewAppPassword) -> rusqlite::Result<()> {
    let Scope { services, networks, expires, pin_service, pin_network } = &new.scope;
    tx.prepare_cached(
        "INSERT INTO app_password (id, account, name, services, networks, expires, pin_service, pin_network, scheme, \
         key, tag, memory_kib, iterations, parallelism, salt, hash, created, created_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
    )?
    .execute(rusqlite::params![
        id_to_sql(new.id),
        account.id.0,
        new.name,
        list_to_sql(services),
        list_to_sql(networks),
        expires,
        pin_to_sql(pin_service),
        pin_to_sql(pin_network),
        rows::scheme_to_sql(new.hash.scheme),
        new.hash.key,
        new.tag,
        new.hash.memory_kib,
        new.hash.iterations,
        new.hash.parallelism,
        new.hash.salt,
        new.hash.value,
        new.at,
        rows::actor_to_sql(&new.by),
    ])?;
    Ok(())
}

pub(super) fn undo(tx: &Trail<'_>, new: &NewAppPassword, newly_enrolled: bool) -> rusqlite::Result<()> {
    tx.app_password(EventKind::UndoCreate, new.id, &Details::default())?;
    if newly_enrolled {
        tx.account(EventKind::UserUnenroll, &new.account.id, &Details::default())?;
    }
    tx.execute("DELETE FROM app_password WHERE id = ?1", [id_to_sql(new.id)])?;
    if let Some(Rotation { old, before, .. }) = new.rotates {
        tx.execute(
            "UPDATE app_password SET successor = NULL, expires = ?3 WHERE id = ?1 AND successor = ?2",
            (id_to_sql(old), id_to_sql(new.id), before),
        )?;
        tx.execute(
            "UPDATE app_password SET successor = ?1 WHERE successor = ?2",
            (id_to_sql(old), id_to_sql(new.id)),
        )?;
    }
    tx.execute(
        "UPDATE account SET creations = max(creations - 1, 0), enrolled = iif(?2, NULL, enrolled) WHERE id = ?1",
        (new.account.id.0, newly_enrolled),
    )?;
    if new.new_account {
        tx.execute(
            "DELETE FROM account WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM app_password WHERE account = ?1)",
            [new.account.id.0],
        )?;
    }
    Ok(())
}
