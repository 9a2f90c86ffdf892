//! A load of changes whose outcome is known: what was acknowledged, and what was under way.
//!
//! A [`World`] is what must be so. One [`Change`] after the other is asked for; the world after an
//! acknowledged one is certain, and of the one that was never answered either the world before it or
//! the one after it holds, whole. [`watch`] looks what is so and compares.

mod change;
mod world;

pub mod watch;

pub use change::Change;
pub use world::{AppPassword, Half, Person, State, World};

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// What came of a change that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It was acknowledged, and this holds now.
    Done(World),
    /// The daemon said no: with which words.
    Refused(String),
    /// It never answered.
    None,
}

/// Asks for one change.
#[must_use]
pub fn ask(socket: &Path, world: &World, change: &Change) -> Answer {
    let (verb, args) = change.request(world);
    match call(socket, verb, &args) {
        None => Answer::None,
        Some(answer) if answer.get("ok").is_some() => Answer::Done(change.after(world, Some(&answer["ok"]))),
        Some(answer) => Answer::Refused(format!("{change:?}: {}", answer["error"])),
    }
}

/// One verb on a connection of its own; `None` if the daemon doesn't answer.
#[must_use]
pub fn call(socket: &Path, verb: &str, args: &Value) -> Option<Value> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let line = json!({"v": 1, "id": 7, "verb": verb, "args": args}).to_string();
    stream.write_all(line.as_bytes()).ok()?;
    stream.write_all(b"\n").ok()?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).ok()?;
    serde_json::from_str(&answer).ok()
}
