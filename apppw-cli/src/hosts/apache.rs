//! Apache's configuration (httpd 2.4, "Configuration Files"): directives with the sections that they stand in, through
//! Include. What runs is another matter: conditions (`<IfModule>`, `<IfDefine>`) are taken as met.

use super::files::{Files, glob};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    pub file: PathBuf,
    /// From 1 on.
    pub line: usize,
    /// In lower case.
    pub name: String,
    pub args: Vec<String>,
    /// The sections that it stands in, by number, the innermost last. Containers of authorisation and conditions are none.
    pub sections: Vec<usize>,
    /// `<RequireAny>` and its like around it, the innermost last, in lower case.
    pub within: Vec<String>,
}

impl Directive {
    /// For messages.
    pub fn place(&self) -> String {
        format!("{}, line {}", self.file.display(), self.line)
    }
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    pub directives: Vec<Directive>,
    pub files: BTreeMap<PathBuf, String>,
    /// `<Location /x>`, by number.
    pub sections: Vec<String>,
}

/// What is not understood, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd {
    pub place: String,
    pub what: String,
}

/// Files within files.
const DEEPEST: usize = 16;

/// Sections that only say when or how, not where.
const TRANSPARENT: [&str; 10] = [
    "ifmodule",
    "ifdefine",
    "ifversion",
    "iffile",
    "ifdirective",
    "ifsection",
    "requireany",
    "requireall",
    "requirenone",
    "authnprovideralias",
];

/// Where reading stands.
struct Reader<'a> {
    files: &'a dyn Files,
    root: &'a Path,
    source: Source,
    open: Vec<(String, usize)>,
}

impl Source {
    /// Reads the main file and all that it includes; `root` is ServerRoot.
    ///
    /// # Errors
    /// The first line that isn't understood.
    pub fn read(files: &dyn Files, main: &Path, root: &Path) -> Result<Self, Odd> {
        let mut reader = Reader { files, root, source: Self::default(), open: Vec::new() };
        reader.file(main, 0)?;
        match reader.open.pop() {
            Some((name, _)) => Err(Odd {
                place: main.display().to_string(),
                what: format!("a section without an end: <{name}>"),
            }),
            None => Ok(reader.source),
        }
    }

    /// The innermost section of a directive, for messages.
    pub fn section(&self, directive: &Directive) -> &str {
        let number = directive.sections.last();
        number.and_then(|number| self.sections.get(*number)).map_or("the server", String::as_str)
    }

    /// The directives of that name.
    pub fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Directive> {
        self.directives.iter().filter(move |directive| directive.name == name)
    }
}

impl Reader<'_> {
    fn file(&mut self, path: &Path, depth: usize) -> Result<(), Odd> {
        let odd = |line: Option<usize>, what: &str| Odd {
            place: line.map_or(path.display().to_string(), |line| format!("{}, line {line}", path.display())),
            what: what.to_owned(),
        };
        if depth > DEEPEST {
            return Err(odd(None, "files that include each other"));
        }
        let text = self.files.read(path).map_err(|e| odd(None, &e.to_string()))?;
        self.source.files.insert(path.to_owned(), text.clone());
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let number = number + 1;
            let mut whole = line.to_owned();
            // A comment goes on in the next line, too.
            while let Some(begun) = whole.strip_suffix('\\').map(str::to_owned) {
                let Some((_, next)) = lines.next() else {
                    return Err(odd(Some(number), "a line without an end"));
                };
                whole = begun + next;
            }
            let line = whole.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(section) = line.strip_prefix('<') {
                self.section(section).map_err(|what| odd(Some(number), &what))?;
                continue;
            }
            let words = words(line).ok_or_else(|| odd(Some(number), line))?;
            let Some((name, args)) = words.split_first() else { continue };
            let name = name.to_ascii_lowercase();
            match name.as_str() {
                "include" | "includeoptional" => self.include(path, number, &name, args, depth)?,
                // What it makes of its arguments isn't read here.
                "use" => return Err(odd(Some(number), line)),
                _ => {
                    let sections = self.open.iter().filter(|(name, _)| !TRANSPARENT.contains(&name.as_str()));
                    let within = self.open.iter().filter(|(name, _)| name.starts_with("require"));
                    self.source.directives.push(Directive {
                        file: path.to_owned(),
                        line: number,
                        name,
                        args: args.to_vec(),
                        sections: sections.map(|(_, number)| *number).collect(),
                        within: within.map(|(name, _)| name.clone()).collect(),
                    });
                }
            }
        }
        Ok(())
    }

    fn section(&mut self, text: &str) -> Result<(), String> {
        let text = text.strip_suffix('>').ok_or_else(|| format!("<{text}"))?.trim();
        if let Some(name) = text.strip_prefix('/') {
            let name = name.trim().to_ascii_lowercase();
            return match self.open.pop() {
                Some((open, _)) if open == name => Ok(()),
                _ => Err(format!("</{name}> without its beginning")),
            };
        }
        let name = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        if name == "macro" {
            return Err(format!("<{text}>"));
        }
        let number = self.source.sections.len();
        self.source.sections.push(format!("<{text}>"));
        self.open.push((name, number));
        Ok(())
    }

    fn include(
        &mut self,
        path: &Path,
        number: usize,
        name: &str,
        args: &[String],
        depth: usize,
    ) -> Result<(), Odd> {
        let place = format!("{}, line {number}", path.display());
        let odd = |what: String| Odd { place: place.clone(), what };
        let [pattern] = args else { return Err(odd(format!("{name} {}", args.join(" ")))) };
        let full = self.root.join(pattern);
        if pattern.contains('$') {
            return Err(odd(format!("{name} {pattern}")));
        }
        let names = self.files.names(&full);
        // A folder: all that is in it.
        let found = if names.is_empty() {
            glob(self.files, &full).ok_or_else(|| odd(format!("{name} {pattern}")))?
        } else {
            names.into_iter().map(|name| full.join(name)).collect()
        };
        for file in found {
            let is_there = self.files.read_if_there(&file).is_ok_and(|text| text.is_some());
            if is_there || name == "include" {
                self.file(&file, depth + 1)?;
            }
        }
        Ok(())
    }
}

/// The words of a line, with quotes as httpd takes them. None: a quote without an end.
fn words(line: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        if matches!(first, '"' | '\'') {
            let mut word = String::new();
            let mut is_escaped = false;
            let mut end = None;
            for (at, c) in rest.char_indices().skip(1) {
                match c {
                    c if is_escaped => {
                        if c != first && c != '\\' {
                            word.push('\\');
                        }
                        word.push(c);
                        is_escaped = false;
                    }
                    '\\' => is_escaped = true,
                    c if c == first => {
                        end = Some(at + 1);
                        break;
                    }
                    c => word.push(c),
                }
            }
            found.push(word);
            rest = rest.get(end?..)?;
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            found.push(rest.get(..end)?.to_owned());
            rest = rest.get(end..)?;
        }
        rest = rest.trim_start();
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[(&str, &str)]) -> Result<Source, Odd> {
        let files: BTreeMap<PathBuf, String> =
            texts.iter().map(|(path, text)| (path.into(), (*text).to_owned())).collect();
        Source::read(&files, Path::new("/a/apache2.conf"), Path::new("/a"))
    }

    #[test]
    fn directives_have_their_sections() {
        let source = read(&[
            (
                "/a/apache2.conf",
                "# x \\\nstill a comment\nServerName \"a b\\\"c\" 'd' \\\n  e\nIncludeOptional sites/*.conf\nInclude more\n\
                 IncludeOptional none/*.conf\nIncludeOptional none.conf\n",
            ),
            (
                "/a/sites/a.conf",
                "<VirtualHost *:80>\n<IfModule x>\n<Location \"/f\">\n AuthType Basic\n <RequireAny>\n  Require valid-user\n \
                 </RequireAny>\n</Location>\n</IfModule>\nDocumentRoot /w\n</VirtualHost>\n",
            ),
            ("/a/more/b", "Listen 80\n"),
        ])
        .unwrap();
        let shown: Vec<_> = source
            .directives
            .iter()
            .map(|d| (d.line, d.name.as_str(), d.args.join("|"), source.section(d), d.within.join(" ")))
            .collect();
        assert_eq!(
            shown,
            [
                (3, "servername", "a b\"c|d|e".to_owned(), "the server", String::new()),
                (4, "authtype", "Basic".to_owned(), "<Location \"/f\">", String::new()),
                (6, "require", "valid-user".to_owned(), "<Location \"/f\">", "requireany".to_owned()),
                (10, "documentroot", "/w".to_owned(), "<VirtualHost *:80>", String::new()),
                (1, "listen", "80".to_owned(), "the server", String::new()),
            ]
        );
        assert_eq!(source.files.len(), 3);
    }

    #[test]
    fn what_is_not_understood_is_named_with_its_line() {
        for (text, place) in [
            ("a\nb \"c\n", "/a/apache2.conf, line 2"),
            ("<Location /x\n", "/a/apache2.conf, line 1"),
            ("<Location /x>\n", "/a/apache2.conf"),
            ("<Location /x>\n</Directory>\n", "/a/apache2.conf, line 2"),
            ("</Directory>\n", "/a/apache2.conf, line 1"),
            ("<Macro X $a>\n</Macro>\n", "/a/apache2.conf, line 1"),
            ("Use X a\n", "/a/apache2.conf, line 1"),
            ("Include ${X}/y\n", "/a/apache2.conf, line 1"),
            ("Include [a]/y\n", "/a/apache2.conf, line 1"),
            ("Include none.conf\n", "/a/none.conf"),
            ("Include apache2.conf\n", "/a/apache2.conf"),
            ("a \\", "/a/apache2.conf, line 1"),
        ] {
            match read(&[("/a/apache2.conf", text)]) {
                Err(odd) => assert_eq!(odd.place, place, "{text}"),
                Ok(source) => panic!("{text}: {source:?}"),
            }
        }
    }
}
