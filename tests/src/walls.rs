//! The daemon behind the walls of its systemd unit, where systemd is not process 1: the bin `walled`
//! puts them up and becomes the daemon. Asked for by the environment: [`VARIABLE`].

use crate::bin;
use nix::unistd::geteuid;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Set to anything: every daemon of this process's tests is started behind walls.
pub const VARIABLE: &str = "APPPW_WALLED";

/// What a daemon does that binds its sockets itself and runs as root; systemd's does not.
const BY_HAND: [&str; 5] = ["bind", "listen", "chown", "fchown", "fchownat"];

/// The unit, as it is installed.
pub fn unit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/systemd/apppwd.service")
}

/// What the unit has for a key, in order; one for each time that it is set.
pub fn settings(key: &str) -> Vec<String> {
    let unit = std::fs::read_to_string(unit()).expect("the unit");
    let value = |line: &str| Some(line.strip_prefix(key)?.strip_prefix('=')?.to_owned());
    unit.lines().filter_map(value).collect()
}

/// The system calls that `SystemCallFilter=` leaves, by name: groups taken apart by
/// systemd-analyze(1), with what systemd always adds. `None`: there is no systemd-analyze.
pub fn allowed_calls() -> Option<&'static BTreeSet<String>> {
    static CALLS: OnceLock<Option<BTreeSet<String>>> = OnceLock::new();
    CALLS.get_or_init(expand).as_ref()
}

fn expand() -> Option<BTreeSet<String>> {
    let mut calls = group("@default")?;
    for setting in settings("SystemCallFilter") {
        let (takes_away, words) = setting.strip_prefix('~').map_or((false, &*setting), |rest| (true, rest));
        for word in words.split_whitespace() {
            let named = match word.starts_with('@') {
                true => group(word)?,
                false => BTreeSet::from([word.to_owned()]),
            };
            match takes_away {
                true => calls.retain(|call| !named.contains(call)),
                false => calls.extend(named),
            }
        }
    }
    Some(calls)
}

fn group(name: &str) -> Option<BTreeSet<String>> {
    let output =
        Command::new("systemd-analyze").args(["syscall-filter", "--no-pager", name]).output().ok()?;
    assert!(output.status.success(), "systemd-analyze does not know {name}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut calls = BTreeSet::new();
    let members =
        text.lines().map(str::trim).skip(1).filter(|line| !line.is_empty() && !line.starts_with('#'));
    for member in members {
        match member.starts_with('@') {
            true => calls.extend(group(member)?),
            false => drop(calls.insert(member.to_owned())),
        }
    }
    Some(calls)
}

/// The daemon's command, behind walls if [`VARIABLE`] is set; `dir` is what it may write in.
pub fn daemon(dir: &Path) -> Command {
    match std::env::var_os(VARIABLE) {
        None => Command::new(bin::apppwd()),
        Some(_) => walled(dir),
    }
}

/// The daemon's command behind walls.
pub fn walled(dir: &Path) -> Command {
    let calls = allowed_calls().expect("systemd-analyze takes the unit's filter apart");
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    let mut exec: Vec<String> = settings("ExecPaths").iter().flat_map(|line| paths(line)).collect();
    let daemon = bin::apppwd().display().to_string();
    exec.extend([daemon.clone(), dir.display().to_string()]);
    let mut command = Command::new(launcher());
    command.arg(dir).arg(exec.join(":")).arg(calls.join(",")).arg(BY_HAND.join(",")).arg(daemon);
    command
}

fn paths(line: &str) -> Vec<String> {
    line.split_whitespace().map(|path| path.trim_start_matches('-').to_owned()).collect()
}

/// Cargo puts it beside the folder of the tests' own executables.
fn launcher() -> PathBuf {
    let this = std::env::current_exe().expect("a test knows its own executable");
    let places = this.ancestors().skip(1).take(2).map(|dir| dir.join("walled"));
    let found = places.into_iter().find(|path| path.exists());
    found.unwrap_or_else(|| panic!("no `walled` near {}: cargo build -p apppw-tests", this.display()))
}

/// Why no daemon can be walled in here, if so.
pub fn missing() -> Option<&'static str> {
    if !geteuid().is_root() {
        return Some("needs root for a mount namespace");
    }
    allowed_calls().is_none().then_some("systemd-analyze is not installed")
}
