//! What is kept of the record of uses itself: a row in `meta`.

use crate::store::RecordMarks;
use rusqlite::{Connection, OptionalExtension};

const KEY: &str = "record";

pub(super) fn read(db: &Connection) -> rusqlite::Result<Option<RecordMarks>> {
    let value: Option<Vec<u8>> = db
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([KEY], |row| row.get(0))
        .optional()?;
    // What can't be read is as good as none: the record then begins anew.
    Ok(value.and_then(|value| parse(std::str::from_utf8(&value).ok()?)))
}

pub(super) fn set(tx: &Connection, marks: &RecordMarks) -> rusqlite::Result<()> {
    let RecordMarks { since, clock, until, ended, run } = marks;
    let value = format!("{since} {until} {} {run} {clock}", u8::from(*ended));
    tx.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?
        .execute((KEY, value.as_bytes()))?;
    Ok(())
}

/// Another number, if it has one.
pub(super) fn set_run(tx: &Connection, run: u64) -> rusqlite::Result<()> {
    read(tx)?.map_or(Ok(()), |marks| set(tx, &RecordMarks { run, ..marks }))
}

fn parse(text: &str) -> Option<RecordMarks> {
    let mut words = text.split(' ');
    let since = words.next()?.parse().ok()?;
    let marks = RecordMarks {
        since,
        until: words.next()?.parse().ok()?,
        ended: words.next()? == "1",
        run: words.next()?.parse().ok()?,
        // The first ones had no such word.
        clock: words.next().map_or(Some(since), |word| word.parse().ok())?,
    };
    words.next().is_none().then_some(marks)
}
