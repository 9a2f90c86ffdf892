//! A command running inside a tree, and its log. `tests/tree/enter.sh` makes the namespaces.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::inside::Inside;
use super::tree::{Tree, scripts};
use super::{Failure, Result};

/// A running command. Dropping it ends everything inside, and waits for that.
pub struct Running {
    child: Child,
    /// enter.sh kills everything when this closes; it closes with this process too, however that ends.
    lifeline: Option<ChildStdin>,
    syslog: Option<JoinHandle<()>>,
    over: Arc<AtomicBool>,
    dir: TempDir,
}

/// Start `command` (the first word is looked up inside) in `tree` with what `inside` describes.
pub fn enter(tree: &Tree, inside: &Inside, command: &[&str]) -> Result<Running> {
    let dir = TempDir::with_prefix("apppw-tree-")?;
    let copy = dir.path().join("copy");
    fs::create_dir(&copy)?;
    inside.write_to(&copy)?;

    let log = File::options().create(true).append(true).open(dir.path().join("log"))?;
    let over = Arc::new(AtomicBool::new(false));
    let syslog = syslog_into(log.try_clone()?, dir.path().join("syslog"), over.clone())?;

    let mut enter = Command::new("sh");
    enter.arg(scripts().join("enter.sh"));
    let sockets = [(dir.path().join("syslog"), "/dev/log".to_owned())];
    for (host, path) in inside.binds().iter().chain(&sockets) {
        let host = host.canonicalize().map_err(|e| Failure(format!("{}: {e}", host.display())))?;
        let mut argument = host.into_os_string();
        argument.push(":");
        argument.push(path);
        enter.arg("--bind").arg(argument);
    }
    enter.arg("--copy").arg(&copy).arg(tree.path()).args(command);
    // Inside only these and what enter.sh sets: the tests' own environment (CARGO_*, APPPW_*) isn't the servers'.
    enter.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LC_ALL", "C.UTF-8");
    let mut child = enter.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log).spawn()?;
    let lifeline = child.stdin.take();
    Ok(Running { child, lifeline, syslog: Some(syslog), over, dir })
}

/// /dev/log for inside: what modules and saslauthd say to syslog belongs into the same log.
fn syslog_into(mut log: File, socket: PathBuf, over: Arc<AtomicBool>) -> Result<JoinHandle<()>> {
    let listener = UnixDatagram::bind(&socket)?;
    fs::set_permissions(&socket, std::os::unix::fs::PermissionsExt::from_mode(0o666))?;
    listener.set_read_timeout(Some(Duration::from_millis(100)))?;
    Ok(thread::spawn(move || {
        let mut message = [0; 8192];
        while !over.load(Ordering::Relaxed) {
            if let Ok(length) = listener.recv(&mut message) {
                let text = String::from_utf8_lossy(&message[..length]);
                // A test that reads the log can't be told of a full disk; it will miss the line.
                let _ =
                    log.write_all(format!("syslog: {}\n", text.trim_end_matches(['\n', '\0'])).as_bytes());
            }
        }
    }))
}

/// As enter.sh sets it.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

fn first_child(id: u32) -> Result<u32> {
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
    let first = children.split_whitespace().next().and_then(|child| child.parse().ok());
    first.ok_or_else(|| Failure(format!("process {id} has no children")))
}

impl Running {
    /// Standard output, standard error and syslog so far.
    pub fn log(&self) -> String {
        fs::read(self.log_path())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// The file behind [`Running::log`].
    pub fn log_path(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// Wait until the log contains `text`: logs come a moment after the answers they explain.
    pub fn wait_for_log(&self, text: &str, patience: Duration) -> Result<String> {
        let deadline = Instant::now() + patience;
        loop {
            let log = self.log();
            if log.contains(text) {
                return Ok(log);
            }
            if Instant::now() > deadline {
                return Err(Failure(format!("{text:?} didn't appear in the log:\n{log}")));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// A program to be run inside, as root there, beside what runs: `doveadm`, `apppw`.
    pub fn command(&self, program: &str) -> Result<Command> {
        // unshare's child is process 1 of the namespaces; its first child has the tree as its root.
        let main = first_child(first_child(self.id())?)?;
        let mut command = Command::new("nsenter");
        command.args([&format!("--target={main}"), "--mount", "--pid", "--root", program]);
        command.env_clear().env("PATH", PATH).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
        Ok(command)
    }

    /// Has the command ended by itself?
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// The process id of enter.sh on the host.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// End it now: `Drop`, spelled out.
    pub fn stop(self) {}
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let deadline = Instant::now() + Duration::from_secs(5);
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                // Hung in spite of the life line: killing enter.sh's shell closes nothing more, but ends our wait.
                let _ = self.child.kill();
            }
            thread::sleep(Duration::from_millis(5));
        }
        self.over.store(true, Ordering::Relaxed);
        if let Some(syslog) = self.syslog.take() {
            let _ = syslog.join();
        }
    }
}
