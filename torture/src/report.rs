//! What was run, how often, what it found.

use crate::progress::Progress;
use crate::row::{Outcome, Row};
use std::fmt::Write;

/// Findings shown of each row.
const SHOWN: usize = 20;

/// The report of those rows.
#[must_use]
pub fn text(rows: &[Row], progress: &Progress) -> String {
    let mut text = String::from(
        "| # | row | what is shown | run | found | time | commit |\n|---|---|---|---|---|---|---|\n",
    );
    let mut notes = String::new();
    for row in rows {
        let Some(done) = progress.rows.get(row.name) else {
            let _ = writeln!(text, "| {} | {} | {} | not run | | | |", row.number, row.name, row.shows);
            continue;
        };
        let Outcome { done: cases, found, counts, unable } = &done.outcome;
        let run = match unable {
            Some(why) => format!("can't be run here: {why}"),
            None => format!("{cases} of {} {}", row.full, row.unit),
        };
        let (number, name, shows) = (row.number, row.name, row.shows);
        let (faults, seconds, commit) = (found.len(), done.seconds, &done.commit);
        let _ =
            writeln!(text, "| {number} | {name} | {shows} | {run} | {faults} | {seconds:.0} s | {commit} |");
        if !counts.is_empty() {
            let figures: Vec<String> = counts.iter().map(|(what, n)| format!("{what} {n}")).collect();
            let _ = writeln!(notes, "- **{name}**: {}.", figures.join(", "));
        }
        for finding in found.iter().take(SHOWN) {
            let _ = writeln!(notes, "- **{name}, found in case {}**: {}", finding.case, finding.text);
        }
    }
    format!("{text}\n{notes}")
}
