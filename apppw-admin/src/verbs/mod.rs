//! The verbs: their names, arguments and results. Times are Unix seconds.

mod account;
mod app_password;
mod backup;
mod client;
mod create;
mod event;
mod find;
mod host;
mod keys;
mod life;
mod metrics;
mod read;
mod users;
mod watch;
mod words;

pub use account::{Account, PrimaryPolicy, PrimaryUse, Report, ReportArgs, UserArgs, UserRenameArgs};
pub use app_password::{Actor, ActorRole, AppPassword, PinState, State, Use};
pub use backup::{Backup, BackupKept, BackupKeptArgs, Restored};
pub use client::{ClientSettings, Encryption, MailServer};
pub use create::{CreateArgs, Created, Expiry, PinKind, RotateArgs};
pub use event::{Event, EventKind, Events, EventsArgs};
pub use find::{Candidate, FindArgs, FindWhat, Found};
pub use host::{Argon2Status, PanicArgs, PanicSwitch, PanicSwitches, Status, Verdicts};
pub use keys::{
    Key, KeyExportArgs, KeyExported, KeyImportArgs, KeyRetireArgs, KeyRetired, Keys, KeysChanged,
};
pub use life::{Changed, IdsArgs, RenameArgs, RevokeArgs, Revoked};
pub use metrics::{Histogram, LoginCount, Metrics, OTHER_SERVICE};
pub use read::{ListArgs, Listed, ShowArgs, Shown, Verified, VerifyArgs};
pub use users::{UserSummary, Users, UsersArgs};
pub use watch::{Attempt, WatchArgs, Watched};

use words::words;

words! {
    /// What can be asked on `admin.sock`.
    Verb,
    /// The verb's name in the envelope.
    name:

    /// Make an app password.
    Create => "create",
    /// App passwords of one account, or of all.
    List => "list",
    /// One app password, whole.
    Show => "show",
    /// What begins as somebody has typed it.
    Find => "find",
    /// Give an app password another name.
    Rename => "rename",
    /// A new app password with the same name and scope; the old one lives for its grace.
    Rotate => "rotate",
    /// Refuse app passwords until they are resumed.
    Suspend => "suspend",
    /// Take that back.
    Resume => "resume",
    /// Take app passwords away for good.
    Revoke => "revoke",
    /// Would this secret be accepted?
    Verify => "verify",
    /// Logins of one account, as they happen.
    Watch => "watch",
    /// What happened.
    Events => "events",
    /// All accounts, at a glance.
    Users => "users",
    /// How the daemon is.
    Status => "status",
    /// The daemon in numbers.
    Metrics => "metrics",
    /// Whose primary password opened what.
    Report => "report",
    /// Refuse every app password, of the host or of a group, without deleting anything.
    Panic => "panic",
    /// The server keys: their numbers, and what depends on each.
    Keys => "keys",
    /// A new server key, before the others.
    KeyRotate => "key.rotate",
    /// Revoke what still depends on an old server key, and give that up.
    KeyRetire => "key.retire",
    /// The server keys themselves.
    KeyExport => "key.export",
    /// Other server keys in their place.
    KeyImport => "key.import",
    /// A consistent copy of the database, into a pipe.
    Backup => "backup",
    /// That copy lies where it was to: it is the last backup.
    BackupKept => "backup.kept",
    /// One account.
    UserShow => "user.show",
    /// Mark an account as enrolled.
    UserEnroll => "user.enroll",
    /// Clear that mark.
    UserUnenroll => "user.unenroll",
    /// Refuse an account's app passwords and its primary password; close its self-service.
    UserLock => "user.lock",
    /// Take that back.
    UserUnlock => "user.unlock",
    /// Lock an account and revoke all its app passwords, in one transaction.
    UserLockdown => "user.lockdown",
    /// Give an account another name; its app passwords stay.
    UserRename => "user.rename",
    /// Forget an account: what a deluser hook calls.
    UserDelete => "user.delete",
}

impl Verb {
    /// The verb of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|verb| verb.name() == name)
    }
}
