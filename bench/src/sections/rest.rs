//! The daemon at rest, and the module's file.

use crate::Effort;
use crate::bed::Bed;
use crate::report::{Goal, Section};
use crate::stats::figures;
use apppw_tests::bin;
use std::fs;
use std::time::Duration;

pub fn run(effort: Effort) -> Vec<Section> {
    let bed = Bed::new("");
    let pid = bed.daemon.id();
    // Until what a start leaves behind is done.
    std::thread::sleep(Duration::from_secs(2));
    let before = switches(pid);
    let watched = Duration::from_secs(effort.count(30) as u64);
    std::thread::sleep(watched);
    let wake_ups = switches(pid) - before;
    let resident = bed.daemon.resident_kib() as f64 / 1024.0;
    let module = fs::metadata(bin::module()).map_or(0, |file| file.len());
    let mut section = Section::new("At rest");
    section.goals(&[
        Goal::new(
            format!("wake-ups in {} s without a request", watched.as_secs()),
            "0",
            wake_ups.to_string(),
            wake_ups == 0,
        ),
        Goal::new("resident memory", "≤ 10 MiB", format!("{} MiB", figures(resident)), resident <= 10.0),
        Goal::new("the module's file", "≤ 320 kB", format!("{} kB", module / 1000), module <= 320_000),
    ]);
    vec![section]
}

/// Voluntary context switches of all its threads: each is a sleep that ended.
fn switches(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("its threads");
    let of_one = |task: std::io::Result<fs::DirEntry>| -> u64 {
        let status = fs::read_to_string(task.expect("a thread").path().join("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
    };
    tasks.map(of_one).sum()
}
