//! PAM stacks, read and walked as libpam does it (Linux-PAM, Debian's `@include` among it): what would an application be
//! told if this module said that?
//!
//! `tests/tests/module/evaluator.rs` holds it against the libpam of the machine, thousands of random stacks through both.

mod code;
mod lines;
mod parse;
mod run;

pub use code::{Action, CODES, Code, Control};
pub use lines::LONGEST as LONGEST_LINE;
pub use parse::{Facility, Handler, Kind, Note, Place, Service, Stack};
pub use run::{Outcome, run};

use super::files::Files;
use std::io;
use std::path::{Path, PathBuf};

/// Where libpam looks for a service's file, in this order.
pub const DIRECTORIES: [&str; 2] = ["/etc/pam.d", "/usr/lib/pam.d"];

/// What it reads where neither directory exists.
pub const SINGLE_FILE: &str = "/etc/pam.conf";

/// The host's files, as libpam takes them: bytes that are no UTF-8 (a comment in Latin-1) are none of its concern.
#[derive(Debug, Clone, Copy)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<String> {
        Ok(String::from_utf8_lossy(&std::fs::read(path)?).into_owned())
    }

    fn names(&self, directory: &Path) -> Vec<String> {
        super::files::Disk.names(directory)
    }
}

/// Whether one of the directories is there: libpam then never looks at [`SINGLE_FILE`].
#[must_use]
pub fn has_directory(files: &dyn Files) -> bool {
    DIRECTORIES.iter().map(Path::new).any(|directory| {
        !files.names(directory).is_empty()
            || files.read(directory).is_err_and(|error| error.kind() == io::ErrorKind::IsADirectory)
    })
}

/// Where PAM's configuration is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Configuration<'a> {
    /// Instead of [`DIRECTORIES`], as with `pam_start_confdir`.
    pub confdir: Option<&'a Path>,
}

impl Configuration<'_> {
    /// All files that a service could have: in front of those of the same name behind them.
    #[must_use]
    pub fn paths(&self, name: &str) -> Vec<PathBuf> {
        if name.starts_with('/') {
            return vec![PathBuf::from(name)];
        }
        match self.confdir {
            Some(confdir) => vec![confdir.join(name)],
            None => DIRECTORIES.iter().map(|directory| Path::new(directory).join(name)).collect(),
        }
    }

    /// Reads the stacks of a service.
    pub fn service(&self, files: &dyn Files, name: &str) -> Service {
        parse::service(self, files, name)
    }
}
