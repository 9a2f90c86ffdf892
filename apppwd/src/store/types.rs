//! The records, as the daemon sees them.

use crate::clock::UnixSeconds;
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::Actor;

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
    /// Its canonical name.
    pub name: String,
    /// The Unix uid that it is bound to.
    pub uid: Option<u32>,
    /// Since when it is enrolled.
    pub enrolled: Option<UnixSeconds>,
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
    /// Services and groups, by name.
    pub services: Vec<String>,
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
    /// Services and groups, by name.
    pub services: Vec<String>,
    /// When it was made.
    pub created: UnixSeconds,
    /// By whom.
    pub created_by: Actor,
    /// When it was revoked.
    pub revoked: Option<UnixSeconds>,
    /// By whom.
    pub revoked_by: Option<Actor>,
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
    /// Its label.
    pub name: String,
    /// Services and groups, by name.
    pub services: Vec<String>,
    /// The tag, by the key of `hash`.
    pub tag: u32,
    /// The hash.
    pub hash: Hash,
    /// When.
    pub at: UnixSeconds,
    /// By whom.
    pub by: Actor,
    /// Most live app passwords that the account may have, this one included; counted in the
    /// transaction that adds it.
    pub most_live: u32,
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

/// What a revocation did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RevokedNow {
    /// These are revoked now.
    pub revoked: Vec<AppPasswordId>,
    /// These were before.
    pub already: Vec<AppPasswordId>,
}

/// How many there are of what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accounts.
    pub accounts: u64,
    /// Of them enrolled.
    pub enrolled: u64,
    /// App passwords that can be used.
    pub live: u64,
    /// Tombstones.
    pub revoked: u64,
}

/// Logins to be added to the uses of an app password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseDelta {
    /// Which.
    pub id: AppPasswordId,
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
