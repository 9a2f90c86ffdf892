//! Acting as somebody else, in one thread of this process.

use std::panic::resume_unwind;

/// Who to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

impl Identity {
    /// A user with the group of the same number and no other.
    pub const fn new(uid: u32) -> Self {
        Self { uid, gid: uid, groups: Vec::new() }
    }

    /// Runs `run` as this user; what it connects to sees these credentials. Root only.
    ///
    /// # Panics
    /// If the kernel doesn't let us, or `run` panics.
    pub fn act<T: Send>(&self, run: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                self.become_it();
                run()
            });
            thread.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    /// The bare system calls change this one thread only, which then ends; libc's would change
    /// all threads.
    fn become_it(&self) {
        let Self { uid, gid, groups } = self;
        // SAFETY: the kernel reads `groups.len()` numbers from the vector; the rest are numbers.
        let results = unsafe {
            [
                libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()),
                libc::syscall(libc::SYS_setresgid, *gid, *gid, *gid),
                libc::syscall(libc::SYS_setresuid, *uid, *uid, *uid),
            ]
        };
        assert_eq!(results, [0; 3], "can't become {self:?}: {}", std::io::Error::last_os_error());
    }
}

/// Whether this process may be anybody: root, and not in a user namespace that has no others.
pub fn is_root() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let count = map.split_whitespace().last().and_then(|count| count.parse().ok()).unwrap_or(0_u32);
    nix::unistd::geteuid().is_root() && count > 65_534
}

/// Runs this program again as root of a user namespace of its own, if it is not root: only root
/// may ask on `auth.sock` without a word in the configuration. `None`: it is root.
pub fn rerun_as_root() -> Option<std::process::ExitCode> {
    if nix::unistd::geteuid().is_root() {
        return None;
    }
    let this = std::env::current_exe().expect("this program");
    let mut command = std::process::Command::new("unshare");
    command.arg("--map-root-user").arg(this).args(std::env::args_os().skip(1));
    let status = command.status().expect("unshare (util-linux) runs");
    Some(if status.success() { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE })
}
