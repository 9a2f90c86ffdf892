//! A daemon of a test's own, in a temporary folder.

use apppw_admin::verbs::{CreateArgs, Created, RevokeArgs, Revoked};
use apppw_admin::{AppPasswordId, Client, ClientError, Verb};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Argon2id as cheap as it goes and hardly a limit, for tests that make hundreds of app
/// passwords. Whoever tests the real cost or limit leaves it out.
pub const CHEAP_ARGON2: &str = "[argon2]\nmemory_kib = 64\niterations = 1\n[limits]\nper_account = 100000\n";

/// Longest that a start is waited for, on a busy machine too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Folders, configuration and log of a daemon, running or not.
pub struct Site {
    dir: TempDir,
    config: String,
    /// Bound outside the daemon, once it has been started by `start_activated`.
    pub(crate) sockets: Option<crate::activate::Sockets>,
    /// Where `start_activated` starts it, if it has a disk of its own.
    pub(crate) disk: Option<crate::disk::SmallDisk>,
}

impl Site {
    /// A new place with `config` behind the paths. Top-level keys must come first in it.
    pub fn new(config: &str) -> Site {
        Self::new_in(&std::env::temp_dir(), config)
    }

    /// The same in memory, where syncing costs nothing: for what is about many changes, and not
    /// about what a disk keeps.
    pub fn in_memory(config: &str) -> Site {
        let shared_memory = Path::new("/dev/shm");
        match shared_memory.is_dir() {
            true => Self::new_in(shared_memory, config),
            false => Self::new(config),
        }
    }

    fn new_in(parent: &Path, config: &str) -> Site {
        let dir = tempfile::Builder::new().prefix("apppwd-").tempdir_in(parent);
        let dir = dir.expect("a temporary folder");
        // PAM hosts of other uids go through it.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
        let site = Site { dir, config: String::new(), sockets: None, disk: None };
        let paths = format!(
            "state_dir = {:?}\nkey_dir = {:?}\nauth_socket = {:?}\nadmin_socket = {:?}\n",
            site.path("state"),
            site.path("key"),
            site.auth_socket(),
            site.admin_socket()
        );
        let site = Site { config: paths + config, ..site };
        site.write_config(&site.config);
        site
    }

    /// Puts a disk of that size (as mount(8) has it) over the folder `dir`, for a daemon of that uid that
    /// is started by [`Site::start_activated`].
    pub fn with_small_disk(mut self, dir: &str, uid: u32, size: &str) -> Site {
        self.disk = Some(crate::disk::SmallDisk::over(&self, dir, uid, size));
        self
    }

    /// That disk.
    pub fn disk(&self) -> &crate::disk::SmallDisk {
        self.disk.as_ref().expect("a site with a small disk")
    }

    /// `name` in the temporary folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Where the sockets lie.
    pub fn socket_dir(&self) -> PathBuf {
        self.path("run")
    }

    /// `auth.sock`.
    pub fn auth_socket(&self) -> PathBuf {
        self.path("run/auth.sock")
    }

    /// `admin.sock`.
    pub fn admin_socket(&self) -> PathBuf {
        self.path("run/admin.sock")
    }

    /// The configuration file.
    pub fn config_path(&self) -> PathBuf {
        self.path("apppwd.toml")
    }

    /// What is in it.
    pub fn config(&self) -> &str {
        &self.config
    }

    /// Puts another text in its place.
    pub fn write_config(&self, text: &str) {
        fs::write(self.config_path(), text).expect("the configuration can be written");
    }

    /// The daemon's command, not started.
    pub fn command(&self) -> Command {
        let mut command = crate::walls::daemon(self.dir.path());
        command
            .arg("--config")
            .arg(self.config_path())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    /// Runs the daemon where it is expected not to start: exit status and stderr.
    pub fn refuses(&self, args: &[&str]) -> (ExitStatus, String) {
        let output = self.command().args(args).output().expect("apppwd can be run");
        (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Starts the daemon and waits until it serves.
    pub fn start(self) -> Apppwd {
        let command = self.command();
        self.start_by(command)
    }

    /// Starts it by another command (with more arguments, another uid, passed sockets). Its
    /// stderr goes to the log.
    pub fn start_by(self, command: Command) -> Apppwd {
        let mut daemon = self.spawn_by(command);
        daemon.wait_until_it_serves();
        daemon
    }

    /// As [`Site::start_by`], without waiting.
    pub(crate) fn spawn_by(self, mut command: Command) -> Apppwd {
        let log =
            File::options().append(true).create(true).open(self.path("log")).expect("the log can be made");
        let child = command.stderr(log).spawn().expect("apppwd can be started");
        Apppwd { child: Some(child), site: Some(self) }
    }
}

/// A running daemon. Dropping it ends it by its id.
pub struct Apppwd {
    child: Option<Child>,
    site: Option<Site>,
}

impl std::ops::Deref for Apppwd {
    type Target = Site;

    fn deref(&self) -> &Site {
        self.site.as_ref().expect("a running daemon has its site")
    }
}

impl Apppwd {
    /// A daemon with the default configuration, but for cheap Argon2id.
    pub fn start() -> Apppwd {
        Site::new(CHEAP_ARGON2).start()
    }

    fn wait_until_it_serves(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while Client::connect(&self.admin_socket()).is_err() {
            let ended = self.ended();
            assert!(ended.is_none(), "apppwd ended with {ended:?}: {}", self.log());
            assert!(Instant::now() < deadline, "apppwd does not serve after {PATIENCE:?}: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Its exit status, if it has ended by itself.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().and_then(|child| child.try_wait().ok().flatten())
    }

    /// All that it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// The log, once nothing has been added to it for a while: verdicts are written behind.
    pub fn settled_log(&self) -> String {
        let mut log = self.log();
        loop {
            std::thread::sleep(Duration::from_millis(150));
            let now = self.log();
            if now == log {
                return log;
            }
            log = now;
        }
    }

    /// Waits until the log has a line with all of `words`, and returns it. Patient: what is waited for
    /// may be behind several writes to a busy machine's disk.
    pub fn wait_for_line(&self, words: &[&str]) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let log = self.log();
            if let Some(line) = log.lines().find(|line| words.iter().all(|word| line.contains(word))) {
                return line.to_owned();
            }
            assert!(Instant::now() < deadline, "no line with {words:?} in:\n{log}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// A connection to it as this process's uid.
    pub fn client(&self) -> Client {
        Client::connect(&self.admin_socket()).expect("apppwd answers")
    }

    /// Creates an app password; no services: the default ones.
    pub fn create(&self, user: &str, name: &str, services: &[&str]) -> Created {
        let args = CreateArgs {
            user: Some(user.to_owned()),
            name: name.to_owned(),
            services: services.iter().map(|s| (*s).to_owned()).collect(),
            ..CreateArgs::default()
        };
        self.client().call(Verb::Create, &args).expect("an app password can be created")
    }

    /// Revokes one.
    pub fn revoke(&self, id: AppPasswordId) -> Revoked {
        let args = RevokeArgs { ids: vec![id], ..RevokeArgs::default() };
        self.client().call(Verb::Revoke, &args).expect("an app password can be revoked")
    }

    /// Calls `verb` as this process's uid.
    pub fn call<A: serde::Serialize, R: serde::de::DeserializeOwned>(
        &self,
        verb: Verb,
        args: &A,
    ) -> Result<R, ClientError> {
        self.client().call(verb, args)
    }

    /// The CLI on this daemon, not started.
    pub fn cli(&self, args: &[&str]) -> Command {
        let mut command = Command::new(crate::bin::apppw());
        command.arg("--socket").arg(self.admin_socket()).args(args).env_clear().stdin(Stdio::null());
        command
    }

    /// Asks it to stop, waits, and hands back the site to start again.
    pub fn stop(mut self) -> (ExitStatus, Site) {
        self.signal(nix::sys::signal::Signal::SIGTERM);
        let status = self.child.take().map(|mut child| child.wait().expect("a child can be waited for"));
        (status.expect("it was running"), self.site.take().expect("a running daemon has its site"))
    }

    /// `systemctl restart` of one that [`Site::start_activated`] has started: its sockets stay.
    pub fn restart_activated(&mut self, uid: u32) {
        self.signal(nix::sys::signal::Signal::SIGTERM);
        if let Some(mut child) = self.child.take() {
            child.wait().expect("a child can be waited for");
        }
        let site = self.site.take().expect("a running daemon has its site");
        *self = site.start_activated(uid);
    }

    /// kill -9, and hands back the site.
    pub fn kill(mut self) -> Site {
        self.end();
        self.site.take().expect("a running daemon has its site")
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.id()).expect("a process id"));
        nix::sys::signal::kill(pid, signal).expect("the daemon can be signalled");
    }

    fn end(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Apppwd {
    fn drop(&mut self) {
        self.end();
    }
}

/// Copies a file or folder, for a backup within a test.
pub fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp can be run");
    assert!(status.success(), "cp -a {} {}", from.display(), to.display());
}
