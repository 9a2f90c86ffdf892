//! What the documents say of the programs' output, held against the programs: every error with an
//! example that happened (docs/errors.md), and the JSON of every command against its schema
//! (docs/json.schema.json). And the tests that documents name are there.
//!
//! `APPPW_WRITE=1` (or `make errors`) writes docs/errors.md anew instead of comparing it.

#[path = "docs/errors/mod.rs"]
mod errors;
#[path = "docs/host.rs"]
mod host;
#[path = "docs/json/mod.rs"]
mod json;
#[path = "docs/ledger.rs"]
mod ledger;
#[path = "docs/log.rs"]
mod log;

use apppw_tests::identity::{is_root, rerun_as_root};
use libtest_mimic::{Arguments, Trial};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    if errors::login::is_child() {
        errors::login::child();
        return ExitCode::SUCCESS;
    }
    if let Some(code) = rerun_as_root() {
        return code;
    }
    let cases: [(&str, fn()); 7] = [
        ("ledger::every_test_that_is_named_exists", ledger::check),
        ("ledger::a_test_that_is_not_there_is_missed", ledger::finds),
        ("ledger::every_line_of_the_log_is_explained", log::check),
        ("errors::each_as_it_happens", errors::check),
        ("json::real_output_fits_the_schema", json::check_output),
        ("json::examples_of_the_description_fit_the_schema", json::check_examples),
        ("json::what_is_undocumented_does_not_fit", json::check_strictness),
    ];
    let needs = missing();
    let trials = cases.into_iter().map(|(name, run)| match &needs {
        // These only read.
        Some(_) | None if name.starts_with("ledger::") => Trial::test(format!("docs::{name}"), move || {
            run();
            Ok(())
        }),
        None => Trial::test(format!("docs::{name}"), move || {
            run();
            Ok(())
        }),
        Some(needs) => {
            Trial::test(format!("docs::{name} (skipped: needs {needs})"), || Ok(())).with_ignored_flag(true)
        }
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

/// What this machine lacks for the scenes: they act as other users, fill disks, move clocks.
fn missing() -> Option<String> {
    if !is_root() {
        return Some("root, to act as other users".to_owned());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let there = |program: &&str| std::env::split_paths(&path).any(|dir| dir.join(program).is_file());
    ["unshare", "sqlite3", "cc", "script"].into_iter().find(|program| !there(program)).map(str::to_owned)
}

/// A file of this repository.
fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
