//! How many app passwords an account has, beside checks that try every hash in turn.

use super::argon::Bare;
use crate::Effort;
use crate::bed::{Bed, Try};
use crate::peers;
use crate::report::{Section, at_most};
use crate::rounds::{Contestant, interleave};
use crate::stats::Sample;
use std::process::Command;
use std::time::Duration;

const NUMBERS: [usize; 4] = [1, 5, 20, 40];

const CONFIG: &str = "[limits]\nper_account = 40\n";

pub fn run(effort: Effort) -> Vec<Section> {
    let bed = Bed::new(CONFIG);
    let dir = tempfile::tempdir().expect("a folder");
    let bcrypt = peers::build(dir.path(), "bcrypt", &["-l:libcrypt.so.1"]).expect("bcrypt.c");
    let rounds = effort.rounds(31, 5);
    let mut contestants: Vec<Contestant<'_>> = Vec::new();
    for number in NUMBERS {
        // Each round another one that was never used: its login is cold.
        let tries: Vec<Try> = (0..=rounds)
            .map(|round| {
                let user = format!("of{number}.{}@example.org", round / number);
                Try::new("imap", &user, &bed.create(&user, &format!("{round}")))
            })
            .collect();
        // Accounts that have as many as they are to have.
        for round in rounds + 1..(rounds / number + 1) * number {
            bed.create(&format!("of{number}.{}@example.org", round / number), &format!("{round}"));
        }
        let bed = &bed;
        contestants.push(Contestant::new(format!("apppw, cold, of {number}"), move |round| {
            Sample::of(&bed.log_in(&tries[round], 1))
        }));
    }
    for number in NUMBERS {
        let mut bare = Bare::new(19_456, 2);
        contestants.push(Contestant::new(format!("{number} × Argon2id in turn"), move |_| {
            Sample::of(&[(0..number).map(|_| bare.run()).sum()])
        }));
    }
    for number in NUMBERS {
        let bcrypt = bcrypt.clone();
        contestants.push(Contestant::new(format!("{number} × bcrypt (cost 10) in turn"), move |_| {
            let output = Command::new(&bcrypt).arg(number.to_string()).output().expect("bcrypt runs");
            let nanos = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number");
            Sample::of(&[Duration::from_nanos(nanos)])
        }));
    }
    let results = interleave(rounds, contestants);
    let mut section = Section::new("How many app passwords an account has");
    section.ratios(&results, "apppw, cold, of 1");
    section.goals(&[at_most(
        "cold, one of 40 against one of 1",
        1.02,
        &results,
        ("apppw, cold, of 40", "apppw, cold, of 1"),
        |s| s.p50,
    )]);
    vec![section]
}
