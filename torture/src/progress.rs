//! How far each row is, kept in a file so that a campaign goes on where it was broken off.

use crate::row::Outcome;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What has been run of a row.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Done {
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Seconds that it took.
    pub seconds: f64,
    /// The commit that it was begun with.
    pub commit: String,
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
