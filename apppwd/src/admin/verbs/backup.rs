//! `backup`, `backup.kept`
//!
//! The copy follows the answer on the connection: what the caller writes it to, and with whose rights, is his affair, and no
//! file system, no AppArmor profile and no SELinux type of the place stands between (ADR 30).

use super::status::NoArgs;
use crate::admin::caller::Caller;
use crate::clock::{self, UnixSeconds};
use crate::daemon::Daemon;
use crate::log::{self, Provoked};
use crate::store::sqlite::Database;
use crate::store::{CopyError, Counts, Store, StoreCopy};
use apppw_admin::verbs::{Backup, BackupKept, BackupKeptArgs, EventKind};
use apppw_admin::{AdminError, Code};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::OwnedMutexGuard;

/// How long the caller may take to read, and so keep others from a backup, besides what it takes at [`SLOWEST`].
const READS_WITHIN: Duration = Duration::from_secs(60);

/// Bytes a second that he has to read in the mean.
const SLOWEST: u64 = 1 << 16;

/// How long a stop may go unnoticed.
const LOOKS_EVERY: u16 = 100;

/// A backup that was handed out.
#[derive(Debug)]
pub struct HandedOut {
    sha256: String,
    at: UnixSeconds,
}

/// The backups that are under way: one of root's, and one of all others'. Who reads his slowly must not keep root from one.
#[derive(Debug, Default)]
pub struct Backups {
    of_root: Slot,
    of_others: Slot,
    /// Held while a copy is made: there is one place for it on the disk.
    making: tokio::sync::Mutex<()>,
}

/// What was handed out last, while it isn't known to lie where it was to; held while one is made and handed out.
type Slot = Arc<tokio::sync::Mutex<Option<HandedOut>>>;

impl Backups {
    const fn of(&self, caller: &Caller) -> &Slot {
        if caller.uid == 0 { &self.of_root } else { &self.of_others }
    }
}

/// A copy that is to be handed out; its caller's kind gets no other meanwhile.
pub struct HandOut {
    copy: File,
    at: UnixSeconds,
    counts: Counts,
    slot: OwnedMutexGuard<Option<HandedOut>>,
}

/// Makes a copy of the database. [`HandOut::follow`] sends it, behind the answer.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store + 'static>(
    daemon: &Rc<Daemon<S>>,
    caller: &Caller,
    _: NoArgs,
) -> Result<(Backup, HandOut), AdminError> {
    let Ok(mut slot) = Arc::clone(daemon.backups.of(caller)).try_lock_owned() else {
        return Err(AdminError::new(Code::Busy, "another backup is being made; try again when it is done"));
    };
    *slot = None;
    let mut stopping = daemon.stopping.subscribe();
    let made = async {
        let journal = daemon.journal.lock().await.synced().await;
        let journal_bytes = journal.map_err(|error| AdminError::new(Code::Busy, error.to_string()))?;
        let _one_by_one = daemon.backups.making.lock().await;
        let at = clock::now();
        let StoreCopy { file, bytes, counts, last_event } = daemon.store.copy(at).await.map_err(refusal)?;
        // Before the first byte: whoever has nearly all of it has every name.
        daemon.note(daemon.event_of_host(EventKind::Backup, caller.actor(), at));
        daemon.write_events_later();
        let backup = Backup {
            at,
            bytes,
            accounts: counts.accounts,
            live: counts.live,
            revoked: counts.revoked,
            last_event,
            journal_bytes,
            database: Database::in_dir(&daemon.config.state_dir).path.display().to_string(),
            key_dir: daemon.config.key_dir.display().to_string(),
        };
        let copy = HandOut { copy: file, at, counts, slot };
        Ok((backup, copy))
    };
    // Logins wait for the next start: a backup must not hold up a stop.
    tokio::select! {
        made = made => made,
        _ = stopping.wait_for(|stopping| *stopping) => Err(AdminError::new(Code::Busy, "apppwd is stopping; try again in a moment")),
    }
}

impl HandOut {
    /// Sends it all to `caller`; whether it is.
    pub async fn follow<S>(self, daemon: &Daemon<S>, caller: &Caller, to: &impl AsFd) -> bool {
        let Self { copy, at, counts, mut slot } = self;
        let mut stopping = daemon.stopping.subscribe();
        let poured = tokio::select! {
            poured = pour(copy, to) => poured,
            _ = stopping.wait_for(|stopping| *stopping) => return false,
        };
        match poured {
            Ok(sha256) => {
                *slot = Some(HandedOut { sha256, at });
                tracing::info!(
                    "{caller} took a backup of {} and {}",
                    log::count(usize::try_from(counts.accounts).unwrap_or(usize::MAX), "account"),
                    log::count(usize::try_from(counts.live).unwrap_or(usize::MAX), "live app password")
                );
                true
            }
            Err(error) => {
                let why = match error.kind() {
                    ErrorKind::BrokenPipe => "nobody reads it any more".to_owned(),
                    ErrorKind::TimedOut => "it was read too slowly".to_owned(),
                    _ => error.to_string(),
                };
                if let Some(left_out) = daemon.throttle.may_say(Provoked::CutOff, caller.uid, Instant::now())
                {
                    tracing::warn!(
                        "the backup that {caller} asked for could not be handed over: {why}{}",
                        log::left_out(left_out, "more before")
                    );
                }
                false
            }
        }
    }
}

/// The last backup that was handed out lies where it was to.
///
/// # Errors
/// The closed list of codes.
pub async fn kept<S: Store>(
    daemon: &Daemon<S>,
    caller: &Caller,
    args: BackupKeptArgs,
) -> Result<BackupKept, AdminError> {
    let Ok(mut handed_out) = daemon.backups.of(caller).try_lock() else {
        return Err(AdminError::new(Code::Busy, "another backup is being made; that one will count"));
    };
    let Some(at) = handed_out.as_ref().filter(|it| it.sha256 == args.sha256).map(|it| it.at) else {
        let message = "this apppwd has handed out no such backup last; make another one";
        return Err(AdminError::in_field(Code::NotFound, "sha256", message));
    };
    daemon.store.set_last_backup(at, clock::now()).await?;
    *handed_out = None;
    tracing::info!("the backup that {caller} took lies where it was to");
    Ok(BackupKept { last_backup: at })
}

/// Writes all of `copy`, on another thread, and returns its SHA-256. Ends soon when it is dropped.
async fn pour(copy: File, to: &impl AsFd) -> std::io::Result<String> {
    let to = UnixStream::from(to.as_fd().try_clone_to_owned()?);
    let given_up = Arc::new(GivenUp::default());
    let _gives_up = GivesUp(Arc::clone(&given_up));
    let poured = tokio::task::spawn_blocking(move || pour_all(copy, to, &given_up)).await;
    poured.unwrap_or_else(|lost| Err(std::io::Error::other(lost)))
}

#[derive(Default)]
struct GivenUp(AtomicBool);

struct GivesUp(Arc<GivenUp>);

impl Drop for GivesUp {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

fn pour_all(mut copy: File, mut to: UnixStream, given_up: &GivenUp) -> std::io::Result<String> {
    let (mut block, mut hash) = (vec![0; 1 << 16], Sha256::new());
    let (begun, mut sent) = (Instant::now(), 0_u64);
    loop {
        let read = copy.read(&mut block)?;
        let mut rest = block.get(..read).unwrap_or_default();
        if rest.is_empty() {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(rest);
        while !rest.is_empty() {
            match to.write(rest) {
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    sent = sent.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => wait(&to)?,
                Err(e) => return Err(e),
            }
            if given_up.0.load(Ordering::Relaxed) {
                return Err(ErrorKind::Interrupted.into());
            }
            if begun.elapsed() > READS_WITHIN + Duration::from_secs(sent / SLOWEST) {
                return Err(ErrorKind::TimedOut.into());
            }
        }
    }
}

fn wait(to: &UnixStream) -> std::io::Result<()> {
    let mut watched = [PollFd::new(to.as_fd(), PollFlags::POLLOUT)];
    match poll(&mut watched, PollTimeout::from(LOOKS_EVERY)) {
        Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn refusal(error: CopyError) -> AdminError {
    let code = match error {
        CopyError::NoRoom { .. } | CopyError::Io { .. } => Code::ReadOnly,
        CopyError::Damaged(_) | CopyError::Cancelled | CopyError::Failed(_) => Code::Busy,
    };
    AdminError::new(code, format!("there is no backup: {error}"))
}
