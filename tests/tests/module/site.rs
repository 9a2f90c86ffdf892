//! A PAM configuration with the module in it, and something at the other end of its socket.

use apppw_tests::fakes::{Act, Fake};
use apppw_tests::pam::{Confdir, Login};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The secret that the cases log in with: fifteen zeroes and their check character.
pub const SECRET: &str = "0000-0000-0000-0000";

/// [`SECRET`] as it goes over the socket.
pub const CANONICAL: &[u8] = b"0000000000000000";

/// A password that is no app password.
pub const PRIMARY: &str = "correct horse battery staple";

/// The module under test.
pub fn module() -> PathBuf {
    match std::env::var_os("APPPW_MODULE") {
        Some(path) => path.into(),
        None => target_dir().join("release/libpam_apppw.so"),
    }
}

/// The workspace.
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Where cargo puts what it builds.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

/// This process's user, who listens on the fakes' sockets.
pub fn own_uid() -> u32 {
    nix::unistd::geteuid().as_raw()
}

/// The module's line behind the control field, for a daemon that this process plays.
pub fn line(socket: &Path, more: &str) -> String {
    format!("{} socket={} server_uid={} timeout=2s {more}", module().display(), socket.display(), own_uid())
}

/// The module in every phase of the service `imap`.
pub fn write_stack(confdir: &Confdir, service: &str, line: &str) {
    let phases = ["auth", "account", "password", "session"];
    let stack: String = phases.iter().map(|phase| format!("{phase} required {line}\n")).collect();
    confdir.write(service, &stack);
}

/// A service `imap` with the module alone, and a fake daemon.
pub struct Site {
    pub confdir: Confdir,
    pub fake: Fake,
}

impl Site {
    pub fn new(acts: impl Into<Vec<Act>>) -> Self {
        Self::with(acts, "")
    }

    /// With more arguments on the module's line.
    pub fn with(acts: impl Into<Vec<Act>>, more: &str) -> Self {
        let site = Self { confdir: Confdir::new(), fake: Fake::start(acts) };
        write_stack(&site.confdir, "imap", &line(site.fake.path(), more));
        site
    }
}

/// A login of alice with the app password.
pub fn alice() -> Login {
    Login::new("imap", "alice").password(SECRET)
}

/// A login of alice with something else.
pub fn alice_primary() -> Login {
    Login::new("imap", "alice").password(PRIMARY)
}

/// What `run` yields, and how long it took.
pub fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed())
}

/// Whether `needle` is somewhere in `hay`.
pub fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}
