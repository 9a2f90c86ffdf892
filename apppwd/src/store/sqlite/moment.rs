//! One login's look at the store: all of it as it was at one moment.

use super::{SqliteStore, read};
use crate::store::{AccountId, AccountRecord, LoginRow, Look, StoreError};

/// A read transaction on the connection of the thread that answers logins. It ends with this, also when
/// the look panics: a transaction that stayed open would hide every later revocation.
pub(super) struct Moment<'a>(&'a SqliteStore);

impl<'a> Moment<'a> {
    /// Begins one; if one is open, that is an error. Prepared once, and cheaper than letting each query
    /// lock and unlock the write-ahead log by itself.
    pub(super) fn begin(store: &'a SqliteStore) -> rusqlite::Result<Self> {
        store.reader.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(store))
    }
}

impl Drop for Moment<'_> {
    fn drop(&mut self) {
        // Nothing was written. If this failed, the next look could not begin, and no login be accepted.
        let ended = self.0.reader.prepare_cached("ROLLBACK").and_then(|mut end| end.execute([]));
        if let Err(error) = self.0.read(ended) {
            tracing::error!("a look at the database could not be ended: {error}");
        }
    }
}

impl Look for Moment<'_> {
    fn account(&self, name: &str) -> Result<Option<AccountRecord>, StoreError> {
        self.0.read(read::account(&self.0.reader, name))
    }

    fn login_row(&self, account: &AccountId, key: u32, tag: u32) -> Result<Option<LoginRow>, StoreError> {
        self.0.read(read::login_row(&self.0.reader, account, key, tag))
    }
}
