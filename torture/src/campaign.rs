//! Runs rows batch by batch, keeps how far it is, tells it.

use crate::progress::{Done, Progress};
use crate::row::{Cases, Outcome, Row, words_of};
use std::time::Instant;

/// Runs what is left of a row up to `total` cases.
pub fn run(row: &Row, total: u64, progress: &mut Progress, commit: &str) {
    // One that couldn't be run begins anew, with this commit.
    let kept = progress.rows.remove(row.name).filter(|done| done.outcome.unable.is_none());
    let mut done = kept.unwrap_or_else(|| Done { commit: commit.to_owned(), ..Done::default() });
    let mut told = Instant::now();
    while done.outcome.done < total {
        let range = done.outcome.done..total.min(done.outcome.done + row.batch);
        let length = range.end - range.start;
        let begun = Instant::now();
        let mut outcome = batch(row, &Cases { range, of: total });
        // One that stopped short would be begun again for ever; one that couldn't be run has still to be.
        outcome.done = if outcome.unable.is_some() { 0 } else { length };
        done.outcome.add(outcome);
        done.seconds += begun.elapsed().as_secs_f64();
        progress.rows.insert(row.name.to_owned(), done.clone());
        progress.keep();
        if done.outcome.unable.is_some() {
            break;
        }
        if told.elapsed().as_secs() >= 10 || done.outcome.done == total {
            told = Instant::now();
            eprintln!(
                "{:>2} {:<22} {} of {total} {}, {} found",
                row.number,
                row.name,
                done.outcome.done,
                row.unit,
                done.outcome.found.len()
            );
        }
    }
    progress.rows.insert(row.name.to_owned(), done);
}

/// Runs some cases. A panic is a finding.
#[must_use]
pub fn batch(row: &Row, cases: &Cases) -> Outcome {
    std::panic::catch_unwind(|| (row.run)(cases)).unwrap_or_else(|panic| {
        let mut outcome = Outcome::default();
        outcome.find(cases.range.start, words_of(&*panic));
        outcome
    })
}
