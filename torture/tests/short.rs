//! Every row of the campaign with the counts that `make test` has time for.

use apppw_tests::identity::rerun_as_root;
use apppw_torture::campaign;
use apppw_torture::row::{Cases, Row};
use apppw_torture::rows::ROWS;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::process::ExitCode;

#[path = "short/shim.rs"]
mod shim;

fn main() -> ExitCode {
    if let Some(code) = rerun_as_root() {
        return code;
    }
    let rows = ROWS.iter().filter(|row| row.short > 0);
    let trials = rows
        .map(|row| Trial::ignorable_test(format!("torture::{:02}::{}", row.number, row.name), || run(row)));
    let mut trials: Vec<Trial> = trials.collect();
    for (name, test) in [
        (
            "what_was_written_down_makes_the_files_anew",
            shim::what_was_written_down_makes_the_files_anew as fn(),
        ),
        ("the_nth_operation_fails_or_is_the_last_one", shim::the_nth_operation_fails_or_is_the_last_one),
    ] {
        trials.push(Trial::test(format!("torture::shim::{name}"), move || {
            test();
            Ok(())
        }));
    }
    let mut arguments = Arguments::from_args();
    // Most rows have threads of their own.
    arguments.test_threads.get_or_insert(2);
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn run(row: &'static Row) -> Result<Completion, Failed> {
    let outcome = campaign::batch(row, &Cases { range: 0..row.short, of: row.short });
    if let Some(why) = outcome.unable {
        return Ok(Completion::ignored_with(why));
    }
    if outcome.found.is_empty() {
        println!("{}: {} {}, {:?}", row.name, outcome.done, row.unit, outcome.counts);
        return Ok(Completion::Completed);
    }
    let found: Vec<String> = outcome
        .found
        .iter()
        .take(20)
        .map(|finding| format!("case {}: {}", finding.case, finding.text))
        .collect();
    Err(format!("{} found in {} {}:\n{}", outcome.found.len(), outcome.done, row.unit, found.join("\n"))
        .into())
}
