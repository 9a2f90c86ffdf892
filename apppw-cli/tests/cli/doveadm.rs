//! A doveadm that says what it is told to.

use crate::support::{Daemon, Run, apppw, finish};
use std::path::Path;
use std::process::Command;

/// A directory with a doveadm in it, which writes down its arguments and goes on with `body`.
pub struct Doveadm(tempfile::TempDir);

impl Doveadm {
    /// Dovecot has no sessions to list.
    pub fn saying(body: &str) -> Self {
        Self::listing("echo '[]'", body)
    }

    /// As `saying`, but to `who` it does `listing`.
    pub fn listing(listing: &str, body: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (text, log) = (dir.path().join("text"), dir.path().join("log"));
        let script = format!(
            "#!/bin/sh\nprintf '<%s>' \"$@\" >>'{0}'\necho >>'{0}'\ncase $3 in who) {listing}; exit;; esac\n{body}\n",
            log.display()
        );
        std::fs::write(&text, script).unwrap();
        install(&text, &dir.path().join("doveadm"));
        Self(dir)
    }

    /// How it was called, in order.
    pub fn calls(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.0.path().join("log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// The names that it was to kick.
    pub fn kicked(&self) -> Vec<String> {
        let name = |call: &String| call.strip_prefix("<kick><--><")?.strip_suffix('>').map(str::to_owned);
        self.calls().iter().filter_map(name).collect()
    }

    pub fn run(&self, daemon: &Daemon, args: &[&str]) -> Run {
        finish(as_root().env("PATH", self.0.path()).env("APPPW_SOCKET", daemon.socket()).args(args), b"")
    }
}

/// Copies a program. Not by this process, in which another thread may fork while the file is
/// open for writing: then it can't be run ("text file busy").
pub fn install(from: &Path, to: &Path) {
    assert!(Command::new("install").args(["-m", "755"]).args([from, to]).status().unwrap().success());
}

/// The program as root: a tester who isn't is root in a namespace of his own.
pub fn as_root() -> Command {
    if nix::unistd::Uid::effective().is_root() {
        return apppw();
    }
    let mut command = Command::new("/usr/bin/unshare");
    command.env_clear().env("TZ", "UTC").args(["--user", "--map-root-user", env!("CARGO_BIN_EXE_apppw")]);
    command
}

/// Dovecot 2.4, with a session.
pub const KICKS: &str =
    "case $1 in kick) echo '1 connections kicked';; *) echo '0 cache entries flushed';; esac";
