//! `journal.log`: an append-only record of everything that takes access away or gives it
//! back, apart from the database. It is synced before a change is acknowledged and replayed
//! at start, so that a backup put back revives no app password and no primary.

mod file;
pub(crate) mod reading;
mod record;
mod replay;

pub use file::JournalFile;
pub use record::{Befell, Change, NamedBy, Record};
pub use replay::{Account, Mark, State};

use crate::worker::{Lost, Worker};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The journal on a thread of its own: a sync may take long, and logins don't wait for it.
pub struct Journal {
    worker: Worker<JournalFile>,
    writable: Arc<AtomicBool>,
}

impl Journal {
    /// Starts its thread.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(file: JournalFile) -> std::io::Result<Self> {
        let writable = Arc::new(AtomicBool::new(file.is_owed_nothing()));
        Ok(Self { worker: Worker::start("journal", file, |_| ())?, writable })
    }

    /// Tells whether it took the last append and is owed nothing: for who doesn't wait for its lock.
    #[must_use]
    pub fn writable(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.writable)
    }

    /// How many bytes of it are whole and synced.
    ///
    /// # Errors
    /// [`JournalError::Lost`].
    pub async fn synced(&self) -> Result<u64, JournalError> {
        Ok(self.worker.run(|file| file.synced()).await?)
    }

    /// Appends the records and waits until they are on disk. Those that an append before
    /// could not write come first.
    ///
    /// # Errors
    /// [`JournalError`]; the records are owed then.
    pub async fn append(&self, records: Vec<Record>) -> Result<(), JournalError> {
        self.run(move |file| file.append(&records)).await
    }

    /// As [`Journal::append`], for a change that the caller takes back if it can't be written.
    ///
    /// # Errors
    /// [`JournalError`]; the records are then forgotten, and only they.
    pub async fn append_or_forget(&self, records: Vec<Record>) -> Result<(), JournalError> {
        self.run(move |file| file.append_or_forget(&records)).await
    }

    async fn run(
        &self,
        append: impl FnOnce(&mut JournalFile) -> Result<(), JournalError> + Send + 'static,
    ) -> Result<(), JournalError> {
        let writable = Arc::clone(&self.writable);
        let appended = self.worker.run(move |file| {
            let appended = append(file);
            writable.store(appended.is_ok() && file.is_owed_nothing(), Ordering::Relaxed);
            appended
        });
        appended.await?
    }
}

/// Why the journal can't be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It can't be read or written.
    #[error("can't {what} the journal {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line in it is damaged.
    #[error(
        "{} line {line} is damaged: revocations after it may be lost. Put the journal back from a backup, or \
         remove that line if you know what it said", path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// A line in it is whole, but of a kind that this apppwd doesn't know.
    #[error("{} line {line} was written by a newer apppwd: install that one again", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// A fault of ours.
    #[error("can't write the journal: {0}")]
    Lost(#[from] Lost),
}
