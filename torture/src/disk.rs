//! What a disk may hold after a power cut, out of what was written down before it.
//!
//! Only what was synced is sure: a file's bytes and length by a sync of the file, its name by a sync of
//! its folder. Of the rest some is there and some isn't, in sectors or pages, whatever came first.

use crate::random::Random;
use crate::shim::record::Operation;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// How a disk loses what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// What is written whole or not at all: 512 or 4096 bytes.
    pub piece: u64,
    /// Of 16 pieces so many reach the disk unsynced.
    pub kept: u64,
    /// Of 16 changed lengths and names so many do.
    pub kept_names: u64,
    /// A file's sync also keeps its name, as most file systems have it.
    pub names_with_files: bool,
    /// Names reach the disk in their order, as those with a journal of their own have it.
    pub names_in_order: bool,
}

impl Loss {
    /// Nothing is lost: what a copy of the files at that moment has.
    pub const NONE: Self =
        Self { piece: 4096, kept: 16, kept_names: 16, names_with_files: true, names_in_order: true };

    /// One that is drawn.
    pub fn draw(random: &mut Random) -> Self {
        let share = |random: &mut Random| *random.one_of(&[0, 0, 4, 8, 12, 16]);
        Self {
            piece: *random.one_of(&[512, 4096]),
            kept: share(random),
            kept_names: share(random),
            names_with_files: random.below(2) == 0,
            names_in_order: random.below(2) == 0,
        }
    }
}

/// A file, whatever its name is.
#[derive(Debug, Clone, Default)]
struct File {
    synced: Vec<u8>,
    since: Vec<Change>,
}

/// What has not been synced of a file: an index into the operations, or a length.
#[derive(Debug, Clone, Copy)]
enum Change {
    Write(usize),
    Length(u64),
}

/// What has not been synced of a folder.
#[derive(Debug, Clone)]
enum Name {
    Is(PathBuf, usize),
    Gone(PathBuf),
    Folder(PathBuf),
}

impl Name {
    fn path(&self) -> &Path {
        match self {
            Self::Is(path, _) | Self::Gone(path) | Self::Folder(path) => path,
        }
    }
}

/// A disk while the operations happen to it.
pub struct Disk<'a> {
    operations: &'a [Operation],
    next: usize,
    files: Vec<File>,
    /// As whoever looks sees it: names of files.
    now: BTreeMap<PathBuf, usize>,
    /// As it has been synced: names of files, and folders.
    names: BTreeMap<PathBuf, Option<usize>>,
    since: Vec<Name>,
}

impl<'a> Disk<'a> {
    /// Before the first of them.
    #[must_use]
    pub const fn new(operations: &'a [Operation]) -> Self {
        Self {
            operations,
            next: 0,
            files: Vec::new(),
            now: BTreeMap::new(),
            names: BTreeMap::new(),
            since: Vec::new(),
        }
    }

    /// Lets them happen up to the `end`th. It doesn't go back.
    pub fn go_to(&mut self, end: usize) {
        while self.next < end {
            self.step();
        }
    }

    fn step(&mut self) {
        let index = self.next;
        self.next += 1;
        match &self.operations[index] {
            Operation::Mark(_) => {}
            Operation::Mkdir(path) => self.since.push(Name::Folder(path.clone())),
            Operation::Create(path) => {
                let file = self.files.len();
                self.files.push(File::default());
                self.now.insert(path.clone(), file);
                self.since.push(Name::Is(path.clone(), file));
            }
            Operation::Write(path, ..) => self.change(path, Change::Write(index)),
            Operation::Truncate(path, length) => self.change(path, Change::Length(*length)),
            Operation::Unlink(path) => {
                self.now.remove(path);
                self.since.push(Name::Gone(path.clone()));
            }
            Operation::Rename(from, to) => {
                if let Some(file) = self.now.remove(from) {
                    self.now.insert(to.clone(), file);
                    self.since.push(Name::Is(to.clone(), file));
                    self.since.push(Name::Gone(from.clone()));
                }
            }
            Operation::Sync(path) => self.sync(path),
        }
    }

    fn change(&mut self, path: &Path, change: Change) {
        if let Some(file) = self.now.get(path) {
            self.files[*file].since.push(change);
        }
    }

    fn sync(&mut self, path: &Path) {
        if let Some(file) = self.now.get(path) {
            let file = &mut self.files[*file];
            for change in std::mem::take(&mut file.since) {
                apply(&mut file.synced, change, self.operations, |_| true);
            }
            return;
        }
        let (synced, since) =
            std::mem::take(&mut self.since).into_iter().partition(|name| name.path().parent() == Some(path));
        self.since = since;
        let synced: Vec<Name> = synced;
        synced.into_iter().for_each(|name| keep(&mut self.names, name));
    }

    /// Writes down what the disk holds after a power cut now, below `root`.
    ///
    /// # Panics
    /// If it can't be written.
    pub fn cut(&self, root: &Path, loss: Loss, random: &mut Random) {
        let mut names = self.names.clone();
        let mut is_over = false;
        for name in &self.since {
            let by_file = match name {
                Name::Is(_, file) => loss.names_with_files && !self.files[*file].synced.is_empty(),
                _ => false,
            };
            let is_kept = random.below(16) < loss.kept_names;
            is_over |= loss.names_in_order && !is_kept;
            if by_file || (is_kept && !is_over) {
                keep(&mut names, name.clone());
            }
        }
        // What befalls one file befalls it under each of its names.
        let mut contents = BTreeMap::new();
        for (path, file) in &names {
            // A folder that is lost takes along what is in it.
            let is_reached =
                path.parent().is_none_or(|parent| parent == Path::new("") || names.contains_key(parent));
            if !is_reached {
                continue;
            }
            match file {
                None => {
                    let mut builder = fs::DirBuilder::new();
                    builder.mode(0o700).create(root.join(path)).expect("a folder");
                }
                Some(file) => {
                    let bytes = contents.entry(*file).or_insert_with(|| self.after_cut(*file, loss, random));
                    let path = root.join(path);
                    fs::write(&path, bytes).expect("a file");
                    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode");
                }
            }
        }
    }

    fn after_cut(&self, file: usize, loss: Loss, random: &mut Random) -> Vec<u8> {
        let File { synced, since } = &self.files[file];
        let mut bytes = synced.clone();
        for change in since {
            if let Change::Length(_) = change
                && random.below(16) >= loss.kept_names
            {
                continue;
            }
            let begun = bytes.len();
            apply_in_pieces(&mut bytes, *change, self.operations, loss.piece, &mut || {
                random.below(16) < loss.kept
            });
            // The new length may be there without what belongs into it.
            if let Change::Write(index) = change
                && let Operation::Write(_, offset, data) = &self.operations[*index]
                && random.below(16) < loss.kept_names
            {
                let end = usize::try_from(*offset).expect("small") + data.len();
                bytes.resize(bytes.len().max(end), 0);
            } else if bytes.len() > begun && loss.kept < 16 && random.below(4) == 0 {
                bytes.truncate(begun);
            }
        }
        bytes
    }
}

fn keep(names: &mut BTreeMap<PathBuf, Option<usize>>, name: Name) {
    match name {
        Name::Is(path, file) => drop(names.insert(path, Some(file))),
        Name::Gone(path) => drop(names.remove(&path)),
        Name::Folder(path) => drop(names.insert(path, None)),
    }
}

fn apply(bytes: &mut Vec<u8>, change: Change, operations: &[Operation], mut kept: impl FnMut(u64) -> bool) {
    apply_in_pieces(bytes, change, operations, u64::MAX, &mut || kept(0));
}

fn apply_in_pieces(
    bytes: &mut Vec<u8>,
    change: Change,
    operations: &[Operation],
    piece: u64,
    kept: &mut dyn FnMut() -> bool,
) {
    let usize_of = |n: u64| usize::try_from(n).expect("small");
    match change {
        Change::Length(length) => bytes.resize(usize_of(length), 0),
        Change::Write(index) => {
            let Operation::Write(_, offset, data) = &operations[index] else { return };
            let mut at = *offset;
            let end = offset + data.len() as u64;
            while at < end {
                let until = (at / piece).saturating_add(1).saturating_mul(piece).min(end);
                if kept() {
                    let (from, to) = (usize_of(at), usize_of(until));
                    bytes.resize(bytes.len().max(to), 0);
                    bytes[from..to].copy_from_slice(&data[usize_of(at - offset)..usize_of(until - offset)]);
                }
                at = until;
            }
        }
    }
}
