//! Programs that run with an older module, or daemon, than the one that is installed.

use super::line::Line;
use super::module::NAME;
use std::path::{Path, PathBuf};

/// A process that has the module mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub pid: u32,
    pub name: String,
    pub mapped: Mapped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mapped {
    /// The file that is installed.
    Same,
    /// A file that is gone.
    Deleted,
    /// Another file.
    Other,
}

/// What was found in `/proc`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub processes: Vec<Process>,
    /// Processes whose maps this caller may not read.
    pub unseen: usize,
    /// An apppwd whose program's file is gone: it was replaced.
    pub old_daemons: Vec<u32>,
}

/// A line of `/proc/PID/maps` that is about the module.
#[derive(Debug, PartialEq, Eq)]
pub struct Map<'a> {
    pub inode: u64,
    pub path: &'a str,
    pub deleted: bool,
}

/// The module's lines of `/proc/PID/maps` (proc(5)).
pub fn maps_of_module(maps: &str) -> impl Iterator<Item = Map<'_>> {
    maps.lines().filter_map(|line| {
        let path = line.get(line.find('/')?..)?;
        let inode = line.split_whitespace().nth(4)?.parse().ok()?;
        let (path, deleted) = match path.strip_suffix(" (deleted)") {
            Some(path) => (path, true),
            None => (path, false),
        };
        // dpkg unpacks beside the old file, and renames.
        let name = path.rsplit('/').next()?;
        (name == NAME || name.starts_with("pam_apppw.so.dpkg-")).then_some(Map { inode, path, deleted })
    })
}

/// Looks at all processes. `installed`: the bytes of the module's file.
pub fn gather(installed: Option<&[u8]>) -> Facts {
    let mut facts = Facts::default();
    let own = std::process::id();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    for pid in pids.filter(|pid| *pid != own) {
        let of = |file: &str| PathBuf::from(format!("/proc/{pid}/{file}"));
        let name = std::fs::read_to_string(of("comm")).unwrap_or_default().trim().to_owned();
        let Ok(maps) = std::fs::read_to_string(of("maps")) else {
            // One that has just ended isn't missed.
            facts.unseen += usize::from(of("comm").exists());
            continue;
        };
        let program = std::fs::read_link(of("exe")).unwrap_or_default();
        if program.to_string_lossy().ends_with("/apppwd (deleted)") {
            facts.old_daemons.push(pid);
        }
        let mapped = maps_of_module(&maps)
            .map(|map| judge_map(&map, pid, installed))
            .max_by_key(|mapped| *mapped as u8);
        if let Some(mapped) = mapped {
            facts.processes.push(Process { pid, name, mapped });
        }
    }
    facts.processes.sort_by_key(|process| process.pid);
    facts
}

/// By its bytes: in an overlay or a container device and inode tell nothing.
fn judge_map(map: &Map<'_>, pid: u32, installed: Option<&[u8]>) -> Mapped {
    if map.deleted {
        return Mapped::Deleted;
    }
    let there = Path::new("/proc").join(pid.to_string()).join("root").join(map.path.trim_start_matches('/'));
    let Some(installed) = installed else { return Mapped::Same };
    match bytes_of(&there, installed.len()) {
        Some(bytes) if bytes != installed => Mapped::Other,
        _ => Mapped::Same,
    }
}

/// What is in a file, up to one byte more than `len`. The process's owner has chosen what lies there: it may be a pipe
/// that nobody writes to, or have no end.
fn bytes_of(path: &Path, len: usize) -> Option<Vec<u8>> {
    use std::io::Read;
    use std::os::unix::fs::OpenOptionsExt;
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = std::fs::File::options().read(true).custom_flags(nonblock).open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(u64::try_from(len).ok()?.saturating_add(1)).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// What is to be said of it.
pub fn judge(facts: &Facts) -> Vec<Line> {
    let mut lines = Vec::new();
    for process in facts.processes.iter().filter(|process| process.mapped != Mapped::Same) {
        let Process { pid, name, mapped } = process;
        let which = match mapped {
            Mapped::Deleted => "one that was replaced",
            _ => "another file than the one installed",
        };
        let what = format!("{name} (process {pid}) still runs with an older {NAME}: {which}");
        lines.push(Line::warning(
            "running-module",
            what,
            format!("restart it (systemctl status {pid} names its unit)"),
        ));
    }
    for pid in &facts.old_daemons {
        let what = format!("apppwd (process {pid}) is older than the one installed");
        lines.push(Line::warning("running-daemon", what, "systemctl restart apppwd"));
    }
    if lines.is_empty() {
        lines.push(match (facts.unseen, facts.processes.len()) {
            (0, 0) => Line::ok("running", "no process holds an older module"),
            (0, 1) => Line::ok("running", "one process holds the module, the one that is installed"),
            (0, held) => {
                Line::ok("running", format!("{held} processes hold the module, the one that is installed"))
            }
            (unseen, _) => Line::unseen(
                "running",
                format!("which module {unseen} processes of others hold can't be looked at"),
            ),
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::line::State;

    #[test]
    fn lines_of_maps() {
        let maps = "7f00-7f10 r-xp 00000000 fe:01 1234   /usr/lib/x86_64-linux-gnu/security/pam_apppw.so (deleted)\n\
                    7f20-7f30 r-xp 00000000 fe:01 1235   /opt/a b/pam_apppw.so\n\
                    7f30-7f40 r-xp 00000000 fe:01 1236   /usr/lib/security/pam_unix.so\n\
                    7f40-7f50 rw-p 00000000 00:00 0\n";
        let found: Vec<_> = maps_of_module(maps).collect();
        assert_eq!(
            found,
            [
                Map { inode: 1234, path: "/usr/lib/x86_64-linux-gnu/security/pam_apppw.so", deleted: true },
                Map { inode: 1235, path: "/opt/a b/pam_apppw.so", deleted: false },
            ]
        );
    }

    #[test]
    fn who_is_to_be_restarted() {
        let process = |pid, mapped| Process { pid, name: "auth".into(), mapped };
        let said = |facts: &Facts| judge(facts).iter().map(|line| (line.id, line.state)).collect::<Vec<_>>();
        let ok = [("running", State::Ok)];
        assert_eq!(said(&Facts::default()), ok);
        assert_eq!(said(&Facts { processes: vec![process(1, Mapped::Same)], ..Facts::default() }), ok);
        assert_eq!(said(&Facts { unseen: 3, ..Facts::default() }), [("running", State::Warning)]);
        let old = Facts {
            processes: vec![process(1, Mapped::Same), process(2, Mapped::Deleted), process(3, Mapped::Other)],
            old_daemons: vec![4],
            unseen: 1,
        };
        let warning = |id| (id, State::Warning);
        assert_eq!(
            said(&old),
            [warning("running-module"), warning("running-module"), warning("running-daemon")]
        );
        assert!(judge(&old)[0].what.contains("auth (process 2)"));
    }
}
