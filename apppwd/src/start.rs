//! From nothing to a daemon that can serve: the order matters, and each step may refuse.

use crate::admin::caller::People;
use crate::auth::argon::{Flights, Pool};
use crate::auth::memo::Memo;
use crate::auth::peers::Peers;
use crate::config::Config;
use crate::daemon::{Daemon, LostEnrolments, Rewriting};
use crate::fault::Fault;
use crate::journal::{Change, Journal, JournalFile, Record, State};
use crate::key::{self, KeyError, Keyring};
use crate::log::{Log, Throttle};
use crate::ownership;
use crate::store::sqlite::{self, Database, SqliteStore};
use crate::store::{Store, StoreError, Tombstones};
use apppw_admin::verbs::{Actor, ActorRole};
use nix::fcntl::{Flock, FlockArg};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::rc::Rc;
use std::sync::Arc;

/// What keeps a second daemon off the state directory, as long as it lives.
pub struct StateLock {
    _file: Flock<File>,
}

/// Locks the state directory.
///
/// # Errors
/// [`Fault::SecondDaemon`], or [`Fault::Access`] if the directory is not this daemon's.
pub fn lock(config: &Config) -> Result<StateLock, Fault> {
    ownership::private_dir(&config.state_dir)?;
    let path = config.state_dir.join("lock");
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|e| Fault::io("can't open", &path, e))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(mut file) => {
            let _ = file.set_len(0).and_then(|()| writeln!(file, "pid {}", std::process::id()));
            Ok(StateLock { _file: file })
        }
        Err((mut file, nix::Error::EWOULDBLOCK)) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            Err(Fault::SecondDaemon { dir: config.state_dir.clone(), holder: holder.trim().to_owned() })
        }
        Err((_, e)) => Err(Fault::io("can't lock", &path, e.into())),
    }
}

/// Opens key, journal and database and brings them together.
///
/// # Errors
/// Any [`Fault`].
pub async fn open(config: Config, init: bool, log: Arc<Log>) -> Result<Rc<Daemon<SqliteStore>>, Fault> {
    ownership::private_dir(&config.key_dir)?;
    let database = Database::in_dir(&config.state_dir);
    let found = key::find(&config.key_dir)?;
    let found = match (found.keys, database.exists()) {
        (None, true) => return Err(KeyError::Missing { path: found.path }.into()),
        (None, false) => {
            if let Some(beside) = JournalFile::exists(&config.key_dir).filter(|_| !init) {
                return Err(Fault::DatabaseMissing { database: database.path, beside });
            }
            let made = key::create(&config.key_dir)?;
            tracing::info!("made the server key {}: back it up apart from the database", made.path.display());
            made
        }
        (Some(_), false) if !init => {
            return Err(Fault::DatabaseMissing { database: database.path, beside: found.path });
        }
        (Some(_), true) if init => return Err(Fault::NothingToInit { database: database.path }),
        (Some(keys), _) => key::Found { keys: Some(keys), ..found },
    };
    let keys = Arc::new(Keyring::new(found.keys.as_deref().unwrap_or_default(), &found.path)?);
    let had_journal = JournalFile::exists(&config.key_dir).is_some();
    let had_database = database.exists();
    let (mut journal, state) = JournalFile::open(&config.key_dir)?;
    let store = sqlite::open(&database, &keys, &found.path, init || state.is_empty())?;
    if had_database && !had_journal {
        tracing::warn!(
            "{} has no journal.log, but the database was there: what it held is made anew from the database, and \
             a backup put back before now may revive what was revoked",
            config.key_dir.display()
        );
    }
    let lost_enrolments = reconcile(&store, &mut journal, &state, &keys).await?;
    let (peers, unknown) = Peers::resolve(&config.peers);
    for name in unknown {
        tracing::warn!(
            "[peers.{name}] names a user that this system does not have; its requests are refused"
        );
    }
    let thread = |source| Fault::System { what: "can't start a thread", source };
    let pool = Pool::start(&config.argon2, Arc::clone(&keys)).map_err(thread)?;
    let random =
        |e: getrandom::Error| Fault::System { what: "no random bytes", source: std::io::Error::other(e) };
    Ok(Rc::new(Daemon {
        store,
        keys,
        argon: Rc::new(Flights::new(pool)),
        creations: tokio::sync::Semaphore::new(1),
        rewriting: Rewriting::default(),
        memo: Memo::new(Memo::DEFAULT_ENTRIES).map_err(random)?.into(),
        uses: std::cell::RefCell::default(),
        flush_scheduled: std::cell::Cell::default(),
        flushing: tokio::sync::Mutex::default(),
        journal: tokio::sync::Mutex::new(Journal::start(journal).map_err(thread)?),
        requests: tokio::sync::RwLock::default(),
        stopping: tokio::sync::watch::Sender::new(false),
        lost_enrolments: lost_enrolments.into(),
        peers,
        people: People::of_this_host(),
        log,
        throttle: Throttle::default(),
        tally: crate::tally::Tally::default(),
        host: host_name(),
        started: std::time::Instant::now(),
        config,
    }))
}

/// Brings journal and database together. The stricter of the two wins; each difference is
/// reported, for it means that a backup was put back or a crash came in between.
async fn reconcile<S: Store>(
    store: &S,
    journal: &mut JournalFile,
    state: &State,
    keys: &Keyring,
) -> Result<LostEnrolments, Fault> {
    let failed = |error: StoreError| Fault::System {
        what: "can't bring journal and database together",
        source: std::io::Error::other(error),
    };
    let lost = replay(store, state, keys).await.map_err(failed)?;
    let owed = owed(&store.tombstones().await.map_err(failed)?, state, keys);
    if !owed.is_empty() {
        tracing::warn!("{} changes were in the database but not in the journal: added", owed.len());
    }
    journal.append(&owed)?;
    Ok(lost)
}

/// The journal over the database.
async fn replay<S: Store>(store: &S, state: &State, keys: &Keyring) -> Result<LostEnrolments, StoreError> {
    let by = Actor {
        uid: nix::unistd::Uid::effective().as_raw(),
        role: ActorRole::Daemon,
        on_behalf_of: None,
        name: Some("journal.log".to_owned()),
    };
    let done = store.revoke(state.revoked().collect(), by).await?;
    for id in &done.revoked {
        tracing::warn!("{id} was live in the database but revoked by the journal: revoked again");
    }
    let (mut lost, mut nobodys) = (BTreeMap::new(), 0_usize);
    for (id, by_journal) in state.enrolments().filter(|(_, enrolment)| enrolment.enrolled) {
        match store.account_by_id(&id).await? {
            None if by_journal.name.can_be_tested(keys) => drop(lost.insert(by_journal.name, id)),
            None => nobodys += 1,
            Some(account) if !by_journal.name.may_be(keys, &account.name) => {
                tracing::warn!(
                    "{} had another name by the journal: that one stays enrolled too",
                    account.name
                );
                lost.insert(by_journal.name, id);
            }
            Some(account) if account.enrolled.is_none() => {
                tracing::warn!(
                    "{} was enrolled by the journal but not in the database: enrolled again",
                    account.name
                );
                store.set_enrolled(account, false, Some(by_journal.at)).await?;
            }
            Some(_) => {}
        }
    }
    if !lost.is_empty() {
        tracing::warn!(
            "{} accounts that the journal has enrolled are not in the database: they stay enrolled",
            lost.len()
        );
    }
    if nobodys > 0 {
        tracing::error!(
            "{nobodys} accounts were enrolled under a server key that is gone, and are not in the database: nobody \
             can say who they were, and under primary = \"refuse-enrolled\" their primary passwords work again. Enrol \
             them with `apppw user USER enroll`"
        );
    }
    Ok(LostEnrolments::new(lost))
}

/// What the database has and the journal lacks: a crash came between commit and sync.
fn owed(database: &Tombstones, state: &State, keys: &Keyring) -> Vec<Record> {
    let revoked = database.revoked.iter().filter(|(id, _)| !state.is_revoked(*id));
    let enrolled = database
        .enrolled
        .iter()
        .filter(|account| state.enrolment(&account.id).is_none_or(|by_journal| !by_journal.enrolled));
    let enrolled = enrolled.inspect(|account| {
        if state.enrolment(&account.id).is_some() {
            tracing::warn!(
                "{} is enrolled in the database but not by the journal: it stays so",
                account.name
            );
        }
    });
    let revoked = revoked.map(|(id, at)| Record { at: *at, change: Change::Revoke(*id) });
    let enrolled = enrolled.map(|account| {
        let at = account.enrolled.unwrap_or_default();
        Record::enrolment(at, account.id, &account.name, keys.newest(), true)
    });
    revoked.chain(enrolled).collect()
}

fn host_name() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".to_owned())
}

/// Keeps others from reading this process's memory: no core files, no ptrace by the same
/// uid (prctl(2), `PR_SET_DUMPABLE`).
pub fn keep_memory_private() {
    let _ = nix::sys::prctl::set_dumpable(false);
    let _ = nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
}

/// Takes as many descriptors as this process may have: a flood of connections needs some,
/// and honest logins then need more.
pub fn take_all_descriptors() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
