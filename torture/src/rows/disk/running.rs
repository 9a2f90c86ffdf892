//! The n-th operation fails while changes and logins go on.

use super::{Bed, ERRNOS, log_in, paths, settled, sockets, tail};
use crate::asking::primary;
use crate::load::watch::{standing, verdict};
use crate::load::{Answer, Change, World, ask, call};
use crate::random::Random;
use crate::row::{Cases, Outcome};
use crate::shim::{Act, Plan, file, kind};
use apppw_proto::frame::Verdict;
use apppw_tests::apppwd::Apppwd;
use apppw_tests::frames::Ask;
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Among so many operations the n-th is struck.
const SPAN: u64 = 250;

/// On what changes something.
pub fn run(cases: &Cases) -> Outcome {
    of_each(cases, at_change)
}

/// On anything.
pub fn run_any(cases: &Cases) -> Outcome {
    of_each(cases, at_any)
}

fn of_each(cases: &Cases, plan: impl Fn(u64) -> Plan) -> Outcome {
    let mut bed = None;
    Outcome::of_each(cases, |case, outcome| {
        let (mut random, plan) = (Random::of(case, 7), plan(case));
        // One that failed is not built on.
        let mut own = bed.take().unwrap_or_else(Bed::new);
        let daemon = own.start();
        match one(&mut own, daemon, plan, case, &mut random, outcome) {
            Ok(daemon) => {
                own.site = Some(daemon.kill());
                bed = Some(own);
            }
            Err(why) => outcome.find(case, format!("{plan:?}: {why}")),
        }
    })
}

/// Each errno, once and from then on, before a kill and before the disk works again.
fn act(case: u64) -> Act {
    let errno = ERRNOS[usize::try_from(case % 4).expect("small")];
    if (case / 4).is_multiple_of(2) { Act::Fail(errno) } else { Act::FailOn(errno) }
}

/// Spread, so that few cases are of all.
const fn nth(case: u64) -> u64 {
    case / 16 * 97 % SPAN
}

/// At the n-th operation that changes something, or that changes the journal.
fn at_change(case: u64) -> Plan {
    if (case / 16).is_multiple_of(3) {
        return Plan {
            files: file::JOURNAL,
            kinds: kind::CHANGES,
            ..Plan::at(1 + nth(case) % 20, act(case))
        };
    }
    Plan::at_change(1 + nth(case), act(case))
}

/// At the n-th operation, whichever; then at those on journal and write-ahead log.
fn at_any(case: u64) -> Plan {
    if case / 16 < SPAN {
        return Plan::at(1 + 3 * nth(case), act(case));
    }
    Plan { files: file::JOURNAL | file::WAL, ..Plan::at(1 + nth(case), act(case)) }
}

const fn is_killed(case: u64) -> bool {
    (case / 8).is_multiple_of(2)
}

fn one(
    bed: &mut Bed,
    daemon: Apppwd,
    plan: Plan,
    case: u64,
    random: &mut Random,
    outcome: &mut Outcome,
) -> Result<Apppwd, String> {
    let paths = paths(&daemon);
    let only_writes = plan.kinds & !kind::CHANGES == 0;
    bed.shim.arm(plan);
    let (failed, in_part) = match change_until_it_fails(bed, &paths.1, random, outcome)? {
        Some(Failed { change, in_part }) => (Some(change), in_part),
        None => (None, InPart::No),
    };
    outcome.count(if bed.shim.struck() > 0 { "struck" } else { "over before that" }, 1);
    outcome.count(if failed.is_some() { "refused a change" } else { "went on" }, 1);
    let whose = failed.as_ref().and_then(Change::user).map(str::to_owned);
    // A login that finds the disk broken fails closed; one that only reads memory and what can be read goes on.
    let accepted = log_in(&paths.0, &bed.world, whose.as_deref(), only_writes)
        .map_err(|why| format!("while it is broken by {failed:?}: {why}\n{}", tail(&daemon.log())))?;
    outcome.count("accepted while it was broken", accepted);
    if let Some(change) = &failed
        && let Answer::Done(world) = again(&paths.1, &bed.world, change)
    {
        // Once only, then: it is done.
        bed.world = world;
        return healed(bed, daemon, None, case, random, outcome);
    }
    if let (Some(change), true) = (&failed, in_part != InPart::No && !is_killed(case)) {
        outcome.count("in force in part", 1);
        bed.shim.disarm();
        if in_part == InPart::Said {
            check_part(&paths.0, &bed.world, change)?;
        }
        bed.world = repeat(&paths.1, &bed.world, change, &daemon)?;
        return healed(bed, daemon, None, case, random, outcome);
    }
    if is_killed(case) {
        bed.site = Some(daemon.kill());
        let daemon = bed.start();
        let paths = super::paths(&daemon);
        let found = standing(sockets(&paths), &bed.world, failed.as_ref(), random)
            .or_else(|why| stricter(&paths, &bed.world, failed.as_ref(), random, outcome).ok_or(why));
        let (world, _) =
            found.map_err(|why| format!("after a kill: {failed:?}: {why}\n{}", tail(&daemon.log())))?;
        bed.world = world;
        let daemon = settled(bed, daemon, outcome, case);
        let paths = super::paths(&daemon);
        standing(sockets(&paths), &bed.world, None, random)
            .map_err(|why| format!("after a second start: {why}"))?;
        clear_stray_name(&paths, &bed.world, failed.as_ref(), outcome)?;
        return Ok(daemon);
    }
    healed(bed, daemon, failed.as_ref(), case, random, outcome)
}

/// A creation that failed because the journal could be neither synced nor cut may leave the account enrolled:
/// the stricter side wins (ADR 20).
fn stricter(
    paths: &(PathBuf, PathBuf),
    world: &World,
    failed: Option<&Change>,
    random: &mut Random,
    outcome: &mut Outcome,
) -> Option<(World, bool)> {
    let Some(Change::Create(user, _)) = failed else { return None };
    let mut stricter = world.clone();
    stricter.people.entry(user.clone()).or_default().enrolled = true;
    outcome.count("enrolled by a creation that failed", 1);
    standing(sockets(paths), &stricter, None, random).ok()
}

/// Asks; a name that stays locked, for a change that took the lock away was cut off, is unlocked first, as the
/// answer says.
fn ask_unlocking(admin: &std::path::Path, world: &World, change: &Change, outcome: &mut Outcome) -> Answer {
    match (ask(admin, world, change), change) {
        (Answer::Refused(why), Change::Create(user, _)) if why.contains("unlock it first") => {
            outcome.count("names that stayed locked", 1);
            let _ = call(admin, "user.unlock", &json!({"user": user}));
            ask(admin, world, change)
        }
        (answer, _) => answer,
    }
}

/// A change that was refused.
struct Failed {
    change: Change,
    in_part: InPart,
}

/// Whether a part of it is in force in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InPart {
    No,
    /// By the answer.
    Said,
    /// There was no answer.
    Perhaps,
}

/// What the answer said to be in force is: nothing of a locked account opens, and not both halves of what was named.
fn check_part(auth: &std::path::Path, world: &World, change: &Change) -> Result<(), String> {
    let (user, label) = match change {
        Change::Revoke(user, label) | Change::Suspend(user, label) => (user, Some(label)),
        Change::Lockdown(user) => (user, None),
        _ => return Ok(()),
    };
    let has = world.people.get(user).map(|person| &person.has).into_iter().flatten();
    let meant = has.filter(|(known, _)| label.is_none_or(|label| label == *known));
    let secrets: Vec<&String> =
        meant.flat_map(|(_, one)| one.halves.iter().filter_map(|half| half.secret.as_ref())).collect();
    let mut accepted = 0;
    for secret in &secrets {
        let verdict = verdict(auth, &Ask::login(user, "imap", "192.0.2.7", secret))?;
        accepted += usize::from(verdict == Verdict::Accepted);
    }
    let most = if label.is_some() { secrets.len().saturating_sub(1) } else { 0 };
    if accepted > most {
        return Err(format!("{change:?} is said to be in force in part, and {accepted} open"));
    }
    Ok(())
}

/// Until one is refused, or a dozen have gone on after the strike.
fn change_until_it_fails(
    bed: &mut Bed,
    admin: &std::path::Path,
    random: &mut Random,
    outcome: &mut Outcome,
) -> Result<Option<Failed>, String> {
    let (begun, mut since) = (Instant::now(), 0);
    while since < 12 && begun.elapsed() < Duration::from_secs(5) {
        let change = Change::draw(random, &bed.world);
        match ask_unlocking(admin, &bed.world, &change, outcome) {
            Answer::Done(world) => {
                outcome.count("changes acknowledged", 1);
                bed.world = world;
            }
            Answer::Refused(why) if bed.shim.struck() == 0 => {
                return Err(format!("refused with a good disk: {why}"));
            }
            Answer::Refused(why) => {
                if why.contains("fault inside") {
                    return Err(why);
                }
                let in_part = if why.contains("can't be read and") { InPart::Said } else { InPart::No };
                return Ok(Some(Failed { change, in_part }));
            }
            // Each try of a lock takes seconds, where none can be had; apppw says that it may be done all the same.
            Answer::None if bed.shim.struck() > 20 && change.takes_away() => {
                outcome.count("no answer in 30 s", 1);
                return Ok(Some(Failed { change, in_part: InPart::Perhaps }));
            }
            Answer::None => return Err(format!("no answer to {change:?}")),
        }
        since += u64::from(bed.shim.struck() > 0);
        // What looks at many rows, and what is written behind.
        if random.below(4) == 0 {
            call(admin, "events", &json!({})).ok_or("no answer to events")?;
        }
    }
    Ok(None)
}

/// Asks for the same once more.
fn again(admin: &std::path::Path, world: &World, change: &Change) -> Answer {
    match change {
        // Where it is there all the same, the second one is another.
        Change::Create(..) | Change::Rotate(..) | Change::UserRename(..) | Change::Delete(_) => Answer::None,
        _ => ask(admin, world, change),
    }
}

/// With a good disk the same command does all of it.
fn repeat(
    admin: &std::path::Path,
    before: &World,
    change: &Change,
    daemon: &Apppwd,
) -> Result<World, String> {
    match ask(admin, before, change) {
        Answer::Done(world) => Ok(world),
        other => Err(format!("with a good disk again, the same: {other:?}\n{}", tail(&daemon.log()))),
    }
}

/// The disk works again: so does all else, without a restart.
fn healed(
    bed: &mut Bed,
    daemon: Apppwd,
    failed: Option<&Change>,
    case: u64,
    random: &mut Random,
    outcome: &mut Outcome,
) -> Result<Apppwd, String> {
    bed.shim.disarm();
    let paths = paths(&daemon);
    let (world, is_after) = standing(sockets(&paths), &bed.world, failed, random)
        .map_err(|why| format!("with a good disk again: {failed:?}: {why}\n{}", tail(&daemon.log())))?;
    let before = std::mem::replace(&mut bed.world, world);
    if let Some(change) = failed
        && (!is_after || change.takes_away())
    {
        bed.world = repeat(&paths.1, &before, change, &daemon)?;
    }
    for _ in 0..6 {
        let change = Change::draw(random, &bed.world);
        match ask_unlocking(&paths.1, &bed.world, &change, outcome) {
            Answer::Done(world) => bed.world = world,
            other => return Err(format!("with a good disk again: {other:?}\n{}", tail(&daemon.log()))),
        }
    }
    outcome.count("worked again without a restart", 1);
    bed.site = Some(daemon.kill());
    let daemon = bed.start();
    let paths = super::paths(&daemon);
    standing(sockets(&paths), &bed.world, None, random)
        .map_err(|why| format!("mended, then killed: {why}\n{}", tail(&daemon.log())))?;
    let daemon = settled(bed, daemon, outcome, case);
    clear_stray_name(&super::paths(&daemon), &bed.world, failed, outcome)?;
    Ok(daemon)
}

/// A change that failed because the journal could be neither synced nor cut may leave a name enrolled or locked that no
/// account has: the stricter side wins (ADR 20), until an administrator clears it. What was not asked for stays for nobody.
fn clear_stray_name(
    (auth, admin): &(PathBuf, PathBuf),
    world: &World,
    failed: Option<&Change>,
    outcome: &mut Outcome,
) -> Result<(), String> {
    let Some(user) = failed.and_then(Change::user).filter(|user| !world.people.contains_key(*user)) else {
        return Ok(());
    };
    if primary(auth, user) != Verdict::Refused {
        return Ok(());
    }
    outcome.count("names that stayed enrolled or locked", 1);
    for verb in ["user.unlock", "user.unenroll", "user.delete"] {
        let _ = call(admin, verb, &json!({"user": user}));
    }
    match primary(auth, user) {
        Verdict::NotMine => Ok(()),
        verdict => Err(format!("{failed:?} has left {user} {verdict:?}, and that can't be cleared")),
    }
}
