//! A login's way through store, decision, memo and Argon2id.

use super::argon::{self, Owned, PoolError};
use super::decide::{self, Step};
use super::uses::Place;
use super::{Answer, Owner, Reason};
use crate::account::Names;
use crate::address::Address;
use crate::clock;
use crate::daemon::Daemon;
use crate::key::Keyring;
use crate::log;
use crate::store::{AccountId, AccountRecord, By, Hash, LoginRow, Look, Store, StoreError};
use apppw_admin::AppPasswordId;
use apppw_proto::secret::Secret;
use std::rc::Rc;

/// A login, as it is judged.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The user name as typed.
    pub user: &'a str,
    /// The PAM service; `None` when `verify` leaves it open.
    pub service: Option<&'a str>,
    /// The client's address.
    pub address: Address,
    /// Whether somebody logs in. `verify` only asks: it closes no pin.
    pub is_login: bool,
}

/// Judges a secret of the right shape.
pub async fn login<S: Store + 'static>(daemon: &Rc<Daemon<S>>, asked: &Asked<'_>, secret: &Secret) -> Answer {
    let Ok(names) = Names::of(asked.user, &daemon.config.users) else {
        return Answer::new(Reason::BadUserName);
    };
    match try_login(daemon, asked, &names, secret).await {
        Ok(answer) => {
            // The account again: it is named in the log only where that is not what was typed.
            let account = match names.typed == names.canonical {
                true => None,
                false => daemon.account(&names).await.ok().flatten(),
            };
            with_account(names, account, answer)
        }
        Err(error) => store_failed(&error),
    }
}

/// Judges whether the primary password may be used.
pub fn primary<S: Store>(daemon: &Daemon<S>, asked: &Asked<'_>, wrong_check: bool) -> Answer {
    let Ok(names) = Names::of(asked.user, &daemon.config.users) else {
        return Answer::new(Reason::BadUserName);
    };
    match daemon.store.look(|look| daemon.account_and_twin(look, &names)) {
        Ok((account, twin)) => {
            let facts = daemon.facts(asked, &names, account.as_ref(), twin.as_ref());
            let answer = Answer::new(decide::primary(&facts, wrong_check));
            with_account(names, account, answer)
        }
        Err(error) => store_failed(&error),
    }
}

/// What was read for a login, and what is decided on it.
struct Judged {
    account: Option<AccountRecord>,
    row: Option<LoginRow>,
    /// Why the row accepts nobody, whatever is asked for.
    dead: Option<Reason>,
    step: Step,
}

/// Reads everything anew and decides: what was revoked a moment ago is refused.
fn judge<S: Store + 'static>(
    daemon: &Rc<Daemon<S>>,
    asked: &Asked<'_>,
    names: &Names,
    secret: &Secret,
) -> Result<Judged, StoreError> {
    let keys = daemon.keys.borrow();
    let (account, twin, row) = daemon.store.look(|look| {
        let (account, twin) = daemon.account_and_twin(look, names)?;
        let row = find(look, &keys, account.as_ref(), secret)?;
        Ok((account, twin, row))
    })?;
    let facts = daemon.facts(asked, names, account.as_ref(), twin.as_ref());
    let mut step = decide::login(&facts, row.as_ref());
    let mut dead = None;
    if let Some(row) = &row {
        dead = daemon.dead(row.id, row, facts.now);
        if let (Step::NeedsHash, Some(reason)) = (step, dead) {
            step = Step::Decided(reason);
        }
        // Also behind another reason: what the trail calls expired must not live again.
        if !row.expired && (step == Step::Decided(Reason::Expired) || dead == Some(Reason::Expired)) {
            daemon.note_expired(row.id);
        }
    }
    Ok(Judged { account, row, dead, step })
}

async fn try_login<S: Store + 'static>(
    daemon: &Rc<Daemon<S>>,
    asked: &Asked<'_>,
    names: &Names,
    secret: &Secret,
) -> Result<Answer, StoreError> {
    let Judged { account, row, dead, step } = judge(daemon, asked, names, secret)?;
    if let Step::Decided(reason) = step {
        return Ok(answer(reason, row, dead));
    }
    let (Some(account), Some(mut row)) = (account, row) else { return Ok(Answer::new(Reason::Internal)) };
    let Some(hash) = row.hash else { return Ok(answer(Reason::BadHash, Some(row), None)) };
    if daemon.memo.borrow_mut().knows(row.id, &hash, secret) {
        daemon.tally.memo_hit();
    } else {
        let owned = Owned { id: row.id, account: account.id };
        // On the heap, as all that is waited for: thousands of logins may be under way.
        match Box::pin(daemon.argon.verify(owned, &hash, secret)).await {
            Ok(true) => {}
            Ok(false) => return Ok(answer(Reason::WrongSecret, Some(row), None)),
            Err(PoolError::Overloaded | PoolError::Abandoned) => {
                return Ok(answer(Reason::Overloaded, Some(row), None));
            }
            Err(PoolError::BadHash) => return Ok(answer(Reason::BadHash, Some(row), None)),
        }
        // Argon2id took its time: what was revoked meanwhile is refused.
        row = match still(judge(daemon, asked, names, secret)?, row) {
            Ok(row) => row,
            Err(refused) => return Ok(refused),
        };
        daemon.memo.borrow_mut().remember(row.id, &hash, secret);
    }
    let first_use = row.scope.first_use(asked.service, asked.address);
    if asked.is_login && !first_use.is_empty() {
        // Durable before the answer, and judged again: of two that race the other may have won.
        Box::pin(daemon.store.pin(row.id, first_use, By::login(clock::now()))).await?;
        row = match still(judge(daemon, asked, names, secret)?, row) {
            Ok(row) => row,
            Err(refused) => return Ok(refused),
        };
    }
    daemon.bring_up_to_date(&row, account.id, hash, secret);
    Ok(answer(Reason::Accepted, Some(row), None))
}

/// The row, if it is still the same one and may still accept; else what is answered.
fn still(again: Judged, before: LoginRow) -> Result<LoginRow, Answer> {
    let row = again.row.filter(|row| row.id == before.id);
    match (again.step, row) {
        (Step::NeedsHash, Some(row)) => Ok(row),
        (Step::NeedsHash, None) => Err(answer(Reason::UnknownSecret, Some(before), None)),
        (Step::Decided(reason), row) => {
            let dead = again.dead.filter(|_| row.is_some());
            Err(answer(reason, row.or(Some(before)), dead))
        }
    }
}

/// Looks for the row by the tag of each active key, newest first. An unknown account takes
/// the same way with no account's id.
fn find(
    look: &dyn Look,
    keys: &Keyring,
    account: Option<&AccountRecord>,
    secret: &Secret,
) -> Result<Option<LoginRow>, StoreError> {
    let id = account.map_or(AccountId::NONE, |account| account.id);
    for key in keys.all() {
        let row = look.login_row(&id, key.id(), key.tag(&id, secret))?;
        if row.is_some() {
            return Ok(row);
        }
    }
    Ok(None)
}

fn answer(reason: Reason, row: Option<LoginRow>, dead: Option<Reason>) -> Answer {
    let app_password = row.map(|row| Owner { id: row.id, name: row.name, revoked: row.revoked, dead });
    Answer { app_password, ..Answer::new(reason) }
}

/// For the log: whose it is, where that is not what was typed.
fn with_account(names: Names, account: Option<AccountRecord>, answer: Answer) -> Answer {
    if names.typed == names.canonical {
        return answer;
    }
    let account =
        account.map_or_else(|| log::unknown_user(&names.canonical).to_owned(), |account| account.name);
    Answer { account: Some(account).filter(|account| *account != names.typed), ..answer }
}

fn store_failed(error: &StoreError) -> Answer {
    tracing::error!("can't judge a login: {error}");
    Answer::new(Reason::StoreFailed)
}

impl<S: Store> Daemon<S> {
    /// Brings a hash up to the configured parameters and newest key, behind the login. If it
    /// fails, the next login tries again.
    fn bring_up_to_date(self: &Rc<Self>, row: &LoginRow, account: AccountId, old: Hash, secret: &Secret)
    where
        S: 'static,
    {
        let is_outdated = argon::is_outdated(&old, &self.config.argon2, self.keys.borrow().newest().id());
        // Where nothing can be written an Argon2id would be for nothing, at each login.
        if !is_outdated || !self.store.health().writable || !self.rewriting.ids.borrow_mut().insert(row.id) {
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
        let keys = self.keys.now();
        let Ok(template) = self.hash_template(&keys) else { return };
        let key = keys.newest();
        let tag = key.tag(&account, secret);
        let Ok(new) = self.argon.compute(&template, Owned { id, account }, secret).await else { return };
        // From here to the store's queue nobody comes in between: a key that is retired gets no rows any more.
        if !self.keys.are(&keys) {
            return;
        }
        match self.store.rehash(id, old, key.id(), tag, new).await {
            Ok(true) => self.memo.borrow_mut().remember(id, &new, secret),
            Ok(false) => {}
            Err(error) => tracing::warn!("could not rewrite the hash of {id}: {error}"),
        }
    }

    /// Records an accepted login.
    pub fn note_use(self: &Rc<Self>, answer: &Answer, place: Place)
    where
        S: 'static,
    {
        if let (Reason::Accepted, Some(owner)) = (answer.reason, &answer.app_password) {
            if !self.uses.borrow_mut().count(owner.id, place, clock::now()) {
                self.record.may_have_lost();
            }
            self.flush_later();
        }
    }

    /// Records that a primary password has opened a service. A name that is unknown here
    /// counts only if root reports it: others could invent as many as they like.
    pub async fn note_primary_use(self: &Rc<Self>, user: &str, place: Place, peer_is_root: bool)
    where
        S: 'static,
    {
        let Ok(names) = Names::of(user, &self.config.users) else { return };
        let name = match self.account(&names).await {
            Ok(Some(account)) => account.name,
            // A secret in the place of the name would be kept.
            Ok(None) if peer_is_root && log::user(&names.canonical) == names.canonical => {
                names.canonical.clone()
            }
            Ok(None) => return,
            Err(error) => {
                tracing::warn!("could not note the use of a primary password: {error}");
                return;
            }
        };
        self.primary_uses.borrow_mut().count(name, place, clock::now());
        self.flush_later();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{self, ServerKey};
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    /// Has no row, and remembers which were asked for.
    #[derive(Default)]
    struct Empty(RefCell<Vec<(AccountId, u32, u32)>>);

    impl Look for Empty {
        fn account(&self, _: &str) -> Result<Option<AccountRecord>, StoreError> {
            Ok(None)
        }

        fn any_account(&self) -> Result<Option<AccountRecord>, StoreError> {
            Ok(None)
        }

        fn login_row(&self, account: &AccountId, key: u32, tag: u32) -> Result<Option<LoginRow>, StoreError> {
            self.0.borrow_mut().push((*account, key, tag));
            Ok(None)
        }
    }

    #[test]
    fn whoever_has_no_row_is_looked_for_once_under_each_key_newest_first() {
        let secret = Secret::from_values(&[7; 15]).unwrap();
        let account = AccountRecord {
            id: AccountId([1; 16]),
            name: "alice".into(),
            given: "alice".into(),
            uid: None,
            enrolled: None,
            locked: None,
            created: 0,
        };
        for ids in [&[1][..], &[2, 1], &[5, 3, 2]] {
            let all: Vec<ServerKey> = ids.iter().map(|id| ServerKey::draw(*id).unwrap()).collect();
            let keys = Keyring::new(&all, std::path::Path::new("server.key")).unwrap();
            key::wipe_stack();
            for whose in [None, Some(&account)] {
                let look = Empty::default();
                assert_eq!(find(&look, &keys, whose, &secret).unwrap(), None);
                let asked = look.0.into_inner();
                // As often for one who is unknown: the time must not tell.
                assert_eq!(asked.iter().map(|(_, key, _)| *key).collect::<Vec<_>>(), ids);
                let tags: BTreeSet<u32> = asked.iter().map(|(_, _, tag)| *tag).collect();
                assert_eq!(tags.len(), ids.len(), "each key has tags of its own");
                let id = whose.map_or(AccountId::NONE, |account| account.id);
                assert!(asked.iter().all(|(account, ..)| *account == id));
            }
        }
    }
}
