//! `user.enroll`, `user.unenroll`, `user.lock`, `user.unlock`

use super::user::{nobody, say_whose, to_message};
use super::{Subject, new_names, subject, uid_if_new, unknown};
use crate::admin::caller::Caller;
use crate::admin::rules::Power;
use crate::change;
use crate::clock;
use crate::daemon::Daemon;
use crate::journal::{Befell, Record};
use crate::log;
use crate::store::Store;
use apppw_admin::AdminError;
use apppw_admin::text::visible;
use apppw_admin::verbs::{Account, EventKind, UserArgs};

/// What is marked on an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Enrolled.
    Enroll,
    /// Not enrolled.
    Unenroll,
    /// Locked.
    Lock,
    /// Not locked.
    Unlock,
}

impl Mark {
    /// What the journal calls it, and the log.
    const fn words(self) -> (Befell, &'static str) {
        match self {
            Self::Enroll => (Befell::Enroll, "enrolled"),
            Self::Unenroll => (Befell::Unenroll, "cleared the enrolment of"),
            Self::Lock => (Befell::Lock, "locked"),
            Self::Unlock => (Befell::Unlock, "unlocked"),
        }
    }

    /// Whether it takes access away: such a mark may also be set on an account that is not
    /// known yet.
    const fn takes_away(self) -> bool {
        matches!(self, Self::Enroll | Self::Lock)
    }
}

/// Sets or clears a mark.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    args: UserArgs,
    mark: Mark,
) -> Result<Account, AdminError> {
    let names = new_names(daemon, &Power::All, &args.user.ok_or_else(say_whose)?)?;
    let uid = uid_if_new(daemon, &names).await?;
    let at = clock::now();
    let (befell, words) = mark.words();
    let journal = daemon.journal.lock().await;
    let Subject { account, is_new } = subject(daemon, &names, uid).await?;
    if is_new && mark == Mark::Unlock && daemon.in_memory.borrow().has_account(&account.name) {
        // It was locked in memory, and was never more than a name.
        daemon.in_memory.borrow_mut().forget_account(&account.name);
        daemon.note_of_nobody(EventKind::UserUnlock, caller.actor(), &account.name).await?;
        tracing::info!("{caller} {words} {}", visible(log::user(&account.name)));
        return Ok(nobody(daemon, &names));
    }
    if is_new && !mark.takes_away() && daemon.lost.borrow().find(&daemon.keys.now(), &names).is_none() {
        drop(journal);
        return Err(unknown::no_such_account(daemon, &Power::All, &names.canonical).await);
    }
    let since = mark.takes_away().then_some(at);
    let by = caller.by(at);
    let changed = match mark {
        Mark::Enroll | Mark::Unenroll => {
            daemon.store.set_enrolled(account.clone(), is_new, since, by).await?
        }
        Mark::Lock => {
            let done = daemon.store.set_locked(account.clone(), is_new, true, at, by).await;
            daemon.locked_or_in_memory(done, &account, EventKind::UserLock, caller.actor())?
        }
        Mark::Unlock => {
            let done = daemon.store.set_locked(account.clone(), is_new, false, at, by).await?;
            daemon.in_memory.borrow_mut().forget_account(&account.name);
            done
        }
    };
    let mut records = Vec::new();
    if changed || is_new {
        records.push(Record::account(at, befell, &account, &daemon.keys.now()));
    }
    if !mark.takes_away() {
        let forgotten = daemon.lost.borrow_mut().forget(&daemon.keys.now(), &names, befell);
        records.extend(forgotten.into_iter().map(|change| Record { at, change }));
    }
    change::append(&journal, records).await?;
    drop(journal);
    tracing::info!("{caller} {words} {}", visible(log::user(&account.name)));
    match daemon.store.account_by_id(&account.id).await? {
        Some(account) => to_message(daemon, account, Vec::new()).await,
        None => Err(unknown::no_such_account(daemon, &Power::All, &names.canonical).await),
    }
}
