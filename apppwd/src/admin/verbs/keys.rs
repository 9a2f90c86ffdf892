//! The server keys: `keys`, `key.rotate`, `key.retire`, `key.export`, `key.import`.
//!
//! Each step leaves something that the next start takes as it is, whenever the daemon is killed: a new key is in the
//! file before the database hears of it, and an old one is not needed by any row before it leaves the file.

mod disk;

use super::status::NoArgs;
use super::{MAX_IDS, log_each};
use crate::admin::caller::Caller;
use crate::auth::Reason;
use crate::change;
use crate::clock;
use crate::daemon::Daemon;
use crate::journal::{Befell, Change, Journal, Record};
use crate::key::{self, DerivedKeys, KeyError, Keyring, Place};
use crate::log;
use crate::store::{AccountId, KnownKeys, Store};
use apppw_admin::verbs::{
    Key, KeyExportArgs, KeyExported, KeyImportArgs, KeyRetireArgs, KeyRetired, Keys, KeysChanged,
};
use apppw_admin::{AdminError, Code};
use disk::aside;
use std::sync::Arc;

/// Accounts read at once.
const PAGE: usize = 1000;

/// The active keys, and what depends on each.
///
/// # Errors
/// The closed list of codes.
pub async fn show<S: Store>(daemon: &Daemon<S>, _: NoArgs) -> Result<Keys, AdminError> {
    let known = daemon.store.keys().await?;
    let lost = daemon.lost.borrow();
    let to_message = |key: &DerivedKeys| {
        let known = known.by_id(key.id());
        Key {
            id: key.id(),
            since: known.and_then(|known| known.since),
            app_passwords: known.map_or(0, |known| known.app_passwords),
            lost_accounts: lost.named_by(key),
        }
    };
    let keys = daemon.keys.now().all().map(to_message).collect();
    let Place { path, is_credential } = &daemon.key_place;
    Ok(Keys { keys, path: path.display().to_string(), credential: *is_credential })
}

/// Makes a key, with which app passwords are made from now on, and those that log in are hashed anew.
///
/// # Errors
/// The closed list of codes.
pub async fn rotate<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    _: NoArgs,
) -> Result<KeysChanged, AdminError> {
    check_changeable(daemon)?;
    let journal = daemon.journal.lock().await;
    let highest = daemon.store.keys().await?.highest;
    let (place, active) = (daemon.key_place.clone(), daemon.keys.now());
    let keys = aside(move || disk::with_another(&place, &active, highest)).await??;
    let (id, check_value) = (keys.newest().id(), keys.newest().check_value());
    daemon.store.add_key(id, check_value, caller.by(clock::now())).await.map_err(|error| {
        let path = daemon.key_place.path.display();
        let message = format!(
            "server key {id} is in {path}, but not in use: {error}. Give the same command again once the disk has room; \
             a restart takes it into use, too"
        );
        tracing::error!("{message}");
        AdminError::new(Code::ReadOnly, message)
    })?;
    daemon.keys.replace(keys);
    drop(journal);
    tracing::warn!(
        "{caller} made server key {id}, the newest from now on: back up {} apart from the database",
        daemon.key_place.path.display()
    );
    Ok(KeysChanged { keys: show(daemon, NoArgs {}).await?, new: vec![id], gone: Vec::new() })
}

/// Revokes what still depends on an old key, and gives the key up.
///
/// # Errors
/// The closed list of codes.
pub async fn retire<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    args: KeyRetireArgs,
) -> Result<KeyRetired, AdminError> {
    let id = args.id;
    let journal = daemon.journal.lock().await;
    let active = daemon.keys.now();
    check_old(&active, id, "id")?;
    let lost_accounts = active.by_id(id).map_or(0, |key| daemon.lost.borrow().named_by(key));
    let place = daemon.key_place.clone();
    if !place.is_credential {
        // Before anything is revoked.
        let (place, active) = (place.clone(), Arc::clone(&active));
        aside(move || disk::check(&place, &active, Some(id))).await??;
    }
    let at = clock::now();
    let revoked = daemon.store.retire_key(id, caller.by(at)).await?;
    daemon.in_memory.borrow_mut().forget(&revoked, Reason::Revoked);
    let records = revoked.iter().map(|id| Record { at, change: Change::Revoke(*id) }).collect();
    // What can't be written is owed, and comes first in the next append: it must not keep the key.
    let journaled = change::append(&journal, records).await;
    if !place.is_credential {
        name_anew(daemon, &journal, &active).await;
        let rest = aside(move || disk::without(&place, &active, id)).await?;
        let rest = rest.map_err(|error| {
            let done = log::was_or_were(revoked.len(), "app password");
            let message =
                format!("{done} revoked, but key {id} is still active: {error}. Give the same command again");
            tracing::error!("{message}");
            AdminError::new(Code::ReadOnly, message)
        })?;
        daemon.keys.replace(rest);
    }
    drop(journal);
    tracing::warn!(
        "{caller} retired server key {id}: {} revoked with it",
        log::was_or_were(revoked.len(), "app password")
    );
    if lost_accounts > 0 {
        tracing::warn!(
            "{} enrolled or locked by the journal under that key, and are not in the database: nobody can say any more \
             who they were. `apppw user USER enroll` and `lock` bring that back",
            log::was_or_were(usize::try_from(lost_accounts).unwrap_or(usize::MAX), "account")
        );
    }
    log_each(daemon, caller, "revoked", &revoked).await;
    journaled?;
    let count = u64::try_from(revoked.len()).unwrap_or(u64::MAX);
    let revoked = revoked.into_iter().take(MAX_IDS).collect();
    Ok(KeyRetired { keys: show(daemon, NoArgs {}).await?, count, revoked })
}

/// Hands out the keys.
///
/// # Errors
/// The closed list of codes.
pub async fn export<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    args: KeyExportArgs,
) -> Result<KeyExported, AdminError> {
    let KeyExportArgs { with_new, without } = args;
    let _journal = daemon.journal.lock().await;
    let active = daemon.keys.now();
    let KnownKeys { keys: known, highest } = daemon.store.keys().await?;
    if let Some(id) = without {
        check_old(&active, id, "without")?;
        let needed = known.iter().find(|known| known.id == id && known.app_passwords > 0);
        if let Some(known) = needed {
            let message = format!(
                "{} on key {id}: `apppw key retire {id}` first",
                log::depend(known.app_passwords, "app password")
            );
            return Err(AdminError::in_field(Code::Invalid, "without", message));
        }
    }
    let place = daemon.key_place.clone();
    let exported =
        aside(move || disk::export(&place, &active, with_new.then_some(highest), without)).await??;
    let ids: Vec<String> = exported.ids.iter().map(ToString::to_string).collect();
    let was = if ids.len() == 1 { "server key" } else { "server keys" };
    tracing::warn!("{caller} exported {was} {}", ids.join(", "));
    daemon.note_key_export(caller.actor(), ids.join(" ")).await;
    Ok(exported)
}

/// Puts keys into the place of those that are there, which nothing may depend on.
///
/// # Errors
/// The closed list of codes.
pub async fn import<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    args: KeyImportArgs,
) -> Result<KeysChanged, AdminError> {
    check_changeable(daemon)?;
    let path = daemon.key_place.path.clone();
    let invalid = |message| AdminError::in_field(Code::Invalid, "text", message);
    let imported = key::parse(args.text.expose().as_bytes()).map_err(|why| {
        invalid(format!(
            "the file {why}: it is no server key of apppwd, as `apppw key export` makes it; nothing has changed"
        ))
    })?;
    let keys = Keyring::new(&imported, &path).map_err(|error| told(&error))?;
    // No hash is made for the keys as they are while they are exchanged.
    let _permit = daemon.rewriting.permit.acquire().await;
    let journal = daemon.journal.lock().await;
    let active = daemon.keys.now();
    let place = daemon.key_place.clone();
    {
        let (place, active) = (place.clone(), Arc::clone(&active));
        aside(move || disk::check(&place, &active, None)).await??;
    }
    let (before, after) = (active.ids(), keys.ids());
    if !keys.is_same(&active) {
        let known = daemon.store.keys().await?;
        let is_in = |known: &crate::store::KnownKey| {
            known.check_value.as_ref().is_some_and(|check_value| keys.has(known.id, check_value))
        };
        if let Some(orphaned) = known.keys.iter().find(|known| known.app_passwords > 0 && !is_in(known)) {
            let id = orphaned.id;
            let why = if keys.by_id(id).is_some() { "has another key of that number" } else { "lacks it" };
            return Err(invalid(format!(
                "{} on server key {id}, and the file {why}; nothing has changed",
                log::depend(orphaned.app_passwords, "app password")
            )));
        }
        let given_up = active.all().filter(|key| !keys.has(key.id(), &key.check_value()));
        let nameless: u64 = given_up.map(|key| daemon.lost.borrow().named_by(key)).sum();
        if nameless > 0 {
            return Err(invalid(format!(
                "the journal alone knows of {} enrolled or locked by names that need a key which the file lacks: put the \
                 present key's line into it, too; nothing has changed",
                log::count(usize::try_from(nameless).unwrap_or(usize::MAX), "account")
            )));
        }
        let unneeded: Vec<u32> = known
            .keys
            .iter()
            .filter(|known| known.check_value.is_some() && !is_in(known))
            .map(|k| k.id)
            .collect();
        // Before the file: a key that the database knows must be in it.
        if !daemon.store.forget_keys(unneeded).await? {
            let message = "an app password was made meanwhile; nothing has changed, try again";
            return Err(AdminError::new(Code::Busy, message));
        }
        name_anew_after(daemon, &journal, &keys).await;
        let written = {
            let place = place.clone();
            aside(move || disk::put(&place, &imported)).await?
        };
        if let Err(error) = written {
            // As it was: the database knows them again.
            for key in active.all() {
                let _ = daemon.store.add_key(key.id(), key.check_value(), caller.by(clock::now())).await;
            }
            return Err(error);
        }
        let noted: Vec<_> = keys.all().map(|key| (key.id(), key.check_value())).collect();
        let noted = daemon.store.import_keys(noted, caller.by(clock::now())).await;
        daemon.keys.replace(keys);
        if let Err(error) = noted {
            // The next start notes them.
            tracing::error!("could not note that server keys were imported: {error}");
        }
        tracing::warn!("{caller} put server keys {after:?} into the place of {before:?}");
    }
    drop(journal);
    let new = after.iter().filter(|id| !before.contains(id)).copied().collect();
    let gone = before.iter().filter(|id| !after.contains(id)).copied().collect();
    Ok(KeysChanged { keys: show(daemon, NoArgs {}).await?, new, gone })
}

/// A credential is systemd's.
fn check_changeable<S>(daemon: &Daemon<S>) -> Result<(), AdminError> {
    if !daemon.key_place.is_credential {
        return Ok(());
    }
    let message = format!(
        "the server key is the systemd credential {}, which can't be changed while apppwd runs: `apppw key export`, \
         systemd-creds and a restart change it (docs/operations.md says how)",
        daemon.key_place.path.display()
    );
    Err(AdminError::new(Code::Unsupported, message))
}

/// An active key, but not the newest.
fn check_old(active: &Keyring, id: u32, field: &str) -> Result<(), AdminError> {
    if active.newest().id() == id {
        let message = format!(
            "key {id} is the newest, with which app passwords are made: make another first (apppw key rotate)"
        );
        return Err(AdminError::in_field(Code::Invalid, field, message));
    }
    if active.by_id(id).is_none() {
        let ids: Vec<String> = active.ids().iter().map(ToString::to_string).collect();
        let message = format!("there is no active server key {id}; active are: {}", ids.join(", "));
        return Err(AdminError::in_field(Code::NotFound, field, message));
    }
    Ok(())
}

/// Names in the journal are made by the newest key anew: by one that is gone nobody could say whose enrolments and
/// locks those are, if the database were lost. What can't be done here is done at the next start.
async fn name_anew<S: Store>(daemon: &Daemon<S>, journal: &Journal, keys: &Keyring) {
    let strangers = daemon.lost.borrow().in_database();
    let mut after = AccountId::NONE;
    loop {
        let accounts = match daemon.store.accounts(&after, PAGE).await {
            Ok(accounts) => accounts,
            Err(error) => return tracing::warn!("could not name accounts anew in the journal: {error}"),
        };
        let Some(last) = accounts.last() else { return };
        after = last.id;
        let at = clock::now();
        let marked = accounts.iter().filter(|account| account.enrolled.is_some() || account.locked.is_some());
        // Those are called otherwise by the journal, which stays so.
        let records: Vec<Record> = marked
            .filter(|account| !strangers.contains(&account.id))
            .map(|account| Record::account(at, Befell::Rename, account, keys))
            .collect();
        if !records.is_empty() && change::append(journal, records).await.is_err() {
            return;
        }
    }
}

/// The same for keys that come: only if the newest is another one.
async fn name_anew_after<S: Store>(daemon: &Daemon<S>, journal: &Journal, keys: &Keyring) {
    let active = daemon.keys.now();
    if active.all().any(|key| !keys.has(key.id(), &key.check_value())) {
        name_anew(daemon, journal, keys).await;
    }
}

/// What is told of a key that can't be read or written.
fn told(error: &KeyError) -> AdminError {
    let code = match error {
        KeyError::Io { .. } => Code::ReadOnly,
        _ => Code::Busy,
    };
    AdminError::new(code, format!("{error}; the keys are as they were"))
}
