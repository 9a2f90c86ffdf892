//! What is kept of the record of uses itself, and of backups: rows in `meta`.

use super::rows::actor_to_sql;
use super::trail::{Details, Trail};
use crate::clock::UnixSeconds;
use crate::store::{By, PutBack, RecordMarks};
use apppw_admin::verbs::{Actor, EventKind};
use rusqlite::{Connection, OptionalExtension};

const KEY: &str = "record";

/// In a copy: the moment that it shows.
const COPY: &str = "backup";

/// The moment that the last backup shows which lies where it was to.
const LAST_BACKUP: &str = "last_backup";

/// In a copy that was put back: when, and by whom. Until the next start.
const PUT_BACK: &str = "restored";

pub(super) fn read(db: &Connection) -> rusqlite::Result<Option<RecordMarks>> {
    // What can't be read is as good as none: the record then begins anew.
    Ok(text(db, KEY)?.and_then(|value| parse(&value)))
}

fn text(db: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    let value: Option<Vec<u8>> = db
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    Ok(value.and_then(|value| String::from_utf8(value).ok()))
}

fn set_text(db: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?
        .execute((key, value.as_bytes()))?;
    Ok(())
}

/// Notes in a copy which moment it shows.
pub(super) fn note_copy(copy: &Connection, at: UnixSeconds) -> rusqlite::Result<()> {
    set_text(copy, COPY, &at.to_string())
}

/// The moment that a copy shows; none: it isn't one.
pub(super) fn copy_of(copy: &Connection) -> rusqlite::Result<Option<UnixSeconds>> {
    Ok(text(copy, COPY)?.and_then(|at| at.parse().ok()))
}

/// Notes in a copy that it was put back.
pub(super) fn note_put_back(copy: &Connection, by: &Actor, at: UnixSeconds) -> rusqlite::Result<()> {
    // Also one of the last run must be known for a backup. Drawn, for somebody may have edited the file: what is in it must
    // not decide. (0 is before all that a journal may have.)
    set_run(copy, getrandom::u64().unwrap_or_default())?;
    // It is the last backup: what noted that came after the moment that it shows.
    if let Some(shows) = copy_of(copy)?.filter(|shows| *shows <= at) {
        set_last_backup(copy, shows, at)?;
    }
    set_text(copy, PUT_BACK, &format!("{at} {}", actor_to_sql(by)))
}

/// Has the event of a backup that was put back, once; `None`: this isn't one.
pub(super) fn tell_put_back(tx: &Trail<'_>) -> rusqlite::Result<Option<PutBack>> {
    let Some(noted) = text(tx, PUT_BACK)? else { return Ok(None) };
    let shows = copy_of(tx)?;
    let (at, actor) = noted.split_once(' ').unwrap_or((&noted, ""));
    let put_back = PutBack { at: at.parse().unwrap_or_default(), shows };
    let by = By { actor: super::rows::actor_from_sql(actor), at: put_back.at };
    let was = shows.map(|shows| shows.to_string());
    let details = Details { was: was.as_deref(), ..Details::default() };
    tx.by(&by).host(EventKind::Restore, &details)?;
    // From now on it is the database, and of no moment.
    tx.prepare_cached("DELETE FROM meta WHERE key IN (?1, ?2)")?.execute([PUT_BACK, COPY])?;
    Ok(Some(put_back))
}

/// The moment that the last backup shows.
pub(super) fn last_backup(db: &Connection) -> rusqlite::Result<Option<UnixSeconds>> {
    Ok(text(db, LAST_BACKUP)?.and_then(|at| at.parse().ok()))
}

/// Replaces an earlier one, for of two that are under way the older may be kept last; and one of a clock that was wrong.
pub(super) fn set_last_backup(tx: &Connection, at: UnixSeconds, now: UnixSeconds) -> rusqlite::Result<()> {
    match last_backup(tx)? {
        Some(last) if at < last && last <= now => Ok(()),
        _ => set_text(tx, LAST_BACKUP, &at.to_string()),
    }
}

/// The number of the last event.
pub(super) fn last_event(db: &Connection) -> rusqlite::Result<Option<u64>> {
    db.query_row("SELECT seq FROM sqlite_sequence WHERE name = 'event'", [], |row| row.get(0)).optional()
}

pub(super) fn set(tx: &Connection, marks: &RecordMarks) -> rusqlite::Result<()> {
    let RecordMarks { since, clock, until, ended, run } = marks;
    let value = format!("{since} {until} {} {run} {clock}", u8::from(*ended));
    set_text(tx, KEY, &value)
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
