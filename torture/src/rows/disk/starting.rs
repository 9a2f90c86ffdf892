//! The n-th operation of a start fails.

use super::{Bed, ERRNOS, log_in, paths, sockets, tail};
use crate::load::watch::standing;
use crate::load::{Answer, Change, ask};
use crate::random::Random;
use crate::row::{Cases, Outcome};
use crate::shim::{Act, Plan};
use apppw_tests::apppwd::Site;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Operations of a start.
const SPAN: u64 = 200;

pub fn run(cases: &Cases) -> Outcome {
    let mut bed = None;
    Outcome::of_each(cases, |case, outcome| {
        let mut random = Random::of(case, 77);
        let mut own = bed.take().unwrap_or_else(Bed::new);
        match one(&mut own, case, &mut random, outcome) {
            Ok(()) => bed = Some(own),
            Err(why) => outcome.find(case, format!("{:?}: {why}", plan(case))),
        }
    })
}

fn plan(case: u64) -> Plan {
    let errno = ERRNOS[usize::try_from(case % 4).expect("small")];
    let act = if (case / 4).is_multiple_of(2) { Act::Fail(errno) } else { Act::FailOn(errno) };
    let nth = 1 + case / 8 * 37 % SPAN;
    if (case / 8).is_multiple_of(3) { Plan::at_change(1 + nth % 40, act) } else { Plan::at(nth, act) }
}

fn one(bed: &mut Bed, case: u64, random: &mut Random, outcome: &mut Outcome) -> Result<(), String> {
    let daemon = bed.start();
    let (_, admin) = paths(&daemon);
    for _ in 0..4 {
        let change = Change::draw(random, &bed.world);
        match ask(&admin, &bed.world, &change) {
            Answer::Done(world) => bed.world = world,
            other => return Err(format!("with a good disk: {other:?}")),
        }
    }
    let site = if case.is_multiple_of(2) { daemon.kill() } else { daemon.stop().1 };
    let _ = fs::remove_file(site.path("log"));
    bed.shim.arm(plan(case));
    let ended = start(bed, &site);
    outcome.count(if bed.shim.struck() > 0 { "struck" } else { "over before that" }, 1);
    let log = fs::read_to_string(site.path("log")).unwrap_or_default();
    bed.site = Some(site);
    outcome.count(ended.map_err(|why| format!("{why}\n{}", tail(&log)))?, 1);
    if log.contains("panicked") {
        return Err(format!("a panic: {log}"));
    }
    let daemon = bed.start();
    let paths = paths(&daemon);
    let (world, _) = standing(sockets(&paths), &bed.world, None, random)
        .map_err(|why| format!("with a good disk again: {why}\n{log}{}", tail(&daemon.log())))?;
    bed.world = world;
    bed.site = Some(daemon.kill());
    Ok(())
}

/// What becomes of it.
fn start(bed: &Bed, site: &Site) -> Result<&'static str, String> {
    let log = fs::File::options().append(true).create(true).open(site.path("log")).expect("the log");
    let mut command = bed.shim.drive(site.command());
    let mut child = command.stderr(Stdio::from(log)).spawn().expect("apppwd can be started");
    let begun = Instant::now();
    let ended = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break match status.code() {
                // With 78 nobody would start it again.
                Some(1) => Ok("ended with status 1"),
                _ => Err(format!("it ended with {status}")),
            };
        }
        if apppw_admin::Client::connect(&site.admin_socket()).is_ok() {
            let judged = log_in(&site.auth_socket(), &bed.world, None, false);
            break judged.map(|_| "served");
        }
        if begun.elapsed() > Duration::from_secs(20) {
            break Err("it neither serves nor ends".to_owned());
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let _ = child.kill();
    let _ = child.wait();
    ended
}
