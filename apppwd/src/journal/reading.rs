//! Reading the journal's file, whole, at start.

use super::record::LineError;
use super::{JournalError, Record, State};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::mpsc;

/// No line is longer, in bytes: a group's name in hexadecimal digits and some words.
const LONGEST_LINE: usize = 600;

/// So many records go from thread to thread at once.
const BLOCK: usize = if cfg!(test) { 2 } else { 1000 };

/// So many blocks are read ahead.
const BLOCKS_AHEAD: usize = 4;

/// What stands behind the last newline.
pub(crate) enum Tail {
    None,
    /// The beginning of a line.
    Torn,
    /// A line that only lacks its newline.
    Whole(Record),
}

/// Reads the whole lines, one at a time: the journal may have grown for years. Returns what
/// they say, how many bytes they are, and what stands behind them.
///
/// A thread of its own tests and reads the lines while this one takes in what they say: with a
/// million lines a start would be half as long again.
pub(super) fn read(path: &Path, file: &File) -> Result<(State, u64, Tail), JournalError> {
    let mut state = State::default();
    let (read, records) = mpsc::sync_channel(BLOCKS_AHEAD);
    let end = std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().name("journal-reader".into());
        let lines = reader.spawn_scoped(scope, || read_lines(path, file, read));
        let lines =
            lines.map_err(|source| JournalError::Io { what: "read", path: path.to_owned(), source })?;
        for record in records.into_iter().flatten() {
            state.apply(&record);
        }
        lines.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    let (len, tail) = end?;
    if let Tail::Whole(record) = &tail {
        state.apply(record);
    }
    Ok((state, len, tail))
}

/// Sends the whole lines' records, in their order. Returns how many bytes they are, and what
/// stands behind them.
pub(crate) fn read_lines(
    path: &Path,
    file: impl Read,
    read: mpsc::SyncSender<Vec<Record>>,
) -> Result<(u64, Tail), JournalError> {
    let mut len = 0;
    let mut lines = BufReader::new(file);
    let mut bytes = Vec::new();
    let mut block = Vec::with_capacity(BLOCK);
    // Nobody receives any more only if the receiver panicked, which says so itself.
    let send = |block| drop(read.send(block));
    for number in 1.. {
        bytes.clear();
        let n = lines.read_until(b'\n', &mut bytes);
        let n = n.map_err(|source| JournalError::Io { what: "read", path: path.to_owned(), source })?;
        let damaged = || JournalError::Damaged { path: path.to_owned(), line: number };
        let Some(line) = bytes.strip_suffix(b"\n") else {
            send(block);
            let record = std::str::from_utf8(&bytes).ok().map(Record::from_line);
            return match record {
                _ if bytes.is_empty() => Ok((len, Tail::None)),
                Some(Ok(record)) => Ok((len, Tail::Whole(record))),
                _ if may_be_torn(&bytes) => Ok((len, Tail::Torn)),
                _ => Err(damaged()),
            };
        };
        match std::str::from_utf8(line).ok().map(Record::from_line) {
            Some(Ok(record)) => block.push(record),
            Some(Err(LineError::Newer)) => {
                return Err(JournalError::Newer { path: path.to_owned(), line: number });
            }
            Some(Err(LineError::Damaged)) | None => return Err(damaged()),
        }
        if block.len() == BLOCK {
            send(std::mem::replace(&mut block, Vec::with_capacity(BLOCK)));
        }
        len += u64::try_from(n).unwrap_or(0);
    }
    Ok((len, Tail::None))
}

/// Whether the end of the file may be what a crash left of an append: the beginning of a
/// line, with the zeros that some file systems put behind it.
fn may_be_torn(tail: &[u8]) -> bool {
    let zeros = tail.iter().rev().take_while(|byte| **byte == 0).count();
    let begun = tail.get(..tail.len() - zeros).unwrap_or_default();
    begun.len() < LONGEST_LINE && begun.iter().all(|byte| (b' '..=b'~').contains(byte))
}
