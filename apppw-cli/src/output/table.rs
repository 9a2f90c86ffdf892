//! Tables and records, aligned.

use super::Text;
use apppw_admin::text::visible;

/// Rows under headings, each column as wide as its widest cell.
pub struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new(headings: &[&'static str]) -> Self {
        Self { headings: headings.to_vec(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each heading.
    pub fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.headings.len());
        self.rows.push(cells.iter().map(|cell| visible(cell).into_owned()).collect());
    }

    /// Writes the table into `text`.
    pub fn write(&self, text: &mut Text) {
        let mut widths: Vec<usize> = self.headings.iter().map(|h| width(h)).collect();
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = width(cell).max(*widest);
            }
        }
        text.line(aligned(self.headings.iter().copied(), &widths));
        for row in &self.rows {
            text.line(aligned(row.iter().map(String::as_str), &widths));
        }
    }
}

/// Writes names and values, one pair to a line, the values below each other.
pub fn record(text: &mut Text, fields: &[(&str, String)]) {
    let widest = fields.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    for (name, value) in fields {
        let padding = " ".repeat(widest - width(name) + 2);
        text.line(format!("{name}:{padding}{value}"));
    }
}

/// The cells, padded to `widths` and two spaces apart, without spaces at the end.
fn aligned<'a>(cells: impl Iterator<Item = &'a str>, widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, widest) in cells.zip(widths) {
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', widest - width(cell) + 2));
    }
    line.truncate(line.trim_end().len());
    line
}

/// How many columns `text` takes on a terminal: an approximation of Unicode UAX #11 that
/// knows the scripts and symbols that are two wide, and combining marks. A wrong guess costs
/// alignment, nothing else.
fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match u32::from(c) {
            0x300..=0x36f | 0x1ab0..=0x1aff | 0x20d0..=0x20ff | 0xfe00..=0xfe0f => 0,
            0x1100..=0x115f
            | 0x2e80..=0xa4cf
            | 0xac00..=0xd7a3
            | 0xf900..=0xfaff
            | 0xfe30..=0xfe6f
            | 0xff00..=0xff60
            | 0xffe0..=0xffe6
            | 0x1f300..=0x1f64f
            | 0x1f900..=0x1f9ff
            | 0x20000..=0x3fffd => 2,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_whatever_is_in_them() {
        let mut table = Table::new(&["ID", "NAME", "LAST USED"]);
        table.row(vec!["ap-1".into(), "Büro".into(), "never used".into()]);
        table.row(vec!["ap-2".into(), "電話電話電話".into(), "1 day ago".into()]);
        table.row(vec!["ap-3".into(), "a\x1b[31m".into(), String::new()]);
        table.row(vec!["ap-4".into(), "e\u{301}".into(), "x".into()]);
        let mut text = Text::new();
        table.write(&mut text);
        let expected = "\
ID    NAME          LAST USED
ap-1  Büro          never used
ap-2  電話電話電話  1 day ago
ap-3  a\\u{1b}[31m
ap-4  e\u{301}             x
";
        assert_eq!(text.as_str(), expected);
    }

    #[test]
    fn a_record_has_its_values_below_each_other() {
        let mut text = Text::new();
        record(&mut text, &[("User", "alice".into()), ("Last used", "never\r\n".into())]);
        assert_eq!(text.as_str(), "User:       alice\nLast used:  never\\u{d}\\u{a}\n");
    }
}
