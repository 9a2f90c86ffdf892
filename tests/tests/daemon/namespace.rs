//! A daemon in a mount namespace of its own, with other users and groups than this machine's.

use apppw_tests::apppwd::{Apppwd, Site};
use std::fs;
use std::process::Command;

/// Puts two files over the system's for the daemon alone; `exec` keeps the process id.
const INSIDE: &str =
    "mount --bind \"$1\" /etc/passwd && mount --bind \"$2\" /etc/group && shift 2 && exec \"$@\"";

/// Puts a folder over itself, read-only.
const READ_ONLY: &str =
    "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && shift && exec \"$@\"";

/// Starts the daemon where `/etc/passwd` and `/etc/group` read so.
pub fn start_among(site: Site, passwd: &str, group: &str) -> Apppwd {
    let (passwd_file, group_file) = (site.path("passwd"), site.path("group"));
    fs::write(&passwd_file, passwd).expect("passwd");
    fs::write(&group_file, group).expect("group");
    let plain = site.command();
    let mut command = unshare(INSIDE);
    command.arg(passwd_file).arg(group_file).arg(plain.get_program()).args(plain.get_args());
    site.start_by(command)
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
