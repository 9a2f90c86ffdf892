//! The database, looked at closely.

use super::record;
use super::schema::NEWEST_SCHEMA;
use apppw_admin::verbs::DatabaseCheckup;
use rusqlite::{Connection, ErrorCode, OptionalExtension};

/// The row of `meta` with the time of the last backup, in Unix seconds.
const LAST_BACKUP: &str = "last_backup";

/// Most lines told of what `quick_check` finds: the first ones say where it is.
const SHOWN: usize = 3;

pub(super) fn examine(db: &Connection) -> rusqlite::Result<DatabaseCheckup> {
    // What is in this connection's memory is sound whatever has become of the file.
    db.execute_batch("PRAGMA shrink_memory")?;
    // One view of the database: its size and its damage are told of the same moment.
    let view = db.unchecked_transaction()?;
    let damage = damage(&view)?;
    // What is damaged may give none of these any more; that it is damaged is to be told all the same.
    let number =
        |pragma: &str| match view.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, u64>(0)) {
            Err(_) if damage.is_some() => Ok(0),
            read => read,
        };
    Ok(DatabaseCheckup {
        schema: u32::try_from(number("user_version")?).unwrap_or(u32::MAX),
        newest_schema: u32::try_from(NEWEST_SCHEMA).unwrap_or(u32::MAX),
        bytes: number("page_count")?.saturating_mul(number("page_size")?),
        generation: record::read(&view).ok().flatten().map_or(0, |marks| marks.run),
        last_backup: last_backup(&view).ok().flatten(),
        damage,
    })
}

/// What `quick_check` says, if it isn't "ok": the form of all pages, and whether rows are as the schema wants them.
fn damage(db: &Connection) -> rusqlite::Result<Option<String>> {
    let mut statement = db.prepare(&format!("PRAGMA quick_check({SHOWN})"))?;
    let said: rusqlite::Result<Vec<String>> = statement.query_map([], |row| row.get(0))?.collect();
    let said = match said {
        // Damage at the beginning of the file is told as an error.
        Err(error) if is_damage(&error) => error.to_string(),
        said => said?.join("; ").lines().collect::<Vec<_>>().join(" "),
    };
    Ok((said != "ok").then_some(said))
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn last_backup(db: &Connection) -> rusqlite::Result<Option<i64>> {
    let value: Option<Vec<u8>> = db
        .query_row("SELECT CAST(value AS BLOB) FROM meta WHERE key = ?1", [LAST_BACKUP], |row| row.get(0))
        .optional()?;
    Ok(value.and_then(|value| std::str::from_utf8(&value).ok()?.parse().ok()))
}
