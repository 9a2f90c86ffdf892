//! What the shim has written down.

use super::kind;
use std::path::{Path, PathBuf};

/// Begins each record; the letters are there to find it in a dump.
const MAGIC: u64 = u64::from_be_bytes(*b"krowerid");

/// The kind of a record that the test itself adds.
const MARK: u64 = 0;

/// Something that changed what is on the disk, or a mark of the test's. Paths are those below the
/// site's folder: `state/apppw.db`, empty for the folder itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// A file was made.
    Create(PathBuf),
    /// A folder was made.
    Mkdir(PathBuf),
    /// Bytes were written there.
    Write(PathBuf, u64, Vec<u8>),
    /// It has that length now.
    Truncate(PathBuf, u64),
    /// A file or folder was synced.
    Sync(PathBuf),
    /// It has another name now.
    Rename(PathBuf, PathBuf),
    /// It was removed.
    Unlink(PathBuf),
    /// The test noted something.
    Mark(u64),
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Create(path) => write!(f, "create {}", path.display()),
            Self::Mkdir(path) => write!(f, "mkdir {}", path.display()),
            Self::Write(path, at, data) => write!(f, "write {} {at} +{}", path.display(), data.len()),
            Self::Truncate(path, length) => write!(f, "truncate {} {length}", path.display()),
            Self::Sync(path) => write!(f, "sync {}", path.display()),
            Self::Rename(from, to) => write!(f, "rename {} {}", from.display(), to.display()),
            Self::Unlink(path) => write!(f, "unlink {}", path.display()),
            Self::Mark(what) => write!(f, "mark {what}"),
        }
    }
}

/// The record of a mark.
pub(super) fn mark(what: u64) -> Vec<u8> {
    [MAGIC, MARK, what, 0, 0].iter().flat_map(|number| number.to_ne_bytes()).collect()
}

/// Reads a log of a site at `root`. Half a record at its end is what a kill left.
///
/// # Panics
/// If it can't be understood.
#[must_use]
pub fn read(bytes: &[u8], root: &Path) -> Vec<Operation> {
    let with_failed = read_with_failed(bytes, root);
    with_failed.into_iter().filter(|(_, has_failed)| !has_failed).map(|(operation, _)| operation).collect()
}

/// The same with the syncs that have failed, each marked so.
///
/// # Panics
/// If it can't be understood.
#[must_use]
pub fn read_with_failed(mut bytes: &[u8], root: &Path) -> Vec<(Operation, bool)> {
    let mut operations = Vec::new();
    while let Some((head, rest)) = bytes.split_at_checked(40) {
        let mut numbers = head.as_chunks().0.iter().copied().map(u64::from_ne_bytes);
        let mut next = || numbers.next().unwrap_or_default();
        let (magic, what, offset, path, data) = (next(), next(), next(), next(), next());
        assert_eq!(magic, MAGIC, "the shim's log is damaged");
        let length = |number| usize::try_from(number).expect("a length");
        let Some((path, rest)) = rest.split_at_checked(length(path)) else { break };
        let Some((data, rest)) = rest.split_at_checked(length(data)) else { break };
        bytes = rest;
        let has_failed = what == kind::SYNC && offset == 1;
        let operation = match what {
            MARK => Operation::Mark(offset),
            kind::CREATE => Operation::Create(below(path, root)),
            kind::MKDIR => Operation::Mkdir(below(path, root)),
            kind::WRITE => Operation::Write(below(path, root), offset, data.to_vec()),
            kind::TRUNCATE => Operation::Truncate(below(path, root), offset),
            kind::SYNC => Operation::Sync(below(path, root)),
            kind::RENAME => Operation::Rename(below(path, root), below(data, root)),
            kind::UNLINK => Operation::Unlink(below(path, root)),
            other => panic!("the shim's log has a kind {other}"),
        };
        operations.push((operation, has_failed));
    }
    operations
}

fn below(path: &[u8], root: &Path) -> PathBuf {
    let path = Path::new(std::str::from_utf8(path).expect("a path in UTF-8"));
    path.strip_prefix(root).expect("a path below the site").to_owned()
}
