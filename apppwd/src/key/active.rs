//! The keys as they are now: rotating and retiring exchanges them while logins go on.

use super::Keyring;
use std::cell::{Ref, RefCell};
use std::sync::{Arc, PoisonError, RwLock};

/// The active keys, for the thread that answers logins: looking at them costs it nothing.
#[derive(Debug)]
pub struct ActiveKeys {
    here: RefCell<Arc<Keyring>>,
    elsewhere: Arc<SharedKeys>,
}

/// The same for threads that compute Argon2id.
#[derive(Debug)]
pub struct SharedKeys(RwLock<Arc<Keyring>>);

impl ActiveKeys {
    /// To begin with.
    #[must_use]
    pub fn new(keys: Keyring) -> Self {
        let keys = Arc::new(keys);
        let elsewhere = Arc::new(SharedKeys(RwLock::new(Arc::clone(&keys))));
        Self { here: RefCell::new(keys), elsewhere }
    }

    /// For a look at them that waits for nothing.
    #[must_use]
    pub fn borrow(&self) -> Ref<'_, Keyring> {
        Ref::map(self.here.borrow(), |keys| &**keys)
    }

    /// As they are now. Whoever goes on with them later asks [`ActiveKeys::are`] before he writes.
    #[must_use]
    pub fn now(&self) -> Arc<Keyring> {
        Arc::clone(&self.here.borrow())
    }

    /// Whether they are still the ones that somebody began with.
    #[must_use]
    pub fn are(&self, keys: &Arc<Keyring>) -> bool {
        Arc::ptr_eq(&self.here.borrow(), keys)
    }

    /// For other threads.
    #[must_use]
    pub fn shared(&self) -> Arc<SharedKeys> {
        Arc::clone(&self.elsewhere)
    }

    /// Exchanges them. Who has the old ones keeps them until he is done; then they are wiped.
    pub fn replace(&self, keys: Keyring) {
        let keys = Arc::new(keys);
        // There first: what is asked for with a new key must be known there.
        *self.elsewhere.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&keys);
        self.here.replace(keys);
    }
}

impl SharedKeys {
    /// As they are now.
    #[must_use]
    pub fn now(&self) -> Arc<Keyring> {
        // Nothing panics while it holds the lock.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}
