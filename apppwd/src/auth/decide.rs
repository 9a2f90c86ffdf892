//! The decision: pure functions of what was asked, what was read, and policy.

use super::Reason;
use crate::address::Address;
use crate::clock::UnixSeconds;
use crate::config::Groups;
use crate::policy::Primary;
use crate::store::{AppPasswordRecord, LoginRow};
use apppw_proto::services;

/// What a decision is made on, but for the row.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The PAM service; `None` when `verify` leaves it open.
    pub service: Option<&'a str>,
    /// The client's address.
    pub address: Address,
    /// The groups as they are configured now.
    pub groups: &'a Groups,
    /// Whether the account has, or once had, an app password. `false` for no account.
    pub enrolled: bool,
    /// Whether the account is locked.
    pub locked: bool,
    /// Whether `apppw panic on` is in force here.
    pub panic: bool,
    /// What the primary password may do here.
    pub primary: Primary,
    /// The time.
    pub now: UnixSeconds,
}

impl Facts<'_> {
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
    Step::Decided(match (facts.by_service(), row) {
        (Some(reason), _) => reason,
        // An account never enrolled has no stale phone: its primary password may look so.
        (None, None) if !facts.enrolled && facts.primary.passes() => Reason::NeverEnrolled,
        (None, None) => Reason::UnknownSecret,
        (None, Some(row)) => match row_refusal(facts, row) {
            Some(reason) => reason,
            None => return Step::NeedsHash,
        },
    })
}

/// Why this row doesn't accept. What an administrator did comes before what the scope says:
/// the log should name the stronger reason.
fn row_refusal(facts: &Facts<'_>, row: &LoginRow) -> Option<Reason> {
    if row.revoked.is_some() {
        return Some(Reason::Revoked);
    }
    if facts.locked {
        return Some(Reason::AccountLocked);
    }
    if facts.panic {
        return Some(Reason::Panic);
    }
    if row.suspended.is_some() {
        return Some(Reason::Suspended);
    }
    // What was once seen expired stays so, whatever the clock does later.
    if row.expired {
        return Some(Reason::Expired);
    }
    row.scope
        .refusal(facts.groups, facts.service, facts.address, facts.now)
        .or_else(|| row.hash.is_none().then_some(Reason::BadHash))
}

/// What the database says of the life of an app password.
#[derive(Debug, Clone, Copy)]
pub struct Marks {
    revoked: bool,
    expired: bool,
    suspended: bool,
    expires: Option<UnixSeconds>,
}

impl From<&LoginRow> for Marks {
    fn from(row: &LoginRow) -> Self {
        let LoginRow { scope, expired, suspended, revoked, .. } = row;
        let (revoked, suspended) = (revoked.is_some(), suspended.is_some());
        Self { revoked, expired: *expired, suspended, expires: scope.expires }
    }
}

impl From<&AppPasswordRecord> for Marks {
    fn from(record: &AppPasswordRecord) -> Self {
        let AppPasswordRecord { scope, expired, suspended, revoked, .. } = record;
        let (revoked, expired, suspended) = (revoked.is_some(), expired.is_some(), suspended.is_some());
        Self { revoked, expired, suspended, expires: scope.expires }
    }
}

/// Why an app password accepts nobody, whoever asks for what. `seen_expired` and `in_memory`: what
/// only memory says of it.
#[must_use]
pub fn dead(
    marks: impl Into<Marks>,
    seen_expired: bool,
    in_memory: Option<Reason>,
    now: UnixSeconds,
) -> Option<Reason> {
    let Marks { revoked, expired, suspended, expires } = marks.into();
    if revoked || in_memory == Some(Reason::Revoked) {
        return Some(Reason::Revoked);
    }
    if expired || seen_expired || expires.is_some_and(|expires| now >= expires) {
        return Some(Reason::Expired);
    }
    suspended.then_some(Reason::Suspended).or(in_memory)
}

/// Decides whether the primary password may be used. `wrong_check`: what was typed looked
/// like a secret but for its check character.
#[must_use]
pub fn primary(facts: &Facts<'_>, wrong_check: bool) -> Reason {
    if let Some(reason) = facts.by_service() {
        return reason;
    }
    match facts.primary {
        Primary::Allowed => Reason::PrimaryAllowed,
        Primary::WouldBeRefused(_) => Reason::PrimaryReported,
        Primary::Refused(Reason::AccountLocked) => Reason::AccountLocked,
        Primary::Refused(_) if wrong_check => Reason::Mistyped,
        Primary::Refused(reason) => reason,
    }
}

#[cfg(test)]
mod tests;
