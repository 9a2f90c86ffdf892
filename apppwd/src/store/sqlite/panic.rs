//! The panic switches.

use super::trail::{Details, Trail};
use crate::clock::UnixSeconds;
use crate::panic_switch::{HOST, PanicSwitch};
use apppw_admin::verbs::EventKind;
use rusqlite::Connection;

pub(super) fn read(db: &Connection) -> rusqlite::Result<PanicSwitch> {
    let switches = db
        .prepare_cached("SELECT switch, since FROM panic")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(PanicSwitch(switches))
}

pub(super) fn set(tx: &Trail<'_>, switch: &str, since: Option<UnixSeconds>) -> rusqlite::Result<PanicSwitch> {
    let changed = match since {
        // The first time counts.
        Some(since) => {
            tx.execute("INSERT OR IGNORE INTO panic (switch, since) VALUES (?1, ?2)", (switch, since))?
        }
        None => tx.execute("DELETE FROM panic WHERE switch = ?1", [switch])?,
    };
    if changed > 0 {
        let kind = if since.is_some() { EventKind::PanicOn } else { EventKind::PanicOff };
        let group: Vec<String> =
            Some(switch.to_owned()).filter(|switch| switch != HOST).into_iter().collect();
        tx.host(kind, &Details { services: &group, ..Details::default() })?;
    }
    read(tx)
}
