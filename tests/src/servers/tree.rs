//! The unpacked packages: `tests/tree/unpack.sh` does the work, this finds the result.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::dovecot::Version;
use super::{Failure, Result, rootless};

/// Which release the tree is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// The machine's own (Debian 12: Dovecot 2.3, Postfix, saslauthd).
    Own,
    /// Debian 13 (Dovecot 2.4, no Postfix), from the machine's own mirror.
    Trixie,
    /// Of the machine's own release, with Exim in place of Postfix.
    Exim,
    /// Of the machine's own release, with Cyrus IMAP in place of Dovecot and Postfix.
    Cyrus,
    /// Of the machine's own release, with Prosody and Apache in place of Dovecot and Postfix.
    Others,
    /// Of the machine's own release, no servers but fail2ban, shells and systemd's tools.
    Tools,
}

impl Suite {
    /// As unpack.sh calls it.
    pub fn name(self) -> &'static str {
        match self {
            Suite::Own => "own",
            Suite::Trixie => "trixie",
            Suite::Exim => "exim",
            Suite::Cyrus => "cyrus",
            Suite::Others => "others",
            Suite::Tools => "tools",
        }
    }
}

/// A root file system that is never written to.
#[derive(Clone, Debug)]
pub struct Tree {
    path: PathBuf,
    /// "package version" lines.
    versions: String,
}

/// `tests/tree` in the source.
pub(super) fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tree")
}

impl Tree {
    /// Make the tree if it isn't there (some seconds and 60 MB of downloads; instant the second time). `None` if this
    /// machine's apt sources have no mirror for it: such a test is skipped, and should say so.
    ///
    /// It lies in `target/trees`, or in `$APPPW_TREES`.
    pub fn unpack(suite: Suite) -> Result<Option<Tree>> {
        let base = std::env::var_os("APPPW_TREES")
            .unwrap_or_else(|| OsString::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/trees")));
        // Two names, because a tree made by a user lacks the owners, and a user can't replace one made by root.
        let path = PathBuf::from(base).join(format!(
            "{}{}",
            suite.name(),
            if rootless() { "-rootless" } else { "" }
        ));
        let run =
            Command::new("sh").arg(scripts().join("unpack.sh")).arg(suite.name()).arg(&path).output()?;
        match run.status.code() {
            Some(0) => Tree::open(&path).map(Some),
            Some(3) => Ok(None),
            _ => {
                Err(Failure(format!("unpack.sh {}: {}", suite.name(), String::from_utf8_lossy(&run.stderr))))
            }
        }
    }

    /// A tree that unpack.sh has made.
    pub fn open(path: &Path) -> Result<Tree> {
        let stamp = path.join(".apppw-tree");
        let text = fs::read_to_string(&stamp).map_err(|e| Failure(format!("{}: {e}", stamp.display())))?;
        let versions = text.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        Ok(Tree { path: path.canonicalize()?, versions })
    }

    /// Where it lies on the host.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The version of one of the packages that count (dovecot-core, postfix, sasl2-bin, libpam-modules,
    /// fail2ban).
    pub fn version(&self, package: &str) -> Option<&str> {
        self.versions.lines().find_map(|line| line.strip_prefix(package)?.strip_prefix(' '))
    }

    /// Which configuration language this tree's Dovecot speaks.
    pub fn dovecot(&self) -> Result<Version> {
        let version = self.version("dovecot-core").unwrap_or_default();
        let upstream = version.split_once(':').map_or(version, |(_epoch, rest)| rest);
        match upstream {
            v if v.starts_with("2.3.") => Ok(Version::V2_3),
            v if v.starts_with("2.4.") => Ok(Version::V2_4),
            other => Err(Failure(format!("no configuration for Dovecot {other:?}"))),
        }
    }

    /// Where libpam inside the tree looks for `pam_apppw.so` when a stack gives no path.
    pub fn module_path(&self) -> Result<String> {
        let lib = self.path.join("usr/lib");
        for entry in fs::read_dir(&lib)? {
            let entry = entry?;
            if entry.path().join("security/pam_unix.so").exists() {
                return Ok(format!("/usr/lib/{}/security/pam_apppw.so", entry.file_name().to_string_lossy()));
            }
        }
        Err(Failure(format!("no PAM modules in {}", lib.display())))
    }
}
