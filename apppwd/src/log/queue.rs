//! All lines go through a bounded queue to a thread of their own: a log that is slow or
//! stuck delays no login.

use super::message;
use super::verdict::Line;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};
use tracing::{Dispatch, Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Verdicts that may wait; more are counted and dropped.
const MOST: usize = 32_768;

/// Room for other lines behind them: who asks for many verdicts must not hide what administrators do.
const MOST_OTHERS: usize = 4096;

/// How long the thread rests after a batch of lines.
const REST: Duration = Duration::from_millis(5);

/// After a batch of so many there is no rest.
const BUSY: usize = 256;

/// The way to the log.
#[derive(Debug)]
pub struct Log {
    entries: SyncSender<Entry>,
    /// Verdicts that wait.
    verdicts: Arc<AtomicUsize>,
    /// Since the last line that said so.
    dropped: AtomicU64,
    /// Since the start.
    all_dropped: AtomicU64,
}

#[derive(Debug)]
enum Entry {
    Verdict(Box<Line>),
    Text(Level, String),
    Flush(SyncSender<()>),
}

impl Log {
    /// Starts the thread, which writes to `sink`.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn start(sink: Dispatch) -> std::io::Result<Arc<Self>> {
        let (entries, waiting) = sync_channel(MOST + MOST_OTHERS);
        let verdicts = Arc::<AtomicUsize>::default();
        let left = Arc::clone(&verdicts);
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || tracing::dispatcher::with_default(&sink, || write_all(&waiting, &left)))?;
        Ok(Arc::new(Self { entries, verdicts, dropped: AtomicU64::new(0), all_dropped: AtomicU64::new(0) }))
    }

    /// Has a verdict's line written.
    pub fn verdict(&self, line: Line) {
        self.send(Entry::Verdict(Box::new(line)));
    }

    /// Waits until all that was sent is written, but not longer than `within`: a stuck log
    /// must not keep the daemon from ending.
    pub fn flush(&self, within: Duration) {
        let deadline = Instant::now() + within;
        let (done, wait) = sync_channel(1);
        let mut entry = Entry::Flush(done);
        while let Err(TrySendError::Full(back)) = self.entries.try_send(entry) {
            if Instant::now() >= deadline {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
            entry = back;
        }
        let _ = wait.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }

    fn send(&self, entry: Entry) {
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let text = format!("{dropped} lines were dropped: the log is too slow");
            if self.entries.try_send(Entry::Text(Level::WARN, text)).is_err() {
                self.dropped.fetch_add(dropped, Ordering::Relaxed);
            }
        }
        let is_verdict = matches!(entry, Entry::Verdict(_));
        let has_room = !is_verdict || self.verdicts.load(Ordering::Relaxed) < MOST;
        // Before it is sent: the thread may have written it by then.
        self.verdicts.fetch_add(usize::from(is_verdict && has_room), Ordering::Relaxed);
        if !has_room || self.entries.try_send(entry).is_err() {
            self.verdicts.fetch_sub(usize::from(is_verdict && has_room), Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
            self.all_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Lines that were dropped since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.all_dropped.load(Ordering::Relaxed)
    }
}

/// Writes what comes, until nobody can send any more. Between two batches it rests: whoever sends
/// meanwhile need not wake it, which would cost a login more than its line.
fn write_all(waiting: &Receiver<Entry>, verdicts: &AtomicUsize) {
    while let Ok(first) = waiting.recv() {
        let mut written = 0;
        for entry in std::iter::once(first).chain(waiting.try_iter()) {
            verdicts.fetch_sub(usize::from(matches!(entry, Entry::Verdict(_))), Ordering::Relaxed);
            write(entry);
            written += 1;
        }
        if written < BUSY {
            std::thread::sleep(REST);
        }
    }
}

fn write(entry: Entry) {
    match entry {
        Entry::Verdict(line) => line.write(),
        Entry::Text(Level::ERROR, text) => tracing::error!("{text}"),
        Entry::Text(Level::WARN, text) => tracing::warn!("{text}"),
        Entry::Text(_, text) => tracing::info!("{text}"),
        Entry::Flush(done) => drop(done.try_send(())),
    }
}

/// Puts what the daemon says by `tracing` into the queue.
pub(super) struct Queued(pub(super) Arc<Log>);

impl<S: Subscriber> Layer<S> for Queued {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.0.send(Entry::Text(*event.metadata().level(), message::of(event)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Answer, Reason};
    use std::sync::mpsc::Sender;
    use std::sync::{Mutex, PoisonError, mpsc};
    use tracing_subscriber::layer::SubscriberExt;

    /// A log that writes nothing until it is told to.
    struct Stuck(Mutex<Receiver<()>>, Sender<String>);

    impl<S: Subscriber> Layer<S> for Stuck {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let _ = self.1.send(message::of(event));
        }
    }

    fn verdict(number: usize) -> Line {
        let (user, service) = (number.to_string(), "imap".to_owned());
        let answer = Answer::new(Reason::UnknownSecret);
        Line { user, service, rhost: String::new(), rhost_is_proven: true, uid: 33, answer }
    }

    #[test]
    fn a_stuck_log_holds_nobody_up_and_says_what_it_dropped() {
        let (go_on, wait) = mpsc::channel();
        let (written, read) = mpsc::channel();
        let sink = tracing_subscriber::registry().with(Stuck(Mutex::new(wait), written));
        let log = Log::start(sink.into()).unwrap();
        for i in 0..MOST + 100 {
            log.verdict(verdict(i));
        }
        // Behind all these there is room for what matters.
        log.send(Entry::Text(Level::INFO, "created ap-7k3m9qxe".to_owned()));
        log.flush(Duration::from_millis(20));
        drop(go_on);
        log.flush(Duration::from_secs(10));
        log.verdict(verdict(MOST + 100));
        log.flush(Duration::from_secs(10));
        let lines: Vec<String> = read.try_iter().collect();
        assert!(lines.iter().any(|line| line.contains("lines were dropped")), "{} lines", lines.len());
        assert!(lines.iter().any(|line| line == "created ap-7k3m9qxe"));
        assert!(lines.last().is_some_and(|line| line.contains("user=32868 ")), "at last");
        assert!(lines.len() >= MOST);
        let written = lines.iter().filter(|line| line.contains("user=")).count();
        assert_eq!(log.dropped(), u64::try_from(MOST + 101 - written).unwrap());
        assert!(log.dropped() > 0);
    }
}
