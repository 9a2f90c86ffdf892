//! What is kept: accounts, app passwords, their uses, and the events that befell them.
//!
//! [`Store`] says what the daemon needs and nothing of how SQLite does it, so that another
//! database can stand behind it. [`sqlite`] is the one there is.

mod copy;
mod error;
mod event;
mod outcome;
pub mod sqlite;
mod types;

pub use copy::{CopyError, PutBack, RestoreError, StoreCopy};
pub use error::{OpenError, StoreError};
pub use event::{By, EventPage, EventSelection, KeepEvents};
pub use outcome::{Changed, Created, Refolded, Renamed, Restrictions};
pub use types::{
    AccountId, AccountRecord, AppPasswordRecord, Counts, Hash, Health, IdsFound, KnownKey, KnownKeys, Limits,
    ListedRow, LoginRow, NewAppPassword, Origin, PageStart, RecordMarks, Rotation, Scheme, Selection, Uses,
};

use crate::clock::UnixSeconds;
use crate::config::UsersConfig;
use crate::panic_switch::PanicSwitch;
use crate::scope::FirstUse;
use apppw_admin::verbs::{DatabaseCheckup, Event, Use, UserSummary};
use apppw_admin::{AppPasswordId, IdPrefix};

/// Most uses kept for one app password, and of one account's primary password; older ones
/// give way.
pub const MAX_USES: usize = 50;

/// What a change of one half of a rotation does to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halves {
    /// The same: to whoever looks at them they are one app password.
    Both,
    /// Nothing: these ids and no others.
    These,
}

/// The store as it was at one moment, seen from a login.
pub trait Look {
    /// The account of that canonical name.
    ///
    /// # Errors
    /// If the store can't be read.
    fn account(&self, name: &str) -> Result<Option<AccountRecord>, StoreError>;

    /// An account, whichever comes first; `None` if there is none at all. Whoever was looked for in vain costs
    /// as much with it as one that is there.
    ///
    /// # Errors
    /// If the store can't be read.
    fn any_account(&self) -> Result<Option<AccountRecord>, StoreError>;

    /// What a login needs of the row with that tag.
    ///
    /// # Errors
    /// If the store can't be read.
    fn login_row(&self, account: &AccountId, key: u32, tag: u32) -> Result<Option<LoginRow>, StoreError>;
}

/// The store, seen from the daemon. A mutation that returned `Ok` is durable, and its events
/// with it: one is never there without the other.
#[expect(async_fn_in_trait, reason = "statically dispatched on one thread; no future has to be Send")]
pub trait Store {
    // What a login reads.

    /// Lets `look` read what one login is judged on: all of it as it was at one moment. Each look
    /// takes microseconds, on this thread.
    fn look<T>(&self, look: impl FnOnce(&dyn Look) -> Result<T, StoreError>) -> Result<T, StoreError>;

    // What management reads.

    /// The account of that canonical name.
    async fn account(&self, name: &str) -> Result<Option<AccountRecord>, StoreError> {
        self.look(|look| look.account(name))
    }

    /// The account of that id.
    async fn account_by_id(&self, id: &AccountId) -> Result<Option<AccountRecord>, StoreError>;

    /// All accounts by id, at most `limit` behind the id `after`.
    async fn accounts(&self, after: &AccountId, limit: usize) -> Result<Vec<AccountRecord>, StoreError>;

    /// Accounts bound to a uid, by name; at most `limit` behind the name `after`.
    async fn bound_accounts(&self, after: &str, limit: usize) -> Result<Vec<AccountRecord>, StoreError>;

    /// One app password.
    async fn app_password(&self, id: AppPasswordId) -> Result<Option<AppPasswordRecord>, StoreError>;

    /// App passwords by account name, then time of creation; at most `limit` from `start` on.
    async fn app_passwords(
        &self,
        selection: &Selection,
        start: Option<&PageStart>,
        limit: usize,
    ) -> Result<Vec<AppPasswordRecord>, StoreError>;

    /// The same as a list shows them.
    async fn listed(
        &self,
        selection: &Selection,
        start: Option<&PageStart>,
        limit: usize,
    ) -> Result<Vec<ListedRow>, StoreError>;

    /// App passwords whose ids begin so, by id: of that account or of all, only those that live at
    /// `live_at` if it is given, at most `most`.
    async fn ids_found(
        &self,
        prefix: IdPrefix,
        account: Option<AccountId>,
        live_at: Option<UnixSeconds>,
        most: usize,
    ) -> Result<IdsFound, StoreError>;

    /// App passwords whose ids begin so but for one slip of the finger ([`IdPrefix::slips`]); at
    /// most `most`.
    async fn ids_near(
        &self,
        prefix: IdPrefix,
        account: Option<AccountId>,
        most: usize,
    ) -> Result<Vec<AppPasswordRecord>, StoreError>;

    /// Names of accounts that begin so, by name; at most `most`.
    async fn account_names(&self, beginning: &str, most: usize) -> Result<Vec<String>, StoreError>;

    /// Names of accounts that may have been meant by one that is unknown; a bounded number.
    async fn names_like(&self, name: &str) -> Result<Vec<String>, StoreError>;

    /// `ids`, and the other halves of the rotations that live ones among them are in at that
    /// second.
    async fn with_rotations(
        &self,
        ids: Vec<AppPasswordId>,
        now: UnixSeconds,
    ) -> Result<Vec<AppPasswordId>, StoreError>;

    /// The same of one, read at once and not behind whatever else is looked for.
    async fn halves(&self, id: AppPasswordId, now: UnixSeconds) -> Result<Vec<AppPasswordId>, StoreError>;

    /// Those that a selection fits whole: with all other halves of their rotations that live at
    /// that second.
    async fn whole_selection(
        &self,
        selection: &Selection,
        now: UnixSeconds,
    ) -> Result<Vec<AppPasswordRecord>, StoreError>;

    /// The uses of an app password, newest first; at most `limit`.
    async fn uses(&self, id: AppPasswordId, limit: usize) -> Result<Vec<Use>, StoreError>;

    /// Uses of primary passwords by user, service and address: at most `limit` behind the
    /// number `offset`.
    async fn primary_uses(&self, offset: usize, limit: usize) -> Result<Vec<Uses<String>>, StoreError>;

    /// How many there are of what, at that second.
    async fn counts(&self, account: Option<&AccountId>, now: UnixSeconds) -> Result<Counts, StoreError>;

    /// Accounts by name, at most `limit` behind the name `after`, with what they had at that
    /// second.
    async fn users(
        &self,
        after: &str,
        limit: usize,
        now: UnixSeconds,
    ) -> Result<Vec<UserSummary>, StoreError>;

    /// Events by number, at most `limit`.
    async fn events(&self, selection: &EventSelection, limit: usize) -> Result<EventPage, StoreError>;

    /// Looks whether what is found by a name or a tag is what is there; an error says what is not. Unless it
    /// is `thorough`, only where that takes no more than a second.
    async fn check(&self, thorough: bool) -> Result<(), StoreError>;

    /// Everything but accounts that takes access away, for the journal.
    async fn restrictions(&self) -> Result<Restrictions, StoreError>;

    // What befalls app passwords.

    /// Why [`Store::create`] would refuse it as things are; its hash doesn't matter. `None`:
    /// it would not.
    async fn check_creation(&self, new: &NewAppPassword) -> Result<Option<Created>, StoreError>;

    /// Puts a new app password in; makes and enrols its account if need be.
    async fn create(&self, new: NewAppPassword) -> Result<Created, StoreError>;

    /// Takes back a [`Store::create`] whose secret nobody has seen, with all that came with it.
    async fn undo_create(&self, new: NewAppPassword, newly_enrolled: bool, by: By) -> Result<(), StoreError>;

    /// Revokes those that are not revoked, all in one transaction; the rest is left as it is.
    async fn revoke(
        &self,
        ids: Vec<(AppPasswordId, UnixSeconds)>,
        halves: Halves,
        by: By,
    ) -> Result<Changed, StoreError>;

    /// Suspends (`suspend`) or resumes those that are not revoked.
    async fn set_suspended(
        &self,
        ids: Vec<(AppPasswordId, UnixSeconds)>,
        suspend: bool,
        halves: Halves,
        by: By,
    ) -> Result<Changed, StoreError>;

    /// Gives an app password that is live another name. `per_day`: how often that may be done
    /// to one account's in one day (UTC).
    async fn rename(
        &self,
        id: AppPasswordId,
        name: String,
        per_day: Option<u32>,
        by: By,
    ) -> Result<Renamed, StoreError>;

    /// Closes the pins of `first_use` that are pending, in all halves of a rotation.
    async fn pin(&self, id: AppPasswordId, first_use: FirstUse, by: By) -> Result<(), StoreError>;

    /// Has app passwords end at these times, or sooner if they do already. Returns those
    /// whose end has changed.
    async fn end_by(
        &self,
        ends: Vec<(AppPasswordId, UnixSeconds)>,
        by: By,
    ) -> Result<Vec<AppPasswordId>, StoreError>;

    /// Notes that these were seen expired: they stay so, and lose their hash.
    async fn mark_expired(&self, ids: Vec<AppPasswordId>, by: By) -> Result<(), StoreError>;

    /// Replaces a hash, if the row is live and still has `old`; `false` if not. No two rows
    /// may share a tag, so a collision is `false` too.
    async fn rehash(
        &self,
        id: AppPasswordId,
        old: Hash,
        key: u32,
        tag: u32,
        new: Hash,
    ) -> Result<bool, StoreError>;

    // What befalls accounts.

    /// Sets or clears an account's enrolment, making the account if it is new; `false` if it
    /// was so already.
    async fn set_enrolled(
        &self,
        account: AccountRecord,
        new_account: bool,
        enrolled: Option<UnixSeconds>,
        by: By,
    ) -> Result<bool, StoreError>;

    /// Locks or unlocks an account at that second, making it if it is new; `false` if it was so
    /// already. Unlocking resumes what could not be used meanwhile.
    async fn set_locked(
        &self,
        account: AccountRecord,
        new_account: bool,
        locked: bool,
        at: UnixSeconds,
        by: By,
    ) -> Result<bool, StoreError>;

    /// Locks an account, making it if it is new, and revokes all its app passwords.
    async fn lock_down(
        &self,
        account: AccountRecord,
        new_account: bool,
        by: By,
    ) -> Result<Vec<AppPasswordId>, StoreError>;

    /// Gives an account another name, and the database the number `run` ([`RecordMarks::run`]) with
    /// it; `false` if another account has that name.
    async fn rename_account(
        &self,
        account: AccountId,
        name: String,
        run: u64,
        by: By,
    ) -> Result<bool, StoreError>;

    /// Deletes an account with all its app passwords, and returns those that were not
    /// revoked.
    async fn delete_account(&self, account: AccountId, by: By) -> Result<Vec<AppPasswordId>, StoreError>;

    /// Brings the canonical names in line with `[users]`, if that has changed.
    async fn refold(&self, users: UsersConfig, by: By) -> Result<Refolded, StoreError>;

    // The host as a whole.

    /// Sets or clears a panic switch and returns those that are on then.
    async fn set_panic(
        &self,
        switch: String,
        since: Option<UnixSeconds>,
        by: By,
    ) -> Result<PanicSwitch, StoreError>;

    /// Notes events that changed nothing. Of the uses of a dead app password
    /// ([`EventKind::RefusedUse`](apppw_admin::verbs::EventKind::RefusedUse)) only the first in an hour.
    async fn add_events(&self, events: Vec<Event>) -> Result<(), StoreError>;

    /// Forgets what is beyond `keep`; returns how many. That leaves an event, too.
    async fn prune_events(&self, keep: KeepEvents, by: By) -> Result<usize, StoreError>;

    /// Adds to the uses; the newest [`MAX_USES`] of each app password stay.
    async fn add_uses(&self, uses: Vec<Uses<AppPasswordId>>) -> Result<(), StoreError>;

    /// Adds to the uses of primary passwords; the newest [`MAX_USES`] of each user stay.
    async fn add_primary_uses(&self, uses: Vec<Uses<String>>) -> Result<(), StoreError>;

    /// Deletes what was revoked, or had expired, before `before`, and returns how many.
    async fn prune(&self, before: UnixSeconds, by: By) -> Result<usize, StoreError>;

    /// Marks every app password whose end has come by then as expired; revokes and returns those that
    /// a rotation had left to their grace.
    async fn sweep_expired(&self, by: By) -> Result<Vec<AppPasswordId>, StoreError>;

    /// The server keys that the database was made with.
    async fn keys(&self) -> Result<KnownKeys, StoreError>;

    /// Another one is used from now on. Told twice it is one.
    async fn add_key(&self, id: u32, check_value: [u8; 16], by: By) -> Result<(), StoreError>;

    /// Revokes what can't be checked without that key, returns it, and forgets the key: in one transaction.
    async fn retire_key(&self, id: u32, by: By) -> Result<Vec<AppPasswordId>, StoreError>;

    /// Forgets keys on which nothing depends: all of them, or `false` and none.
    async fn forget_keys(&self, ids: Vec<u32>) -> Result<bool, StoreError>;

    /// These, newest first, are the keys from now on.
    async fn import_keys(&self, keys: Vec<(u32, [u8; 16])>, by: By) -> Result<(), StoreError>;

    /// What is kept of the record of uses itself; `None` in a database that has never had it.
    async fn record_marks(&self) -> Result<Option<RecordMarks>, StoreError>;

    /// Replaces them.
    async fn set_record_marks(&self, marks: RecordMarks) -> Result<(), StoreError>;

    /// Looks at the whole of it, which takes as long as it takes; logins don't wait.
    async fn examine(&self) -> Result<DatabaseCheckup, StoreError>;

    /// A copy of everything, of one moment, which the clock says is `at`. Neither logins nor changes wait for it. It is
    /// broken off when this is dropped.
    async fn copy(&self, at: UnixSeconds) -> Result<StoreCopy, CopyError>;

    /// The moment that the last backup shows which is known to lie where it was to.
    async fn last_backup(&self) -> Result<Option<UnixSeconds>, StoreError>;

    /// Replaces it, unless it is a later one, of before `now`.
    async fn set_last_backup(&self, at: UnixSeconds, now: UnixSeconds) -> Result<(), StoreError>;

    /// Has the event of a backup that was put back; `None` if none was since the last time.
    async fn tell_put_back(&self) -> Result<Option<PutBack>, StoreError>;

    /// How the store itself is.
    fn health(&self) -> Health;
}
