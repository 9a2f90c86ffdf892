//! The memo: what spares a warm login its Argon2id.
//!
//! It never decides. It only says "this secret was right for this very hash before"; the
//! row is read from the store at each login, and judged, whatever the memo says.

use crate::key::{wipe_frames, wipe_stack};
use crate::store::Hash;
use crate::sys::Locked;
use apppw_admin::AppPasswordId;
use apppw_proto::secret::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::HashMap;
use std::io;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

type Mark = [u8; 16];

/// Secrets known to be right, as HMACs under a key of this process.
///
/// Two generations: when the younger is full it becomes the older and the older is
/// forgotten. So what is used stays, the size is bounded, and nothing keeps a clock.
pub struct Memo {
    key: Locked<Hmac<Sha256>>,
    young: HashMap<AppPasswordId, Mark>,
    old: HashMap<AppPasswordId, Mark>,
    generation: usize,
}

impl Memo {
    /// Entries kept by default. At 25 bytes and a quarter to half of the table empty, some
    /// 4 MiB.
    pub const DEFAULT_ENTRIES: usize = 100_000;

    /// An empty memo of about `entries` entries, with a fresh random key.
    ///
    /// # Errors
    /// If the system gives no random bytes, or no page.
    pub fn new(entries: usize) -> io::Result<Self> {
        let key = draw_key();
        wipe_stack();
        let key = key?;
        Ok(Self { key, young: HashMap::new(), old: HashMap::new(), generation: (entries / 2).max(1) })
    }

    /// How many it knows, the old generation included.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.young.len() + self.old.keys().filter(|id| !self.young.contains_key(id)).count()
    }

    /// Whether `secret` was right for `hash` of `id` before.
    pub fn knows(&mut self, id: AppPasswordId, hash: &Hash, secret: &Secret) -> bool {
        let mark = self.mark(id, hash, secret);
        if let Some(known) = self.young.get(&id) {
            return known.ct_eq(&mark).into();
        }
        let known = self.old.get(&id).is_some_and(|known| known.ct_eq(&mark).into());
        if known {
            self.insert(id, mark);
        }
        known
    }

    /// Remembers that `secret` is right for `hash` of `id`: call it after Argon2id said so.
    pub fn remember(&mut self, id: AppPasswordId, hash: &Hash, secret: &Secret) {
        let mark = self.mark(id, hash, secret);
        self.insert(id, mark);
    }

    fn insert(&mut self, id: AppPasswordId, mark: Mark) {
        if self.young.len() >= self.generation && !self.young.contains_key(&id) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, mark);
    }

    /// The hash is part of what is marked: a rewritten row is not recognised.
    fn mark(&self, id: AppPasswordId, hash: &Hash, secret: &Secret) -> Mark {
        let mark = self.mark_of(id, hash, secret);
        wipe_frames();
        mark
    }

    #[inline(never)]
    fn mark_of(&self, id: AppPasswordId, hash: &Hash, secret: &Secret) -> Mark {
        let mac = Hmac::clone(&self.key)
            .chain_update(id.bits().to_be_bytes())
            .chain_update(hash.salt)
            .chain_update(hash.value)
            .chain_update(secret.as_bytes())
            .finalize()
            .into_bytes();
        let mut mark = Mark::default();
        for (to, from) in mark.iter_mut().zip(mac) {
            *to = from;
        }
        mark
    }
}

#[inline(never)]
fn draw_key() -> io::Result<Locked<Hmac<Sha256>>> {
    let mut key = Zeroizing::new([0; 64]);
    getrandom::fill(&mut *key).map_err(io::Error::other)?;
    Locked::new(Hmac::new((&*key).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(value: u8) -> Hash {
        Hash { value: [value; 32], ..Hash::of_nobody() }
    }

    fn secret(value: u8) -> Secret {
        Secret::from_values(&[value; 15]).unwrap()
    }

    #[test]
    fn it_knows_only_the_very_secret_for_the_very_hash() {
        let mut memo = Memo::new(10).unwrap();
        let (id, other) = (AppPasswordId::from_bits(1), AppPasswordId::from_bits(2));
        memo.remember(id, &hash(1), &secret(1));
        assert!(memo.knows(id, &hash(1), &secret(1)));
        assert!(!memo.knows(id, &hash(1), &secret(2)));
        assert!(!memo.knows(id, &hash(2), &secret(1)));
        assert!(!memo.knows(other, &hash(1), &secret(1)));
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_used() {
        let mut memo = Memo::new(10).unwrap();
        let busy = AppPasswordId::from_bits(0);
        memo.remember(busy, &hash(1), &secret(1));
        for bits in 1..1000 {
            memo.remember(AppPasswordId::from_bits(bits), &hash(1), &secret(1));
            assert!(memo.knows(busy, &hash(1), &secret(1)));
            assert!(memo.young.len() + memo.old.len() <= 10);
        }
        assert!(!memo.knows(AppPasswordId::from_bits(1), &hash(1), &secret(1)));
    }
}
