//! The store on SQLite: one file in WAL mode, one writer thread, one reader connection on
//! the thread that answers logins.

mod account;
mod create;
mod life;
mod open;
mod panic;
mod primary_uses;
mod read;
mod record;
mod rotation;
mod rows;
mod select;
mod threads;
mod uses;
mod write;

#[cfg(test)]
mod tests;

pub use open::{Database, open};

use super::{
    AccountId, AccountRecord, AppPasswordRecord, Changed, Counts, Created, Halves, Hash, LoginRow,
    NewAppPassword, PageStart, RecordMarks, Refolded, Renamed, Restrictions, Selection, Store, StoreError,
    Uses,
};
use crate::clock::UnixSeconds;
use crate::config::UsersConfig;
use crate::panic_switch::PanicSwitch;
use crate::scope::FirstUse;
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

    async fn account_by_id(&self, id: &AccountId) -> Result<Option<AccountRecord>, StoreError> {
        Ok(read::account_by_id(&self.reader, id)?)
    }

    async fn bound_accounts(&self, after: &str, limit: usize) -> Result<Vec<AccountRecord>, StoreError> {
        let after = after.to_owned();
        self.slow.run(move |db| read::bound_accounts(db, &after, limit)).await
    }

    async fn app_password(&self, id: AppPasswordId) -> Result<Option<AppPasswordRecord>, StoreError> {
        Ok(read::app_password(&self.reader, id)?)
    }

    async fn app_passwords(
        &self,
        selection: &Selection,
        start: Option<&PageStart>,
        limit: usize,
    ) -> Result<Vec<AppPasswordRecord>, StoreError> {
        let (selection, start) = (selection.clone(), start.cloned());
        self.slow.run(move |db| select::app_passwords(db, &selection, start.as_ref(), limit)).await
    }

    async fn with_rotations(
        &self,
        ids: Vec<AppPasswordId>,
        now: UnixSeconds,
    ) -> Result<Vec<AppPasswordId>, StoreError> {
        let ids: Vec<_> = ids.into_iter().map(|id| (id, now)).collect();
        let all = self.slow.run(move |db| rotation::with_rotations(db, &ids)).await?;
        Ok(all.into_iter().map(|(id, _)| id).collect())
    }

    async fn whole_selection(
        &self,
        selection: &Selection,
        now: UnixSeconds,
    ) -> Result<Vec<AppPasswordRecord>, StoreError> {
        let selection = selection.clone();
        self.slow
            .run(move |db| {
                // One view of the database: a rotation in between would hide what it rotates.
                let view = db.unchecked_transaction()?;
                let mut records = select::app_passwords(&view, &selection, None, usize::MAX)?;
                let ids: Vec<AppPasswordId> = records.iter().map(|record| record.id).collect();
                let whole = rotation::whole(&view, &ids, now)?;
                records.retain(|record| whole.contains(&record.id));
                Ok(records)
            })
            .await
    }

    async fn uses(&self, id: AppPasswordId, limit: usize) -> Result<Vec<Use>, StoreError> {
        Ok(uses::read(&self.reader, id, limit)?)
    }

    async fn primary_uses(&self, offset: usize, limit: usize) -> Result<Vec<Uses<String>>, StoreError> {
        self.slow.run(move |db| primary_uses::read(db, offset, limit)).await
    }

    async fn counts(&self, account: Option<&AccountId>, now: UnixSeconds) -> Result<Counts, StoreError> {
        let account = account.copied();
        self.slow.run(move |db| read::counts(db, account.as_ref(), now)).await
    }

    async fn restrictions(&self) -> Result<Restrictions, StoreError> {
        self.slow.run(read::restrictions).await
    }

    async fn check_creation(&self, new: &NewAppPassword) -> Result<Option<Created>, StoreError> {
        Ok(create::check(&self.reader, new)?)
    }

    async fn create(&self, new: NewAppPassword) -> Result<Created, StoreError> {
        self.writer.run(move |tx| create::create(tx, &new)).await
    }

    async fn undo_create(&self, new: NewAppPassword, newly_enrolled: bool) -> Result<(), StoreError> {
        self.writer.run(move |tx| create::undo(tx, &new, newly_enrolled)).await
    }

    async fn revoke(
        &self,
        ids: Vec<(AppPasswordId, UnixSeconds)>,
        halves: Halves,
        by: Actor,
    ) -> Result<Changed, StoreError> {
        self.writer.run(move |tx| write::revoke(tx, &ids, halves, &by)).await
    }

    async fn set_suspended(
        &self,
        ids: Vec<(AppPasswordId, UnixSeconds)>,
        suspend: bool,
        halves: Halves,
        by: Actor,
    ) -> Result<Changed, StoreError> {
        self.writer.run(move |tx| life::set_suspended(tx, &ids, suspend, halves, &by)).await
    }

    async fn rename(&self, id: AppPasswordId, name: String, now: UnixSeconds) -> Result<Renamed, StoreError> {
        self.writer.run(move |tx| life::rename(tx, id, &name, now)).await
    }

    async fn pin(&self, id: AppPasswordId, first_use: FirstUse, now: UnixSeconds) -> Result<(), StoreError> {
        self.writer.run(move |tx| life::pin(tx, id, &first_use, now)).await
    }

    async fn end_by(
        &self,
        ends: Vec<(AppPasswordId, UnixSeconds)>,
    ) -> Result<Vec<AppPasswordId>, StoreError> {
        self.writer.run(move |tx| life::end_by(tx, &ends)).await
    }

    async fn mark_expired(&self, ids: Vec<AppPasswordId>, at: UnixSeconds) -> Result<(), StoreError> {
        self.writer.run(move |tx| life::mark_expired(tx, &ids, at)).await
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

    async fn set_enrolled(
        &self,
        account: AccountRecord,
        new_account: bool,
        enrolled: Option<UnixSeconds>,
    ) -> Result<bool, StoreError> {
        self.writer.run(move |tx| account::set_enrolled(tx, &account, new_account, enrolled)).await
    }

    async fn set_locked(
        &self,
        account: AccountRecord,
        new_account: bool,
        locked: bool,
        at: UnixSeconds,
    ) -> Result<bool, StoreError> {
        self.writer.run(move |tx| account::set_locked(tx, &account, new_account, locked, at)).await
    }

    async fn lock_down(
        &self,
        account: AccountRecord,
        new_account: bool,
        at: UnixSeconds,
        by: Actor,
    ) -> Result<Vec<AppPasswordId>, StoreError> {
        self.writer.run(move |tx| account::lock_down(tx, &account, new_account, at, &by)).await
    }

    async fn rename_account(&self, account: AccountId, name: String) -> Result<bool, StoreError> {
        self.writer.run(move |tx| account::rename(tx, &account, &name)).await
    }

    async fn delete_account(&self, account: AccountId) -> Result<Vec<AppPasswordId>, StoreError> {
        self.writer.run(move |tx| account::delete(tx, &account)).await
    }

    async fn refold(&self, users: UsersConfig) -> Result<Refolded, StoreError> {
        self.writer.run(move |tx| account::refold(tx, &users)).await
    }

    async fn set_panic(&self, switch: String, since: Option<UnixSeconds>) -> Result<PanicSwitch, StoreError> {
        self.writer.run(move |tx| panic::set(tx, &switch, since)).await
    }

    async fn add_uses(&self, uses: Vec<Uses<AppPasswordId>>) -> Result<(), StoreError> {
        self.writer.run(move |tx| uses::add(tx, &uses)).await
    }

    async fn add_primary_uses(&self, uses: Vec<Uses<String>>) -> Result<(), StoreError> {
        self.writer.run(move |tx| primary_uses::add(tx, &uses)).await
    }

    async fn prune(&self, before: UnixSeconds) -> Result<usize, StoreError> {
        self.writer.run(move |tx| life::prune(tx, before)).await
    }

    async fn sweep_expired(&self, now: UnixSeconds, by: Actor) -> Result<Vec<AppPasswordId>, StoreError> {
        self.writer.run(move |tx| life::sweep_expired(tx, now, &by)).await
    }

    async fn record_marks(&self) -> Result<Option<RecordMarks>, StoreError> {
        Ok(record::read(&self.reader)?)
    }

    async fn set_record_marks(&self, marks: RecordMarks) -> Result<(), StoreError> {
        self.writer.run(move |tx| record::set(tx, &marks)).await
    }

    fn writable(&self) -> bool {
        self.writer.writable()
    }
}
