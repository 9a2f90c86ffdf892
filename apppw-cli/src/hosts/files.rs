//! Reading a host's files: the real ones, or those of a test.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Where a host's configuration is read from.
pub trait Files {
    /// The whole text.
    ///
    /// # Errors
    /// As [`std::fs::read_to_string`].
    fn read(&self, path: &Path) -> io::Result<String>;

    /// The names in a directory, sorted; nothing if it can't be read.
    fn names(&self, directory: &Path) -> Vec<String>;

    /// The whole text, nothing if there is no such file.
    ///
    /// # Errors
    /// As [`Files::read`], but for files that aren't there.
    fn read_if_there(&self, path: &Path) -> io::Result<Option<String>> {
        match self.read(path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The host's own.
#[derive(Debug, Clone, Copy)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn names(&self, directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }
}

/// Paths and texts.
impl Files for BTreeMap<PathBuf, String> {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn names(&self, directory: &Path) -> Vec<String> {
        let below = self.keys().filter_map(|path| path.strip_prefix(directory).ok());
        let mut names: Vec<_> = below
            .filter_map(|path| path.iter().next())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.dedup();
        names
    }
}

/// What a pattern stands for that has `*` and `?` in its last part only, as glob(3) finds it; nothing if it has them
/// elsewhere, or `[`.
pub fn glob(files: &dyn Files, pattern: &Path) -> Option<Vec<PathBuf>> {
    let special = |text: &str| text.contains(['*', '?', '[', '{']);
    let (directory, last) = (pattern.parent()?, pattern.file_name()?.to_str()?);
    if special(directory.to_str()?) || last.contains(['[', '{']) {
        return None;
    }
    if !special(last) {
        return Some(vec![pattern.to_owned()]);
    }
    let names = files.names(directory).into_iter();
    let fits = |name: &String| !name.starts_with('.') && matches(last.as_bytes(), name.as_bytes());
    Some(names.filter(fits).map(|name| directory.join(name)).collect())
}

fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            (0..=name.len()).any(|skipped| name.get(skipped..).is_some_and(|name| matches(rest, name)))
        }
        (Some((b'?', pattern)), Some((_, name))) => matches(pattern, name),
        (Some((expected, pattern)), Some((byte, name))) => expected == byte && matches(pattern, name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_found_as_glob_finds_them() {
        let names = ["/e/10-b.conf", "/e/10-a.conf", "/e/.hid.conf", "/e/a.conf.ext", "/e/d/x.conf"];
        let files: BTreeMap<PathBuf, String> =
            names.into_iter().map(|name| (name.into(), String::new())).collect();
        let found = |pattern: &str| {
            glob(&files, Path::new(pattern))
                .map(|paths| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>())
        };
        assert_eq!(found("/e/*.conf"), Some(vec!["/e/10-a.conf".into(), "/e/10-b.conf".into()]));
        assert_eq!(found("/e/10-?.conf"), found("/e/*.conf"));
        assert_eq!(
            found("/e/none.conf"),
            Some(vec!["/e/none.conf".into()]),
            "the reader says that it isn't there"
        );
        assert_eq!(found("/f/*"), Some(vec![]));
        for odd in ["/*/a.conf", "/e/[ab].conf", "/e/{a,b}.conf"] {
            assert_eq!(found(odd), None, "{odd}");
        }
    }
}
