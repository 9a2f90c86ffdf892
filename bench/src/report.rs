//! The report: tables in Markdown.

use crate::rounds::Results;
use crate::stats::{Ratio, Sample, figures, median, times};
use std::fmt::Write;

/// A chapter of the report.
pub struct Section {
    pub title: &'static str,
    pub text: String,
}

/// A goal and what was found.
pub struct Goal {
    what: String,
    goal: String,
    found: String,
    reached: bool,
}

impl Goal {
    pub fn new(what: impl Into<String>, goal: impl Into<String>, found: String, reached: bool) -> Self {
        Self { what: what.into(), goal: goal.into(), found, reached }
    }
}

impl Section {
    /// Nothing in it yet.
    pub fn new(title: &'static str) -> Self {
        Self { title, text: String::new() }
    }

    /// Adds a paragraph.
    pub fn say(&mut self, text: impl AsRef<str>) {
        let _ = write!(self.text, "{}\n\n", text.as_ref());
    }

    /// Adds the results as ratios to those of `reference`.
    pub fn ratios(&mut self, results: &Results, reference: &str) {
        let base = results.of(reference);
        let _ = writeln!(self.text, "| | p50 | p99 | rate |\n|---|---|---|---|");
        for name in results.names() {
            let figure = |figure: fn(&Sample) -> f64| Ratio::of(results.of(name), base, figure).to_string();
            let _ = writeln!(
                self.text,
                "| {name} | {} | {} | {} |",
                figure(|s| s.p50),
                figure(|s| s.p99),
                figure(|s| s.rate)
            );
        }
        let micros = median(base.iter().map(|sample| sample.p50));
        let _ = writeln!(
            self.text,
            "\nRatios to *{reference}* (p50 {} µs on this machine), medians of {} rounds, quartiles in brackets.\n",
            figures(micros),
            base.len()
        );
    }

    /// Adds a table of goals.
    pub fn goals(&mut self, goals: &[Goal]) {
        let _ = writeln!(self.text, "| goal | wanted | found | |\n|---|---|---|---|");
        for Goal { what, goal, found, reached } in goals {
            let mark = if *reached { "reached" } else { "**not reached**" };
            let _ = writeln!(self.text, "| {what} | {goal} | {found} | {mark} |");
        }
        self.text.push('\n');
    }
}

/// A figure of two contestants that is to be at most `most`.
pub fn at_most(
    what: &str,
    most: f64,
    results: &Results,
    contestants: (&str, &str),
    figure: fn(&Sample) -> f64,
) -> Goal {
    let ratio = ratio(results, contestants, figure);
    Goal::new(what, format!("≤ {}", times(most)), ratio.to_string(), ratio.median <= most)
}

/// One that is to be at least `least`.
pub fn at_least(
    what: &str,
    least: f64,
    results: &Results,
    contestants: (&str, &str),
    figure: fn(&Sample) -> f64,
) -> Goal {
    let ratio = ratio(results, contestants, figure);
    Goal::new(what, format!("≥ {}", times(least)), ratio.to_string(), ratio.median >= least)
}

fn ratio(results: &Results, (this, that): (&str, &str), figure: fn(&Sample) -> f64) -> Ratio {
    Ratio::of(results.of(this), results.of(that), figure)
}
