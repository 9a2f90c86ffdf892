//! Who may do what: one table, and nothing is allowed that has no row in it.

use super::caller::{Caller, Role};
use crate::account::canonical_of;
use crate::config::{SelfService, UsersConfig};
use crate::store::AccountRecord;
use apppw_admin::{About, AdminError, Code, Verb};

/// Why everyone else may do nothing.
pub const NOBODY: &str = "only root, members of the groups apppw-admin and apppw-helpdesk, and people may (a person has a name, and a uid \
     from UID_MIN in login.defs on)";

/// How far a role reaches with a verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Every account.
    All,
    /// The same, for root alone: not for the group `apppw-admin`.
    Root,
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
    use Reach::{All, None, Own, OwnIfCreate, Root};
    let (admin, helpdesk, user, nobody) = match verb {
        Verb::Create => (All, OwnIfCreate, OwnIfCreate, None),
        Verb::List => (All, All, Own, None),
        Verb::Show => (All, All, Own, None),
        Verb::Find => (All, All, Own, None),
        Verb::Rename => (All, Own, Own, None),
        Verb::Rotate => (All, OwnIfCreate, OwnIfCreate, None),
        // What an administrator or the helpdesk has suspended stays so for its owner, and the
        // helpdesk gives nothing back.
        Verb::Suspend => (All, All, None, None),
        Verb::Resume => (All, None, None, None),
        Verb::Revoke => (All, All, Own, None),
        Verb::Verify => (All, Own, Own, None),
        Verb::Watch => (All, All, Own, None),
        Verb::Events => (All, All, Own, None),
        Verb::Users => (All, All, None, None),
        Verb::Status => (All, None, None, None),
        Verb::Metrics => (All, None, None, None),
        Verb::Report => (All, None, None, None),
        Verb::Panic => (All, None, None, None),
        Verb::Keys => (All, None, None, None),
        // Who has the keys and a copy of the database can test guesses.
        Verb::KeyRotate | Verb::KeyRetire | Verb::KeyExport | Verb::KeyImport => (Root, None, None, None),
        // Every name, and every hash; without the key.
        Verb::Backup => (All, None, None, None),
        Verb::BackupKept => (All, None, None, None),
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
        (Reach::Root, _) if caller.uid == 0 => Ok(Power::All),
        _ if rule.admin == Reach::Root && caller.role != Role::Nobody => denied("only root may"),
        (Reach::OwnIfCreate, _) if self_service != SelfService::Create => {
            denied("here administrators create app passwords ([policy] self_service = \"revoke\"); ask one")
        }
        // At the mail server a bare name is a virtual user's then, who may be another person.
        (Reach::OwnIfCreate, Some(name)) if users.default_domain.is_some() && !name.contains('@') => denied(
            "names without a domain are not Unix accounts' here ([users] default_domain); ask an administrator",
        ),
        (Reach::Own | Reach::OwnIfCreate, Some(name)) => {
            let canonical = canonical_of(name, true, users);
            Ok(Power::Own { name: name.clone(), canonical, uid: caller.uid })
        }
        _ if caller.role == Role::Nobody => denied(NOBODY),
        (Reach::None | Reach::Own | Reach::OwnIfCreate | Reach::Root, _) if rule.helpdesk == Reach::All => {
            denied("only root and members of the groups apppw-admin and apppw-helpdesk may; ask one of them")
        }
        (Reach::None | Reach::Own | Reach::OwnIfCreate | Reach::Root, _) => {
            denied("only root and members of the group apppw-admin may; ask one of them")
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
            (Self::Own { name, .. }, user) => {
                let message = format!("{name} may act for {name} only: leave the user out");
                let about = About { user: user.map(str::to_owned), id: None };
                Err(AdminError { about, ..AdminError::in_field(Code::Denied, "user", message) })
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
        let about = About { user: Some(account.name.clone()), id: None };
        Err(AdminError { about, ..AdminError::in_field(Code::Denied, "user", message) })
    }
}

#[cfg(test)]
mod tests;
