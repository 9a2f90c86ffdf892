//! A fake daemon.

use super::{Act, connection, listen};
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use tempfile::TempDir;

/// What [`Fake::seen`] sends to find out that everything before it was served.
const SENTINEL: &[u8] = b"sentinel of the test, no request";

#[derive(Default)]
struct Shared {
    /// What each connection sent, by its number; `None` while it is open.
    seen: Mutex<BTreeMap<usize, Option<Vec<u8>>>>,
    changed: Condvar,
    stop: AtomicBool,
}

/// A fake daemon on a socket of its own; stopped when dropped.
pub struct Fake {
    path: PathBuf,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
    _directory: TempDir,
}

impl Fake {
    /// Plays one act per connection, the last one over and over.
    pub fn start(acts: impl Into<Vec<Act>>) -> Self {
        let (directory, path) = place();
        let listener = UnixListener::bind(&path).expect("a socket");
        Self::serve(directory, path, listener, acts.into())
    }

    /// As [`Fake::start`], but it's the user `uid` who listens. Needs root.
    ///
    /// # Errors
    /// If this process may not act for others.
    pub fn start_as(uid: u32, acts: impl Into<Vec<Act>>) -> std::io::Result<Self> {
        let (directory, path) = place();
        let listener = listen::bind_as(uid, &path)?;
        Ok(Self::serve(directory, path, listener, acts.into()))
    }

    fn serve(directory: TempDir, path: PathBuf, listener: UnixListener, acts: Vec<Act>) -> Self {
        assert!(!acts.is_empty(), "a fake daemon without an act");
        let shared = Arc::new(Shared::default());
        let acceptor = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &acts, &shared)
        });
        Self { path, shared, acceptor: Some(acceptor), _directory: directory }
    }

    /// Where it listens.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What each connection so far has sent, in the order in which they came. Waits for
    /// those that are still open. (Not for fakes that don't read: they never see anything.)
    ///
    /// # Panics
    /// If one stays open for 10 seconds.
    #[must_use]
    pub fn seen(&self) -> Vec<Vec<u8>> {
        // Connections are accepted in order: once this one is known, all before it are.
        let mut sentinel = UnixStream::connect(&self.path).expect("a connection to the fake daemon");
        sentinel.write_all(SENTINEL).expect("bytes to the fake daemon");
        drop(sentinel);
        let seen = self.shared.seen.lock().expect("no panic in a fake daemon");
        let unfinished = |seen: &BTreeMap<usize, Option<Vec<u8>>>| {
            seen.values().any(Option::is_none) || !seen.values().flatten().any(|bytes| bytes == SENTINEL)
        };
        let (seen, timeout) = self
            .shared
            .changed
            .wait_timeout_while(seen, Duration::from_secs(10), |seen| unfinished(seen))
            .expect("no panic in a fake daemon");
        assert!(!timeout.timed_out(), "a connection to the fake daemon stays open");
        seen.values().flatten().filter(|bytes| *bytes != SENTINEL).cloned().collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the acceptor up.
        let _ = UnixStream::connect(&self.path);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

/// A directory for a socket, open to every user: the socket's mode is what counts.
pub(super) fn place() -> (TempDir, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new().expect("a temporary directory");
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o777)).expect("its mode");
    let path = directory.path().join("auth.sock");
    (directory, path)
}

fn accept(listener: &UnixListener, acts: &[Act], shared: &Arc<Shared>) {
    for (number, stream) in listener.incoming().enumerate() {
        if shared.stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { return };
        let Some(act) = acts.get(number).or(acts.last()).cloned() else { return };
        shared.seen.lock().expect("no panic in a fake daemon").insert(number, None);
        std::thread::spawn({
            let shared = Arc::clone(shared);
            move || {
                let bytes = connection::play(stream, &act);
                shared.seen.lock().expect("no panic in a fake daemon").insert(number, Some(bytes));
                shared.changed.notify_all();
            }
        });
    }
}
