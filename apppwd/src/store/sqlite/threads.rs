//! The threads that own a connection: one writes, one reads what takes long.

use super::super::StoreError;
use crate::worker::{Lost, Worker};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Reads that take longer than a login may wait.
pub(super) struct Reader {
    worker: Worker<Connection>,
    errors: Arc<AtomicU64>,
}

impl Reader {
    /// Starts its thread on `connection`; what fails is counted in `errors`.
    pub(super) fn start(connection: Connection, errors: Arc<AtomicU64>) -> std::io::Result<Self> {
        let worker = Worker::start("store-reader", connection, |_| ())?;
        Ok(Self { worker, errors })
    }

    /// Runs `work`.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let done = self.worker.run(move |connection| work(connection)).await;
        let done = done.map_err(StoreError::from).and_then(|done| Ok(done?));
        if done.is_err() {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
        done
    }
}

/// The one thread that writes.
pub(super) struct Writer {
    worker: Worker<Connection>,
    writable: Arc<AtomicBool>,
    commits: AtomicU64,
    errors: Arc<AtomicU64>,
}

impl Writer {
    /// Starts its thread on `connection`; what fails is counted in `errors`. At the end it leaves
    /// the whole database in one file, as far as the disk lets it.
    pub(super) fn start(connection: Connection, errors: Arc<AtomicU64>) -> std::io::Result<Self> {
        let worker = Worker::start("store-writer", connection, |connection| {
            let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
        })?;
        let (writable, commits) = (Arc::new(AtomicBool::new(true)), AtomicU64::new(0));
        Ok(Self { worker, writable, commits, errors })
    }

    /// Runs `work` in a transaction of its own; `Ok` means that it is committed and durable.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let writable = Arc::clone(&self.writable);
        let done = self.worker.run(move |connection| {
            let outcome = transact(connection, work).map_err(StoreError::from);
            writable.store(!matches!(outcome, Err(StoreError::ReadOnly(_))), Ordering::Relaxed);
            outcome
        });
        let done = done.await.map_err(StoreError::from).flatten();
        let counter = if done.is_ok() { &self.commits } else { &self.errors };
        counter.fetch_add(1, Ordering::Relaxed);
        done
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(super) fn writable(&self) -> bool {
        self.writable.load(Ordering::Relaxed)
    }
}

fn transact<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = work(&tx)?;
    tx.commit()?;
    Ok(value)
}

/// Whether a fault may pass by itself: a full disk, an I/O error, another program's lock.
pub(super) fn is_passing(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OutOfMemory
        )
    )
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if is_passing(&error) { Self::ReadOnly(error.to_string()) } else { Self::Failed(error.to_string()) }
    }
}

impl From<Lost> for StoreError {
    fn from(lost: Lost) -> Self {
        Self::Failed(lost.to_string())
    }
}
