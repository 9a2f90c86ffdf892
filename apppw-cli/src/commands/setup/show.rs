//! What a person is shown of a plan.

use super::plan::{NewFile, Plan};
use crate::hosts::finding::{Finding, Level};
use crate::output::prose;
use crate::output::{Fit, Paint, Text};
use similar::{ChangeTag, TextDiff};

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// The whole plan, up to the question.
pub fn plan(plan: &Plan, fit: Fit) -> Text {
    let mut text = Text::new();
    text.line(format!("{}:", plan.title));
    files(&mut text, &plan.changes().collect::<Vec<_>>());
    findings(&mut text, &plan.findings, fit);
    text
}

/// Why nothing is written, and what to do by hand.
pub fn stopped(plan: &Plan, fit: Fit) -> Text {
    let mut text = Text::new();
    text.line(format!("{}: nothing was written", plan.title));
    findings(&mut text, &plan.stops, fit);
    findings(&mut text, &plan.findings, fit);
    for paste in &plan.paste {
        text.line("");
        text.painted([(Paint::Heading, format!("{}:", paste.place).as_str())]);
        for line in paste.lines.lines() {
            text.line(line);
        }
    }
    text
}

/// Findings, the gravest first.
pub fn findings(text: &mut Text, findings: &[Finding], fit: Fit) {
    let mut sorted: Vec<_> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    for finding in sorted {
        text.line("");
        let (paint, word) = match finding.level {
            Level::Note => (Paint::Plain, "Note: "),
            Level::Warning => (Paint::Notable, "Warning: "),
            Level::Fault => (Paint::Bad, "FAULT: "),
        };
        let whole = format!("{word}{}", finding.what);
        for (number, line) in prose::lines(&whole, "  ", fit.limit()).iter().enumerate() {
            // The first one isn't indented, but painted.
            match line.trim_start().strip_prefix(word).filter(|_| number == 0) {
                Some(rest) => text.painted([(paint, word), (Paint::Plain, rest)]),
                None => text.line(line),
            }
        }
        if !finding.then.is_empty() {
            for line in prose::lines(&format!("-> {}", finding.then), "  ", fit.limit()) {
                text.line(line);
            }
        }
    }
}

/// A difference for each file; new ones with the same text are shown once.
fn files(text: &mut Text, files: &[&NewFile]) {
    let is_twin = |file: &NewFile, other: &NewFile| {
        file.before.is_none() && other.before.is_none() && file.after == other.after
    };
    for (index, file) in files.iter().enumerate() {
        let (earlier, later) = files.split_at(index);
        if earlier.iter().any(|other| is_twin(file, other)) {
            continue;
        }
        text.line("");
        difference(text, &file.path.display().to_string(), file.before.as_deref(), Some(&file.after));
        let twins = later.iter().skip(1).filter(|other| is_twin(file, other));
        for twin in twins {
            text.painted([(Paint::Heading, format!("+++ {} (new): the same", twin.path.display()).as_str())]);
        }
    }
}

/// A unified difference; no text: no file.
pub fn difference(text: &mut Text, path: &str, before: Option<&str>, after: Option<&str>) {
    let mark = |there: bool, word: &str| if there { String::new() } else { format!(" ({word})") };
    let heads = [
        format!("--- {path}{}", mark(before.is_some(), "new")),
        format!("+++ {path}{}", mark(after.is_some(), "removed")),
    ];
    for head in heads {
        text.painted([(Paint::Heading, head.as_str())]);
    }
    let diff = TextDiff::from_lines(before.unwrap_or_default(), after.unwrap_or_default());
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        text.painted([(Paint::Faint, hunk.header().to_string().as_str())]);
        for change in hunk.iter_changes() {
            let (sign, paint) = match change.tag() {
                ChangeTag::Delete => ("-", Paint::Bad),
                ChangeTag::Insert => ("+", Paint::Id),
                ChangeTag::Equal => (" ", Paint::Plain),
            };
            // A tab is no trick in a file that is shown.
            let line = change.value().trim_end_matches(['\n', '\r']).replace('\t', "        ");
            text.painted([(paint, sign), (paint, line.as_str())]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_what_stands_around_it() {
        let mut text = Text::new();
        let before = "one\ntwo\nthree\nfour\nfive\nsix\n";
        difference(&mut text, "/etc/x", Some(before), Some(&before.replace("five", "5\n5b")));
        assert_eq!(
            text.as_str(),
            "--- /etc/x\n+++ /etc/x\n@@ -2,5 +2,6 @@\n two\n three\n four\n-five\n+5\n+5b\n six\n"
        );
    }

    #[test]
    fn new_files_with_one_text_are_shown_once() {
        let new = |path: &str, after: &str| NewFile { path: path.into(), before: None, after: after.into() };
        let plan = Plan {
            title: "T".into(),
            files: vec![new("/a", "x\n"), new("/b", "x\n"), new("/c", "y\n")],
            ..Plan::default()
        };
        let shown = super::plan(&plan, Fit::UNLIMITED);
        assert_eq!(
            shown.as_str(),
            "T:\n\n--- /a (new)\n+++ /a\n@@ -0,0 +1 @@\n+x\n+++ /b (new): the same\n\n--- /c (new)\n+++ /c\n@@ -0,0 +1 @@\n+y\n"
        );
    }
}
