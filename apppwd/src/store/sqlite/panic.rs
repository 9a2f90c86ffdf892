//! The panic switches.

use crate::clock::UnixSeconds;
use crate::panic_switch::PanicSwitch;
use rusqlite::{Connection, Transaction};

pub(super) fn read(db: &Connection) -> rusqlite::Result<PanicSwitch> {
    let switches = db
        .prepare_cached("SELECT switch, since FROM panic")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(PanicSwitch(switches))
}

pub(super) fn set(
    tx: &Transaction<'_>,
    switch: &str,
    since: Option<UnixSeconds>,
) -> rusqlite::Result<PanicSwitch> {
    match since {
        // The first time counts.
        Some(since) => {
            tx.execute("INSERT OR IGNORE INTO panic (switch, since) VALUES (?1, ?2)", (switch, since))?
        }
        None => tx.execute("DELETE FROM panic WHERE switch = ?1", [switch])?,
    };
    read(tx)
}
