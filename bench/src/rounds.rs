//! Contestants that take turns: whatever else the machine does hits all of them alike.

use crate::stats::Sample;

/// One of those that are compared.
pub struct Contestant<'a> {
    /// What the report calls it.
    pub name: String,
    run: Box<dyn FnMut(usize) -> Sample + 'a>,
}

impl<'a> Contestant<'a> {
    /// `run` does its part of a round, whose number it gets.
    pub fn new(name: impl Into<String>, run: impl FnMut(usize) -> Sample + 'a) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }
}

/// What each did in each round.
pub struct Results(Vec<(String, Vec<Sample>)>);

impl Results {
    /// That contestant's rounds.
    pub fn of(&self, name: &str) -> &[Sample] {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, samples)| samples.as_slice()).unwrap_or_else(|| panic!("no contestant {name}"))
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// Lets them run, each once in a round, and each round begins with another. The first round warms
/// up and doesn't count.
pub fn interleave(rounds: usize, mut contestants: Vec<Contestant<'_>>) -> Results {
    let mut samples = vec![Vec::with_capacity(rounds); contestants.len()];
    for round in 0..=rounds {
        for turn in 0..contestants.len() {
            let which = (turn + round) % contestants.len();
            let sample = (contestants[which].run)(round);
            if round > 0 {
                samples[which].push(sample);
            }
        }
    }
    Results(contestants.into_iter().map(|contestant| contestant.name).zip(samples).collect())
}
