//! What a journal says in the end.

use super::{Change, NamedBy, Record};
use crate::clock::UnixSeconds;
use crate::store::AccountId;
use apppw_admin::AppPasswordId;
use std::collections::BTreeMap;

/// An account's enrolment by the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolment {
    /// Since when it is so.
    pub at: UnixSeconds,
    /// Whether it is enrolled.
    pub enrolled: bool,
    /// Stands for its name: a backup may be older than the account.
    pub name: NamedBy,
}

/// The last word on every id in the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    revoked: BTreeMap<AppPasswordId, UnixSeconds>,
    enrolments: BTreeMap<AccountId, Enrolment>,
}

impl State {
    /// Takes one more record, in the order of the journal.
    pub fn apply(&mut self, record: &Record) {
        match record.change {
            Change::Revoke(id) => {
                self.revoked.entry(id).or_insert(record.at);
            }
            Change::Enroll(account, name) => {
                self.enrolments.insert(account, Enrolment { at: record.at, enrolled: true, name });
            }
            Change::Unenroll(account, name) => {
                self.enrolments.insert(account, Enrolment { at: record.at, enrolled: false, name });
            }
        }
    }

    /// Whether there is no record at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.revoked.is_empty() && self.enrolments.is_empty()
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

    /// What it says of an account's enrolment.
    #[must_use]
    pub fn enrolment(&self, account: &AccountId) -> Option<Enrolment> {
        self.enrolments.get(account).copied()
    }

    /// Every account whose enrolment the journal knows.
    pub fn enrolments(&self) -> impl Iterator<Item = (AccountId, Enrolment)> + '_ {
        self.enrolments.iter().map(|(account, enrolment)| (*account, *enrolment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::NameMac;

    #[test]
    fn the_last_word_on_an_enrolment_counts_and_a_revocation_stays() {
        let account = AccountId([1; 16]);
        let name = NamedBy { key: [0; 4], name: NameMac([2; 16]) };
        let id = AppPasswordId::from_bits(5);
        let mut state = State::default();
        for (at, change) in [
            (1, Change::Enroll(account, name)),
            (2, Change::Revoke(id)),
            (3, Change::Unenroll(account, name)),
            (4, Change::Revoke(id)),
        ] {
            state.apply(&Record { at, change });
        }
        assert_eq!(state.revoked().collect::<Vec<_>>(), [(id, 2)]);
        assert_eq!(state.enrolments().next().unwrap().1, Enrolment { at: 3, enrolled: false, name });
    }
}
