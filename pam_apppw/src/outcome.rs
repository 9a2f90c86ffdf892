//! What the module may answer: a closed set.

use pam::constants::PamResultCode;

/// Everything that authentication and account management may answer.
///
/// `PAM_IGNORE` is not here, and must never be: a stack in which every module says that may
/// let anybody in (CVE-2025-23013).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Accepted.
    Success,
    /// Refused, final.
    AuthErr,
    /// Not-mine: the next module may try the primary password.
    UserUnknown,
    /// No verdict to be had.
    Unavailable,
    /// The module's arguments are unusable.
    ServiceErr,
}

impl Outcome {
    /// The code that libpam gets.
    #[must_use]
    pub const fn code(self) -> PamResultCode {
        match self {
            Self::Success => PamResultCode::PAM_SUCCESS,
            Self::AuthErr => PamResultCode::PAM_AUTH_ERR,
            Self::UserUnknown => PamResultCode::PAM_USER_UNKNOWN,
            Self::Unavailable => PamResultCode::PAM_AUTHINFO_UNAVAIL,
            Self::ServiceErr => PamResultCode::PAM_SERVICE_ERR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn the_codes_are_those_of_the_contract() {
        let codes = [
            (Outcome::Success, 0),
            (Outcome::AuthErr, 7),
            (Outcome::UserUnknown, 10),
            (Outcome::Unavailable, 9),
            (Outcome::ServiceErr, 3),
        ];
        for (outcome, code) in codes {
            assert_eq!(outcome.code() as i32, code, "{outcome:?}");
        }
    }
}
