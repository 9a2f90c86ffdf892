//! A login's way through store, decision, memo and Argon2id.

use super::argon::{self, Owned, PoolError};
use super::decide::{self, Facts, Step};
use super::{Answer, Owner, Reason};
use crate::account;
use crate::clock;
use crate::daemon::Daemon;
use crate::store::{AccountId, AccountRecord, Hash, LoginRow, Store, StoreError};
use apppw_admin::AppPasswordId;
use apppw_proto::secret::Secret;
use std::rc::Rc;

/// Judges a secret of the right shape. `service` is `None` when `verify` leaves it open.
pub async fn login<S: Store + 'static>(
    daemon: &Rc<Daemon<S>>,
    user: &str,
    service: Option<&str>,
    secret: &Secret,
) -> Answer {
    match try_login(daemon, user, service, secret).await {
        Ok(answer) => answer,
        Err(error) => store_failed(&error),
    }
}

/// Judges whether the primary password may be used.
pub async fn primary<S: Store>(daemon: &Daemon<S>, user: &str, service: &str, wrong_check: bool) -> Answer {
    let Ok(name) = account::canonical(user) else { return Answer::new(Reason::BadUserName) };
    match daemon.store.account(&name).await {
        Ok(account) => {
            let facts = daemon.facts(&name, account.as_ref(), Some(service));
            Answer::new(decide::primary(&facts, wrong_check))
        }
        Err(error) => store_failed(&error),
    }
}

async fn try_login<S: Store + 'static>(
    daemon: &Rc<Daemon<S>>,
    user: &str,
    service: Option<&str>,
    secret: &Secret,
) -> Result<Answer, StoreError> {
    let Ok(name) = account::canonical(user) else { return Ok(Answer::new(Reason::BadUserName)) };
    let account = daemon.store.account(&name).await?;
    let row = find(daemon, account.as_ref(), secret).await?;
    let facts = daemon.facts(&name, account.as_ref(), service);
    let hash = match (decide::login(&facts, row.as_ref()), row.as_ref().and_then(|row| row.hash)) {
        (Step::Decided(reason), _) => return Ok(answer(reason, row)),
        (Step::NeedsHash, None) => return Ok(answer(Reason::BadHash, row)),
        (Step::NeedsHash, Some(hash)) => hash,
    };
    let Some(row) = row else { return Ok(Answer::new(Reason::Internal)) };
    let Some(account_id) = account.as_ref().map(|account| account.id) else {
        return Ok(answer(Reason::Internal, Some(row)));
    };
    if daemon.memo.borrow_mut().knows(row.id, &hash, secret) {
        daemon.tally.memo_hit();
        daemon.bring_up_to_date(&row, account_id, hash, secret);
        return Ok(answer(Reason::Accepted, Some(row)));
    }
    match daemon.argon.verify(Owned { id: row.id, account: account_id }, &hash, secret).await {
        Ok(true) => {}
        Ok(false) => return Ok(answer(Reason::WrongSecret, Some(row))),
        Err(PoolError::Overloaded | PoolError::Abandoned) => {
            return Ok(answer(Reason::Overloaded, Some(row)));
        }
        Err(PoolError::BadHash) => return Ok(answer(Reason::BadHash, Some(row))),
    }
    // Argon2id took its time: what was revoked meanwhile is refused.
    let account = daemon.store.account(&name).await?;
    let again = find(daemon, account.as_ref(), secret).await?.filter(|again| again.id == row.id);
    let facts = daemon.facts(&name, account.as_ref(), service);
    match decide::login(&facts, again.as_ref()) {
        Step::Decided(reason) => Ok(answer(reason, again.or(Some(row)))),
        Step::NeedsHash => {
            daemon.memo.borrow_mut().remember(row.id, &hash, secret);
            daemon.bring_up_to_date(&row, account_id, hash, secret);
            Ok(answer(Reason::Accepted, Some(row)))
        }
    }
}

/// Looks for the row by the tag of each active key, newest first. An unknown account takes
/// the same way with no account's id.
async fn find<S: Store>(
    daemon: &Daemon<S>,
    account: Option<&AccountRecord>,
    secret: &Secret,
) -> Result<Option<LoginRow>, StoreError> {
    let id = account.map_or(AccountId::NONE, |account| account.id);
    for key in daemon.keys.all() {
        let row = daemon.store.login_row(&id, key.id(), key.tag(&id, secret)).await?;
        if row.is_some() {
            return Ok(row);
        }
    }
    Ok(None)
}

fn answer(reason: Reason, row: Option<LoginRow>) -> Answer {
    let app_password = row.map(|row| Owner { id: row.id, name: row.name, revoked: row.revoked });
    Answer { app_password, ..Answer::new(reason) }
}

fn store_failed(error: &StoreError) -> Answer {
    tracing::error!("can't judge a login: {error}");
    Answer::new(Reason::StoreFailed)
}

impl<S: Store> Daemon<S> {
    /// What a decision on this account is made on.
    fn facts<'a>(
        &'a self,
        name: &str,
        account: Option<&AccountRecord>,
        service: Option<&'a str>,
    ) -> Facts<'a> {
        let enrolled = account.is_some_and(|account| account.enrolled.is_some())
            || self.lost_enrolments.borrow().contain(&self.keys, name);
        Facts { service, groups: &self.config.groups, enrolled, primary: self.config.policy.primary }
    }

    /// Brings a hash up to the configured parameters and newest key, behind the login. If it
    /// fails, the next login tries again.
    fn bring_up_to_date(self: &Rc<Self>, row: &LoginRow, account: AccountId, old: Hash, secret: &Secret)
    where
        S: 'static,
    {
        let is_outdated = argon::is_outdated(&old, &self.config.argon2, self.keys.newest().id());
        if !is_outdated || !self.rewriting.ids.borrow_mut().insert(row.id) {
            return;
        }
        let (daemon, secret, id) = (Rc::clone(self), secret.clone(), row.id);
        tokio::task::spawn_local(async move {
            daemon.rewrite(id, account, old, &secret).await;
            daemon.rewriting.ids.borrow_mut().remove(&id);
        });
    }

    async fn rewrite(&self, id: AppPasswordId, account: AccountId, old: Hash, secret: &Secret) {
        let Ok(_permit) = self.rewriting.permit.acquire().await else { return };
        let keys = self.keys.newest();
        let Ok(template) = self.hash_template() else { return };
        let tag = keys.tag(&account, secret);
        let Ok(new) = self.argon.compute(&template, Owned { id, account }, secret).await else { return };
        match self.store.rehash(id, old, keys.id(), tag, new).await {
            Ok(true) => self.memo.borrow_mut().remember(id, &new, secret),
            Ok(false) => {}
            Err(error) => tracing::warn!("could not rewrite the hash of {id}: {error}"),
        }
    }

    /// Records an accepted login.
    pub fn note_use(self: &Rc<Self>, answer: &Answer, service: &str, rhost: &str, unproven: bool)
    where
        S: 'static,
    {
        if let (Reason::Accepted, Some(owner)) = (answer.reason, &answer.app_password) {
            self.uses.borrow_mut().count(owner.id, service, rhost, unproven, clock::now());
            self.flush_later();
        }
    }
}
