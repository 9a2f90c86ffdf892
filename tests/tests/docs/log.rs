//! docs/operations.md, "Every other line of the log", held against what the daemon's sources say.

use crate::errors::sources::{self, LogLine};
use crate::repository;
use std::collections::BTreeMap;

const HEADING: &str = "## Every other line of the log";

/// Letters that a text must have of its own: what is nothing but what is put in can't be explained.
const LEAST: usize = 5;

/// Each line has its row, and each row its line.
pub fn check() {
    let text = std::fs::read_to_string(repository("docs/operations.md")).expect("docs/operations.md");
    let section = text.split(HEADING).nth(1).expect("the section");
    let rows: BTreeMap<String, String> = section.lines().filter_map(row).collect();
    let lines = sources::log_lines();
    assert!(lines.len() > 70, "only {} lines were found in the sources", lines.len());
    let mut faults = Vec::new();
    let mut said = BTreeMap::new();
    for LogLine { level, text, place } in lines {
        let shown = shown(&text);
        if shown.chars().filter(|c| c.is_alphabetic()).count() < LEAST {
            continue;
        }
        match rows.get(&shown) {
            None => faults.push(format!("no row for {place}: | `{shown}` | {level} |")),
            Some(found) if found != level => {
                faults.push(format!("{shown}: is {level}, the row says {found}"))
            }
            Some(_) => {}
        }
        said.insert(shown, level);
    }
    faults.extend(
        rows.keys().filter(|row| !said.contains_key(*row)).map(|row| format!("no line says `{row}`")),
    );
    assert!(faults.is_empty(), "docs/operations.md: {HEADING:?}:\n{}", faults.join("\n"));
}

/// A row's line and level; each has an explanation.
fn row(line: &str) -> Option<(String, String)> {
    let mut cells = line.strip_prefix("| `")?.split(" | ");
    let (line, level) = (cells.next()?.strip_suffix('`')?, cells.next()?);
    let meaning = cells.next().unwrap_or_default().trim_end_matches(" |");
    assert!(!meaning.is_empty(), "{line} is not explained");
    Some((line.to_owned(), level.to_owned()))
}

/// A text of the sources as the table has it: `…` for what is put in, and for commands.
fn shown(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(['{', '`']) {
        let (before, from) = rest.split_at(at);
        let end = if from.starts_with('{') { from.find('}') } else { from[1..].find('`').map(|at| at + 1) };
        out.push_str(before);
        out.push('…');
        rest = &from[end.map_or(from.len(), |end| end + 1)..];
    }
    out + rest
}
