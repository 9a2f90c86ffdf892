//! Colours: on a terminal only, and never the only sign of what they stress.

use super::terminal::{Stream, is_terminal};
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use std::sync::OnceLock;

/// What a piece of text is, and so how it is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paint {
    /// As it is.
    #[default]
    Plain,
    /// Above a column.
    Heading,
    /// What a command takes: an id.
    Id,
    /// Not as usual: suspended, expired, a warning.
    Notable,
    /// Refused, locked, broken.
    Bad,
    /// Over and done with.
    Faint,
}

impl Paint {
    /// Only red and magenta are told from the background by everybody, be it light or dark.
    fn style(self) -> Style {
        let color = |color: AnsiColor| Some(anstyle::Color::Ansi(color));
        match self {
            Self::Plain => Style::new(),
            Self::Heading => Style::new().underline(),
            Self::Id => Style::new().bold(),
            Self::Notable => Style::new().fg_color(color(AnsiColor::Magenta)),
            Self::Bad => Style::new().bold().fg_color(color(AnsiColor::Red)),
            Self::Faint => Style::new().dimmed(),
        }
    }

    /// Adds `text` to `out` in this paint. `text` is visible: no escape in it is its own.
    pub fn add(self, out: &mut String, text: &str) {
        let style = self.style();
        if style.is_plain() || text.is_empty() {
            out.push_str(text);
        } else {
            out.extend([
                style.render().to_string().as_str(),
                text,
                style.render_reset().to_string().as_str(),
            ]);
        }
    }
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum When {
    /// On a terminal that shows them, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Into pipes and files too
    Always,
    /// Not at all
    Never,
}

static WHEN: OnceLock<When> = OnceLock::new();

/// Says once for all when colours are wanted.
pub fn choose(when: When) {
    let _ = WHEN.set(when);
}

/// Whether what goes to `stream` is painted.
pub fn is_wanted(stream: Stream) -> bool {
    let var = |name| std::env::var(name).ok();
    let when = WHEN.get().copied().unwrap_or_default();
    wanted(when, is_terminal(stream), var("NO_COLOR").as_deref(), var("TERM").as_deref())
}

/// <https://no-color.org>: any value but an empty one.
fn wanted(when: When, is_terminal: bool, no_color: Option<&str>, term: Option<&str>) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            is_terminal && no_color.is_none_or(str::is_empty) && term.is_some_and(|term| term != "dumb")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_that_show_them() {
        let auto = |terminal, no_color, term| wanted(When::Auto, terminal, no_color, term);
        assert!(auto(true, None, Some("xterm")));
        assert!(auto(true, Some(""), Some("xterm")), "an empty NO_COLOR says nothing");
        assert!(!auto(true, Some("0"), Some("xterm")), "any other one does");
        assert!(!auto(true, None, Some("dumb")));
        assert!(!auto(true, None, None));
        assert!(!auto(false, None, Some("xterm")));
    }

    #[test]
    fn the_option_comes_before_everything() {
        assert!(wanted(When::Always, false, Some("1"), Some("dumb")));
        assert!(!wanted(When::Never, true, None, Some("xterm")));
    }

    #[test]
    fn no_paint_leaves_a_trace_behind_it() {
        for paint in [Paint::Heading, Paint::Id, Paint::Notable, Paint::Bad, Paint::Faint] {
            let mut out = String::new();
            paint.add(&mut out, "x");
            assert!(out.starts_with("\x1b[") && out.ends_with("x\x1b[0m"), "{out:?}");
            assert!(!out.contains("[9") && !out.contains("3m"), "bright, or yellow on white: {out:?}");
        }
        let mut out = String::new();
        Paint::Plain.add(&mut out, "x");
        Paint::Bad.add(&mut out, "");
        assert_eq!(out, "x");
    }
}
