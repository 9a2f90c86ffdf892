//! Accounts: the journal's beside the database's, both in the order of their ids.

use super::by;
use crate::account::canonical_of;
use crate::clock::{self, UnixSeconds};
use crate::config::UsersConfig;
use crate::journal::{Account as ByJournal, Befell, Change, Mark, NamedBy, Record, State};
use crate::key::Keyring;
use crate::log;
use crate::lost::{Lost, LostAccounts};
use crate::store::{AccountId, AccountRecord, Origin, Store, StoreError};
use apppw_admin::text::visible;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::iter::Peekable;

/// How many are read at once: there may be millions.
const PAGE: usize = if cfg!(test) { 2 } else { 1000 };

/// What the two say together of accounts.
#[derive(Default)]
pub(super) struct Accounts {
    /// Those that the database doesn't have.
    pub lost: LostAccounts,
    /// What the database has and the journal lacks.
    pub owed: Vec<Record>,
    /// How many the database doesn't have.
    missing: usize,
    /// How many of them nobody can name.
    nobodys: usize,
}

/// The journal over the accounts of the database.
pub(super) async fn replay<S: Store>(
    store: &S,
    state: &State,
    keys: &Keyring,
    users: &UsersConfig,
    origin: Origin,
) -> Result<Accounts, StoreError> {
    let mut accounts = Accounts::default();
    let beside = Beside { store, state, keys, users, origin, names: OnceCell::new() };
    let mut journal = state.accounts().peekable();
    let mut page = store.accounts(&AccountId::NONE, PAGE).await?;
    while let Some(last) = page.last() {
        let after = last.id;
        // The store's thread reads the next ones while this one holds these beside the journal.
        let (next, held) =
            tokio::join!(store.accounts(&after, PAGE), beside.page(page, &mut journal, &mut accounts));
        held?;
        page = next?;
    }
    journal.for_each(|(id, by_journal)| accounts.is_missing(id, by_journal, keys));
    report(accounts.missing, accounts.nobodys);
    Ok(accounts)
}

impl Accounts {
    /// One that the journal knows and the database doesn't.
    fn is_missing(&mut self, id: AccountId, by_journal: &ByJournal, keys: &Keyring) {
        let lost = lost(id, by_journal, false);
        if by_journal.deleted || lost.is_nothing() {
            return;
        }
        if by_journal.name.can_be_tested(keys) {
            self.missing += 1;
            self.lost.add(by_journal.name, lost);
        } else {
            self.nobodys += 1;
        }
    }

    /// What the journal must be told of the marks of one in the database.
    fn owe_marks(
        &mut self,
        account: &AccountRecord,
        locked: Option<UnixSeconds>,
        by_journal: Option<&ByJournal>,
        name: impl Fn() -> NamedBy,
    ) {
        for (since, known, befell, word) in [
            (account.enrolled, by_journal.and_then(|a| a.enrolled), Befell::Enroll, "enrolled"),
            (locked, by_journal.and_then(|a| a.locked), Befell::Lock, "locked"),
        ] {
            let Some(at) = since.filter(|_| is_on(known).is_none()) else { continue };
            if known.is_some() {
                let name = shown(account);
                tracing::warn!("{name} is {word} in the database but not by the journal: it stays so");
            }
            self.owed.push(Record { at, change: Change::Account(befell, account.id, name()) });
        }
    }
}

/// With what an account of the journal is held beside that of the database.
struct Beside<'a, S> {
    store: &'a S,
    state: &'a State,
    keys: &'a Keyring,
    users: &'a UsersConfig,
    origin: Origin,
    /// What the journal calls the accounts; needed only where a name differs.
    names: OnceCell<BTreeSet<(NamedBy, AccountId)>>,
}

impl<S: Store> Beside<'_, S> {
    /// Some accounts of the database, and those of the journal up to the last of them.
    async fn page<'j>(
        &self,
        page: Vec<AccountRecord>,
        journal: &mut Peekable<impl Iterator<Item = (AccountId, &'j ByJournal)>>,
        accounts: &mut Accounts,
    ) -> Result<(), StoreError> {
        for account in page {
            while let Some((id, by_journal)) = journal.next_if(|(id, _)| *id < account.id) {
                accounts.is_missing(id, by_journal, self.keys);
            }
            match journal.next_if(|(id, _)| *id == account.id) {
                Some((_, by_journal)) => self.both_know(account, by_journal, accounts).await?,
                None => {
                    let name = || NamedBy::new(self.keys.newest(), &account.given);
                    accounts.owe_marks(&account, account.locked, None, name);
                }
            }
        }
        Ok(())
    }

    /// Whether an account has that name by the journal: it would have had to give it up first, and that would
    /// have been written first. What a creation that was taken back has left is none, once nothing is marked on it.
    async fn is_anothers(&self, name: &str) -> Result<bool, StoreError> {
        let names = self.names.get_or_init(|| {
            let there = self.state.accounts().filter(|(_, account)| !account.deleted);
            there.map(|(id, account)| (account.name, id)).collect()
        });
        for name in self.keys.all().map(|key| NamedBy::new(key, name)) {
            let of_that_name = names.range((name, AccountId::NONE)..).take_while(|(other, _)| *other == name);
            for (_, id) in of_that_name {
                if self.state.account(id).is_some_and(is_marked)
                    || self.store.account_by_id(id).await?.is_some()
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    async fn both_know(
        &self,
        account: AccountRecord,
        by_journal: &ByJournal,
        accounts: &mut Accounts,
    ) -> Result<(), StoreError> {
        let Self { store, keys, users, origin, .. } = *self;
        if by_journal.deleted {
            store.delete_account(account.id, by()).await?;
            let name = shown(&account);
            tracing::warn!("{name} was deleted by the journal but in the database: deleted again");
            return Ok(());
        }
        let is_canonical = account.name == account.given
            || account.name == canonical_of(&account.given, account.uid.is_some(), users);
        let is_its_name = is_canonical && by_journal.name.may_be(keys, &account.given);
        // A name that it had before, or any in a backup, may be another person's by now.
        // One that the journal has never heard of, in the database that the daemon used
        // last, is that of a renaming whose record was not written any more; and if that database is
        // ahead of the journal, one that it had before is, too.
        let was_called = |name: &NamedBy| name.can_be_tested(keys) && name.may_be(keys, &account.given);
        let is_known = by_journal.earlier.iter().any(was_called) && origin != Origin::Ahead;
        let is_older = origin == Origin::Backup || !is_canonical || is_known;
        let is_stranger = !is_its_name
            && (is_older || account.locked.is_some() || self.is_anothers(&account.given).await?);
        // A stranger's lock is this start's own doing. By the journal's name it would be another's.
        let locked = account.locked.filter(|_| !is_stranger);
        accounts.owe_marks(&account, locked, Some(by_journal), || match is_stranger {
            true => by_journal.name,
            false => NamedBy::new(keys.newest(), &account.given),
        });
        if is_stranger {
            lock_stranger(store, &account).await?;
            accounts.lost.add(by_journal.name, lost(account.id, by_journal, true));
        } else if !is_its_name || (is_marked(by_journal) && !by_journal.name.can_be_tested(keys)) {
            // Also under a key that is retired or lost: else nobody could say whose it is if the database is lost, too.
            let at = clock::now();
            accounts.owed.push(Record::account(at, Befell::Rename, &account, keys));
        }
        restrict(store, account, by_journal).await
    }
}

const fn is_on(mark: Option<Mark>) -> Option<Mark> {
    match mark {
        Some(Mark { on: true, .. }) => mark,
        _ => None,
    }
}

/// Whether there is something that must not be lost.
const fn is_marked(account: &ByJournal) -> bool {
    is_on(account.enrolled).is_some() || is_on(account.locked).is_some()
}

fn lost(account: AccountId, by_journal: &ByJournal, in_database: bool) -> Lost {
    Lost {
        account,
        enrolled: is_on(by_journal.enrolled).map(|mark| mark.at),
        locked: is_on(by_journal.locked).map(|mark| mark.at),
        in_database,
    }
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
    store.set_locked(account.clone(), false, true, clock::now(), by()).await.map(drop)
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
            "{} that the journal has enrolled or locked {} not in the database: that holds all the same",
            log::count(lost, "account"),
            if lost == 1 { "is" } else { "are" }
        );
    }
    if nobodys > 0 {
        tracing::error!(
            "{} enrolled or locked under a server key that is gone, and are not in the \
             database: nobody can say who they were, and where policy allows it their primary passwords work again. \
             `apppw user USER enroll` and `lock` bring that back",
            log::was_or_were(nobodys, "account")
        );
    }
}

#[cfg(test)]
mod tests;
