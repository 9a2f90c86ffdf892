//! A mail host with people of its own, and its command line as each of them uses it.

use apppw_tests::among::{among, fill_disk, with_small_disk};
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::clock::Clock;
use apppw_tests::frames::{Ask, canonical};
use apppw_tests::identity::Identity;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nexim:x:450:450::/:/bin/false\n\
    alice:x:1001:1001::/:/bin/sh\nbob:x:1002:1002::/:/bin/sh\nadele:x:1003:1003::/:/bin/sh\n\
    heidi:x:1004:1004::/:/bin/sh\n";
const GROUP: &str =
    "root:x:0:\napppw-admin:x:777:adele\napppw-helpdesk:x:778:heidi\napppw-auth:x:779:exim\nalice:x:1001:\n";

/// Who types a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Root,
    /// A member of `apppw-admin`.
    Adele,
    /// A member of `apppw-helpdesk`.
    Heidi,
    /// A person.
    Alice,
    /// Another one.
    Bob,
    /// A program's user.
    Exim,
}

impl Who {
    /// As the shell's prompt has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Adele => "adele",
            Self::Heidi => "heidi",
            Self::Alice => "alice",
            Self::Bob => "bob",
            Self::Exim => "exim",
        }
    }

    pub fn identity(self) -> Identity {
        match self {
            Self::Root => Identity::new(0),
            Self::Adele => Identity { groups: vec![777], ..Identity::new(1003) },
            Self::Heidi => Identity { groups: vec![778], ..Identity::new(1004) },
            Self::Alice => Identity::new(1001),
            Self::Bob => Identity::new(1002),
            Self::Exim => Identity { groups: vec![779], ..Identity::new(450) },
        }
    }
}

/// How a command is run.
#[derive(Default)]
pub struct How<'a> {
    /// What it finds on standard input.
    pub stdin: &'a [u8],
    /// A folder or device in place of standard input.
    pub stdin_from: Option<&'a Path>,
    /// A file or device in place of the pipe.
    pub stdout_to: Option<&'a Path>,
    /// Its `PATH`: where doveadm is.
    pub path: Option<&'a Path>,
    /// A [`mail_server`], in place of the machine's own folders.
    pub mail_server: Option<&'a Path>,
}

/// What came of it.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A site whose daemon has cheap hashes. Top-level keys can't be in `config`.
pub fn site(config: &str) -> Site {
    let argon2 = CHEAP_ARGON2.split("[limits]").next().unwrap_or_default();
    Site::new(&format!("{argon2}{config}"))
}

/// The daemon's command, where the people are.
pub fn among_people(site: &Site) -> Command {
    among(site, PASSWD, GROUP)
}

/// A daemon among them.
pub fn start(config: &str) -> Apppwd {
    restart(site(config))
}

/// The same at a place that has been used.
pub fn restart(site: Site) -> Apppwd {
    let command = among_people(&site);
    site.start_by(command)
}

/// A daemon with two app passwords whose ids begin alike.
pub fn alike_ids(daemon: Apppwd) -> Apppwd {
    for name in ["one", "other"] {
        create(&daemon, &format!("{name}@example.org"), name, &[]);
    }
    let (_, site) = daemon.stop();
    // ap-7k3a0000 and ap-7k3b0000.
    for (name, id) in [("one", 0x3_cc6a_u64 << 20), ("other", 0x3_cc6b << 20)] {
        let statement = format!("UPDATE app_password SET id = {id} WHERE name = '{name}'");
        let done = Command::new("sqlite3").arg(site.path("state/apppw.db")).arg(statement).status();
        assert!(done.expect("sqlite3 runs").success());
    }
    restart(site)
}

/// A daemon whose clock the test moves.
pub fn start_by_clock(config: &str) -> (Apppwd, Clock) {
    let site = site(config);
    let clock = Clock::new(&site);
    let command = clock.drive(among_people(&site));
    (site.start_by(command), clock)
}

/// A daemon whose folder `dir` (`state` or `key`) is on a small disk, which can be filled.
pub fn start_on_small_disk(config: &str, dir: &str) -> Apppwd {
    let site = site(config);
    let command = with_small_disk(&site, dir, &among_people(&site));
    site.start_by(command)
}

/// Fills the disk of the key, to the last byte of the journal's last page.
pub fn fill_key_disk(daemon: &Apppwd) {
    fill_disk(daemon, "key");
    for action in ["lock", "unlock"].into_iter().cycle().take(1000) {
        let ran = apppw(&daemon.admin_socket(), Who::Root, &["user", "filler", action], &How::default());
        if ran.status != 0 {
            return;
        }
    }
    panic!("the journal still grows");
}

/// Runs `apppw` on the socket as `who`.
pub fn apppw(socket: &Path, who: Who, args: &[&str], how: &How<'_>) -> Ran {
    let program = program_for(socket, who);
    let mut command = match how.mail_server {
        Some(place) => inside(place, &program),
        None => Command::new(program),
    };
    command.env_clear().env("TZ", "UTC").env("APPPW_SOCKET", socket).args(args);
    if let Some(path) = how.path {
        command.env("PATH", path);
    }
    finish(command, who, how)
}

/// A mail server's /etc, /usr/local and /var/lib, below a folder: Dovecot as Debian has it, in short, and a doveconf that
/// knows what `apppw setup` makes of it.
pub fn mail_server() -> tempfile::TempDir {
    let place = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = place.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write("etc/pam.d/common-account", "account required pam_unix.so\n");
    write("etc/pam.d/common-auth", "auth required pam_unix.so\n");
    write("etc/pam.d/other", "@include common-auth\n@include common-account\n");
    write(
        "etc/dovecot/dovecot.conf",
        "protocols = imap\npassdb {\n  driver = pam\n}\nuserdb {\n  driver = passwd\n}\n",
    );
    write("usr-local/sbin/doveconf", DOVECONF);
    for folder in ["var-lib", "etc", "usr-local/sbin/doveconf"] {
        let path = place.path().join(folder);
        fs::create_dir_all(&path).ok();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its mode");
    }
    place
}

const DOVECONF: &str = r#"#!/bin/sh
[ "$1" != protocols ] || { echo 'protocols = imap'; exit; }
echo '# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf'
echo 'passdb {'
echo '  driver = pam'
if [ -e /etc/dovecot/auth-apppw.conf.ext ]; then
    printf '  %s\n' 'args = %s' 'result_failure = return-fail' 'result_internalfail = return-fail'
fi
printf '%s\n' '}' 'userdb {' '  driver = passwd' '}'
"#;

/// A program where these folders are.
fn inside(place: &Path, program: &Path) -> Command {
    const SCRIPT: &str = "mount --bind \"$1/etc\" /etc && mount --bind \"$1/usr-local\" /usr/local && \
        mount --bind \"$1/var-lib\" /var/lib && shift && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", SCRIPT, "sh"]).arg(place).arg(program);
    command
}

/// Runs it on a terminal, where `n` is typed.
pub fn apppw_on_a_terminal(socket: &Path, line: &str) -> Ran {
    let mut command = Command::new("script");
    command.args(["-qec", line, "/dev/null"]).env("APPPW_SOCKET", socket).env("TZ", "UTC");
    command.env("APPPW", apppw_tests::bin::apppw()).env_remove("USER").env("NO_COLOR", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("script (util-linux)");
    // Held to the end: to close it would end the session.
    let mut keyboard = child.stdin.take().expect("a keyboard");
    keyboard.write_all(b"n\n").expect("it can be typed");
    let mut stdout = String::new();
    child.stdout.take().expect("a screen").read_to_string(&mut stdout).expect("UTF-8");
    let status = child.wait().expect("a child can be waited for").code().expect("not killed by a signal");
    drop(keyboard);
    let ran = Ran { status, stdout, stderr: String::new() };
    // What it shows before it asks is no error.
    let said =
        ran.stdout.lines().map(str::trim_end).filter_map(|line| line.find("apppw: ").map(|at| &line[at..]));
    Ran { stderr: said.map(|line| format!("{line}\n")).collect(), ..ran }
}

/// Users other than root can't always go where it was built: they get a copy.
fn program_for(socket: &Path, who: Who) -> PathBuf {
    let built = apppw_tests::bin::apppw();
    if who == Who::Root {
        return built;
    }
    let place = socket.ancestors().nth(2).unwrap_or(Path::new("/"));
    let copy = place.join("apppw");
    if !copy.exists() {
        // By another process: a thread that starts a program would hold the file open for writing.
        let made = place.join("apppw.new");
        apppw_tests::apppwd::copy(&built, &made);
        fs::set_permissions(&made, fs::Permissions::from_mode(0o755)).expect("its mode");
        fs::rename(made, &copy).expect("it can be put in place");
    }
    copy
}

fn finish(mut command: Command, who: Who, how: &How<'_>) -> Ran {
    let open = |path: &Path| File::open(path).expect("something to read");
    command.stdin(how.stdin_from.map_or_else(Stdio::piped, |path| open(path).into()));
    let write = |path: &Path| File::options().write(true).open(path).expect("something to write");
    command.stdout(how.stdout_to.map_or_else(Stdio::piped, |path| write(path).into()));
    command.stderr(Stdio::piped());
    let output = who.identity().act(|| {
        let mut child = command.spawn().expect("it can be run");
        if let Some(mut stdin) = child.stdin.take() {
            // It may end without reading.
            let _ = stdin.write_all(how.stdin);
        }
        child.wait_with_output().expect("a child can be waited for")
    });
    Ran {
        status: output.status.code().expect("not killed by a signal"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Has root's `apppw` do it.
#[track_caller]
pub fn done(daemon: &Apppwd, args: &[&str]) -> Value {
    done_as(daemon, Who::Root, args)
}

/// Has somebody's `apppw` do it.
#[track_caller]
pub fn done_as(daemon: &Apppwd, who: Who, args: &[&str]) -> Value {
    let args = [args, &["--json"]].concat();
    let ran = apppw(&daemon.admin_socket(), who, &args, &How::default());
    assert_eq!(ran.status, 0, "{args:?}: {ran:?}");
    serde_json::from_str(&ran.stdout).unwrap_or(json!(null))
}

/// Makes an app password; its id and its secret as it goes over `auth.sock`.
#[track_caller]
pub fn create(daemon: &Apppwd, user: &str, name: &str, more: &[&str]) -> (String, String) {
    made(&done(daemon, &[&["create", user, name], more].concat()))
}

/// Its id and secret.
#[track_caller]
pub fn made(created: &Value) -> (String, String) {
    let text = |key: &str| created[key].as_str().expect("a created one has both").to_owned();
    (text("id"), canonical(&text("secret")))
}

/// A login as root's mail server asks for it.
pub fn login(daemon: &Apppwd, user: &str, secret: &str, service: &str, rhost: &str) {
    let _ = ask(user, secret, service, rhost).send(&daemon.auth_socket());
}

/// The question of a login.
pub fn ask<'a>(user: &'a str, secret: &'a str, service: &'a str, rhost: &'a str) -> Ask<'a> {
    Ask {
        user: user.as_bytes(),
        secret: secret.as_bytes(),
        service: service.as_bytes(),
        rhost: rhost.as_bytes(),
        ..Ask::default()
    }
}

/// A doveadm in a folder of its own, which does what the script says.
pub fn doveadm(place: &Path, script: &str) -> PathBuf {
    let dir = place.join("bin");
    let _ = fs::create_dir(&dir);
    let path = dir.join("doveadm");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    dir
}
