//! The text of a tracing event, without its fields.

use std::fmt::Write;
use tracing::Event;
use tracing::field::{Field, Visit};

/// What the event says.
pub(super) fn of(event: &Event<'_>) -> String {
    let mut message = Message(String::new());
    event.record(&mut message);
    message.0
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        }
    }
}
