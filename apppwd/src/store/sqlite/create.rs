//! Putting a new app password in.

use super::rows::{self, id_from_sql, id_to_sql, services_to_sql};
use super::{read, write};
use crate::store::{AccountRecord, Created, NewAppPassword};
use apppw_admin::AppPasswordId;
use rusqlite::{OptionalExtension, Transaction};

pub(super) fn create(tx: &Transaction<'_>, new: &NewAppPassword) -> rusqlite::Result<Created> {
    let Some(account) = account_for(tx, new)? else { return Ok(Created::Collision) };
    if let (Some(kept), Some(found)) = (account.uid, new.account.uid)
        && kept != found
    {
        return Ok(Created::OtherUid(kept));
    }
    let same_name: Option<i64> = tx
        .prepare_cached("SELECT id FROM app_password WHERE account = ?1 AND name = ?2 AND revoked IS NULL")?
        .query_row((account.id.0, &new.name), |row| row.get(0))
        .optional()?;
    if let Some(id) = same_name {
        return Ok(Created::NameTaken(id_from_sql(id)));
    }
    let live: u32 = tx
        .prepare_cached("SELECT count(*) FROM app_password WHERE account = ?1 AND revoked IS NULL")?
        .query_row([account.id.0], |row| row.get(0))?;
    if live >= new.most_live {
        return Ok(Created::TooManyLive);
    }
    if is_taken(tx, &account, new)? {
        return Ok(Created::Collision);
    }
    insert(tx, &account, new)?;
    let newly_enrolled = account.enrolled.is_none();
    if newly_enrolled {
        tx.prepare_cached("UPDATE account SET enrolled = ?2 WHERE id = ?1")?
            .execute((account.id.0, new.at))?;
    }
    let account = AccountRecord { enrolled: account.enrolled.or(Some(new.at)), ..account };
    Ok(Created::Done { account, newly_enrolled })
}

/// The account of that name. `None` if it was to be made but another creation was faster, or
/// the other way round: the tag was then computed with the wrong account id.
fn account_for(tx: &Transaction<'_>, new: &NewAppPassword) -> rusqlite::Result<Option<AccountRecord>> {
    let wanted = &new.account;
    match read::account(tx, &wanted.name)? {
        Some(found) if found.id == wanted.id => Ok(Some(found)),
        None if new.new_account => {
            write::insert_account(tx, wanted)?;
            Ok(Some(AccountRecord { enrolled: None, ..wanted.clone() }))
        }
        _ => Ok(None),
    }
}

fn is_taken(tx: &Transaction<'_>, account: &AccountRecord, new: &NewAppPassword) -> rusqlite::Result<bool> {
    tx.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM app_password WHERE id = ?1)
             OR EXISTS (SELECT 1 FROM app_password WHERE account = ?2 AND key = ?3 AND tag = ?4)",
    )?
    .query_row((id_to_sql(new.id), account.id.0, new.hash.key, new.tag), |row| row.get(0))
}

fn insert(tx: &Transaction<'_>, account: &AccountRecord, new: &NewAppPassword) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO app_password (id, account, name, services, scheme, key, tag, memory_kib, iterations, \
         parallelism, salt, hash, created, created_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(rusqlite::params![
        id_to_sql(new.id),
        account.id.0,
        new.name,
        services_to_sql(&new.services),
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

pub(super) fn undo(tx: &Transaction<'_>, id: AppPasswordId, new_account: bool) -> rusqlite::Result<()> {
    let account: Option<[u8; 16]> = tx
        .query_row("DELETE FROM app_password WHERE id = ?1 RETURNING account", [id_to_sql(id)], |row| {
            row.get(0)
        })
        .optional()?;
    tx.execute("UPDATE account SET enrolled = NULL WHERE id = ?1", [account])?;
    if new_account {
        tx.execute("DELETE FROM account WHERE id = ?1", [account])?;
    }
    Ok(())
}
