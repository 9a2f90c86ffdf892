//! The store on SQLite: one file in WAL mode, one writer thread, one reader connection on
//! the thread that answers logins.

mod account;
mod copy;
mod create;
mod events;
mod examine;
mod files;
mod find;
pub mod incoming;
mod key_check;
mod keys;
mod life;
mod moment;
mod open;
mod panic;
mod primary_uses;
mod read;
mod record;
mod rotation;
pub(crate) mod rows;
mod rows_check;
mod schema;
mod select;
mod threads;
mod trail;
mod users;
mod uses;
mod write;

#[cfg(test)]
mod tests;

pub use files::{Database, Presence, is_readable};
pub use open::{Empty, Missing, highest_key, open};

use super::{
    AccountId, AccountRecord, AppPasswordRecord, By, Changed, CopyError, Counts, Created, EventPage,
    EventSelection, Halves, Hash, Health, IdsFound, KeepEvents, KnownKeys, ListedRow, Look, NewAppPassword,
    PageStart, PutBack, RecordMarks, Refolded, Renamed, Restrictions, Selection, Store, StoreCopy,
    StoreError, Uses,
};
use crate::clock::UnixSeconds;
use crate::config::UsersConfig;
use crate::panic_switch::PanicSwitch;
use crate::scope::FirstUse;
use apppw_admin::verbs::{DatabaseCheckup, Event, Use, UserSummary};
use apppw_admin::{AppPasswordId, IdPrefix};
use moment::Moment;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use threads::{Reader, Writer};
use trail::Trail;

/// The open store. Reads run on the calling thread: each is an index look-up of
/// microseconds, and a hop to another thread would cost more than the read.
pub struct SqliteStore {
    path: Arc<Path>,
    reader: Connection,
    /// For what reads many rows: logins must not wait for it.
    slow: Reader,
    writer: Writer,
    /// This mail host's name, for events.
    host: Arc<str>,
    /// Reads and writes that failed.
    errors: Arc<AtomicU64>,
}

impl SqliteStore {
    /// What a read on this thread has come to.
    fn read<T>(&self, read: rusqlite::Result<T>) -> Result<T, StoreError> {
        read.map_err(|error| {
            self.errors.fetch_add(1, Ordering::Relaxed);
            error.into()
        })
    }

    /// A change that leaves a trail, in a transaction of its own.
    async fn change<T, F>(&self, by: By, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Trail<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let host = Arc::clone(&self.host);
        self.writer.run(move |tx| work(&Trail::new(tx, &host, &by))).await
    }
}

/// Nobody waits for the copy any more.
struct BreaksOff(Arc<copy::Cancel>);

impl Drop for BreaksOff {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Store for SqliteStore {
    fn look<T>(&self, look: impl FnOnce(&dyn Look) -> Result<T, StoreError>) -> Result<T, StoreError> {
        look(&self.read(Moment::begin(self))?)
    }

    async fn account_by_id(&self, id: &AccountId) -> Result<Option<AccountRecord>, StoreError> {
        self.read(read::account_by_id(&self.reader, id))
    }

    async fn accounts(&self, after: &AccountId, limit: usize) -> Result<Vec<AccountRecord>, StoreError> {
        let after = *after;
        self.slow.run(move |db| read::accounts(db, &after, limit)).await
    }

    async fn bound_accounts(&self, after: &str, limit: usize) -> Result<Vec<AccountRecord>, StoreError> {
        let after = after.to_owned();
        self.slow.run(move |db| read::bound_accounts(db, &after, limit)).await
    }

    async fn app_password(&self, id: AppPasswordId) -> Result<Option<AppPasswordRecord>, StoreError> {
        self.read(read::app_password(&self.reader, id))
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

    async fn listed(
        &self,
        selection: &Selection,
        start: Option<&PageStart>,
        limit: usize,
    ) -> Result<Vec<ListedRow>, StoreError> {
        let (selection, start) = (selection.clone(), start.cloned());
        self.slow.run(move |db| select::listed(db, &selection, start.as_ref(), limit)).await
    }

    async fn ids_found(
        &self,
        prefix: IdPrefix,
        account: Option<AccountId>,
        live_at: Option<UnixSeconds>,
        most: usize,
    ) -> Result<IdsFound, StoreError> {
        self.slow.run(move |db| find::ids(db, prefix, account.as_ref(), live_at, most)).await
    }

    async fn ids_near(
        &self,
        prefix: IdPrefix,
        account: Option<AccountId>,
        most: usize,
    ) -> Result<Vec<AppPasswordRecord>, StoreError> {
        self.slow.run(move |db| find::near_ids(db, prefix, account.as_ref(), most)).await
    }

    async fn account_names(&self, beginning: &str, most: usize) -> Result<Vec<String>, StoreError> {
        let beginning = beginning.to_owned();
        self.slow.run(move |db| find::account_names(db, &beginning, most)).await
    }

    async fn names_like(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let name = name.to_owned();
        self.slow.run(move |db| find::names_like(db, &name)).await
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

    async fn halves(&self, id: AppPasswordId, now: UnixSeconds) -> Result<Vec<AppPasswordId>, StoreError> {
        let all = self.read(rotation::with_rotations(&self.reader, &[(id, now)]))?;
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
        self.read(uses::read(&self.reader, id, limit))
    }

    async fn primary_uses(&self, offset: usize, limit: usize) -> Result<Vec<Uses<String>>, StoreError> {
        self.slow.run(move |db| primary_uses::read(db, offset, limit)).await
    }

    async fn counts(&self, account: Option<&AccountId>, now: UnixSeconds) -> Result<Counts, StoreError> {
        let account = account.copied();
        self.slow.run(move |db| read::counts(db, account.as_ref(), now)).await
    }

    async fn users(
        &self,
        after: &str,
        limit: usize,
        now: UnixSeconds,
    ) -> Result<Vec<UserSummary>, StoreError> {
        let after = after.to_owned();
        self.slow.run(move |db| users::read(db, &after, limit, now)).await
    }

    async fn events(&self, selection: &EventSelection, limit: usize) -> Result<EventPage, StoreError> {
        let selection = selection.clone();
        self.slow.run(move |db| events::read(db, &selection, limit)).await
    }

    async fn check(&self, thorough: bool) -> Result<(), StoreError> {
        match self.slow.run(move |db| read::check(db, thorough)).await? {
            None => Ok(()),
            Some(damage) => Err(StoreError::Failed(damage)),
        }
    }

    async fn restrictions(&self) -> Result<Restrictions, StoreError> {
        self.slow.run(read::restrictions).await
    }

    async fn check_creation(&self, new: &NewAppPassword) -> Result<Option<Created>, StoreError> {
        self.read(create::check(&self.reader, new))
    }

    async fn create(&self, new: NewAppPassword) -> Result<Created, StoreError> {
        let by = By::actor(new.by.clone(), new.at);
        self.change(by, move |tx| create::create(tx, &new)).await
    }

    async fn undo_create(&self, new: NewAppPassword, newly_enrolled: bool, by: By) -> Result<(), StoreError> {
        self.change(by, move |tx| create::undo(tx, &new, newly_enrolled)).await
    }

    async fn revoke(
        &self,
        ids: Vec<(AppPasswordId, UnixSeconds)>,
        halves: Halves,
        by: By,
    ) -> Result<Changed, StoreError> {
        self.change(by, move |tx| write::revoke(tx, &ids, halves)).await
    }

    async fn set_suspended(
        &self,
        ids: Vec<(AppPasswordId, UnixSeconds)>,
        suspend: bool,
        halves: Halves,
        by: By,
    ) -> Result<Changed, StoreError> {
        self.change(by, move |tx| life::set_suspended(tx, &ids, suspend, halves)).await
    }

    async fn rename(
        &self,
        id: AppPasswordId,
        name: String,
        per_day: Option<u32>,
        by: By,
    ) -> Result<Renamed, StoreError> {
        self.change(by, move |tx| life::rename(tx, id, &name, per_day)).await
    }

    async fn pin(&self, id: AppPasswordId, first_use: FirstUse, by: By) -> Result<(), StoreError> {
        self.change(by, move |tx| life::pin(tx, id, &first_use)).await
    }

    async fn end_by(
        &self,
        ends: Vec<(AppPasswordId, UnixSeconds)>,
        by: By,
    ) -> Result<Vec<AppPasswordId>, StoreError> {
        self.change(by, move |tx| life::end_by(tx, &ends)).await
    }

    async fn mark_expired(&self, ids: Vec<AppPasswordId>, by: By) -> Result<(), StoreError> {
        self.change(by, move |tx| life::mark_expired(tx, &ids)).await
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
        by: By,
    ) -> Result<bool, StoreError> {
        self.change(by, move |tx| account::set_enrolled(tx, &account, new_account, enrolled)).await
    }

    async fn set_locked(
        &self,
        account: AccountRecord,
        new_account: bool,
        locked: bool,
        at: UnixSeconds,
        by: By,
    ) -> Result<bool, StoreError> {
        self.change(by, move |tx| account::set_locked(tx, &account, new_account, locked, at)).await
    }

    async fn lock_down(
        &self,
        account: AccountRecord,
        new_account: bool,
        by: By,
    ) -> Result<Vec<AppPasswordId>, StoreError> {
        self.change(by, move |tx| account::lock_down(tx, &account, new_account)).await
    }

    async fn rename_account(
        &self,
        account: AccountId,
        name: String,
        run: u64,
        by: By,
    ) -> Result<bool, StoreError> {
        let rename = move |tx: &Trail<'_>| {
            Ok(account::rename(tx, &account, &name)? && record::set_run(tx, run).map(|()| true)?)
        };
        self.change(by, rename).await
    }

    async fn delete_account(&self, account: AccountId, by: By) -> Result<Vec<AppPasswordId>, StoreError> {
        self.change(by, move |tx| account::delete(tx, &account)).await
    }

    async fn refold(&self, users: UsersConfig, by: By) -> Result<Refolded, StoreError> {
        self.change(by, move |tx| account::refold(tx, &users)).await
    }

    async fn set_panic(
        &self,
        switch: String,
        since: Option<UnixSeconds>,
        by: By,
    ) -> Result<PanicSwitch, StoreError> {
        self.change(by, move |tx| panic::set(tx, &switch, since)).await
    }

    async fn add_events(&self, events: Vec<Event>) -> Result<(), StoreError> {
        // Each says itself when, and by whom.
        let by = By::login(0);
        self.change(by, move |tx| events.iter().try_for_each(|event| tx.noted(event))).await
    }

    async fn prune_events(&self, keep: KeepEvents, by: By) -> Result<usize, StoreError> {
        self.change(by, move |tx| events::prune(tx, keep)).await
    }

    async fn add_uses(&self, uses: Vec<Uses<AppPasswordId>>) -> Result<(), StoreError> {
        self.writer.run(move |tx| uses::add(tx, &uses)).await
    }

    async fn add_primary_uses(&self, uses: Vec<Uses<String>>) -> Result<(), StoreError> {
        self.writer.run(move |tx| primary_uses::add(tx, &uses)).await
    }

    async fn prune(&self, before: UnixSeconds, by: By) -> Result<usize, StoreError> {
        self.change(by, move |tx| life::prune(tx, before)).await
    }

    async fn sweep_expired(&self, by: By) -> Result<Vec<AppPasswordId>, StoreError> {
        self.change(by, life::sweep_expired).await
    }

    async fn keys(&self) -> Result<KnownKeys, StoreError> {
        self.slow.run(keys::read).await
    }

    async fn add_key(&self, id: u32, check_value: [u8; 16], by: By) -> Result<(), StoreError> {
        self.change(by, move |tx| keys::add(tx, id, &check_value)).await
    }

    async fn retire_key(&self, id: u32, by: By) -> Result<Vec<AppPasswordId>, StoreError> {
        self.change(by, move |tx| keys::retire(tx, id)).await
    }

    async fn forget_keys(&self, ids: Vec<u32>) -> Result<bool, StoreError> {
        self.writer.run(move |tx| keys::forget_unneeded(tx, &ids)).await
    }

    async fn import_keys(&self, keys: Vec<(u32, [u8; 16])>, by: By) -> Result<(), StoreError> {
        self.change(by, move |tx| keys::import(tx, &keys)).await
    }

    async fn record_marks(&self) -> Result<Option<RecordMarks>, StoreError> {
        self.read(record::read(&self.reader))
    }

    async fn set_record_marks(&self, marks: RecordMarks) -> Result<(), StoreError> {
        self.writer.run(move |tx| record::set(tx, &marks)).await
    }

    async fn examine(&self) -> Result<DatabaseCheckup, StoreError> {
        self.slow.run(examine::examine).await
    }

    async fn copy(&self, at: UnixSeconds) -> Result<StoreCopy, CopyError> {
        let (path, cancel) = (Arc::clone(&self.path), Arc::new(copy::Cancel::default()));
        let _breaks_off = BreaksOff(Arc::clone(&cancel));
        let made = tokio::task::spawn_blocking(move || copy::make(&path, at, &cancel)).await;
        made.unwrap_or_else(|lost| Err(CopyError::Failed(lost.to_string())))
    }

    async fn last_backup(&self) -> Result<Option<UnixSeconds>, StoreError> {
        self.read(record::last_backup(&self.reader))
    }

    async fn set_last_backup(&self, at: UnixSeconds, now: UnixSeconds) -> Result<(), StoreError> {
        self.writer.run(move |tx| record::set_last_backup(tx, at, now)).await
    }

    async fn tell_put_back(&self) -> Result<Option<PutBack>, StoreError> {
        // In its own name.
        self.change(By::login(0), record::tell_put_back).await
    }

    fn health(&self) -> Health {
        Health {
            writable: self.writer.writable(),
            commits: self.writer.commits(),
            errors: self.errors.load(Ordering::Relaxed),
        }
    }
}
