//! Attempts on the accounts that somebody watches at this moment, and on no others.
//!
//! Whoever waits for a login (`apppw create --wait`) asks again and again; who has stopped asking is forgotten. While
//! nobody watches, a login pays for one look at an empty map.

use crate::account::Names;
use crate::auth::Answer;
use crate::auth::uses::Place;
use crate::clock;
use crate::daemon::Daemon;
use crate::log::verdict_word;
use crate::store::{AccountId, AccountRecord, Store};
use apppw_admin::MAX_LINE;
use apppw_admin::verbs::Attempt;
use apppw_proto::frame::Verdict;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// How long a watch lives after it was asked for last.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(10);

/// Watches at once; of them some are kept for root, and some for those who may watch every account.
const MOST: usize = 64;
const MOST_OF_OTHERS: usize = 48;
const MOST_OF_USERS: usize = 32;

/// Watches of one uid that isn't root.
const MOST_OF_ONE_UID: usize = 4;

/// Attempts on one account that are told apart.
const MOST_ATTEMPTS: usize = 32;

/// The accounts that are watched.
#[derive(Debug)]
pub struct Watches {
    accounts: RefCell<BTreeMap<AccountId, Account>>,
    next: Cell<u64>,
}

#[derive(Debug)]
struct Account {
    name: String,
    watchers: Vec<Watcher>,
    /// With their numbers, rising. Each account counts for itself: nobody learns what befalls others.
    attempts: VecDeque<(u64, Attempt)>,
    /// The number of the newest one.
    last: u64,
}

#[derive(Debug)]
struct Watcher {
    number: u64,
    asks: Asks,
    /// The newest attempt when it began.
    begin: u64,
    asked: Instant,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asks {
    /// The caller.
    pub uid: u32,
    /// Whether the caller may watch every account.
    pub all: bool,
}

/// What a watcher is told.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    /// The watch's number.
    pub watch: u64,
    /// What came since.
    pub attempts: Vec<Attempt>,
    /// Where the next answer begins.
    pub cursor: u64,
}

/// So many watch that there is no place for another.
#[derive(Debug, PartialEq, Eq)]
pub struct TooMany;

impl Default for Watches {
    fn default() -> Self {
        // Numbers of before a restart mean nothing after it.
        let begin = u64::try_from(clock::now()).unwrap_or(0) << 16;
        Self { accounts: RefCell::default(), next: Cell::new(begin) }
    }
}

impl Watches {
    /// Whether nobody watches anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.borrow().is_empty()
    }

    /// How many watch.
    #[must_use]
    pub fn len(&self) -> usize {
        self.forget(Instant::now());
        self.accounts.borrow().values().map(|account| account.watchers.len()).sum()
    }

    /// Goes on with the watch of that number, or begins one if it is not there.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn ask(
        &self,
        account: &AccountRecord,
        asks: Asks,
        watch: Option<u64>,
        after: Option<u64>,
        now: Instant,
    ) -> Result<Told, TooMany> {
        self.forget(now);
        let mut accounts = self.accounts.borrow_mut();
        let known = accounts.get_mut(&account.id).and_then(|watched| {
            // It may have another name by now.
            watched.name.clone_from(&account.name);
            let mut watchers = watched.watchers.iter_mut();
            watchers.find(|watcher| Some(watcher.number) == watch && watcher.asks.uid == asks.uid)
        });
        if let Some(watcher) = known {
            watcher.asked = now;
            let (watch, begin) = (watcher.number, watcher.begin);
            let (mut attempts, mut cursor) = (Vec::new(), begin);
            if let Some(watched) = accounts.get(&account.id) {
                let (told, more) = since(&watched.attempts, after.unwrap_or(begin));
                (attempts, cursor) = (told, more.unwrap_or(watched.last));
            }
            return Ok(Told { watch, attempts, cursor });
        }
        let count = |wanted: &dyn Fn(&Watcher) -> bool| {
            accounts.values().flat_map(|account| &account.watchers).filter(|watcher| wanted(watcher)).count()
        };
        let has_place = count(&|_| true) < MOST
            && (asks.uid == 0
                || count(&|watcher| watcher.asks.uid != 0) < MOST_OF_OTHERS
                    && count(&|watcher| watcher.asks.uid == asks.uid) < MOST_OF_ONE_UID
                    && (asks.all || count(&|watcher| !watcher.asks.all) < MOST_OF_USERS));
        if !has_place {
            return Err(TooMany);
        }
        let number = self.number();
        let watched = accounts.entry(account.id).or_insert_with(|| Account {
            name: account.name.clone(),
            watchers: Vec::new(),
            attempts: VecDeque::new(),
            last: 0,
        });
        let begin = watched.last;
        watched.watchers.push(Watcher { number, asks, begin, asked: now });
        Ok(Told { watch: number, attempts: Vec::new(), cursor: begin })
    }

    /// Whether one of these names is an account's that is watched; who has stopped asking is forgotten.
    fn concerns(&self, names: &Names, now: Instant) -> bool {
        self.forget(now);
        let accounts = self.accounts.borrow();
        accounts.values().any(|account| names.all().any(|name| name == account.name))
    }

    /// Keeps an attempt for those who watch the account.
    fn add(&self, id: &AccountId, mut attempt: Attempt) {
        let mut accounts = self.accounts.borrow_mut();
        let Some(Account { attempts, last, .. }) = accounts.get_mut(id) else { return };
        *last += 1;
        // Programs try again and again.
        let alike = |(_, known): &(u64, Attempt)| {
            let known = Attempt { at: attempt.at, count: attempt.count, ..known.clone() };
            known == attempt
        };
        if let Some((_, before)) = attempts.iter().position(alike).and_then(|at| attempts.remove(at)) {
            attempt.count += before.count;
        } else if attempts.len() >= MOST_ATTEMPTS {
            // Whoever floods an account with attempts must not hide a login.
            let accepted = verdict_word(Verdict::Accepted);
            let at = attempts.iter().position(|(_, attempt)| attempt.verdict != accepted).unwrap_or(0);
            attempts.remove(at);
        }
        attempts.push_back((*last, attempt));
    }

    fn number(&self) -> u64 {
        self.next.set(self.next.get() + 1);
        self.next.get()
    }

    /// Forgets who has stopped asking, and what was kept for them.
    fn forget(&self, now: Instant) {
        self.accounts.borrow_mut().retain(|_, account| {
            account.watchers.retain(|watcher| now.duration_since(watcher.asked) < FORGOTTEN_AFTER);
            !account.watchers.is_empty()
        });
    }
}

/// What came after that number, as far as it fits into an answer; and the number of the last of it, if more
/// is to come.
fn since(ring: &VecDeque<(u64, Attempt)>, after: u64) -> (Vec<Attempt>, Option<u64>) {
    let (mut attempts, mut room, mut last) = (Vec::new(), MAX_LINE - 2048, after);
    for (number, attempt) in ring.iter().filter(|(number, _)| *number > after) {
        let size = serde_json::to_string(attempt).map_or(MAX_LINE, |text| text.len() + 1);
        let Some(left) = room.checked_sub(size) else { return (attempts, Some(last)) };
        (room, last) = (left, *number);
        attempts.push(attempt.clone());
    }
    (attempts, None)
}

impl<S: Store> Daemon<S> {
    /// Tells those who watch the account. Not for the way of a login: its answer has been sent.
    pub fn note_attempt(&self, user: &str, answer: &Answer, place: Place) {
        let Ok(names) = Names::of(user, &self.config.users) else { return };
        if !self.watches.concerns(&names, Instant::now()) {
            return;
        }
        // The name may be another account's, as typed.
        let Ok(Some(account)) = self.store.look(|look| names.account(look)) else { return };
        let Place { service, rhost, unproven } = place;
        let owner = answer.app_password.as_ref();
        let attempt = Attempt {
            at: clock::now(),
            service,
            rhost: (!rhost.is_empty()).then_some(rhost),
            rhost_unproven: unproven,
            verdict: verdict_word(answer.verdict).to_owned(),
            reason: answer.reason.as_str().to_owned(),
            id: owner.map(|owner| owner.id),
            name: owner.map(|owner| owner.name.clone()),
            count: 1,
        };
        self.watches.add(&account.id, attempt);
    }
}

#[cfg(test)]
mod tests;
