//! What was to be refused but could not be written down: a full or read-only disk must not keep
//! a leaked secret alive. It holds as long as this process lives.

use crate::auth::Reason;
use crate::clock::UnixSeconds;
use crate::panic_switch::PanicSwitch;
use apppw_admin::AppPasswordId;
use std::collections::{BTreeMap, BTreeSet};

/// Refused by word only.
#[derive(Debug, Default)]
pub struct InMemory {
    app_passwords: BTreeMap<AppPasswordId, Reason>,
    /// Halves of one rotation that were refused together. When one of them has ended, the store doesn't link them any more.
    rotations: Vec<BTreeSet<AppPasswordId>>,
    /// By name: one that is locked need not be known yet.
    accounts: BTreeSet<String>,
    /// Panic switches.
    panic: PanicSwitch,
}

impl InMemory {
    /// Refuses app passwords, with this reason ([`Reason::Revoked`] or [`Reason::Suspended`]). A
    /// revocation is not made less by a suspension. Returns those for which that is new.
    pub fn app_passwords(&mut self, ids: &[AppPasswordId], reason: Reason) -> Vec<AppPasswordId> {
        let mut new = Vec::new();
        for id in ids {
            let known = self.app_passwords.get(id);
            if known.is_none() || (reason == Reason::Revoked && known != Some(&reason)) {
                self.app_passwords.insert(*id, reason);
                new.push(*id);
            }
        }
        new
    }

    /// That these are halves of one rotation.
    pub fn rotation(&mut self, halves: &[AppPasswordId]) {
        let halves: BTreeSet<AppPasswordId> = halves.iter().copied().collect();
        if halves.len() > 1 && !self.rotations.contains(&halves) {
            self.rotations.push(halves);
        }
    }

    /// `ids`, and what was refused together with them for that reason and is still refused in memory only.
    #[must_use]
    pub fn with_rotations(&self, mut ids: Vec<AppPasswordId>, reason: Reason) -> Vec<AppPasswordId> {
        let asked: BTreeSet<AppPasswordId> = ids.iter().copied().collect();
        let rotations = self.rotations.iter().filter(|halves| !halves.is_disjoint(&asked));
        let others =
            rotations.flatten().filter(|id| !asked.contains(id) && self.reason(**id) == Some(reason));
        ids.extend(others.copied().collect::<BTreeSet<_>>());
        ids
    }

    /// Whether app passwords are refused so.
    #[must_use]
    pub fn has_app_passwords(&self) -> bool {
        !self.app_passwords.is_empty()
    }

    /// Refuses an account as if it were locked. `true`: that is new.
    pub fn account(&mut self, name: String) -> bool {
        self.accounts.insert(name)
    }

    /// The store has the last word again on whether these are revoked, which is for good, or
    /// suspended, which says nothing of a revocation.
    pub fn forget(&mut self, ids: &[AppPasswordId], reason: Reason) {
        for id in ids {
            if reason == Reason::Revoked || self.reason(*id) == Some(reason) {
                self.app_passwords.remove(id);
            }
        }
        let left = &self.app_passwords;
        self.rotations.retain(|halves| halves.iter().any(|id| left.contains_key(id)));
    }

    /// Turns a panic switch on. `true`: that is new.
    pub fn panic(&mut self, switch: &str, at: UnixSeconds) -> bool {
        let is_new = !self.panic.0.contains_key(switch);
        self.panic.0.entry(switch.to_owned()).or_insert(at);
        is_new
    }

    /// The store has the last word on this switch again. `true`: it was on in memory.
    pub fn forget_panic(&mut self, switch: &str) -> bool {
        self.panic.0.remove(switch).is_some()
    }

    /// The switches that are on in memory only.
    #[must_use]
    pub const fn panics(&self) -> &PanicSwitch {
        &self.panic
    }

    /// Whether there is one.
    #[must_use]
    pub fn has_panic(&self) -> bool {
        !self.panic.0.is_empty()
    }

    /// The store has the last word on this account again.
    pub fn forget_account(&mut self, name: &str) {
        self.accounts.remove(name);
    }

    /// How many are refused so.
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::try_from(self.app_passwords.len() + self.accounts.len() + self.panic.0.len()).unwrap_or(u64::MAX)
    }

    /// Why this app password is refused, if it is.
    #[must_use]
    pub fn reason(&self, id: AppPasswordId) -> Option<Reason> {
        self.app_passwords.get(&id).copied()
    }

    /// Whether this account is refused.
    #[must_use]
    pub fn has_account(&self, name: &str) -> bool {
        self.accounts.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> AppPasswordId {
        AppPasswordId::from_bits(number)
    }

    #[test]
    fn halves_that_were_refused_together_are_written_together() {
        let mut memory = InMemory::default();
        memory.app_passwords(&[id(1), id(2), id(3), id(8)], Reason::Revoked);
        memory.rotation(&[id(1), id(2), id(3)]);
        memory.rotation(&[id(8)]);
        assert_eq!(memory.with_rotations(vec![id(2)], Reason::Revoked), [id(2), id(1), id(3)]);
        assert_eq!(memory.with_rotations(vec![id(8), id(9)], Reason::Revoked), [id(8), id(9)]);
        assert_eq!(memory.with_rotations(vec![id(2)], Reason::Suspended), [id(2)], "that was not asked for");
        memory.forget(&[id(1), id(2)], Reason::Revoked);
        assert_eq!(memory.with_rotations(vec![id(1)], Reason::Revoked), [id(1), id(3)], "one is still owed");
        memory.forget(&[id(3)], Reason::Revoked);
        assert_eq!(memory.with_rotations(vec![id(1)], Reason::Revoked), [id(1)]);
        assert!(memory.rotations.is_empty());
    }
}
