//! Argon2id: computed on a bounded pool, once for all who wait for the same answer.

mod flights;
mod pool;

pub use flights::Flights;
pub use pool::{Pool, PoolError, Work};

use crate::config::Argon2Config;
use crate::store::{AccountId, Hash, Scheme};
use apppw_admin::AppPasswordId;
use argon2::{Algorithm, Argon2, AssociatedData, Block, ParamsBuilder, Version};

/// Whether a stored hash stays within what this daemon computes: rows must not be able to
/// ask for more memory than the host was told of.
#[must_use]
pub fn within_caps(hash: &Hash, configured: &Argon2Config) -> bool {
    hash.memory_kib <= configured.memory_kib.max(Argon2Config::ALWAYS_COMPUTED_KIB)
        && hash.iterations <= Argon2Config::MAX_ITERATIONS
        && hash.parallelism <= Argon2Config::MAX_PARALLELISM
}

/// Whether `hash` was made with other parameters or another key than new ones are.
#[must_use]
pub fn is_outdated(hash: &Hash, config: &Argon2Config, newest_key: u32) -> bool {
    let Hash { scheme: Scheme::Argon2id, key, memory_kib, iterations, parallelism, .. } = *hash;
    (key, memory_kib, iterations, parallelism)
        != (newest_key, config.memory_kib, config.iterations, config.parallelism)
}

/// Whose hash it is: Argon2's associated data (RFC 9106 §3.1). A hash that is moved to another
/// row or account, in a backup that somebody edits, is no longer the secret's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owned {
    /// The app password.
    pub id: AppPasswordId,
    /// Its account.
    pub account: AccountId,
}

impl Owned {
    fn bytes(&self) -> [u8; 24] {
        let mut bytes = [0; 24];
        let all = self.id.bits().to_be_bytes().into_iter().chain(self.account.0);
        for (to, from) in bytes.iter_mut().zip(all) {
            *to = from;
        }
        bytes
    }
}

/// One computation, with memory that is kept from one to the next.
pub(crate) fn compute(
    hash: &Hash,
    owned: &Owned,
    argon2_secret: &[u8],
    secret: &[u8],
    memory: &mut Vec<Block>,
) -> Result<[u8; 32], argon2::Error> {
    let params = ParamsBuilder::new()
        .m_cost(hash.memory_kib)
        .t_cost(hash.iterations)
        .p_cost(hash.parallelism)
        .output_len(32)
        .data(AssociatedData::new(&owned.bytes())?)
        .build()?;
    let blocks = params.block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::new());
    }
    let argon2 = Argon2::new_with_secret(argon2_secret, Algorithm::Argon2id, Version::V0x13, params)?;
    let mut value = [0; 32];
    let memory = memory.get_mut(..blocks).ok_or(argon2::Error::OutOfMemory)?;
    argon2.hash_password_into_with_memory(secret, &hash.salt, &mut value, memory)?;
    Ok(value)
}
