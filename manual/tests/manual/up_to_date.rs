//! Packagers have no network and `make install` runs no cargo: so what is made is committed, and this keeps it true.

use super::root;
use apppw_manual::pages;

pub fn run() {
    for (path, text) in pages::made() {
        let committed = std::fs::read_to_string(root().join(&path)).unwrap_or_default();
        assert!(committed == text, "{} is not what the program says: run `make man`", path.display());
    }
    assert_eq!(pages::stale(&root()).unwrap(), Vec::<std::path::PathBuf>::new(), "run `make man`");
    for name in pages::BY_HAND {
        super::page(name);
    }
}
