//! The schema: which it is, how an older one becomes the newest, and whether somebody has changed it.

use super::copy;
use super::files::{beside, put_in_place};
use super::open::{Empty, open_error};
use crate::fault::Fault;
use crate::store::OpenError;
use rusqlite::{Connection, TransactionBehavior};
use std::path::{Path, PathBuf};

/// Each step from one schema to the next; `user_version` counts those that are done.
const MIGRATIONS: &[&str] =
    &[include_str!("0001.sql"), include_str!("0002.sql"), include_str!("0003.sql"), include_str!("0004.sql")];

/// The newest schema.
pub(super) const NEWEST_SCHEMA: usize = MIGRATIONS.len();

/// The highest number that an event may have: half of all, which the clock reaches in 146,000 years.
const LAST_EVENT: i64 = i64::MAX / 2;

/// The schema's number; 0: there is none.
pub(super) fn schema_number(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// The newest schema that is known.
pub(super) fn newest_schema() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Where the database is kept as it was before it was brought to that schema.
fn before_schema(path: &Path, schema: i64) -> PathBuf {
    beside(path, &format!(".before-schema-{schema}"))
}

/// What an older apppwd can go on with where a newer one has brought the database to schema `found`.
fn before_upgrade(path: &Path, found: i64) -> Option<PathBuf> {
    let newer = newest_schema().saturating_add(1)..=found.min(newest_schema().saturating_add(100));
    newer.map(|schema| before_schema(path, schema)).find(|kept| kept.is_file())
}

/// A database of an older schema is copied before it is touched: there is no way back otherwise.
pub(super) fn back_up_before_migration(connection: &Connection, path: &Path) -> Result<(), Fault> {
    let found = schema_number(connection).map_err(|e| open_error(path, &e))?;
    let newest = newest_schema();
    if !(1..newest).contains(&found) {
        return Ok(());
    }
    let kept = before_schema(path, newest);
    let why = |why: String| OpenError::NotKept { path: path.to_owned(), kept: kept.clone(), why };
    let copied = copy::write(connection, path).map_err(|error| why(error.to_string()));
    let placed = copied.and_then(|copy| put_in_place(&copy, &kept).map_err(|error| why(error.to_string())));
    if placed.is_err() {
        // Half of it would only fill the disk.
        let _ = copy::remove_begun(path);
    }
    placed?;
    tracing::info!(
        "the database has schema {found} and is brought to {newest}; as it was it is kept in {}",
        kept.display()
    );
    Ok(())
}

pub(super) fn migrate(connection: &mut Connection, path: &Path, empty: Empty) -> Result<(), Fault> {
    let unusable = |e| open_error(path, &e);
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unusable)?;
    let (found, known) = (schema_number(&tx).map_err(unusable)?, newest_schema());
    if found > known {
        let kept = before_upgrade(path, found);
        return Err(OpenError::Newer { path: path.to_owned(), found, known, kept }.into());
    }
    match empty {
        Empty::Refused if found == 0 => return Err(OpenError::Empty { path: path.to_owned() }.into()),
        Empty::Demanded if found > 0 => return Err(Fault::NothingToInit { database: path.to_owned() }),
        _ => {}
    }
    for step in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        tx.execute_batch(step).map_err(unusable)?;
    }
    if found < known {
        tx.pragma_update(None, "user_version", known).map_err(unusable)?;
    }
    Ok(tx.commit().map_err(unusable)?)
}

/// The schema must be the one that the migrations make: a trigger or another table in a
/// backup that was put back is somebody's doing.
pub(super) fn check_schema(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let unusable = |e| open_error(path, &e);
    if has_schema(connection, newest_schema()).map_err(unusable)? {
        return Ok(());
    }
    let why = "its schema is not the one that apppwd makes: somebody has changed it".to_owned();
    Err(OpenError::Unusable { path: path.to_owned(), why })
}

/// Whether its schema is the one of that number, and nothing besides.
pub(super) fn has_schema(connection: &Connection, number: i64) -> rusqlite::Result<bool> {
    let expected = Connection::open_in_memory()?;
    make_schema(&expected, number)?;
    Ok(schema_of(connection)? == schema_of(&expected)?)
}

/// The schema of that number, from nothing.
pub(super) fn make_schema(connection: &Connection, number: i64) -> rusqlite::Result<()> {
    let steps = usize::try_from(number).unwrap_or(0);
    MIGRATIONS.iter().take(steps).try_for_each(|step| connection.execute_batch(step))
}

/// Tables, indexes, triggers, views, with the table that each is on. What SQLite keeps for itself too: an index
/// under such a name could answer in the place of the table.
fn schema_of(connection: &Connection) -> rusqlite::Result<Vec<(String, String, Option<String>)>> {
    connection
        .prepare("SELECT type || ' ' || name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect()
}

/// With a number at the end of all numbers no event could be written any more, and so no change be made.
pub(super) fn check_numbers(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_sequence WHERE typeof(seq) <> 'integer' OR seq > ?1)";
    let are_out: bool =
        connection.query_row(sql, [LAST_EVENT], |row| row.get(0)).map_err(|e| open_error(path, &e))?;
    if !are_out {
        return Ok(());
    }
    let why = "the numbers of its events are at their end: somebody has changed it".to_owned();
    Err(OpenError::Unusable { path: path.to_owned(), why })
}
