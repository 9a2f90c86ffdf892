//! What a test puts into a server's file system: configuration, PAM stacks, the module, the daemon's socket.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::tree::Tree;
use super::{Failure, Result, rootless};

/// Every PAM service name that the servers here use: one per protocol, "smtp" for Postfix, and "dovecot" for the
/// configuration with a single name.
pub const PAM_SERVICES: [&str; 7] = ["imap", "pop3", "sieve", "submission", "smtp", "dovecot", "doveadm"];

/// Files and binds; the same value can be used for several servers.
#[derive(Clone, Debug, Default)]
pub struct Inside {
    files: BTreeMap<String, (Vec<u8>, u32)>,
    binds: Vec<(PathBuf, String)>,
}

impl Inside {
    /// Nothing yet.
    pub fn new() -> Inside {
        Inside::default()
    }

    /// A file of `packaging/`, as administrators get it.
    pub fn packaging(name: &str) -> Result<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging").join(name);
        fs::read_to_string(&path).map_err(|e| Failure(format!("{}: {e}", path.display())))
    }

    /// A file readable by all.
    pub fn file(mut self, path: impl Into<String>, text: impl AsRef<[u8]>) -> Inside {
        self.files.insert(path.into(), (text.as_ref().to_vec(), 0o644));
        self
    }

    /// A program or script.
    pub fn executable(mut self, path: impl Into<String>, text: impl AsRef<[u8]>) -> Inside {
        self.files.insert(path.into(), (text.as_ref().to_vec(), 0o755));
        self
    }

    /// A file or directory of the host, at this place inside, writable there.
    pub fn bind(mut self, host: impl Into<PathBuf>, path: impl Into<String>) -> Inside {
        self.binds.push((host.into(), path.into()));
        self
    }

    /// The stack of one PAM service.
    ///
    /// Rootless, the daemon's uid reads as 5000 inside, so `server_uid=5000` is added to our lines: the one place where
    /// a stack isn't used as it is.
    pub fn pam(self, service: &str, stack: &str) -> Inside {
        let adapted = stack.replace("pam_apppw.so", "pam_apppw.so server_uid=5000");
        let text = if rootless() && !stack.contains("server_uid=") { &adapted } else { stack };
        self.file(format!("/etc/pam.d/{service}"), text)
    }

    /// The same stack for every service in [`PAM_SERVICES`].
    pub fn stack(self, stack: &str) -> Inside {
        PAM_SERVICES.iter().fold(self, |inside, service| inside.pam(service, stack))
    }

    /// The built module, where a bare `pam_apppw.so` is looked for.
    pub fn module(self, tree: &Tree, built: impl Into<PathBuf>) -> Result<Inside> {
        let path = tree.module_path()?;
        Ok(self.bind(built, path))
    }

    /// A directory of the host with the daemon's sockets, at their default place /run/apppwd.
    pub fn socket_dir(self, host: impl Into<PathBuf>) -> Inside {
        self.bind(host, "/run/apppwd")
    }

    /// Write the files below `root`, with modes.
    pub(super) fn write_to(&self, root: &Path) -> Result<()> {
        for (path, (text, mode)) in &self.files {
            let to = root.join(path.trim_start_matches('/'));
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&to, text)?;
            fs::set_permissions(&to, fs::Permissions::from_mode(*mode))?;
        }
        Ok(())
    }

    pub(super) fn binds(&self) -> &[(PathBuf, String)] {
        &self.binds
    }
}
