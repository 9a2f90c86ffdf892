//! Where a backup is written: whole under its name, or not at all.

use crate::exit::Failure;
use crate::output::number::thousands;
use crate::output::{self, terminal};
use nix::unistd::geteuid;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags, fstatvfs, linkat, openat, renameat_with};
use rustix::io::Errno;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file that isn't there yet, or standard output.
pub enum Target {
    File(Begun),
    Stdout,
}

/// A file that has no name before it is finished: whatever ends this process, nothing is left of it.
pub struct Begun {
    path: PathBuf,
    file: File,
    /// Its name until then, on file systems where a file needs one (NFS).
    part: Option<PathBuf>,
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
        let (file, part) = begin(path).map_err(|e| cant_write(path, &e))?;
        Ok(Self::File(Begun { path: path.to_owned(), file, part }))
    }

    pub const fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }

    /// Whether so many bytes fit in: what can't be kept is not begun.
    pub fn check_room(&self, bytes: u64) -> Result<(), Failure> {
        let Self::File(Begun { file, path, .. }) = self else { return Ok(()) };
        // Some file systems don't tell.
        let Some(disk) = fstatvfs(file).ok().filter(|disk| disk.f_blocks > 0) else { return Ok(()) };
        // What is kept for root is not f_bavail (statvfs(3)).
        let blocks = if geteuid().is_root() { disk.f_bfree } else { disk.f_bavail };
        let free = blocks.saturating_mul(disk.f_frsize);
        if bytes <= free {
            return Ok(());
        }
        Err(Failure::io(format!(
            "the backup has {} bytes, and where {} is to lie only {} are free; nothing was kept",
            thousands(bytes),
            path.display(),
            thousands(free)
        )))
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
        let Begun { path, part, file } = &mut begun;
        file.sync_all().map_err(|e| cant_write(path, &e))?;
        match part {
            Some(part) => rename(part, path)?,
            None => name(file, path)?,
        }
        *part = None;
        // Who may write into a folder need not be let read it; then the name is as sure as the system makes it.
        if let Ok(dir) = File::open(folder(path)) {
            dir.sync_all().map_err(|e| cant_write(path, &e))?;
        }
        Ok(())
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file beside `path`, and the name that it needs meanwhile.
fn begin(path: &Path) -> std::io::Result<(File, Option<PathBuf>)> {
    let mode = Mode::RUSR | Mode::WUSR;
    match openat(CWD, folder(path), OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, mode) {
        Ok(file) => return Ok((file.into(), None)),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {}
        Err(e) => return Err(e.into()),
    }
    let mut part = path.to_owned().into_os_string();
    part.push(format!(".part-{}", std::process::id()));
    let part = PathBuf::from(part);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
    Ok((file, Some(part)))
}

/// Gives a file without a name one (open(2), `O_TMPFILE`), never that of another.
fn name(file: &File, path: &Path) -> Result<(), Failure> {
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    match linkat(CWD, open, CWD, path, AtFlags::SYMLINK_FOLLOW) {
        Ok(()) => Ok(()),
        Err(Errno::EXIST) => Err(is_there(path)),
        Err(e) => Err(cant_write(path, &e.into())),
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
        if let Some(part) = &self.part {
            let _ = std::fs::remove_file(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn names(dir: &Path) -> Vec<String> {
        let names = std::fs::read_dir(dir).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn what_cannot_fit_is_not_begun() {
        let dir = tempfile::tempdir().unwrap();
        let target = Target::open(&dir.path().join("b.db")).unwrap();
        assert_eq!(target.check_room(1), Ok(()));
        let failure = target.check_room(u64::MAX).unwrap_err();
        assert!(failure.message.contains("18,446,744,073,709,551,615 bytes"), "{}", failure.message);
    }

    #[test]
    fn nothing_is_there_before_it_is_whole_and_nothing_is_left_if_it_never_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b.db");
        let mut killed = Target::open(&path).unwrap();
        killed.write(b"half").unwrap();
        assert_eq!(names(dir.path()), [] as [&str; 0]);
        // As a signal ends it.
        std::mem::forget(killed);
        let mut whole = Target::open(&path).unwrap();
        let mut late = Target::open(&path).unwrap();
        whole.write(b"whole").unwrap();
        whole.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
        late.write(b"late").unwrap();
        assert_eq!(late.finish().unwrap_err().code, "exists");
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        assert_eq!(names(dir.path()), ["b.db"]);
    }
}
