//! A private directory in place of `/etc/pam.d`.

use std::path::Path;
use tempfile::TempDir;

/// A configuration directory for libpam, gone when dropped.
#[derive(Debug)]
pub struct Confdir(TempDir);

impl Confdir {
    /// A directory in which every service is denied.
    ///
    /// # Panics
    /// If it can't be written.
    #[must_use]
    pub fn new() -> Self {
        let confdir = Self(TempDir::new().expect("a temporary directory"));
        let deny = "auth required pam_deny.so\naccount required pam_deny.so\n\
                    password required pam_deny.so\nsession required pam_deny.so\n";
        confdir.write("other", deny);
        confdir
    }

    /// Writes the stack of a service, or a file to be included.
    ///
    /// # Panics
    /// If it can't be written.
    pub fn write(&self, service: &str, stack: &str) {
        std::fs::write(self.path().join(service), stack).expect("a file in the configuration directory");
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Default for Confdir {
    fn default() -> Self {
        Self::new()
    }
}
