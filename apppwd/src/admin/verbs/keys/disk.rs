//! The file with the server keys, which is read and written aside: logins don't wait for a disk.

use super::told;
use crate::key::{self, Keyring, MAX_ACTIVE, Place, ServerKey};
use crate::worker::Worker;
use apppw_admin::verbs::KeyExported;
use apppw_admin::{AdminError, Code, SecretText};

/// Does it on a thread of its own, whose stack is wiped then. Not on one of those that may all hang in a directory:
/// the journal's lock is held meanwhile.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, AdminError> {
    let failed = |why: String| {
        AdminError::new(Code::Busy, format!("can't reach the server key: {why}; the keys are as they were"))
    };
    let worker = Worker::start("server-key", (), |()| ()).map_err(|error| failed(error.to_string()))?;
    let done = worker.run(move |()| {
        let done = work();
        key::wipe_stack();
        done
    });
    done.await.map_err(|error| failed(error.to_string()))
}

/// The keys of the file, and that they are those that the daemon has; or those without `without`, if a retiring was
/// cut off.
pub(super) fn check(
    place: &Place,
    active: &Keyring,
    without: Option<u32>,
) -> Result<Vec<ServerKey>, AdminError> {
    let keys = key::read(place).map_err(|error| told(&error))?;
    let found = Keyring::new(&keys, &place.path).map_err(|error| told(&error))?;
    if found.is_same(active) || without.is_some_and(|id| found.is_same_but(active, id)) {
        return Ok(keys);
    }
    Err(changed(place))
}

/// Another key before those that are there. One that is there already, and that the daemon doesn't have yet, is it:
/// making it was cut off.
pub(super) fn with_another(place: &Place, active: &Keyring, highest: u32) -> Result<Keyring, AdminError> {
    let mut keys = key::read(place).map_err(|error| told(&error))?;
    let found = Keyring::new(&keys, &place.path).map_err(|error| told(&error))?;
    if active.is_same_but(&found, found.newest().id()) {
        return Ok(found);
    }
    if !found.is_same(active) {
        return Err(changed(place));
    }
    add(&mut keys, highest)?;
    key::write(&place.path, &keys).map_err(|error| told(&error))?;
    Keyring::new(&keys, &place.path).map_err(|error| told(&error))
}

/// What is left without that key.
pub(super) fn without(place: &Place, active: &Keyring, id: u32) -> Result<Keyring, AdminError> {
    let mut keys = check(place, active, Some(id))?;
    if keys.iter().any(|key| key.id() == id) {
        keys.retain(|key| key.id() != id);
        key::write(&place.path, &keys).map_err(|error| told(&error))?;
    }
    Keyring::new(&keys, &place.path).map_err(|error| told(&error))
}

/// These keys and no others.
pub(super) fn put(place: &Place, keys: &[ServerKey]) -> Result<(), AdminError> {
    let Err(error) = key::write(&place.path, keys) else { return Ok(()) };
    // The last step, a folder's sync, may have failed: then they are there.
    let wanted = Keyring::new(keys, &place.path).map_err(|error| told(&error))?;
    let is_there = key::read(place).and_then(|there| Keyring::new(&there, &place.path));
    if is_there.is_ok_and(|there| there.is_same(&wanted)) {
        tracing::warn!("{error}: a power cut may bring the old one back");
        return Ok(());
    }
    Err(told(&error))
}

/// The keys as text; with a new one before them if `highest` is the highest number that there was.
pub(super) fn export(
    place: &Place,
    active: &Keyring,
    highest: Option<u32>,
    without: Option<u32>,
) -> Result<KeyExported, AdminError> {
    let mut keys = check(place, active, None)?;
    keys.retain(|key| Some(key.id()) != without);
    if let Some(highest) = highest {
        add(&mut keys, highest)?;
    }
    let text = SecretText::new(std::mem::take(&mut *key::to_text(&keys)));
    Ok(KeyExported { ids: keys.iter().map(ServerKey::id).collect(), text })
}

fn add(keys: &mut Vec<ServerKey>, highest: u32) -> Result<(), AdminError> {
    if keys.len() >= MAX_ACTIVE {
        let ids: Vec<String> = keys.iter().map(|key| key.id().to_string()).collect();
        let oldest = ids.last().cloned().unwrap_or_default();
        let message = format!(
            "{MAX_ACTIVE} server keys are active ({}), which is the limit: retire one first, best the oldest (apppw key \
             retire {oldest})",
            ids.join(", ")
        );
        return Err(AdminError::new(Code::Limit, message));
    }
    let id = keys.iter().map(ServerKey::id).chain([highest]).max().unwrap_or(0).saturating_add(1);
    keys.insert(0, ServerKey::draw(id).map_err(|error| told(&error))?);
    Ok(())
}

fn changed(place: &Place) -> AdminError {
    let message = format!(
        "{} is not what apppwd began with: somebody has changed it. Restart apppwd, which then takes it or says what is \
         wrong with it; the keys are as they were",
        place.path.display()
    );
    AdminError::new(Code::Busy, message)
}
