//! Who may own and touch the daemon's files and folders.

use crate::fault::{AccessFault, Fault};
use nix::unistd::{Uid, User};
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

/// What a path must be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Owned by the daemon's uid; nothing for group and others.
    Private,
    /// Owned by root or the daemon's uid; not writable by group and others.
    Unwritable,
}

/// Whether something is there, if only a dangling link. A disk that gives no answer has not said no: what is
/// taken for missing may be made anew.
///
/// # Errors
/// [`Fault::Io`] if it can't be looked at.
pub fn is_there(path: &Path) -> Result<bool, Fault> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
        Err(e) => Err(Fault::io("can't look at", path, e)),
    }
}

/// Checks `path` without following a symbolic link at its end.
///
/// # Errors
/// [`Fault::Access`] with what was found and what is wanted; [`Fault::Io`] if it can't be
/// looked at.
pub fn check(path: &Path, kept: Kept) -> Result<(), Fault> {
    let meta = std::fs::symlink_metadata(path).map_err(|e| Fault::io("can't look at", path, e))?;
    let own = Uid::effective();
    let owner = Uid::from_raw(meta.uid());
    let mode = meta.mode() & 0o7777;
    let fault = |found: String, wanted: String, remedy: String| -> Fault {
        AccessFault { path: path.to_owned(), found, wanted, remedy }.into()
    };
    if meta.file_type().is_symlink() {
        return Err(fault(
            "is a symbolic link".into(),
            "the file or folder itself".into(),
            "Replace it.".into(),
        ));
    }
    let owner_is_right = owner == own || (kept == Kept::Unwritable && owner.is_root());
    if !owner_is_right {
        let wanted = match kept {
            Kept::Private => format!("owner {}", name_of(own)),
            Kept::Unwritable => format!("owner root or {}", name_of(own)),
        };
        let remedy = if own.is_root() {
            format!("Run apppwd as {}: by its unit, or with sudo -u.", name_of(owner))
        } else {
            format!("Mend it with: chown {} {}", name_of(own), path.display())
        };
        return Err(fault(format!("owner is {}", name_of(owner)), wanted, remedy));
    }
    let (forbidden, wanted, change) = match kept {
        Kept::Private => (0o077, "no access for group and others", "go="),
        Kept::Unwritable => (0o022, "not writable by group and others", "go-w"),
    };
    if mode & forbidden != 0 {
        let remedy = format!("Mend it with: chmod {change} {}", path.display());
        return Err(fault(format!("mode is {mode:04o}"), wanted.into(), remedy));
    }
    Ok(())
}

/// Checks a file that the daemon alone may touch, if it is there: as [`check`], and that it is a plain file. A
/// folder could not be read, and a pipe would never end.
///
/// # Errors
/// As [`check`].
pub fn private_file(path: &Path) -> Result<(), Fault> {
    let meta = match std::fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Fault::io("can't look at", path, e)),
    };
    if meta.is_file() || meta.is_symlink() {
        return check(path, Kept::Private);
    }
    let found = if meta.is_dir() { "is a folder" } else { "is no plain file" };
    let remedy = "Put the file back from its backup.".to_owned();
    Err(AccessFault { path: path.to_owned(), found: found.into(), wanted: "a file".into(), remedy }.into())
}

/// Makes the folder `path` with mode 0700 if it isn't there, sees to it that a power cut doesn't take
/// it away again with all that will be synced in it, then checks it.
///
/// # Errors
/// As [`check`], or [`Fault::Io`] if it can't be made.
pub fn private_dir(path: &Path) -> Result<(), Fault> {
    let is_new = match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => true,
        Err(e) if e.kind() == ErrorKind::AlreadyExists => false,
        Err(e) => return Err(Fault::io("can't make the folder", path, e)),
    };
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match sync_dir(parent) {
        Ok(()) => {}
        // Who may pass through the folder above need not be let look into it.
        Err(e) if e.kind() == ErrorKind::PermissionDenied => {}
        // One that was there may have been made by a start that was killed before it synced this; but
        // a broken disk keeps nobody from logging in.
        Err(_) if !is_new => {}
        Err(e) => return Err(Fault::io("can't sync the folder", parent, e)),
    }
    check(path, Kept::Private)
}

/// Sees to it that the names in a folder outlive a power cut.
///
/// # Errors
/// What the system says.
pub fn sync_dir(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

fn name_of(uid: Uid) -> String {
    match User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        _ => format!("uid {uid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn with_mode(mode: u32) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        dir
    }

    #[test]
    fn a_private_path_has_nothing_for_others() {
        assert!(check(with_mode(0o700).path(), Kept::Private).is_ok());
        for mode in [0o710, 0o701, 0o770, 0o755] {
            let dir = with_mode(mode);
            let text = check(dir.path(), Kept::Private).unwrap_err().to_string();
            assert!(text.contains(&format!("mode is {mode:04o}")), "{text}");
            assert!(text.contains("chmod go= "), "{text}");
            assert!(text.contains(dir.path().to_str().unwrap()), "{text}");
        }
    }

    #[test]
    fn an_unwritable_path_may_be_read() {
        assert!(check(with_mode(0o755).path(), Kept::Unwritable).is_ok());
        for mode in [0o775, 0o757, 0o1777] {
            assert!(check(with_mode(mode).path(), Kept::Unwritable).is_err(), "{mode:o}");
        }
    }

    #[test]
    fn a_symbolic_link_is_not_followed() {
        let dir = with_mode(0o700);
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path(), &link).unwrap();
        assert!(check(&link, Kept::Private).is_err());
    }
}
