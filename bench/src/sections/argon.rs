//! Argon2id alone, as the daemon computes it: its memory kept and used again.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::time::{Duration, Instant};

/// The computation, ready to be run.
pub struct Bare {
    params: Params,
    memory: Vec<Block>,
}

impl Bare {
    pub fn new(memory_kib: u32, iterations: u32) -> Self {
        let params = Params::new(memory_kib, iterations, 1, Some(32)).expect("parameters");
        let memory = vec![Block::default(); params.block_count()];
        Self { params, memory }
    }

    /// Runs it once.
    pub fn run(&mut self) -> Duration {
        let begun = Instant::now();
        let argon2 =
            Argon2::new_with_secret(&[7; 32], Algorithm::Argon2id, Version::V0x13, self.params.clone());
        let mut hash = [0; 32];
        argon2
            .and_then(|argon2| {
                argon2.hash_password_into_with_memory(
                    b"0000000000000000",
                    &[7; 16],
                    &mut hash,
                    &mut self.memory,
                )
            })
            .expect("Argon2id");
        begun.elapsed()
    }
}
