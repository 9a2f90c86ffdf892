//! Account names: one place where a name as typed becomes the canonical one.

use crate::config::UsersConfig;
use crate::store::{AccountRecord, Look, StoreError};
use apppw_admin::text::{NameError, check_field};
use zeroize::Zeroize;

/// A user name as it was typed, and the canonical one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// As typed. An account that has this very name comes first: rules that were changed
    /// must not cut off one that would fall together with another.
    pub typed: String,
    /// By `[users]`.
    pub canonical: String,
}

/// People type a secret where the name belongs.
impl Drop for Names {
    fn drop(&mut self) {
        self.typed.zeroize();
        self.canonical.zeroize();
    }
}

impl Names {
    /// Both names.
    ///
    /// # Errors
    /// As [`canonical`].
    pub fn of(typed: &str, users: &UsersConfig) -> Result<Self, NameError> {
        Ok(Self { typed: typed.to_owned(), canonical: canonical(typed, users)? })
    }

    /// Of an account whose name is known: nothing was typed.
    #[must_use]
    pub fn exact(name: &str) -> Self {
        Self { typed: name.to_owned(), canonical: name.to_owned() }
    }

    /// Each name once, in the order in which an account is looked for.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        let typed = (self.typed != self.canonical).then_some(self.typed.as_str());
        typed.into_iter().chain([self.canonical.as_str()])
    }

    /// The account that is meant.
    ///
    /// # Errors
    /// If the store can't be read.
    pub fn account(&self, look: &dyn Look) -> Result<Option<AccountRecord>, StoreError> {
        for name in self.all() {
            if let Some(account) = look.account(name)? {
                return Ok(Some(account));
            }
        }
        // The time of a refusal must not say who has an account.
        look.any_account()?;
        Ok(None)
    }
}

/// The canonical name of an account: `[users]` applied to the name as typed. Nothing else is
/// normalised, and only ASCII letters are folded, as hosts do: the host goes on with the name
/// as it is, and a name that is folded here but not there would be another person's.
///
/// # Errors
/// If it is empty, longer than 255 bytes, or has control, bidi or zero-width characters.
pub fn canonical(name: &str, users: &UsersConfig) -> Result<String, NameError> {
    check_field(name)?;
    let folded = if users.fold_case { name.to_ascii_lowercase() } else { name.to_owned() };
    let whole = match &users.default_domain {
        Some(domain) if !folded.contains('@') => format!("{folded}@{domain}"),
        _ => folded,
    };
    // The default domain may be an alias itself.
    let meant = whole
        .rsplit_once('@')
        .and_then(|(local, domain)| users.domain_aliases.get(domain).map(|meant| format!("{local}@{meant}")));
    let canonical = meant.unwrap_or(whole);
    if canonical != name {
        check_field(&canonical)?;
    }
    Ok(canonical)
}

/// The canonical name of an account that was given a name once, by the rules as they are now.
/// A Unix account is its Unix name.
#[must_use]
pub fn canonical_of(given: &str, is_unix: bool, users: &UsersConfig) -> String {
    let folded = if is_unix { canonical(given, &users.for_unix()) } else { canonical(given, users) };
    folded.unwrap_or_else(|_| given.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Knows alice, and counts what is read of accounts as a whole.
    #[derive(Default)]
    struct OnlyAlice(std::cell::Cell<u32>);

    impl OnlyAlice {
        fn read(&self) -> AccountRecord {
            self.0.set(self.0.get() + 1);
            AccountRecord {
                id: crate::store::AccountId([1; 16]),
                name: "alice".into(),
                given: "alice".into(),
                uid: None,
                enrolled: None,
                locked: None,
                created: 0,
            }
        }
    }

    impl Look for OnlyAlice {
        fn account(&self, name: &str) -> Result<Option<AccountRecord>, StoreError> {
            Ok((name == "alice").then(|| self.read()))
        }

        fn any_account(&self) -> Result<Option<AccountRecord>, StoreError> {
            Ok(Some(self.read()))
        }

        fn login_row(
            &self,
            _: &crate::store::AccountId,
            _: u32,
            _: u32,
        ) -> Result<Option<crate::store::LoginRow>, StoreError> {
            Ok(None)
        }
    }

    #[test]
    fn one_account_is_read_for_whoever_is_unknown_as_for_whoever_is_known() {
        for (name, is_known) in [("alice", true), ("mallory", false)] {
            let look = OnlyAlice::default();
            assert_eq!(Names::exact(name).account(&look).unwrap().is_some(), is_known);
            assert_eq!(look.0.get(), 1, "{name}");
        }
    }

    fn all_on() -> UsersConfig {
        UsersConfig {
            fold_case: true,
            default_domain: Some("example.org".into()),
            domain_aliases: [("example.net".to_owned(), "example.org".to_owned())].into(),
        }
    }

    #[test]
    fn names_as_typed_and_the_account_meant() {
        let off = UsersConfig::default();
        #[rustfmt::skip]
        let table = [
            // typed                   all off                  all on
            ("alice",                  "alice",                 "alice@example.org"),
            ("Alice@Example.ORG",      "Alice@Example.ORG",     "alice@example.org"),
            ("alice@example.net",      "alice@example.net",     "alice@example.org"),
            ("alice@example.com",      "alice@example.com",     "alice@example.com"),
            ("a@b@example.net",        "a@b@example.net",       "a@b@example.org"),
            ("Jürgen@Bücher.example",  "Jürgen@Bücher.example", "jürgen@bücher.example"),
            ("alice+tag@example.org",  "alice+tag@example.org", "alice+tag@example.org"),
            // Not made one: other letters' case, the Kelvin sign, NFC and NFD, full-width @.
            ("ÉVA@example.org",        "ÉVA@example.org",       "Éva@example.org"),
            ("bob\u{212a}@example.org", "bob\u{212a}@example.org", "bob\u{212a}@example.org"),
            ("e\u{301}va",             "e\u{301}va",            "e\u{301}va@example.org"),
            ("éva",                    "éva",                   "éva@example.org"),
            ("eva＠example.net",        "eva＠example.net",       "eva＠example.net@example.org"),
        ];
        for (typed, plain, folded) in table {
            assert_eq!(canonical(typed, &off).unwrap(), plain);
            assert_eq!(canonical(typed, &all_on()).unwrap(), folded);
        }
        for bad in ["", " ", "a\u{202e}b", "a\u{200d}b", "a\nb", " alice", "alice "] {
            assert!(canonical(bad, &off).is_err() && canonical(bad, &all_on()).is_err(), "{bad:?}");
        }
        assert!(canonical(&"a".repeat(250), &all_on()).is_err(), "too long with its domain");
    }

    #[test]
    fn a_default_domain_may_be_an_alias() {
        let users = UsersConfig { default_domain: Some("example.net".into()), ..all_on() };
        for typed in ["bob", "bob@example.net", "bob@example.org"] {
            assert_eq!(canonical(typed, &users).unwrap(), "bob@example.org");
        }
    }

    proptest! {
        /// The canonical name of a canonical name is itself.
        #[test]
        fn canonical_is_idempotent(name in "[a-zA-ZäÄßİ0-9@.+-]{1,40}") {
            if let Ok(once) = canonical(&name, &all_on()) {
                // A domain of several @ may be an alias only after the first round.
                prop_assert_eq!(canonical(&once, &all_on()), Ok(once));
            }
        }
    }
}
