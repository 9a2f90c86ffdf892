//! Where Dovecot's configuration is written: its files, in the order in which Dovecot reads them.

use super::{Block, Line, line};
use crate::hosts::files::{Files, glob};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// Files that include each other would never end.
const MOST_FILES: usize = 500;

/// A block or setting outside of all blocks, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub file: PathBuf,
    /// From 0 on.
    pub lines: RangeInclusive<usize>,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Setting(String, String),
    Block(Block),
}

impl Item {
    /// The block, if it is one of this kind.
    pub fn block(&self, kind: &str) -> Option<&Block> {
        match &self.what {
            What::Block(block) if block.kind == kind => Some(block),
            _ => None,
        }
    }

    /// Whether it is this setting.
    pub fn is_setting(&self, key: &str) -> bool {
        matches!(&self.what, What::Setting(name, _) if name == key)
    }
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    pub items: Vec<Item>,
    /// The texts of the files.
    pub files: BTreeMap<PathBuf, String>,
    /// Included, also those that aren't there (`!include_try`).
    pub included: Vec<PathBuf>,
}

/// What can't be understood, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd {
    pub place: String,
    pub what: String,
}

impl Source {
    /// Reads `main` and what it includes.
    ///
    /// # Errors
    /// The first line that isn't understood.
    pub fn read(files: &dyn Files, main: &Path) -> Result<Self, Odd> {
        let mut source = Self::default();
        source.file(files, main, true)?;
        Ok(source)
    }

    fn file(&mut self, files: &dyn Files, path: &Path, must_be_there: bool) -> Result<(), Odd> {
        self.included.push(path.to_owned());
        if self.included.len() > MOST_FILES {
            return Err(odd(path, 0, "the files include each other"));
        }
        let text = match files.read_if_there(path) {
            Ok(Some(text)) => text,
            Ok(None) if !must_be_there => return Ok(()),
            Ok(None) => return Err(odd(path, 0, "there is no such file")),
            Err(error) => return Err(odd(path, 0, &format!("can't be read: {error}"))),
        };
        self.files.insert(path.to_owned(), text.clone());
        // Blocks that are open, and where the outermost began.
        let mut open: Vec<Block> = Vec::new();
        let mut began = 0;
        for (lines, text) in joined(&text) {
            let (number, text) = (*lines.start(), text.as_str());
            match (line(text), open.last_mut()) {
                (Line::Nothing, _) => {}
                (Line::Odd, _) => return Err(odd(path, number, text.trim())),
                (Line::Open(kind, name), _) => {
                    if open.is_empty() {
                        began = number;
                    }
                    open.push(Block { kind: kind.to_owned(), name: name.to_owned(), ..Block::default() });
                }
                (Line::Setting(key, value), Some(block)) => {
                    block.settings.push((key.to_owned(), value.to_owned()));
                }
                (Line::Setting(key, value), None) => self.items.push(Item {
                    file: path.to_owned(),
                    lines,
                    what: What::Setting(key.to_owned(), value.to_owned()),
                }),
                (Line::Close, _) => {
                    let closed = open.pop().ok_or_else(|| odd(path, number, "a } too many"))?;
                    match open.last_mut() {
                        Some(block) => block.blocks.push(closed),
                        None => self.items.push(Item {
                            file: path.to_owned(),
                            lines: began..=*lines.end(),
                            what: What::Block(closed),
                        }),
                    }
                }
                (Line::Include { .. }, Some(_)) => {
                    return Err(odd(path, number, "a file included within a block"));
                }
                (Line::Include { pattern, must_be_there }, None) => {
                    let pattern = path.parent().unwrap_or_else(|| Path::new("/")).join(pattern);
                    let found = glob(files, &pattern)
                        .ok_or_else(|| odd(path, number, "a pattern that only Dovecot understands"))?;
                    for file in found {
                        self.file(files, &file, must_be_there)?;
                    }
                }
            }
        }
        if open.is_empty() { Ok(()) } else { Err(odd(path, began, "a block without end")) }
    }

    /// The blocks of this kind that aren't within others.
    pub fn blocks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a Item, &'a Block)> {
        self.items.iter().filter_map(move |item| Some((item, item.block(kind)?)))
    }
}

/// The lines, each with what a \ at its end joins to it.
fn joined(text: &str) -> Vec<(RangeInclusive<usize>, String)> {
    let mut whole: Vec<(RangeInclusive<usize>, String)> = Vec::new();
    let mut goes_on = false;
    for (number, line) in text.lines().enumerate() {
        let is_comment = line.trim_start().starts_with('#');
        let before = whole.last_mut().filter(|_| goes_on);
        goes_on = line.trim_end().ends_with('\\') && !is_comment;
        let line = if goes_on { line.trim_end().trim_end_matches('\\') } else { line };
        match before {
            Some((lines, text)) => {
                *lines = *lines.start()..=number;
                text.push(' ');
                text.push_str(line.trim_start());
            }
            None => whole.push((number..=number, line.to_owned())),
        }
    }
    whole
}

fn odd(path: &Path, number: usize, what: &str) -> Odd {
    let place = match number {
        0 => path.display().to_string(),
        number => format!("{}, line {}", path.display(), number + 1),
    };
    Odd { place, what: what.to_owned() }
}

/// Changes to lines of one file, which stay where they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edits {
    /// Lines that are switched off.
    off: Vec<RangeInclusive<usize>>,
    /// Lines that come before the line of this number.
    before: Vec<(usize, String)>,
}

impl Edits {
    /// Makes these lines comments.
    pub fn switch_off(&mut self, lines: &RangeInclusive<usize>) {
        self.off.push(lines.clone());
    }

    /// Adds a line before the one of this number; behind the last one where there is none.
    pub fn add_before(&mut self, number: usize, line: impl Into<String>) {
        self.before.push((number, line.into()));
    }

    /// The file's new text. Line ends stay as they are.
    pub fn applied(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 256);
        let mut count = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            self.add(&mut out, |at| at == number);
            let is_off = self.off.iter().any(|off| off.contains(&number));
            if is_off && super::line(line) != Line::Nothing {
                out.push('#');
            }
            out.push_str(line);
            count = number + 1;
        }
        if self.before.iter().any(|(at, _)| *at >= count) && !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        self.add(&mut out, |at| at >= count);
        out
    }

    fn add(&self, out: &mut String, is_here: impl Fn(usize) -> bool) {
        for (_, line) in self.before.iter().filter(|(at, _)| is_here(*at)) {
            out.push_str(line);
            out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(texts: &[(&str, &str)]) -> BTreeMap<PathBuf, String> {
        texts.iter().map(|(path, text)| (path.into(), (*text).to_owned())).collect()
    }

    fn read(texts: &[(&str, &str)]) -> Result<Source, Odd> {
        Source::read(&files(texts), Path::new("/d/dovecot.conf"))
    }

    #[test]
    fn files_are_read_in_dovecot_s_order() {
        let source = read(&[
            ("/d/dovecot.conf", "a = 1\n!include conf.d/*.conf\n!include_try local.conf\nz = 9\n"),
            ("/d/conf.d/20.conf", "c = 3\n"),
            ("/d/conf.d/10.conf", "# x\nb = 2\n!include more.ext\n"),
            ("/d/conf.d/more.ext", "passdb {\n  driver = pam\n  # why\n}\n"),
            ("/d/conf.d/README", "nonsense"),
        ])
        .unwrap();
        let shown: Vec<_> = source
            .items
            .iter()
            .map(|item| match &item.what {
                What::Setting(key, _) => key.clone(),
                What::Block(block) => format!("{} {:?}", block.kind, item.lines),
            })
            .collect();
        assert_eq!(shown, ["a", "b", "passdb 0..=3", "c", "z"]);
        assert_eq!(source.files.len(), 4);
    }

    #[test]
    fn a_line_may_go_on_in_the_next() {
        let source = read(&[("/d/dovecot.conf", "a = 1 \\\n  2\nb = 3\n# c \\\nd = 4\n")]).unwrap();
        assert!(matches!(&source.items[0].what, What::Setting(_, value) if value == "1  2"), "{source:?}");
        assert_eq!(source.items[0].lines, 0..=1);
        assert_eq!(source.items.len(), 3);
    }

    #[test]
    fn what_is_not_understood_is_named_with_its_line() {
        for (text, place) in [
            ("a = 1\nnonsense\n", "/d/dovecot.conf, line 2"),
            ("a {\n  b = 1\n", "/d/dovecot.conf"),
            ("a = 1\n}\n", "/d/dovecot.conf, line 2"),
            ("a = 1\n!include none.conf\n", "/d/none.conf"),
            ("a = 1\na {\n!include x\n}\n", "/d/dovecot.conf, line 3"),
            ("a = 1\n!include *\n", "/d/dovecot.conf, line 2"),
            ("a = 1\n!include /[x]/y\n", "/d/dovecot.conf, line 2"),
        ] {
            let files: &[(&str, &str)] = &[("/d/dovecot.conf", text)];
            match read(files) {
                Err(odd) => assert!(odd.place == place || text.contains('*'), "{text:?}: {odd:?}"),
                Ok(_) => panic!("{text:?}"),
            }
        }
    }

    #[test]
    fn edits_leave_all_other_bytes_as_they_are() {
        let text = "a\r\n# b\n\nc = 1\nd";
        let mut edits = Edits::default();
        assert_eq!(edits.applied(text), text);
        edits.switch_off(&(0..=3));
        edits.add_before(3, "new");
        edits.add_before(usize::MAX, "end");
        assert_eq!(edits.applied(text), "#a\r\n# b\n\nnew\n#c = 1\nd\nend\n");
        let mut first = Edits::default();
        first.add_before(usize::MAX, "x");
        assert_eq!(first.applied(""), "x\n");
    }
}
