//! Whether all rows can be read as the daemon reads them. A login reads few columns, and a revocation all: a row of which only the
//! former can be read would let somebody in whom nobody can shut out. Of a database that somebody has edited.

use super::{events, rows};
use rusqlite::{Connection, Row};

/// Bytes that a name may have here; what is made has fewer.
const LONGEST_NAME: usize = 1024;

/// The first row that can't be read, and why; `all`: of what decides nothing, too.
///
/// # Errors
/// If the database can't be.
pub(super) fn first_unreadable(db: &Connection, all: bool) -> rusqlite::Result<Option<String>> {
    let mut found = of(db, "account", &format!("SELECT {} FROM account", rows::ACCOUNT), |row| {
        let account = rows::account(row)?;
        short_enough(&[&account.name, &account.given])
    })?;
    let app_passwords =
        format!("SELECT {} FROM app_password p JOIN account a ON a.id = p.account", rows::APP_PASSWORD);
    found = found.map_or_else(
        || {
            of(db, "app_password", &app_passwords, |row| {
                let one = rows::app_password(row)?;
                short_enough(&[&one.name])
            })
        },
        |found| Ok(Some(found)),
    )?;
    if found.is_some() || !all {
        return Ok(found);
    }
    let events = format!("SELECT {} FROM event", events::COLUMNS);
    if let Some(found) = of(db, "event", &events, |row| events::event(row).map(drop))? {
        return Ok(Some(found));
    }
    let uses = "SELECT service, rhost, unproven, host, first, last, count FROM use";
    of(db, "use", uses, |row| rows::used(row).map(drop))
}

fn of(
    db: &Connection,
    table: &str,
    sql: &str,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<Option<String>> {
    let mut query = db.prepare(sql)?;
    let mut rows = query.query([])?;
    loop {
        let why = match rows.next() {
            Ok(None) => return Ok(None),
            Ok(Some(row)) => match read(row) {
                Ok(()) => continue,
                Err(why) => why,
            },
            Err(why) if why.sqlite_error_code() == Some(rusqlite::ErrorCode::TooBig) => why,
            Err(error) => return Err(error),
        };
        return Ok(Some(format!("a row of its table {table} can't be read: {why}")));
    }
}

fn short_enough(names: &[&str]) -> rusqlite::Result<()> {
    let is_long = names.iter().any(|name| name.len() > LONGEST_NAME);
    let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_TOOBIG);
    if is_long {
        Err(rusqlite::Error::SqliteFailure(error, Some("a name is too long".into())))
    } else {
        Ok(())
    }
}
