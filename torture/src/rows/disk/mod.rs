//! A disk that fails, fills or can't be written: logins go on or fail closed, nothing is acknowledged
//! that isn't there, and nobody has to mend anything afterwards.

mod dropped;
mod minutes;
mod running;
mod starting;

use crate::load::watch::{CONFIG, Sockets, verdict};
use crate::load::{State, World};
use crate::row::{Outcome, Row};
use crate::shim::Shim;
use apppw_proto::frame::Verdict;
use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::frames::Ask;
use std::path::PathBuf;

/// While it runs.
pub const RUNNING: Row = Row {
    number: 7,
    name: "disk-faults",
    shows: "EIO, ENOSPC, EROFS, EDQUOT on the n-th operation that changes its files, once or from then on, under \
            changes and logins: nothing acknowledged is lost, and all works again once the disk does",
    unit: "faults",
    full: 4000,
    short: 64,
    batch: 160,
    run: running::run,
};

/// While it runs, whatever is done with a file.
pub const ANY: Row = Row {
    name: "disk-faults-any",
    shows: "the same on any operation, reads, locks and maps included: a login that can't be judged fails closed, and \
            what is in force only in part is said to be",
    full: 6000,
    // Where no lock can be had any more, each try takes ten seconds: those are in the campaign.
    short: 4,
    batch: 40,
    run: running::run_any,
    ..RUNNING
};

/// While it starts.
pub const STARTING: Row = Row {
    name: "disk-faults-at-start",
    shows: "the same while it starts: it serves, or ends with a status with which it is started again",
    full: 1600,
    short: 64,
    run: starting::run,
    ..RUNNING
};

/// For minutes.
pub const MINUTES: Row = Row {
    name: "disk-full-for-minutes",
    shows: "no write, or none of the journal, succeeds for two minutes, with each of these: every login is judged \
            rightly, every creation says so, and afterwards all works without a restart",
    unit: "outages",
    full: 8,
    short: 0,
    batch: 1,
    run: minutes::run,
    ..RUNNING
};

/// What a failed sync means.
pub const DROPPED: Row = Row {
    name: "failed-syncs",
    shows: "the n-th sync fails, and what it was to write is gone from the cache, as Linux has it: what is \
            acknowledged afterwards is on the disk",
    unit: "syncs",
    full: 1000,
    short: 16,
    batch: 50,
    run: dropped::run,
    ..RUNNING
};

/// EIO, ENOSPC, EROFS, EDQUOT.
const ERRNOS: [i32; 4] = [5, 28, 30, 122];

/// A site, from case to case.
struct Bed {
    site: Option<Site>,
    shim: Shim,
    world: World,
}

impl Bed {
    fn new() -> Self {
        let site = Site::new(CONFIG);
        let shim = Shim::new(&site);
        Self { site: Some(site), shim, world: World::new("a", "chat") }
    }

    /// Starts it with a disk that works, and a log of its own.
    fn start(&mut self) -> Apppwd {
        self.shim.disarm();
        let site = self.site.take().expect("it is not running");
        let _ = std::fs::remove_file(site.path("log"));
        self.shim.start(site)
    }
}

fn paths(daemon: &Apppwd) -> (PathBuf, PathBuf) {
    (daemon.auth_socket(), daemon.admin_socket())
}

/// Logs in with all that is known: what opens is accepted or, unless it `must`, unavailable, and the rest
/// never accepted. `but` is left out: nobody knows. Where three are unavailable the others are, too: each may wait
/// for seconds.
fn log_in(auth: &std::path::Path, world: &World, but: Option<&str>, must: bool) -> Result<u64, String> {
    let (mut accepted, mut unavailable) = (0, 0);
    for (user, person) in world.people.iter().filter(|(user, _)| Some(user.as_str()) != but) {
        for (label, one) in &person.has {
            let opens = !person.locked && one.state == State::Live;
            for secret in one.halves.iter().filter_map(|half| half.secret.as_ref()) {
                let found = match verdict(auth, &Ask::login(user, "imap", "192.0.2.7", secret)) {
                    // Behind others that wait for seconds; a module has given up long before.
                    Err(why) if !must && why.contains("os error 11") => Verdict::Unavailable,
                    found => found?,
                };
                let is_right = match found {
                    Verdict::Accepted => opens,
                    Verdict::Unavailable => !must,
                    _ => !opens,
                };
                if !is_right {
                    return Err(format!("{user}'s {label}, which opens: {opens}, is {found:?}"));
                }
                accepted += u64::from(found == Verdict::Accepted);
                unavailable += u64::from(found == Verdict::Unavailable);
                if unavailable == 3 {
                    return Ok(accepted);
                }
            }
        }
    }
    Ok(accepted)
}

/// Starts once more after an orderly stop: journal and database must agree by now.
fn settled(bed: &mut Bed, daemon: Apppwd, outcome: &mut Outcome, case: u64) -> Apppwd {
    let (status, site) = daemon.stop();
    if !status.success() {
        outcome.find(case, format!("a stop ended with {status}"));
    }
    bed.site = Some(site);
    let daemon = bed.start();
    let log = daemon.log();
    // An enrolment that could neither be synced nor cut off again before a kill stays, by its name.
    let differ = ["not in the journal", "by the journal but", "cut off", "gap"];
    if let Some(line) = log.lines().find(|line| differ.iter().any(|words| line.contains(words))) {
        outcome.find(case, format!("after an orderly stop: {line}"));
    }
    daemon
}

/// The last lines that are about changes, and the last one about a login.
fn tail(log: &str) -> String {
    let (logins, mut lines): (Vec<&str>, Vec<&str>) = log.lines().partition(|line| line.contains("reason="));
    lines.drain(..lines.len().saturating_sub(10));
    lines.extend(logins.last());
    lines.join("\n")
}

fn sockets<'a>((auth, admin): &'a (PathBuf, PathBuf)) -> Sockets<'a> {
    Sockets { auth, admin }
}
