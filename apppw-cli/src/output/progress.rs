//! What takes long: a line on standard error that is there while one waits, and gone when done.
//! On a terminal only.

use super::number::thousands;
use super::terminal::{Stream, is_terminal};
use super::to_stderr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Nothing is said of what is done sooner.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between two lines.
const EVERY: Duration = Duration::from_millis(250);

/// Back to the beginning of the line, and nothing on it (ECMA-48).
const CLEAR: &str = "\r\x1b[K";

/// Something that is under way; it is done when this is dropped.
pub struct Progress {
    counted: Arc<AtomicU64>,
    watch: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Of a wait for one answer.
    pub fn waiting() -> Self {
        Self::begin(|waited, _| waiting(waited))
    }

    /// Of what is counted ([`Progress::reached`]) and `done` one after the other: `read`.
    pub fn counting(done: &'static str) -> Self {
        Self::begin(move |waited, counted| match counted {
            0 => waiting(waited),
            _ => format!("apppw: {} {done} ...", thousands(counted)),
        })
    }

    fn begin(line: impl Fn(Duration, u64) -> String + Send + 'static) -> Self {
        let counted = Arc::default();
        let is_dumb = std::env::var("TERM").map_or(true, |term| term == "dumb");
        if is_dumb || !is_terminal(Stream::Stderr) {
            return Self { counted, watch: None };
        }
        let (sender, done) = mpsc::channel();
        let (begun, reached) = (Instant::now(), Arc::clone(&counted));
        let show = move || {
            let mut wait = PATIENCE;
            while done.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                to_stderr(&format!("{CLEAR}{}", line(begun.elapsed(), reached.load(Ordering::Relaxed))));
                wait = EVERY;
            }
            if wait == EVERY {
                to_stderr(CLEAR);
            }
        };
        // Without a thread nothing is said: the wait is the same.
        let thread = Builder::new().name("progress".to_owned()).spawn(show).ok();
        Self { counted, watch: thread.map(|thread| (sender, thread)) }
    }

    /// So many are done.
    pub fn reached(&self, count: u64) {
        self.counted.store(count, Ordering::Relaxed);
    }
}

fn waiting(waited: Duration) -> String {
    format!("apppw: waiting for apppwd, {} s ...", waited.as_secs())
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((done, thread)) = self.watch.take() {
            drop(done);
            // What is said next must not stand behind it.
            let _ = thread.join();
        }
    }
}
