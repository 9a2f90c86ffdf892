//! Plays systemd for the units of apppw in a tree where another process is the first: sockets with owner, mode and name as the
//! `.socket` files have them, the daemon of the `.service` file under its user, with its folders and `Type=notify`.
//!
//! `activator LOG` serves; `activator --ask VERB UNIT...` asks it: start, stop, restart, try-restart, is-active, quit.
//! The daemon's lines go to LOG. What units say of walls is for systemd alone: see `walled`.

use apppw_tests::activate::PASS_ON;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Group, Pid, User, chown};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const CONTROL: &str = "/run/activator.control";
const NOTIFY: &str = "/run/activator.notify";
const SERVICE: &str = "apppwd.service";
const UNIT_DIRS: [&str; 2] = ["/etc/systemd/system", "/usr/lib/systemd/system"];
const PATIENCE: Duration = Duration::from_secs(60);

type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.split_first() {
        Some((first, rest)) if first == "--ask" => ask(&rest.join(" ")),
        Some((log, [])) => serve(Path::new(log)),
        _ => Err("usage: activator LOG | activator --ask VERB UNIT...".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("activator: {message}");
            ExitCode::FAILURE
        }
    }
}

fn ask(request: &str) -> Result<()> {
    let mut stream = UnixStream::connect(CONTROL).map_err(|e| format!("{CONTROL}: {e}"))?;
    writeln!(stream, "{request}").map_err(|e| e.to_string())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(|e| e.to_string())?;
    match answer.trim() {
        "ok" => Ok(()),
        other => Err(format!("{request}: {other}")),
    }
}

/// What a unit file sets: a value for each time that a key is there.
struct Unit(Vec<(String, String)>);

impl Unit {
    fn load(name: &str) -> Result<Unit> {
        let files = UNIT_DIRS.map(|dir| Path::new(dir).join(name));
        let text = files.iter().find_map(|file| fs::read_to_string(file).ok());
        let text = text.ok_or_else(|| format!("there is no unit {name}"))?;
        let setting = |line: &str| {
            let (key, value) = line.split_once('=')?;
            (!line.starts_with(['#', ';'])).then(|| (key.to_owned(), value.to_owned()))
        };
        Ok(Unit(text.lines().filter_map(setting).collect()))
    }

    fn get(&self, key: &str) -> Result<&str> {
        let found = self.0.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str()).ok_or_else(|| format!("a unit without {key}="))
    }

    fn mode(&self, key: &str) -> Result<u32> {
        u32::from_str_radix(self.get(key)?, 8).map_err(|e| format!("{key}=: {e}"))
    }
}

fn ids(user: &str, group: &str) -> Result<(nix::unistd::Uid, nix::unistd::Gid)> {
    let found = User::from_name(user).ok().flatten().ok_or_else(|| format!("there is no user {user}"))?;
    let group = Group::from_name(group).ok().flatten().ok_or_else(|| format!("there is no group {group}"))?;
    Ok((found.uid, group.gid))
}

struct Manager {
    /// Listening, by the names of their units.
    sockets: BTreeMap<String, OwnedFd>,
    daemon: Option<Child>,
    notify: UnixDatagram,
    log: PathBuf,
}

fn serve(log: &Path) -> Result<()> {
    let io = |e: std::io::Error| e.to_string();
    for path in [CONTROL, NOTIFY] {
        let _ = fs::remove_file(path);
    }
    let notify = UnixDatagram::bind(NOTIFY).map_err(io)?;
    fs::set_permissions(NOTIFY, fs::Permissions::from_mode(0o666)).map_err(io)?;
    notify.set_read_timeout(Some(Duration::from_millis(50))).map_err(io)?;
    let control = UnixListener::bind(CONTROL).map_err(io)?;
    let mut manager = Manager { sockets: BTreeMap::new(), daemon: None, notify, log: log.to_owned() };
    loop {
        let someone_asks = manager.wait(&control)?;
        if !manager.is_running() && manager.someone_waits() {
            // As systemd does; a daemon that can't start leaves them waiting.
            let _ = manager.start(SERVICE);
        }
        if someone_asks {
            let (stream, _) = control.accept().map_err(io)?;
            let mut line = String::new();
            let _ = BufReader::new(&stream).read_line(&mut line);
            let quits = line.trim() == "quit";
            let answer = manager.obey(line.trim());
            let _ = writeln!(&stream, "{}", answer.map_or_else(|e| e, |()| "ok".to_owned()));
            if quits {
                return Ok(());
            }
        }
    }
}

impl Manager {
    /// Until somebody asks, or, while the daemon doesn't run, connects to one of its sockets.
    fn wait(&mut self, control: &UnixListener) -> Result<bool> {
        let mut fds = vec![PollFd::new(control.as_fd(), PollFlags::POLLIN)];
        if !self.is_running() {
            fds.extend(self.sockets.values().map(|fd| PollFd::new(fd.as_fd(), PollFlags::POLLIN)));
        }
        poll(&mut fds, PollTimeout::from(200_u16)).map_err(|e| e.to_string())?;
        Ok(fds[0].any().unwrap_or(false))
    }

    fn someone_waits(&self) -> bool {
        let mut fds: Vec<_> =
            self.sockets.values().map(|fd| PollFd::new(fd.as_fd(), PollFlags::POLLIN)).collect();
        poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }

    fn is_running(&mut self) -> bool {
        self.daemon.as_mut().is_some_and(|daemon| matches!(daemon.try_wait(), Ok(None)))
    }

    fn obey(&mut self, request: &str) -> Result<()> {
        let mut words = request.split_whitespace();
        let verb = words.next().unwrap_or_default();
        let units: Vec<&str> = words.collect();
        if verb == "quit" {
            self.sockets.clear();
            return self.stop(SERVICE);
        }
        for unit in units {
            match verb {
                "start" => self.start(unit)?,
                "stop" => self.stop(unit)?,
                "restart" => self.stop(unit).and_then(|()| self.start(unit))?,
                "try-restart" if self.is_active(unit) => self.stop(unit).and_then(|()| self.start(unit))?,
                "try-restart" => {}
                "is-active" if self.is_active(unit) => {}
                "is-active" => return Err("inactive".to_owned()),
                _ => return Err(format!("no verb {verb:?}")),
            }
        }
        Ok(())
    }

    fn is_active(&mut self, unit: &str) -> bool {
        if unit == SERVICE { self.is_running() } else { self.sockets.contains_key(unit) }
    }

    fn stop(&mut self, unit: &str) -> Result<()> {
        if unit != SERVICE {
            self.sockets.remove(unit);
            return Ok(());
        }
        let Some(mut daemon) = self.daemon.take() else { return Ok(()) };
        let pid = i32::try_from(daemon.id()).map_err(|e| e.to_string())?;
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        daemon.wait().map(drop).map_err(|e| e.to_string())
    }

    fn start(&mut self, unit: &str) -> Result<()> {
        if self.is_active(unit) {
            return Ok(());
        }
        if unit != SERVICE {
            let socket = bind(&Unit::load(unit)?)?;
            self.sockets.insert(unit.to_owned(), socket);
            return Ok(());
        }
        let service = Unit::load(SERVICE)?;
        for socket in service.get("Requires")?.split_whitespace() {
            self.start(socket)?;
        }
        let (user, group) = (service.get("User")?, service.get("Group")?);
        let (uid, gid) = ids(user, group)?;
        for dir in service.get("StateDirectory")?.split_whitespace() {
            let dir = Path::new("/var/lib").join(dir);
            fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
            let mode = fs::Permissions::from_mode(service.mode("StateDirectoryMode")?);
            fs::set_permissions(&dir, mode).map_err(|e| e.to_string())?;
            chown(&dir, Some(uid), Some(gid)).map_err(|e| e.to_string())?;
        }
        self.spawn(&service, user, group)?;
        self.wait_until_ready()
    }

    fn spawn(&mut self, service: &Unit, user: &str, group: &str) -> Result<()> {
        let mut passed = Vec::new();
        let mut names = Vec::new();
        for unit in service.get("Sockets")?.split_whitespace() {
            let socket = self.sockets.get(unit).ok_or_else(|| format!("{unit} isn't started"))?;
            passed.push(socket.try_clone().map_err(|e| e.to_string())?);
            names.push(Unit::load(unit)?.get("FileDescriptorName")?.to_owned());
        }
        // The order that PASS_ON has the names in.
        if names != ["auth", "admin"] {
            return Err(format!("Sockets= has {names:?}"));
        }
        let admin = passed.pop().ok_or("no socket")?;
        let auth = passed.pop().ok_or("no socket")?;
        let log = File::options().create(true).append(true).open(&self.log).map_err(|e| e.to_string())?;
        let mut command = Command::new("/bin/sh");
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin").env("NOTIFY_SOCKET", NOTIFY);
        command.args(["-c", &format!("umask {}; {PASS_ON}", service.get("UMask")?), "sh", "setpriv"]);
        command.args([format!("--reuid={user}"), format!("--regid={group}"), "--init-groups".to_owned()]);
        command.args(["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]);
        command.args(service.get("ExecStart")?.split_whitespace());
        command.stdin(Stdio::from(auth)).stdout(Stdio::from(admin)).stderr(log);
        self.daemon = Some(command.spawn().map_err(|e| e.to_string())?);
        Ok(())
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut message = [0; 512];
        while Instant::now() < deadline {
            if let Ok(length) = self.notify.recv(&mut message)
                && String::from_utf8_lossy(&message[..length]).contains("READY=1")
            {
                return Ok(());
            }
            if !self.is_running() {
                return Err("apppwd has ended before it was ready; see its log".to_owned());
            }
        }
        Err(format!("apppwd is not ready after {PATIENCE:?}"))
    }
}

fn bind(unit: &Unit) -> Result<OwnedFd> {
    let path = Path::new(unit.get("ListenStream")?);
    let parent = path.parent().ok_or("a socket without a folder")?;
    if !parent.exists() {
        // DirectoryMode=
        fs::create_dir(parent).map_err(|e| format!("{}: {e}", parent.display()))?;
    }
    let _ = fs::remove_file(path);
    let listener = UnixListener::bind(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let (uid, gid) = ids(unit.get("SocketUser")?, unit.get("SocketGroup")?)?;
    chown(path, Some(uid), Some(gid)).map_err(|e| e.to_string())?;
    let mode = fs::Permissions::from_mode(unit.mode("SocketMode")?);
    fs::set_permissions(path, mode).map_err(|e| e.to_string())?;
    Ok(listener.into())
}
