//! Brings journal and database together at start. The stricter of the two wins; each
//! difference is reported, for it means that a backup was put back, that somebody has changed
//! it, or that a crash came between commit and sync.

mod accounts;

use crate::admin::caller;
use crate::config::UsersConfig;
use crate::fault::Fault;
use crate::journal::{Change, JournalFile, Mark, Record, State};
use crate::key::Keyring;
use crate::log;
use crate::lost::LostAccounts;
use crate::panic_switch::PanicSwitch;
use crate::start::store_fault;
use crate::store::{By, Halves, Origin, Restrictions, Store, StoreError};

/// What the two say together.
pub struct Reconciled {
    /// Accounts that the database doesn't have.
    pub lost: LostAccounts,
    /// The switches that are on.
    pub panic: PanicSwitch,
}

/// The journal over the database, then what the database alone knows into the journal.
///
/// # Errors
/// [`Fault`].
pub async fn run<S: Store>(
    store: &S,
    journal: &mut JournalFile,
    state: &State,
    keys: &Keyring,
    users: &UsersConfig,
    origin: Origin,
) -> Result<Reconciled, Fault> {
    let failed = |error| store_fault("can't bring journal and database together", error);
    replay_app_passwords(store, state).await.map_err(failed)?;
    replay_panic(store, state).await.map_err(failed)?;
    let accounts = accounts::replay(store, state, keys, users, origin).await.map_err(failed)?;
    let restrictions = store.restrictions().await.map_err(failed)?;
    let mut owed = owed(&restrictions, state);
    owed.extend(accounts.owed);
    match journal.append(&owed) {
        Ok(()) if owed.is_empty() => {}
        Ok(()) => tracing::warn!(
            "{} in the database but not in the journal: added",
            log::was_or_were(owed.len(), "change")
        ),
        // A full disk keeps nobody from logging in: they are owed, and the next change writes them.
        Err(error) => {
            tracing::error!(
                "{} in the database but not in the journal: {error}; the next change writes them",
                log::is_or_are(owed.len(), "change")
            );
        }
    }
    Ok(Reconciled { lost: accounts.lost, panic: restrictions.panic })
}

/// What a start does is the journal's doing.
fn by() -> By {
    By::actor(caller::daemon_as("journal.log"), crate::clock::now())
}

async fn replay_app_passwords<S: Store>(store: &S, state: &State) -> Result<(), StoreError> {
    let done = store.revoke(state.revoked().collect(), Halves::These, by()).await?;
    for id in &done.changed {
        tracing::warn!("{id} was live in the database but revoked by the journal: revoked again");
    }
    let done = store.set_suspended(state.suspended().collect(), true, Halves::These, by()).await?;
    for id in &done.changed {
        tracing::warn!("{id} was not suspended in the database but by the journal: suspended again");
    }
    for id in store.end_by(state.ends().collect(), by()).await? {
        tracing::warn!("{id} was rotated by the journal but not in the database: it ends as it was to");
    }
    Ok(())
}

async fn replay_panic<S: Store>(store: &S, state: &State) -> Result<(), StoreError> {
    let mut on = state.panic().iter().filter(|(_, mark)| mark.on).peekable();
    if on.peek().is_none() {
        return Ok(());
    }
    let in_database = store.restrictions().await?.panic;
    for (switch, mark) in on.filter(|(switch, _)| !in_database.0.contains_key(*switch)) {
        tracing::warn!("panic was off in the database but on by the journal: turned on again");
        store.set_panic(switch.clone(), Some(mark.at), by()).await?;
    }
    Ok(())
}

/// What the database has and the journal lacks, but for accounts.
fn owed(database: &Restrictions, state: &State) -> Vec<Record> {
    let mut owed = Vec::new();
    let mut add = |at, change| owed.push(Record { at, change });
    for (id, at) in database.revoked.iter().filter(|(id, _)| !state.is_revoked(*id)) {
        add(*at, Change::Revoke(*id));
    }
    for (id, at) in &database.suspended {
        match state.is_suspended(*id) {
            Some(true) => continue,
            Some(false) => {
                tracing::warn!("{id} is suspended in the database but not by the journal: it stays so");
            }
            None => {}
        }
        add(*at, Change::Suspend(*id));
    }
    for (id, end) in &database.retired {
        if state.end_of(*id).is_none_or(|by_journal| by_journal > *end) {
            add(*end, Change::End(*id, *end));
        }
    }
    for (switch, since) in &database.panic.0 {
        match state.panic().get(switch) {
            Some(Mark { on: true, .. }) => continue,
            Some(_) => {
                tracing::warn!("panic is on in the database but not by the journal: it stays on");
            }
            None => {}
        }
        add(*since, Change::Panic(switch.clone()));
    }
    owed
}
