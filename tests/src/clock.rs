//! A daemon whose wall clock stands where the test puts it.

use crate::apppwd::{Apppwd, Site};
use crate::cc;
use std::cell::Cell;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Goes into the daemon by the dynamic linker.
const SHIM: &str = include_str!("clock.c");

/// Some second, at 10:00:00 UTC.
pub const MORNING: i64 = 1_900_000_800 - 1_900_000_800 % 86_400 + 36_000;

/// One second of daemons' wall clock, until it is moved.
pub struct Clock {
    file: File,
    path: PathBuf,
    shim: PathBuf,
    now: Cell<i64>,
}

impl Clock {
    /// A clock for daemons of that site; it stands at [`MORNING`].
    pub fn new(site: &Site) -> Self {
        let (path, shim) = (site.path("clock"), site.path("clock.so"));
        cc::library(SHIM, &shim);
        let file =
            File::options().read(true).write(true).create_new(true).open(&path).expect("the clock's file");
        let clock = Self { file, path, shim, now: Cell::new(0) };
        clock.set(MORNING);
        clock
    }

    /// Where it stands.
    pub fn now(&self) -> i64 {
        self.now.get()
    }

    /// Puts it there.
    pub fn set(&self, now: i64) {
        self.file.write_all_at(&now.to_ne_bytes(), 0).expect("the clock can be set");
        self.now.set(now);
    }

    /// Moves it on, or back.
    pub fn go(&self, seconds: i64) {
        self.set(self.now() + seconds);
    }

    /// Has a command go by it.
    pub fn drive(&self, mut command: Command) -> Command {
        command.env("LD_PRELOAD", &self.shim).env("TEST_CLOCK", &self.path);
        command
    }

    /// Starts a site's daemon that goes by it.
    pub fn start(&self, site: Site) -> Apppwd {
        let command = self.drive(site.command());
        site.start_by(command)
    }

    /// The file that it is read from.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
