//! Who may do what: one table, and nothing is allowed that has no row in it.

use super::caller::{Caller, Role};
use crate::config::SelfService;
use crate::store::AccountRecord;
use apppw_admin::{AdminError, Code, Verb};

/// How far a role reaches with a verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Every account.
    All,
    /// The account bound to the caller.
    Own,
    /// The same, if `[policy] self_service` is `"create"`.
    OwnIfCreate,
    /// Nothing.
    None,
}

/// One verb's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Root and the group `apppw-admin`.
    pub admin: Reach,
    /// A person with a Unix account.
    pub user: Reach,
    /// Everyone else.
    pub nobody: Reach,
}

/// The table. A verb without a row does not compile.
#[must_use]
pub const fn rule(verb: Verb) -> Rule {
    use Reach::{All, None, Own, OwnIfCreate};
    let (admin, user, nobody) = match verb {
        Verb::Create => (All, OwnIfCreate, None),
        Verb::List => (All, Own, None),
        Verb::Show => (All, Own, None),
        Verb::Revoke => (All, Own, None),
        Verb::Verify => (All, Own, None),
        Verb::Status => (All, None, None),
        Verb::UserShow => (All, None, None),
        Verb::UserEnroll => (All, None, None),
        Verb::UserUnenroll => (All, None, None),
    };
    Rule { admin, user, nobody }
}

/// What a verb may be done to, by this caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Power {
    /// Any account.
    All,
    /// The account of that name, if it is bound to that uid.
    Own {
        /// The caller's Unix name.
        name: String,
        /// The caller's uid.
        uid: u32,
    },
}

/// Looks the caller up in the table.
///
/// # Errors
/// [`Code::Denied`].
pub fn authorize(caller: &Caller, verb: Verb, self_service: SelfService) -> Result<Power, AdminError> {
    let rule = rule(verb);
    let (reach, own) = match &caller.role {
        Role::Admin => (rule.admin, None),
        Role::User(name) => (rule.user, Some(name)),
        Role::Nobody => (rule.nobody, None),
    };
    let denied = |why: &str| {
        Err(AdminError::new(Code::Denied, format!("{caller} may not use `{}`: {why}", verb.name())))
    };
    match (reach, own) {
        (Reach::All, _) => Ok(Power::All),
        (Reach::OwnIfCreate, _) if self_service != SelfService::Create => {
            denied("here app passwords are created by an administrator ([policy] self_service = \"revoke\")")
        }
        (Reach::Own | Reach::OwnIfCreate, Some(name)) => {
            Ok(Power::Own { name: name.clone(), uid: caller.uid })
        }
        (Reach::None | Reach::Own | Reach::OwnIfCreate, _) => {
            denied("that takes root or a member of the group apppw-admin")
        }
    }
}

impl Power {
    /// The account's name that a request is about: the one it names, or the caller's own.
    /// `None`: all accounts.
    ///
    /// # Errors
    /// [`Code::Denied`] if it names another's.
    pub fn target(&self, user: Option<&str>) -> Result<Option<String>, AdminError> {
        match (self, user) {
            (Self::All, user) => Ok(user.map(str::to_owned)),
            (Self::Own { name, .. }, None) => Ok(Some(name.clone())),
            (Self::Own { name, .. }, Some(user)) if user == name => Ok(Some(name.clone())),
            (Self::Own { name, .. }, Some(_)) => {
                let message = format!("{name} may act for {name} only");
                Err(AdminError::in_field(Code::Denied, "user", message))
            }
        }
    }

    /// Whether `account` is within reach: its uid counts, not its name alone, for a Unix
    /// name may be given to another person.
    #[must_use]
    pub fn reaches(&self, account: &AccountRecord) -> bool {
        match self {
            Self::All => true,
            Self::Own { name, uid } => account.name == *name && account.uid == Some(*uid),
        }
    }

    /// As [`Power::reaches`], in words.
    ///
    /// # Errors
    /// [`Code::Denied`].
    pub fn check(&self, account: &AccountRecord) -> Result<(), AdminError> {
        if self.reaches(account) {
            return Ok(());
        }
        let whose = match account.uid {
            Some(uid) => format!("is bound to uid {uid}"),
            None => "is not bound to a Unix account".to_owned(),
        };
        let message = format!("the account {} {whose}; ask an administrator", account.name);
        Err(AdminError::in_field(Code::Denied, "user", message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::AccountId;

    fn caller(uid: u32, role: Role) -> Caller {
        Caller { uid, name: None, role }
    }

    fn account(name: &str, uid: Option<u32>) -> AccountRecord {
        AccountRecord { id: AccountId([1; 16]), name: name.into(), uid, enrolled: None, created: 0 }
    }

    #[test]
    fn nobody_may_do_nothing_and_an_administrator_everything() {
        for verb in Verb::ALL {
            for self_service in [SelfService::Revoke, SelfService::Create] {
                let nobody = authorize(&caller(33, Role::Nobody), verb, self_service);
                assert_eq!(nobody.unwrap_err().code, Code::Denied, "{verb:?}");
                assert_eq!(
                    authorize(&caller(0, Role::Admin), verb, self_service),
                    Ok(Power::All),
                    "{verb:?}"
                );
            }
        }
    }

    #[test]
    fn a_user_reaches_only_the_account_bound_to_the_uid() {
        let alice = caller(1000, Role::User("alice".into()));
        for verb in Verb::ALL {
            let Ok(power) = authorize(&alice, verb, SelfService::Create) else { continue };
            assert!(power.reaches(&account("alice", Some(1000))), "{verb:?}");
            assert!(!power.reaches(&account("alice", Some(1001))), "{verb:?}");
            assert!(!power.reaches(&account("alice", None)), "{verb:?}");
            assert!(!power.reaches(&account("bob", Some(1000))), "{verb:?}");
            assert_eq!(power.target(None), Ok(Some("alice".into())));
            assert_eq!(power.target(Some("bob")).unwrap_err().code, Code::Denied);
        }
    }

    #[test]
    fn a_user_creates_only_where_policy_lets_users_create() {
        let alice = caller(1000, Role::User("alice".into()));
        assert!(authorize(&alice, Verb::Create, SelfService::Create).is_ok());
        assert!(authorize(&alice, Verb::Create, SelfService::Revoke).is_err());
        for verb in [Verb::List, Verb::Show, Verb::Revoke, Verb::Verify] {
            assert!(authorize(&alice, verb, SelfService::Revoke).is_ok(), "{verb:?}");
        }
        for verb in [Verb::Status, Verb::UserShow, Verb::UserEnroll, Verb::UserUnenroll] {
            assert!(authorize(&alice, verb, SelfService::Create).is_err(), "{verb:?}");
        }
    }
}
