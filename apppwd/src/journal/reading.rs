//! Reading the journal's file, whole, at start.

use super::record::LineError;
use super::{Change, JournalError, Record, State};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::mpsc;

/// No line is longer, in bytes: a group's name in hexadecimal digits and some words.
const LONGEST_LINE: usize = 600;

/// Bytes of a line that are looked at, its newline included.
const MOST_READ: u64 = LONGEST_LINE as u64 + 1;

/// No more is ever appended at once, that is, before it is synced, in bytes.
pub(super) const MOST_UNSYNCED: usize = if cfg!(test) { 4096 } else { 65_536 };

/// What a disk writes whole or not at all, in bytes.
const SECTOR: usize = 512;

/// So many records go from thread to thread at once.
const BLOCK: usize = if cfg!(test) { 2 } else { 1000 };

/// So many blocks are read ahead.
const BLOCKS_AHEAD: usize = 4;

/// What stands behind the whole lines that follow on one another from the beginning.
#[derive(Default)]
pub(crate) struct Tail {
    /// Something is to be cut off: the beginning of a line, or an append with holes in it.
    pub torn: bool,
    /// Lines in it that are whole: one that only lacks its newline, or what stands behind a hole.
    pub kept: Vec<Record>,
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
    tail.kept.iter().for_each(|record| state.apply(record));
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
        let io = |source| JournalError::Io { what: "read", path: path.to_owned(), source };
        let damaged = || JournalError::Damaged { path: path.to_owned(), line: number };
        // One without an end must not fill the memory.
        let n = lines.by_ref().take(MOST_READ).read_until(b'\n', &mut bytes).map_err(io)?;
        let record = bytes.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
        match record.map(Record::from_line) {
            Some(Ok(record)) => block.push(record),
            Some(Err(LineError::Newer)) => {
                return Err(JournalError::Newer { path: path.to_owned(), line: number });
            }
            Some(Err(LineError::Damaged)) | None => {
                send(block);
                let room = u64::try_from(MOST_UNSYNCED + 1).unwrap_or(u64::MAX);
                lines.by_ref().take(room).read_to_end(&mut bytes).map_err(io)?;
                if !rest_is_zeros(&mut lines).map_err(io)? {
                    return Err(damaged());
                }
                return tail(&bytes, len).map(|tail| (len, tail)).ok_or_else(damaged);
            }
        }
        if block.len() == BLOCK {
            send(std::mem::replace(&mut block, Vec::with_capacity(BLOCK)));
        }
        len += u64::try_from(n).unwrap_or(0);
    }
    Ok((len, Tail::default()))
}

/// Whether nothing but zeros comes till the end.
fn rest_is_zeros(file: &mut impl BufRead) -> std::io::Result<bool> {
    loop {
        let block = file.fill_buf()?;
        if block.is_empty() || block.iter().any(|byte| *byte != 0) {
            return Ok(block.is_empty());
        }
        let length = block.len();
        file.consume(length);
    }
}

/// What a crash or a power cut may have left of the last append, which begins at the offset `at`;
/// `None`: it can't have left that.
///
/// An append is longer than a sector, and a disk writes sectors in any order: of one that was never
/// synced, and so never acknowledged, some may be there and others not, which then read as zeros.
fn tail(bytes: &[u8], at: u64) -> Option<Tail> {
    let mut tail = Tail::default();
    let mut offset = usize::try_from(at % u64::try_from(SECTOR).ok()?).ok()?;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        match std::str::from_utf8(text).ok().map(Record::from_line) {
            // The number says that all before it is there, too.
            Some(Ok(Record { change: Change::Start(_), .. })) if tail.torn => {}
            Some(Ok(record)) => tail.kept.push(record),
            // A line of a later version has been synced, or it is torn itself.
            _ if text.len() < line.len() && has_hole(text, offset) && bytes.len() <= MOST_UNSYNCED => {
                tail.torn = true;
            }
            _ if text.len() == line.len() && may_be_begun(text, offset) => tail.torn = !text.is_empty(),
            _ => return None,
        }
        offset += line.len();
    }
    Some(tail)
}

/// Whether a line that ends may have lost sectors: `offset` is where it begins, counted from the
/// beginning of a sector.
fn has_hole(line: &[u8], offset: usize) -> bool {
    let mut found = false;
    let mut at = 0;
    while let Some(byte) = line.get(at) {
        if *byte != 0 {
            if !is_printable(*byte) {
                return false;
            }
            at += 1;
            continue;
        }
        // From where the append or a sector begins, to where a sector ends.
        let zeros = line[at..].iter().take_while(|byte| **byte == 0).count();
        let is_whole =
            (at == 0 || (offset + at).is_multiple_of(SECTOR)) && (offset + at + zeros).is_multiple_of(SECTOR);
        if !is_whole {
            return false;
        }
        found = true;
        at += zeros;
    }
    found
}

/// Whether the end of the file may be the beginning of a line, with the zeros that some file systems
/// put behind it; holes may be before it.
fn may_be_begun(end: &[u8], offset: usize) -> bool {
    let zeros = end.iter().rev().take_while(|byte| **byte == 0).count();
    let begun = end.get(..end.len() - zeros).unwrap_or_default();
    let is_short = begun.len() < LONGEST_LINE && begun.iter().copied().all(is_printable);
    is_short || (end.len() <= MOST_UNSYNCED && has_hole(begun, offset))
}

fn is_printable(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte)
}
