//! Writing a file of somebody else's: whole or not at all, with its owner, mode and attributes, and only where nobody
//! but root can have prepared the place.

use rustix::fs::{XattrFlags, getxattr, listxattr, setxattr};
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// New files are for everybody to read, as those of their kind are.
const MODE: u32 = 0o644;

/// A file that may be written, as it was found.
#[derive(Debug)]
pub struct Place {
    pub path: PathBuf,
    pub before: Option<(Vec<u8>, Metadata)>,
}

/// Looks at what is there. The error says why nothing may be written.
pub fn look(path: &Path) -> Result<Place, String> {
    let told = |what: &str| format!("{}: {what}", path.display());
    let parent = path.parent().ok_or_else(|| told("no place for a file"))?;
    let real = fs::canonicalize(parent).map_err(|e| {
        format!("{}: {e}; make the directory first, or install what it belongs to", parent.display())
    })?;
    for directory in real.ancestors() {
        let metadata = fs::metadata(directory).map_err(|e| format!("{}: {e}", directory.display()))?;
        is_ours_alone(&metadata).map_err(|why| {
            format!("{}: {why}, so somebody else could put another file in our way", directory.display())
        })?;
    }
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Place { path: path.to_owned(), before: None });
        }
        other => other.map_err(|e| told(&e.to_string()))?,
    };
    if metadata.is_symlink() {
        let target = fs::read_link(path).map(|target| target.display().to_string()).unwrap_or_default();
        return Err(told(&format!("a symbolic link to {target}; what it leads to is for you to change")));
    }
    if !metadata.is_file() {
        return Err(told("not a file"));
    }
    if metadata.nlink() > 1 {
        return Err(told("has several names (hard links), which would become different files"));
    }
    let text = fs::read(path).map_err(|e| told(&e.to_string()))?;
    Ok(Place { path: path.to_owned(), before: Some((text, metadata)) })
}

/// Whether only root, or who runs this, may change what is in the directory.
fn is_ours_alone(directory: &Metadata) -> Result<(), &'static str> {
    const STICKY: u32 = 0o1000;
    let (owner, mode) = (directory.uid(), directory.mode());
    if owner != 0 && owner != nix::unistd::geteuid().as_raw() {
        return Err("doesn't belong to root");
    }
    let by_group = mode & 0o020 != 0 && directory.gid() != 0;
    if (mode & 0o002 != 0 || by_group) && mode & STICKY == 0 {
        return Err("may be written by others");
    }
    Ok(())
}

impl Place {
    /// Puts `text` there, if what was found there still is.
    pub fn write(&self, text: &[u8]) -> io::Result<()> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        // A leading dot: no pattern of an !include finds it, and it is no PAM service that anybody names.
        let new = self.path.with_file_name(format!(".{name}.apppw-{}", std::process::id()));
        let written = self.write_to(&new, text);
        if written.is_err() {
            // Nothing more can be done about it.
            let _ = fs::remove_file(&new);
        }
        written
    }

    fn write_to(&self, new: &Path, text: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(new)?;
        file.write_all(text)?;
        match &self.before {
            Some((_, metadata)) => {
                fchown(&file, Some(metadata.uid()), Some(metadata.gid()))?;
                file.set_permissions(Permissions::from_mode(metadata.mode() & 0o7777))?;
                copy_attributes(&self.path, new);
            }
            None => file.set_permissions(Permissions::from_mode(MODE))?,
        }
        file.sync_all()?;
        self.check_unchanged()?;
        fs::rename(new, &self.path)?;
        self.sync_directory()
    }

    /// Removes the file, if what was found there still is.
    pub fn remove(&self) -> io::Result<()> {
        self.check_unchanged()?;
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.sync_directory(),
        }
    }

    fn check_unchanged(&self) -> io::Result<()> {
        let now = match fs::read(&self.path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if now.as_deref() == self.before.as_ref().map(|(text, _)| text.as_slice()) {
            return Ok(());
        }
        Err(io::Error::other("somebody has changed it in this moment"))
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
    }
}

/// ACLs and labels. Where the file system has none, or gives them by itself, there is nothing to copy.
fn copy_attributes(from: &Path, to: &Path) {
    let mut names = vec![0; 4096];
    let Ok(length) = listxattr(from, &mut names[..]) else { return };
    for name in
        names.get(..length).unwrap_or_default().split(|byte| *byte == 0).filter(|name| !name.is_empty())
    {
        let mut value = vec![0; 65536];
        if let Ok(length) = getxattr(from, name, &mut value[..]) {
            let _ = setxattr(to, name, value.get(..length).unwrap_or_default(), XattrFlags::empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn a_file_keeps_its_owner_and_mode_and_leaves_nothing_beside_it() {
        let dir = folder();
        let path = dir.path().join("a.conf");
        fs::write(&path, "one\n").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        look(&path).unwrap().write(b"two\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two\n");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        let new = dir.path().join("new");
        look(&new).unwrap().write(b"x").unwrap();
        assert_eq!(fs::metadata(&new).unwrap().mode() & 0o7777, MODE);
        look(&new).unwrap().remove().unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn nothing_is_written_over_what_somebody_else_has_just_written() {
        let dir = folder();
        let path = dir.path().join("a");
        let place = look(&path).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(place.write(b"ours").is_err() && place.remove().is_err());
        let place = look(&path).unwrap();
        fs::write(&path, "theirs, later").unwrap();
        assert!(place.write(b"ours").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"theirs, later");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn places_that_aren_t_understood_are_refused() {
        let dir = folder();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "x").unwrap();
        symlink("file", at("link")).unwrap();
        fs::hard_link(at("file"), at("twin")).unwrap();
        fs::create_dir(at("open")).unwrap();
        fs::set_permissions(at("open"), Permissions::from_mode(0o777)).unwrap();
        for (name, why) in [
            ("link", "symbolic link to file"),
            ("file", "several names"),
            ("open", "not a file"),
            ("none/x", "make the directory first"),
            ("open/x", "may be written by others"),
        ] {
            let refused = look(&at(name)).unwrap_err();
            assert!(refused.contains(why), "{name}: {refused}");
        }
    }
}
