//! The lists of files in packaging/rpm/apppw.spec, as rpmbuild reads them, and in packaging/debian, as dh_install does.

use std::collections::BTreeSet;

/// What the macros of directories are on 64 bits.
const MACROS: &[(&str, &str)] = &[
    ("_prefix", "/usr"),
    ("_bindir", "/usr/bin"),
    ("_sbindir", "/usr/sbin"),
    ("_datadir", "/usr/share"),
    ("_docdir", "/usr/share/doc"),
    ("_libdir", "/usr/lib64"),
    ("_mandir", "/usr/share/man"),
    ("_sysconfdir", "/etc"),
    ("_unitdir", "/usr/lib/systemd/system"),
    ("_presetdir", "/usr/lib/systemd/system-preset"),
    ("_sysusersdir", "/usr/lib/sysusers.d"),
    ("_tmpfilesdir", "/usr/lib/tmpfiles.d"),
    ("_pam_moduledir", "/usr/lib64/security"),
    ("name", "apppw"),
];

/// One line of a `%files` section that packages something which `make install` installs.
#[derive(Debug)]
pub struct Pattern(String);

/// All of them, of all packages but the SELinux policy, which `make install` leaves to its package.
pub fn files(spec: &str) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    let mut inside = false;
    for line in spec.lines().map(str::trim) {
        if line.starts_with("%files") {
            inside = !line.ends_with(" selinux");
            continue;
        }
        let section = ["%post", "%pre", "%changelog", "%check"].iter().any(|name| line.starts_with(name));
        if section || line.starts_with("%if") || line.starts_with("%endif") {
            inside = inside && !section;
            continue;
        }
        let mut words: Vec<&str> = line.split_whitespace().collect();
        let nothing_there = words.iter().any(|word| ["%ghost", "%dir", "%license"].contains(word));
        if !inside || nothing_there || line.starts_with('#') {
            continue;
        }
        if let Some(path) = words.pop() {
            patterns.push(Pattern(expand(path)));
        }
    }
    patterns
}

/// The lines of Debian's `*.install` that take what `make install` installs; but the folder that debian/rules makes
/// out of the other one's examples.
pub fn debian(lists: &str) -> Vec<Pattern> {
    let lines = lists.lines().map(str::trim).filter(|line| line.starts_with("usr/"));
    lines
        .filter(|line| *line != "usr/share/doc/libpam-apppw")
        .map(|line| Pattern(format!("/{line}")))
        .collect()
}

fn expand(path: &str) -> String {
    let mut expanded = path.to_owned();
    for (name, value) in MACROS {
        expanded = expanded.replace(&format!("%{{{name}}}"), value);
    }
    assert!(expanded.starts_with('/') && !expanded.contains('%'), "{path}: {expanded}");
    expanded
}

impl Pattern {
    /// Whether it packages `file`: by itself, by its stars, or as all that is below a folder.
    fn covers(&self, file: &str) -> bool {
        let (mut pattern, mut parts) = (self.0.split('/'), file.split('/'));
        loop {
            match (pattern.next(), parts.next()) {
                (None, _) => return true,
                (Some(_), None) => return false,
                (Some(wanted), Some(part)) if !is_like(wanted, part) => return false,
                _ => {}
            }
        }
    }
}

/// Whether a name is like a pattern with stars.
fn is_like(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            (0..=name.len())
                .filter(|at| name.is_char_boundary(*at))
                .any(|at| name.get(at..).is_some_and(|end| is_like(rest, end)))
        }),
    }
}

/// What is installed and not listed, or listed more than once; and what is listed and not installed.
pub fn compare(files: &BTreeSet<String>, patterns: &[Pattern]) -> Vec<String> {
    let mut problems = Vec::new();
    for file in files {
        match patterns.iter().filter(|pattern| pattern.covers(file)).count() {
            0 => problems.push(format!("{file} is in no %files")),
            1 => {}
            _ => problems.push(format!("{file} is in several %files")),
        }
    }
    for pattern in patterns {
        if !files.iter().any(|file| pattern.covers(file)) {
            problems.push(format!("{} is not installed", pattern.0));
        }
    }
    problems
}
