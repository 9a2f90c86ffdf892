//! docs/errors.md: every error and warning, with an example that happened.
//!
//! A new error needs one line in a scene (or one in `excused.rs`, with the reason why it can't be
//! provoked), then `make errors`.

pub mod login;

mod excused;
mod page;
mod plain;
mod scenes;
pub mod sources;

use crate::repository;
use excused::EXCUSED;
use page::Page;
use std::fmt::Write;

const INTRODUCTION: &str = "# Every error and warning

Written by a test (`make errors`), which provokes each of them in the real programs: what is shown here has
happened. Only what differs from run to run is made the same: paths are the default ones, ids and times are samples.

How to read it: first the situation, with the exit status, and the `code` and `field` that the same error has with
`--json` ([json.md](json.md)); then what was typed and what was said. `root#` is root's prompt, `adele$` that of a
member of `apppw-admin`, `heidi$` of `apppw-helpdesk`; `alice$` and `bob$` are people, `exim$` is a program's user.

Each message says what failed, on what, and why; then what to do. Decide by status and `code`, never by the words:
they may change. The exit statuses of `apppw`: 1 refused or not found, 2 a wrong option or value, 3 apppwd can't be
reached. `apppwd` ends with 78 where starting again won't help (configuration, key, schema, owner or mode of a file),
with 1 where it may.
";

/// Plays all scenes, and compares what comes of them with the file.
pub fn check() {
    let mut page = Page::default();
    page.write(INTRODUCTION);
    let mut broken = None;
    std::thread::scope(|scope| {
        let parts: Vec<_> = scenes::ALL
            .iter()
            .map(|scene| {
                scope.spawn(move || {
                    let mut page = Page::default();
                    scene(&mut page);
                    page
                })
            })
            .collect();
        for part in parts {
            match part.join() {
                Ok(part) => page.append(part),
                Err(panic) => broken = Some(panic),
            }
        }
    });
    excused::write(&mut page);
    let path = repository("docs/errors.md");
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    if std::env::var_os("APPPW_WRITE").is_some() {
        std::fs::write(&path, page.markdown()).expect("docs/errors.md can be written");
    }
    if let Some(panic) = broken {
        std::panic::resume_unwind(panic);
    }
    check_complete(&page);
    if std::env::var_os("APPPW_WRITE").is_none() {
        let differences = differences(&written, page.markdown());
        assert!(
            differences.is_empty(),
            "docs/errors.md is not what the programs say (`make errors` writes it anew):\n{differences}"
        );
    }
}

/// Every text in the sources was seen or is excused, and nothing is excused that need not be; so
/// with the codes.
fn check_complete(page: &Page) {
    let squeezed = |text: &String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said: Vec<String> = page.texts.iter().map(squeezed).collect();
    let is_said = |text: &str| said.iter().any(|said| sources::was_said(text, said));
    let mut faults = String::new();
    let texts = sources::texts();
    assert!(texts.len() > 250, "only {} texts were found in the sources", texts.len());
    for text in &texts {
        let excuse = EXCUSED.iter().find(|excused| text.text.contains(excused.text));
        match (is_said(&text.text), excuse) {
            (false, None) => {
                let _ = writeln!(faults, "never seen: {} {:?}", text.place, text.text);
            }
            (true, Some(excuse)) => {
                let _ = writeln!(faults, "excused, but seen: {:?}", excuse.text);
            }
            _ => {}
        }
    }
    for excuse in EXCUSED.iter().filter(|excuse| !texts.iter().any(|text| text.text.contains(excuse.text))) {
        let _ = writeln!(faults, "excused, but in no source: {:?}", excuse.text);
    }
    for code in codes() {
        if !page.codes.contains(&code) {
            let _ = writeln!(faults, "the code {code} was never seen");
        }
    }
    for code in page.codes.iter().filter(|code| !codes().contains(code)) {
        let _ = writeln!(faults, "the code {code} is not in docs/json.md");
    }
    assert!(faults.is_empty(), "{faults}");
}

/// The codes in docs/json.md.
fn codes() -> Vec<String> {
    let text = std::fs::read_to_string(repository("docs/json.md")).expect("docs/json.md");
    let table = text.split("| code | status |").nth(1).expect("the table of codes");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| `"));
    rows.filter_map(|row| row.split('`').nth(1)).map(str::to_owned).collect()
}

/// The lines that differ, as far as one looks.
fn differences(written: &str, real: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (written.lines().collect(), real.lines().collect());
    let gone = old.iter().filter(|line| !new.contains(line)).map(|line| format!("- {line}"));
    let come = new.iter().filter(|line| !old.contains(line)).map(|line| format!("+ {line}"));
    let lines: Vec<String> = gone.chain(come).take(60).collect();
    if lines.is_empty() && written != real { "the order of lines".to_owned() } else { lines.join("\n") }
}
