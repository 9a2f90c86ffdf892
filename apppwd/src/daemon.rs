//! What the sockets' handlers share. One thread owns it, so plain cells do.

use crate::account::Names;
use crate::admin::caller::People;
use crate::admin::staff::Staff;
use crate::admin::verbs::backup::Backups;
use crate::auth::argon::Flights;
use crate::auth::memo::Memo;
use crate::auth::peers::Peers;
use crate::auth::uses::{FLUSH_AFTER, PendingUses};
use crate::auth::wire::Buffers;
use crate::config::Config;
use crate::events::PendingEvents;
use crate::housekeeping::Record;
use crate::in_memory::InMemory;
use crate::journal::Journal;
use crate::key::{ActiveKeys, Keyring, Place};
use crate::log::{self, Log, Throttle};
use crate::lost::LostAccounts;
use crate::panic_switch::PanicSwitch;
use crate::store::{AccountRecord, By, Hash, MAX_USES, Scheme, Store, StoreError};
use crate::tally::Tally;
use crate::watch::Watches;
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::Use;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// The daemon, open for business.
pub struct Daemon<S> {
    /// As read at start.
    pub config: Config,
    /// Accounts and app passwords.
    pub store: S,
    /// The active keys. They are exchanged under the journal's lock only.
    pub keys: ActiveKeys,
    /// Where they are kept.
    pub key_place: Place,
    /// Argon2id.
    pub argon: Rc<Flights>,
    /// One creation's Argon2id at a time: creations can't starve logins.
    pub creations: tokio::sync::Semaphore,
    /// Hashes that are being rewritten, and one permit for their Argon2id.
    pub rewriting: Rewriting,
    /// What spares warm logins their Argon2id.
    pub memo: RefCell<Memo>,
    /// For requests.
    pub buffers: Buffers,
    /// Uses not written yet.
    pub uses: RefCell<PendingUses<AppPasswordId>>,
    /// Uses of primary passwords not written yet, by canonical name.
    pub primary_uses: RefCell<PendingUses<String>>,
    /// The backups that are under way.
    pub backups: Backups,
    /// A task is there that will write them.
    pub flush_scheduled: Cell<bool>,
    /// Held while uses are on their way to the store.
    pub flushing: tokio::sync::Mutex<()>,
    /// Who waits for logins of which account.
    pub watches: Watches,
    /// Events that change nothing, not written yet.
    pub events: RefCell<PendingEvents>,
    /// Held while they are on their way to the store.
    pub writing_events: tokio::sync::Mutex<()>,
    /// The journal. Whoever changes access holds it from before the commit until the sync,
    /// so that journal and database tell the same story in the same order.
    pub journal: tokio::sync::Mutex<Journal>,
    /// Whether it has all that it is to have.
    pub journal_writable: Arc<AtomicBool>,
    /// Read-locked by each management request until its answer is sent: a stop waits for
    /// them, so that no secret is lost between its commit and its caller.
    pub requests: tokio::sync::RwLock<()>,
    /// Becomes true when the daemon stops: who doesn't read his answer is waited for no more.
    pub stopping: tokio::sync::watch::Sender<bool>,
    /// Accounts of the journal that the database doesn't have.
    pub lost: RefCell<LostAccounts>,
    /// `apppw panic`, as it is in the store.
    pub panic: RefCell<PanicSwitch>,
    /// Refused, though it could not be written down.
    pub in_memory: RefCell<InMemory>,
    /// Seen expired, and not yet noted so in the store; whether that is being done.
    pub seen_expired: RefCell<BTreeMap<AppPasswordId, bool>>,
    /// Where the record of uses can be relied on.
    pub record: Record,
    /// Who may ask for what.
    pub peers: Peers,
    /// Which uids are people.
    pub people: People,
    /// Who looks after others.
    pub staff: Arc<Staff>,
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

impl<S: Store> Daemon<S> {
    /// A hash still to be computed: parameters, the newest of `keys` and a fresh salt.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn hash_template(&self, keys: &Keyring) -> Result<Hash, getrandom::Error> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt)?;
        let config = &self.config.argon2;
        Ok(Hash {
            scheme: Scheme::Argon2id,
            key: keys.newest().id(),
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
    pub async fn uses_of(&self, id: AppPasswordId) -> Result<Vec<Use>, StoreError> {
        let stored = self.store.uses(id, MAX_USES).await?;
        Ok(self.uses.borrow().merged(id, &self.host, stored))
    }

    /// The latest of them.
    ///
    /// # Errors
    /// If the store can't be read.
    pub async fn last_use_of(&self, id: AppPasswordId) -> Result<Option<Use>, StoreError> {
        if self.uses.borrow().has(&id) {
            return Ok(self.uses_of(id).await?.into_iter().next());
        }
        Ok(self.store.uses(id, 1).await?.into_iter().next())
    }

    /// Writes the uses that wait.
    pub async fn flush_uses(&self) {
        let _one_at_a_time = self.flushing.lock().await;
        let deltas = self.uses.borrow_mut().take(&self.host);
        let primary = self.primary_uses.borrow_mut().take(&self.host);
        if !deltas.is_empty() {
            let written = self.store.add_uses(deltas).await;
            self.uses.borrow_mut().ended(written.is_ok());
            self.note_flush(written);
        }
        if !primary.is_empty() {
            let written = self.store.add_primary_uses(primary).await;
            self.primary_uses.borrow_mut().ended(written.is_ok());
            self.note_flush(written);
        }
    }

    /// Whether database and journal took the last write.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.store.health().writable && self.journal_writable.load(Ordering::Relaxed)
    }

    /// The same for one who asks: on a disk that takes no writes, only [`Daemon::flush_later`] tries again.
    pub async fn flush_uses_if_writable(&self) {
        if self.store.health().writable {
            self.flush_uses().await;
        }
    }

    fn note_flush(&self, written: Result<(), StoreError>) {
        if let Err(error) = written {
            self.record.may_have_lost();
            tracing::warn!(
                "could not write the last uses: {error}; they are kept in memory, and lost when apppwd stops"
            );
        }
    }

    /// The account that a name as typed means.
    ///
    /// # Errors
    /// If the store can't be read.
    pub async fn account(&self, names: &Names) -> Result<Option<AccountRecord>, StoreError> {
        self.store.look(|look| names.account(look))
    }

    /// A user name as log and record may have it. Who has a name that looks like a secret typed wrong is called by it.
    pub fn shown_user<'a>(&self, typed: &'a str) -> &'a str {
        let shown = log::unknown_user(typed);
        if shown == typed {
            return typed;
        }
        let names = Names::of(typed, &self.config.users).ok();
        let account = names.and_then(|names| self.store.look(|look| names.account(look)).ok().flatten());
        if account.is_some() { log::user(typed) } else { shown }
    }

    /// Notes that an app password was seen expired: it stays so, whatever the clock does
    /// later.
    pub fn note_expired(self: &Rc<Self>, id: AppPasswordId)
    where
        S: 'static,
    {
        if self.seen_expired.borrow_mut().insert(id, true) == Some(true) {
            return;
        }
        let daemon = Rc::clone(self);
        tokio::task::spawn_local(async move {
            let noted = daemon.store.mark_expired(vec![id], By::login(crate::clock::now())).await.is_ok();
            let mut seen = daemon.seen_expired.borrow_mut();
            // If it failed, housekeeping tries again; in memory it holds at once.
            if noted {
                seen.remove(&id);
            } else {
                seen.insert(id, false);
            }
        });
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
            while !daemon.uses.borrow().is_empty() || !daemon.primary_uses.borrow().is_empty() {
                tokio::time::sleep(FLUSH_AFTER).await;
                daemon.flush_uses().await;
            }
            daemon.flush_scheduled.set(false);
        });
    }
}
