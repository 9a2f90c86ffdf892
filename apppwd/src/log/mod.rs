//! Where the daemon's lines go, and how a verdict's line reads.

mod message;
mod queue;
mod stderr;
mod throttle;
mod verdict;
mod words;

pub use queue::Log;
pub use throttle::{Provoked, Throttle};
pub use verdict::{Line, masked, unknown_user, user, verdict_word};
pub use words::{count, depend, is_or_are, left_out, was_or_were};

use nix::sys::stat::fstat;
use std::sync::Arc;
use tracing::Dispatch;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Sends the lines to journald with their fields if stderr leads there, else as text to
/// stderr; by way of a queue, so that nobody waits for either.
///
/// # Errors
/// If the system gives no thread.
pub fn init() -> std::io::Result<Arc<Log>> {
    let registry = tracing_subscriber::registry();
    let journald = if stderr_is_the_journal() { tracing_journald::layer().ok() } else { None };
    let sink: Dispatch = match journald {
        Some(layer) => {
            let layer =
                layer.with_field_prefix(Some("APPPW".to_owned())).with_syslog_identifier("apppwd".to_owned());
            registry.with(layer).into()
        }
        None => registry.with(stderr::Stderr).into(),
    };
    let log = Log::start(sink)?;
    let queued = tracing_subscriber::registry().with(LevelFilter::INFO).with(queue::Queued(Arc::clone(&log)));
    // Only a second call fails, and then the first one's choice stands.
    drop(queued.try_init());
    Ok(log)
}

/// `JOURNAL_STREAM` is inherited by whatever runs below a unit; only if it names the very
/// file that stderr is does stderr lead to the journal (systemd.exec(5)).
fn stderr_is_the_journal() -> bool {
    let Ok(stderr) = fstat(std::io::stderr()) else { return false };
    let named = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    named == format!("{}:{}", stderr.st_dev, stderr.st_ino)
}
