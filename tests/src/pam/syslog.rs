//! What a module says to syslog, in a file instead.

use crate::cc;
use std::path::{Path, PathBuf};

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
    let library = place.join("syslog.so");
    cc::library(SHIM, &library);
    library
}
