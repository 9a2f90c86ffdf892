//! The keys as they are now: rotating and retiring exchanges them while logins go on.

use super::Keyring;
use std::sync::{Arc, PoisonError, RwLock};

/// The active keys, shared with the threads that compute Argon2id.
#[derive(Debug)]
pub struct ActiveKeys(RwLock<Arc<Keyring>>);

impl ActiveKeys {
    /// To begin with.
    #[must_use]
    pub fn new(keys: Keyring) -> Self {
        Self(RwLock::new(Arc::new(keys)))
    }

    /// As they are now. Whoever goes on with them later asks [`ActiveKeys::are`] before he writes.
    #[must_use]
    pub fn now(&self) -> Arc<Keyring> {
        // Nothing panics while it holds the lock.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether they are still the ones that somebody began with.
    #[must_use]
    pub fn are(&self, keys: &Arc<Keyring>) -> bool {
        Arc::ptr_eq(&self.now(), keys)
    }

    /// Exchanges them. Who has the old ones keeps them until he is done; then they are wiped.
    pub fn replace(&self, keys: Keyring) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }
}
