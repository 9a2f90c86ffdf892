//! What was written, so that it can be taken back: a folder for each run, made before the first file is written.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where runs are kept. Root's alone: copies of configuration lie in it.
pub const DIRECTORY: &str = "/var/lib/apppw-setup";

const SCHEMA: u32 = 1;

/// A file as a run found and left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub path: PathBuf,
    /// None: there was no file.
    pub before: Option<Vec<u8>>,
    /// None: it was right already, and is only needed.
    pub after: Option<Vec<u8>>,
}

/// One run of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub number: u32,
    /// Its place among the runs of all targets; 0: it wasn't written down.
    pub order: u32,
    pub entries: Vec<Entry>,
}

/// All runs of all targets.
#[derive(Debug, Clone)]
pub struct Ledger {
    directory: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    schema: u32,
    #[serde(default)]
    order: u32,
    files: Vec<Kept>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    path: PathBuf,
    existed: bool,
    changed: bool,
}

impl Ledger {
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// Keeps other runs of this program out until the result is dropped.
    pub fn lock(&self) -> io::Result<File> {
        make_dir(&self.directory)?;
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.directory.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(io::Error::other("another apppw setup runs")),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// The runs of a target that can be undone, oldest first.
    pub fn runs(&self, target: &str) -> io::Result<Vec<Run>> {
        let mut numbers: Vec<u32> =
            names(&self.directory.join(target))?.iter().filter_map(|name| name.parse().ok()).collect();
        numbers.sort_unstable();
        numbers.into_iter().map(|number| self.run(target, number)).collect()
    }

    /// The targets that have runs.
    pub fn targets(&self) -> io::Result<Vec<String>> {
        let mut targets = names(&self.directory)?;
        targets.retain(|name| self.directory.join(name).is_dir());
        targets.sort();
        Ok(targets)
    }

    fn folder(&self, target: &str, number: u32) -> PathBuf {
        self.directory.join(target).join(number.to_string())
    }

    fn run(&self, target: &str, number: u32) -> io::Result<Run> {
        let folder = self.folder(target, number);
        let manifest: Manifest = serde_json::from_slice(&fs::read(folder.join("manifest.json"))?)?;
        if manifest.schema != SCHEMA {
            return Err(io::Error::other(format!(
                "{} was written by a later apppw",
                folder.join("manifest.json").display()
            )));
        }
        let mut entries = Vec::new();
        for (index, kept) in manifest.files.into_iter().enumerate() {
            let copy = |kind: &str| fs::read(folder.join(format!("{index}.{kind}")));
            entries.push(Entry {
                before: kept.existed.then(|| copy("before")).transpose()?,
                after: kept.changed.then(|| copy("after")).transpose()?,
                path: kept.path,
            });
        }
        Ok(Run { number, order: manifest.order, entries })
    }

    /// Keeps a run that is about to be made.
    pub fn keep(&self, target: &str, entries: Vec<Entry>) -> io::Result<Run> {
        let parent = self.directory.join(target);
        make_dir(&self.directory)?;
        make_dir(&parent)?;
        let number = self.runs(target)?.last().map_or(1, |run| run.number + 1);
        let order = self.last()? + 1;
        let new = parent.join("new");
        // Of a run that was cut off before it wrote anything.
        if new.exists() {
            fs::remove_dir_all(&new)?;
        }
        make_dir(&new)?;
        let mut files = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            for (kind, text) in [("before", &entry.before), ("after", &entry.after)] {
                if let Some(text) = text {
                    write(&new.join(format!("{index}.{kind}")), text)?;
                }
            }
            files.push(Kept {
                path: entry.path.clone(),
                existed: entry.before.is_some(),
                changed: entry.after.is_some(),
            });
        }
        write(
            &new.join("manifest.json"),
            &serde_json::to_vec_pretty(&Manifest { schema: SCHEMA, order, files })?,
        )?;
        File::open(&new)?.sync_all()?;
        fs::rename(&new, self.folder(target, number))?;
        File::open(&parent)?.sync_all()?;
        Ok(Run { number, order, entries })
    }

    /// The newest run's order.
    fn last(&self) -> io::Result<u32> {
        let mut last = 0;
        for target in self.targets()? {
            last = self.runs(&target)?.iter().map(|run| run.order).fold(last, u32::max);
        }
        Ok(last)
    }

    /// The runs of all targets but this one.
    pub fn others(&self, target: &str) -> io::Result<Vec<(String, Run)>> {
        let mut others = Vec::new();
        for other in self.targets()?.into_iter().filter(|other| other != target) {
            others.extend(self.runs(&other)?.into_iter().map(|run| (other.clone(), run)));
        }
        Ok(others)
    }

    /// Forgets a run that is undone.
    pub fn forget(&self, target: &str, number: u32) -> io::Result<()> {
        fs::remove_dir_all(self.folder(target, number))?;
        // The last one's folder goes with it.
        let _ = fs::remove_dir(self.directory.join(target));
        Ok(())
    }
}

fn names(directory: &Path) -> io::Result<Vec<String>> {
    match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect(),
    }
}

fn make_dir(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

/// A file that goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    pub path: PathBuf,
    pub now: Option<Vec<u8>>,
    pub then: Option<Vec<u8>>,
}

/// A file that somebody has changed since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    pub path: PathBuf,
    pub left: Vec<u8>,
    pub now: Option<Vec<u8>>,
}

/// What undoing `runs` (oldest first) comes to, where files are as `now` says. Pure.
///
/// # Errors
/// The files that are neither as a run left them nor as it found them.
pub fn undone(runs: &[Run], now: impl Fn(&Path) -> Option<Vec<u8>>) -> Result<Vec<Restore>, Vec<Conflict>> {
    let mut states: BTreeMap<&Path, Option<Vec<u8>>> = BTreeMap::new();
    let mut conflicts = Vec::new();
    for run in runs.iter().rev() {
        for entry in &run.entries {
            let Some(after) = &entry.after else { continue };
            let state = states.entry(&entry.path).or_insert_with(|| now(&entry.path));
            // As before: a run that was cut off had not come so far.
            if state.as_ref() == Some(after) || *state == entry.before {
                state.clone_from(&entry.before);
            } else {
                conflicts.push(Conflict {
                    path: entry.path.clone(),
                    left: after.clone(),
                    now: state.clone(),
                });
            }
        }
    }
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    let restores =
        states.into_iter().map(|(path, then)| Restore { path: path.to_owned(), now: now(path), then });
    Ok(restores.filter(|restore| restore.now != restore.then).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, before: Option<&str>, after: Option<&str>) -> Entry {
        let bytes = |text: &str| text.as_bytes().to_vec();
        Entry { path: path.into(), before: before.map(bytes), after: after.map(bytes) }
    }

    fn run(entries: &[Entry]) -> Run {
        Run { number: 1, order: 1, entries: entries.to_vec() }
    }

    #[test]
    fn runs_are_kept_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::at(dir.path().join("ledger"));
        assert_eq!(ledger.runs("dovecot").unwrap(), []);
        let entries = vec![
            entry("/a", None, Some("x")),
            entry("/b", Some("1"), Some("2")),
            entry("/c", Some("r"), None),
        ];
        let first = ledger.keep("dovecot", entries.clone()).unwrap();
        let second = ledger.keep("dovecot", entries).unwrap();
        assert_eq!((first.number, second.number), (1, 2));
        assert_eq!((first.order, second.order), (1, 2));
        let exim = ledger.keep("exim", vec![entry("/a", None, None)]).unwrap();
        assert_eq!((exim.number, exim.order), (1, 3));
        assert_eq!(ledger.others("dovecot").unwrap(), [("exim".to_owned(), exim)]);
        ledger.forget("exim", 1).unwrap();
        assert_eq!(ledger.runs("dovecot").unwrap(), [first, second]);
        assert_eq!(ledger.targets().unwrap(), ["dovecot"]);
        ledger.forget("dovecot", 1).unwrap();
        ledger.forget("dovecot", 2).unwrap();
        assert_eq!(ledger.targets().unwrap(), [""; 0]);
        let held = ledger.lock().unwrap();
        assert!(ledger.lock().is_err());
        drop(held);
        assert!(ledger.lock().is_ok());
    }

    #[test]
    fn several_runs_go_back_to_before_the_first() {
        let runs = [
            run(&[entry("/a", None, Some("1")), entry("/b", Some("old"), Some("1"))]),
            run(&[entry("/a", Some("1"), Some("2")), entry("/b", Some("1"), None)]),
        ];
        let now = |path: &Path| Some(if path == Path::new("/a") { b"2".to_vec() } else { b"1".to_vec() });
        let restores = undone(&runs, now).unwrap();
        let shown: Vec<_> =
            restores.iter().map(|restore| (restore.path.to_str().unwrap(), restore.then.clone())).collect();
        assert_eq!(shown, [("/a", None), ("/b", Some(b"old".to_vec()))]);
    }

    #[test]
    fn what_somebody_has_changed_since_is_not_touched() {
        let runs = [run(&[entry("/a", Some("old"), Some("new")), entry("/b", None, Some("new"))])];
        for (now, conflicts) in [("new", 0), ("old", 1), ("theirs", 2)] {
            let result = undone(&runs, |_| Some(now.as_bytes().to_vec()));
            assert_eq!(result.err().map_or(0, |conflicts| conflicts.len()), conflicts, "{now}");
        }
        let gone = undone(&runs, |_| None).unwrap_err();
        assert_eq!(gone[0].path, Path::new("/a"), "/b is as before");
        assert_eq!(gone.len(), 1);
    }

    #[test]
    fn a_run_that_was_cut_off_is_undone_as_far_as_it_came() {
        let runs = [run(&[entry("/a", Some("old"), Some("new")), entry("/b", Some("old"), Some("new"))])];
        let now = |path: &Path| Some(if path == Path::new("/a") { b"new".to_vec() } else { b"old".to_vec() });
        let restores = undone(&runs, now).unwrap();
        assert_eq!(restores.len(), 1);
        assert_eq!(restores[0].path, Path::new("/a"));
    }
}
