//! Accounts that the journal knows and the database doesn't.

use crate::account::Names;
use crate::clock::UnixSeconds;
use crate::journal::{Befell, Change, NamedBy};
use crate::key::{DerivedKeys, Keyring};
use crate::store::AccountId;
use std::collections::{BTreeMap, BTreeSet};

/// What the journal says of an account that the database doesn't have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// Its id, then.
    pub account: AccountId,
    /// Since when it is enrolled.
    pub enrolled: Option<UnixSeconds>,
    /// Since when it is locked.
    pub locked: Option<UnixSeconds>,
    /// The database has the account, by another name: whatever befalls this one, it lives.
    pub in_database: bool,
}

impl Lost {
    /// Neither enrolled nor locked.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
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

    /// How many names are made by that key: without it they are nobody's.
    #[must_use]
    pub fn named_by(&self, key: &DerivedKeys) -> u64 {
        let names = self.0.iter().filter(|(name, _)| name.is_by(key));
        u64::try_from(names.count()).unwrap_or(u64::MAX)
    }

    /// Those that the database has by another name.
    #[must_use]
    pub fn in_database(&self) -> BTreeSet<AccountId> {
        self.0.values().flatten().filter(|lost| lost.in_database).map(|lost| lost.account).collect()
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
                if befell != Befell::Delete || !lost.in_database {
                    changes.push(Change::Account(befell, lost.account, key));
                }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_accounts_that_had_a_name_each_counts() {
        let dir = tempfile::tempdir().unwrap();
        let found = crate::key::create(dir.path(), 1).unwrap();
        let keys = Keyring::new(&found.keys.unwrap(), &found.place.path).unwrap();
        let names = Names::exact("alice");
        let name = NamedBy::new(keys.newest(), "alice");
        let enrolled =
            Lost { account: AccountId([1; 16]), enrolled: Some(5), locked: None, in_database: false };
        let locked =
            Lost { account: AccountId([2; 16]), enrolled: None, locked: Some(7), in_database: false };
        for both in [[enrolled, locked], [locked, enrolled]] {
            let mut lost = LostAccounts::default();
            both.into_iter().for_each(|one| lost.add(name, one));
            let standing = |lost: &LostAccounts| lost.find(&keys, &names).map(|l| (l.enrolled, l.locked));
            assert_eq!(standing(&lost), Some((Some(5), Some(7))));
            let told = lost.forget(&keys, &names, Befell::Unlock);
            assert_eq!(told, [Change::Account(Befell::Unlock, locked.account, name)]);
            assert_eq!(standing(&lost), Some((Some(5), None)), "the other's enrolment stays");
        }
    }
}
