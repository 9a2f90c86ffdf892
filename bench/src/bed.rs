//! What the benchmarks of logins share: a daemon, stacks for it and for its peers.

use crate::peers::{self, Floor, stack};
use crate::pin::OneCore;
use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::bin;
use apppw_tests::lines::Lines;
use apppw_tests::pam::{Code, Confdir, Login};
use apppw_tests::servers::tree::{Suite, Tree};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A login that is measured.
#[derive(Debug, Clone)]
pub struct Try {
    /// The service: which stack.
    pub service: &'static str,
    pub user: String,
    pub password: String,
    /// What `pam_authenticate` has to answer.
    pub code: Code,
}

impl Try {
    pub fn new(service: &'static str, user: &str, password: &str) -> Self {
        Self { service, user: user.to_owned(), password: password.to_owned(), code: Code::SUCCESS }
    }

    /// One that has to be refused.
    pub fn refused(self) -> Self {
        Self { code: Code::AUTH_ERR, ..self }
    }
}

/// A right secret's shape, and nobody's.
pub const NEVER_DRAWN: &str = "0000-0000-0000-0000";

/// A daemon and everything beside it.
pub struct Bed {
    pub daemon: Apppwd,
    pub confdir: Confdir,
    /// The same services beside Debian's own `other`, where this machine has one.
    pub debians: Option<Confdir>,
    _dir: TempDir,
    /// Held: it ends with the bed.
    floor: Floor,
    /// The programs of [`peers`].
    pub once: PathBuf,
    pub has_pwdfile: bool,
}

impl Bed {
    /// With `config` behind the paths.
    pub fn new(config: &str) -> Self {
        let dir = TempDir::with_prefix("apppw-bench-").expect("a folder");
        let floor = Floor::start(dir.path()).expect("the floor");
        let once = peers::build(dir.path(), "once", &["-l:libpam.so.0"]).expect("a host of one login");
        let daemon = Site::new(config).start();
        let confdir = Confdir::new();
        let ours = format!("{} socket={}", bin::module().display(), daemon.auth_socket().display());
        confdir.write("permit", &stack("pam_permit.so"));
        confdir.write("floor", &stack(&format!("{} {}", floor.module.display(), floor.socket.display())));
        confdir.write("imap", &format!("auth [success=done default=die] {ours}\naccount required {ours}\n"));
        confdir.write(
            "smtp",
            &format!(
                "auth [success=done user_unknown=ignore default=die] {ours}\nauth required pam_permit.so\n\
                 account [success=done user_unknown=ignore default=die] {ours}\naccount required pam_permit.so\n"
            ),
        );
        confdir.write("unix", &stack("pam_unix.so"));
        confdir.write("other", &peers::other());
        let debians = debians_other(&confdir);
        if debians.is_some() {
            confdir.write(
                "pop3",
                &format!("auth sufficient {ours}\n@include common-auth\naccount required {ours}\n"),
            );
        }
        let has_pwdfile = pwdfile(&dir, &confdir);
        Self { daemon, confdir, debians, _dir: dir, floor, once, has_pwdfile }
    }

    /// Pins all that a login goes through to one core.
    pub fn on_one_core(&self) -> OneCore {
        OneCore::with([self.daemon.id(), self.floor.id()])
    }

    /// With the daemon stopped and started again.
    pub fn restarted(self) -> Self {
        let (_, site) = self.daemon.stop();
        Self { daemon: site.start(), ..self }
    }

    /// Asks the daemon.
    pub fn call(&self, verb: &str, args: Value) -> Value {
        call(&mut Lines::connect(&self.daemon.admin_socket()), verb, &args)
    }

    /// Creates an app password and returns its secret.
    pub fn create(&self, user: &str, name: &str) -> String {
        let made = self.call("create", json!({"user": user, "name": name}));
        made["secret"].as_str().expect("a secret").to_owned()
    }

    /// `count` logins, one after the other, in this process.
    pub fn log_in(&self, login: &Try, count: usize) -> Vec<Duration> {
        (0..count).map(|_| self.log_in_once(login)).collect()
    }

    /// One login: start, authenticate, account management, end.
    pub fn log_in_once(&self, login: &Try) -> Duration {
        Self::log_in_by(&self.confdir, login)
    }

    /// The same by other files.
    pub fn log_in_by(confdir: &Confdir, login: &Try) -> Duration {
        let prepared = Login::new(login.service, &login.user).password(&login.password);
        let (code, took) = timed(confdir.path(), &prepared);
        assert_eq!(code, login.code, "{login:?}");
        took
    }
}

/// What `pam_authenticate` answers, and how long all of the login takes.
pub fn timed(confdir: &Path, login: &Login) -> (Code, Duration) {
    let begun = Instant::now();
    let mut transaction = login.start_in(confdir);
    let code = transaction.authenticate();
    if code == Code::SUCCESS {
        assert_eq!(transaction.acct_mgmt(), Code::SUCCESS);
    }
    drop(transaction);
    (code, begun.elapsed())
}

/// Asks on a connection to `admin.sock` what is not refused.
pub fn call(lines: &mut Lines, verb: &str, args: &Value) -> Value {
    let answer = lines.call(verb, args);
    assert!(answer.get("ok").is_some(), "{verb}: {answer}");
    answer["ok"].clone()
}

/// A copy of `confdir` with `other` and what it includes as Debian has them; the included files are put
/// beside the services of `confdir`, too.
fn debians_other(confdir: &Confdir) -> Option<Confdir> {
    let read = |name: &str| std::fs::read_to_string(format!("/etc/pam.d/{name}")).ok();
    let other = read("other").filter(|other| other.contains("@include common-auth"))?;
    for name in ["common-auth", "common-account", "common-password", "common-session"] {
        confdir.write(name, &read(name)?);
    }
    let debians = Confdir::new();
    for file in std::fs::read_dir(confdir.path()).ok()?.flatten() {
        let text = std::fs::read_to_string(file.path()).ok()?;
        debians.write(&file.file_name().to_string_lossy(), &text);
    }
    debians.write("other", &other);
    Some(debians)
}

/// pam_pwdfile from the distribution, if this machine's apt sources have it.
fn pwdfile(dir: &TempDir, confdir: &Confdir) -> bool {
    let Ok(Some(tree)) = Tree::unpack(Suite::Tools) else { return false };
    let Ok(module) = tree.module_path() else { return false };
    let module = tree.path().join(module.trim_start_matches('/')).with_file_name("pam_pwdfile.so");
    let file = dir.path().join("pwdfile");
    std::fs::write(&file, peers::pwdfile()).expect("a password file");
    let line = format!("required {} pwdfile={}\n", module.display(), file.display());
    confdir.write("pwdfile", &format!("auth {line}account required pam_permit.so\n"));
    module.exists()
}
