//! Which files there are.

use crate::{command, configuration, overview};
use std::io;
use std::path::{Path, PathBuf};

/// Where the pages lie.
pub const FOLDER: &str = "docs/man";

/// Pages that are written by hand.
pub const BY_HAND: [&str; 2] = ["apppwd.8", "pam_apppw.8"];

/// Every file that is made, by its path in the repository.
#[must_use]
pub fn made() -> Vec<(PathBuf, String)> {
    let model = apppw::command();
    let mut made = vec![
        (Path::new(FOLDER).join("apppw.1"), overview::page(&model)),
        (Path::new(FOLDER).join("apppwd.toml.5"), configuration::page()),
        ("packaging/apppwd.toml".into(), apppwd::config::reference::sample()),
    ];
    for of in command::all(&model) {
        made.push((Path::new(FOLDER).join(format!("apppw-{}.1", of.get_name())), command::page(&model, of)));
    }
    made
}

/// Files among the pages that are neither made nor written by hand: of a command that is gone.
///
/// # Errors
/// If the folder can't be read.
pub fn stale(root: &Path) -> io::Result<Vec<PathBuf>> {
    let made: Vec<PathBuf> = made().into_iter().map(|(path, _)| root.join(path)).collect();
    let mut stale = Vec::new();
    for entry in std::fs::read_dir(root.join(FOLDER))? {
        let entry = entry?;
        let by_hand = BY_HAND.iter().any(|name| entry.file_name() == *name);
        if !by_hand && !made.contains(&entry.path()) {
            stale.push(entry.path());
        }
    }
    Ok(stale)
}
