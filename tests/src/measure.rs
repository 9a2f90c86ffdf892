//! What a running daemon uses and has done, seen from outside.

use crate::apppwd::Apppwd;
use apppw_admin::Verb;
use apppw_admin::verbs::Status;
use std::fs;
use std::time::Duration;

impl Apppwd {
    /// Its own report.
    pub fn status(&self) -> Status {
        self.call(Verb::Status, &serde_json::json!({})).expect("apppwd says how it is")
    }

    /// Argon2id computations since its start.
    pub fn argon2_runs(&self) -> u64 {
        self.status().argon2.runs
    }

    /// Its open descriptors now.
    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.id())).expect("its descriptors can be counted").count()
    }

    /// Its open descriptors at rest: the least of them in a quarter of a second.
    pub fn descriptors_at_rest(&self) -> usize {
        let counts = (0..25).map(|_| {
            std::thread::sleep(Duration::from_millis(10));
            self.descriptors()
        });
        counts.min().unwrap_or_default()
    }

    /// Its memory that is in RAM, in KiB.
    pub fn resident_kib(&self) -> u64 {
        self.status_kib("VmRSS:")
    }

    /// The most that it ever had, in KiB (`VmHWM` of proc(5)).
    pub fn peak_resident_kib(&self) -> u64 {
        self.status_kib("VmHWM:")
    }

    /// What the thread that answers logins has had of a processor.
    pub fn main_thread_cpu(&self) -> Duration {
        let path = format!("/proc/{}/task/{0}/schedstat", self.id());
        let text = fs::read_to_string(path).expect("its time on a processor");
        let spent = text.split_whitespace().next().and_then(|n| n.parse().ok());
        Duration::from_nanos(spent.expect("nanoseconds"))
    }

    fn status_kib(&self, key: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("a line of proc(5)");
        line.split_whitespace().next().and_then(|n| n.parse().ok()).expect("a number of kB")
    }
}
