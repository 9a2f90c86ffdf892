//! `[argon2]`

use serde::Deserialize;

/// Argon2id parameters (RFC 9106) for new hashes, and how many are computed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Argon2Config {
    /// Memory of one computation in KiB. Default 19456, OWASP's choice.
    pub memory_kib: u32,
    /// Passes. Default 2.
    pub iterations: u32,
    /// Lanes. Default 1.
    pub parallelism: u32,
    /// Computations at once; 0 (the default): one per core, at most 16. The memory limit is
    /// `workers` × `memory_kib`.
    pub workers: usize,
    /// Logins that may wait for a worker; more are unavailable at once. Default 1024.
    pub queue: usize,
}

impl Default for Argon2Config {
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, parallelism: 1, workers: 0, queue: 1024 }
    }
}

impl Argon2Config {
    /// Most memory of one computation, in KiB.
    pub const MAX_MEMORY_KIB: u32 = 262_144;
    /// What a stored row may ask, in KiB, also where less is configured now: 64 MiB.
    pub const ALWAYS_COMPUTED_KIB: u32 = 65_536;
    /// Most workers unless configured: 16 × 19 MiB stay well within the unit's `MemoryMax=`.
    const DEFAULT_MOST_WORKERS: usize = 16;
    /// Most passes.
    pub const MAX_ITERATIONS: u32 = 64;
    /// Most lanes.
    pub const MAX_PARALLELISM: u32 = 16;

    /// How many computations at once.
    #[must_use]
    pub fn workers(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism()
                .map_or(1, |cores| cores.get().min(Self::DEFAULT_MOST_WORKERS)),
            n => n,
        }
    }

    /// What is wrong with the values: the key and the sentence.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let least_memory = 8 * self.parallelism.min(Self::MAX_PARALLELISM);
        if !(1..=Self::MAX_PARALLELISM).contains(&self.parallelism) {
            return Err((
                "parallelism",
                format!("is {}, allowed are 1 to {}", self.parallelism, Self::MAX_PARALLELISM),
            ));
        }
        if !(least_memory..=Self::MAX_MEMORY_KIB).contains(&self.memory_kib) {
            let allowed = format!("allowed are {least_memory} to {}", Self::MAX_MEMORY_KIB);
            return Err(("memory_kib", format!("is {}, {allowed}", self.memory_kib)));
        }
        if !(1..=Self::MAX_ITERATIONS).contains(&self.iterations) {
            return Err((
                "iterations",
                format!("is {}, allowed are 1 to {}", self.iterations, Self::MAX_ITERATIONS),
            ));
        }
        if self.workers > 256 {
            return Err(("workers", format!("is {}, allowed are 0 (one per core) to 256", self.workers)));
        }
        if !(1..=1_000_000).contains(&self.queue) {
            return Err(("queue", format!("is {}, allowed are 1 to 1000000", self.queue)));
        }
        Ok(())
    }
}
