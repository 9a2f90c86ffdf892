//! Lines on stderr: `apppwd[PID]: LEVEL: message`, without time, which whoever collects
//! stderr adds.

use super::message;
use std::io::Write as _;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Writes the message of each event; the fields are for journald.
pub(super) struct Stderr;

impl<S: Subscriber> Layer<S> for Stderr {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = format!("apppwd[{}]: ", std::process::id());
        match *event.metadata().level() {
            Level::ERROR => line.push_str("error: "),
            Level::WARN => line.push_str("warning: "),
            _ => {}
        }
        line.push_str(&message::of(event));
        line.push('\n');
        // One write a line, so that lines of several threads don't mix. If stderr is gone
        // there is nowhere to say so.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}
