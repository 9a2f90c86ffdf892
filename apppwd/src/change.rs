//! Changes to who gets in: the database's commit, the journal's sync, then the answer.

use crate::auth::Reason;
use crate::clock;
use crate::daemon::Daemon;
use crate::journal::{Change, Journal, JournalError, Record};
use crate::log;
use crate::store::{AccountRecord, By, Changed, Halves, Store, StoreError};
use apppw_admin::AppPasswordId;
use apppw_admin::text::visible;
use apppw_admin::verbs::{Actor, Event, EventKind};

/// Most app passwords that a line names.
const MAX_NAMED: usize = 20;

/// Why a change is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Nothing has changed.
    #[error(transparent)]
    NotDone(#[from] StoreError),
    /// It is refused, but only in memory.
    #[error(
        "{0}. What was asked is in force from now on, but it is NOT written down, and a restart of apppwd ends it: make \
         room on the disk, then give the same command again"
    )]
    InMemory(StoreError),
    /// The same, and the other halves of rotations could not be read.
    #[error(
        "{0}. What was named is refused from now on, until a restart of apppwd; but the other half of a rotation can't be \
         read and may not be, and nothing is written down: mend the disk, then give the same command again"
    )]
    WithoutHalves(StoreError),
    /// The account is locked in memory, but what it has could not be read.
    #[error(
        "{0}. The account is locked from now on, until a restart of apppwd; but its app passwords can't be read and aren't \
         revoked, and nothing is written down: mend the disk, then give the same command again"
    )]
    WithoutAppPasswords(StoreError),
    /// It is in force, but the journal doesn't know.
    #[error(
        "done, and in force from now on; but {0}, so a restart or a backup put back may undo it. Mend that, then \
         give the same command again"
    )]
    NotJournaled(JournalError),
}

/// Appends what a change has come to. Also with nothing new to say: what an append before
/// could not write is written then.
///
/// # Errors
/// [`ChangeError::NotJournaled`].
pub async fn append(journal: &Journal, records: Vec<Record>) -> Result<(), ChangeError> {
    journal.append(records).await.map_err(|error| {
        tracing::error!("changed, but: {error}");
        ChangeError::NotJournaled(error)
    })
}

impl<S: Store> Daemon<S> {
    /// Revokes app passwords, all of them or none.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn revoke(
        &self,
        ids: Vec<AppPasswordId>,
        halves: Halves,
        by: Actor,
    ) -> Result<Changed, ChangeError> {
        let at = clock::now();
        let journal = self.journal.lock().await;
        let ids = match halves {
            Halves::Both => self.in_memory.borrow().with_rotations(ids, Reason::Revoked),
            Halves::These => ids,
        };
        let ids = ids.into_iter().map(|id| (id, at)).collect();
        let done = self.store.revoke(ids, halves, By::actor(by, at)).await?;
        let records = done.changed.iter().map(|id| Record { at, change: Change::Revoke(*id) }).collect();
        append(&journal, records).await?;
        Ok(done)
    }

    /// Suspends or resumes app passwords, all of them or none.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn set_suspended(
        &self,
        ids: Vec<AppPasswordId>,
        suspend: bool,
        by: Actor,
    ) -> Result<Changed, ChangeError> {
        let at = clock::now();
        let journal = self.journal.lock().await;
        let ids = self.in_memory.borrow().with_rotations(ids, Reason::Suspended);
        let ids = ids.into_iter().map(|id| (id, at)).collect();
        let done = self.store.set_suspended(ids, suspend, Halves::Both, By::actor(by, at)).await?;
        let change = |id| if suspend { Change::Suspend(id) } else { Change::Resume(id) };
        let records = done.changed.iter().map(|id| Record { at, change: change(*id) }).collect();
        append(&journal, records).await?;
        Ok(done)
    }

    /// For what somebody asks to be refused: if the store can't be written, memory has to do; if
    /// it can, memory is not needed any more.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn or_deny(
        &self,
        done: Result<Changed, ChangeError>,
        ids: Vec<AppPasswordId>,
        reason: Reason,
        by: Actor,
    ) -> Result<Changed, ChangeError> {
        match done {
            Err(ChangeError::NotDone(error)) => {
                // At once, and then what hangs together with these.
                let mut new = self.in_memory.borrow_mut().app_passwords(&ids, reason);
                let (halves, all_read) = self.refuse_halves(ids, reason).await;
                new.extend(halves);
                let kind = if reason == Reason::Revoked { EventKind::Revoke } else { EventKind::Suspend };
                for id in &new {
                    self.note_app_password_in_memory(kind, by.clone(), *id).await;
                    tokio::task::yield_now().await;
                }
                // Whoever asks again is told again; the log and the trail know.
                if !new.is_empty() {
                    let first: Vec<String> = new.iter().take(MAX_NAMED).map(ToString::to_string).collect();
                    tracing::error!(
                        "{} {} in memory only, {} among them: {error}",
                        log::is_or_are(new.len(), "app password"),
                        reason.as_str(),
                        first.join(", ")
                    );
                }
                Err(match all_read {
                    true => ChangeError::InMemory(error),
                    false => ChangeError::WithoutHalves(error),
                })
            }
            Ok(done) => {
                let mut in_memory = self.in_memory.borrow_mut();
                for ids in [&ids, &done.changed, &done.already] {
                    in_memory.forget(ids, reason);
                }
                drop(in_memory);
                Ok(done)
            }
            Err(other) => Err(other),
        }
    }

    /// The other halves of these that are refused for that reason in memory only, and live in the store: what a
    /// command that is given again writes down, though the half that it names has ended since.
    ///
    /// # Errors
    /// If they can't be read.
    pub async fn owed_halves(
        &self,
        ids: Vec<AppPasswordId>,
        reason: Reason,
    ) -> Result<Vec<AppPasswordId>, StoreError> {
        let asked = ids.len();
        let all = self.in_memory.borrow().with_rotations(ids, reason);
        let mut owed = Vec::new();
        for id in all.into_iter().skip(asked) {
            if self.store.app_password(id).await?.is_some_and(|record| record.revoked.is_none()) {
                owed.push(id);
            }
            // Reads are done on the thread that answers logins: those come in between.
            tokio::task::yield_now().await;
        }
        Ok(owed)
    }

    /// Refuses in memory what is linked to these; returns those for which that is new, and whether all could be read.
    async fn refuse_halves(&self, ids: Vec<AppPasswordId>, reason: Reason) -> (Vec<AppPasswordId>, bool) {
        let (mut new, mut all_read) = (Vec::new(), true);
        for id in ids {
            // A rotation that is being made is there already, or sees that its old half is refused.
            let journal = self.journal.lock().await;
            match self.store.halves(id, clock::now()).await {
                Ok(halves) => {
                    let mut in_memory = self.in_memory.borrow_mut();
                    new.extend(in_memory.app_passwords(&halves, reason));
                    in_memory.rotation(&halves);
                }
                Err(_) => all_read = false,
            }
            // Others who want something refused need not wait for all of these.
            drop(journal);
            // Reads are done on the thread that answers logins: those come in between.
            tokio::task::yield_now().await;
        }
        (new, all_read)
    }

    /// The same for an account that is to be locked; `kind` says how.
    ///
    /// # Errors
    /// [`ChangeError::InMemory`].
    pub fn locked_or_in_memory<T>(
        &self,
        done: Result<T, StoreError>,
        account: &AccountRecord,
        kind: EventKind,
        by: Actor,
    ) -> Result<T, ChangeError> {
        match done {
            Ok(done) => {
                self.in_memory.borrow_mut().forget_account(&account.name);
                Ok(done)
            }
            Err(error) => {
                if self.in_memory.borrow_mut().account(account.name.clone()) {
                    self.note(Event { user: Some(account.name.clone()), ..self.event_in_memory(kind, by) });
                    let name = visible(log::user(&account.name));
                    tracing::error!("{name} is locked in memory only: {error}");
                }
                Err(ChangeError::InMemory(error))
            }
        }
    }
}
