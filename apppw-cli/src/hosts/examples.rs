//! Where the files lie that administrators copy.

use std::path::Path;

/// Packages put them into one of these, `make install` into the last one.
const FOLDERS: [&str; 3] = [
    "/usr/share/doc/libpam-apppw/examples",
    "/usr/share/doc/apppw/examples",
    "/usr/local/share/doc/apppw/examples",
];

/// What the folder `name` of them is called on this host; where it isn't there, as in the source.
pub fn folder(name: &str) -> String {
    let mut installed = FOLDERS.iter().map(|folder| format!("{folder}/{name}"));
    installed.find(|path| Path::new(path).is_dir()).unwrap_or_else(|| format!("packaging/{name}"))
}
