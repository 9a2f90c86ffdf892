//! The host: its files and its programs.

use crate::commands::doveadm::run::{Outcome, run};
use crate::exit::Failure;
use crate::hosts::files::{Disk, Files};
use std::path::Path;
use std::time::Duration;

/// Programs are run from here only, whatever PATH says: this is root.
const DIRECTORIES: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// How long a checker may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What targets ask of the host; a test has one of texts.
pub trait System {
    fn files(&self) -> &dyn Files;

    /// Runs a program, known by its name.
    fn run(&self, program: &str, args: &[&str]) -> Result<Outcome, Failure>;

    /// Whether the program is there.
    fn has(&self, program: &str) -> bool;

    /// The command lines of running processes, as in `/proc/PID/cmdline`.
    fn processes(&self) -> Vec<Vec<u8>>;
}

/// This one.
pub struct Host;

fn find(program: &str) -> Option<String> {
    let paths = DIRECTORIES.iter().map(|directory| format!("{directory}/{program}"));
    let mut there = paths.filter(|path| Path::new(path).is_file());
    there.next()
}

impl System for Host {
    fn files(&self) -> &dyn Files {
        &Disk
    }

    fn run(&self, program: &str, args: &[&str]) -> Result<Outcome, Failure> {
        let path = find(program)
            .ok_or_else(|| Failure::io(format!("there is no {program} on this host: is it installed?")))?;
        run(&path, args, TIMEOUT).map_err(Failure::io)
    }

    fn has(&self, program: &str) -> bool {
        find(program).is_some()
    }

    fn processes(&self) -> Vec<Vec<u8>> {
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let is_pid = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        let of_pid = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_pid));
        of_pid.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok()).collect()
    }
}
