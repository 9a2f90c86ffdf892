//! What the primary password may do: a pure function of configuration and facts.

use crate::address::Address;
use crate::auth::Reason;
use crate::config::{Groups, PolicyConfig};
use apppw_admin::verbs::PrimaryPolicy;
use std::collections::BTreeMap;

/// What may happen to the primary password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Primary {
    /// The next module may try it.
    Allowed,
    /// It may, because policy only reports; enforced, it would be refused for this reason.
    WouldBeRefused(Reason),
    /// It is refused.
    Refused(Reason),
}

impl Primary {
    /// The stricter of two.
    #[must_use]
    pub const fn stricter(self, other: Self) -> Self {
        match (self, other) {
            (Self::Refused(_), _) | (Self::WouldBeRefused(_), Self::Allowed | Self::WouldBeRefused(_)) => {
                self
            }
            (Self::Allowed | Self::WouldBeRefused(_), _) => other,
        }
    }

    /// Whether the next module may try it.
    #[must_use]
    pub const fn passes(self) -> bool {
        matches!(self, Self::Allowed | Self::WouldBeRefused(_))
    }
}

/// An account, as far as its primary password is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// Canonical name.
    pub user: &'a str,
    /// It has, or once had, an app password.
    pub enrolled: bool,
    /// It is locked.
    pub locked: bool,
}

/// Judges an account's primary password on `service` from `address`.
#[must_use]
pub fn primary(
    policy: &PolicyConfig,
    groups: &Groups,
    account: &Account<'_>,
    service: &str,
    address: Address,
) -> Primary {
    // A lock holds whatever else is configured: it is the answer to an emergency.
    if account.locked {
        return Primary::Refused(Reason::AccountLocked);
    }
    let refusal = match effective(policy, groups, account.user, service) {
        PrimaryPolicy::Refuse => Reason::PrimaryRefused,
        PrimaryPolicy::RefuseEnrolled if account.enrolled => Reason::PrimaryRefusedEnrolled,
        PrimaryPolicy::RefuseEnrolled | PrimaryPolicy::Allow => return Primary::Allowed,
    };
    if is_exempt(policy, groups, account.user, service, address) {
        return Primary::Allowed;
    }
    let report_only = policy.resolve(
        account.user,
        groups.of_service(service),
        |overrides| overrides.report_only,
        |a, b| a && b,
        policy.report_only,
    );
    if report_only { Primary::WouldBeRefused(refusal) } else { Primary::Refused(refusal) }
}

/// Whether the policy as it is would refuse what it lets through by `report_only`.
#[must_use]
pub fn would_refuse(
    policy: &PolicyConfig,
    groups: &Groups,
    account: &Account<'_>,
    service: &str,
    address: Address,
) -> bool {
    primary(policy, groups, account, service, address) != Primary::Allowed
}

/// The groups of services that an account's primary password opens until it is enrolled, and
/// not from then on.
#[must_use]
pub fn ends_by_enrolment(policy: &PolicyConfig, groups: &Groups, user: &str) -> Vec<String> {
    let passes = |enrolled, service: &str| {
        let account = Account { user, enrolled, locked: false };
        primary(policy, groups, &account, service, Address::Unknown).passes()
    };
    let ends = |service: &String| passes(false, service) && !passes(true, service);
    groups.all().filter(|(_, services)| services.iter().any(ends)).map(|(group, _)| group.clone()).collect()
}

/// `primary` for this account, where no group of services says otherwise.
#[must_use]
pub fn global(policy: &PolicyConfig, user: &str) -> PrimaryPolicy {
    policy.resolve(user, std::iter::empty(), |o| o.primary, stricter, policy.primary)
}

/// Whether `primary` is only reported for this account, where no group of services says
/// otherwise.
#[must_use]
pub fn global_report_only(policy: &PolicyConfig, user: &str) -> bool {
    policy.resolve(user, std::iter::empty(), |o| o.report_only, |a, b| a && b, policy.report_only)
}

/// The groups with a `primary` of their own that counts for this account.
#[must_use]
pub fn by_group(policy: &PolicyConfig, user: &str) -> BTreeMap<String, PrimaryPolicy> {
    let global = global(policy, user);
    let one = |group: &String| {
        let own =
            policy.resolve(user, std::iter::once(group.as_str()), |o| o.primary, stricter, policy.primary);
        (own != global).then(|| (group.clone(), own))
    };
    policy.group.keys().filter_map(one).collect()
}

/// `primary` for this account and service.
#[must_use]
pub fn effective(policy: &PolicyConfig, groups: &Groups, user: &str, service: &str) -> PrimaryPolicy {
    policy.resolve(user, groups.of_service(service), |o| o.primary, stricter, policy.primary)
}

/// The stricter of two.
const fn stricter(a: PrimaryPolicy, b: PrimaryPolicy) -> PrimaryPolicy {
    use PrimaryPolicy::{Allow, Refuse, RefuseEnrolled};
    match (a, b) {
        (Refuse, _) | (_, Refuse) => Refuse,
        (RefuseEnrolled, _) | (_, RefuseEnrolled) => RefuseEnrolled,
        (Allow, Allow) => Allow,
    }
}

fn is_exempt(policy: &PolicyConfig, groups: &Groups, user: &str, service: &str, address: Address) -> bool {
    let Address::Known(address) = address else { return false };
    // Of several groups each must exempt it.
    policy.resolve(
        user,
        groups.of_service(service),
        |overrides| overrides.primary_networks.as_ref().map(|nets| nets.contain(&address)),
        |a, b| a && b,
        policy.primary_networks.contain(&address),
    )
}

#[cfg(test)]
mod tests;
