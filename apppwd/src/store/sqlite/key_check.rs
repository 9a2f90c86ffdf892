//! Whether the server keys are the ones that the database was made with.

use super::keys as known_keys;
use super::open::{Missing, open_error};
use super::trail::Trail;
use crate::admin::caller;
use crate::clock;
use crate::fault::Fault;
use crate::key::{KeyError, Keyring};
use crate::log;
use crate::store::By;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// Each key that the database knows must be there with the check value that it had, if anything depends on it; a new
/// one is noted.
pub(super) fn check_keys(
    connection: &mut Connection,
    keys: &Keyring,
    key_path: &Path,
    path: &Path,
    missing: Missing,
    host: &str,
) -> Result<(), Fault> {
    let unusable = |e| open_error(path, &e);
    let known = known_keys::check_values(connection).map_err(unusable)?;
    let is_ours = known.iter().any(|(id, check_value)| keys.has(*id, check_value));
    let (mut lost, mut left) = (Vec::new(), Vec::new());
    let mut others: Vec<u32> =
        known.iter().filter(|(id, check_value)| !keys.has(**id, check_value)).map(|(id, _)| *id).collect();
    // That it is another file says more than what it lacks.
    others.sort_by_key(|id| keys.by_id(*id).is_none());
    for id in others {
        let app_passwords = known_keys::depend(connection, id).map_err(unusable)?;
        let key_path = key_path.to_owned();
        let fault = match keys.by_id(id) {
            Some(_) => KeyError::Wrong { path: key_path, id },
            // What retiring it has left, when the disk failed.
            None if app_passwords == 0 && is_ours => {
                left.push(id);
                continue;
            }
            None => KeyError::Gone { path: key_path, id, app_passwords },
        };
        match missing {
            Missing::Refused => return Err(fault.into()),
            Missing::Lost => lost.push(id),
        }
    }
    if missing == Missing::Lost && lost.is_empty() {
        return Err(Fault::NoKeyLost { key: key_path.to_owned() });
    }
    let new: Vec<_> =
        keys.all().filter(|key| !known.contains_key(&key.id()) || lost.contains(&key.id())).collect();
    // A start on a full disk writes nothing that need not be.
    if [lost.len(), left.len(), new.len()] == [0, 0, 0] {
        return Ok(());
    }
    let now = clock::now();
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unusable)?;
    let by = By::actor(caller::daemon_as("--key-lost"), now);
    let revoked = known_keys::lose(&Trail::new(&tx, host, &by), &lost).map_err(unusable)?;
    for id in left {
        known_keys::forget(&tx, id).map_err(unusable)?;
    }
    let by = By::actor(caller::daemon_as("server.key"), now);
    for key in new {
        let (id, check_value) = (key.id(), key.check_value());
        // The first one is no event; one that came into the file while nobody looked is.
        if known.is_empty() {
            known_keys::know(&tx, id, &check_value, now).map_err(unusable)?;
        } else {
            known_keys::add(&Trail::new(&tx, host, &by), id, &check_value).map_err(unusable)?;
        }
    }
    tx.commit().map_err(unusable)?;
    if missing == Missing::Lost {
        let ids: Vec<String> = lost.iter().map(ToString::to_string).collect();
        tracing::warn!(
            "server key {} given up: {} revoked",
            ids.join(" and "),
            log::was_or_were(revoked, "app password")
        );
    }
    Ok(())
}
