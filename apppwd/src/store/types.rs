//! The records, as the daemon sees them.

use crate::clock::UnixSeconds;
use crate::scope::Scope;
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::{Actor, Use};

/// An account for ever, whatever its name becomes: 16 random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub [u8; 16]);

impl AccountId {
    /// No account's id: what an unknown user's login is computed with, so that it takes as
    /// long as a known one's.
    pub const NONE: Self = Self([0; 16]);
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRecord {
    /// Its id.
    pub id: AccountId,
    /// Its canonical name, by `[users]` as it is now.
    pub name: String,
    /// The name that it was given, before later rules folded it.
    pub given: String,
    /// The Unix uid that it is bound to.
    pub uid: Option<u32>,
    /// Since when it is enrolled.
    pub enrolled: Option<UnixSeconds>,
    /// Since when it is locked.
    pub locked: Option<UnixSeconds>,
    /// When it became known.
    pub created: UnixSeconds,
}

/// How a secret was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Argon2id v1.3 (RFC 9106) over the canonical secret, keyed.
    Argon2id,
}

/// A stored hash with its parameters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash {
    /// How.
    pub scheme: Scheme,
    /// Server key whose derived key was Argon2's secret input.
    pub key: u32,
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Random.
    pub salt: [u8; 16],
    /// The result.
    pub value: [u8; 32],
}

#[cfg(test)]
impl Hash {
    /// For tests: of nobody's secret, and as cheap as it goes.
    pub const fn of_nobody() -> Self {
        Self {
            scheme: Scheme::Argon2id,
            key: 1,
            memory_kib: 8,
            iterations: 1,
            parallelism: 1,
            salt: [0; 16],
            value: [0; 32],
        }
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hash({:?}, key {}, m={}, …)", self.scheme, self.key, self.memory_kib)
    }
}

/// What a login needs of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginRow {
    /// Its public name.
    pub id: AppPasswordId,
    /// Its label.
    pub name: String,
    /// What it is good for.
    pub scope: Scope,
    /// It was seen expired before.
    pub expired: bool,
    /// Since when it is suspended.
    pub suspended: Option<UnixSeconds>,
    /// When it was revoked.
    pub revoked: Option<UnixSeconds>,
    /// `None` once revoked.
    pub hash: Option<Hash>,
}

/// An app password, without its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppPasswordRecord {
    /// Its public name.
    pub id: AppPasswordId,
    /// Whose it is.
    pub account: AccountId,
    /// The account's canonical name.
    pub user: String,
    /// Its label.
    pub name: String,
    /// What it is good for.
    pub scope: Scope,
    /// When it was first seen expired.
    pub expired: Option<UnixSeconds>,
    /// When it was made.
    pub created: UnixSeconds,
    /// By whom.
    pub created_by: Actor,
    /// The app password that it was rotated to; it lives for its grace only.
    pub successor: Option<AppPasswordId>,
    /// When it was suspended.
    pub suspended: Option<UnixSeconds>,
    /// By whom.
    pub suspended_by: Option<Actor>,
    /// When it was last resumed.
    pub resumed: Option<UnixSeconds>,
    /// When it was revoked.
    pub revoked: Option<UnixSeconds>,
    /// By whom.
    pub revoked_by: Option<Actor>,
}

/// App passwords by the beginning of their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdsFound {
    /// Them.
    pub records: Vec<AppPasswordRecord>,
    /// There may be more.
    pub more: bool,
}

/// A new app password.
#[derive(Debug, Clone)]
pub struct NewAppPassword {
    /// Drawn by the caller.
    pub id: AppPasswordId,
    /// The account it is for.
    pub account: AccountRecord,
    /// The account is to be made.
    pub new_account: bool,
    /// Who makes it for himself: the account must be bound to this uid.
    pub owner: Option<u32>,
    /// Its label.
    pub name: String,
    /// What it is good for. A rotation takes pins and end from the old half, as they are then.
    pub scope: Scope,
    /// The tag, by the key of `hash`.
    pub tag: u32,
    /// The hash.
    pub hash: Hash,
    /// When.
    pub at: UnixSeconds,
    /// By whom.
    pub by: Actor,
    /// What the account may have.
    pub limits: Limits,
    /// The app password that it takes the place of.
    pub rotates: Option<Rotation>,
}

/// The old half of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// Which.
    pub old: AppPasswordId,
    /// Until when it lives on: to the end of its grace, or to its own end if that is sooner.
    pub until: UnixSeconds,
    /// Until when it lived before that.
    pub before: Option<UnixSeconds>,
}

/// What an account may have, counted in the transaction that adds to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most live app passwords.
    pub live: u32,
    /// Most creations in one day (UTC); `None`: any number.
    pub per_day: Option<u32>,
}

/// Which app passwords: all conditions hold that are given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Of these accounts; none given: of all.
    pub accounts: Option<Vec<AccountId>>,
    /// Only those that are neither revoked nor, at that second, expired; `None`: these too.
    pub live_at: Option<UnixSeconds>,
    /// Last used (never used: made; resumed: resumed) before that second.
    pub unused_since: Option<UnixSeconds>,
    /// Never used at all.
    pub never_used: bool,
    /// Made before that second.
    pub created_before: Option<UnixSeconds>,
    /// Whose scope names that service or group.
    pub service: Option<String>,
    /// Which can't be checked without that server key.
    pub key: Option<u32>,
}

/// An app password as a list shows it.
#[derive(Debug, Clone)]
pub struct ListedRow {
    /// The app password.
    pub record: AppPasswordRecord,
    /// Its latest use that is written.
    pub last_use: Option<Use>,
    /// Its account is locked.
    pub is_locked: bool,
}

/// Logins in one place, to be added to those that are there: `whose` is an app password, or
/// the user whose primary password it was, by canonical name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uses<K> {
    /// Whose they are.
    pub whose: K,
    /// PAM service.
    pub service: String,
    /// Address; empty: none.
    pub rhost: String,
    /// The address is a claim of an unprivileged peer.
    pub unproven: bool,
    /// Mail host.
    pub host: String,
    /// First of them.
    pub first: UnixSeconds,
    /// Last of them.
    pub last: UnixSeconds,
    /// How many.
    pub count: u64,
}

/// What is kept of the record of uses itself: where it can be relied on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecordMarks {
    /// It has no gap since then.
    pub since: UnixSeconds,
    /// The clock has not jumped since then.
    pub clock: UnixSeconds,
    /// It was whole then: the last time that this was written.
    pub until: UnixSeconds,
    /// The daemon ended in order after that.
    pub ended: bool,
    /// Drawn at each start and counted on at each renaming of an account, here and in the journal:
    /// [`Origin`] says what another one there means.
    pub run: u64,
}

/// How the database that is found at a start stands to the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It is the one that was used last.
    Last,
    /// So it is, and an account was renamed in it of which the journal doesn't know any more.
    Ahead,
    /// It is a backup.
    Backup,
}

impl Origin {
    /// Renamings that a journal on a full disk can fall behind.
    const MOST: u64 = 1 << 32;

    /// By the number in the database and the one in the journal.
    #[must_use]
    pub fn of(database: Option<u64>, journal: Option<u64>) -> Self {
        match (database, journal) {
            _ if database == journal => Self::Last,
            (Some(database), Some(journal)) if database.wrapping_sub(journal) < Self::MOST => Self::Ahead,
            _ => Self::Backup,
        }
    }
}

/// Where a page begins: behind this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageStart {
    /// Account name.
    pub user: String,
    /// Time of creation.
    pub created: UnixSeconds,
    /// Id.
    pub id: AppPasswordId,
}

/// How many there are of what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accounts.
    pub accounts: u64,
    /// Of them enrolled.
    pub enrolled: u64,
    /// Of them locked.
    pub locked: u64,
    /// App passwords that are neither revoked nor expired.
    pub live: u64,
    /// Of them suspended.
    pub suspended: u64,
    /// Tombstones.
    pub revoked: u64,
}

/// How the store itself is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Whether the last write succeeded.
    pub writable: bool,
    /// Transactions committed since the start.
    pub commits: u64,
    /// Reads and writes that failed since the start.
    pub errors: u64,
}

/// What the database says of a server key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    /// Its number.
    pub id: u32,
    /// By which it is recognised; `None`: only rows know it.
    pub check_value: Option<Vec<u8>>,
    /// Since when the database knows it, if it says.
    pub since: Option<UnixSeconds>,
    /// How many app passwords can't be checked without it: neither revoked nor seen expired.
    pub app_passwords: u64,
}

/// The keys that the database was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKeys {
    /// By number.
    pub keys: Vec<KnownKey>,
    /// The highest number that any has had; 0: none yet.
    pub highest: u32,
}

impl KnownKeys {
    /// That of that number.
    #[must_use]
    pub fn by_id(&self, id: u32) -> Option<&KnownKey> {
        self.keys.iter().find(|key| key.id == id)
    }
}
