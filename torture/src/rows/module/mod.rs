//! Row 1: whatever fails around the module in its host, it never opens, never takes the host down and leaves nothing
//! behind. A host in C goes through a plan of logins while allocations, the clock and every system call fail as planned.

mod check;
mod daemon;
mod host;
mod plan;
mod scene;

use crate::row::{Cases, Outcome, Row};
use daemon::Daemon;
use host::{Host, Under};
use scene::{Kind, Mode, Scene};
use std::sync::Mutex;

/// Cases that one host process goes through.
const PER_HOST: u64 = 1024;

/// The row.
pub const FAULTS: Row = Row {
    number: 1,
    name: "module-faults",
    shows: "The module never opens by accident, whatever call fails, in threads, forks and hosts without descriptors",
    unit: "runs",
    full: 1_000_000,
    short: 8 * PER_HOST,
    batch: 16 * PER_HOST,
    run,
};

/// The same without faults, for what they can't tell: memory read or written where it isn't the module's.
pub const VALGRIND: Row = Row {
    number: 1,
    name: "module-valgrind",
    shows: "valgrind finds no error and no lost block in a host's logins, whatever the daemon answers",
    unit: "runs",
    full: 3000,
    short: 200,
    batch: 500,
    run: run_under_valgrind,
};

fn run_under_valgrind(cases: &Cases) -> Outcome {
    let host = match Host::new() {
        Ok(host) => host,
        Err(why) => return Outcome::unable(why),
    };
    if std::process::Command::new("valgrind").arg("--version").output().is_err() {
        return Outcome::unable("valgrind is not installed");
    }
    let still = |case: u64| Scene { mode: Mode::None, ..Scene::of(case * 2 + 1, Kind::Alone) };
    let scenes: Vec<Scene> = cases.range.clone().map(still).collect();
    let daemon = Daemon::start(&scenes);
    let mut ended = host.run(Kind::Alone, &scenes, daemon.socket(), Under::Valgrind);
    // valgrind's own come and go.
    (ended.left.maps, ended.left.descriptors, ended.left.threads) = (0, 0, 0);
    check::all(cases.range.start, Kind::Alone, &scenes, &ended, &daemon.stop())
}

fn run(cases: &Cases) -> Outcome {
    let host = match Host::new() {
        Ok(host) => host,
        Err(why) => return Outcome::unable(why),
    };
    let mut parts = Vec::new();
    let mut start = cases.range.start;
    while start < cases.range.end {
        let end = cases.range.end.min((start / PER_HOST + 1) * PER_HOST);
        parts.push(start..end);
        start = end;
    }
    let (parts, outcome) = (Mutex::new(parts.into_iter()), Mutex::new(Outcome::default()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(part) = next(&parts) {
                    let kind = Kind::of(part.start / PER_HOST);
                    let scenes: Vec<Scene> = part.clone().map(|case| Scene::of(case, kind)).collect();
                    let one = one_host(&host, kind, part.start, &scenes);
                    outcome.lock().expect("no panic in a part").add(one);
                }
            });
        }
    });
    outcome.into_inner().expect("no panic in a part")
}

fn next<T>(parts: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    parts.lock().expect("no panic in a part").next()
}

/// One host process and what came of it.
fn one_host(host: &Host, kind: Kind, first: u64, scenes: &[Scene]) -> Outcome {
    let daemon = Daemon::start(scenes);
    let ended = host.run(kind, scenes, daemon.socket(), Under::Faults);
    let heard = daemon.stop();
    check::all(first, kind, scenes, &ended, &heard)
}
