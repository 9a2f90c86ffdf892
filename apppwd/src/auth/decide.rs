//! The decision: pure functions of what was asked, what was read, and policy.

use super::Reason;
use crate::config::Groups;
use crate::store::LoginRow;
use apppw_admin::verbs::PrimaryPolicy;
use apppw_proto::services;

/// What a decision is made on, but for the row.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The PAM service; `None` when `verify` leaves it open.
    pub service: Option<&'a str>,
    /// The groups as they are configured now.
    pub groups: &'a Groups,
    /// Whether the account has, or once had, an app password. `false` for no account.
    pub enrolled: bool,
    /// The policy for this account here.
    pub primary: PrimaryPolicy,
}

impl Facts<'_> {
    /// Whether policy lets this account use its primary password here.
    const fn primary_is_allowed(&self) -> bool {
        match self.primary {
            PrimaryPolicy::Refuse => false,
            PrimaryPolicy::RefuseEnrolled => !self.enrolled,
            PrimaryPolicy::Allow => true,
        }
    }

    /// What settles the matter before any secret or row is looked at.
    fn by_service(&self) -> Option<Reason> {
        let service = self.service?;
        if services::is_never_opened(service) {
            return Some(Reason::NeverService);
        }
        (!self.groups.has_service(service)).then_some(Reason::ServiceInNoGroup)
    }
}

/// The first half of a login's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is made.
    Decided(Reason),
    /// The row may accept: it is a matter of its hash.
    NeedsHash,
}

/// Decides on a secret of the right shape. `row` is the one with the secret's tag.
#[must_use]
pub fn login(facts: &Facts<'_>, row: Option<&LoginRow>) -> Step {
    if let Some(reason) = facts.by_service() {
        return Step::Decided(reason);
    }
    let Some(row) = row else {
        // An account never enrolled has no stale phone: its primary password may look so.
        let reason = if !facts.enrolled && facts.primary_is_allowed() {
            Reason::NeverEnrolled
        } else {
            Reason::UnknownSecret
        };
        return Step::Decided(reason);
    };
    if row.revoked.is_some() {
        return Step::Decided(Reason::Revoked);
    }
    if facts.service.is_some_and(|service| !facts.groups.covers(&row.services, service)) {
        return Step::Decided(Reason::WrongService);
    }
    if row.hash.is_none() {
        return Step::Decided(Reason::BadHash);
    }
    Step::NeedsHash
}

/// Decides whether the primary password may be used. `wrong_check`: what was typed looked
/// like a secret but for its check character.
#[must_use]
pub fn primary(facts: &Facts<'_>, wrong_check: bool) -> Reason {
    if let Some(reason) = facts.by_service() {
        return reason;
    }
    match (facts.primary_is_allowed(), wrong_check, facts.enrolled, facts.primary) {
        (true, ..) => Reason::PrimaryAllowed,
        (false, true, ..) => Reason::Mistyped,
        (false, false, true, PrimaryPolicy::RefuseEnrolled) => Reason::PrimaryRefusedEnrolled,
        (false, false, ..) => Reason::PrimaryRefused,
    }
}

#[cfg(test)]
mod tests;
