//! From a service's name to its stacks.

use super::code::Control;
use super::lines::{self, word, words};
use super::{Configuration, DIRECTORIES, SINGLE_FILE};
use crate::hosts::files::Files;
use std::path::{Path, PathBuf};

/// What a stack is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Facility {
    Auth,
    Account,
    Password,
    Session,
}

impl Facility {
    pub const ALL: [Self; 4] = [Self::Auth, Self::Account, Self::Password, Self::Session];

    /// Its name in a file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Account => "account",
            Self::Password => "password",
            Self::Session => "session",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|facility| facility.word().eq_ignore_ascii_case(word))
    }
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub file: PathBuf,
    /// From 1 on.
    pub line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// How a line is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A module is called.
    Module,
    /// libpam can't read it, and fails there.
    Broken,
    /// A substack begins behind it.
    Substack,
}

/// A line of a stack, those of included files among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handler {
    pub kind: Kind,
    /// How many substacks it is in.
    pub level: usize,
    pub control: Control,
    /// The control field as it is written, without brackets.
    pub control_text: String,
    /// As it is written: a path, or a name in libpam's own directory; empty if there is none.
    pub module: String,
    pub args: Vec<String>,
    pub place: Place,
}

impl Handler {
    /// Whether it calls the module of that file name, wherever that lies.
    #[must_use]
    pub fn calls(&self, file_name: &str) -> bool {
        let last = self.module.rsplit('/').next().unwrap_or_default();
        self.kind == Kind::Module && last == file_name
    }
}

/// What libpam can't read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub place: Place,
    pub what: String,
}

/// The stacks of one service.
#[derive(Debug, Clone, Default)]
pub struct Service {
    /// Its file, if it has one.
    pub file: Option<PathBuf>,
    /// libpam refuses to begin (`pam_start` fails), and why.
    pub unusable: Option<String>,
    pub notes: Vec<Note>,
    own: [Vec<Handler>; 4],
    other: [Vec<Handler>; 4],
    /// Files that were read for its own stacks, included ones among them.
    pub read: Vec<PathBuf>,
}

/// The lines that an application's call goes through.
#[derive(Debug, Clone, Copy)]
pub struct Stack<'a> {
    pub handlers: &'a [Handler],
    /// The service has none of its own for this: they are those of `other`.
    pub is_other: bool,
}

impl Service {
    /// What is called for that. A stack without a line fails.
    #[must_use]
    pub fn stack(&self, facility: Facility) -> Stack<'_> {
        let own = &self.own[facility as usize];
        if own.is_empty() {
            Stack { handlers: &self.other[facility as usize], is_other: true }
        } else {
            Stack { handlers: own, is_other: false }
        }
    }

    /// The lines of its own stacks, in the order in which they are read.
    pub fn own(&self) -> impl Iterator<Item = (Facility, &Handler)> {
        Facility::ALL
            .into_iter()
            .flat_map(|facility| self.own[facility as usize].iter().map(move |handler| (facility, handler)))
    }
}

/// Most includes, and most substacks, in one another, the service's own file among them. (libpam before 1.6 counts
/// substacks only, and follows a circle of includes until its stack is full.)
const DEEPEST: usize = 16;

const OTHER: &str = "other";

pub fn service(configuration: &Configuration<'_>, files: &dyn Files, name: &str) -> Service {
    // pam_start takes what is behind the last slash, in lower case.
    let name = name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let mut reader = Reader { configuration, files, name: &name, service: Service::default() };
    let has_directory = configuration.confdir.is_some() || super::has_directory(files);
    let read = if has_directory { reader.directories() } else { reader.single_file() };
    let mut service = reader.service;
    service.unusable = read.err().map(Unreadable::why);
    service
}

/// What can't be used, and why.
enum Unreadable {
    /// A file: a line that includes it fails, and no more.
    File(String),
    /// Everything: `pam_start` fails, or libpam brings its host down.
    All(String),
}

impl Unreadable {
    fn why(self) -> String {
        match self {
            Self::File(why) | Self::All(why) => why,
        }
    }
}

struct Reader<'a> {
    configuration: &'a Configuration<'a>,
    files: &'a dyn Files,
    name: &'a str,
    service: Service,
}

/// Where in the includes a file is read.
#[derive(Clone, Copy)]
struct Depth {
    includes: usize,
    substacks: usize,
}

impl Reader<'_> {
    fn directories(&mut self) -> Result<(), Unreadable> {
        const TOP: Depth = Depth { includes: 0, substacks: 0 };
        let mut any = false;
        if let Some((path, text)) = self.open(self.name) {
            self.service.file = Some(path.clone());
            self.file(&path, &text, Some(self.name), None, TOP)?;
            any = true;
        }
        if let Some((path, text)) = self.open(OTHER) {
            self.file(&path, &text, Some(OTHER), None, TOP)?;
            any = true;
        }
        if any {
            Ok(())
        } else {
            Err(Unreadable::File("there is no file for it, and none for `other`".to_owned()))
        }
    }

    fn single_file(&mut self) -> Result<(), Unreadable> {
        let path = Path::new(SINGLE_FILE);
        let Ok(text) = self.files.read(path) else {
            return Err(Unreadable::File(format!("there is neither {} nor {SINGLE_FILE}", DIRECTORIES[0])));
        };
        self.file(path, &text, None, None, Depth { includes: 0, substacks: 0 })
    }

    fn open(&self, name: &str) -> Option<(PathBuf, String)> {
        let paths = self.configuration.paths(name);
        paths.into_iter().find_map(|path| self.files.read(&path).ok().map(|text| (path, text)))
    }

    /// `wanted`: only lines of that facility. `service`: the one whose lines these are; `None` where each says it itself.
    fn file(
        &mut self,
        path: &Path,
        text: &str,
        service: Option<&str>,
        wanted: Option<Facility>,
        depth: Depth,
    ) -> Result<(), Unreadable> {
        let read = lines::read(text);
        for line in &read.lines {
            let place = Place { file: path.to_owned(), line: line.number };
            if line.text.len() > lines::LONGEST {
                self.note(&place, "the line is longer than libpam before 1.6 reads at once");
            }
            let (service, rest) = match service {
                Some(service) => (service.to_owned(), line.text.as_str()),
                None => word(&line.text).unwrap_or_default(),
            };
            if service.eq_ignore_ascii_case(self.name) || service.eq_ignore_ascii_case(OTHER) {
                if service.eq_ignore_ascii_case(self.name) && !self.service.read.iter().any(|p| p == path) {
                    self.service.read.push(path.to_owned());
                }
                self.line(&place, &service, rest, wanted, depth)?;
            }
        }
        for line in read.torn {
            let place = Place { file: path.to_owned(), line };
            self.note(
                &place,
                "the line goes on behind an empty line or a comment, where libpam since 1.6 ends it",
            );
        }
        if read.cut_off {
            return Err(Unreadable::File(format!("{} ends in the middle of a line", path.display())));
        }
        Ok(())
    }

    fn line(
        &mut self,
        place: &Place,
        service: &str,
        rest: &str,
        wanted: Option<Facility>,
        depth: Depth,
    ) -> Result<(), Unreadable> {
        let (first, rest) = word(rest).map_or((None, ""), |(first, rest)| (Some(first), rest));
        let first = first.as_deref();
        let plain = |first: &str| first.strip_prefix('-').unwrap_or(first).to_owned();
        if first.is_some_and(|first| plain(first).eq_ignore_ascii_case("@include")) {
            return self.include_all(place, service, rest, wanted, depth);
        }
        let facility = first.and_then(|first| Facility::from_word(&plain(first)));
        let mut kind = Kind::Module;
        // Where libpam can't tell what a line is for, it lets the login fail there.
        let facility = facility.unwrap_or_else(|| {
            kind = Kind::Broken;
            wanted.unwrap_or(Facility::Auth)
        });
        if wanted.is_some_and(|wanted| wanted != facility) {
            return Ok(());
        }
        if kind == Kind::Broken {
            self.note(
                place,
                &format!("{:?} is none of auth, account, password and session", first.unwrap_or_default()),
            );
        }
        let (field, rest) = word(rest).unwrap_or_default();
        let includes = ["include", "substack"].into_iter().find(|word| word.eq_ignore_ascii_case(&field));
        if let Some(word_) = includes {
            let deeper = usize::from(word_ == "substack");
            let (target, _) = word(rest).unwrap_or_default();
            if deeper == 1 {
                self.add(service, facility, Kind::Substack, depth, place, &field, &target, Vec::new())?;
            }
            return self.include(place, service, &target, facility, deeper, depth);
        }
        let (module, rest) = word(rest).unwrap_or_default();
        if module.is_empty() {
            self.note(place, "a module is missing");
            kind = Kind::Broken;
        }
        self.add(service, facility, kind, depth, place, &field, &module, words(rest))
    }

    /// `FACILITY include FILE`, or `substack`.
    fn include(
        &mut self,
        place: &Place,
        service: &str,
        target: &str,
        facility: Facility,
        deeper: usize,
        depth: Depth,
    ) -> Result<(), Unreadable> {
        let inner = Depth { includes: depth.includes + 1, substacks: depth.substacks + deeper };
        match self.included(service, target, Some(facility), inner) {
            Err(Unreadable::File(why)) => {
                self.note(place, &why);
                self.add(service, facility, Kind::Broken, depth, place, "", "", Vec::new())
            }
            read => read,
        }
    }

    /// Debian's `@include FILE`: all facilities of it, unless one alone is wanted already. If all are and it can't be read,
    /// neither can the file that asks for it.
    fn include_all(
        &mut self,
        place: &Place,
        service: &str,
        rest: &str,
        wanted: Option<Facility>,
        depth: Depth,
    ) -> Result<(), Unreadable> {
        let (target, _) = word(rest).unwrap_or_default();
        if let Some(facility) = wanted {
            return self.include(place, service, &target, facility, 0, depth);
        }
        let inner = Depth { includes: depth.includes + 1, substacks: depth.substacks };
        self.included(service, &target, None, inner)
    }

    fn included(
        &mut self,
        service: &str,
        target: &str,
        wanted: Option<Facility>,
        depth: Depth,
    ) -> Result<(), Unreadable> {
        if depth.substacks >= DEEPEST {
            return Err(Unreadable::File("substacks are in one another too deeply".to_owned()));
        }
        if depth.includes >= DEEPEST {
            let why = format!(
                "{target} and other files include one another too deeply, or in a circle: libpam may crash there"
            );
            return Err(Unreadable::All(why));
        }
        if target.is_empty() {
            return Err(Unreadable::All(
                "a line includes without saying which file: libpam may crash there".to_owned(),
            ));
        }
        let Some((path, text)) = self.open(target) else {
            return Err(Unreadable::File(format!("the file {target} to include can't be read")));
        };
        self.file(&path, &text, Some(service), wanted, depth)
    }

    #[expect(clippy::too_many_arguments, reason = "a line has so many parts")]
    fn add(
        &mut self,
        service: &str,
        facility: Facility,
        kind: Kind,
        depth: Depth,
        place: &Place,
        field: &str,
        module: &str,
        args: Vec<String>,
    ) -> Result<(), Unreadable> {
        let control = Control::parse(field).unwrap_or_else(|| {
            if kind != Kind::Substack && !field.is_empty() {
                self.note(place, &format!("the control field [{field}] can't be read"));
            }
            Control::BAD
        });
        let is_other = service.eq_ignore_ascii_case(OTHER);
        let stacks = if is_other { &mut self.service.other } else { &mut self.service.own };
        stacks[facility as usize].push(Handler {
            kind,
            level: depth.substacks,
            control,
            control_text: field.to_owned(),
            module: module.to_owned(),
            args,
            place: place.clone(),
        });
        // libpam gives up where a module has no name for its log.
        let name = module.rsplit('/').next().unwrap_or_default();
        let name = name.rsplit_once('.').map_or(name, |(name, _)| name);
        if !module.is_empty() && (name.is_empty() || name == "?") {
            return Err(Unreadable::All(format!("{place}: {module:?} is no name of a module")));
        }
        Ok(())
    }

    fn note(&mut self, place: &Place, what: &str) {
        self.service.notes.push(Note { place: place.clone(), what: what.to_owned() });
    }
}
