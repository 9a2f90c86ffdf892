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
        Goal {
            what: format!("wake-ups in {} s without a request", watched.as_secs()),
            goal: "0".into(),
            found: wake_ups.to_string(),
            reached: wake_ups == 0,
        },
        Goal {
            what: "resident memory".into(),
            goal: "≤ 10 MiB".into(),
            found: format!("{} MiB", figures(resident)),
            reached: resident <= 10.0,
        },
        Goal {
            what: "the module's file".into(),
            goal: "≤ 320 kB".into(),
            found: format!("{} kB", module / 1000),
            reached: module <= 320_000,
        },
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
