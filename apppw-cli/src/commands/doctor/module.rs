//! The module's file: where libpam looks, root's alone to write, made for this machine, and to be loaded.

use super::child::Loaded;
use super::elf::{self, Machine};
use super::line::Line;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Its name.
pub const NAME: &str = "pam_apppw.so";

/// Where distributions have libpam look; `*` stands for one folder.
const USUAL: [&str; 6] = [
    "/usr/lib/*/security",
    "/lib/*/security",
    "/usr/lib64/security",
    "/lib64/security",
    "/usr/lib/security",
    "/lib/security",
];

/// A file that a stack means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub path: PathBuf,
    /// How many stacks mean it; none: it is only looked for.
    pub named: usize,
    pub file: Module,
    /// The same file, where libpam doesn't look.
    pub elsewhere: Vec<PathBuf>,
    pub own: Option<Machine>,
    /// What a child process found when it loaded it.
    pub loaded: Option<Loaded>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Module {
    Missing,
    Unseen(String),
    There {
        uid: u32,
        mode: u32,
        /// A folder above it that others than root may write to.
        open_folder: Option<PathBuf>,
        machine: Option<Machine>,
    },
}

/// The folders that libpam itself names, from the bytes of its file: the strings in it end in NUL. Debian's names two, and
/// looks into both.
pub fn folders_in(libpam: &[u8]) -> Vec<PathBuf> {
    let strings = libpam.split(|byte| *byte == 0).filter_map(|string| std::str::from_utf8(string).ok());
    let folders = strings.filter(|string| {
        string.starts_with('/')
            && string.trim_end_matches('/').ends_with("/security")
            && string.len() < 200
            && !string.contains(char::is_whitespace)
    });
    // That is where its settings are.
    folders.filter(|string| !string.starts_with("/etc/")).map(PathBuf::from).collect()
}

/// Of folders that libpam looks into the one that has the module; else the one that has modules at all.
pub fn folder_of(folders: Vec<PathBuf>) -> Option<PathBuf> {
    let with = |name: &str| folders.iter().find(|folder| folder.join(name).exists()).cloned();
    with(NAME).or_else(|| with("pam_permit.so")).or_else(|| folders.first().cloned())
}

/// The usual folders that are there.
pub fn usual_folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for pattern in USUAL {
        match pattern.split_once('*') {
            None => folders.push(PathBuf::from(pattern)),
            Some((before, behind)) => {
                let inner = std::fs::read_dir(before).into_iter().flatten().flatten();
                let mut inner: Vec<_> =
                    inner.map(|entry| entry.path().join(behind.trim_start_matches('/'))).collect();
                inner.sort();
                folders.append(&mut inner);
            }
        }
    }
    folders.retain(|folder| folder.is_dir());
    folders
}

/// Looks at the file; `load` has a child process load it.
pub fn gather(path: PathBuf, named: usize, load: impl FnOnce(&Path) -> Option<Loaded>) -> Facts {
    let file = look(&path);
    let real = path.canonicalize().ok();
    let mut elsewhere: Vec<PathBuf> = usual_folders()
        .into_iter()
        .map(|folder| folder.join(NAME))
        .filter(|other| other.is_file())
        .filter_map(|other| other.canonicalize().ok())
        .filter(|other| Some(other) != real.as_ref())
        .collect();
    elsewhere.dedup();
    let own = header(Path::new("/proc/self/exe"));
    // What others than root may have put there isn't loaded by root.
    let fits = matches!(
        &file,
        Module::There { uid: 0, mode, open_folder: None, machine: Some(machine) }
            if mode & 0o022 == 0 && Some(*machine) == own
    );
    let loaded = if fits { load(&path) } else { None };
    Facts { path, named, file, elsewhere, own, loaded }
}

fn look(path: &Path) -> Module {
    match std::fs::metadata(path) {
        Ok(found) => Module::There {
            uid: found.uid(),
            mode: found.mode() & 0o7777,
            open_folder: open_folder(path),
            machine: header(path),
        },
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Module::Missing,
        Err(e) => Module::Unseen(e.to_string()),
    }
}

fn open_folder(path: &Path) -> Option<PathBuf> {
    let real = path.canonicalize().ok()?;
    let is_open = |folder: &&Path| {
        std::fs::metadata(folder)
            .is_ok_and(|found| found.uid() != 0 || (found.mode() & 0o022 != 0 && found.mode() & 0o1000 == 0))
    };
    real.ancestors().skip(1).find(is_open).map(Path::to_owned)
}

fn header(path: &Path) -> Option<Machine> {
    let mut bytes = Vec::new();
    let size = u64::try_from(elf::HEADER).unwrap_or_default();
    File::open(path).and_then(|file| file.take(size).read_to_end(&mut bytes)).ok()?;
    elf::read(&bytes)
}

/// What is to be said of it.
pub fn judge(facts: &Facts) -> Vec<Line> {
    let path = facts.path.display();
    let (uid, mode, open_folder, machine) = match &facts.file {
        Module::Missing => return vec![missing(facts)],
        Module::Unseen(why) => {
            return vec![Line::unseen("module", format!("{path} can't be looked at: {why}"))];
        }
        Module::There { uid, mode, open_folder, machine } => (*uid, *mode, open_folder, machine),
    };
    let mut lines = Vec::new();
    if uid != 0 || mode & 0o022 != 0 {
        let what = format!(
            "{path} belongs to uid {uid} and has the mode {mode:04o}: whoever may write to it becomes root at the next login"
        );
        lines.push(Line::fault(
            "module-writable",
            what,
            format!("chown root:root {path} && chmod 0644 {path}; if somebody else could write to it, install it anew first"),
        ));
    }
    if let Some(folder) = open_folder {
        let folder = folder.display();
        let what = format!("others than root may write to {folder}, and so replace {path}");
        lines.push(Line::fault(
            "module-writable",
            what,
            format!("chown root:root {folder} && chmod go-w {folder}"),
        ));
    }
    match (machine, facts.own) {
        (Some(machine), Some(own)) if *machine != own => {
            let what =
                format!("{path} is for {machine}; this host's programs are for {own}: no login can load it");
            lines.push(Line::fault(
                "module-abi",
                what,
                "install the package libpam-apppw of this architecture",
            ));
        }
        (None, _) => {
            let what = format!("{path} is no shared object");
            lines.push(Line::fault("module-abi", what, "install the package libpam-apppw anew"));
        }
        _ => {}
    }
    match &facts.loaded {
        Some(Loaded { error: Some(error), .. }) => {
            let what = format!("{path} can't be loaded: {error}");
            lines.push(Line::fault(
                "module-load",
                what,
                "install the package libpam-apppw of this distribution's release anew",
            ));
        }
        Some(Loaded { missing, .. }) if !missing.is_empty() => {
            let what = format!("{path} lacks {}: it is no PAM module of ours", missing.join(", "));
            lines.push(Line::fault("module-symbols", what, "install the package libpam-apppw anew"));
        }
        _ => {}
    }
    if lines.is_empty() {
        let loads = match facts.loaded {
            Some(_) => "root's alone, loads, has all six functions",
            None => "root's alone",
        };
        lines.push(Line::ok("module", format!("{path}: {loads}")));
    }
    lines
}

fn missing(facts: &Facts) -> Line {
    let path = facts.path.display();
    let used = match facts.named {
        0 => "no login could use it".to_owned(),
        1 => "the stack that names it refuses everybody".to_owned(),
        named => format!("{named} stacks that name it refuse everybody"),
    };
    match facts.elsewhere.first() {
        Some(elsewhere) => {
            let elsewhere = elsewhere.display();
            Line::fault(
                "module-missing",
                format!("libpam looks for {path}, and the module is {elsewhere}: {used}"),
                format!("install -m 0644 {elsewhere} {path} (make install PREFIX=/usr finds the folder)"),
            )
        }
        None => Line::fault(
            "module-missing",
            format!("there is no {path}: {used}"),
            "install the package libpam-apppw, or `make install`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::line::State;

    #[test]
    fn libpam_says_itself_where_it_looks() {
        let bytes = b"\0x\0/etc/security/access.conf\0/lib/x86_64-linux-gnu/security/\0/y\0";
        assert_eq!(folders_in(bytes), [PathBuf::from("/lib/x86_64-linux-gnu/security/")]);
        assert_eq!(
            folders_in(b"\0/usr/lib64/security\0/etc/security\0"),
            [PathBuf::from("/usr/lib64/security")]
        );
        assert!(folders_in(b"security\0 /security\0").is_empty());
    }

    fn sound() -> Facts {
        let own = header(Path::new("/proc/self/exe"));
        Facts {
            path: "/l/pam_apppw.so".into(),
            named: 2,
            file: Module::There { uid: 0, mode: 0o644, open_folder: None, machine: own },
            elsewhere: Vec::new(),
            own,
            loaded: Some(Loaded::default()),
        }
    }

    fn said(facts: &Facts) -> Vec<(&'static str, State)> {
        judge(facts).iter().map(|line| (line.id, line.state)).collect()
    }

    #[test]
    fn each_fault_has_its_line() {
        assert_eq!(said(&sound()), [("module", State::Ok)]);
        let own = sound().own;
        let there = |uid, mode, open_folder: Option<&str>, machine| Module::There {
            uid,
            mode,
            open_folder: open_folder.map(PathBuf::from),
            machine,
        };
        let mut foreign = [0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 40, 0];
        let arm = elf::read(&foreign);
        foreign[16] = 1;
        for (facts, id) in [
            (Facts { file: Module::Missing, ..sound() }, "module-missing"),
            (Facts { file: there(1000, 0o644, None, own), ..sound() }, "module-writable"),
            (Facts { file: there(0, 0o646, None, own), ..sound() }, "module-writable"),
            (Facts { file: there(0, 0o664, None, own), ..sound() }, "module-writable"),
            (Facts { file: there(0, 0o644, Some("/l"), own), ..sound() }, "module-writable"),
            (Facts { file: there(0, 0o644, None, arm), loaded: None, ..sound() }, "module-abi"),
            (
                Facts { file: there(0, 0o644, None, elf::read(&foreign)), loaded: None, ..sound() },
                "module-abi",
            ),
            (
                Facts {
                    loaded: Some(Loaded { error: Some("GLIBC_9".into()), ..Loaded::default() }),
                    ..sound()
                },
                "module-load",
            ),
            (
                Facts {
                    loaded: Some(Loaded { missing: vec!["pam_sm_setcred".into()], ..Loaded::default() }),
                    ..sound()
                },
                "module-symbols",
            ),
        ] {
            assert_eq!(said(&facts), [(id, State::Fault)], "{facts:?}");
        }
        let elsewhere = Facts { file: Module::Missing, elsewhere: vec!["/m/pam_apppw.so".into()], ..sound() };
        assert!(judge(&elsewhere)[0].remedy.as_ref().unwrap().contains("/m/pam_apppw.so /l/pam_apppw.so"));
        assert_eq!(
            said(&Facts { file: Module::Unseen("no".into()), ..sound() }),
            [("module", State::Warning)]
        );
    }
}
