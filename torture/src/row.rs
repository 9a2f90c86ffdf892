//! A row of the campaign: what it shows, how many cases, and how they are run.

use std::collections::BTreeMap;
use std::ops::Range;

/// One row, or a part of one that is run by itself.
pub struct Row {
    /// Its number in the threat model's table (docs/threat-model.md).
    pub number: u8,
    /// Its name on the command line and in `make test`.
    pub name: &'static str,
    /// What is shown, in a sentence.
    pub shows: &'static str,
    /// What is counted: "runs", "kills", "images" ...
    pub unit: &'static str,
    /// How many in the full campaign.
    pub full: u64,
    /// How many in `make test`; 0 if it is run in the campaign only.
    pub short: u64,
    /// How many before progress is kept.
    pub batch: u64,
    /// Runs some of them.
    pub run: fn(&Cases) -> Outcome,
}

/// Which cases are to be run now.
#[derive(Debug, Clone)]
pub struct Cases {
    /// Their numbers.
    pub range: Range<u64>,
    /// How many there will be in all.
    pub of: u64,
}

impl Cases {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }
}

/// What came of some cases.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Outcome {
    /// How many were run.
    pub done: u64,
    /// What must not be.
    pub found: Vec<Finding>,
    /// Figures for the report, added up over all batches: "accepted", "fds left" ...
    pub counts: BTreeMap<String, u64>,
    /// Why it can't be run here, if so.
    pub unable: Option<String>,
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Finding {
    /// The case's number.
    pub case: u64,
    /// What was seen.
    pub text: String,
}

impl Outcome {
    /// That it can't be run here, and why.
    #[must_use]
    pub fn unable(why: impl Into<String>) -> Self {
        Self { unable: Some(why.into()), ..Self::default() }
    }

    /// Whether all of it was run and nothing found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.found.is_empty() && self.unable.is_none()
    }

    /// Notes a finding.
    pub fn find(&mut self, case: u64, text: impl Into<String>) {
        self.found.push(Finding { case, text: text.into() });
    }

    /// Adds to a figure of the report.
    pub fn count(&mut self, what: &str, more: u64) {
        *self.counts.entry(what.to_owned()).or_default() += more;
    }

    /// Takes in another one's.
    pub fn add(&mut self, other: Self) {
        self.done += other.done;
        self.found.extend(other.found);
        for (what, more) in other.counts {
            self.count(&what, more);
        }
        self.unable = self.unable.take().or(other.unable);
    }

    /// Runs the cases one by one. A panic in one is a finding, and the next goes on.
    pub fn of_each(cases: &Cases, mut run: impl FnMut(u64, &mut Self)) -> Self {
        let mut outcome = Self::default();
        for case in cases.range.clone() {
            let one = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let mut one = Self::default();
                run(case, &mut one);
                one
            }));
            match one {
                Ok(one) => outcome.add(one),
                Err(panic) => outcome.find(case, words_of(&*panic)),
            }
            outcome.done += 1;
        }
        outcome
    }

    /// As [`Outcome::of_each`], on several threads.
    pub fn of_each_on(threads: u64, cases: &Cases, run: impl Fn(u64, &mut Self) + Sync) -> Self {
        let mut outcome = Self::default();
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads)
                .map(|thread| {
                    let (first, last) =
                        (cases.len() * thread / threads, cases.len() * (thread + 1) / threads);
                    let range = cases.range.start + first..cases.range.start + last;
                    let (run, part) = (&run, Cases { range, of: cases.of });
                    scope.spawn(move || Self::of_each(&part, run))
                })
                .collect();
            for thread in threads {
                outcome.add(thread.join().unwrap_or_else(|panic| {
                    let mut lost = Self::default();
                    lost.find(cases.range.start, words_of(&*panic));
                    lost
                }));
            }
        });
        outcome
    }
}

/// What a panic said.
pub(crate) fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without words".to_owned())
}
