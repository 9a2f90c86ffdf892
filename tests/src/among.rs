//! A daemon in a mount namespace of its own, with other users and groups than this machine's.

use crate::apppwd::{Apppwd, Site};
use std::fs;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::Command;

/// Puts two files over the system's for the daemon alone; `exec` keeps the process id.
const INSIDE: &str =
    "mount --bind \"$1\" /etc/passwd && mount --bind \"$2\" /etc/group && shift 2 && exec \"$@\"";

/// Puts a folder over itself, read-only.
const READ_ONLY: &str =
    "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && shift && exec \"$@\"";

/// Starts the daemon where `/etc/passwd` and `/etc/group` read so.
pub fn start_among(site: Site, passwd: &str, group: &str) -> Apppwd {
    let command = among(&site, passwd, group);
    site.start_by(command)
}

/// The daemon's command there.
pub fn among(site: &Site, passwd: &str, group: &str) -> Command {
    let (passwd_file, group_file) = (site.path("passwd"), site.path("group"));
    fs::write(&passwd_file, passwd).expect("passwd");
    fs::write(&group_file, group).expect("group");
    let plain = site.command();
    let mut command = unshare(INSIDE);
    command.arg(passwd_file).arg(group_file).arg(plain.get_program()).args(plain.get_args());
    command
}

/// The daemon's command, where `dir` can't be written.
pub fn with_read_only(site: &Site, dir: &str) -> Command {
    let plain = site.command();
    let mut command = unshare(READ_ONLY);
    command.arg(site.path(dir)).arg(plain.get_program()).args(plain.get_args());
    command
}

fn unshare(script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.args(["--mount", "--propagation", "private", "sh", "-c", script, "sh"]);
    command
}

/// Puts a small disk of its own over a folder.
const SMALL_DISK: &str = "mount -t tmpfs -o size=4m,mode=0700 apppw \"$1\" && shift && exec \"$@\"";

/// The command of a new daemon whose folder `dir` is on a small disk, which goes with it.
pub fn on_small_disk(site: &Site, dir: &str) -> Command {
    with_small_disk(site, dir, &site.command())
}

/// The same of one whose command is `plain`.
pub fn with_small_disk(site: &Site, dir: &str, plain: &Command) -> Command {
    fs::create_dir(site.path(dir)).expect("a new folder");
    let mut command = unshare(SMALL_DISK);
    command.arg(site.path(dir)).arg(plain.get_program()).args(plain.get_args());
    command
}

/// Fills that disk to its last byte. Removing what is returned makes room again.
pub fn fill_disk(daemon: &Apppwd, dir: &str) -> PathBuf {
    let (mut file, path) = filler(daemon, dir);
    fill(&mut file);
    path
}

/// An empty file on that disk, and where it is.
pub fn filler(daemon: &Apppwd, dir: &str) -> (fs::File, PathBuf) {
    let inside = daemon.path(dir).join("filler");
    let path = PathBuf::from(format!("/proc/{}/root{}", daemon.id(), inside.display()));
    (fs::File::create(&path).expect("a file on the small disk"), path)
}

/// Writes to it until there is no room.
pub fn fill(filler: &mut fs::File) {
    while filler.write_all(&[0; 4096]).is_ok() {}
}

/// The mounts that a daemon has, which stay when it is gone.
pub struct Mounts(fs::File);

impl Mounts {
    /// Those of `daemon`.
    pub fn of(daemon: &Apppwd) -> Self {
        Self(fs::File::open(format!("/proc/{}/ns/mnt", daemon.id())).expect("a process has a namespace"))
    }

    /// A command that is run among them.
    pub fn command(&self, inner: &Command) -> Command {
        let mut command = Command::new("nsenter");
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.arg(format!("--mount=/proc/{}/fd/{}", std::process::id(), self.0.as_raw_fd()));
        command.arg(inner.get_program()).args(inner.get_args());
        command
    }
}
