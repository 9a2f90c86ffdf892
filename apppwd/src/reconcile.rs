//! Brings journal and database together at start. The stricter of the two wins; each
//! difference is reported, for it means that a backup was put back, that somebody has changed
//! it, or that a crash came between commit and sync.

use crate::account::canonical_of;
use crate::admin::caller;
use crate::config::UsersConfig;
use crate::fault::Fault;
use crate::journal::{Account as ByJournal, Befell, Change, JournalFile, Mark, NamedBy, Record, State};
use crate::key::Keyring;
use crate::log;
use crate::lost::{Lost, LostAccounts};
use crate::panic_switch::PanicSwitch;
use crate::start::store_fault;
use crate::store::{AccountId, AccountRecord, By, Halves, Restrictions, Store, StoreError};
use apppw_admin::text::visible;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What the two say together.
pub struct Reconciled {
    /// Accounts that the database doesn't have.
    pub lost: LostAccounts,
    /// The switches that are on.
    pub panic: PanicSwitch,
}

/// The journal over the database, then what the database alone knows into the journal.
/// `is_backup`: the database is not the one that the daemon used last.
///
/// # Errors
/// [`Fault`].
pub async fn run<S: Store>(
    store: &S,
    journal: &mut JournalFile,
    state: &State,
    keys: &Keyring,
    users: &UsersConfig,
    is_backup: bool,
) -> Result<Reconciled, Fault> {
    let failed = |error| store_fault("can't bring journal and database together", error);
    replay_app_passwords(store, state).await.map_err(failed)?;
    replay_panic(store, state).await.map_err(failed)?;
    let accounts = replay_accounts(store, state, keys, users, is_backup).await.map_err(failed)?;
    let restrictions = store.restrictions().await.map_err(failed)?;
    let mut owed = owed(&restrictions, state, keys, &accounts.strangers);
    owed.extend(accounts.renamed);
    match journal.append(&owed) {
        Ok(()) if owed.is_empty() => {}
        Ok(()) => tracing::warn!("{} changes were in the database but not in the journal: added", owed.len()),
        // A full disk keeps nobody from logging in: they are owed, and the next change writes them.
        Err(error) => {
            tracing::error!("{} changes are in the database but not in the journal, for {error}", owed.len());
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

#[derive(Default)]
struct Accounts {
    lost: LostAccounts,
    /// Those whose name in the database is not the journal's, and that one.
    strangers: BTreeMap<AccountId, NamedBy>,
    /// Renamings that the journal lacks.
    renamed: Vec<Record>,
}

const fn is_on(mark: Option<Mark>) -> Option<Mark> {
    match mark {
        Some(Mark { on: true, .. }) => mark,
        _ => None,
    }
}

async fn replay_accounts<S: Store>(
    store: &S,
    state: &State,
    keys: &Keyring,
    users: &UsersConfig,
    is_backup: bool,
) -> Result<Accounts, StoreError> {
    let (mut accounts, mut missing, mut nobodys) = (Accounts::default(), 0_usize, 0_usize);
    for (id, by_journal) in state.accounts() {
        let found = store.account_by_id(&id).await?;
        if by_journal.deleted {
            if let Some(account) = found {
                store.delete_account(id, by()).await?;
                let name = shown(&account);
                tracing::warn!("{name} was deleted by the journal but in the database: deleted again");
            }
            continue;
        }
        let lost = Lost {
            account: id,
            enrolled: is_on(by_journal.enrolled).map(|mark| mark.at),
            locked: is_on(by_journal.locked).map(|mark| mark.at),
            in_database: found.is_some(),
        };
        match found {
            None if lost.enrolled.is_none() && lost.locked.is_none() => {}
            None if by_journal.name.can_be_tested(keys) => {
                missing += 1;
                accounts.lost.add(by_journal.name, lost);
            }
            None => nobodys += 1,
            Some(account) => {
                let is_canonical = account.name == account.given
                    || account.name == canonical_of(&account.given, account.uid.is_some(), users);
                let is_its_name = is_canonical && by_journal.name.may_be(keys, &account.given);
                // A name that it had before, or any in a backup, may be another person's by now.
                // One that the journal has never heard of, in the database that the daemon used
                // last, is that of a renaming whose record was not written any more.
                let was_called =
                    |name: &NamedBy| name.can_be_tested(keys) && name.may_be(keys, &account.given);
                let is_older = is_backup || !is_canonical || by_journal.earlier.iter().any(was_called);
                if !is_its_name && (is_older || account.locked.is_some()) {
                    lock_stranger(store, &account).await?;
                    accounts.lost.add(by_journal.name, lost);
                    accounts.strangers.insert(id, by_journal.name);
                } else if !is_its_name {
                    let at = crate::clock::now();
                    accounts.renamed.push(Record::account(at, Befell::Rename, &account, keys));
                }
                restrict(store, account, by_journal).await?;
            }
        }
    }
    report(missing, nobodys);
    Ok(accounts)
}

/// An account's name, as the log may have it: somebody may have edited it.
fn shown(account: &AccountRecord) -> Cow<'_, str> {
    visible(log::user(&account.name))
}

/// Its app passwords would open what another person has by that name now.
async fn lock_stranger<S: Store>(store: &S, account: &AccountRecord) -> Result<(), StoreError> {
    let name = shown(account);
    tracing::warn!(
        "{name} had another name by the journal: that one stays as it was, and {name} is locked. `apppw user {name} \
         rename ...` gives it the right name, and `unlock` then unlocks it"
    );
    store.set_locked(account.clone(), false, true, crate::clock::now(), by()).await.map(drop)
}

async fn restrict<S: Store>(
    store: &S,
    account: AccountRecord,
    by_journal: &ByJournal,
) -> Result<(), StoreError> {
    if let Some(mark) = is_on(by_journal.enrolled)
        && account.enrolled.is_none()
    {
        let name = shown(&account);
        tracing::warn!("{name} was enrolled by the journal but not in the database: enrolled again");
        store.set_enrolled(account.clone(), false, Some(mark.at), by()).await?;
    }
    if let Some(mark) = is_on(by_journal.locked)
        && account.locked.is_none()
    {
        let name = shown(&account);
        tracing::warn!("{name} was locked by the journal but not in the database: locked again");
        store.set_locked(account, false, true, mark.at, by()).await?;
    }
    Ok(())
}

fn report(lost: usize, nobodys: usize) {
    if lost > 0 {
        tracing::warn!(
            "{lost} accounts that the journal has enrolled or locked are not in the database: they stay so"
        );
    }
    if nobodys > 0 {
        tracing::error!(
            "{nobodys} accounts were enrolled or locked under a server key that is gone, and are not in the \
             database: nobody can say who they were, and where policy allows it their primary passwords work again. \
             `apppw user USER enroll` and `lock` bring that back"
        );
    }
}

/// What the database has and the journal lacks.
fn owed(
    database: &Restrictions,
    state: &State,
    keys: &Keyring,
    strangers: &BTreeMap<AccountId, NamedBy>,
) -> Vec<Record> {
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
    for account in &database.accounts {
        let by_journal = state.account(&account.id);
        // A stranger's lock is this start's own doing. By the journal's name it would be another's.
        let locked = account.locked.filter(|_| !strangers.contains_key(&account.id));
        let name = strangers.get(&account.id).copied();
        let name = name.unwrap_or_else(|| NamedBy::new(keys.newest(), &account.given));
        for (since, known, befell, word) in [
            (account.enrolled, by_journal.and_then(|a| a.enrolled), Befell::Enroll, "enrolled"),
            (locked, by_journal.and_then(|a| a.locked), Befell::Lock, "locked"),
        ] {
            let Some(at) = since.filter(|_| is_on(known).is_none()) else { continue };
            if known.is_some() {
                let name = shown(account);
                tracing::warn!("{name} is {word} in the database but not by the journal: it stays so");
            }
            add(at, Change::Account(befell, account.id, name));
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
