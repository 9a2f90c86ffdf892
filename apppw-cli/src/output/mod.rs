//! Everything that is printed.
//!
//! Results go to standard output, warnings, questions and errors to standard error. What is
//! meant for people is collected in [`Text`], which lets no control or bidi character
//! through; what is meant for programs is written by [`json`], [`csv`] and [`metrics`].

pub mod csv;
pub mod json;
pub mod metrics;
pub mod prose;
pub mod qr;
pub mod room;
pub mod table;
pub mod terminal;
pub mod time;

use crate::exit::Failure;
use apppw_admin::text::visible;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::Duration;
use zeroize::Zeroizing;

/// Room for a usual result, so that the text of one with a secret needn't move, which would
/// leave a copy behind.
const ROOM: usize = 4096;

/// Lines for people. Each line is made visible as a whole, whatever it was made of: this is
/// the one gate to the terminal.
pub struct Text(Zeroizing<String>);

impl Text {
    /// No lines.
    pub fn new() -> Self {
        Self(Zeroizing::new(String::with_capacity(ROOM)))
    }

    /// Adds a line.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.line_of(&[line.as_ref()]);
    }

    /// Adds a line made of `parts`, without building it elsewhere first.
    pub fn line_of(&mut self, parts: &[&str]) {
        for part in parts {
            self.0.push_str(&visible(part));
        }
        self.0.push('\n');
    }

    /// The lines.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Prints to standard output.
    pub fn print(&self) -> Result<(), Failure> {
        print(self.0.as_bytes())
    }

    /// Prints to standard error.
    pub fn print_to_stderr(&self) {
        to_stderr(self.as_str());
    }
}

/// Writes `bytes` to standard output. Somebody who stopped reading (`apppw list | head`) has
/// what he wanted: that is no failure.
pub fn print(bytes: &[u8]) -> Result<(), Failure> {
    print_if_read(bytes).map(|_| ())
}

/// As `print`, and says whether somebody reads: false once he has stopped.
pub fn print_if_read(bytes: &[u8]) -> Result<bool, Failure> {
    match write_stdout(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::io(format!("can't write the result to standard output: {error}"))),
    }
}

/// Waits so long, and says whether somebody still reads standard output: false, at once, when
/// the other end of a pipe or terminal is closed.
pub fn wait_while_read(time: Duration) -> bool {
    let stdout = io::stdout();
    let mut watched = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
    let timeout = PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX);
    // Only that it is closed is reported when nothing is asked for (poll(2)).
    match poll(&mut watched, timeout) {
        Ok(closed) => closed == 0,
        // A signal: the wait is shorter.
        Err(_) => true,
    }
}

/// Writes `bytes` to standard output and says how that went. Not through `std::io::Stdout`,
/// whose buffer would keep a secret.
pub fn write_stdout(bytes: &[u8]) -> io::Result<()> {
    File::from(io::stdout().as_fd().try_clone_to_owned()?).write_all(bytes)
}

/// Tells a failure on standard error.
pub fn report(failure: &Failure, json: bool) {
    if json {
        to_stderr(&json::error(failure));
    } else {
        to_stderr(&format!("apppw: {}\n", visible_lines(failure)));
    }
}

/// Tells a warning on standard error.
pub fn warn(message: &str) {
    to_stderr(&format!("apppw: warning: {}\n", visible(message)));
}

/// Tells something of ours that follows a failure on standard error.
pub fn note(line: &str) {
    to_stderr(&format!("{}\n", visible(line)));
}

/// The message, made visible.
fn visible_lines(failure: &Failure) -> String {
    if failure.several_lines {
        failure.message.split('\n').map(visible).collect::<Vec<_>>().join("\n")
    } else {
        visible(&failure.message).into_owned()
    }
}

/// Nothing is left to be done when standard error can't be written.
fn to_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_carries_anything_deceptive() {
        let mut text = Text::new();
        text.line("a\x1b[2J\r\nb");
        text.line_of(&["\u{202e}c", "\u{9b}d"]);
        assert_eq!(text.as_str(), "a\\u{1b}[2J\\u{d}\\u{a}b\n\\u{202e}c\\u{9b}d\n");
    }

    #[test]
    fn a_message_from_outside_gets_one_line() {
        let mut failure = Failure::usage("no\napppw: done\x1b[A");
        assert_eq!(visible_lines(&failure), "no\\u{a}apppw: done\\u{1b}[A");
        failure.several_lines = true;
        assert_eq!(visible_lines(&failure), "no\napppw: done\\u{1b}[A");
    }
}
