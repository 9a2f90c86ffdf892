//! The store on SQLite: one file in WAL mode, one writer thread, one reader connection on
//! the thread that answers logins.

mod create;
mod open;
mod read;
mod rows;
mod threads;
mod uses;
mod write;

#[cfg(test)]
mod tests;

pub use open::{Database, open};

use super::{
    AccountId, AccountRecord, AppPasswordRecord, Counts, Created, Hash, LoginRow, NewAppPassword, PageStart,
    RevokedNow, Store, StoreError, Tombstones, UseDelta,
};
use crate::clock::UnixSeconds;
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::{Actor, Use};
use rusqlite::Connection;
use threads::{Reader, Writer};

/// The open store. Reads run on the calling thread: each is an index look-up of
/// microseconds, and a hop to another thread would cost more than the read.
pub struct SqliteStore {
    reader: Connection,
    /// For what reads many rows: logins must not wait for it.
    slow: Reader,
    writer: Writer,
}

impl Store for SqliteStore {
    async fn account(&self, name: &str) -> Result<Option<AccountRecord>, StoreError> {
        Ok(read::account(&self.reader, name)?)
    }

    async fn login_row(
        &self,
        account: &AccountId,
        key: u32,
        tag: u32,
    ) -> Result<Option<LoginRow>, StoreError> {
        Ok(read::login_row(&self.reader, account, key, tag)?)
    }

    async fn app_password(&self, id: AppPasswordId) -> Result<Option<AppPasswordRecord>, StoreError> {
        Ok(read::app_password(&self.reader, id)?)
    }

    async fn app_passwords(
        &self,
        account: Option<&AccountId>,
        revoked_too: bool,
        start: Option<&PageStart>,
        limit: usize,
    ) -> Result<Vec<AppPasswordRecord>, StoreError> {
        let (account, start) = (account.copied(), start.cloned());
        self.slow
            .run(move |db| read::app_passwords(db, account.as_ref(), revoked_too, start.as_ref(), limit))
            .await
    }

    async fn uses(&self, id: AppPasswordId, limit: usize) -> Result<Vec<Use>, StoreError> {
        Ok(uses::read(&self.reader, id, limit)?)
    }

    async fn tombstones(&self) -> Result<Tombstones, StoreError> {
        self.slow.run(read::tombstones).await
    }

    async fn account_by_id(&self, id: &AccountId) -> Result<Option<AccountRecord>, StoreError> {
        Ok(read::account_by_id(&self.reader, id)?)
    }

    async fn counts(&self, account: Option<&AccountId>) -> Result<Counts, StoreError> {
        let account = account.copied();
        self.slow.run(move |db| read::counts(db, account.as_ref())).await
    }

    async fn create(&self, new: NewAppPassword) -> Result<Created, StoreError> {
        self.writer.run(move |tx| create::create(tx, &new)).await
    }

    async fn undo_create(&self, id: AppPasswordId, new_account: bool) -> Result<(), StoreError> {
        self.writer.run(move |tx| create::undo(tx, id, new_account)).await
    }

    async fn revoke(
        &self,
        ids: Vec<(AppPasswordId, UnixSeconds)>,
        by: Actor,
    ) -> Result<RevokedNow, StoreError> {
        self.writer.run(move |tx| write::revoke(tx, &ids, &by)).await
    }

    async fn set_enrolled(
        &self,
        account: AccountRecord,
        new_account: bool,
        enrolled: Option<UnixSeconds>,
    ) -> Result<bool, StoreError> {
        self.writer.run(move |tx| write::set_enrolled(tx, &account, new_account, enrolled)).await
    }

    async fn rehash(
        &self,
        id: AppPasswordId,
        old: Hash,
        key: u32,
        tag: u32,
        new: Hash,
    ) -> Result<bool, StoreError> {
        self.writer.run(move |tx| write::rehash(tx, id, &old, key, tag, &new)).await
    }

    async fn add_uses(&self, uses: Vec<UseDelta>) -> Result<(), StoreError> {
        self.writer.run(move |tx| uses::add(tx, &uses)).await
    }

    fn writable(&self) -> bool {
        self.writer.writable()
    }
}
