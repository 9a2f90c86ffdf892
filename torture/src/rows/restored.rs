//! An old copy of the database put back beside today's key and journal, at any point of any change.

use super::power::{Recording, Step, start};
use crate::disk::{Disk, Loss};
use crate::load::watch::{CONFIG, verdict};
use crate::load::{Half, Person, State, World, call};
use crate::random::Random;
use crate::row::{Cases, Outcome, Row};
use crate::shim::record::Operation;
use apppw_proto::frame::Verdict;
use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::frames::Ask;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Copies put back.
pub const RESTORED: Row = Row {
    number: 9,
    name: "old-backup",
    shows: "a copy of the database from any moment (files, sqlite3's backup, files copied one after the other, the \
            database without its log, none at all) beside the journal of any later moment: what was taken away stays \
            away, enrolment stays, each difference is logged once, nothing starts empty without --init",
    unit: "copies",
    full: 6_000,
    short: 120,
    batch: 300,
    run: restored,
};

/// What is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copied {
    /// All files of one moment.
    Files,
    /// `sqlite3 .backup` of that moment.
    Backup,
    /// The database's file first, the others later.
    OneByOne,
    /// The database's file without its log.
    WithoutLog,
    /// Nothing.
    Nothing,
    /// An empty file.
    Empty,
}

const KINDS: [Copied; 12] = [
    Copied::Files,
    Copied::Files,
    Copied::Files,
    Copied::Files,
    Copied::Files,
    Copied::Backup,
    Copied::Backup,
    Copied::OneByOne,
    Copied::OneByOne,
    Copied::WithoutLog,
    Copied::Nothing,
    Copied::Empty,
];

/// Ended with status 78, as `ExitStatus` shows it.
const STATUS_78: &str = "unix_wait_status(19968)";

fn restored(cases: &Cases) -> Outcome {
    let seed = 1000 + cases.range.start / RESTORED.batch;
    let changes = if cases.len() < RESTORED.batch { 60 } else { 150 };
    let (recording, _) = Recording::make(seed, changes, 3);
    let mut outcome = Outcome::default();
    outcome.count("recordings", 1);
    outcome.count("operations recorded", recording.operations.len() as u64);
    outcome.add(Outcome::of_each_on(4, cases, |case, outcome| {
        let mut random = Random::of(case, 91);
        let of = recording.operations.len();
        // Before the key is there nothing can be beside it.
        let first = recording.first_start();
        let (one, other) = (first + random.index(of - first), first + random.index(of - first));
        let (then, now) = (one.min(other), one.max(other));
        let copied = KINDS[usize::try_from(case).expect("an index") % KINDS.len()];
        outcome.count(&format!("{copied:?}"), 1);
        if let Err(why) = put_back(&recording, copied, then, now, &mut random, outcome) {
            let change = &recording.steps[recording.step_at(now)].next;
            outcome.find(
                case,
                format!("{copied:?} of {then} beside {now} of {of}, {change:?} under way: {why}"),
            );
        }
    }));
    outcome
}

impl Recording {
    fn first_start(&self) -> usize {
        let started = |operation: &Operation| *operation == Operation::Mark(super::power::STARTED);
        self.operations.iter().position(started).expect("it started") + 1
    }
}

fn put_back(
    recording: &Recording,
    copied: Copied,
    then: usize,
    now: usize,
    random: &mut Random,
    outcome: &mut Outcome,
) -> Result<(), String> {
    let site = Site::new(CONFIG);
    lay_out(recording, &site.path(""), copied, then, now, random);
    let (old, new) = (Moment::at(recording, then), Moment::at(recording, now));
    let is_whole = matches!(copied, Copied::Files | Copied::Backup);
    // One that doesn't start takes its folder along.
    let spare = Site::new(CONFIG);
    apppw_tests::apppwd::copy(&site.path("key"), &spare.path("key"));
    let daemon = match start(site) {
        Ok(daemon) => daemon,
        Err(why) if is_whole || !why.contains(STATUS_78) => return Err(why),
        Err(_) => {
            // It says so; what it says is shown elsewhere. Then it begins anew, by --init.
            outcome.count("refused to start", 1);
            return begin_anew(spare, &new, outcome);
        }
    };
    if matches!(copied, Copied::Nothing | Copied::Empty) {
        return Err(format!("it starts empty, without --init: {}", daemon.log()));
    }
    hold(&daemon, &new, outcome).map_err(|why| format!("{why}\nlog: {}", daemon.log()))?;
    if is_whole {
        // It is written behind.
        daemon.wait_for_line(&["serves"]);
        let log = daemon.log();
        opens_still(&daemon, &old, &new, outcome)?;
        said(&log, &old, &new, outcome).map_err(|why| format!("{why}\nlog: {log}"))?;
    }
    // Once more: it holds, and both agree by now.
    let (status, site) = daemon.stop();
    if !status.success() {
        return Err(format!("it ended with {status}"));
    }
    fs::remove_file(site.path("log")).expect("the log");
    let daemon = start(site)?;
    daemon.wait_for_line(&["serves"]);
    hold(&daemon, &new, outcome).map_err(|why| format!("after another start, {why}"))?;
    let log = daemon.log();
    match log.lines().find(|line| line.contains(" again") || line.contains("it stays so")) {
        Some(line) => Err(format!("said twice: {line}")),
        None => Ok(()),
    }
}

/// The journal and the key of now, the database of then.
fn lay_out(recording: &Recording, root: &Path, copied: Copied, then: usize, now: usize, random: &mut Random) {
    let mut disk = Disk::new(&recording.operations);
    let aside = root.join("aside");
    fs::create_dir(&aside).expect("a folder");
    disk.go_to(then);
    disk.cut(&aside, Loss::NONE, random);
    let state = aside.join("state");
    match copied {
        Copied::Files => {}
        Copied::Backup => {
            let to = aside.join("backup.db");
            let mut sqlite3 = Command::new("sqlite3");
            let status =
                sqlite3.arg(state.join("apppw.db")).arg(format!(".backup '{}'", to.display())).status();
            assert!(status.expect("sqlite3 runs").success(), "sqlite3 can't back it up");
            clear(&state);
            apppw_tests::apppwd::copy(&to, &state.join("apppw.db"));
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(state.join("apppw.db"), fs::Permissions::from_mode(0o600)).expect("its mode");
        }
        Copied::OneByOne => {
            let later = then + random.index(now - then + 1);
            let mut disk = Disk::new(&recording.operations);
            disk.go_to(later);
            let other = root.join("other");
            fs::create_dir(&other).expect("a folder");
            disk.cut(&other, Loss::NONE, random);
            let _ = fs::remove_file(state.join("apppw.db-wal"));
            if other.join("state/apppw.db-wal").exists() {
                apppw_tests::apppwd::copy(&other.join("state/apppw.db-wal"), &state.join("apppw.db-wal"));
            }
        }
        Copied::WithoutLog => {
            for name in ["apppw.db-wal", "apppw.db-shm"] {
                let _ = fs::remove_file(state.join(name));
            }
        }
        Copied::Nothing => clear(&state),
        Copied::Empty => {
            clear(&state);
            fs::write(state.join("apppw.db"), "").expect("a file");
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(state.join("apppw.db"), fs::Permissions::from_mode(0o600)).expect("its mode");
        }
    }
    let _ = fs::remove_file(state.join("apppw.db-shm"));
    disk.go_to(now);
    disk.cut(root, Loss::NONE, random);
    fs::remove_dir_all(root.join("state")).expect("the state");
    fs::rename(&state, root.join("state")).expect("the state");
}

fn clear(folder: &Path) {
    for entry in fs::read_dir(folder).expect("a folder") {
        fs::remove_file(entry.expect("an entry").path()).expect("a file");
    }
}

/// What may have been so at a moment: what was acknowledged, and what was under way then.
struct Moment {
    worlds: Vec<World>,
}

impl Moment {
    fn at(recording: &Recording, end: usize) -> Self {
        let Step { world, next, .. } = &recording.steps[recording.step_at(end)];
        let after = next.as_ref().map(|change| change.after(world, None));
        Self { worlds: std::iter::once(world.clone()).chain(after).collect() }
    }

    /// Whether it was so for certain.
    fn all(&self, is_so: impl Fn(&World) -> bool) -> bool {
        self.worlds.iter().all(is_so)
    }

    /// What was acknowledged.
    fn world(&self) -> &World {
        &self.worlds[0]
    }

    /// Every person that was there for certain.
    fn people(&self) -> impl Iterator<Item = (&String, &Person)> {
        self.world().people.iter().filter(|(user, _)| self.all(|world| world.people.contains_key(*user)))
    }

    /// Every secret, by its user and label.
    fn secrets(&self) -> impl Iterator<Item = (&String, &String, &Half)> {
        let has =
            self.people().flat_map(|(user, one)| one.has.iter().map(move |(label, one)| (user, label, one)));
        has.flat_map(|(user, label, one)| one.halves.iter().map(move |half| (user, label, half)))
    }

    fn state_of(world: &World, user: &str, id: Option<&str>) -> Option<State> {
        let has = world.people.get(user)?.has.values();
        let mut of_id = has.filter(|one| one.halves.iter().any(|half| half.id.as_deref() == id));
        of_id.next().map(|one| one.state)
    }

    fn opens(&self, user: &str, half: &Half) -> bool {
        let is_live = |world: &World| Self::state_of(world, user, half.id.as_deref()) == Some(State::Live);
        self.all(|world| world.people.get(user).is_some_and(|one| !one.locked) && is_live(world))
    }

    fn is_closed(&self, user: &str, half: &Half) -> bool {
        let is_live = |world: &World| Self::state_of(world, user, half.id.as_deref()) == Some(State::Live);
        self.all(|world| !world.people.get(user).is_some_and(|one| !one.locked) || !is_live(world))
    }
}

/// What was taken away is away.
fn hold(daemon: &Apppwd, new: &Moment, outcome: &mut Outcome) -> Result<(), String> {
    let (auth, world) = (daemon.auth_socket(), new.world());
    let mut tried = 0;
    let mut refused = |user: &str, secret: &str, what: &str| {
        tried += 1;
        match verdict(&auth, &Ask::login(user, "imap", "192.0.2.7", secret))? {
            Verdict::Refused | Verdict::NotMine => Ok(()),
            other => Err(format!("{user}'s {what} is {other:?}")),
        }
    };
    for (user, label, half) in new.secrets() {
        let Some(secret) = &half.secret else { continue };
        if new.is_closed(user, half) {
            refused(user, secret, label)?;
        }
        // By a name that is not its own any more.
        let other = match user.split_once(".renamed@") {
            Some((begin, end)) => format!("{begin}@{end}"),
            None => user.replacen('@', ".renamed@", 1),
        };
        refused(&other, secret, label)?;
    }
    for (user, secret) in &world.dead {
        refused(user, secret, "one of a deleted account")?;
    }
    for (user, _) in new.people() {
        let stays = new.all(|world| world.people.get(user).is_some_and(|one| one.enrolled || one.locked));
        let ask = Ask { kind: 2, user: user.as_bytes(), secret: b"", ..Ask::default() };
        if stays && verdict(&auth, &ask)? != Verdict::Refused {
            return Err(format!("the primary password of {user} is back"));
        }
        tried += u64::from(stays);
    }
    if new.all(|world| world.panic.1) {
        let status = call(&daemon.admin_socket(), "status", &json!({})).ok_or("no status")?;
        let on = status["ok"]["panic"]
            .as_array()
            .is_some_and(|on| on.iter().any(|one| one["group"] == world.panic.0));
        if !on {
            return Err("panic is off".to_owned());
        }
    }
    outcome.count("refusals looked for", tried);
    Ok(())
}

/// What opened then and opens now does so still.
fn opens_still(daemon: &Apppwd, old: &Moment, new: &Moment, outcome: &mut Outcome) -> Result<(), String> {
    for (user, label, half) in new.secrets() {
        let Some(secret) = &half.secret else { continue };
        if !old.opens(user, half) || !new.opens(user, half) {
            continue;
        }
        outcome.count("still open", 1);
        let verdict = verdict(&daemon.auth_socket(), &Ask::login(user, "imap", "192.0.2.7", secret))?;
        if verdict != Verdict::Accepted {
            return Err(format!("{user}'s {label} is {verdict:?}\nlog: {}", daemon.log()));
        }
    }
    Ok(())
}

/// Each difference is in the log.
fn said(log: &str, old: &Moment, new: &Moment, outcome: &mut Outcome) -> Result<(), String> {
    for (user, label, half) in new.secrets() {
        let Some(id) = half.id.as_deref() else { continue };
        let was = |state| {
            old.all(|world| {
                world.people.keys().any(|any| Moment::state_of(world, any, Some(id)) == Some(state))
            })
        };
        let is = |state| new.all(|world| Moment::state_of(world, user, Some(id)) == Some(state));
        for (then, now, words) in [
            (State::Live, State::Revoked, "revoked again"),
            (State::Suspended, State::Revoked, "revoked again"),
            (State::Live, State::Suspended, "suspended again"),
            (State::Suspended, State::Live, "it stays so"),
        ] {
            if was(then) && is(now) {
                outcome.count("differences looked for in the log", 1);
                if !log.lines().any(|line| line.contains(id) && line.contains(words)) {
                    return Err(format!("no word of {id} ({label}): {then:?} then, {now:?} now"));
                }
            }
        }
    }
    Ok(())
}

/// By --init: nobody gets in, and who was enrolled or locked stays so.
fn begin_anew(site: Site, new: &Moment, outcome: &mut Outcome) -> Result<(), String> {
    let (status, said) = site.refuses(&[]);
    if status.code() != Some(78) || !said.contains("--init") {
        return Err(format!("{status}, without a word of --init: {said}"));
    }
    let (status, said) = site.refuses(&["--init"]);
    if !status.success() {
        return Err(format!("--init ends with {status}: {said}"));
    }
    let daemon = start(site)?;
    hold(&daemon, new, outcome).map_err(|why| format!("after --init, {why}\nlog: {}", daemon.log()))?;
    for (user, _, half) in new.secrets() {
        let Some(secret) = &half.secret else { continue };
        let verdict = verdict(&daemon.auth_socket(), &Ask::login(user, "imap", "192.0.2.7", secret))?;
        if verdict == Verdict::Accepted {
            return Err(format!("{user}'s secret opens an empty database"));
        }
    }
    Ok(())
}
