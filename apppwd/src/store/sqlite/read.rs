//! Queries. Each is one prepared statement, kept by its connection.

use super::rows::{self, LIVE, id_to_sql};
use super::{panic, rows_check};
use crate::clock::UnixSeconds;
use crate::store::{AccountId, AccountRecord, AppPasswordRecord, Counts, LoginRow, Restrictions};
use apppw_admin::AppPasswordId;
use rusqlite::{Connection, OptionalExtension};

pub(super) fn account(db: &Connection, name: &str) -> rusqlite::Result<Option<AccountRecord>> {
    let found = db.prepare_cached(rows::ACCOUNT_QUERY)?.query_row([name], rows::account).optional()?;
    // The index may be damaged or edited where the table is not: it must not open another one's account.
    match found {
        Some(account) if account.name != name => Err(rows::misled("account")),
        found => Ok(found),
    }
}

pub(super) fn any_account(db: &Connection) -> rusqlite::Result<Option<AccountRecord>> {
    db.prepare_cached(rows::ANY_ACCOUNT_QUERY)?.query_row([], rows::account).optional()
}

pub(super) fn account_by_id(db: &Connection, id: &AccountId) -> rusqlite::Result<Option<AccountRecord>> {
    let sql = format!("SELECT {} FROM account WHERE id = ?1", rows::ACCOUNT);
    db.prepare_cached(&sql)?.query_row([id.0], rows::account).optional()
}

pub(super) fn accounts(
    db: &Connection,
    after: &AccountId,
    limit: usize,
) -> rusqlite::Result<Vec<AccountRecord>> {
    let sql = format!("SELECT {} FROM account WHERE id > ?1 ORDER BY id LIMIT ?2", rows::ACCOUNT);
    let limit = rows::number_to_sql(limit);
    db.prepare_cached(&sql)?.query_map((after.0, limit), rows::account)?.collect()
}

pub(super) fn bound_accounts(
    db: &Connection,
    after: &str,
    limit: usize,
) -> rusqlite::Result<Vec<AccountRecord>> {
    let sql = format!(
        "SELECT {} FROM account WHERE uid IS NOT NULL AND name > ?1 ORDER BY name LIMIT ?2",
        rows::ACCOUNT
    );
    let limit = rows::number_to_sql(limit);
    db.prepare_cached(&sql)?.query_map((after, limit), rows::account)?.collect()
}

pub(super) fn login_row(
    db: &Connection,
    account: &AccountId,
    key: u32,
    tag: u32,
) -> rusqlite::Result<Option<LoginRow>> {
    db.prepare_cached(rows::LOGIN_QUERY)?
        .query_row((account.0, key, tag), |row| {
            let is_its_own = row.get_ref(rows::LOGIN_ACCOUNT)?.as_blob()? == account.0;
            if is_its_own { rows::login_row(row) } else { Err(rows::misled("account's app password")) }
        })
        .optional()
}

pub(super) fn app_password(
    db: &Connection,
    id: AppPasswordId,
) -> rusqlite::Result<Option<AppPasswordRecord>> {
    let sql = format!(
        "SELECT {} FROM app_password p JOIN account a ON a.id = p.account WHERE p.id = ?1",
        rows::APP_PASSWORD
    );
    db.prepare_cached(&sql)?.query_row([id_to_sql(id)], rows::app_password).optional()
}

pub(super) fn counts(
    db: &Connection,
    account: Option<&AccountId>,
    now: UnixSeconds,
) -> rusqlite::Result<Counts> {
    let id = account.map(|account| account.0);
    // Written for the index where there is one account.
    let of = |column: &str| if id.is_some() { format!("{column} = ?1") } else { "?1 IS NULL".to_owned() };
    let sql = format!("SELECT count(*), count(enrolled), count(locked) FROM account WHERE {}", of("id"));
    let (accounts, enrolled, locked) =
        db.prepare_cached(&sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let sql = format!(
        "SELECT count(*) FILTER (WHERE {LIVE}), count(*) FILTER (WHERE {LIVE} AND suspended IS NOT NULL), \
             count(revoked) FROM app_password WHERE {}",
        of("account")
    );
    let (live, suspended, revoked) =
        db.prepare_cached(&sql)?.query_row((id, now), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(Counts { accounts, enrolled, locked, live, suspended, revoked })
}

/// Whether there are app passwords whose numbers are no ids.
pub(super) fn has_wrong_ids(db: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM app_password WHERE id < 0 OR id >= 1 << 40)";
    db.query_row(sql, [], |row| row.get(0))
}

/// What is wrong with the tables that decide who gets in, and their indexes: an account that its index doesn't
/// find would pass for one that was never enrolled.
pub(super) fn check(db: &Connection, thorough: bool) -> rusqlite::Result<Option<String>> {
    if has_wrong_ids(db)? {
        return Ok(Some("it has app passwords whose numbers are no ids".to_owned()));
    }
    // 5 ms a MiB.
    const ALWAYS: i64 = 64 << 20;
    let number = |pragma: &str| db.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0));
    if !thorough && number("page_count")?.saturating_mul(number("page_size")?) > ALWAYS {
        return Ok(None);
    }
    for table in ["account", "app_password"] {
        let said: String = db.query_row(&format!("PRAGMA integrity_check({table})"), [], |row| row.get(0))?;
        if said != "ok" {
            let said = said.lines().collect::<Vec<_>>().join(" ");
            return match unread(&said) {
                Some(code) => {
                    Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some(said)))
                }
                None => Ok(Some(said)),
            };
        }
    }
    if thorough { rows_check::first_unreadable(db, false) } else { Ok(None) }
}

/// The code of a page that the disk did not give: that is no damage, and may pass.
fn unread(said: &str) -> Option<i32> {
    let code = said.split_once("error code=")?.1.split_whitespace().next()?.parse::<i32>().ok()?;
    (code & 0xff == rusqlite::ffi::SQLITE_IOERR).then_some(code)
}

pub(super) fn restrictions(db: &Connection) -> rusqlite::Result<Restrictions> {
    let marked = |columns: &str, condition: &str| {
        db.prepare(&format!("SELECT {columns} FROM app_password WHERE {condition}"))?
            .query_map([], |row| Ok((rows::id_from_sql(row.get(0)?)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<_>>>()
    };
    Ok(Restrictions {
        revoked: marked("id, revoked", "revoked IS NOT NULL")?,
        suspended: marked("id, suspended", "suspended IS NOT NULL AND revoked IS NULL")?,
        retired: marked("id, expires", "successor IS NOT NULL AND revoked IS NULL AND expires IS NOT NULL")?,
        panic: panic::read(db)?,
    })
}
