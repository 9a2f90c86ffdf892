//! The page, for people.

use super::line::{Line, State};
use crate::output::number::count;
use crate::output::{Paint, Text, prose};

/// Width of the first column.
const MARGIN: &str = "         ";

/// All lines, what is wrong painted, what to do below it. `columns`: of the terminal.
pub fn text(lines: &[Line], columns: Option<usize>) -> Text {
    let mut text = Text::new();
    for line in lines {
        let (word, paint) = match line.state {
            State::Ok => ("ok", Paint::Faint),
            State::Warning => ("warning", Paint::Notable),
            State::Fault => ("FAULT", Paint::Bad),
        };
        let mut said = prose::lines(&line.what, MARGIN, columns).into_iter();
        let first = said.next().unwrap_or_default();
        let padding = " ".repeat(MARGIN.len() - word.len());
        text.painted([(paint, word), (Paint::Plain, &padding), (Paint::Plain, first.trim_start())]);
        said.for_each(|more| text.line(more));
        for (index, more) in
            line.remedy.iter().flat_map(|remedy| prose::lines(remedy, "           ", columns)).enumerate()
        {
            let more = if index == 0 { more.replacen("           ", "        -> ", 1) } else { more };
            text.line(more);
        }
    }
    text.line("");
    text.line(summary(lines));
    text
}

/// `2 faults, 1 warning`, or that there is none.
fn summary(lines: &[Line]) -> String {
    let of = |state| lines.iter().filter(|line| line.state == state).count();
    let number = |state| u64::try_from(of(state)).unwrap_or(u64::MAX);
    match (number(State::Fault), number(State::Warning)) {
        (0, 0) => "All is well.".to_owned(),
        (0, warnings) => count(warnings, "warning"),
        (faults, 0) => count(faults, "fault"),
        (faults, warnings) => format!("{}, {}", count(faults, "fault"), count(warnings, "warning")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page() {
        let lines = [
            Line::ok("daemon", "apppwd 0.1.0 answers"),
            Line::warning("backup", "the last backup is 9 days old", "apppw backup FILE"),
            Line::fault(
                "socket-dead",
                "nobody listens at /run/apppwd/auth.sock: every login fails",
                "systemctl restart x",
            ),
        ];
        let shown = "\
ok       apppwd 0.1.0 answers
warning  the last backup is 9 days old
        -> apppw backup FILE
FAULT    nobody listens at /run/apppwd/auth.sock: every login fails
        -> systemctl restart x

1 fault, 1 warning
";
        assert_eq!(text(&lines, None).as_str(), shown);
        let narrow = text(&lines, Some(40));
        assert!(narrow.as_str().lines().all(|line| line.chars().count() <= 40), "{}", narrow.as_str());
        assert!(text(&lines[..1], None).as_str().ends_with("\n\nAll is well.\n"));
    }
}
