//! PAM stacks that name the module, walked for everything that it may say: would one open that shouldn't, or stay shut
//! that should open?

use super::line::Line;
use super::module::NAME;
use crate::hosts::examples;
use crate::hosts::files::Files;
use crate::hosts::pam::{self, Code, Configuration, Facility, Handler, Note, Service};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

mod arguments;
mod judge;
#[cfg(test)]
mod tests;

pub use arguments::{socket, wanted_uid};
pub use judge::opens_by_itself;

/// Endings of files that nobody means as a service's: what package managers and editors leave.
const LEFT_OVER: [&str; 9] =
    ["~", ".bak", ".orig", ".rpmnew", ".rpmsave", ".pam-old", ".swp", ".disabled", ".apppw-backup"];

/// The name of the stack that is read at each login, whatever the service.
const OTHER: &str = "other";

/// A stack that names the module.
#[derive(Debug)]
pub struct Used {
    /// The service.
    pub name: String,
    pub service: Service,
}

/// What is configured.
#[derive(Debug, Default)]
pub struct Facts {
    /// Services whose own stacks call the module, by name.
    pub used: Vec<Used>,
    /// Files that are included by others and call the module, and the services that do.
    pub shared: Vec<(PathBuf, Vec<String>)>,
    /// `other`, if it calls more than the modules that answer by themselves.
    pub slow_other: Option<Slow>,
    /// `/etc/pam.conf` names the module, and isn't read.
    pub dead_single_file: bool,
}

/// What `other` loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slow {
    pub file: PathBuf,
    pub modules: Vec<String>,
}

/// Modules of `other` that cost next to nothing.
const CHEAP: [&str; 3] = ["pam_deny.so", "pam_permit.so", "pam_warn.so"];

/// Reads all stacks.
pub fn gather(files: &dyn Files) -> Facts {
    let configuration = Configuration::default();
    let mut facts = Facts::default();
    let mut names = BTreeSet::new();
    for directory in pam::DIRECTORIES.map(Path::new) {
        for name in files.names(directory) {
            if !name.starts_with('.') && !is_left_over(&name) {
                names.insert(name);
            }
        }
    }
    if !pam::has_directory(files) {
        names.extend(services_of_single_file(files));
    } else if files.read(Path::new(pam::SINGLE_FILE)).is_ok_and(|text| calls_it(&text)) {
        facts.dead_single_file = true;
    }
    let mut shared: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for name in names {
        let service = configuration.service(files, &name);
        if !service.own().any(|(_, handler)| handler.calls(NAME)) {
            continue;
        }
        let own_file = service.file.clone().unwrap_or_else(|| PathBuf::from(pam::SINGLE_FILE));
        let lines = service.own().filter(|(_, handler)| handler.calls(NAME));
        let files: BTreeSet<PathBuf> = lines.map(|(_, handler)| handler.place.file.clone()).collect();
        let has_own = files.contains(&own_file);
        for file in files.into_iter().filter(|file| *file != own_file) {
            shared.entry(file).or_default().push(name.clone());
        }
        // What is wrong in a file that many include is said once, of that file.
        if has_own {
            facts.used.push(Used { name, service });
        }
    }
    // A file that only others read is no service.
    facts.used.retain(|used| !used.service.file.as_ref().is_some_and(|file| shared.contains_key(file)));
    facts.shared = shared.into_iter().collect();
    facts.slow_other = slow_other(&configuration, files);
    facts
}

fn is_left_over(name: &str) -> bool {
    LEFT_OVER.iter().any(|ending| name.ends_with(ending)) || name.contains(".dpkg-") || name.contains(".ucf-")
}

/// Whether a line that is no comment has the module's name.
fn calls_it(text: &str) -> bool {
    text.lines().any(|line| line.split('#').next().is_some_and(|line| line.contains(NAME)))
}

fn services_of_single_file(files: &dyn Files) -> Vec<String> {
    let text = files.read(Path::new(pam::SINGLE_FILE)).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

fn slow_other(configuration: &Configuration<'_>, files: &dyn Files) -> Option<Slow> {
    let other = configuration.service(files, OTHER);
    let handlers = Facility::ALL.into_iter().flat_map(|facility| other.stack(facility).handlers);
    let modules: BTreeSet<String> = handlers
        .filter(|handler| handler.kind == pam::Kind::Module)
        .map(|handler| handler.module.rsplit('/').next().unwrap_or_default().to_owned())
        .filter(|module| !CHEAP.contains(&module.as_str()))
        .collect();
    let file = other.file?;
    (!modules.is_empty()).then(|| Slow { file, modules: modules.into_iter().collect() })
}

impl Facts {
    /// The services that the daemon is to be asked about.
    pub fn services(&self) -> Vec<String> {
        let answered = |name: &&Used| !apppw_proto::services::is_never_opened(&name.name);
        self.used.iter().filter(answered).map(|used| used.name.to_ascii_lowercase()).take(500).collect()
    }

    /// Every line that calls the module.
    pub fn lines(&self) -> impl Iterator<Item = &Handler> {
        self.used
            .iter()
            .flat_map(|used| used.service.own().map(|(_, handler)| handler))
            .filter(|h| h.calls(NAME))
    }
}

/// What is to be said of them. `unlisted`: services in no group of `[groups]`, if the daemon could be asked.
pub fn judge(facts: &Facts, unlisted: &[String]) -> Vec<Line> {
    let mut lines = Vec::new();
    for (file, services) in &facts.shared {
        let (file, services) = (file.display(), services.join(", "));
        let what = format!(
            "{file} names {NAME}, and app passwords concern every service that includes it: {services}"
        );
        lines.push(Line::fault(
            "stack-common",
            what,
            format!(
                "take the line out of {file}, and give each service its own stack (apppw setup, {})",
                examples::folder("pam")
            ),
        ));
    }
    // Services that are alike share a line.
    let mut fine: Vec<(String, Vec<&str>)> = Vec::new();
    for used in &facts.used {
        match judge::service(used, unlisted.contains(&used.name.to_ascii_lowercase())) {
            Ok(sort) => match fine.iter_mut().find(|(known, _)| *known == sort) {
                Some((_, names)) => names.push(&used.name),
                None => fine.push((sort, vec![&used.name])),
            },
            Err(mut troubles) => lines.append(&mut troubles),
        }
    }
    lines.extend(
        fine.into_iter().map(|(sort, names)| Line::ok("stack", format!("{}: {sort}", names.join(", ")))),
    );
    if let Some(Slow { file, modules }) = &facts.slow_other {
        let what = format!(
            "libpam reads {} at each login, whatever the service, and loads {} for it: that makes logins several times slower",
            file.display(),
            modules.join(", ")
        );
        lines.push(Line::warning(
            "stack-other",
            what,
            format!(
                "if no service of yours relies on it, have {} say only: auth, account, password and session required \
                 pam_deny.so, a line each",
                file.display()
            ),
        ));
    }
    if facts.dead_single_file {
        let what = format!(
            "{} names {NAME}, but libpam doesn't read it where there is {}",
            pam::SINGLE_FILE,
            pam::DIRECTORIES[0]
        );
        lines.push(Line::warning(
            "stack-unread",
            what,
            format!("move those lines to {}/SERVICE", pam::DIRECTORIES[0]),
        ));
    }
    if facts.used.is_empty() && facts.shared.is_empty() {
        let what = format!("no PAM service names {NAME}: app passwords open nothing");
        lines.push(Line::warning(
            "stack-none",
            what,
            format!("apppw setup dovecot (or another host), or copy a stack of {}", examples::folder("pam")),
        ));
    }
    lines
}

/// What libpam can't read of the service's lines.
fn unreadable(notes: &[Note]) -> Option<Line> {
    let first = notes.first()?;
    let what = format!("{}: {}; libpam lets the login fail there", first.place, first.what);
    Some(Line::warning("stack-unreadable", what, format!("mend the line {}", first.place)))
}

/// The words of codes, as many as one reads: those first that the module answers when apppwd is down, when it refuses, and
/// that stand for a module that is missing.
fn words(codes: &[Code]) -> String {
    const SHOWN: usize = 4;
    const FIRST: [Code; 4] =
        [Code::AUTHINFO_UNAVAIL, Code::AUTH_ERR, Code::USER_UNKNOWN, Code::MODULE_UNKNOWN];
    let first = FIRST.iter().filter(|code| codes.contains(code));
    let rest = codes.iter().filter(|code| !FIRST.contains(code));
    let mut words: Vec<&str> = first.chain(rest).take(SHOWN).map(|code| code.word()).collect();
    if codes.len() > SHOWN {
        words.push("...");
    }
    words.join(", ")
}
