//! How far each row is, kept in a file so that a campaign goes on where it was broken off.

use crate::row::{Finding, Outcome};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What has been run of a row.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Done {
    /// Cases.
    pub done: u64,
    /// Seconds that they took.
    pub seconds: f64,
    /// What must not be.
    pub found: Vec<Finding>,
    /// Figures.
    pub counts: BTreeMap<String, u64>,
    /// Why it can't be run.
    pub unable: Option<String>,
    /// The commit that it was begun with.
    pub commit: String,
}

impl Done {
    /// Takes in a batch.
    pub fn add(&mut self, outcome: Outcome, seconds: f64) {
        self.done += outcome.done;
        self.seconds += seconds;
        self.found.extend(outcome.found);
        for (what, more) in outcome.counts {
            *self.counts.entry(what).or_default() += more;
        }
        self.unable = outcome.unable;
    }
}

/// Of all rows, by name.
#[derive(Debug)]
pub struct Progress {
    path: PathBuf,
    /// What has been run.
    pub rows: BTreeMap<String, Done>,
}

impl Progress {
    /// What the file says; nothing, if there is none.
    ///
    /// # Panics
    /// If it is there and can't be understood.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let rows = match std::fs::read(path) {
            Ok(text) => serde_json::from_slice(&text)
                .unwrap_or_else(|e| panic!("{}: {e}: delete it to begin anew", path.display())),
            Err(_) => BTreeMap::new(),
        };
        Self { path: path.to_owned(), rows }
    }

    /// Keeps it, whole or not at all.
    ///
    /// # Panics
    /// If the file can't be written.
    pub fn keep(&self) {
        let text = serde_json::to_vec_pretty(&self.rows).expect("plain data");
        let new = self.path.with_extension("new");
        let written = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, &self.path));
        written.unwrap_or_else(|e| panic!("{}: {e}", self.path.display()));
    }
}
