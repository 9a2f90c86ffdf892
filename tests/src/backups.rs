//! `apppw backup` and `apppw restore`, as an administrator types them.

use crate::apppwd::{Apppwd, Site};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

impl Apppwd {
    /// `apppw backup` into a new file of that name beside the site's folders.
    ///
    /// # Panics
    /// If it fails.
    pub fn back_up(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        let done = self.cli(&["backup"]).arg(&path).output().expect("apppw runs");
        assert!(done.status.success(), "{done:?}\n{}", self.log());
        path
    }
}

impl Site {
    /// `apppw restore` of that file; the daemon must not run.
    ///
    /// # Panics
    /// If apppw doesn't run.
    pub fn try_restore(&self, file: &Path) -> Output {
        let mut command = Command::new(crate::bin::apppw());
        command.args(["restore", "--yes", "--config"]).arg(self.config_path()).arg(file);
        command.env_clear().stdin(Stdio::null()).output().expect("apppw runs")
    }

    /// The same, and what it says.
    ///
    /// # Panics
    /// If it fails.
    pub fn restore(&self, file: &Path) -> String {
        let done = self.try_restore(file);
        assert!(done.status.success(), "{done:?}");
        String::from_utf8_lossy(&done.stdout).into_owned()
    }
}
