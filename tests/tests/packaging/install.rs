//! What `make install` puts where.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A file of this repository.
pub fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// An installation below a folder of its own, of programs that do nothing.
pub struct Installed {
    root: TempDir,
    /// Paths as they would be on a machine; no folders.
    pub files: BTreeSet<String>,
}

impl Installed {
    /// By a root whose files are nobody else's by default.
    pub fn with(variables: &[&str]) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let release = tempfile::tempdir().expect("a folder");
        for name in ["apppwd", "apppw", "libpam_apppw.so"] {
            std::fs::write(release.path().join(name), name).expect("a file");
        }
        let done = Command::new("sh")
            .args(["-c", "umask 077; exec make --silent install \"$@\"", "sh"])
            .arg(format!("DESTDIR={}", root.path().display()))
            .arg(format!("RELEASE={}", release.path().display()))
            .args(variables)
            .current_dir(repository("."))
            .env_remove("MAKEFLAGS")
            .output()
            .expect("make");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let mut files = BTreeSet::new();
        collect(root.path(), root.path(), &mut files);
        Self { root, files }
    }

    /// The files whose path has `part` in it.
    pub fn below(&self, part: &str) -> Vec<String> {
        self.files.iter().filter(|file| file.contains(part)).cloned().collect()
    }

    /// The one of `files` that is called `name`.
    pub fn read(&self, files: &[String], name: &str) -> String {
        let file = files.iter().find(|file| file.rsplit('/').next() == Some(name));
        let file = file.unwrap_or_else(|| panic!("no {name} in {files:?}"));
        std::fs::read_to_string(self.real(file)).expect("UTF-8")
    }

    pub fn mode(&self, file: &str) -> u32 {
        std::fs::metadata(self.real(file)).expect(file).permissions().mode() & 0o7777
    }

    fn real(&self, file: &str) -> PathBuf {
        self.root.path().join(file.trim_start_matches('/'))
    }
}

fn collect(root: &Path, dir: &Path, files: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(dir).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let inside = path.strip_prefix(root).expect("below it").to_str().expect("UTF-8");
            files.insert(format!("/{inside}"));
        }
    }
}
