//! One login's look at the store: all of it as it was at one moment.

use super::{SqliteStore, read};
use crate::store::{AccountId, AccountRecord, LoginRow, Look, StoreError};
use rusqlite::CachedStatement;

/// A read transaction on the connection of the thread that answers logins. It ends with this, also when
/// the look panics: a transaction that stayed open would hide every later revocation.
pub(super) struct Moment<'a> {
    store: &'a SqliteStore,
    /// Prepared before the transaction begins: nothing that may be needed to end it is then missing.
    end: CachedStatement<'a>,
}

impl<'a> Moment<'a> {
    /// Begins one; if one is open, that is an error. Prepared once, and cheaper than letting each query
    /// lock and unlock the write-ahead log by itself.
    pub(super) fn begin(store: &'a SqliteStore) -> rusqlite::Result<Self> {
        let end = store.reader.prepare_cached("ROLLBACK")?;
        store.reader.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self { store, end })
    }
}

impl Drop for Moment<'_> {
    fn drop(&mut self) {
        // Nothing was written. If this failed, the next look could not begin, and no login be accepted.
        // After an I/O error SQLite has ended it by itself.
        let ended = if self.store.reader.is_autocommit() { Ok(0) } else { self.end.execute([]) };
        if let Err(error) = self.store.read(ended) {
            tracing::error!("a look at the database could not be ended: {error}");
        }
    }
}

impl Look for Moment<'_> {
    fn account(&self, name: &str) -> Result<Option<AccountRecord>, StoreError> {
        self.store.read(read::account(&self.store.reader, name))
    }

    fn any_account(&self) -> Result<Option<AccountRecord>, StoreError> {
        self.store.read(read::any_account(&self.store.reader))
    }

    fn login_row(&self, account: &AccountId, key: u32, tag: u32) -> Result<Option<LoginRow>, StoreError> {
        self.store.read(read::login_row(&self.store.reader, account, key, tag))
    }
}
