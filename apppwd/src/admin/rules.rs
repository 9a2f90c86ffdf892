//! Who may do what: one table, and nothing is allowed that has no row in it.

use super::caller::{Caller, Role};
use crate::account::canonical_of;
use crate::config::{SelfService, UsersConfig};
use crate::store::AccountRecord;
use apppw_admin::{AdminError, Code, Verb};

/// Why everyone else may do nothing.
pub const NOBODY: &str =
    "that is for administrators, and for people: a uid from UID_MIN (login.defs) on, with a name";

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
    /// The group `apppw-helpdesk`: looks at every account, and takes away.
    pub helpdesk: Reach,
    /// A person with a Unix account.
    pub user: Reach,
    /// Everyone else.
    pub nobody: Reach,
}

/// The table. A verb without a row does not compile.
#[must_use]
pub const fn rule(verb: Verb) -> Rule {
    use Reach::{All, None, Own, OwnIfCreate};
    let (admin, helpdesk, user, nobody) = match verb {
        Verb::Create => (All, OwnIfCreate, OwnIfCreate, None),
        Verb::List => (All, All, Own, None),
        Verb::Show => (All, All, Own, None),
        Verb::Rename => (All, Own, Own, None),
        Verb::Rotate => (All, OwnIfCreate, OwnIfCreate, None),
        // What an administrator or the helpdesk has suspended stays so for its owner, and the
        // helpdesk gives nothing back.
        Verb::Suspend => (All, All, None, None),
        Verb::Resume => (All, None, None, None),
        Verb::Revoke => (All, All, Own, None),
        Verb::Verify => (All, Own, Own, None),
        Verb::Events => (All, All, Own, None),
        Verb::Users => (All, All, None, None),
        Verb::Status => (All, None, None, None),
        Verb::Metrics => (All, None, None, None),
        Verb::Report => (All, None, None, None),
        Verb::Panic => (All, None, None, None),
        Verb::UserShow => (All, All, None, None),
        Verb::UserEnroll => (All, None, None, None),
        Verb::UserUnenroll => (All, None, None, None),
        Verb::UserLock => (All, None, None, None),
        Verb::UserUnlock => (All, None, None, None),
        Verb::UserLockdown => (All, None, None, None),
        Verb::UserRename => (All, None, None, None),
        Verb::UserDelete => (All, None, None, None),
    };
    Rule { admin, helpdesk, user, nobody }
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
        /// The account's name by `[users]`, or as it was before these rules.
        canonical: String,
        /// The caller's uid.
        uid: u32,
    },
}

/// Looks the caller up in the table.
///
/// # Errors
/// [`Code::Denied`].
pub fn authorize(
    caller: &Caller,
    verb: Verb,
    self_service: SelfService,
    users: &UsersConfig,
) -> Result<Power, AdminError> {
    let rule = rule(verb);
    let (reach, own) = match &caller.role {
        Role::Admin => (rule.admin, None),
        Role::Helpdesk(name) => (rule.helpdesk, name.as_ref()),
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
        // At the mail server a bare name is a virtual user's then, who may be another person.
        (Reach::OwnIfCreate, Some(name)) if users.default_domain.is_some() && !name.contains('@') => {
            denied("names without a domain are not Unix accounts' here ([users] default_domain)")
        }
        (Reach::Own | Reach::OwnIfCreate, Some(name)) => {
            let canonical = canonical_of(name, true, users);
            Ok(Power::Own { name: name.clone(), canonical, uid: caller.uid })
        }
        _ if caller.role == Role::Nobody => denied(NOBODY),
        (Reach::None | Reach::Own | Reach::OwnIfCreate, _) if rule.helpdesk == Reach::All => {
            denied("that takes root or a member of the group apppw-admin or apppw-helpdesk")
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
            (Self::Own { name, canonical, .. }, Some(user)) if user == name || user == canonical => {
                Ok(Some(name.clone()))
            }
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
            Self::Own { name, canonical, uid } => {
                account.uid == Some(*uid) && [name, canonical].contains(&&account.name)
            }
        }
    }

    /// Whether the owner of a locked account acts: its self-service is closed.
    ///
    /// # Errors
    /// [`Code::Denied`].
    pub fn check_open(&self, user: &str, locked: bool) -> Result<(), AdminError> {
        match self {
            Self::Own { .. } if locked => {
                let message = format!("the account {user} is locked; ask an administrator");
                Err(AdminError::in_field(Code::Denied, "user", message))
            }
            Self::Own { .. } | Self::All => Ok(()),
        }
    }

    /// As [`Power::reaches`] and [`Power::check_open`], in words.
    ///
    /// # Errors
    /// [`Code::Denied`].
    pub fn check(&self, account: &AccountRecord) -> Result<(), AdminError> {
        if self.reaches(account) {
            return self.check_open(&account.name, account.locked.is_some());
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

    #[test]
    fn the_document_has_this_table() {
        let word = |reach| match reach {
            Reach::All => "all accounts",
            Reach::Own => "own",
            Reach::OwnIfCreate => "own, if `create`",
            Reach::None => "",
        };
        let row = |verb: &Verb| {
            let Rule { admin, helpdesk, user, nobody } = rule(*verb);
            let cells = [admin, helpdesk, user, nobody].map(word).join(" | ");
            format!("| `{}` | {cells} |\n", verb.name())
        };
        let table: String = Verb::ALL.iter().map(row).collect();
        let document = include_str!("../../../docs/roles.md");
        assert!(document.contains(&table), "docs/roles.md should have:\n{table}");
    }

    fn caller(uid: u32, role: Role) -> Caller {
        Caller { uid, login_uid: None, name: None, role }
    }

    fn account(name: &str, uid: Option<u32>) -> AccountRecord {
        let (given, id) = (name.into(), AccountId([1; 16]));
        AccountRecord { id, name: name.into(), given, uid, enrolled: None, locked: None, created: 0 }
    }

    #[test]
    fn nobody_may_do_nothing_and_an_administrator_everything() {
        for verb in Verb::ALL.iter().copied() {
            for self_service in [SelfService::Revoke, SelfService::Create] {
                let nobody =
                    authorize(&caller(33, Role::Nobody), verb, self_service, &UsersConfig::default());
                assert_eq!(nobody.unwrap_err().code, Code::Denied, "{verb:?}");
                assert_eq!(
                    authorize(&caller(0, Role::Admin), verb, self_service, &UsersConfig::default()),
                    Ok(Power::All),
                    "{verb:?}"
                );
            }
        }
    }

    #[test]
    fn a_user_reaches_only_the_account_bound_to_the_uid() {
        let alice = caller(1000, Role::User("alice".into()));
        for verb in Verb::ALL.iter().copied() {
            let Ok(power) = authorize(&alice, verb, SelfService::Create, &UsersConfig::default()) else {
                continue;
            };
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
        let always = [Verb::List, Verb::Show, Verb::Events, Verb::Rename, Verb::Revoke, Verb::Verify];
        let if_create = [Verb::Create, Verb::Rotate];
        for verb in Verb::ALL.iter().copied() {
            let may = |self_service| authorize(&alice, verb, self_service, &UsersConfig::default()).is_ok();
            assert_eq!(may(SelfService::Revoke), always.contains(&verb), "{verb:?}");
            let with_create = always.contains(&verb) || if_create.contains(&verb);
            assert_eq!(may(SelfService::Create), with_create, "{verb:?}");
        }
    }

    #[test]
    fn the_helpdesk_looks_and_takes_away_and_is_a_person_for_the_rest() {
        let takes_away = [Verb::Revoke, Verb::Suspend];
        let looks = [Verb::List, Verb::Show, Verb::Events, Verb::Users, Verb::UserShow];
        let person = Role::Helpdesk(Some("heidi".into()));
        for (role, own) in [(person, true), (Role::Helpdesk(None), false)] {
            for verb in Verb::ALL.iter().copied() {
                let caller = caller(1000, role.clone());
                let power = authorize(&caller, verb, SelfService::Create, &UsersConfig::default());
                let is_of_all = takes_away.contains(&verb) || looks.contains(&verb);
                assert_eq!(power == Ok(Power::All), is_of_all, "{verb:?}");
                let user = authorize(
                    &self::caller(1000, Role::User("heidi".into())),
                    verb,
                    SelfService::Create,
                    &UsersConfig::default(),
                );
                if !is_of_all {
                    assert_eq!(power.is_ok(), own && user.is_ok(), "{verb:?}");
                }
            }
        }
    }

    #[test]
    fn a_lock_closes_self_service_and_binds_no_administrator() {
        let alice = Power::Own { name: "alice".into(), canonical: "alice".into(), uid: 1000 };
        let locked = AccountRecord { locked: Some(1), ..account("alice", Some(1000)) };
        assert!(alice.check(&account("alice", Some(1000))).is_ok());
        assert_eq!(alice.check(&locked).unwrap_err().code, Code::Denied);
        assert!(Power::All.check(&locked).is_ok());
    }

    #[test]
    fn a_unix_name_means_the_account_that_its_logins_mean() {
        let alice = caller(1000, Role::User("Alice".into()));
        let fold = UsersConfig { fold_case: true, ..UsersConfig::default() };
        let power = authorize(&alice, Verb::List, SelfService::Revoke, &fold).unwrap();
        assert!(power.reaches(&account("alice", Some(1000))));
        for user in [None, Some("Alice"), Some("alice")] {
            assert_eq!(power.target(user), Ok(Some("Alice".into())));
        }
        let domain = UsersConfig { default_domain: Some("example.org".into()), ..fold };
        let power = authorize(&alice, Verb::List, SelfService::Revoke, &domain).unwrap();
        assert!(power.reaches(&account("alice", Some(1000))));
        assert!(!power.reaches(&account("alice@example.org", Some(1000))));
        for verb in [Verb::Create, Verb::Rotate] {
            assert!(authorize(&alice, verb, SelfService::Create, &domain).is_err(), "{verb:?}");
        }
    }
}
