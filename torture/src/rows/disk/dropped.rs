//! A sync fails, and the kernel forgets that what was to be written is not: the next sync succeeds
//! without writing it (<https://lwn.net/Articles/752063/>).

use super::{Bed, ERRNOS, paths, sockets, tail};
use crate::load::watch::standing;
use crate::load::{Answer, Change, ask};
use crate::random::Random;
use crate::row::{Cases, Outcome};
use crate::shim::record::Operation;
use crate::shim::{Act, Plan, kind};
use apppw_tests::apppwd::Site;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// The cache's page, in bytes.
const PAGE: usize = 4096;

pub fn run(cases: &Cases) -> Outcome {
    let mut bed = None;
    Outcome::of_each(cases, |case, outcome| {
        let mut own = bed.take().unwrap_or_else(Bed::new);
        match one(&mut own, case, &mut Random::of(case, 7777), outcome) {
            Ok(()) => bed = Some(own),
            Err(why) => outcome.find(case, why),
        }
    })
}

fn one(bed: &mut Bed, case: u64, random: &mut Random, outcome: &mut Outcome) -> Result<(), String> {
    let disk = Disk::of(bed.site.as_ref().expect("it is not running"));
    bed.shim.forget_record();
    bed.shim.record(true);
    let daemon = bed.start();
    let paths = paths(&daemon);
    let errno = ERRNOS[usize::try_from(case % 4).expect("small")];
    bed.shim.arm(Plan {
        kinds: kind::SYNC,
        ..Plan::at(1 + case / 4 % 24, Act::FailTimes(errno, 1 + case / 96 % 3))
    });
    let mut story = Vec::new();
    for _ in 0..14 {
        let change = Change::draw(random, &bed.world);
        story.push(format!("{change:?}"));
        bed.world = match ask(&paths.1, &bed.world, &change) {
            Answer::Done(world) => world,
            Answer::Refused(_) if bed.shim.struck() > 0 => {
                outcome.count("changes refused", 1);
                story.push("that one was refused at first".to_owned());
                let (world, is_after) = standing(sockets(&paths), &bed.world, Some(&change), random)?;
                if is_after && !change.takes_away() {
                    world
                } else {
                    // It may fail once more.
                    let before = bed.world.clone();
                    (0..4)
                        .find_map(|_| match ask(&paths.1, &before, &change) {
                            Answer::Done(world) => Some(world),
                            _ => None,
                        })
                        .ok_or_else(|| {
                            format!("{change:?} is refused though the disk works\n{}", tail(&daemon.log()))
                        })?
                }
            }
            other => return Err(format!("{other:?}\n{}", tail(&daemon.log()))),
        };
    }
    outcome.count("syncs failed", bed.shim.struck());
    bed.shim.disarm();
    // What the journal still owes comes with the next change; until then it was not acknowledged.
    let last = Change::Panic(!bed.world.panic.1);
    match ask(&paths.1, &bed.world, &last) {
        Answer::Done(world) => bed.world = world,
        other => return Err(format!("with a good disk again: {other:?}\n{}", tail(&daemon.log()))),
    }
    bed.shim.record(false);
    let operations = bed.shim.recorded_with_failed();
    let site = daemon.kill();
    disk.after(&operations).put_into(&site);
    bed.site = Some(site);
    let daemon = bed.start();
    let paths = super::paths(&daemon);
    let (world, _) = standing(sockets(&paths), &bed.world, None, random)
        .map_err(|why| format!("on the disk it is otherwise: {why}\n{}\n{story:?}", tail(&daemon.log())))?;
    bed.world = world;
    bed.site = Some(daemon.stop().1);
    Ok(())
}

/// What is on the disk, beside what the cache says.
struct Disk(BTreeMap<PathBuf, OneFile>);

#[derive(Default, Clone)]
struct OneFile {
    written: Vec<u8>,
    cached: Vec<u8>,
    /// Pages of the cache that are to be written.
    dirty: BTreeSet<usize>,
}

impl Disk {
    fn of(site: &Site) -> Self {
        let mut files = BTreeMap::new();
        for folder in ["state", "key"] {
            for entry in fs::read_dir(site.path(folder)).into_iter().flatten().flatten() {
                let bytes = fs::read(entry.path()).expect("a file");
                let path = PathBuf::from(folder).join(entry.file_name());
                files.insert(path, OneFile { written: bytes.clone(), cached: bytes, dirty: BTreeSet::new() });
            }
        }
        Self(files)
    }

    fn after(mut self, operations: &[(Operation, bool)]) -> Self {
        for (operation, has_failed) in operations {
            match operation {
                Operation::Create(path) => drop(self.0.insert(path.clone(), OneFile::default())),
                Operation::Write(path, at, bytes) => {
                    self.0.entry(path.clone()).or_default().write(*at, bytes)
                }
                Operation::Truncate(path, length) => {
                    self.0.entry(path.clone()).or_default().truncate(*length)
                }
                Operation::Sync(path) => {
                    if let Some(file) = self.0.get_mut(path) {
                        file.sync(*has_failed);
                    }
                }
                Operation::Rename(from, to) => {
                    if let Some(file) = self.0.remove(from) {
                        self.0.insert(to.clone(), file);
                    }
                }
                Operation::Unlink(path) => drop(self.0.remove(path)),
                Operation::Mkdir(_) | Operation::Mark(_) => {}
            }
        }
        self
    }

    /// Puts what is on the disk in the place of what the cache says.
    fn put_into(&self, site: &Site) {
        use std::os::unix::fs::OpenOptionsExt;
        for folder in ["state", "key"] {
            for entry in fs::read_dir(site.path(folder)).into_iter().flatten().flatten() {
                fs::remove_file(entry.path()).expect("a file");
            }
        }
        // The shared memory is made anew.
        for (path, file) in self.0.iter().filter(|(path, _)| !path.to_string_lossy().ends_with("-shm")) {
            let path = site.path(&path.to_string_lossy());
            let mut new = fs::File::options();
            let new = new.write(true).create(true).truncate(true).mode(0o600).open(path);
            std::io::Write::write_all(&mut new.expect("a file"), &file.written).expect("a file");
        }
    }
}

impl OneFile {
    fn write(&mut self, at: u64, bytes: &[u8]) {
        let at = usize::try_from(at).expect("small");
        let end = at + bytes.len();
        if self.cached.len() < end {
            self.cached.resize(end, 0);
        }
        self.cached[at..end].copy_from_slice(bytes);
        self.dirty.extend(at / PAGE..end.div_ceil(PAGE));
    }

    fn truncate(&mut self, length: u64) {
        let length = usize::try_from(length).expect("small");
        self.cached.resize(length, 0);
        self.dirty.insert(length.saturating_sub(1) / PAGE);
    }

    /// A failed one writes nothing, and what it was to write counts as written.
    fn sync(&mut self, has_failed: bool) {
        let dirty = std::mem::take(&mut self.dirty);
        if has_failed {
            return;
        }
        self.written.resize(self.cached.len(), 0);
        for page in dirty {
            let (from, end) = (page * PAGE, ((page + 1) * PAGE).min(self.cached.len()));
            if from < end {
                self.written[from..end].copy_from_slice(&self.cached[from..end]);
            }
        }
    }
}
