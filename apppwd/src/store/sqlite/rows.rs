//! Between SQLite's columns and the store's types.

use crate::store::{AccountId, AccountRecord, AppPasswordRecord, Hash, LoginRow, Scheme};
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::{Actor, ActorRole};
use rusqlite::{Row, types::Type};

/// Argon2id's number in the `scheme` column.
const ARGON2ID: i64 = 1;

pub(super) const fn scheme_to_sql(scheme: Scheme) -> i64 {
    match scheme {
        Scheme::Argon2id => ARGON2ID,
    }
}

/// The columns that [`app_password`] reads, in its order.
pub(super) const APP_PASSWORD: &str = "p.id, p.account, a.name, p.name, p.services, p.created, p.created_by, \
                                       p.revoked, p.revoked_by";

/// An id as SQLite keeps it.
pub(super) fn id_to_sql(id: AppPasswordId) -> i64 {
    // 40 bits always fit.
    i64::try_from(id.bits()).unwrap_or_default()
}

pub(super) fn id_from_sql(value: i64) -> AppPasswordId {
    AppPasswordId::from_bits(u64::try_from(value).unwrap_or_default())
}

/// Names hold no control characters, so a newline separates them for sure.
pub(super) fn services_to_sql(services: &[String]) -> String {
    services.join("\n")
}

fn services_from_sql(text: &str) -> Vec<String> {
    text.split('\n').map(str::to_owned).collect()
}

pub(super) fn account(row: &Row<'_>) -> rusqlite::Result<AccountRecord> {
    Ok(AccountRecord {
        id: AccountId(row.get(0)?),
        name: row.get(1)?,
        uid: row.get(2)?,
        enrolled: row.get(3)?,
        created: row.get(4)?,
    })
}

pub(super) fn login_row(row: &Row<'_>) -> rusqlite::Result<LoginRow> {
    Ok(LoginRow {
        id: id_from_sql(row.get(0)?),
        name: row.get(1)?,
        services: services_from_sql(row.get_ref(2)?.as_str()?),
        revoked: row.get(3)?,
        hash: hash(row, 4)?,
    })
}

/// The hash in the columns `scheme, key, memory_kib, iterations, parallelism, salt, hash`
/// from `first` on.
fn hash(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Hash>> {
    let (Some(salt), Some(value)) = (row.get(first + 5)?, row.get(first + 6)?) else {
        return Ok(None);
    };
    let scheme: i64 = row.get(first)?;
    if scheme != ARGON2ID {
        let why = format!("unknown hash scheme {scheme}");
        return Err(rusqlite::Error::FromSqlConversionFailure(first, Type::Integer, why.into()));
    }
    Ok(Some(Hash {
        scheme: Scheme::Argon2id,
        key: row.get(first + 1)?,
        memory_kib: row.get(first + 2)?,
        iterations: row.get(first + 3)?,
        parallelism: row.get(first + 4)?,
        salt,
        value,
    }))
}

pub(super) fn app_password(row: &Row<'_>) -> rusqlite::Result<AppPasswordRecord> {
    Ok(AppPasswordRecord {
        id: id_from_sql(row.get(0)?),
        account: AccountId(row.get(1)?),
        user: row.get(2)?,
        name: row.get(3)?,
        services: services_from_sql(row.get_ref(4)?.as_str()?),
        created: row.get(5)?,
        created_by: actor_from_sql(6, row.get_ref(6)?.as_str()?)?,
        revoked: row.get(7)?,
        revoked_by: row.get_ref(8)?.as_str_or_null()?.map(|text| actor_from_sql(8, text)).transpose()?,
    })
}

/// `UID ROLE ON-BEHALF-OF NAME`, `-` for none: a few bytes in each row.
pub(super) fn actor_to_sql(actor: &Actor) -> String {
    let Actor { uid, role, on_behalf_of, name } = actor;
    let or_none = |text: &Option<String>| text.as_deref().unwrap_or("-").to_owned();
    format!("{uid} {} {} {}", role.as_str(), or_none(on_behalf_of), or_none(name))
}

fn actor_from_sql(column: usize, text: &str) -> rusqlite::Result<Actor> {
    let some = |word: &str| (word != "-").then(|| word.to_owned());
    let parse = || {
        let mut words = text.splitn(4, ' ');
        Some(Actor {
            uid: words.next()?.parse().ok()?,
            role: ActorRole::from_word(words.next()?)?,
            on_behalf_of: some(words.next()?),
            name: some(words.next()?),
        })
    };
    parse().ok_or_else(|| {
        let why = format!("not an actor: {text:?}");
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why.into())
    })
}
