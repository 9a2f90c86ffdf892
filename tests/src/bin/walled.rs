//! `walled DIR EXEC CALLS BY-HAND PROGRAM [ARG...]`: becomes PROGRAM behind what systemd would put around
//! it. CALLS are the system calls that it may make (any other kills it: nothing goes unnoticed);
//! BY-HAND more of them, unless it gets its sockets passed on; DIR is all that it may write in; in EXEC,
//! paths with colons between, lies all that it may run or map for running.
//!
//! Twice: first as root for the namespaces; then, without capabilities, for the filter.

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::geteuid;
use seccompiler::{BpfProgram, apply_filter, compile_from_json};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Set for the second time.
const INSIDE: &str = "APPPW_WALLED_INSIDE";

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let [_, dir, exec, calls, by_hand, program, rest @ ..] = args.as_slice() else {
        panic!("walled DIR EXEC CALLS BY-HAND PROGRAM [ARG...]");
    };
    let is_inside = std::env::var_os(INSIDE).is_some();
    let error = if geteuid().is_root() && !is_inside {
        let this = std::env::current_exe().expect("this program");
        let setpriv = find("setpriv");
        let exec = exec.split(':').map(PathBuf::from).chain([this.clone(), setpriv.clone()]);
        put_away(Path::new(dir), exec);
        let mut command = Command::new(setpriv);
        command.args(["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]).arg(this);
        command.env(INSIDE, "1").args(&args[1..]).exec()
    } else {
        for (limit, value) in [(Resource::RLIMIT_CORE, 0), (Resource::RLIMIT_MEMLOCK, 1 << 20)] {
            setrlimit(limit, value, value).expect("less may be asked for");
        }
        let mut calls: BTreeSet<&str> = calls.split(',').collect();
        if std::env::var("LISTEN_PID").ok() != Some(std::process::id().to_string()) {
            calls.extend(by_hand.split(','));
        }
        filter(&calls);
        Command::new(program).env_remove(INSIDE).args(rest).exec()
    };
    panic!("{program}: {error}");
}

fn find(program: &str) -> PathBuf {
    let dirs = ["/usr/bin", "/bin", "/usr/sbin"].map(Path::new);
    let found = dirs.map(|dir| dir.join(program)).into_iter().find(|path| path.exists());
    found.unwrap_or_else(|| panic!("no {program}"))
}

/// `ProtectSystem=strict`, `NoExecPaths=/`, `PrivateNetwork=` and `PrivateIPC=`.
fn put_away(dir: &Path, exec: impl Iterator<Item = PathBuf>) {
    let flags = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWIPC;
    unshare(flags).expect("root has namespaces");
    let none: Option<&str> = None;
    // What a test mounts from outside is seen here.
    mount(none, "/", none, MsFlags::MS_SLAVE | MsFlags::MS_REC, none).expect("a slave");
    let dir = dir.canonicalize().expect("the daemon's folder");
    let exec: BTreeSet<PathBuf> = exec.filter_map(|path| path.canonicalize().ok()).collect();
    for path in &exec {
        mount(Some(path), path, none, MsFlags::MS_BIND | MsFlags::MS_REC, none).expect("a bind mount");
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("mounts");
    for line in mounts.lines() {
        let path = line.split(' ').nth(4).expect("a mount point");
        let path = Path::new(path);
        if path.starts_with(&dir) {
            continue;
        }
        let mut flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | MsFlags::MS_NOSUID;
        if !exec.iter().any(|exec| path.starts_with(exec)) {
            flags |= MsFlags::MS_NOEXEC;
        }
        // One that another covers can't be reached, and needs nothing.
        let _ = mount(none, path, none, flags, none);
    }
    let probe = Path::new("/etc/apppw-walled");
    assert!(fs::write(probe, "").is_err(), "{} can be written", probe.display());
}

/// `SystemCallFilter=`, `MemoryDenyWriteExecute=`, `RestrictAddressFamilies=AF_UNIX`,
/// `RestrictNamespaces=` and `RestrictSUIDSGID=`, as systemd makes them (seccomp-util.c).
fn filter(calls: &BTreeSet<&str>) {
    const NAMESPACES: u64 = 0x7e02_0000;
    const WRITE: u64 = 2;
    const EXEC: u64 = 4;
    const SET_ID: u64 = 0o6000;
    const UNIX: u64 = 1;
    let none_of = |index: u8, bits: u64| json!([{"index": index, "type": "qword", "op": {"masked_eq": bits}, "val": 0}]);
    let mut rules = Vec::new();
    for call in calls.iter().filter(|call| is_known(call)) {
        let conditions = match *call {
            // Never both in one.
            "mmap" => vec![none_of(2, WRITE), none_of(2, EXEC)],
            "mprotect" => vec![none_of(2, EXEC)],
            "socket" => vec![json!([{"index": 0, "type": "dword", "op": "eq", "val": UNIX}])],
            "clone" => vec![none_of(0, NAMESPACES)],
            "chmod" | "fchmod" => vec![none_of(1, SET_ID)],
            "fchmodat" | "fchmodat2" => vec![none_of(2, SET_ID)],
            _ => vec![Value::Null],
        };
        for conditions in conditions {
            match conditions {
                Value::Null => rules.push(json!({"syscall": call})),
                conditions => rules.push(json!({"syscall": call, "args": conditions})),
            }
        }
    }
    // Its arguments lie in memory, where no filter looks: systemd has it not be there, and libc takes
    // clone.
    let absent = [json!({"syscall": "clone3"})];
    apply(&json!({"mismatch_action": "allow", "match_action": {"errno": 38}, "filter": absent}));
    apply(&json!({"mismatch_action": "kill_process", "match_action": "allow", "filter": rules}));
}

fn apply(filter: &Value) {
    apply_filter(&compile(filter).expect("a filter")).expect("a filter can be put in place");
}

/// Groups have calls of other machines, too.
fn is_known(call: &str) -> bool {
    compile(
        &json!({"mismatch_action": "kill_process", "match_action": "allow", "filter": [{"syscall": call}]}),
    )
    .is_some()
}

fn compile(filter: &Value) -> Option<BpfProgram> {
    let arch = std::env::consts::ARCH.try_into().expect("a machine that seccompiler knows");
    let text = json!({"it": filter}).to_string();
    compile_from_json(text.as_bytes(), arch).ok()?.remove("it")
}
