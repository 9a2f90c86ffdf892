//! Power cuts: the daemon's own writes, recorded, and at each of them disks on which what was not
//! synced is lost, in part, in any order.

use crate::disk::{Disk, Loss};
use crate::load::watch::{CONFIG, Expected, Sockets, look};
use crate::load::{Answer, Change, World, ask};
use crate::random::Random;
use crate::row::{Cases, Outcome, Row};
use crate::shim::Shim;
use crate::shim::record::Operation;
use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::frames::Ask;

/// Images of the disk.
pub const IMAGES: Row = Row {
    number: 6,
    name: "power-loss",
    shows: "a power cut after each write and sync of the real daemon's, with what was not synced dropped, torn at \
            512 or 4096 bytes, reordered, and names lost: every image opens, nothing acknowledged is lost or half \
            there",
    unit: "images",
    full: 20_000,
    short: 240,
    batch: 1_000,
    run: images,
};

/// A recorded life of a daemon: what it did to its files, and what it had acknowledged where.
pub(super) struct Recording {
    /// With the mark `n` where the change before `steps[n]` was acknowledged.
    pub operations: Vec<Operation>,
    /// One more than there were changes.
    pub steps: Vec<Step>,
}

/// What must be so until the next change is acknowledged.
pub(super) struct Step {
    /// After what was acknowledged.
    pub world: World,
    /// What is asked for then.
    pub next: Option<Change>,
    /// All events up to here.
    pub events: usize,
}

/// All events of a recording.
pub(super) type Events = Vec<String>;

/// Marks of something else than changes.
pub(super) const STARTED: u64 = 1 << 40;

impl Recording {
    /// Records a daemon from its very first start on, with so many changes, in several lives.
    pub(super) fn make(seed: u64, changes: usize, lives: usize) -> (Self, Events) {
        let site = Site::new(CONFIG);
        let shim = Shim::new(&site);
        shim.record(true);
        let mut random = Random::of(seed, 61);
        let mut steps = vec![Step { world: World::new("a", "chat"), next: None, events: 0 }];
        let mut events = Events::new();
        let mut site = Some(site);
        for life in 0..lives {
            let daemon = shim.start(site.take().expect("it is not running"));
            shim.mark(STARTED);
            for _ in 0..changes / lives {
                one(&daemon, &shim, &mut random, &mut steps, &mut events);
            }
            // By turns in order, with all that is written then, and not.
            site =
                Some(if (seed as usize + life).is_multiple_of(2) { daemon.stop().1 } else { daemon.kill() });
        }
        (Self { operations: shim.recorded(), steps }, events)
    }

    /// Which step it is after the first `end` operations.
    pub(super) fn step_at(&self, end: usize) -> usize {
        let marks = self.operations[..end].iter().rev();
        let mut marks = marks.filter_map(|operation| match operation {
            Operation::Mark(mark) if *mark < STARTED => usize::try_from(*mark).ok(),
            _ => None,
        });
        marks.next().unwrap_or(0)
    }
}

fn one(daemon: &Apppwd, shim: &Shim, random: &mut Random, steps: &mut Vec<Step>, events: &mut Events) {
    let last = steps.last_mut().expect("the first one");
    let change = Change::draw(random, &last.world);
    let Answer::Done(world) = ask(&daemon.admin_socket(), &last.world, &change) else {
        panic!("{change:?} was not done: {}", daemon.log());
    };
    events.extend(change.events(&last.world));
    last.next = Some(change);
    steps.push(Step { world, next: None, events: events.len() });
    shim.mark(steps.len() as u64 - 1);
    // Uses are written behind, and at the end of a life.
    let people = &steps[steps.len() - 1].world.people;
    let has = people.iter().flat_map(|(user, one)| one.has.values().map(move |has| (user, has)));
    if let Some((user, has)) = has.last()
        && let Some(secret) = has.halves.last().and_then(|half| half.secret.as_ref())
    {
        let ask = Ask::login(user, "imap", "192.0.2.9", secret);
        crate::load::watch::verdict(&daemon.auth_socket(), &ask).expect("it answers");
    }
}

/// How many operations a recording has at the least, so that each of them is in some image.
const CHANGES: usize = 100;

fn images(cases: &Cases) -> Outcome {
    let seed = cases.range.start / IMAGES.batch;
    // Every fourth one is long enough for the log to be brought into the database by itself.
    let (changes, lives) = if seed % 4 == 3 { (CHANGES * 4, 2) } else { (CHANGES, 3) };
    let changes = if cases.len() < IMAGES.batch { 40 } else { changes };
    let (recording, events) = Recording::make(seed, changes, lives);
    let mut outcome = Outcome::default();
    outcome.count("recordings", 1);
    outcome.count("operations recorded", recording.operations.len() as u64);
    outcome.count("changes recorded", recording.steps.len() as u64 - 1);
    let (first, length) = (cases.range.start, cases.len());
    outcome.add(Outcome::of_each_on(4, cases, |case, outcome| {
        // Each operation in its turn.
        let end =
            usize::try_from((case - first) * recording.operations.len() as u64 / length).expect("an index");
        let mut random = Random::of(case, 62);
        let mut disk = Disk::new(&recording.operations);
        disk.go_to(end);
        let loss = Loss::draw(&mut random);
        let site = Site::new(CONFIG);
        disk.cut(&site.path(""), loss, &mut random);
        let step = &recording.steps[recording.step_at(end)];
        if let Err(why) = check(site, step, &events, &mut random, outcome) {
            let before: Vec<String> =
                recording.operations[end.saturating_sub(6)..end].iter().map(ToString::to_string).collect();
            let of = recording.operations.len();
            outcome.find(case, format!("after {end} of {of}, {before:?}: {why}\n{loss:?}"));
        }
    }));
    outcome
}

fn check(
    site: Site,
    step: &Step,
    events: &[String],
    random: &mut Random,
    outcome: &mut Outcome,
) -> Result<(), String> {
    let daemon = start(site)?;
    let expected = Expected {
        world: &step.world,
        under_way: step.next.as_ref(),
        events: &events[..step.events],
        cursor: 0,
        logins: 8,
    };
    let (auth, admin) = (daemon.auth_socket(), daemon.admin_socket());
    let seen = look(Sockets { auth: &auth, admin: &admin }, &expected, random)
        .map_err(|why| format!("{why}\nlog: {}", daemon.log()))?;
    outcome.count("logins tried", seen.logins);
    outcome.count("acknowledged changes looked for", step.events as u64);
    let log = daemon.log();
    for (what, words) in [
        ("journal mended", "cut off what a crash has left"),
        ("database ahead of the journal", "in the database but not in the journal"),
        ("journal ahead of the database", "again"),
        ("begun anew", "made the server key"),
    ] {
        outcome.count(what, u64::from(log.contains(words)));
    }
    Ok(())
}

/// Starts it as it is always started.
pub(super) fn start(site: Site) -> Result<Apppwd, String> {
    let started = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| site.start()));
    started.map_err(|panic| crate::row::words_of(&*panic))
}
