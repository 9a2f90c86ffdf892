//! Other programs, as they are found in `PATH`.
//!
//! A rule of sudoers that names apppw mustn't run what its caller likes: for root, and for whoever came by sudo or its
//! like, only those folders of `PATH` count that nobody but root can change.

use crate::rights::Rights;
use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// May be written by the group or by others.
const WRITABLE: u32 = 0o022;

/// What is in such a folder only its owner renames or removes.
const STICKY: u32 = 0o1000;

/// The command that runs `name`.
pub fn command(name: &str) -> Command {
    let mut command = Command::new(name);
    if Rights::of_this_process().are_elevated() {
        command.env("PATH", trusted(&env::var_os("PATH").unwrap_or_default()));
    }
    command
}

/// The folders of `path` that only root can change, by their real names.
fn trusted(path: &OsStr) -> OsString {
    let folders = env::split_paths(path).filter(|folder| folder.is_absolute());
    let real = folders.filter_map(|folder| folder.canonicalize().ok());
    // Without any, nothing is found: an empty PATH would be the folder one is in.
    let mut found: Vec<PathBuf> = real.filter(|folder| is_roots(folder)).collect();
    if found.is_empty() {
        found.push("/nonexistent".into());
    }
    env::join_paths(found).unwrap_or_else(|_| "/nonexistent".into())
}

/// Whether nobody but root can put a program into this folder, or another folder in its place.
fn is_roots(folder: &Path) -> bool {
    folder.ancestors().enumerate().all(|(above, folder)| {
        folder.metadata().is_ok_and(|found| {
            let is_closed = found.mode() & WRITABLE == 0 || (above > 0 && found.mode() & STICKY != 0);
            found.uid() == 0 && is_closed
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir, set_permissions};
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    #[test]
    fn of_the_path_only_roots_folders_are_left() {
        if !nix::unistd::Uid::effective().is_root() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let make = |name: &str, mode: u32| {
            let folder = dir.path().join(name);
            create_dir(&folder).unwrap();
            set_permissions(&folder, PermissionsExt::from_mode(mode)).unwrap();
            folder
        };
        let (ours, open, sticky) = (make("ours", 0o755), make("open", 0o775), make("sticky", 0o1777));
        let (theirs, below) = (make("theirs", 0o755), make("theirs/bin", 0o755));
        chown(&theirs, Some(1), None).unwrap();
        let link = dir.path().join("link");
        symlink(&ours, &link).unwrap();
        let all = [&open, &sticky, &theirs, &below, &link, Path::new("relative"), Path::new("/no/such")];
        let path = env::join_paths(all).unwrap();
        assert_eq!(trusted(&path), ours.canonicalize().unwrap());
        for none in ["", ".", "relative:"] {
            assert_eq!(trusted(none.as_ref()), "/nonexistent", "{none:?}");
        }
    }
}
