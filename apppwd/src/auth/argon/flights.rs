//! Joining: who waits for the same (row, hash, secret) waits for one computation.
//!
//! A mail program opens four connections at once; that costs one Argon2id, not four.

use super::{Owned, Pool, PoolError, Work};
use crate::store::Hash;
use apppw_proto::secret::Secret;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

/// What two logins must share to be one computation: the row, its hash and the very secret.
/// Wiped with the flight.
#[derive(PartialEq, Eq, Hash, Clone)]
struct Key {
    owned: Owned,
    salt: [u8; 16],
    value: [u8; 32],
    secret: Vec<u8>,
}

impl Drop for Key {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.secret);
    }
}

#[derive(Default)]
struct Flight {
    wanted: Arc<AtomicUsize>,
    waiting: Vec<oneshot::Sender<Result<bool, PoolError>>>,
}

/// The computations under way, and the pool that does them.
pub struct Flights {
    pool: Pool,
    under_way: RefCell<HashMap<Key, Flight>>,
}

/// One who waits; dropping it says that he gave up.
struct Interest(Arc<AtomicUsize>);

impl Interest {
    fn new(wanted: &Arc<AtomicUsize>) -> Self {
        wanted.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(wanted))
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Flights {
    /// Over `pool`.
    #[must_use]
    pub fn new(pool: Pool) -> Self {
        Self { pool, under_way: RefCell::default() }
    }

    /// The pool.
    #[must_use]
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Whether `secret` has `hash`: waits for the computation under way, or starts one.
    /// Dropping the future gives up.
    ///
    /// # Errors
    /// [`PoolError::Overloaded`] or [`PoolError::BadHash`].
    pub async fn verify(
        self: &Rc<Self>,
        owned: Owned,
        hash: &Hash,
        secret: &Secret,
    ) -> Result<bool, PoolError> {
        loop {
            let (result, interest) = self.join(owned, hash, secret)?;
            let outcome = result.await.unwrap_or(Err(PoolError::Abandoned));
            drop(interest);
            // Abandoned by those before us, just as we joined: start anew.
            if outcome != Err(PoolError::Abandoned) {
                return outcome;
            }
        }
    }

    /// Computes the hash of a new secret, with the parameters, key and salt of `like`.
    ///
    /// # Errors
    /// [`PoolError`].
    pub async fn compute(&self, like: &Hash, owned: Owned, secret: &Secret) -> Result<Hash, PoolError> {
        let wanted = Arc::default();
        let _interest = Interest::new(&wanted);
        let result = self.pool.submit(Work { like: *like, owned, secret: secret.clone(), wanted })?;
        let value = result.await.unwrap_or(Err(PoolError::Abandoned))?;
        Ok(Hash { value, ..*like })
    }

    fn join(
        self: &Rc<Self>,
        owned: Owned,
        hash: &Hash,
        secret: &Secret,
    ) -> Result<(oneshot::Receiver<Result<bool, PoolError>>, Interest), PoolError> {
        let key = Key { owned, salt: hash.salt, value: hash.value, secret: secret.as_bytes().to_vec() };
        let (tell, told) = oneshot::channel();
        let mut under_way = self.under_way.borrow_mut();
        if let Some(flight) = under_way.get_mut(&key) {
            flight.waiting.push(tell);
            return Ok((told, Interest::new(&flight.wanted)));
        }
        let mut flight = Flight::default();
        let interest = Interest::new(&flight.wanted);
        let work = Work { like: *hash, owned, secret: secret.clone(), wanted: Arc::clone(&flight.wanted) };
        let result = self.pool.submit(work)?;
        flight.waiting.push(tell);
        under_way.insert(key.clone(), flight);
        drop(under_way);
        let (flights, value) = (Rc::clone(self), hash.value);
        tokio::task::spawn_local(async move {
            let computed = result.await.unwrap_or(Err(PoolError::Abandoned));
            let outcome = computed.map(|computed| computed.ct_eq(&value).into());
            let flight = flights.under_way.borrow_mut().remove(&key);
            for tell in flight.into_iter().flat_map(|flight| flight.waiting) {
                let _ = tell.send(outcome);
            }
        });
        Ok((told, interest))
    }
}

#[cfg(test)]
mod tests;
