//! One core for all who take part.
//!
//! Where the kernel wakes a process up, on the waker's core or on one that sleeps, decides more about a
//! round trip of some twenty microseconds than all that is done in it, and it is decided anew by its own
//! rules every few seconds. Who wants to compare what is done takes that away.

use std::process::{Command, Stdio};

/// As long as this lives, those processes and this one run on the first core.
pub struct OneCore(Vec<u32>);

impl OneCore {
    /// Pins this process and `others`, all their threads (taskset(1)).
    pub fn with(others: impl IntoIterator<Item = u32>) -> Self {
        let pinned = Self(others.into_iter().chain([std::process::id()]).collect());
        pinned.to("0");
        pinned
    }

    fn to(&self, cores: &str) {
        for id in &self.0 {
            let mut taskset = Command::new("taskset");
            taskset.args(["--all-tasks", "--cpu-list", "--pid", cores, &id.to_string()]);
            let status = taskset.stdout(Stdio::null()).stderr(Stdio::null()).status();
            assert!(status.is_ok_and(|status| status.success()), "taskset pins process {id}");
        }
    }
}

impl Drop for OneCore {
    fn drop(&mut self) {
        let all = std::fs::read_to_string("/sys/devices/system/cpu/online").expect("which cores there are");
        self.to(all.trim());
    }
}
