//! Everything that is printed.
//!
//! Results go to standard output, warnings, questions and errors to standard error. What is
//! meant for people is collected in [`Text`], which lets no control or bidi character
//! through; what is meant for programs is written by [`json`], [`csv`] and [`metrics`].

pub mod csv;
pub mod fit;
pub mod json;
pub mod metrics;
pub mod number;
mod pager;
pub mod paint;
pub mod people;
pub mod progress;
pub mod prose;
pub mod qr;
pub mod quote;
pub mod table;
pub mod terminal;
pub mod time;
mod width;

pub use fit::Fit;
pub use pager::never as no_pager;
pub use paint::Paint;

use crate::exit::Failure;
use apppw_admin::text::visible;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::fd::AsFd;
use std::time::Duration;
use terminal::Stream;
use zeroize::Zeroizing;

/// Room for a usual result, so that the text of one with a secret needn't move, which would
/// leave a copy behind.
const ROOM: usize = 4096;

/// Lines for people. Each piece is made visible as a whole, whatever it was made of: this is
/// the one gate to the terminal. The only escapes are those of its own paint, and they are
/// added when it is shown on one.
pub struct Text {
    plain: Zeroizing<String>,
    /// Which bytes of it are painted, in their order.
    painted: Vec<(Range<usize>, Paint)>,
}

impl Text {
    /// No lines.
    pub fn new() -> Self {
        Self { plain: Zeroizing::new(String::with_capacity(ROOM)), painted: Vec::new() }
    }

    /// Adds a line.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.line_of(&[line.as_ref()]);
    }

    /// Adds a line made of `parts`, without building it elsewhere first.
    pub fn line_of(&mut self, parts: &[&str]) {
        self.painted(parts.iter().map(|part| (Paint::Plain, *part)));
    }

    /// Adds a line made of painted parts.
    pub fn painted<'a>(&mut self, parts: impl IntoIterator<Item = (Paint, &'a str)>) {
        for (paint, part) in parts {
            let from = self.plain.len();
            self.plain.push_str(&visible(part));
            if paint != Paint::Plain {
                self.painted.push((from..self.plain.len(), paint));
            }
        }
        self.plain.push('\n');
    }

    /// The lines, without paint.
    pub fn as_str(&self) -> &str {
        &self.plain
    }

    /// Prints to standard output.
    pub fn print(&self) -> Result<(), Failure> {
        print(self.shown_on(Stream::Stdout).as_bytes())
    }

    /// The same, and where that is a terminal on which it is too long, through a pager. Not for
    /// secrets, nor for what leads up to a question.
    pub fn print_in_pages(&self) -> Result<(), Failure> {
        pager::print(&self.shown_on(Stream::Stdout))
    }

    /// Prints to standard error.
    pub fn print_to_stderr(&self) {
        to_stderr(&self.shown_on(Stream::Stderr));
    }

    fn shown_on(&self, stream: Stream) -> Zeroizing<String> {
        self.rendered(paint::is_wanted(stream))
    }

    /// The lines, with paint if that `is_wanted`.
    fn rendered(&self, is_wanted: bool) -> Zeroizing<String> {
        const ESCAPES: usize = 24;
        // Never grown: that would leave a copy of a secret behind.
        let mut out = Zeroizing::new(String::with_capacity(self.plain.len() + ESCAPES * self.painted.len()));
        let mut done = 0;
        for (part, paint) in self.painted.iter().filter(|_| is_wanted) {
            out.push_str(self.plain.get(done..part.start).unwrap_or_default());
            paint.add(&mut out, self.plain.get(part.clone()).unwrap_or_default());
            done = part.end;
        }
        out.push_str(self.plain.get(done..).unwrap_or_default());
        out
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
        say(Paint::Bad, "apppw:", &visible_lines(failure));
    }
}

/// Tells a warning on standard error.
pub fn warn(message: &str) {
    say(Paint::Notable, "apppw: warning:", &visible(message));
}

/// Says something visible on standard error, behind whose it is.
fn say(paint: Paint, whose: &str, visible: &str) {
    let mut line = String::new();
    let paint = if paint::is_wanted(Stream::Stderr) { paint } else { Paint::Plain };
    paint.add(&mut line, whose);
    to_stderr(&format!("{line} {visible}\n"));
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

/// Prints `bytes` to standard error, for standard output is taken.
pub fn print_to_stderr(bytes: &[u8]) {
    to_stderr(&String::from_utf8_lossy(bytes));
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
    fn paint_is_added_when_it_is_shown_and_nothing_else_is() {
        let mut text = Text::new();
        text.painted([(Paint::Plain, "a "), (Paint::Bad, "b\x1b[2J"), (Paint::Plain, " c")]);
        text.painted([(Paint::Id, "d")]);
        assert_eq!(text.as_str(), "a b\\u{1b}[2J c\nd\n");
        assert_eq!(*text.rendered(false), *text.plain);
        let painted = text.rendered(true);
        assert_eq!(*painted, "a \x1b[1m\x1b[31mb\\u{1b}[2J\x1b[0m c\n\x1b[1md\x1b[0m\n");
        assert!(painted.capacity() >= painted.len());
    }

    #[test]
    fn a_message_from_outside_gets_one_line() {
        let mut failure = Failure::usage("no\napppw: done\x1b[A");
        assert_eq!(visible_lines(&failure), "no\\u{a}apppw: done\\u{1b}[A");
        failure.several_lines = true;
        assert_eq!(visible_lines(&failure), "no\napppw: done\\u{1b}[A");
    }
}
