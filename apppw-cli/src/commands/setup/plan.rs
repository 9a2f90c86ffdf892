//! What is to be done, before anything is: pure data, made by the targets.

use crate::hosts::finding::Finding;
use std::path::{Path, PathBuf};

/// A file as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    pub path: PathBuf,
    /// What is there; nothing: no file.
    pub before: Option<String>,
    pub after: String,
}

impl NewFile {
    /// Whether anything changes.
    pub fn changes(&self) -> bool {
        self.before.as_deref() != Some(self.after.as_str())
    }
}

/// Lines for the administrator to put somewhere by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paste {
    /// A file, or where in it.
    pub place: String,
    pub lines: String,
}

/// A program that is asked whether what was written is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checker {
    pub program: &'static str,
    pub args: &'static [&'static str],
}

impl Checker {
    /// As one types it.
    pub fn shown(&self) -> String {
        let words = std::iter::once(self.program).chain(self.args.iter().copied());
        words.collect::<Vec<_>>().join(" ")
    }
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// What it is for, in a few words: "Dovecot 2.3, stack system-users".
    pub title: String,
    /// Every file that the set-up consists of, also those that are right already.
    pub files: Vec<NewFile>,
    /// Why nothing is written at all.
    pub stops: Vec<Finding>,
    /// What one should know.
    pub findings: Vec<Finding>,
    /// What to do by hand where there are stops.
    pub paste: Vec<Paste>,
    pub checkers: Vec<Checker>,
    /// Commands that have to follow, in their order.
    pub then: Vec<String>,
}

impl Plan {
    /// The files that change.
    pub fn changes(&self) -> impl Iterator<Item = &NewFile> {
        self.files.iter().filter(|file| file.changes())
    }

    /// The file as planned so far.
    pub fn file(&self, path: &Path) -> Option<&NewFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Plans a file; one that is planned already gets this text.
    pub fn write(&mut self, path: &Path, before: Option<String>, after: impl Into<String>) {
        let after = after.into();
        match self.files.iter_mut().find(|file| file.path == path) {
            Some(file) => file.after = after,
            None => self.files.push(NewFile { path: path.to_owned(), before, after }),
        }
    }

    /// Says by hand what would have been written, where it isn't.
    pub fn paste(&mut self, place: impl Into<String>, lines: impl Into<String>) {
        self.paste.push(Paste { place: place.into(), lines: lines.into() });
    }
}
