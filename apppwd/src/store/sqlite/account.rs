//! What befalls an account.

use super::rows::{self, id_from_sql};
use super::trail::{Details, Trail};
use super::write;
use crate::account::canonical_of;
use crate::clock::UnixSeconds;
use crate::config::UsersConfig;
use crate::store::{AccountId, AccountRecord, Halves, Refolded};
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::EventKind;
use rusqlite::OptionalExtension;
use std::collections::BTreeSet;

/// Puts a new account in, neither enrolled nor locked.
pub(super) fn insert(tx: &Trail<'_>, account: &AccountRecord) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT INTO account (id, name, given, uid, created) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute((account.id.0, &account.name, &account.given, account.uid, account.created))?;
    Ok(())
}

pub(super) fn set_enrolled(
    tx: &Trail<'_>,
    account: &AccountRecord,
    new_account: bool,
    enrolled: Option<UnixSeconds>,
) -> rusqlite::Result<bool> {
    let kind = if enrolled.is_some() { EventKind::UserEnroll } else { EventKind::UserUnenroll };
    let changed = set_mark(tx, "enrolled", account, new_account, enrolled)?;
    // An account that only the journal knew gets its mark taken back with it.
    if changed || new_account {
        tx.account(kind, &account.id, &Details::default())?;
    }
    Ok(changed)
}

pub(super) fn set_locked(
    tx: &Trail<'_>,
    account: &AccountRecord,
    new_account: bool,
    locked: bool,
    at: UnixSeconds,
) -> rusqlite::Result<bool> {
    let kind = if locked { EventKind::UserLock } else { EventKind::UserUnlock };
    let changed = set_mark(tx, "locked", account, new_account, locked.then_some(at))?;
    if changed || new_account {
        tx.account(kind, &account.id, &Details::default())?;
    }
    if !locked {
        tx.prepare_cached("UPDATE app_password SET resumed = ?2 WHERE account = ?1 AND revoked IS NULL")?
            .execute((account.id.0, at))?;
    }
    Ok(changed)
}

fn set_mark(
    tx: &Trail<'_>,
    mark: &str,
    account: &AccountRecord,
    new_account: bool,
    since: Option<UnixSeconds>,
) -> rusqlite::Result<bool> {
    if new_account {
        insert(tx, account)?;
    }
    let sql = format!("UPDATE account SET {mark} = ?2 WHERE id = ?1 AND ({mark} IS NULL) <> (?2 IS NULL)");
    Ok(tx.prepare_cached(&sql)?.execute((account.id.0, since))? > 0)
}

pub(super) fn lock_down(
    tx: &Trail<'_>,
    account: &AccountRecord,
    new_account: bool,
) -> rusqlite::Result<Vec<AppPasswordId>> {
    set_mark(tx, "locked", account, new_account, Some(tx.at()))?;
    let live: Vec<_> = live_ids(tx, &account.id)?.into_iter().map(|id| (id, tx.at())).collect();
    let revoked = write::revoke(tx, &live, Halves::These)?.changed;
    tx.account(EventKind::UserLockdown, &account.id, &Details::default())?;
    Ok(revoked)
}

pub(super) fn rename(tx: &Trail<'_>, account: &AccountId, name: &str) -> rusqlite::Result<bool> {
    let before: Option<String> =
        tx.query_row("SELECT name FROM account WHERE id = ?1", [account.0], |row| row.get(0)).optional()?;
    let changed =
        tx.execute("UPDATE OR IGNORE account SET name = ?2, given = ?2 WHERE id = ?1", (account.0, name))?;
    if changed > 0 {
        tx.execute("UPDATE OR REPLACE primary_use SET user = ?2 WHERE user = ?1", (&before, name))?;
        tx.account(
            EventKind::UserRename,
            account,
            &Details { was: before.as_deref(), ..Details::default() },
        )?;
    }
    Ok(changed > 0)
}

pub(super) fn delete(tx: &Trail<'_>, account: &AccountId) -> rusqlite::Result<Vec<AppPasswordId>> {
    let live = live_ids(tx, account)?;
    live.iter().try_for_each(|id| tx.app_password(EventKind::Revoke, *id, &Details::default()))?;
    tx.account(EventKind::UserDelete, account, &Details::default())?;
    // Uses go with their app password.
    tx.execute("DELETE FROM app_password WHERE account = ?1", [account.0])?;
    tx.execute("DELETE FROM primary_use WHERE user = (SELECT name FROM account WHERE id = ?1)", [account.0])?;
    tx.execute("DELETE FROM account WHERE id = ?1", [account.0])?;
    Ok(live)
}

fn live_ids(tx: &Trail<'_>, account: &AccountId) -> rusqlite::Result<Vec<AppPasswordId>> {
    tx.prepare_cached("SELECT id FROM app_password WHERE account = ?1 AND revoked IS NULL")?
        .query_map([account.0], |row| id_from_sql(row.get(0)?))?
        .collect()
}

/// Where the rules are kept by which the names are folded now, and whom they would join.
const RULES: &str = "users.rules";
const CLASHES: &str = "users.clashes";

/// Each account gets the canonical name of the one that it was given. Where two fall
/// together, the one that was given that very name has it, else the older one.
pub(super) fn refold(tx: &Trail<'_>, users: &UsersConfig) -> rusqlite::Result<Refolded> {
    let rules = format!("{users:?}");
    let before = meta(tx, RULES)?;
    if before.as_deref() == Some(rules.as_str()) || (before.is_none() && *users == UsersConfig::default()) {
        let kept = meta(tx, CLASHES)?.unwrap_or_default();
        let clashes = kept.lines().filter_map(|line| line.split_once('\t'));
        let clashes = clashes.map(|(given, name)| (given.to_owned(), name.to_owned())).collect();
        return Ok(Refolded { renamed: 0, clashes });
    }
    let sql = format!("SELECT {} FROM account ORDER BY created, given", rows::ACCOUNT);
    let accounts: Vec<AccountRecord> =
        tx.prepare(&sql)?.query_map([], rows::account)?.collect::<Result<_, _>>()?;
    let done = give_names(tx, &accounts, users)?;
    let clashes: Vec<String> = done.clashes.iter().map(|(given, name)| format!("{given}\t{name}")).collect();
    for (key, value) in [(RULES, rules), (CLASHES, clashes.join("\n"))] {
        tx.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", (key, value.as_bytes()))?;
    }
    Ok(done)
}

fn give_names(tx: &Trail<'_>, accounts: &[AccountRecord], users: &UsersConfig) -> rusqlite::Result<Refolded> {
    let given: BTreeSet<&str> = accounts.iter().map(|account| account.given.as_str()).collect();
    let mut taken: BTreeSet<String> = given.iter().map(|name| (*name).to_owned()).collect();
    let mut done = Refolded::default();
    let mut names = Vec::with_capacity(accounts.len());
    for account in accounts {
        let is_unix = account.uid.is_some();
        let name = canonical_of(&account.given, is_unix, users);
        // A bare Unix name and the virtual user's that the default domain makes of it.
        let other = canonical_of(&account.given, false, users);
        if is_unix && other != name && given.contains(other.as_str()) {
            done.clashes.push((account.given.clone(), other));
        }
        // A name that another was given is that one's, and nobody's given name is ever taken.
        if name == account.given {
            names.push(name);
        } else if taken.insert(name.clone()) {
            done.renamed += usize::from(name != account.name);
            names.push(name);
        } else {
            done.clashes.push((account.given.clone(), name));
            names.push(account.given.clone());
        }
    }
    // Aside first: one may get the name that another one still has.
    tx.execute("UPDATE account SET name = given || char(0) || hex(id)", [])?;
    let mut rename = tx.prepare("UPDATE OR IGNORE account SET name = ?2 WHERE id = ?1")?;
    for (account, name) in accounts.iter().zip(names) {
        let has_it = rename.execute((account.id.0, &name))? > 0;
        if has_it && name != account.name {
            let details = Details { was: Some(&account.name), ..Details::default() };
            tx.account(EventKind::UserRename, &account.id, &details)?;
        }
    }
    Ok(done)
}

fn meta(tx: &Trail<'_>, key: &str) -> rusqlite::Result<Option<String>> {
    let value: Option<Vec<u8>> =
        tx.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0)).optional()?;
    Ok(value.map(|value| String::from_utf8_lossy(&value).into_owned()))
}
