//! How much room there is: tables are fitted to a terminal, and to nothing else.

use super::terminal::{Stream, is_terminal, size};

/// What a terminal has that doesn't say how wide it is.
const USUAL_COLUMNS: usize = 80;

/// The room for tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fit {
    columns: Option<usize>,
    /// What stands where something is cut.
    pub ellipsis: &'static str,
}

impl Fit {
    /// As wide as what is written, as in pipes and files, where nothing is cut.
    #[cfg(test)]
    pub const UNLIMITED: Self = Self { columns: None, ellipsis: "…" };

    /// The room on `stream`.
    pub fn of(stream: Stream) -> Self {
        let size = size(stream).map(|size| usize::from(size.columns));
        let columns = columns(is_terminal(stream), std::env::var("COLUMNS").ok().as_deref(), size);
        Self { columns, ellipsis: if is_utf8() { "…" } else { "..." } }
    }

    /// So many columns of a terminal.
    #[cfg(test)]
    pub const fn columns(columns: usize) -> Self {
        Self { columns: Some(columns), ellipsis: "…" }
    }

    /// How many columns there are; none: as many as it takes.
    pub const fn limit(self) -> Option<usize> {
        self.columns
    }

    /// Whether a person looks at it: he has a terminal.
    pub const fn is_terminal(self) -> bool {
        self.columns.is_some()
    }
}

fn columns(is_terminal: bool, var: Option<&str>, size: Option<usize>) -> Option<usize> {
    let said = || var.and_then(|var| var.trim().parse().ok());
    let known = |columns: &usize| *columns > 0;
    is_terminal.then(|| said().filter(known).or(size.filter(known)).unwrap_or(USUAL_COLUMNS))
}

/// Whether more than ASCII is shown.
pub fn is_utf8() -> bool {
    says_utf8(["LC_ALL", "LC_CTYPE", "LANG"].map(|name| std::env::var(name).ok()))
}

/// By the first of the locale's variables that says something (locale(7)).
fn says_utf8(locale: [Option<String>; 3]) -> bool {
    let locale = locale.into_iter().flatten().find(|value| !value.is_empty()).unwrap_or_default();
    let charset = locale.to_ascii_lowercase();
    charset.contains("utf-8") || charset.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_terminal_has_a_width() {
        assert_eq!(columns(false, Some("40"), Some(40)), None);
        assert_eq!(columns(true, Some("40"), Some(120)), Some(40), "what was said comes first");
        assert_eq!(columns(true, None, Some(120)), Some(120));
        for nonsense in ["", "0", "-1", "wide"] {
            assert_eq!(columns(true, Some(nonsense), Some(120)), Some(120), "{nonsense:?}");
        }
        assert_eq!(columns(true, None, Some(0)), Some(80), "a serial line");
        assert_eq!(columns(true, None, None), Some(80));
    }

    #[test]
    fn the_locale_says_whether_more_than_ascii_is_shown() {
        let by =
            |all: &str, ctype: &str, lang: &str| says_utf8([all, ctype, lang].map(|v| Some(v.to_owned())));
        assert!(by("", "", "de_DE.UTF-8") && by("", "", "C.utf8"));
        assert!(!by("", "en_US.ISO-8859-1", "de_DE.UTF-8") && !by("C", "de_DE.UTF-8", "de_DE.UTF-8"));
        assert!(!says_utf8([None, None, None]));
    }
}
