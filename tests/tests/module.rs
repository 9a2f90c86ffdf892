//! `pam_apppw.so` as it is shipped, driven through the real libpam, against fake daemons.
//!
//! The module is `$APPPW_MODULE`, or `release/libpam_apppw.so` of the target directory.

#[path = "module/artifact.rs"]
mod artifact;
#[path = "module/child.rs"]
mod child;
#[path = "module/codes.rs"]
mod codes;
#[path = "module/daemons.rs"]
mod daemons;
#[path = "module/faults.rs"]
mod faults;
#[path = "module/input.rs"]
mod input;
#[path = "module/phases.rs"]
mod phases;
#[path = "module/process.rs"]
mod process;
#[path = "module/site.rs"]
mod site;
#[path = "module/stacks.rs"]
mod stacks;
#[path = "module/upgrades.rs"]
mod upgrades;
#[path = "module/versions.rs"]
mod versions;

use libtest_mimic::{Arguments, Trial};

fn main() {
    if std::env::args().nth(1).as_deref() == Some(child::ARGUMENT) {
        child::main();
        return;
    }
    if std::env::args().nth(1).as_deref() == Some(upgrades::ARGUMENT) {
        upgrades::host();
        return;
    }
    let module = site::module();
    assert!(module.exists(), "{}: build it first: cargo build --release -p pam_apppw", module.display());
    let groups: [(&str, Vec<Case>); 10] = [
        ("artifact", artifact::cases()),
        ("codes", codes::cases()),
        ("daemons", daemons::cases()),
        ("faults", faults::cases()),
        ("input", input::cases()),
        ("phases", phases::cases()),
        ("process", process::cases()),
        ("stacks", stacks::cases()),
        ("upgrades", upgrades::cases()),
        ("versions", versions::cases()),
    ];
    let trials = groups.into_iter().flat_map(|(group, cases)| {
        cases.into_iter().map(move |case| match case {
            Case::Run(name, run) => Trial::test(format!("module::{group}::{name}"), move || {
                run();
                Ok(())
            }),
            Case::Skip(name, reason) => {
                Trial::test(format!("module::{group}::{name} (skipped: {reason})"), || Ok(()))
                    .with_ignored_flag(true)
            }
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

/// A named check; it panics if it fails.
enum Case {
    Run(String, Box<dyn FnOnce() + Send>),
    Skip(String, &'static str),
}

impl Case {
    fn new(name: impl Into<String>, run: impl FnOnce() + Send + 'static) -> Self {
        Self::Run(name.into(), Box::new(run))
    }
}
