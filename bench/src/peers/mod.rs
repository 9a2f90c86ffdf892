//! What apppw is compared with: modules of the distribution, and small C programs built here.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// The password of the accounts in [`PASSWD`].
pub const PASSWORD: &str = "bench-password";

/// Two users for pam_unix, by the scheme of their password.
pub const PASSWD: &str =
    "root:x:0:0::/root:/bin/sh\nyescrypt:x:4001:4001::/:/bin/sh\nsha512:x:4002:4002::/:/bin/sh\n";

/// And their hashes: yescrypt as Debian makes it, SHA-512 with 5,000 rounds.
pub const SHADOW: &str = "root:*:20000:0:99999:7:::\n\
    yescrypt:$y$j9T$abcdefghijklmnop0123./$ZTxxR.qru7eKintZIFGaBIYXjtG02I15sWfQfjpye59:20000:0:99999:7:::\n\
    sha512:$6$UfyprQMOwb.VjwiC$qSMYaDkdCRZ4KQ/02iYI0hzSOY3hI.mRQChHLjySyrt.i0X3Mm11U.rqD09JhwoT.VDSesPCiwaK3CDn9CFd41:20000:0:99999:7:::\n";

/// The line of SHA-512's user for pam_pwdfile.
pub fn pwdfile() -> String {
    SHADOW.lines().filter(|line| line.starts_with("sha512:")).map(|line| format!("{line}\n")).collect()
}

/// The file of a service that asks one module alone.
pub fn stack(module: &str) -> String {
    format!("auth required {module}\naccount required {module}\n")
}

/// libpam reads `other` at each start; Debian's own would cost many logins.
pub fn other() -> String {
    stack("pam_deny.so")
}

/// The C sources beside this file, by name.
fn source(name: &str) -> &'static str {
    match name {
        "floor" => include_str!("floor.c"),
        "accept" => include_str!("accept.c"),
        "once" => include_str!("once.c"),
        _ => include_str!("bcrypt.c"),
    }
}

/// Builds one of them into `dir`.
pub fn build(dir: &Path, name: &str, flags: &[&str]) -> io::Result<PathBuf> {
    let (source_path, built) = (dir.join(format!("{name}.c")), dir.join(name));
    std::fs::write(&source_path, source(name))?;
    let status = Command::new("cc").args(["-O2", "-o"]).arg(&built).arg(&source_path).args(flags).status()?;
    if status.success() { Ok(built) } else { Err(io::Error::other(format!("{name}.c does not compile"))) }
}

/// The floor: its module, and its accept loop, which ends with this.
pub struct Floor {
    pub module: PathBuf,
    pub socket: PathBuf,
    child: Child,
}

impl Floor {
    pub fn start(dir: &Path) -> io::Result<Self> {
        let module = build(dir, "floor", &["-shared", "-fPIC", "-Wl,-z,nodelete", "-l:libpam.so.0"])?;
        let socket = dir.join("floor.sock");
        let child = Command::new(build(dir, "accept", &[])?).arg(&socket).spawn()?;
        let deadline = Instant::now() + Duration::from_secs(5);
        while !socket.exists() {
            if Instant::now() > deadline {
                return Err(io::Error::other("the accept loop doesn't listen"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(Self { module, socket, child })
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
