//! The daemon as systemd starts it: sockets bound and listening before it runs, passed on by
//! number and name, kept over a restart; the daemon under an unprivileged uid; `Type=notify`.

use crate::apppwd::{Apppwd, PATIENCE, Site};
use nix::unistd::{Gid, Group, Uid, chown};
use std::fs;
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A uid without a name, for a daemon that needs none.
pub const DAEMON_UID: u32 = 61_110;

/// Descriptors can't be given to a child by number without `unsafe`, so they come as stdin
/// and stdout; and only the child knows its process id before it runs.
pub const PASS_ON: &str = "exec 3<&0 4<&1 </dev/null >/dev/null; \
    export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=auth:admin; exec \"$@\"";

/// The sockets of `apppwd-auth.socket` and `apppwd-admin.socket`: this process has called
/// `listen`, so it is its uid that the module sees.
pub struct Sockets {
    auth: OwnedFd,
    admin: OwnedFd,
}

impl Sockets {
    /// Binds both, with owner and mode as the units have them.
    fn bind(site: &Site) -> Sockets {
        make_dir(&site.socket_dir(), 0o755);
        let auth = listen(&site.auth_socket(), 0o660);
        if Uid::effective().is_root() {
            let group = Group::from_name("apppw-auth").ok().flatten();
            let gid = group.map_or(Gid::from_raw(0), |group| group.gid);
            chown(&site.auth_socket(), None, Some(gid)).expect("root may change a group");
        }
        Sockets { auth, admin: listen(&site.admin_socket(), 0o666) }
    }
}

impl Site {
    /// Starts the daemon by socket activation and waits until it reports that it is ready. As
    /// root it runs as `uid`, without groups, capabilities or ways to get some; else as this
    /// process's own uid.
    ///
    /// [`Apppwd::stop`] leaves the sockets open: who connects then waits, and the next
    /// `start_activated` serves him. [`Site::close_sockets`] is `systemctl stop '*.socket'`.
    pub fn start_activated(mut self, uid: u32) -> Apppwd {
        for dir in ["state", "key"] {
            make_dir(&self.path(dir), 0o700);
            if Uid::effective().is_root() {
                let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(uid));
                chown(&self.path(dir), Some(uid), Some(gid)).expect("root may change an owner");
            }
        }
        self.bind_sockets();
        let sockets = self.sockets.take().expect("just bound");
        let notify = self.path("notify");
        let _ = fs::remove_file(&notify);
        let ready = UnixDatagram::bind(&notify).expect("a notify socket");
        fs::set_permissions(&notify, fs::Permissions::from_mode(0o666)).expect("its mode");

        let mut command = self.activated_command(uid);
        command.env("NOTIFY_SOCKET", &notify).stdin(copy_of(&sockets.auth)).stdout(copy_of(&sockets.admin));
        self.sockets = Some(sockets);
        let mut daemon = self.spawn_by(command);
        wait_until_ready(&mut daemon, &ready);
        daemon
    }

    /// `systemctl start '*.socket'`: from now on who connects waits for [`Site::start_activated`].
    pub fn bind_sockets(&mut self) {
        if self.sockets.is_none() {
            self.sockets = Some(Sockets::bind(self));
        }
    }

    /// Closes the sockets that [`Site::start_activated`] has bound: now nobody listens.
    pub fn close_sockets(&mut self) {
        self.sockets = None;
        for path in [self.auth_socket(), self.admin_socket()] {
            let _ = fs::remove_file(path);
        }
    }

    fn activated_command(&self, uid: u32) -> Command {
        let daemon = self.command();
        let mut command = Command::new("/bin/sh");
        command.env_clear().args(["-c", PASS_ON, "sh"]);
        if Uid::effective().is_root() {
            let path = std::env::var_os("PATH").unwrap_or_default();
            command.env("PATH", path);
            command.args(self.disk.iter().flat_map(|disk| disk.enter()));
            command.arg("setpriv");
            command.args([format!("--reuid={uid}"), format!("--regid={uid}")]);
            command.args(["--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]);
        }
        command.arg(daemon.get_program()).args(daemon.get_args());
        command
    }
}

fn wait_until_ready(daemon: &mut Apppwd, ready: &UnixDatagram) {
    ready.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout can be set");
    let deadline = Instant::now() + PATIENCE;
    let mut message = [0; 512];
    loop {
        match ready.recv(&mut message) {
            Ok(length) if String::from_utf8_lossy(&message[..length]).contains("READY=1") => return,
            Ok(_) => {}
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(e) => panic!("the notify socket: {e}"),
        }
        let ended = daemon.ended();
        assert!(ended.is_none(), "apppwd ended with {ended:?}: {}", daemon.log());
        assert!(Instant::now() < deadline, "apppwd is not ready after {PATIENCE:?}: {}", daemon.log());
    }
}

fn make_dir(path: &Path, mode: u32) {
    match fs::DirBuilder::new().mode(mode).create(path) {
        Ok(()) => {}
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
        Err(e) => panic!("{}: {e}", path.display()),
    }
}

fn listen(path: &Path, mode: u32) -> OwnedFd {
    let listener = UnixListener::bind(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
    listener.into()
}

fn copy_of(fd: &OwnedFd) -> Stdio {
    fd.as_fd().try_clone_to_owned().expect("a descriptor can be duplicated").into()
}
