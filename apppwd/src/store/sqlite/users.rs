//! All accounts, at a glance.

use super::{read, rows};
use crate::clock::UnixSeconds;
use crate::store::{AccountRecord, Counts};
use apppw_admin::verbs::{Use, UserSummary};
use rusqlite::{Connection, OptionalExtension};

pub(super) fn read(
    db: &Connection,
    after: &str,
    limit: usize,
    now: UnixSeconds,
) -> rusqlite::Result<Vec<UserSummary>> {
    let sql = format!("SELECT {} FROM account WHERE name > ?1 ORDER BY name LIMIT ?2", rows::ACCOUNT);
    let limit = rows::number_to_sql(limit);
    let view = db.unchecked_transaction()?;
    let accounts: Vec<AccountRecord> =
        view.prepare_cached(&sql)?.query_map((after, limit), rows::account)?.collect::<Result<_, _>>()?;
    accounts.into_iter().map(|account| summary(&view, account, now)).collect()
}

fn summary(db: &Connection, account: AccountRecord, now: UnixSeconds) -> rusqlite::Result<UserSummary> {
    let Counts { live, suspended, revoked, .. } = read::counts(db, Some(&account.id), now)?;
    let last_use: Option<Use> = db
        .prepare_cached(
            "SELECT u.service, u.rhost, u.unproven, u.host, u.first, u.last, u.count
             FROM app_password p CROSS JOIN use u ON u.app_password = p.id WHERE p.account = ?1
             ORDER BY u.last DESC LIMIT 1",
        )?
        .query_row([account.id.0], rows::used)
        .optional()?;
    let AccountRecord { name: user, uid, enrolled, locked, created, .. } = account;
    Ok(UserSummary { user, uid, enrolled, locked, created, live, suspended, revoked, last_use })
}
