//! What is kept: accounts, app passwords, their uses.
//!
//! [`Store`] says what the daemon needs and nothing of how SQLite does it, so that another
//! database can stand behind it. [`sqlite`] is the one there is.

pub mod sqlite;
mod types;

pub use types::{
    AccountId, AccountRecord, AppPasswordRecord, Counts, Hash, LoginRow, NewAppPassword, PageStart,
    RevokedNow, Scheme, UseDelta,
};

use crate::clock::UnixSeconds;
use crate::fault::Exit;
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::{Actor, Use};
use std::path::PathBuf;

/// Most uses kept for one app password; older ones give way.
pub const MAX_USES: usize = 50;

/// The store, seen from the daemon. A mutation that returned `Ok` is durable.
#[expect(async_fn_in_trait, reason = "statically dispatched on one thread; no future has to be Send")]
pub trait Store {
    /// The account of that canonical name.
    async fn account(&self, name: &str) -> Result<Option<AccountRecord>, StoreError>;

    /// What a login needs of the row with that tag.
    async fn login_row(
        &self,
        account: &AccountId,
        key: u32,
        tag: u32,
    ) -> Result<Option<LoginRow>, StoreError>;

    /// One app password.
    async fn app_password(&self, id: AppPasswordId) -> Result<Option<AppPasswordRecord>, StoreError>;

    /// App passwords by account name, then time of creation; at most `limit` from `start` on.
    async fn app_passwords(
        &self,
        account: Option<&AccountId>,
        revoked_too: bool,
        start: Option<&PageStart>,
        limit: usize,
    ) -> Result<Vec<AppPasswordRecord>, StoreError>;

    /// The uses of an app password, newest first; at most `limit`.
    async fn uses(&self, id: AppPasswordId, limit: usize) -> Result<Vec<Use>, StoreError>;

    /// Every revoked app password and every enrolled account, for the journal.
    async fn tombstones(&self) -> Result<Tombstones, StoreError>;

    /// The account of that id.
    async fn account_by_id(&self, id: &AccountId) -> Result<Option<AccountRecord>, StoreError>;

    /// How many there are of what.
    async fn counts(&self, account: Option<&AccountId>) -> Result<Counts, StoreError>;

    /// Puts a new app password in; makes and enrols its account if need be.
    async fn create(&self, new: NewAppPassword) -> Result<Created, StoreError>;

    /// Takes back a [`Store::create`] whose secret nobody has seen, with the enrolment that
    /// came with it, and with the account if it was made for it.
    async fn undo_create(&self, id: AppPasswordId, new_account: bool) -> Result<(), StoreError>;

    /// Revokes those that are live, all in one transaction; the rest is left as it is.
    async fn revoke(
        &self,
        ids: Vec<(AppPasswordId, UnixSeconds)>,
        by: Actor,
    ) -> Result<RevokedNow, StoreError>;

    /// Sets or clears an account's enrolment, making the account if it is new; `false` if it
    /// was so already.
    async fn set_enrolled(
        &self,
        account: AccountRecord,
        new_account: bool,
        enrolled: Option<UnixSeconds>,
    ) -> Result<bool, StoreError>;

    /// Replaces a hash, if the row is live and still has `old`; `false` if not. No two rows
    /// may share a tag, so a collision is `false` too.
    async fn rehash(
        &self,
        id: AppPasswordId,
        old: Hash,
        key: u32,
        tag: u32,
        new: Hash,
    ) -> Result<bool, StoreError>;

    /// Adds to the uses; the newest [`MAX_USES`] of each app password stay.
    async fn add_uses(&self, uses: Vec<UseDelta>) -> Result<(), StoreError>;

    /// Whether the last write succeeded.
    fn writable(&self) -> bool;
}

/// What the journal must know of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tombstones {
    /// Revoked app passwords, and when.
    pub revoked: Vec<(AppPasswordId, UnixSeconds)>,
    /// Enrolled accounts.
    pub enrolled: Vec<AccountRecord>,
}

/// What [`Store::create`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It is in.
    Done {
        /// The account, made now or before.
        account: AccountRecord,
        /// It was not enrolled before.
        newly_enrolled: bool,
    },
    /// A live app password of the account has that name.
    NameTaken(AppPasswordId),
    /// The account has as many live app passwords as it may.
    TooManyLive,
    /// Id or tag are taken, or another request has made the account meanwhile: draw again.
    Collision,
    /// The account's uid is another one.
    OtherUid(u32),
}

/// Why the store did not do it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The disk is full or read-only; nothing has changed.
    #[error("the database can't be written: {0}")]
    ReadOnly(String),
    /// Anything else; nothing has changed.
    #[error("the database failed: {0}")]
    Failed(String),
}

/// Why the store can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Made by a newer apppwd.
    #[error(
        "{}: the database has schema {found}, this apppwd knows up to {known}. Install the newer apppwd again, or \
         put back the backup that was made before its upgrade", path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest known one.
        known: i64,
    },
    /// Nothing is in it, though this host has had app passwords.
    #[error(
        "{}: the database is empty, but the journal has records: this host has had app passwords. Put the database \
         back from a backup, or move it away and run `apppwd --init` once, as the daemon's user", path.display()
    )]
    Empty {
        /// The database.
        path: PathBuf,
    },
    /// Not a database of ours, or damaged.
    #[error("{}: the database can't be used: {why}. Put it back from a backup", path.display())]
    Unusable {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        why: String,
    },
    /// A full or read-only disk, an I/O error, another program's lock: it may pass.
    #[error("{}: the database can't be opened now: {why}. Nothing is wrong with it as far as can be seen", path.display())]
    NotNow {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        why: String,
    },
    /// The SQLite that was linked can lose commits.
    #[error(
        "SQLite {0} can lose commits in WAL mode (fixed in 3.51.3): build apppwd with its bundled SQLite"
    )]
    OldSqlite(&'static str),
}

impl OpenError {
    /// The exit status.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Newer { .. } | Self::Empty { .. } | Self::Unusable { .. } => Exit::Config,
            Self::NotNow { .. } | Self::OldSqlite(_) => Exit::Failure,
        }
    }
}
