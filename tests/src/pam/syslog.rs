//! What a module says to syslog, in a file instead.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Goes into the host by the dynamic linker.
const SHIM: &str = include_str!("syslog.c");

/// The variable that names the file.
pub const FILE: &str = "TEST_SYSLOG";

/// Builds the library for a host's `LD_PRELOAD` in that folder.
///
/// # Panics
/// If it does not compile.
#[must_use]
pub fn shim(place: &Path) -> PathBuf {
    let (source, library) = (place.join("syslog.c"), place.join("syslog.so"));
    std::fs::write(&source, SHIM).expect("the shim's source");
    let status =
        Command::new("cc").args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
    assert!(status.expect("cc runs").success(), "the shim does not compile");
    library
}
