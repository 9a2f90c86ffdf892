//! Of `doctor`.

use crate::commands::doctor::{Line, State};
use serde::Serialize;

/// All lines, and whether all is ok.
pub fn doctor(lines: &[Line]) -> impl Serialize {
    #[derive(Serialize)]
    struct Doctor<'a> {
        ok: bool,
        lines: Vec<Checked<'a>>,
    }
    #[derive(Serialize)]
    struct Checked<'a> {
        state: &'static str,
        id: &'static str,
        what: &'a str,
        remedy: Option<&'a str>,
    }
    let checked = lines.iter().map(|line| Checked {
        state: line.state.as_str(),
        id: line.id,
        what: &line.what,
        remedy: line.remedy.as_deref(),
    });
    Doctor { ok: lines.iter().all(|line| line.state == State::Ok), lines: checked.collect() }
}
