//! The terminal that standard output is, if it is one: how wide it is, and what it shows.

use rustix::termios::tcgetwinsize;
use std::io;

/// What a terminal has that doesn't say how wide it is.
const USUAL_COLUMNS: usize = 80;

/// How many columns it has; none: it is no terminal.
pub fn columns() -> Option<usize> {
    let columns = usize::from(tcgetwinsize(io::stdout()).ok()?.ws_col);
    Some(if columns == 0 { USUAL_COLUMNS } else { columns })
}

/// Whether it shows more than ASCII: by the first of the locale's variables that says something (locale(7)).
pub fn is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
    let locale = locale.filter(|value| !value.is_empty()).map(|value| value.to_ascii_lowercase()).next();
    locale.is_some_and(|locale| locale.contains("utf-8") || locale.contains("utf8"))
}

/// Whether colours are wanted (<https://no-color.org>) and understood.
pub fn has_colors() -> bool {
    let var = |name| std::env::var(name).unwrap_or_default();
    var("NO_COLOR").is_empty() && !["", "dumb"].contains(&var("TERM").as_str())
}
