//! Every key of the configuration, described once: the sample `packaging/apppwd.toml` and the page apppwd.toml(5) are
//! made from this, and tests hold it against what is really read.
//!
//! A new key is one entry in `reference/table.rs`, then `make man`.

mod sample;
mod table;

pub use sample::sample;
pub use table::SECTIONS;

/// A table of the file.
#[derive(Debug)]
pub struct Section {
    /// Its name, `policy` or `policy.group.NAME`; empty for the keys before the first one.
    pub name: &'static str,
    /// What it is for. Backticks stand around what is typed.
    pub about: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
    /// Keys that it takes besides, described in `[policy]` or `[limits]`.
    pub overrides: &'static [&'static str],
    /// Lines of an example, the table's name included; empty if its keys say enough.
    pub example: &'static str,
}

/// A key.
#[derive(Debug)]
pub struct Key {
    /// Its name; one in capitals stands for any.
    pub name: &'static str,
    /// What it takes.
    pub value: Value,
    /// What holds without it, as in the file; `None`: nothing.
    pub default: Option<&'static str>,
    /// What it is for, in a sentence or two. Backticks stand around what is typed.
    pub about: &'static str,
    /// Another value, as in the file.
    pub example: &'static str,
}

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub enum Value {
    /// An absolute path.
    Path,
    /// `true` or `false`.
    Switch,
    /// A whole number, be it 0.
    Count,
    /// A whole number: the least, and the most if there is one.
    Number(u32, Option<u32>),
    /// One of these numbers.
    OneOf(&'static [u32]),
    /// One of these words, each with what it means.
    Word(&'static [(&'static str, &'static str)]),
    /// Any of these words.
    Words(&'static [&'static str]),
    /// A span of time, or `"never"`.
    Life,
    /// Names of services and groups.
    ServicesAndGroups,
    /// Names of services.
    Services,
    /// Networks.
    Networks,
    /// The name of a domain.
    Domain,
    /// Something else, in words.
    Other(&'static str),
    /// Domains, each with the one that it stands for.
    Domains,
}

impl Value {
    /// What is allowed, in words.
    #[must_use]
    pub fn allowed(&self) -> String {
        match self {
            Self::Path => "an absolute path".to_owned(),
            Self::Switch => "`true` or `false`".to_owned(),
            Self::Count => "a whole number".to_owned(),
            Self::Number(least, Some(most)) => format!("{least} to {most}"),
            Self::Number(least, None) => format!("{least} or more"),
            Self::OneOf(numbers) => list(numbers.iter().map(ToString::to_string), "or"),
            Self::Word(words) => list(words.iter().map(|(word, _)| format!("`\"{word}\"`")), "or"),
            Self::Words(words) => {
                format!("any of {}, in a list", list(words.iter().map(|word| format!("`\"{word}\"`")), "and"))
            }
            Self::Life => "a span of time such as `\"90d\"` or `\"1y\"`, or `\"never\"`".to_owned(),
            Self::ServicesAndGroups => "a list of services and groups".to_owned(),
            Self::Services => "a list of services".to_owned(),
            Self::Networks => {
                "a list of networks such as `\"192.0.2.0/24\"` or `\"2001:db8::/32\"`".to_owned()
            }
            Self::Other(what) => (*what).to_owned(),
            Self::Domain => "a domain".to_owned(),
            Self::Domains => "pairs of domains".to_owned(),
        }
    }
}

/// `a, b or c`.
fn list(words: impl Iterator<Item = String>, last: &str) -> String {
    let words: Vec<_> = words.collect();
    match words.split_last() {
        Some((end, begin)) if !begin.is_empty() => format!("{} {last} {end}", begin.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests;
