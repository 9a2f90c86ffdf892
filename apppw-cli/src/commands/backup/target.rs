//! Where a backup is written: whole under its name, or not at all.

use crate::exit::Failure;
use crate::output::{self, terminal};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file that isn't there yet, or standard output.
pub enum Target {
    File(Begun),
    Stdout,
}

/// A file under another name, which is gone with this unless it was finished.
pub struct Begun {
    path: PathBuf,
    part: PathBuf,
    file: File,
    finished: bool,
}

impl Target {
    /// `-` is standard output.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        if path.as_os_str() == "-" {
            if terminal::stdout_is_terminal() {
                return Err(Failure::usage(
                    "a backup is no text for a terminal: name a file, or send standard output to a program",
                ));
            }
            return Ok(Self::Stdout);
        }
        if path.symlink_metadata().is_ok() {
            return Err(is_there(path));
        }
        let mut part = path.to_owned().into_os_string();
        part.push(format!(".part-{}", std::process::id()));
        let part = PathBuf::from(part);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&part)
            .map_err(|e| cant_write(path, &e))?;
        Ok(Self::File(Begun { path: path.to_owned(), part, file, finished: false }))
    }

    pub const fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Stdout => output::write_stdout(bytes)
                .map_err(|e| Failure::io(format!("can't write the backup to standard output: {e}"))),
            Self::File(Begun { file, path, .. }) => file.write_all(bytes).map_err(|e| cant_write(path, &e)),
        }
    }

    /// Everything is in it: it gets its name, for good.
    pub fn finish(self) -> Result<(), Failure> {
        let Self::File(mut begun) = self else { return Ok(()) };
        let Begun { path, part, file, .. } = &begun;
        file.sync_all().map_err(|e| cant_write(path, &e))?;
        rename(part, path)?;
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Who may write into a folder need not be let read it; then the name is as sure as the system makes it.
        if let Ok(dir) = File::open(dir) {
            dir.sync_all().map_err(|e| cant_write(path, &e))?;
        }
        begun.finished = true;
        Ok(())
    }
}

/// Never in the place of another file.
fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::EXIST) => Err(is_there(to)),
        // A file system that can't promise that (NFS).
        Err(Errno::INVAL | Errno::NOSYS) if to.symlink_metadata().is_err() => {
            std::fs::rename(from, to).map_err(|e| cant_write(to, &e))
        }
        Err(Errno::INVAL | Errno::NOSYS) => Err(is_there(to)),
        Err(e) => Err(cant_write(to, &e.into())),
    }
}

fn cant_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::io(format!("can't write the backup to {}: {error}; nothing was kept", path.display()))
}

fn is_there(path: &Path) -> Failure {
    let message = format!("{} is there already: give another name, or remove it first", path.display());
    Failure { status: crate::exit::Status::Refused, code: "exists", ..Failure::invalid("file", message) }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if !self.finished {
            let _ = std::fs::remove_file(&self.part);
        }
    }
}
