//! The manual as it is committed: is it what the program says, is it well-formed, is every example in it right?
// clippy.toml allows these in test functions; here the helpers are tests too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "manual/daemon.rs"]
mod daemon;
#[path = "manual/examples.rs"]
mod examples;
#[path = "manual/lint.rs"]
mod lint;
#[path = "manual/module.rs"]
mod module;
#[path = "manual/references.rs"]
mod references;
#[path = "manual/up_to_date.rs"]
mod up_to_date;

use libtest_mimic::{Arguments, Completion, Trial};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let trial = |name: &str, run: fn()| {
        Trial::test(name, move || {
            run();
            Ok(())
        })
    };
    let trials = vec![
        trial("manual::what_is_committed_is_what_is_made", up_to_date::run),
        trial("manual::what_is_referred_to_is_there", references::run),
        trial("manual::the_daemons_page_has_its_options", daemon::options),
        trial("manual::the_daemons_page_has_its_exit_statuses_and_fields", daemon::statuses_and_fields),
        trial("manual::the_modules_page_has_the_services_that_are_never_opened", module::services),
        trial("manual::the_modules_page_has_the_packaged_stacks", module::stacks),
        trial("manual::every_example_can_be_typed", examples::run),
        trial("manual::the_example_of_a_configuration_is_right", examples::configuration),
        Trial::ignorable_test("manual::mandoc_finds_no_fault", || {
            Ok(lint::run().map_or(Completion::Completed, Completion::ignored_with))
        }),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the repository.
fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A page that is committed.
fn page(name: &str) -> String {
    read(Path::new(apppw_manual::pages::FOLDER).join(name))
}

/// Every page that is committed, by its file's name.
fn pages() -> Vec<(String, String)> {
    let folder = std::fs::read_dir(root().join(apppw_manual::pages::FOLDER)).expect("docs/man is there");
    let names = folder.map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned());
    let mut pages: Vec<_> = names.map(|name| (name.clone(), page(&name))).collect();
    pages.sort();
    assert!(pages.len() > 10, "{pages:?}");
    pages
}
