//! Accounts that the journal knows and the database doesn't.

use crate::account::Names;
use crate::clock::UnixSeconds;
use crate::journal::{Befell, Change, NamedBy};
use crate::key::Keyring;
use crate::store::AccountId;
use std::collections::BTreeMap;

/// What the journal says of an account that the database doesn't have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// Its id, then.
    pub account: AccountId,
    /// Since when it is enrolled.
    pub enrolled: Option<UnixSeconds>,
    /// Since when it is locked.
    pub locked: Option<UnixSeconds>,
}

impl Lost {
    const fn is_nothing(&self) -> bool {
        self.enrolled.is_none() && self.locked.is_none()
    }
}

/// Those that are enrolled or locked by the journal, by their names, be it that the backup is
/// older or that somebody changed it: their primary passwords must not come back to life. One
/// name may have been several accounts'.
#[derive(Debug, Default)]
pub struct LostAccounts(BTreeMap<NamedBy, Vec<Lost>>);

impl LostAccounts {
    /// Adds one.
    pub fn add(&mut self, name: NamedBy, lost: Lost) {
        if !lost.is_nothing() {
            self.0.entry(name).or_default().push(lost);
        }
    }

    /// What is lost of the accounts that had one of these names.
    #[must_use]
    pub fn find(&self, keys: &Keyring, names: &Names) -> Option<Lost> {
        if self.0.is_empty() {
            return None;
        }
        let keys = keys_of(keys, names);
        let found = keys.iter().filter_map(|key| self.0.get(key)).flatten().copied();
        found.reduce(|a, b| Lost { enrolled: a.enrolled.or(b.enrolled), locked: a.locked.or(b.locked), ..a })
    }

    /// Takes back that they are enrolled ([`Befell::Unenroll`]) or locked
    /// ([`Befell::Unlock`]), or forgets them ([`Befell::Delete`]). Returns what the journal must
    /// be told for that.
    pub fn forget(&mut self, keys: &Keyring, names: &Names, befell: Befell) -> Vec<Change> {
        let mut changes = Vec::new();
        for key in keys_of(keys, names) {
            for lost in self.0.get_mut(&key).into_iter().flatten() {
                match befell {
                    Befell::Unenroll if lost.enrolled.is_some() => lost.enrolled = None,
                    Befell::Unlock if lost.locked.is_some() => lost.locked = None,
                    Befell::Delete => (lost.enrolled, lost.locked) = (None, None),
                    _ => continue,
                }
                changes.push(Change::Account(befell, lost.account, key));
            }
            self.0.entry(key).or_default().retain(|lost| !lost.is_nothing());
        }
        self.0.retain(|_, lost| !lost.is_empty());
        changes
    }
}

fn keys_of(keys: &Keyring, names: &Names) -> Vec<NamedBy> {
    keys.all().flat_map(|key| names.all().map(move |name| NamedBy::new(key, name))).collect()
}
