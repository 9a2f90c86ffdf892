//! Faults of disk, power and clock, put between the real daemon and its files by `LD_PRELOAD`.
//!
//! The shim sees every call of libc's by which the daemon reads or changes something below a site's
//! `state` and `key`. It can let the n-th of them fail or fall short, kill the process there, and
//! write down each that changes something, in the order in which they happened ([`record`]).

pub mod record;

use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::cc;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const SOURCE: &str = include_str!("shim.c");

/// Kinds of operations; add them up.
pub mod kind {
    /// open(2) of what is there, fcntl(2) `F_DUPFD`.
    pub const OPEN: u64 = 1;
    /// read(2), pread(2).
    pub const READ: u64 = 2;
    /// write(2), pwrite(2), writev(2).
    pub const WRITE: u64 = 4;
    /// fsync(2), fdatasync(2).
    pub const SYNC: u64 = 8;
    /// ftruncate(2), `O_TRUNC`.
    pub const TRUNCATE: u64 = 16;
    /// rename(2).
    pub const RENAME: u64 = 32;
    /// unlink(2).
    pub const UNLINK: u64 = 64;
    /// mkdir(2).
    pub const MKDIR: u64 = 128;
    /// close(2).
    pub const CLOSE: u64 = 256;
    /// flock(2), fcntl(2) locks.
    pub const LOCK: u64 = 512;
    /// mmap(2).
    pub const MAP: u64 = 1024;
    /// stat(2) and its kin.
    pub const STAT: u64 = 2048;
    /// fchmod(2), fchown(2).
    pub const MODE: u64 = 4096;
    /// open(2) of what is not there yet.
    pub const CREATE: u64 = 8192;
    /// All that change what is on the disk.
    pub const CHANGES: u64 = WRITE | SYNC | TRUNCATE | RENAME | UNLINK | MKDIR | CREATE;
    /// Any.
    pub const ALL: u64 = 0x3fff;
}

/// Files; add them up.
pub mod file {
    /// `apppw.db`.
    pub const DATABASE: u64 = 1;
    /// `apppw.db-wal`.
    pub const WAL: u64 = 2;
    /// `apppw.db-shm`.
    pub const SHM: u64 = 4;
    /// `apppw.db-journal`, SQLite's own.
    pub const ROLLBACK: u64 = 8;
    /// `journal.log`.
    pub const JOURNAL: u64 = 16;
    /// `server.key` and what becomes it.
    pub const KEY: u64 = 32;
    /// `lock`.
    pub const LOCK: u64 = 64;
    /// The folders `state` and `key`, and the one that they are in.
    pub const FOLDER: u64 = 128;
    /// Anything else there.
    pub const OTHER: u64 = 256;
    /// Any.
    pub const ALL: u64 = 0x1ff;
}

/// What becomes of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// It fails with this errno.
    Fail(i32),
    /// It and all that match later, until [`Shim::disarm`].
    FailOn(i32),
    /// It and those that match next, so many in all.
    FailTimes(i32, u64),
    /// So many bytes of it are read or written, half of them if it is no longer than that.
    Short(u64),
    /// The process is killed instead.
    KillBefore,
    /// The process is killed right after it.
    KillAfter,
    /// So many bytes of it are written, then the process is killed.
    KillShort(u64),
    /// It is done, and the clock jumps by so many seconds ([`Shim::clock_stands`] or
    /// [`Shim::clock_is_off_by`] first).
    Jump(i64),
}

/// When it strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// What is done then.
    pub act: Act,
    /// At the n-th operation that matches, from 1, counted from [`Shim::arm`].
    pub nth: u64,
    /// [`kind`]s that match.
    pub kinds: u64,
    /// [`file`]s that match.
    pub files: u64,
}

impl Plan {
    /// At the n-th operation of any kind on any file.
    #[must_use]
    pub const fn at(nth: u64, act: Act) -> Self {
        Self { act, nth, kinds: kind::ALL, files: file::ALL }
    }

    /// At the n-th that changes what is on the disk.
    #[must_use]
    pub const fn at_change(nth: u64, act: Act) -> Self {
        Self { kinds: kind::CHANGES, ..Self::at(nth, act) }
    }
}

/// Where the numbers of `struct page` stand in shim.c, in words of 8 bytes.
mod word {
    pub const ARMED: u64 = 0;
    pub const RECORD: u64 = 7;
    pub const CLOCK: u64 = 8;
    pub const SECONDS: u64 = 9;
    pub const STEP: u64 = 10;
    pub const MATCHED: u64 = 16;
    pub const STRUCK: u64 = 17;
    pub const ALL: u64 = 18;
    pub const COUNT: usize = 19;
}

/// The shim of one site's daemons.
#[derive(Debug)]
pub struct Shim {
    page: File,
    page_path: PathBuf,
    log: File,
    log_path: PathBuf,
    root: PathBuf,
}

impl Shim {
    /// For daemons of that site.
    ///
    /// # Panics
    /// If cc can't be run, or the site's folder not be written.
    #[must_use]
    pub fn new(site: &Site) -> Self {
        let (page_path, log_path) = (site.path("shim"), site.path("shim.log"));
        let mut page = File::options();
        let page = page.read(true).write(true).create_new(true).open(&page_path).expect("the shim's page");
        page.write_all_at(&[0; 4096], 0).expect("the shim's page");
        let log = File::options().append(true).create(true).open(&log_path).expect("the shim's log");
        let root = site.path("").components().collect();
        Self { page, page_path, log, log_path, root }
    }

    /// Has a command go through it.
    #[must_use]
    pub fn drive(&self, mut command: Command) -> Command {
        command.env("LD_PRELOAD", library()).env("APPPW_SHIM", &self.page_path);
        command.env("APPPW_SHIM_SITE", &self.root).env("APPPW_SHIM_LOG", &self.log_path);
        command
    }

    /// Starts a site's daemon that goes through it.
    #[must_use]
    pub fn start(&self, site: Site) -> Apppwd {
        let command = self.drive(site.command());
        site.start_by(command)
    }

    /// Strikes by that plan from now on; what was planned before is forgotten, and [`Shim::matched`]
    /// and [`Shim::struck`] begin anew.
    pub fn arm(&self, plan: Plan) {
        self.disarm();
        let (act, error, length, step, times) = match plan.act {
            Act::Fail(errno) => (1, errno, 0, 0, 0),
            Act::FailOn(errno) => (2, errno, 0, 0, 0),
            Act::FailTimes(errno, times) => (8, errno, 0, 0, times),
            Act::Short(length) => (3, 0, length, 0, 0),
            Act::KillBefore => (4, 0, 0, 0, 0),
            Act::KillAfter => (5, 0, 0, 0, 0),
            Act::KillShort(length) => (6, 0, length, 0, 0),
            Act::Jump(step) => (7, 0, 0, step, 0),
        };
        let error = u64::try_from(error).expect("an errno");
        self.put(word::MATCHED, &[0, 0]);
        self.put(1, &[act, plan.nth, plan.kinds, plan.files, error, length]);
        self.put(word::STEP, &[step.cast_unsigned(), times]);
        self.put(word::ARMED, &[1]);
    }

    /// Strikes no more.
    pub fn disarm(&self) {
        self.put(word::ARMED, &[0]);
    }

    /// How many operations have matched since [`Shim::arm`].
    #[must_use]
    pub fn matched(&self) -> u64 {
        self.get(word::MATCHED)
    }

    /// How often it has struck since then.
    #[must_use]
    pub fn struck(&self) -> u64 {
        self.get(word::STRUCK)
    }

    /// How many operations of any kind there were in all.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.get(word::ALL)
    }

    /// The daemon's wall clock stands there.
    pub fn clock_stands(&self, at: i64) {
        self.put(word::CLOCK, &[1, at.cast_unsigned()]);
    }

    /// It is the machine's, and so many seconds.
    pub fn clock_is_off_by(&self, seconds: i64) {
        self.put(word::CLOCK, &[2, seconds.cast_unsigned()]);
    }

    /// It is the machine's.
    pub fn clock_is_right(&self) {
        self.put(word::CLOCK, &[0, 0]);
    }

    /// Where it stands, or by how much it is off.
    #[must_use]
    pub fn clock_seconds(&self) -> i64 {
        self.get(word::SECONDS).cast_signed()
    }

    /// Begins or ends writing down what changes.
    pub fn record(&self, is_on: bool) {
        self.put(word::RECORD, &[u64::from(is_on)]);
    }

    /// Notes something between the operations: all that the daemon did before what it answered is
    /// before it.
    ///
    /// # Panics
    /// If the log can't be written.
    pub fn mark(&self, what: u64) {
        let bytes = record::mark(what);
        (&self.log).write_all(&bytes).expect("the shim's log");
    }

    /// What has been written down so far.
    ///
    /// # Panics
    /// If the log can't be read.
    #[must_use]
    pub fn recorded(&self) -> Vec<record::Operation> {
        let bytes = fs::read(&self.log_path).expect("the shim's log");
        record::read(&bytes, &self.root)
    }

    /// The same with the syncs that have failed.
    ///
    /// # Panics
    /// If the log can't be read.
    #[must_use]
    pub fn recorded_with_failed(&self) -> Vec<(record::Operation, bool)> {
        let bytes = fs::read(&self.log_path).expect("the shim's log");
        record::read_with_failed(&bytes, &self.root)
    }

    /// Forgets what was written down.
    ///
    /// # Panics
    /// If the log can't be written.
    pub fn forget_record(&self) {
        self.log.set_len(0).expect("the shim's log");
    }

    fn put(&self, word: u64, values: &[u64]) {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
        self.page.write_all_at(&bytes, 8 * word).expect("the shim's page");
    }

    fn get(&self, word: u64) -> u64 {
        let mut bytes = [0; 8 * word::COUNT];
        self.page.read_exact_at(&mut bytes, 0).expect("the shim's page");
        let words = bytes.as_chunks().0;
        words.get(usize::try_from(word).expect("few")).copied().map_or(0, u64::from_ne_bytes)
    }
}

/// The shim, compiled once in this process's life.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let folder = apppw_tests::bin::dir().join("../torture");
        fs::create_dir_all(&folder).expect("a folder for the shim");
        // Another process may be loading the one before.
        let (new, built) = (folder.join(format!("shim.{}.so", std::process::id())), folder.join("shim.so"));
        cc::library(SOURCE, &new);
        fs::rename(&new, &built).expect("the shim");
        let _ = fs::remove_file(new.with_extension("c"));
        built
    })
}
