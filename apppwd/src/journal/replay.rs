//! What a journal says in the end.

use super::{Befell, Change, NamedBy, Record};
use crate::clock::UnixSeconds;
use crate::store::AccountId;
use apppw_admin::AppPasswordId;
use std::collections::{BTreeMap, BTreeSet};

/// Whether something is so, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The last change.
    pub at: UnixSeconds,
    /// What it was changed to.
    pub on: bool,
}

/// An account by the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Stands for its name: a backup may be older than the account.
    pub name: NamedBy,
    /// What it was called before.
    pub earlier: BTreeSet<NamedBy>,
    /// Whether it is enrolled, if it ever was.
    pub enrolled: Option<Mark>,
    /// Whether it is locked, if it ever was.
    pub locked: Option<Mark>,
    /// It was deleted.
    pub deleted: bool,
}

/// The last word on everything in the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    revoked: BTreeMap<AppPasswordId, UnixSeconds>,
    suspended: BTreeMap<AppPasswordId, Mark>,
    ends: BTreeMap<AppPasswordId, UnixSeconds>,
    accounts: BTreeMap<AccountId, Account>,
    panic: BTreeMap<String, Mark>,
    run: Option<u64>,
}

impl State {
    /// Takes one more record, in the order of the journal.
    pub fn apply(&mut self, record: &Record) {
        let at = record.at;
        let mark = |on| Mark { at, on };
        match &record.change {
            Change::Revoke(id) => drop(self.revoked.entry(*id).or_insert(at)),
            Change::Suspend(id) => drop(self.suspended.insert(*id, mark(true))),
            Change::Resume(id) => drop(self.suspended.insert(*id, mark(false))),
            Change::End(id, end) => {
                let known = self.ends.entry(*id).or_insert(*end);
                *known = (*known).min(*end);
            }
            Change::Account(befell, account, name) => {
                let account = self.accounts.entry(*account).or_insert_with(|| Account {
                    name: *name,
                    earlier: BTreeSet::new(),
                    enrolled: None,
                    locked: None,
                    deleted: false,
                });
                let before = std::mem::replace(&mut account.name, *name);
                if before != *name {
                    account.earlier.insert(before);
                }
                account.earlier.remove(name);
                match befell {
                    Befell::Enroll => account.enrolled = Some(mark(true)),
                    Befell::Unenroll => account.enrolled = Some(mark(false)),
                    Befell::Lock => account.locked = Some(mark(true)),
                    Befell::Unlock => account.locked = Some(mark(false)),
                    Befell::Rename => {}
                    Befell::Delete => account.deleted = true,
                }
            }
            Change::Panic(switch) => drop(self.panic.insert(switch.clone(), mark(true))),
            Change::Calm(switch) => drop(self.panic.insert(switch.clone(), mark(false))),
            Change::Start(run) => self.run = Some(*run),
        }
    }

    /// Whether there is no record at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The revoked app passwords and when each was revoked.
    pub fn revoked(&self) -> impl Iterator<Item = (AppPasswordId, UnixSeconds)> + '_ {
        self.revoked.iter().map(|(id, at)| (*id, *at))
    }

    /// Whether `id` is revoked.
    #[must_use]
    pub fn is_revoked(&self, id: AppPasswordId) -> bool {
        self.revoked.contains_key(&id)
    }

    /// The suspended app passwords and since when each is.
    pub fn suspended(&self) -> impl Iterator<Item = (AppPasswordId, UnixSeconds)> + '_ {
        self.suspended.iter().filter(|(_, mark)| mark.on).map(|(id, mark)| (*id, mark.at))
    }

    /// Whether `id` is suspended; `None`: it never was.
    #[must_use]
    pub fn is_suspended(&self, id: AppPasswordId) -> Option<bool> {
        self.suspended.get(&id).map(|mark| mark.on)
    }

    /// The app passwords that end at the latest at some second.
    pub fn ends(&self) -> impl Iterator<Item = (AppPasswordId, UnixSeconds)> + '_ {
        self.ends.iter().map(|(id, end)| (*id, *end))
    }

    /// When `id` ends at the latest.
    #[must_use]
    pub fn end_of(&self, id: AppPasswordId) -> Option<UnixSeconds> {
        self.ends.get(&id).copied()
    }

    /// What it says of an account.
    #[must_use]
    pub fn account(&self, account: &AccountId) -> Option<&Account> {
        self.accounts.get(account)
    }

    /// Every account that the journal knows.
    pub fn accounts(&self) -> impl Iterator<Item = (AccountId, &Account)> + '_ {
        self.accounts.iter().map(|(id, account)| (*id, account))
    }

    /// Every panic switch that was ever touched.
    #[must_use]
    pub const fn panic(&self) -> &BTreeMap<String, Mark> {
        &self.panic
    }

    /// The number that was drawn at the last start.
    #[must_use]
    pub const fn run(&self) -> Option<u64> {
        self.run
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::NameMac;

    #[test]
    fn the_last_word_counts_and_a_revocation_stays() {
        let account = AccountId([1; 16]);
        let name = |byte| NamedBy { key: [0; 4], name: NameMac([byte; 16]) };
        let id = AppPasswordId::from_bits(5);
        let mut state = State::default();
        for (at, change) in [
            (1, Change::Account(Befell::Enroll, account, name(2))),
            (2, Change::Revoke(id)),
            (3, Change::Account(Befell::Unenroll, account, name(2))),
            (4, Change::Revoke(id)),
            (5, Change::Suspend(id)),
            (6, Change::Resume(id)),
            (7, Change::End(id, 90)),
            (8, Change::End(id, 100)),
            (9, Change::Account(Befell::Lock, account, name(2))),
            (10, Change::Account(Befell::Rename, account, name(3))),
            (11, Change::Panic("mail".into())),
            (12, Change::Panic(String::new())),
            (13, Change::Calm("mail".into())),
        ] {
            state.apply(&Record { at, change });
        }
        assert_eq!(state.revoked().collect::<Vec<_>>(), [(id, 2)]);
        assert_eq!((state.is_suspended(id), state.suspended().count()), (Some(false), 0));
        assert_eq!(state.end_of(id), Some(90), "an end never comes later");
        let word = state.account(&account).unwrap();
        assert_eq!(word.enrolled, Some(Mark { at: 3, on: false }));
        assert_eq!(word.locked, Some(Mark { at: 9, on: true }));
        assert_eq!((word.name, &word.earlier), (name(3), &[name(2)].into()));
        assert!(!word.deleted);
        let on: Vec<_> = state.panic().iter().filter(|(_, mark)| mark.on).map(|(switch, _)| switch).collect();
        assert_eq!(on, [""]);
    }
}
