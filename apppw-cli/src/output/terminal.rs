//! What happens with a person: questions, and secrets that aren't echoed.

use super::{Text, to_stderr};
use crate::exit::Failure;
use apppw_admin::SecretText;
use rustix::termios::tcgetwinsize;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use zeroize::Zeroizing;

/// Longest secret that is read, in bytes; a pass phrase fits, a file given by mistake doesn't.
const MAX_SECRET: usize = 4096;

/// Where something is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Results.
    Stdout,
    /// Warnings, questions, errors.
    Stderr,
}

/// How large a terminal is, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub columns: u16,
    pub rows: u16,
}

/// Whether a person looks at `stream`.
pub fn is_terminal(stream: Stream) -> bool {
    match stream {
        Stream::Stdout => io::stdout().is_terminal(),
        Stream::Stderr => io::stderr().is_terminal(),
    }
}

/// As large as the terminal says that it is; none: there is none, or it doesn't know.
pub fn size(stream: Stream) -> Option<Size> {
    let size = match stream {
        Stream::Stdout => tcgetwinsize(io::stdout()),
        Stream::Stderr => tcgetwinsize(io::stderr()),
    };
    size.ok().map(|size| Size { columns: size.ws_col, rows: size.ws_row })
}

/// Whether a person reads the results.
pub fn stdout_is_terminal() -> bool {
    is_terminal(Stream::Stdout)
}

/// Whether a person can be asked.
pub fn stdin_is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Shows `about` and asks `question` on standard error (standard output may go to a file).
/// Only `y` and `yes` are a yes.
pub fn confirm(about: &Text, question: &str) -> Result<bool, Failure> {
    about.print_to_stderr();
    let mut asked = Text::new();
    asked.line(format!("{question} [y/N]"));
    to_stderr(&format!("{} ", asked.as_str().trim_end()));
    let line = read_line(64).map_err(|e| Failure::io(format!("can't read the answer: {e}")))?;
    let answer = line.map(|line| String::from_utf8_lossy(&line).trim().to_ascii_lowercase());
    Ok(matches!(answer.as_deref(), Some("y" | "yes")))
}

/// Reads a secret: from a hidden prompt on a terminal, else one line of standard input.
pub fn secret(prompt: &str) -> Result<SecretText, Failure> {
    let unreadable = |e: io::Error| Failure::io(format!("can't read the secret: {e}"));
    let text = if stdin_is_terminal() {
        rpassword::prompt_password(prompt).map_err(unreadable)?
    } else {
        let line = read_line(MAX_SECRET).map_err(unreadable)?.ok_or_else(too_long)?;
        std::str::from_utf8(&line)
            .map_err(|_| {
                Failure::invalid(
                    "secret",
                    "the secret is not UTF-8 text, which every app password is; is it the right file?",
                )
            })?
            .to_owned()
    };
    let secret = SecretText::new(text);
    match secret.expose().len() {
        0 => Err(Failure::invalid("secret", "no secret was given: type it, or write it to standard input")),
        1..=MAX_SECRET => Ok(secret),
        _ => Err(too_long()),
    }
}

fn too_long() -> Failure {
    Failure::invalid(
        "secret",
        format!(
            "the secret is longer than {MAX_SECRET} bytes, which no app password is; is it the right file?"
        ),
    )
}

fn read_line(max: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    line_from(File::from(io::stdin().as_fd().try_clone_to_owned()?), max)
}

/// A line without its end (LF or CR LF); `None` if it has more than `max` bytes. Reads byte by
/// byte: what follows is left to the next program that reads the same input, and no buffer
/// keeps the secret.
fn line_from(mut source: impl Read, max: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(max + 1));
    let mut byte = Zeroizing::new([0_u8]);
    loop {
        match source.read(&mut *byte) {
            Ok(0) => break,
            Ok(_) if *byte == *b"\n" => break,
            Ok(_) if line.len() > max => return Ok(None),
            Ok(_) => line.extend_from_slice(&*byte),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok((line.len() <= max).then_some(line))
}

#[cfg(test)]
mod tests {
    use super::line_from;

    fn line(input: &[u8], max: usize) -> Option<Vec<u8>> {
        line_from(input, max).unwrap().map(|line| line.to_vec())
    }

    #[test]
    fn the_end_of_the_line_is_no_part_of_it() {
        assert_eq!(line(b"abc\n", 9), Some(b"abc".to_vec()));
        assert_eq!(line(b"abc\r\n", 9), Some(b"abc".to_vec()));
        assert_eq!(line(b" a\rb ", 9), Some(b" a\rb ".to_vec()));
        assert_eq!(line(b"", 9), Some(vec![]));
    }

    #[test]
    fn length_is_counted_without_the_end() {
        assert_eq!(line(b"abcd\r\n", 4), Some(b"abcd".to_vec()));
        assert_eq!(line(b"abcd", 4), Some(b"abcd".to_vec()));
        assert_eq!(line(b"abcde\n", 4), None);
        assert_eq!(line(&[b'a'; 1000], 4), None);
    }

    #[test]
    fn only_one_line_is_taken() {
        let mut input: &[u8] = b"one\ntwo\n";
        assert_eq!(line_from(&mut input, 9).unwrap().unwrap().as_slice(), b"one");
        assert_eq!(input, b"two\n");
    }
}
