//! Verdict lines, written by a thread of their own: a log that is slow or stuck delays no
//! login.

use super::verdict::Line;
use std::cell::{Cell, RefCell};
use std::sync::mpsc::{SyncSender, sync_channel};

/// Lines that may wait; more are counted and dropped.
const MOST: usize = 4096;

/// The way to the log. Dropping it waits until all lines are written.
pub struct VerdictLog {
    lines: RefCell<Option<SyncSender<Entry>>>,
    dropped: Cell<u64>,
    thread: Option<std::thread::JoinHandle<()>>,
}

enum Entry {
    Line(Box<Line>),
    Dropped(u64),
}

impl VerdictLog {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let (lines, waiting) = sync_channel(MOST);
        let thread = std::thread::Builder::new().name("verdict-log".to_owned()).spawn(move || {
            for entry in waiting {
                match entry {
                    Entry::Line(line) => line.write(),
                    Entry::Dropped(n) => {
                        tracing::warn!("{n} verdict lines were dropped: the log is too slow")
                    }
                }
            }
        })?;
        Ok(Self { lines: RefCell::new(Some(lines)), dropped: Cell::new(0), thread: Some(thread) })
    }

    /// Has a line written.
    pub fn write(&self, line: Line) {
        let lines = self.lines.borrow();
        let Some(lines) = lines.as_ref() else { return };
        let dropped = self.dropped.get();
        if dropped > 0 && lines.try_send(Entry::Dropped(dropped)).is_ok() {
            self.dropped.set(0);
        }
        if lines.try_send(Entry::Line(Box::new(line))).is_err() {
            self.dropped.set(self.dropped.get() + 1);
        }
    }
}

impl Drop for VerdictLog {
    fn drop(&mut self) {
        drop(self.lines.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
