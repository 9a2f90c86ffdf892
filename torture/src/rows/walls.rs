//! The daemon's whole suite, each daemon behind the walls of its systemd unit. `make test` has parts of it
//! (`daemon::walls`).

use crate::row::{Cases, Outcome, Row};
use apppw_tests::walls;
use std::path::Path;
use std::process::Command;

/// A case is a run of all of `tests/tests/daemon.rs`.
pub const ROW: Row = Row {
    number: 19,
    name: "walls",
    shows: "the daemon does all that its suite asks of it behind the walls of its systemd unit; a call that the \
            unit refuses would kill it",
    unit: "runs of the suite",
    full: 1,
    short: 0,
    batch: 1,
    run,
};

fn run(cases: &Cases) -> Outcome {
    if let Some(why) = walls::missing() {
        return Outcome::unable(why);
    }
    Outcome::of_each(cases, |case, outcome| {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["test", "--quiet", "--locked", "-p", "apppw-tests", "--test", "daemon", "--"]);
        command.args(["--test-threads", "4"]).env(walls::VARIABLE, "1");
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        let output = command.output().expect("cargo runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let result = said.lines().rfind(|line| line.starts_with("test result:")).unwrap_or_default();
        for (what, count) in ["passed", "failed", "ignored"].map(|what| (what, counted(result, what))) {
            outcome.count(what, count);
        }
        if !output.status.success() || counted(result, "passed") == 0 {
            let failures = said.split("\nfailures:").nth(1).unwrap_or(&said);
            let more = String::from_utf8_lossy(&output.stderr).chars().take(2000).collect::<String>();
            outcome
                .find(case, format!("{result}\n{}\n{more}", failures.chars().take(4000).collect::<String>()));
        }
    })
}

/// `12 passed` in the last line of a suite.
fn counted(result: &str, what: &str) -> u64 {
    let words: Vec<&str> = result.split([' ', ';', '.']).collect();
    let found = words.windows(2).find(|two| two[1] == what).and_then(|two| two[0].parse().ok());
    found.unwrap_or_default()
}
