//! Return codes of libpam.

/// A return code of libpam.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code(pub i32);

macro_rules! codes {
    ($($name:ident = $number:literal),* $(,)?) => {
        impl Code {
            $(#[doc = concat!("`PAM_", stringify!($name), "`")] pub const $name: Self = Self($number);)*

            /// The code's name without `PAM_`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self.0 {
                    $($number => stringify!($name),)*
                    _ => "(no code of libpam)",
                }
            }
        }
    };
}

codes! {
    SUCCESS = 0,
    SERVICE_ERR = 3,
    SYSTEM_ERR = 4,
    BUF_ERR = 5,
    PERM_DENIED = 6,
    AUTH_ERR = 7,
    CRED_INSUFFICIENT = 8,
    AUTHINFO_UNAVAIL = 9,
    USER_UNKNOWN = 10,
    MAXTRIES = 11,
    NEW_AUTHTOK_REQD = 12,
    ACCT_EXPIRED = 13,
    CRED_ERR = 17,
    CONV_ERR = 19,
    AUTHTOK_ERR = 20,
    IGNORE = 25,
    ABORT = 26,
    MODULE_UNKNOWN = 28,
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name(), self.0)
    }
}
