//! The host process: compiled once, run with a plan.

use super::plan::{self, Left};
use super::scene::{Kind, SERVICES, Scene};
use apppw_tests::cc;
use apppw_tests::pam::Confdir;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Exit status of a host that has no seccomp.
const NO_SECCOMP: i32 = 77;

/// Errors, and blocks that nothing points to any more, are failures; said on descriptor 2.
const VALGRIND: [&str; 4] =
    ["--quiet", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite"];

/// How the host is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    /// Calls fail as planned.
    Faults,
    /// Nothing fails, and valgrind watches.
    Valgrind,
}

/// The compiled program and the module in its stacks.
pub struct Host {
    directory: TempDir,
}

/// What came of a host's run.
pub struct Ended {
    pub results: Vec<plan::Result>,
    pub left: Left,
    /// What was met in open windows and how often it failed.
    pub counts: Vec<(String, u64, u64)>,
    /// How it ended, if not well.
    pub badly: Option<String>,
    /// What was written to descriptors 0 to 2.
    pub output: Vec<u8>,
}

impl Host {
    /// Compiles it. `Err`: it can't be, here.
    pub fn new() -> Result<Self, String> {
        if !cfg!(all(target_arch = "x86_64", target_env = "gnu")) {
            return Err("written for x86-64 and glibc".to_owned());
        }
        let host = Self { directory: TempDir::new().expect("a temporary folder") };
        let source = |name: &str, text: &str| {
            std::fs::write(host.path(name), text).expect("a source file");
            host.path(name)
        };
        source("shared.h", include_str!("host/shared.h"));
        let main = source("host.c", include_str!("host/host.c"));
        let faults = source("faults.c", include_str!("host/faults.c"));
        let wrap = source("wrap.c", include_str!("host/wrap.c"));
        let program = ["-O1", "-g", "-rdynamic", "-l:libpam.so.0", "-lpthread", "-ldl"];
        cc::compile(&program, &[&main, &faults], &host.path("host"));
        let plain = source("plain.c", include_str!("host/plain.c"));
        cc::compile(&program, &[&main, &plain], &host.path("plain"));
        let library = ["-O1", "-g", "-shared", "-fPIC", "-Wl,-z,nodelete"];
        cc::compile(&library, &[&wrap], &host.path("wrap.so"));
        // An empty plan says whether seccomp is there.
        let ended = host.run(Kind::Alone, &[], &host.path("nobody.sock"), Under::Faults);
        match ended.badly {
            Some(how) if how == format!("exit status {NO_SECCOMP}") => {
                Err("the kernel takes no seccomp filter".to_owned())
            }
            _ => Ok(host),
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// Runs a plan; the log goes to `log` beside the daemon's socket.
    pub fn run(&self, kind: Kind, scenes: &[Scene], socket: &Path, under: Under) -> Ended {
        let confdir = Confdir::new();
        let uid = nix::unistd::geteuid();
        for (number, more) in SERVICES.iter().enumerate() {
            let line = format!(
                "{} socket={} server_uid={uid} {more}",
                self.path("wrap.so").display(),
                socket.display()
            );
            let phases = ["auth", "account", "session", "password"];
            let stack: String = phases.iter().map(|phase| format!("{phase} required {line}\n")).collect();
            confdir.write(&format!("s{number}"), &stack);
        }
        let plan = confdir.path().join("plan");
        std::fs::write(&plan, plan::write(scenes, kind.threads())).expect("the plan can be written");
        let (mine, theirs): (Vec<_>, Vec<_>) =
            (0..3).map(|_| UnixStream::pair().expect("a pair of sockets")).unzip();
        let [stdin, stdout, stderr] = <[UnixStream; 3]>::try_from(theirs)
            .expect("three")
            .map(|stream| Stdio::from(OwnedFd::from(stream)));
        let mut command = match under {
            Under::Faults => Command::new(self.path("host")),
            Under::Valgrind => {
                let mut command = Command::new("valgrind");
                command.args(VALGRIND).arg(self.path("plain"));
                command
            }
        };
        command.arg(&plan).arg(confdir.path()).arg(apppw_tests::bin::module());
        command.arg(socket.with_file_name("log")).env_clear().stdin(stdin).stdout(stdout).stderr(stderr);
        if kind == Kind::Closed {
            command.arg("closed");
        }
        let mut child = command.spawn().expect("the host can be started");
        drop(command);
        let status = child.wait().expect("the host ends");
        let mut output = Vec::new();
        for mut stream in mine {
            stream.read_to_end(&mut output).expect("what it wrote");
        }
        let bytes = std::fs::read(&plan).expect("the plan");
        let (results, left, counts) = plan::read(&bytes);
        let badly = match (status.code(), status.signal()) {
            (Some(0), _) => None,
            (Some(code), _) => Some(format!("exit status {code}")),
            (None, signal) => Some(format!("signal {}", signal.unwrap_or(0))),
        };
        Ended { results, left, counts, badly, output }
    }
}
