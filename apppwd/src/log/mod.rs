//! Where the daemon's lines go, and how a verdict's line reads.

mod queue;
mod stderr;
mod throttle;
mod verdict;

pub use queue::VerdictLog;
pub use throttle::Throttle;
pub use verdict::{Line, user};

use nix::sys::stat::fstat;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Sends the lines to journald with their fields if stderr leads there, else as text to
/// stderr.
pub fn init() {
    let registry = tracing_subscriber::registry().with(LevelFilter::INFO);
    let journald = if stderr_is_the_journal() { tracing_journald::layer().ok() } else { None };
    let result = match journald {
        Some(layer) => registry
            .with(
                layer.with_field_prefix(Some("APPPW".to_owned())).with_syslog_identifier("apppwd".to_owned()),
            )
            .try_init(),
        None => registry.with(stderr::Stderr).try_init(),
    };
    // Only a second call fails, and then the first one's choice stands.
    drop(result);
}

/// `JOURNAL_STREAM` is inherited by whatever runs below a unit; only if it names the very
/// file that stderr is does stderr lead to the journal (systemd.exec(5)).
fn stderr_is_the_journal() -> bool {
    let Ok(stderr) = fstat(std::io::stderr()) else { return false };
    let named = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    named == format!("{}:{}", stderr.st_dev, stderr.st_ino)
}
