//! Why a verdict is what it is: a closed list, for the log.

use apppw_proto::frame::{Detail, Verdict};

/// Why. Each reason belongs to exactly one verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The secret is right and its scope covers the service.
    Accepted,
    /// No app password of this account has that secret, or there is no such account.
    UnknownSecret,
    /// It was revoked.
    Revoked,
    /// Its scope does not cover the service.
    WrongService,
    /// Its time is over.
    Expired,
    /// It is suspended.
    Suspended,
    /// The client's address is in none of its networks.
    WrongNetwork,
    /// It has a network rule, and the host gave no address that counts.
    NoAddress,
    /// It is locked to the service that used it first, which is another one.
    PinnedService,
    /// It is locked to the network that used it first, which is another one.
    PinnedNetwork,
    /// The account is locked.
    AccountLocked,
    /// `apppw panic on` is in force.
    Panic,
    /// The service is in no group.
    ServiceInNoGroup,
    /// The tag is right and the secret isn't: chance (1 in 2³² guesses), or a forged row.
    WrongSecret,
    /// The primary password is refused here.
    PrimaryRefused,
    /// The primary password is refused because the account is enrolled.
    PrimaryRefusedEnrolled,
    /// The primary password is refused, and what was typed looked like a secret with a
    /// typing error.
    Mistyped,
    /// What was typed has not the shape of a secret (`apppw verify` only).
    NotASecret,
    /// The user name is empty, too long or has characters that can't be shown.
    BadUserName,
    /// App passwords never open this service.
    NeverService,
    /// The primary password is left to the next module.
    PrimaryAllowed,
    /// The primary password is left to the next module, though policy would refuse it if it
    /// did not only report.
    PrimaryReported,
    /// A string with the shape of a secret, from an account never enrolled whose primary
    /// password is allowed.
    NeverEnrolled,
    /// The primary password was used (the module's report).
    PrimaryUsed,
    /// Too many logins wait for Argon2id.
    Overloaded,
    /// The client's deadline passed.
    Deadline,
    /// The store can't be read.
    StoreFailed,
    /// The stored hash can't be used: unknown key or parameters beyond the cap.
    BadHash,
    /// This uid may not ask for this service.
    PeerNotAllowed,
    /// Not a frame.
    Malformed,
    /// A fault of the daemon's own.
    Internal,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 31] = [
        Self::Accepted,
        Self::UnknownSecret,
        Self::Revoked,
        Self::WrongService,
        Self::Expired,
        Self::Suspended,
        Self::WrongNetwork,
        Self::NoAddress,
        Self::PinnedService,
        Self::PinnedNetwork,
        Self::AccountLocked,
        Self::Panic,
        Self::ServiceInNoGroup,
        Self::WrongSecret,
        Self::PrimaryRefused,
        Self::PrimaryRefusedEnrolled,
        Self::Mistyped,
        Self::NotASecret,
        Self::BadUserName,
        Self::NeverService,
        Self::PrimaryAllowed,
        Self::PrimaryReported,
        Self::NeverEnrolled,
        Self::PrimaryUsed,
        Self::Overloaded,
        Self::Deadline,
        Self::StoreFailed,
        Self::BadHash,
        Self::PeerNotAllowed,
        Self::Malformed,
        Self::Internal,
    ];

    /// The word in the log, in `apppw verify` and, later, in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::UnknownSecret => "unknown-secret",
            Self::Revoked => "revoked",
            Self::WrongService => "wrong-service",
            Self::Expired => "expired",
            Self::Suspended => "suspended",
            Self::WrongNetwork => "wrong-network",
            Self::NoAddress => "no-address",
            Self::PinnedService => "pinned-service",
            Self::PinnedNetwork => "pinned-network",
            Self::AccountLocked => "account-locked",
            Self::Panic => "panic",
            Self::ServiceInNoGroup => "service-in-no-group",
            Self::WrongSecret => "wrong-secret",
            Self::PrimaryRefused => "primary-refused",
            Self::PrimaryRefusedEnrolled => "primary-refused-enrolled",
            Self::Mistyped => "mistyped",
            Self::NotASecret => "not-a-secret",
            Self::BadUserName => "bad-user-name",
            Self::NeverService => "never-service",
            Self::PrimaryAllowed => "primary-allowed",
            Self::PrimaryReported => "primary-reported",
            Self::NeverEnrolled => "never-enrolled",
            Self::PrimaryUsed => "primary-used",
            Self::Overloaded => "overloaded",
            Self::Deadline => "deadline",
            Self::StoreFailed => "store-failed",
            Self::BadHash => "bad-hash",
            Self::PeerNotAllowed => "peer-not-allowed",
            Self::Malformed => "malformed",
            Self::Internal => "internal",
        }
    }

    /// The verdict that goes with it.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Accepted => Verdict::Accepted,
            Self::UnknownSecret
            | Self::Revoked
            | Self::WrongService
            | Self::Expired
            | Self::Suspended
            | Self::WrongNetwork
            | Self::NoAddress
            | Self::PinnedService
            | Self::PinnedNetwork
            | Self::AccountLocked
            | Self::Panic
            | Self::ServiceInNoGroup
            | Self::WrongSecret
            | Self::PrimaryRefused
            | Self::PrimaryRefusedEnrolled
            | Self::Mistyped
            | Self::NotASecret
            | Self::BadUserName => Verdict::Refused,
            Self::NeverService
            | Self::PrimaryAllowed
            | Self::PrimaryReported
            | Self::NeverEnrolled
            | Self::PrimaryUsed => Verdict::NotMine,
            Self::Overloaded
            | Self::Deadline
            | Self::StoreFailed
            | Self::BadHash
            | Self::PeerNotAllowed
            | Self::Malformed
            | Self::Internal => Verdict::Unavailable,
        }
    }

    /// What the module may log. Refusals carry none: they are all alike.
    #[must_use]
    pub const fn detail(self) -> Detail {
        match self {
            Self::Overloaded => Detail::OVERLOADED,
            Self::Deadline => Detail::DEADLINE,
            Self::StoreFailed => Detail::STORE,
            Self::Malformed => Detail::MALFORMED,
            Self::PeerNotAllowed => Detail::PEER,
            Self::BadHash | Self::Internal => Detail::INTERNAL,
            _ => Detail::NONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_reason_accepts_and_only_unavailable_says_more() {
        let accepting: Vec<_> =
            Reason::ALL.into_iter().filter(|r| r.verdict() == Verdict::Accepted).collect();
        assert_eq!(accepting, [Reason::Accepted]);
        for reason in Reason::ALL {
            assert_eq!(
                reason.detail() != Detail::NONE,
                reason.verdict() == Verdict::Unavailable,
                "{reason:?}"
            );
        }
    }
}
