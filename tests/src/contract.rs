//! What the contract (DESIGN.md §7, docs/roles.md) gives to whom, written down a second time, by hand.

use apppw_admin::Verb;

/// How somebody stands to the account that he asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// root.
    Root,
    /// Of the group `apppw-admin`.
    Admin,
    /// A person of the group `apppw-helpdesk`; whether the account is his own.
    Helpdesk(bool),
    /// A program with that group: its uid is no person's.
    HelpdeskProgram,
    /// A person; whether the account is his own.
    Person(bool),
    /// A system user, nobody, an unknown uid.
    Nobody,
}

/// What comes of a request; `may_create`: `[policy] self_service = "create"`. A new verb does not compile until it
/// has a row.
#[must_use]
pub fn expected(verb: Verb, standing: Standing, may_create: bool) -> &'static str {
    let (own, another) = match verb {
        Verb::Create => (if may_create { "ok" } else { "denied" }, "denied"),
        Verb::Rotate if may_create => ("ok", "not_found"),
        Verb::Rotate => ("denied", "denied"),
        Verb::List | Verb::Verify | Verb::Events => ("ok", "denied"),
        // Who may see nothing of it finds nothing.
        Verb::Find => ("ok", "ok"),
        // To who may not see it, it does not exist.
        Verb::Show | Verb::Watch | Verb::Rename | Verb::Revoke => ("ok", "not_found"),
        Verb::Suspend
        | Verb::Resume
        | Verb::Users
        | Verb::Status
        | Verb::Metrics
        | Verb::Doctor
        | Verb::Report
        | Verb::Panic
        | Verb::Backup
        | Verb::BackupKept
        | Verb::Keys
        | Verb::KeyRotate
        | Verb::KeyRetire
        | Verb::KeyExport
        | Verb::KeyImport
        | Verb::UserShow
        | Verb::UserEnroll
        | Verb::UserUnenroll
        | Verb::UserLock
        | Verb::UserUnlock
        | Verb::UserLockdown
        | Verb::UserRename
        | Verb::UserDelete => ("denied", "denied"),
    };
    let looks_or_takes_away = matches!(
        verb,
        Verb::List
            | Verb::Show
            | Verb::Find
            | Verb::Watch
            | Verb::Events
            | Verb::Users
            | Verb::UserShow
            | Verb::Revoke
            | Verb::Suspend
    );
    let is_roots = matches!(verb, Verb::KeyRotate | Verb::KeyRetire | Verb::KeyExport | Verb::KeyImport);
    match standing {
        Standing::Admin if is_roots => "denied",
        // They may; but it takes no such argument, and there is no such backup.
        Standing::Root | Standing::Admin if verb == Verb::Backup => "invalid",
        Standing::Root | Standing::Admin if verb == Verb::BackupKept => "not_found",
        Standing::Root | Standing::Admin => "ok",
        Standing::Helpdesk(_) | Standing::HelpdeskProgram if looks_or_takes_away => "ok",
        // For the rest a person like any other, and a program is none.
        Standing::HelpdeskProgram | Standing::Nobody => "denied",
        Standing::Person(is_own) | Standing::Helpdesk(is_own) if is_own => own,
        Standing::Person(_) | Standing::Helpdesk(_) => another,
    }
}
