//! `make torture`: the whole campaign, or the rows that are named; goes on where it was broken off.

use apppw_torture::progress::Progress;
use apppw_torture::row::{Cases, Row};
use apppw_torture::rows::ROWS;
use apppw_torture::{campaign, report};
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

const USAGE: &str = "usage: torture [--short] [--anew] [--case N[..M]] [--report] [ROW ...]
  --short   the counts of `make test`
  --anew    forget what has been run of these rows
  --case N  only that case of one row, or those from N to before M; nothing is kept
  --report  run nothing, write the report of what has been run";

fn main() -> ExitCode {
    if let Some(code) = apppw_tests::identity::rerun_as_root() {
        return code;
    }
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let case = match args.iter().position(|arg| arg == "--case") {
        Some(at) if at + 1 < args.len() => match args.drain(at..at + 2).next_back().and_then(|n| range(&n)) {
            None => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
            range => range,
        },
        _ => None,
    };
    let mut flag = |name: &str| {
        let before = args.len();
        args.retain(|arg| arg != name);
        args.len() != before
    };
    let (short, anew, only_report) = (flag("--short"), flag("--anew"), flag("--report"));
    let unknown = args.iter().find(|arg| ROWS.iter().all(|row| row.name != **arg));
    if let Some(unknown) = unknown {
        let names: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
        eprintln!("{unknown}: no row of that name\n{USAGE}\nrows: {}", names.join(" "));
        return ExitCode::from(2);
    }
    let rows: Vec<&Row> =
        ROWS.iter().filter(|row| args.is_empty() || args.iter().any(|arg| arg == row.name)).collect();
    if let Some(range) = case {
        return some_cases(&rows, range);
    }
    let total = |row: &Row| if short { row.short } else { row.full };
    let (folder, commit) = (folder(), commit());
    let kept = folder.join(if short { "short.json" } else { "full.json" });
    let mut progress = Progress::read(&kept);
    if anew {
        progress.rows.retain(|name, _| rows.iter().all(|row| row.name != name));
    }
    if !only_report {
        for row in &rows {
            campaign::run(row, total(row), &mut progress, &commit);
        }
    }
    let text = report::text(ROWS, &progress);
    let path = folder.join("report.md");
    std::fs::write(&path, &text).expect("the report can be written");
    println!("{text}\nreport: {}, progress: {}", path.display(), kept.display());
    let is_clean =
        rows.iter().filter_map(|row| progress.rows.get(row.name)).all(|done| done.outcome.is_clean());
    if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// `7`, or `7..9`, which is 7 and 8.
fn range(text: &str) -> Option<Range<u64>> {
    let (first, end) = text.split_once("..").unwrap_or((text, ""));
    let first: u64 = first.parse().ok()?;
    let end = if end.is_empty() { first + 1 } else { end.parse().ok()? };
    Some(first..end)
}

fn some_cases(rows: &[&Row], range: Range<u64>) -> ExitCode {
    let [row] = rows else {
        eprintln!("--case needs one row\n{USAGE}");
        return ExitCode::from(2);
    };
    let outcome = campaign::batch(row, &Cases { range, of: row.full });
    println!("{outcome:#?}");
    if outcome.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Where progress and report are kept: beside the build.
fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")), PathBuf::from);
    let folder = target.join("torture");
    std::fs::create_dir_all(&folder).expect("a folder for the campaign's progress");
    folder
}

/// What is checked out, with a mark if it was changed since.
fn commit() -> String {
    let output = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    output.map_or_else(|_| "?".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
