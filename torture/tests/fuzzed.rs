//! Row 12 on a stable toolchain: every fuzz target over its seeds and some thousand mutations of them.

#[path = "../../fuzz/src/lib.rs"]
mod fuzz;

use apppw_torture::random::Random;
use fuzz::{TARGETS, Target};
use std::path::Path;

/// Inputs for each target, beside the seeds. APPPW_FUZZ_MUTATIONS says otherwise.
const MUTATIONS: u64 = 20_000;

#[test]
fn every_target_holds_over_its_seeds_and_mutations() {
    // What a target asserts is told by its name and the input; the panic's own lines go by otherwise unseen.
    let failures: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = TARGETS.iter().map(|target| scope.spawn(|| exercise(target))).collect();
        runs.into_iter()
            .zip(TARGETS)
            .filter_map(|(run, target)| run.join().err().map(|_| target.name.to_owned()))
            .collect()
    });
    assert!(failures.is_empty(), "{failures:?}: see the panics above");
}

/// `make fuzz` runs programs, and only those that there are.
#[test]
fn every_target_has_a_program_of_its_own() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/src/bin");
    for target in TARGETS {
        let file = folder.join(target.name).with_extension("rs");
        let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let run = format!("targets::{}::run(data)", target.name.replace('-', "_"));
        assert!(text.contains(&run), "{}: {run}", file.display());
    }
    assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), TARGETS.len());
}

fn exercise(target: &Target) {
    let seeds = seeds(target);
    for seed in &seeds {
        run(target, seed);
    }
    let said = std::env::var("APPPW_FUZZ_MUTATIONS").ok().and_then(|number| number.parse().ok());
    for case in 0..said.unwrap_or(MUTATIONS) {
        let mut random = Random::of(case, 12);
        let mut input = random.one_of(&seeds).clone();
        for _ in 0..=random.below(4) {
            mutate(&mut input, &seeds, &mut random);
        }
        input.truncate(target.max_len);
        run(target, &input);
    }
}

/// Says which input it was: `printf` makes it a file again.
fn run(target: &Target, input: &[u8]) {
    if let Err(panic) = std::panic::catch_unwind(|| (target.run)(input)) {
        eprintln!("{}: input {}", target.name, input.escape_ascii());
        std::panic::resume_unwind(panic);
    }
}

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target.name);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    files.sort();
    let seeds: Vec<_> = files.iter().map(|file| std::fs::read(file).expect("a readable seed")).collect();
    assert!(seeds.len() >= 5 && seeds.len() <= 100, "{}: {} seeds", target.name, seeds.len());
    for (seed, file) in seeds.iter().zip(&files) {
        assert!(seed.len() <= target.max_len, "{} is longer than {}", file.display(), target.max_len);
    }
    seeds
}

/// Bits, bytes, pieces of other seeds: what libFuzzer does too, without its knowledge of what was reached.
fn mutate(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.index(input.len() + 1);
    let end = (at + random.index(8)).min(input.len());
    match random.below(7) {
        0 if at < input.len() => input[at] ^= 1 << random.below(8),
        1 if at < input.len() => input[at] = *random.one_of(b"\0\x01\x7f\xff 0-{}[]\":,=\n."),
        2 => drop(input.drain(at..end)),
        3 => input.insert(at, random.draw().to_le_bytes()[0]),
        4 => {
            let again = input[at..end].to_vec();
            drop(input.splice(at..at, again));
        }
        5 => {
            let other = random.one_of(seeds);
            let from = random.index(other.len() + 1);
            let to = (from + random.index(24)).min(other.len());
            drop(input.splice(at..end, other[from..to].iter().copied()));
        }
        _ => input.truncate(at),
    }
}
