//! The pool: as many threads as computations are allowed at once, and a bounded queue.

use super::{Owned, compute, within_caps};
use crate::config::Argon2Config;
use crate::key::{SharedKeys, wipe_stack};
use crate::store::Hash;
use crate::tally::Histogram;
use apppw_proto::secret::Secret;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::oneshot;

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolError {
    /// The queue is full.
    Overloaded,
    /// Nobody waited for it any more when its turn came, or the pool has ended.
    Abandoned,
    /// The parameters are beyond the caps, the key is not active, or Argon2 refused them.
    BadHash,
}

/// What to compute: Argon2id of `secret` with the parameters, key and salt of `like`.
#[derive(Debug)]
pub struct Work {
    /// Parameters, key and salt; its value is not looked at.
    pub like: Hash,
    /// Whose hash it is.
    pub owned: Owned,
    /// The canonical secret.
    pub secret: Secret,
    /// How many still wait for the result: at 0 the work is dropped.
    pub wanted: Arc<AtomicUsize>,
}

struct Job {
    work: Work,
    reply: oneshot::Sender<Result<[u8; 32], PoolError>>,
}

struct Shared {
    keys: Arc<SharedKeys>,
    queue: Mutex<Queue>,
    ready: Condvar,
    limit: usize,
    runs: AtomicU64,
    turned_away: AtomicU64,
    time: Histogram,
    config: Argon2Config,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

/// The threads and their queue. Dropping it ends them; what waits is abandoned.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Pool {
    /// Starts `config.workers()` threads.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(config: &Argon2Config, keys: Arc<SharedKeys>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            keys,
            queue: Mutex::default(),
            ready: Condvar::new(),
            limit: config.queue,
            runs: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
            time: Histogram::default(),
            config: *config,
        });
        let threads = (0..config.workers())
            .map(|i| {
                let shared = Arc::clone(&shared);
                std::thread::Builder::new().name(format!("argon2-{i}")).spawn(move || shared.work())
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { shared, threads })
    }

    /// Queues `work`.
    ///
    /// # Errors
    /// [`PoolError::Overloaded`] if the queue is full.
    pub fn submit(&self, work: Work) -> Result<oneshot::Receiver<Result<[u8; 32], PoolError>>, PoolError> {
        let (reply, result) = oneshot::channel();
        let mut queue = self.shared.lock();
        if queue.jobs.len() >= self.shared.limit {
            // Those who gave up must not keep the others out.
            queue.jobs.retain(|job| job.work.is_wanted());
            if queue.jobs.len() >= self.shared.limit {
                self.shared.turned_away.fetch_add(1, Ordering::Relaxed);
                return Err(PoolError::Overloaded);
            }
        }
        queue.jobs.push_back(Job { work, reply });
        drop(queue);
        self.shared.ready.notify_one();
        Ok(result)
    }

    /// How many wait.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.shared.lock().jobs.len()
    }

    /// Computations since the start.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.shared.runs.load(Ordering::Relaxed)
    }

    /// Requests since the start that found the queue full.
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        self.shared.turned_away.load(Ordering::Relaxed)
    }

    /// How long the computations took.
    #[must_use]
    pub fn time(&self) -> &Histogram {
        &self.shared.time
    }

    /// Threads.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.threads.len()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.ready.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Work {
    fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Acquire) > 0
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        // Nothing panics while it holds the lock; were it so, the queue is still whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            queue = self.ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn work(&self) {
        let mut memory = Vec::new();
        while let Some(Job { work, reply }) = self.next() {
            if !work.is_wanted() {
                continue;
            }
            // A panic must cost one login, not a worker for good.
            let result = std::panic::catch_unwind(AssertUnwindSafe(|| self.run(&work, &mut memory)));
            // Argon2id's first block has the secret as it is, and this thread may rest for days.
            wipe_stack();
            let _ = reply.send(result.unwrap_or(Err(PoolError::BadHash)));
            // What a row of old times took beyond the memory limit is given back.
            if memory.len() > usize::try_from(self.config.memory_kib).unwrap_or(0) {
                memory = Vec::new();
            }
        }
    }

    /// In a frame of its own, below the one from which the stack is wiped.
    #[inline(never)]
    fn run(&self, work: &Work, memory: &mut Vec<argon2::Block>) -> Result<[u8; 32], PoolError> {
        if !within_caps(&work.like, &self.config) {
            return Err(PoolError::BadHash);
        }
        let keys = self.keys.now();
        let key = keys.by_id(work.like.key).ok_or(PoolError::BadHash)?;
        self.runs.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        let done = compute(&work.like, &work.owned, key.argon2_secret(), work.secret.as_bytes(), memory);
        self.time.add(begun.elapsed());
        done.map_err(|_| PoolError::BadHash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{self, Keyring};
    use crate::store::AccountId;
    use apppw_admin::AppPasswordId;

    /// One with nobody at work: what is queued stays so.
    fn idle(queue: usize) -> Pool {
        let dir = tempfile::tempdir().unwrap();
        let found = key::create(dir.path(), 1).unwrap();
        let keys = Keyring::new(&found.keys.unwrap(), &found.place.path).unwrap();
        let keys = key::ActiveKeys::new(keys).shared();
        let config = Argon2Config { workers: 1, queue, ..Argon2Config::default() };
        let mut pool = Pool::start(&config, keys).unwrap();
        pool.shared.lock().closed = true;
        pool.shared.ready.notify_all();
        pool.threads.drain(..).for_each(|thread| thread.join().unwrap());
        pool
    }

    fn work(wanted: &Arc<AtomicUsize>) -> Work {
        let like = Hash { salt: [3; 16], ..Hash::of_nobody() };
        Work {
            like,
            owned: Owned { id: AppPasswordId::from_bits(1), account: AccountId([1; 16]) },
            secret: Secret::from_values(&[1; 15]).unwrap(),
            wanted: Arc::clone(wanted),
        }
    }

    #[test]
    fn whoever_finds_the_queue_full_is_turned_away_and_counted() {
        let (pool, wanted) = (idle(2), Arc::new(AtomicUsize::new(1)));
        let left = Arc::new(AtomicUsize::new(1));
        let told: Vec<bool> =
            [&wanted, &left, &wanted, &wanted].map(|wanted| pool.submit(work(wanted)).is_ok()).into();
        assert_eq!((told, pool.queued(), pool.turned_away()), (vec![true, true, false, false], 2, 2));
        // One who gave up makes room.
        left.store(0, Ordering::Release);
        assert!(pool.submit(work(&wanted)).is_ok());
        assert_eq!((pool.queued(), pool.turned_away()), (2, 2));
        assert_eq!(pool.submit(work(&wanted)).err(), Some(PoolError::Overloaded));
        assert_eq!(pool.turned_away(), 3);
    }
}
