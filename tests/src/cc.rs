//! C programs and libraries of tests, compiled where they are needed.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Compiles C sources to `built`.
///
/// # Panics
/// If cc can't be run or doesn't take them.
pub fn compile(flags: &[&str], sources: &[&Path], built: &Path) {
    // Libraries behind what needs them.
    let status = Command::new("cc").arg("-o").arg(built).args(sources).args(flags).status();
    assert!(status.expect("cc runs").success(), "{} does not compile", built.display());
}

/// Compiles one source to a library that goes into a process by `LD_PRELOAD`; the source is left beside it.
///
/// # Panics
/// As [`compile`], or if the source can't be written.
pub fn library(source: &str, built: &Path) {
    let path = built.with_extension("c");
    fs::write(&path, source).expect("a source file");
    compile(&["-O1", "-shared", "-fPIC"], &[&path], built);
}
