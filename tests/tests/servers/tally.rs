//! Counts of cases per host, for the end.

use super::hosts::HOSTS;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    Passed,
    Failed,
    Ignored,
}

/// The counts.
#[derive(Default)]
pub struct Tally(Mutex<BTreeMap<(&'static str, End), usize>>);

impl Tally {
    /// One more.
    pub fn count(&self, host: &'static str, end: End) {
        *self.0.lock().expect("no holder panics").entry((host, end)).or_default() += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.0.lock().expect("no holder panics");
        let of = |host, end| counts.get(&(host, end)).copied().unwrap_or_default();
        writeln!(f, "{:<30} {:>7} {:>7} {:>8}", "cases per server", "passed", "failed", "ignored")?;
        let mut sums = [0; 3];
        for host in HOSTS.iter().map(|host| host.name) {
            let row = [End::Passed, End::Failed, End::Ignored].map(|end| of(host, end));
            if row.iter().sum::<usize>() > 0 {
                writeln!(f, "{host:<30} {:>7} {:>7} {:>8}", row[0], row[1], row[2])?;
                sums = [0, 1, 2].map(|i| sums[i] + row[i]);
            }
        }
        write!(f, "{:<30} {:>7} {:>7} {:>8}", "together", sums[0], sums[1], sums[2])
    }
}
