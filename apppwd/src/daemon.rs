//! What the sockets' handlers share. One thread owns it, so plain cells do.

use crate::admin::caller::People;
use crate::auth::argon::Flights;
use crate::auth::memo::Memo;
use crate::auth::peers::Peers;
use crate::auth::uses::{FLUSH_AFTER, PendingUses};
use crate::config::Config;
use crate::journal::{Change, Journal, NamedBy};
use crate::key::Keyring;
use crate::log::{Log, Throttle};
use crate::store::{AccountId, Hash, MAX_USES, Scheme, Store};
use crate::tally::Tally;
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::Use;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// The daemon, open for business.
pub struct Daemon<S> {
    /// As read at start.
    pub config: Config,
    /// Accounts and app passwords.
    pub store: S,
    /// The active keys.
    pub keys: Arc<Keyring>,
    /// Argon2id.
    pub argon: Rc<Flights>,
    /// One creation's Argon2id at a time: creations can't starve logins.
    pub creations: tokio::sync::Semaphore,
    /// Hashes that are being rewritten, and one permit for their Argon2id.
    pub rewriting: Rewriting,
    /// What spares warm logins their Argon2id.
    pub memo: RefCell<Memo>,
    /// Uses not written yet.
    pub uses: RefCell<PendingUses>,
    /// A task is there that will write them.
    pub flush_scheduled: Cell<bool>,
    /// Held while uses are on their way to the store.
    pub flushing: tokio::sync::Mutex<()>,
    /// The journal. Whoever changes access holds it from before the commit until the sync,
    /// so that journal and database tell the same story in the same order.
    pub journal: tokio::sync::Mutex<Journal>,
    /// Read-locked by each management request until its answer is sent: a stop waits for
    /// them, so that no secret is lost between its commit and its caller.
    pub requests: tokio::sync::RwLock<()>,
    /// Becomes true when the daemon stops: who doesn't read his answer is waited for no more.
    pub stopping: tokio::sync::watch::Sender<bool>,
    /// Enrolments by the journal that the database doesn't have.
    pub lost_enrolments: RefCell<LostEnrolments>,
    /// Who may ask for what.
    pub peers: Peers,
    /// Which uids are people.
    pub people: People,
    /// What happened since the start.
    pub tally: Tally,
    /// Where the verdicts' lines go.
    pub log: Arc<Log>,
    /// What keeps one uid from filling the log.
    pub throttle: Throttle,
    /// This mail host's name.
    pub host: String,
    /// When it began to serve.
    pub started: Instant,
}

/// What keeps rewriting from crowding out logins: each hash once, one at a time.
pub struct Rewriting {
    /// Those under way.
    pub ids: RefCell<BTreeSet<AppPasswordId>>,
    /// For Argon2id.
    pub permit: tokio::sync::Semaphore,
}

impl Default for Rewriting {
    fn default() -> Self {
        Self { ids: RefCell::default(), permit: tokio::sync::Semaphore::new(1) }
    }
}

/// Names that the journal has enrolled but the database doesn't, be it that the backup is
/// older or that somebody changed it: their primary passwords must not come back to life.
#[derive(Debug, Default)]
pub struct LostEnrolments(BTreeMap<NamedBy, AccountId>);

impl LostEnrolments {
    /// From the journal: the name, and the account that it was.
    #[must_use]
    pub const fn new(names: BTreeMap<NamedBy, AccountId>) -> Self {
        Self(names)
    }

    /// Whether the account of that name is among them.
    #[must_use]
    pub fn contain(&self, keys: &Keyring, canonical_name: &str) -> bool {
        !self.0.is_empty() && keys.all().any(|key| self.0.contains_key(&NamedBy::new(key, canonical_name)))
    }

    /// Forgets a name, and returns what the journal must be told for that.
    pub fn forget(&mut self, keys: &Keyring, canonical_name: &str) -> Vec<Change> {
        let names = keys.all().map(|key| NamedBy::new(key, canonical_name));
        let forgotten = names.filter_map(|name| self.0.remove(&name).map(|account| (account, name)));
        forgotten.map(|(account, name)| Change::Unenroll(account, name)).collect()
    }
}

impl<S: Store> Daemon<S> {
    /// A hash still to be computed: parameters, newest key and a fresh salt.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn hash_template(&self) -> Result<Hash, getrandom::Error> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt)?;
        let config = &self.config.argon2;
        Ok(Hash {
            scheme: Scheme::Argon2id,
            key: self.keys.newest().id(),
            memory_kib: config.memory_kib,
            iterations: config.iterations,
            parallelism: config.parallelism,
            salt,
            value: [0; 32],
        })
    }

    /// The uses of an app password, with those not written yet.
    ///
    /// # Errors
    /// If the store can't be read.
    pub async fn uses_of(&self, id: AppPasswordId) -> Result<Vec<Use>, crate::store::StoreError> {
        let stored = self.store.uses(id, MAX_USES).await?;
        Ok(self.uses.borrow().merged(id, &self.host, stored))
    }

    /// The latest of them.
    ///
    /// # Errors
    /// If the store can't be read.
    pub async fn last_use_of(&self, id: AppPasswordId) -> Result<Option<Use>, crate::store::StoreError> {
        if self.uses.borrow().has(id) {
            return Ok(self.uses_of(id).await?.into_iter().next());
        }
        Ok(self.store.uses(id, 1).await?.into_iter().next())
    }

    /// Writes the uses that wait.
    pub async fn flush_uses(&self) {
        let _one_at_a_time = self.flushing.lock().await;
        let deltas = self.uses.borrow_mut().take(&self.host);
        if deltas.is_empty() {
            return;
        }
        match self.store.add_uses(deltas).await {
            Ok(()) => self.uses.borrow_mut().written(),
            Err(error) => {
                self.uses.borrow_mut().not_written();
                tracing::warn!("could not write the last uses: {error}; they are kept in memory");
            }
        }
    }

    /// Writes the uses that wait after [`FLUSH_AFTER`], and again while there are some. One
    /// loop at a time; nothing wakes up while there is nothing to write.
    pub fn flush_later(self: &Rc<Self>)
    where
        S: 'static,
    {
        if self.flush_scheduled.replace(true) {
            return;
        }
        let daemon = Rc::clone(self);
        tokio::task::spawn_local(async move {
            while !daemon.uses.borrow().is_empty() {
                tokio::time::sleep(FLUSH_AFTER).await;
                daemon.flush_uses().await;
            }
            daemon.flush_scheduled.set(false);
        });
    }
}
