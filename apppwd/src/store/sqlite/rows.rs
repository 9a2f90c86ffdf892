//! Between SQLite's columns and the store's types.

use crate::scope::{Pin, Scope};
use crate::store::{AccountId, AccountRecord, AppPasswordRecord, Hash, LoginRow, Scheme};
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::{Actor, ActorRole, Use};
use rusqlite::{Row, types::Type};

/// Argon2id's number in the `scheme` column.
const ARGON2ID: i64 = 1;

/// Of an app password: it is neither revoked nor over at the second `?2`, noticed or not. It may be suspended.
pub(super) const LIVE: &str = "revoked IS NULL AND expired IS NULL AND (expires IS NULL OR expires > ?2)";

pub(super) const fn scheme_to_sql(scheme: Scheme) -> i64 {
    match scheme {
        Scheme::Argon2id => ARGON2ID,
    }
}

macro_rules! account_columns {
    () => {
        "id, name, given, uid, enrolled, locked, created"
    };
}

/// The columns that [`account`] reads, in its order.
pub(super) const ACCOUNT: &str = account_columns!();

/// One of the two queries of the warm path, each one string, so that its prepared statement is found at
/// once. [`account`] reads it. By the id, so that the name that is read is the table's and not the index's.
pub(super) const ACCOUNT_QUERY: &str = concat!(
    "SELECT ",
    account_columns!(),
    " FROM account WHERE id = (SELECT id FROM account WHERE name = ?1)"
);

/// The other; [`login_row`] reads it.
pub(super) const LOGIN_QUERY: &str = "SELECT p.services, p.networks, p.expires, p.pin_service, p.pin_network, p.id, \
    p.name, p.expired IS NOT NULL, p.suspended, p.revoked, p.scheme, p.key, p.memory_kib, p.iterations, \
    p.parallelism, p.salt, p.hash, p.account FROM app_password p WHERE p.account = ?1 AND p.key = ?2 AND p.tag = ?3";

/// Which of its columns says whose it is.
pub(super) const LOGIN_ACCOUNT: usize = 17;

/// The columns that [`app_password`] reads, in its order.
pub(super) const APP_PASSWORD: &str = "p.services, p.networks, p.expires, p.pin_service, p.pin_network, p.id, \
    p.account, a.name, p.name, p.expired, p.created, p.created_by, p.successor, p.suspended, p.suspended_by, \
    p.resumed, p.revoked, p.revoked_by";

/// How many columns [`scope`] reads, always the first ones.
const SCOPE_COLUMNS: usize = 5;

/// A limit or count as SQLite keeps it: the largest number that it has, where it has none so large.
pub(super) fn number_to_sql(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// An id as SQLite keeps it.
pub(super) fn id_to_sql(id: AppPasswordId) -> i64 {
    // 40 bits always fit.
    i64::try_from(id.bits()).unwrap_or_default()
}

/// The id, which is all of the number: two rows of a database that somebody edited must not be one app password,
/// the one revoked and the other not.
pub(super) fn id_from_sql(value: i64) -> rusqlite::Result<AppPasswordId> {
    let id = u64::try_from(value).ok().map(AppPasswordId::from_bits);
    id.filter(|id| id_to_sql(*id) == value).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, value))
}

/// What an index led to is not what was looked for.
pub(super) fn misled(what: &str) -> rusqlite::Error {
    let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    rusqlite::Error::SqliteFailure(error, Some(format!("an index leads to another {what}")))
}

/// Neither names nor networks hold control characters, so a newline separates them for sure.
pub(super) fn list_to_sql<T: std::fmt::Display>(entries: &[T]) -> String {
    entries.iter().map(T::to_string).collect::<Vec<_>>().join("\n")
}

pub(super) fn pin_to_sql<T: std::fmt::Display>(pin: &Pin<T>) -> Option<String> {
    match pin {
        Pin::No => None,
        Pin::Pending => Some(String::new()),
        Pin::To(value) => Some(value.to_string()),
    }
}

fn parsed<T: std::str::FromStr<Err: Into<Box<dyn std::error::Error + Send + Sync>>>>(
    column: usize,
    text: &str,
) -> rusqlite::Result<T> {
    text.parse().map_err(|e: T::Err| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, e.into()))
}

fn pin<T: std::str::FromStr<Err: Into<Box<dyn std::error::Error + Send + Sync>>>>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Pin<T>> {
    match row.get_ref(column)?.as_str_or_null()? {
        None => Ok(Pin::No),
        Some("") => Ok(Pin::Pending),
        Some(text) => parsed(column, text).map(Pin::To),
    }
}

/// The scope, from the first columns.
fn scope(row: &Row<'_>) -> rusqlite::Result<Scope> {
    Ok(Scope {
        services: row.get_ref(0)?.as_str()?.split('\n').map(str::to_owned).collect(),
        networks: row.get_ref(1)?.as_str()?.lines().map(|net| parsed(1, net)).collect::<Result<_, _>>()?,
        expires: row.get(2)?,
        pin_service: pin(row, 3)?,
        pin_network: pin(row, 4)?,
    })
}

pub(super) fn account(row: &Row<'_>) -> rusqlite::Result<AccountRecord> {
    Ok(AccountRecord {
        id: AccountId(row.get(0)?),
        name: row.get(1)?,
        given: row.get(2)?,
        uid: row.get(3)?,
        enrolled: row.get(4)?,
        locked: row.get(5)?,
        created: row.get(6)?,
    })
}

pub(crate) fn login_row(row: &Row<'_>) -> rusqlite::Result<LoginRow> {
    let n = SCOPE_COLUMNS;
    Ok(LoginRow {
        scope: scope(row)?,
        id: id_from_sql(row.get(n)?)?,
        name: row.get(n + 1)?,
        expired: row.get(n + 2)?,
        suspended: row.get(n + 3)?,
        revoked: row.get(n + 4)?,
        hash: hash(row, n + 5)?,
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

pub(crate) fn app_password(row: &Row<'_>) -> rusqlite::Result<AppPasswordRecord> {
    let n = SCOPE_COLUMNS;
    Ok(AppPasswordRecord {
        scope: scope(row)?,
        id: id_from_sql(row.get(n)?)?,
        account: AccountId(row.get(n + 1)?),
        user: row.get(n + 2)?,
        name: row.get(n + 3)?,
        expired: row.get(n + 4)?,
        created: row.get(n + 5)?,
        created_by: actor_of(n + 6, row.get_ref(n + 6)?.as_str()?)?,
        successor: row.get::<_, Option<i64>>(n + 7)?.map(id_from_sql).transpose()?,
        suspended: row.get(n + 8)?,
        suspended_by: actor(row, n + 9)?,
        resumed: row.get(n + 10)?,
        revoked: row.get(n + 11)?,
        revoked_by: actor(row, n + 12)?,
    })
}

/// The columns `service, rhost, unproven, host, first, last, count`.
pub(super) fn used(row: &Row<'_>) -> rusqlite::Result<Use> {
    Ok(Use {
        service: row.get(0)?,
        rhost: row.get::<_, Option<String>>(1)?.filter(|rhost| !rhost.is_empty()),
        rhost_unproven: row.get(2)?,
        host: row.get(3)?,
        first: row.get(4)?,
        last: row.get(5)?,
        count: row.get(6)?,
    })
}

/// Who did it, if anyone did.
pub(super) fn actor(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Actor>> {
    row.get_ref(column)?.as_str_or_null()?.map(|text| actor_of(column, text)).transpose()
}

/// `UID ROLE ON-BEHALF-OF NAME`, `-` for none: a few bytes in each row. `UID/LOGIN-UID` where the
/// kernel told that one too.
pub(super) fn actor_to_sql(actor: &Actor) -> String {
    let Actor { uid, login_uid, role, on_behalf_of, name } = actor;
    let login = login_uid.map(|login| format!("/{login}")).unwrap_or_default();
    let or_none = |text: &Option<String>| text.as_deref().unwrap_or("-").to_owned();
    format!("{uid}{login} {} {} {}", role.as_str(), or_none(on_behalf_of), or_none(name))
}

/// Back from there.
pub(super) fn actor_from_sql(text: &str) -> Option<Actor> {
    let some = |word: &str| (word != "-").then(|| word.to_owned());
    let mut words = text.splitn(4, ' ');
    let uids = words.next()?;
    let (uid, login) = uids.split_once('/').map_or((uids, None), |(uid, login)| (uid, Some(login)));
    Some(Actor {
        uid: uid.parse().ok()?,
        login_uid: login.map(str::parse).transpose().ok()?,
        role: ActorRole::from_word(words.next()?)?,
        on_behalf_of: some(words.next()?),
        name: some(words.next()?),
    })
}

fn actor_of(column: usize, text: &str) -> rusqlite::Result<Actor> {
    actor_from_sql(text).ok_or_else(|| {
        let why = format!("not an actor: {text:?}");
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why.into())
    })
}
