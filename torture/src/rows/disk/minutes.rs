//! Nothing can be written for minutes.

use super::{Bed, ERRNOS, log_in, paths, sockets, tail};
use crate::load::watch::standing;
use crate::load::{Answer, Change, ask};
use crate::random::Random;
use crate::row::{Cases, Outcome};
use crate::shim::{Act, Plan, file, kind};
use std::time::{Duration, Instant};

const OUTAGE: Duration = Duration::from_secs(120);

pub fn run(cases: &Cases) -> Outcome {
    Outcome::of_each(cases, |case, outcome| {
        if let Err(why) = one(case, &mut Random::of(case, 777), outcome) {
            outcome.find(case, why);
        }
    })
}

fn one(case: u64, random: &mut Random, outcome: &mut Outcome) -> Result<(), String> {
    let mut bed = Bed::new();
    let daemon = bed.start();
    let paths = paths(&daemon);
    for _ in 0..30 {
        change(&mut bed, &paths.1, random)?;
    }
    log_in(&paths.0, &bed.world, None, true)?;
    let errno = ERRNOS[usize::try_from(case % 4).expect("small")];
    let files = if (case / 4).is_multiple_of(2) { file::ALL } else { file::JOURNAL };
    bed.shim.arm(Plan { kinds: kind::CHANGES, files, ..Plan::at(1, Act::FailOn(errno)) });
    let begun = Instant::now();
    while begun.elapsed() < OUTAGE {
        outcome.count("accepted", log_in(&paths.0, &bed.world, None, true)?);
        // What gives nothing away is refused or, where only the journal is broken, done and said to be so.
        let change = Change::draw(random, &bed.world);
        if !matches!(change, Change::Create(..)) {
            continue;
        }
        match ask(&paths.1, &bed.world, &change) {
            Answer::Refused(_) => outcome.count("changes refused", 1),
            // An enrolled account's needs no journal.
            Answer::Done(world) if files == file::JOURNAL => bed.world = world,
            other => return Err(format!("{change:?} on a disk that takes nothing: {other:?}")),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    bed.shim.disarm();
    let healed = |why| format!("after {OUTAGE:?}: {why}\n{}", tail(&daemon.log()));
    let (world, _) = standing(sockets(&paths), &bed.world, None, random).map_err(healed)?;
    bed.world = world;
    for _ in 0..30 {
        change(&mut bed, &paths.1, random).map_err(healed)?;
    }
    bed.site = Some(daemon.kill());
    let daemon = bed.start();
    let paths = super::paths(&daemon);
    standing(sockets(&paths), &bed.world, None, random).map(drop)
}

fn change(bed: &mut Bed, admin: &std::path::Path, random: &mut Random) -> Result<(), String> {
    let change = Change::draw(random, &bed.world);
    match ask(admin, &bed.world, &change) {
        Answer::Done(world) => bed.world = world,
        other => return Err(format!("with a good disk: {other:?}")),
    }
    Ok(())
}
