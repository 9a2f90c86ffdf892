//! From nothing to a daemon that can serve: the order matters, and each step may refuse.

use crate::admin::caller::{self, People};
use crate::admin::verbs::backup::Backups;
use crate::auth::argon::{Flights, Pool};
use crate::auth::memo::Memo;
use crate::auth::peers::Peers;
use crate::cli::Task;
use crate::clock;
use crate::config::Config;
use crate::daemon::{Daemon, Rewriting};
use crate::fault::Fault;
use crate::housekeeping::Record;
use crate::journal::{self, Change, Journal, JournalFile};
use crate::key::{self, ActiveKeys, KeyError, Keyring, elsewhere};
use crate::log::{Log, Throttle};
use crate::ownership;
use crate::panic_switch::HOST;
use crate::reconcile::{self, Reconciled};
use crate::store::sqlite::{self, Database, Empty, Missing, Presence, SqliteStore};
use crate::store::{By, OpenError, Origin, PutBack, RecordMarks, Store, StoreError};
use crate::sys;
use apppw_admin::text::visible;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::rc::Rc;
use std::sync::Arc;

/// What keeps a second daemon off the state directory, as long as it lives.
pub struct StateLock {
    _file: File,
}

/// Locks the state directory.
///
/// # Errors
/// [`Fault::SecondDaemon`], or [`Fault::Access`] if the directory is not this daemon's.
pub fn lock(config: &Config) -> Result<StateLock, Fault> {
    ownership::private_dir(&config.state_dir)?;
    let path = config.state_dir.join("lock");
    // Written to below: a link in a backup that somebody edited must not lead to the journal.
    ownership::private_file(&path)?;
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(&path)
        .map_err(|e| Fault::io("can't open", &path, e))?;
    // It ends with the descriptor.
    match file.try_lock() {
        Ok(()) => {
            let _ = file.set_len(0).and_then(|()| writeln!(file, "pid {}", std::process::id()));
            Ok(StateLock { _file: file })
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            Err(Fault::SecondDaemon { dir: config.state_dir.clone(), holder: holder.trim().to_owned() })
        }
        Err(TryLockError::Error(e)) => Err(Fault::io("can't lock", &path, e)),
    }
}

/// Opens key, journal and database and brings them together.
///
/// # Errors
/// Any [`Fault`].
pub async fn open(config: Config, task: Task, log: Arc<Log>) -> Result<Rc<Daemon<SqliteStore>>, Fault> {
    let database = Database::in_dir(&config.state_dir);
    match open_all(config, task, log).await {
        // What a disk gives that can't be read looks like damage, with which nobody would start it again.
        Err(Fault::Damaged { what, error }) if !sqlite::is_readable(&database.path) => {
            Err(Fault::System { what, source: std::io::Error::other(error) })
        }
        opened => opened,
    }
}

async fn open_all(config: Config, task: Task, log: Arc<Log>) -> Result<Rc<Daemon<SqliteStore>>, Fault> {
    ownership::private_dir(&config.key_dir)?;
    let database = Database::in_dir(&config.state_dir);
    let found = key::find(&config.key_dir)?;
    let presence = database.presence()?;
    let init = task == Task::Init;
    if !found.place.is_credential {
        // It may have a key in it that nobody needs.
        let left = key::clear(&found.place.path);
        left.map_err(|e| Fault::io("can't remove what is left beside", &found.place.path, e))?;
    }
    if found.keys.is_none()
        && let Some(path) = elsewhere::said(&config.key_dir)?
    {
        return Err(KeyError::Elsewhere { path }.into());
    }
    let found = match (found.keys, presence) {
        (None, Presence::Filled) if task == Task::KeyLost => {
            let made = key::create(&config.key_dir, sqlite::highest_key(&database)?.saturating_add(1))?;
            tracing::info!("made a new server key, {}", made.place.path.display());
            made
        }
        (None, Presence::Filled) => return Err(KeyError::Missing { path: found.place.path }.into()),
        (_, Presence::Missing | Presence::Begun) if task == Task::KeyLost => {
            return Err(Fault::NoKeyLost { key: found.place.path });
        }
        (None, Presence::Missing | Presence::Begun) => {
            if let Some(beside) = JournalFile::exists(&config.key_dir)?.filter(|_| !init) {
                return Err(Fault::DatabaseMissing { database: database.path, beside });
            }
            // Before the key: a start that is killed between the two goes on with the next one,
            // while a key without a database means that the database is lost.
            database.begin()?;
            let made = key::create(&config.key_dir, 1)?;
            tracing::info!(
                "made the server key {}: back it up apart from the database",
                made.place.path.display()
            );
            made
        }
        (Some(_), Presence::Missing) if !init => {
            return Err(Fault::DatabaseMissing { database: database.path, beside: found.place.path });
        }
        (Some(keys), _) => key::Found { keys: Some(keys), ..found },
    };
    let place = found.place;
    if let Err(error) = elsewhere::say(&config.key_dir, place.is_credential) {
        tracing::warn!(
            "could not note in {} whether the server key is a credential: {error}",
            config.key_dir.display()
        );
    }
    let keys = Keyring::new(found.keys.as_deref().unwrap_or_default(), &place.path)?;
    drop(found.keys);
    key::wipe_stack();
    if let Some(error) = keys.lock_error() {
        tracing::warn!(
            "can't lock the server key in memory, it may reach the swap space: {error} (LimitMEMLOCK= of the unit, or \
             `ulimit -l`)"
        );
    }
    let had_journal = JournalFile::exists(&config.key_dir)?.is_some();
    let (mut journal, state) = JournalFile::open(&config.key_dir)?;
    let host = host_name();
    let empty = match (init, state.is_empty()) {
        (true, _) => Empty::Demanded,
        (false, true) => Empty::Filled,
        (false, false) => Empty::Refused,
    };
    let missing = if task == Task::KeyLost { Missing::Lost } else { Missing::Refused };
    let open = || sqlite::open(&database, &keys, &place.path, empty, missing, &host);
    let store = match open() {
        // What a disk that failed once has given looks like damage; damage looks the same twice.
        Err(Fault::Store(OpenError::Unusable { .. })) => open()?,
        opened => opened?,
    };
    if presence == Presence::Filled && !had_journal {
        tracing::warn!(
            "{} has no journal.log, but the database was there: what it held is made anew from the database, and \
             a backup put back before now may revive what was revoked",
            config.key_dir.display()
        );
    }
    let marks = store.record_marks().await.map_err(|error| store_fault("can't read the database", error))?;
    let origin = Origin::of(marks.map(|marks| marks.run), state.run());
    let thorough = origin == Origin::Backup;
    store.check(thorough).await.map_err(|error| store_fault("can't use the database", error))?;
    refold(&store, &config).await?;
    let Reconciled { lost, panic } =
        reconcile::run(&store, &mut journal, &state, &keys, &config.users, origin).await?;
    let known_run = if origin == Origin::Ahead { marks.map(|marks| marks.run) } else { state.run() };
    tell_put_back(&store).await;
    let record = begin_record(&store, &mut journal, marks, known_run).await?;
    give_back(state);
    for switch in panic.0.keys().filter(|switch| *switch != HOST && !config.groups.has_group(switch)) {
        tracing::warn!(
            "panic is on for group {switch:?}, which is not in [groups] any more: EVERY app password is refused until \
             `apppw panic off --group {switch:?}`"
        );
    }
    let keys = ActiveKeys::new(keys);
    let (peers, unknown) = Peers::resolve(&config.peers);
    for name in unknown {
        tracing::warn!(
            "[peers.{name}] names a user that this system does not have; its requests are refused"
        );
    }
    let thread = |source| Fault::System { what: "can't start a thread", source };
    let journal = Journal::start(journal).map_err(thread)?;
    let pool = Pool::start(&config.argon2, keys.shared()).map_err(thread)?;
    let memo = |source| Fault::System { what: "can't draw a key for this process", source };
    Ok(Rc::new(Daemon {
        store,
        keys,
        key_place: place,
        argon: Rc::new(Flights::new(pool)),
        creations: tokio::sync::Semaphore::new(1),
        rewriting: Rewriting::default(),
        memo: Memo::new(Memo::DEFAULT_ENTRIES).map_err(memo)?.into(),
        buffers: crate::auth::wire::Buffers::default(),
        uses: std::cell::RefCell::default(),
        primary_uses: std::cell::RefCell::default(),
        backups: Backups::default(),
        flush_scheduled: std::cell::Cell::default(),
        flushing: tokio::sync::Mutex::default(),
        watches: crate::watch::Watches::default(),
        events: std::cell::RefCell::default(),
        writing_events: tokio::sync::Mutex::default(),
        journal_writable: journal.writable(),
        journal: tokio::sync::Mutex::new(journal),
        requests: tokio::sync::RwLock::default(),
        stopping: tokio::sync::watch::Sender::new(false),
        lost: lost.into(),
        panic: panic.into(),
        seen_expired: std::cell::RefCell::default(),
        in_memory: std::cell::RefCell::default(),
        record,
        peers,
        people: People::of_this_host(),
        staff: Arc::default(),
        log,
        throttle: Throttle::default(),
        tally: crate::tally::Tally::default(),
        host,
        started: std::time::Instant::now(),
        config,
    }))
}

/// Says that this database is a backup that was put back: what the journal had to add stands in the lines before.
async fn tell_put_back<S: Store>(store: &S) {
    match store.tell_put_back().await {
        Ok(None) => {}
        Ok(Some(PutBack { at, shows })) => tracing::warn!(
            "the database is a backup{}, put back at {}: app passwords made since are gone, what was taken away since stays so",
            shows.map(|shows| format!(" of {}", clock::shown(shows))).unwrap_or_default(),
            clock::shown(at)
        ),
        // On a full disk: the next start says it.
        Err(error) => tracing::warn!("could not note that the database is a backup: {error}"),
    }
}

/// Frees what the journal said, which may be a million accounts, while logins are served: taking
/// it apart takes a tenth of such a start.
fn give_back(state: journal::State) {
    let freed = std::thread::Builder::new().name("give-back".into()).spawn(|| {
        drop(state);
        sys::give_memory_back();
    });
    // Without a thread it is freed by now, and the system gets it back a little at a time.
    drop(freed);
}

/// Brings the names of accounts in line with `[users]`.
async fn refold<S: Store>(store: &S, config: &Config) -> Result<(), Fault> {
    let by = By::actor(caller::daemon_as("[users]"), clock::now());
    let done = store
        .refold(config.users.clone(), by)
        .await
        .map_err(|error| store_fault("can't fold names", error))?;
    if done.renamed > 0 {
        tracing::info!("[users] has changed: {} accounts have another canonical name now", done.renamed);
    }
    for (given, canonical) in &done.clashes {
        tracing::warn!(
            "[users] makes {} and {canonical} one name, but they are two accounts: they stay two, and {} is \
             reached by exactly that name only. `apppw user` renames or deletes one of them",
            visible(given),
            visible(given)
        );
    }
    Ok(())
}

/// Notes this start in journal and database: a backup of the database will not know it.
async fn begin_record<S: Store>(
    store: &S,
    journal: &mut JournalFile,
    found: Option<RecordMarks>,
    run_by_journal: Option<u64>,
) -> Result<Record, Fault> {
    let run = getrandom::u64()
        .map_err(|e| Fault::System { what: "no random bytes", source: std::io::Error::other(e) })?;
    let now = clock::now();
    let record = Record::begin(found, run_by_journal, run, now);
    let started = journal::Record { at: now, change: Change::Start(run) };
    // A full disk keeps nobody from logging in; the next start then takes this for a gap.
    if let Err(error) = journal.append_or_forget(&[started]) {
        tracing::warn!("could not note the start: {error}");
        // Else the next start would take this database for a backup.
        record.renumber(run_by_journal.unwrap_or_default());
    }
    record.mark(store).await;
    Ok(record)
}

/// The store failed at start.
pub(crate) fn store_fault(what: &'static str, error: StoreError) -> Fault {
    match error {
        StoreError::Failed(_) => Fault::Damaged { what, error },
        StoreError::ReadOnly(_) => Fault::System { what, source: std::io::Error::other(error) },
    }
}

fn host_name() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".to_owned())
}

/// Keeps others from reading this process's memory: no core files, no ptrace by the same
/// uid (prctl(2), `PR_SET_DUMPABLE`). root still can.
pub fn keep_memory_private() {
    let _ = nix::sys::prctl::set_dumpable(false);
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    let _ = nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
}

/// Takes as many descriptors as this process may have: a flood of connections needs some,
/// and honest logins then need more.
pub fn take_all_descriptors() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
