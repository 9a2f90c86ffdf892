//! Logins in a process of their own, as a C program has it: default signals, one thread.

use apppw_tests::pam::{Code, Confdir, Login};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// First argument that makes this program the child.
pub const ARGUMENT: &str = "child-of-the-module-tests";

/// What the child found.
pub struct Report {
    /// What it wrote to descriptors 1 and 2, and how it ended.
    pub output: Output,
    /// `key=value` lines.
    text: String,
}

impl Report {
    /// A value.
    pub fn get(&self, key: &str) -> &str {
        let line = self.text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("no {key} in {:?} {:?}", self.text, self.output))
    }
}

/// Runs three rounds of `logins` logins of alice in a child.
pub fn run(confdir: &Confdir, password: &str, logins: usize, alarms: bool) -> Report {
    let report = confdir.path().join("report");
    let output = Command::new(std::env::current_exe().expect("this program"))
        .arg(ARGUMENT)
        .arg(confdir.path())
        .arg(password)
        .arg(logins.to_string())
        .arg(alarms.to_string())
        .arg(&report)
        .env("RUST_BACKTRACE", "1")
        .stdin(Stdio::null())
        .output()
        .expect("a child");
    Report { output, text: std::fs::read_to_string(&report).unwrap_or_default() }
}

/// The child.
pub fn main() {
    let args: Vec<String> = std::env::args().skip(2).collect();
    let [confdir, password, logins, alarms, report] = args.as_slice() else { std::process::exit(2) };
    let logins: usize = logins.parse().unwrap_or(1);
    // SAFETY: the default disposition takes no handler; nobody else runs yet.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    if alarms == "true" {
        start_alarms();
    }
    let confdir = Path::new(confdir);
    let mut code = Code::IGNORE;
    let mut states = [State::default(), State::default(), State::default()];
    for state in &mut states {
        for _ in 0..logins {
            code = login(confdir, password);
        }
        *state = State::now();
    }
    // The first round is not counted: libpam, syslog and the looking itself set things up once.
    let [_, before, after] = states;
    let mut text = String::new();
    for (when, state) in [("before", &before), ("after", &after)] {
        let State { descriptors, threads, mappings, heap } = state;
        let _ = writeln!(text, "{when}={descriptors:?} {threads} {mappings}\nheap_{when}={heap}");
    }
    let _ = writeln!(text, "code={}", code.0);
    let _ = std::fs::write(report, text);
}

fn login(confdir: &Path, password: &str) -> Code {
    let mut transaction = Login::new("imap", "alice").password(password).start_in(confdir);
    let code = transaction.authenticate();
    let _ = transaction.acct_mgmt();
    code
}

/// What must not grow.
#[derive(Default)]
struct State {
    descriptors: Vec<PathBuf>,
    threads: usize,
    mappings: usize,
    heap: usize,
}

impl State {
    fn now() -> Self {
        // SAFETY: reads the allocator's own counters.
        let heap = unsafe { libc::mallinfo2() }.uordblks;
        Self {
            descriptors: names("/proc/self/fd"),
            threads: names("/proc/self/task").len(),
            mappings: mappings(),
            heap,
        }
    }
}

fn names(directory: &str) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| Path::new(&entry.file_name()).to_owned())
        .collect();
    names.sort();
    names
}

/// Mappings of the module; the heap and the stack may grow.
fn mappings() -> usize {
    let module = super::site::module().canonicalize().unwrap_or_default();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    maps.lines().filter(|line| line.ends_with(&*module.to_string_lossy())).count()
}

/// A signal every few milliseconds, whose handler interrupts system calls.
fn start_alarms() {
    extern "C" fn nothing(_: libc::c_int) {}
    // SAFETY: a zeroed `sigaction` is valid, with no flags: no SA_RESTART. The handler does nothing.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as usize;
        libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut());
        let every = libc::timeval { tv_sec: 0, tv_usec: 2_000 };
        let timer = libc::itimerval { it_interval: every, it_value: every };
        libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut());
    }
}
