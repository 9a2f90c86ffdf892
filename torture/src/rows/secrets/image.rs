//! What a process holds in memory, and what others can read of it.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// A part of what is searched.
pub struct Part {
    /// Where it is from.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// All that a process can write to, or could: its heap, stacks and data, and what it has made of
/// files.
///
/// # Panics
/// If it has ended.
pub fn memory(whose: &str, pid: u32) -> Vec<Part> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("a running process");
    let memory = File::open(format!("/proc/{pid}/mem")).expect("its memory");
    let mut parts = Vec::new();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let name = words.nth(3).unwrap_or("anonymous");
        let Some((from, to)) = range.split_once('-') else { continue };
        let number = |hex: &str| u64::from_str_radix(hex, 16).expect("an address");
        let (from, to) = (number(from), number(to));
        if !rights.contains('w') || name.starts_with("[v") {
            continue;
        }
        let mut bytes = vec![0; usize::try_from(to - from).expect("an address")];
        // Gone since, or a hole.
        if memory.read_exact_at(&mut bytes, from).is_ok() {
            parts.push(Part { name: format!("memory of {whose}, {name} at {from:x}"), bytes });
        }
    }
    parts
}

/// A core image, as gdb's gcore makes it; `None` where there is no gcore, or it may not.
pub fn core(whose: &str, pid: u32, folder: &Path) -> Option<Part> {
    let prefix = folder.join("core");
    let mut gcore = Command::new("gcore");
    gcore.arg("-o").arg(&prefix).arg(pid.to_string());
    let status = gcore.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    let path = folder.join(format!("core.{pid}"));
    let bytes = fs::read(&path).ok().filter(|bytes| status.success() && bytes.len() > 100_000)?;
    let _ = fs::remove_file(&path);
    Some(Part { name: format!("core image of {whose}"), bytes })
}

/// Its command line and environment.
pub fn said_of(whose: &str, pid: u32) -> Vec<Part> {
    let read = |what: &str| Part {
        name: format!("{what} of {whose}"),
        bytes: fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default(),
    };
    vec![read("cmdline"), read("environ")]
}

/// Files.
pub fn files(folder: &Path, names: &[&str]) -> Vec<Part> {
    let read = |name: &&str| {
        let bytes = fs::read(folder.join(name)).unwrap_or_default();
        Part { name: (*name).to_owned(), bytes }
    };
    names.iter().map(read).collect()
}
