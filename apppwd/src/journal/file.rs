//! The journal's file: read whole at start, then appended to and synced.

use super::reading::{MOST_UNSYNCED, read};
use super::{JournalError, Record, State};
use crate::fault::Fault;
use crate::ownership::{self, Kept};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file in `key_dir`.
const FILE_NAME: &str = "journal.log";

/// The open journal, locked for this process.
#[derive(Debug)]
pub struct JournalFile {
    path: PathBuf,
    file: File,
    /// Bytes known to be whole and synced.
    len: u64,
    /// There may be half a line behind them.
    torn: bool,
    /// What an append that failed still owes: the next one writes it first.
    owed: Vec<Record>,
}

impl JournalFile {
    /// Whether there is a journal in `key_dir`.
    ///
    /// # Errors
    /// [`Fault::Io`].
    pub fn exists(key_dir: &Path) -> Result<Option<PathBuf>, Fault> {
        let path = key_dir.join(FILE_NAME);
        Ok(ownership::is_there(&path)?.then_some(path))
    }

    /// Opens the journal in `key_dir`, or makes it, and returns what it says.
    ///
    /// Half an append is what a crash leaves of a change that was never acknowledged: it is cut off.
    ///
    /// # Errors
    /// [`Fault::Journal`] if a line is damaged or the file can't be used, [`Fault::Access`]
    /// if others could touch it.
    pub fn open(key_dir: &Path) -> Result<(Self, State), Fault> {
        let path = key_dir.join(FILE_NAME);
        let io = |what| {
            let path = path.clone();
            move |source: std::io::Error| JournalError::Io { what, path, source }
        };
        ownership::private_file(&path)?;
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&path)
            .map_err(io("open"))?;
        ownership::check(&path, Kept::Private)?;
        // It ends with the descriptor.
        file.try_lock().map_err(|e| io("lock")(e.into()))?;
        let (state, len, tail) = read(&path, &file)?;
        let mut journal = Self { path: path.clone(), file, len, torn: true, owed: Vec::new() };
        if tail.torn {
            tracing::warn!(
                "{}: cut off what a crash has left of a change; nothing that was acknowledged is lost",
                path.display()
            );
        }
        if tail.kept.is_empty() {
            journal.cut().map_err(io("write"))?;
        } else if let Err(error) = journal.append(&tail.kept) {
            // They are owed then, as any that a full disk refuses.
            tracing::warn!("{error}");
        }
        ownership::sync_dir(key_dir).map_err(io("write"))?;
        Ok((journal, state))
    }

    /// How many bytes of it are known to be whole and synced.
    pub const fn synced(&self) -> u64 {
        self.len
    }

    /// Whether no append that failed is still to be written.
    pub const fn is_owed_nothing(&self) -> bool {
        self.owed.is_empty()
    }

    /// Appends the records, and what was owed before them, and syncs them to disk: one sync for
    /// many of them.
    ///
    /// # Errors
    /// [`JournalError::Io`]; the records are then owed.
    pub fn append(&mut self, records: &[Record]) -> Result<(), JournalError> {
        self.owed.extend_from_slice(records);
        if self.owed.is_empty() {
            return Ok(());
        }
        while !self.owed.is_empty() {
            let (lines, count) = first_lines(&self.owed);
            self.write(lines.as_bytes()).map_err(|source| JournalError::Io {
                what: "write",
                path: self.path.clone(),
                source,
            })?;
            self.owed.drain(..count);
        }
        Ok(())
    }

    /// As [`JournalFile::append`], for a change that the caller takes back if it can't be
    /// written: then it is not owed. What was owed before stays so.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn append_or_forget(&mut self, records: &[Record]) -> Result<(), JournalError> {
        let appended = self.append(records);
        if appended.is_err() {
            // They are the last ones; what was owed before may be written in part.
            self.owed.truncate(self.owed.len().saturating_sub(records.len()));
            // Only the sync may have failed: then the lines are there, and a start after a crash would read them.
            if let Err(error) = self.cut() {
                tracing::error!(
                    "can't cut off what was not to be in the journal {}: {error}",
                    self.path.display()
                );
            }
        }
        appended
    }

    fn write(&mut self, lines: &[u8]) -> std::io::Result<()> {
        self.cut()?;
        self.torn = true;
        self.file.write_all(lines)?;
        self.file.sync_data()?;
        self.torn = false;
        self.len += u64::try_from(lines.len()).unwrap_or(0);
        Ok(())
    }

    /// Cuts off what a failed append may have left: half a line would join the next one and
    /// make the journal unreadable.
    fn cut(&mut self) -> std::io::Result<()> {
        if self.torn {
            self.file.set_len(self.len)?;
            self.file.sync_all()?;
            self.torn = false;
        }
        Ok(())
    }
}

/// The lines of as many of the records as are written before a sync, and how many these are.
fn first_lines(records: &[Record]) -> (String, usize) {
    let (mut lines, mut count) = (String::new(), 0);
    for record in records {
        let line = record.to_line();
        if count > 0 && lines.len() + line.len() > MOST_UNSYNCED {
            break;
        }
        lines.push_str(&line);
        count += 1;
    }
    (lines, count)
}

#[cfg(test)]
mod tests {
    use super::super::Change;
    use super::*;
    use apppw_admin::AppPasswordId;

    fn revoke(bits: u64) -> Record {
        Record { at: 1, change: Change::Revoke(AppPasswordId::from_bits(bits)) }
    }

    fn open(dir: &Path) -> (JournalFile, usize) {
        let (journal, state) = JournalFile::open(dir).unwrap();
        (journal, state.revoked().count())
    }

    #[test]
    fn what_was_appended_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, 0) = open(dir.path()) else { panic!("a new journal says nothing") };
        journal.append(&[revoke(1), revoke(2)]).unwrap();
        journal.append(&[revoke(3)]).unwrap();
        drop(journal);
        assert_eq!(open(dir.path()).1, 3);
    }

    #[test]
    fn a_torn_last_line_is_cut_off_and_the_journal_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        let (mut journal, _) = open(dir.path());
        journal.append(&[revoke(1), revoke(2)]).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert_eq!(open(dir.path()).1, 2, "only the newline was missing");
        assert_eq!(std::fs::read(&path).unwrap(), whole, "and is there again");
        for cut in 2..whole.len() / 2 {
            std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            let (mut journal, 1) = open(dir.path()) else { panic!("cut by {cut}") };
            journal.append(&[revoke(3)]).unwrap();
            drop(journal);
            assert_eq!(open(dir.path()).1, 2, "cut by {cut}");
        }
    }

    /// Sectors of the last append that never reached the disk read as zeros.
    #[test]
    fn an_append_of_which_a_power_cut_has_lost_sectors_is_cut_off_and_what_is_whole_of_it_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        let (mut journal, _) = open(dir.path());
        journal.append(&[revoke(1), revoke(2)]).unwrap();
        let synced = usize::try_from(journal.len).unwrap();
        let more: Vec<Record> = (10..80).map(revoke).collect();
        journal.append(&more).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        let sectors = whole.len().div_ceil(512);
        for lost in 0_u32..1 << sectors {
            let mut torn = whole.clone();
            for (n, sector) in torn.chunks_mut(512).enumerate().filter(|(n, _)| lost & 1 << n != 0) {
                let kept = synced.saturating_sub(512 * n).min(sector.len());
                sector[kept..].fill(0);
            }
            std::fs::write(&path, &torn).unwrap();
            let (mut journal, found) = open(dir.path());
            assert!((2..=72).contains(&found) && (lost != 0 || found == 72), "{lost:b}: {found}");
            journal.append(&[revoke(3)]).unwrap();
            drop(journal);
            let again = open(dir.path()).1;
            assert_eq!(again, found + 1, "{lost:b}");
            assert!(std::fs::read(&path).unwrap().starts_with(&whole[..synced]), "{lost:b}");
        }
    }

    /// The number behind a renaming says that the journal knows of it.
    #[test]
    fn a_start_whose_append_has_lost_a_sector_before_it_is_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        let start = |run| Record { at: 1, change: Change::Start(run) };
        let (mut journal, _) = open(dir.path());
        journal.append(&[start(7)]).unwrap();
        while journal.len % 512 < 490 {
            journal.append(&[revoke(1)]).unwrap();
        }
        let synced = usize::try_from(journal.len).unwrap();
        journal.append(&[revoke(2), start(8), revoke(3)]).unwrap();
        drop(journal);
        let run = |lost: std::ops::Range<usize>, whole: &[u8]| {
            let mut torn = whole.to_vec();
            torn[lost].fill(0);
            std::fs::write(&path, torn).unwrap();
            let (journal, state) = JournalFile::open(dir.path()).unwrap();
            drop(journal);
            let again = JournalFile::open(dir.path()).unwrap().1;
            assert_eq!(again.run(), state.run());
            (state.run(), state.revoked().count())
        };
        let whole = std::fs::read(&path).unwrap();
        let sector = synced.next_multiple_of(512);
        assert_eq!(run(synced..sector, &whole), (Some(7), 2), "revoke(1) and revoke(3)");
        assert_eq!(run(synced..synced, &whole), (Some(8), 3));
    }

    #[test]
    fn zeros_that_no_power_cut_leaves_stop_the_daemon() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        let (mut journal, _) = open(dir.path());
        journal.append(&(10..400).map(revoke).collect::<Vec<_>>()).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        // One byte, a part of a sector, and a sector that is too old not to have been synced.
        for hole in [2000..2001, 2048..2500, 3001..3584, 512..1024] {
            let mut damaged = whole.clone();
            damaged[hole.clone()].fill(0);
            if hole.start > 1024 {
                damaged.truncate(5000);
            }
            std::fs::write(&path, &damaged).unwrap();
            let opened = JournalFile::open(dir.path());
            assert!(opened.is_err(), "{hole:?}");
        }
    }

    #[test]
    fn a_failed_append_is_made_good_by_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        let (mut journal, _) = open(dir.path());
        journal.append(&[revoke(1)]).unwrap();
        // A descriptor that can only be read fails each write, as a full disk does.
        let good = std::mem::replace(&mut journal.file, read_only(dir.path()));
        assert!(journal.append(&[revoke(2)]).is_err());
        assert!(journal.append_or_forget(&[revoke(9)]).is_err(), "taken back, and the other still owed");
        assert!(journal.append(&[]).is_err(), "it is owed, and said so");
        drop(std::mem::replace(&mut journal.file, good));
        // Half a line, as a full disk leaves it.
        let mut torn = OpenOptions::new().append(true).open(&path).unwrap();
        torn.write_all(b"17 revoke ap-").unwrap();
        journal.append(&[revoke(3)]).unwrap();
        drop(journal);
        assert_eq!(open(dir.path()).1, 3);
    }

    fn read_only(dir: &Path) -> File {
        let other = dir.join("other");
        std::fs::write(&other, "").unwrap();
        File::open(other).unwrap()
    }

    #[test]
    fn two_processes_never_write_one_journal() {
        let dir = tempfile::tempdir().unwrap();
        let (_journal, _) = open(dir.path());
        let error = JournalFile::open(dir.path()).unwrap_err().to_string();
        assert!(error.contains("can't lock the journal"), "{error}");
    }

    #[test]
    fn a_damaged_line_stops_the_daemon() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        let (mut journal, _) = open(dir.path());
        journal.append(&[revoke(1), revoke(2), revoke(3)]).unwrap();
        drop(journal);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("revoke", "revive", 2)).unwrap();
        let error = JournalFile::open(dir.path()).unwrap_err().to_string();
        assert!(error.contains("line 1 is damaged"), "{error}");
        for garbage in [&b"\xff\n"[..], b"\xff", &[b'a'; 700]] {
            std::fs::write(&path, garbage).unwrap();
            assert!(JournalFile::open(dir.path()).is_err(), "{garbage:?}");
        }
        std::fs::write(&path, b"1 revoke ap-0\0\0\0\0").unwrap();
        assert!(JournalFile::open(dir.path()).is_ok(), "what a crash leaves");
    }
}
