//! What is done in a child process: there a shared object is loaded and libpam driven. If it dies or hangs, that is a result.

use crate::cli::DoctorChild;
use crate::exit::{Failure, Status};
use crate::libpam::{Attempt, Call, Libpam, Object};
use crate::output;
use apppw_admin::SecretText;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The six functions of a PAM module.
const FUNCTIONS: [&std::ffi::CStr; 6] = [
    c"pam_sm_authenticate",
    c"pam_sm_setcred",
    c"pam_sm_acct_mgmt",
    c"pam_sm_open_session",
    c"pam_sm_close_session",
    c"pam_sm_chauthtok",
];

/// How long a child may take: a login waits 8 s for the daemon at most, and modules of the site have their delays.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Most that is heard of a child.
const MOST: u64 = 64 * 1024;

/// What is asked of the child, on its standard input.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Load the module of that path.
    Load(PathBuf),
    /// Say which libpam there is.
    Libpam,
    /// Log in.
    Login { service: String, user: String, password: SecretText, confdir: Option<PathBuf> },
}

/// What came of [`Task::Load`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaded {
    /// Why it can't be loaded.
    pub error: Option<String>,
    /// Functions that it lacks.
    pub missing: Vec<String>,
}

/// What came of [`Task::Libpam`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibpamFound {
    pub error: Option<String>,
    pub path: Option<PathBuf>,
    /// It has `pam_start_confdir`.
    pub confdir: bool,
}

/// What came of [`Task::Login`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoggedIn {
    /// The codes of authentication and account phase; the first one that isn't success is the last.
    Codes(Vec<i32>),
    /// `pam_start` failed with that code.
    NotStarted(i32),
    NoLibpam(String),
}

/// The child: reads its task, does it, prints what came of it.
pub fn run(_: &DoctorChild) -> Result<Status, Failure> {
    let mut said = zeroize::Zeroizing::new(Vec::with_capacity(usize::try_from(MOST).unwrap_or_default()));
    std::io::stdin()
        .take(MOST)
        .read_to_end(&mut said)
        .map_err(|e| Failure::io(format!("can't read the task: {e}")))?;
    let task: Task = serde_json::from_slice(&said)
        .map_err(|_| Failure::usage("this is for `apppw doctor` alone: run that"))?;
    let result = match task {
        Task::Load(path) => serde_json::to_vec(&load(&path)),
        Task::Libpam => serde_json::to_vec(&libpam()),
        Task::Login { service, user, password, confdir } => {
            serde_json::to_vec(&login(&service, &user, password.expose(), confdir.as_deref()))
        }
    };
    output::print(&result.map_err(|e| Failure::io(e.to_string()))?)?;
    Ok(Status::Done)
}

fn load(path: &Path) -> Loaded {
    match Object::open(path) {
        Err(error) => Loaded { error: Some(error), missing: Vec::new() },
        Ok(object) => {
            let missing = FUNCTIONS.iter().filter(|name| !object.has(name));
            Loaded { error: None, missing: missing.map(|name| name.to_string_lossy().into_owned()).collect() }
        }
    }
}

fn libpam() -> LibpamFound {
    let libpam = match Libpam::open() {
        Ok(libpam) => libpam,
        Err(error) => return LibpamFound { error: Some(error), ..LibpamFound::default() },
    };
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mapped = maps.lines().filter_map(|line| line.find('/').and_then(|at| line.get(at..)));
    let path = mapped
        .map(Path::new)
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libpam.so")));
    LibpamFound { error: None, path: path.map(Path::to_owned), confdir: libpam.has_confdir() }
}

fn login(service: &str, user: &str, password: &str, confdir: Option<&Path>) -> LoggedIn {
    let libpam = match Libpam::open() {
        Ok(libpam) => libpam,
        Err(error) => return LoggedIn::NoLibpam(error),
    };
    let attempt = Attempt { service, user, password, confdir };
    match libpam.login(&attempt, &[Call::Authenticate, Call::Account]) {
        Ok(codes) => LoggedIn::Codes(codes),
        Err(code) => LoggedIn::NotStarted(code),
    }
}

/// Has a child do that. `Err` is why there is no result, as one says it: it was killed, it hung.
pub fn ask<T: for<'a> Deserialize<'a>>(task: &Task) -> Result<T, String> {
    let task = zeroize::Zeroizing::new(serde_json::to_vec(task).map_err(|e| e.to_string())?);
    let mut child = Command::new("/proc/self/exe")
        .arg("doctor-aid")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("no child process can be started: {e}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // Who has ended by now says why by how it ended.
        let _ = stdin.write_all(&task);
    }
    let (sender, heard) = std::sync::mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut said = Vec::new();
            let _ = stdout.take(MOST).read_to_end(&mut said);
            let _ = sender.send(said);
        });
    }
    let deadline = Instant::now() + TIMEOUT;
    let said = heard.recv_timeout(TIMEOUT);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                let said = said.unwrap_or_default();
                return serde_json::from_slice(&said)
                    .map_err(|_| format!("the process that tried it ended with {status}"));
            }
            Ok(None) if said.is_ok() && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(5))
            }
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("the process that tried it did not end within {} s", TIMEOUT.as_secs()));
            }
        }
    }
}
