//! Tables and records, aligned.

use super::Text;
use super::fit::Fit;
use super::paint::Paint;
use super::width::{cut, width};
use apppw_admin::text::visible;
use std::borrow::Cow;

/// Between two columns.
const GAP: usize = 2;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    heading: &'static str,
    gives: Gives,
    /// It is left out where there is no room, the last of them first.
    is_optional: bool,
}

/// What a column gives away where there is no room.
#[derive(Debug, Clone, Copy)]
enum Gives {
    Nothing,
    /// All but so many columns of the terminal.
    AllBut(usize),
    /// What its cells' short forms can do without, before others give anything.
    LongForms,
}

impl Column {
    /// One that is never cut: ids, states, times.
    pub const fn kept(heading: &'static str) -> Self {
        Self { heading, gives: Gives::Nothing, is_optional: false }
    }

    /// One that may be cut to `least` columns of the terminal.
    pub const fn cut(heading: &'static str, least: usize) -> Self {
        Self { heading, gives: Gives::AllBut(least), is_optional: false }
    }

    /// One whose cells have a short form, which they take before others are cut.
    pub const fn short(heading: &'static str) -> Self {
        Self { heading, gives: Gives::LongForms, is_optional: false }
    }

    /// The same, left out where there is no room for it.
    pub const fn optional(self) -> Self {
        Self { is_optional: true, ..self }
    }
}

/// What stands in a row under a heading, or behind the name of a field.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    /// What stands there where the text has no room.
    short: Option<String>,
    paint: Paint,
    /// Something in it had to be made visible, and stays so: it isn't cut.
    is_whole: bool,
}

impl Cell {
    /// `text` in that paint.
    pub fn painted(paint: Paint, text: impl AsRef<str>) -> Self {
        let shown = visible(text.as_ref());
        Self { is_whole: matches!(shown, Cow::Owned(_)), text: shown.into_owned(), short: None, paint }
    }

    /// The same, with what stands there where that has no room.
    pub fn or(self, short: impl AsRef<str>) -> Self {
        Self { short: Some(visible(short.as_ref()).into_owned()), ..self }
    }

    fn least(&self) -> usize {
        width(self.short.as_ref().unwrap_or(&self.text))
    }

    fn fitted(&self, most: usize, fit: Fit) -> String {
        let text = match &self.short {
            Some(short) if width(&self.text) > most => short,
            _ => &self.text,
        };
        if self.is_whole { text.clone() } else { cut(text, most, fit.ellipsis) }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::painted(Paint::Plain, text)
    }
}

/// Rows under headings, each column as wide as its widest cell if there is room.
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub const fn new(columns: Vec<Column>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row with a cell for each heading.
    pub fn row(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        self.rows.push(cells);
    }

    /// Writes the table into `text`. Where it doesn't fit its long cells are cut, then optional
    /// columns are left out; where not even that is enough each row is a record, whole.
    pub fn write(&self, text: &mut Text, fit: Fit) {
        let Some(shown) = self.layout(fit) else { return self.write_records(text) };
        let headings: Vec<Cell> =
            self.columns.iter().map(|column| Cell::painted(Paint::Heading, column.heading)).collect();
        for row in std::iter::once(&headings).chain(&self.rows) {
            write_row(text, row, &shown, fit);
        }
    }

    /// How wide each column is, if it is shown; none: there is no room for a table.
    fn layout(&self, fit: Fit) -> Option<Vec<Option<usize>>> {
        let natural = self.natural_widths();
        let least: Vec<usize> =
            natural.iter().enumerate().map(|(at, natural)| self.least(at, *natural)).collect();
        let mut shown: Vec<Option<usize>> = natural.into_iter().map(Some).collect();
        let Some(limit) = fit.limit() else { return Some(shown) };
        loop {
            let smallest = shown.iter().zip(&least).map(|(column, least)| column.map(|_| *least));
            if total(&smallest.collect::<Vec<_>>()) <= limit {
                self.shrink(&mut shown, &least, limit);
                return Some(shown);
            }
            let dropped = (0..shown.len()).rev().find(|at| {
                self.columns.get(*at).is_some_and(|column| column.is_optional)
                    && shown.get(*at).is_some_and(Option::is_some)
            })?;
            *shown.get_mut(dropped)? = None;
        }
    }

    /// How far a column that is `natural` wide may be cut.
    fn least(&self, at: usize, natural: usize) -> usize {
        let Some(column) = self.columns.get(at) else { return natural };
        match column.gives {
            Gives::Nothing => natural,
            Gives::AllBut(least) => least.min(natural),
            Gives::LongForms => {
                let cells = self.rows.iter().filter_map(|row| row.get(at));
                cells.map(Cell::least).fold(width(column.heading), usize::max).min(natural)
            }
        }
    }

    fn natural_widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.columns.iter().map(|column| width(column.heading)).collect();
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = width(&cell.text).max(*widest);
            }
        }
        widths
    }

    /// Takes from the widest of the columns that may be cut, those with short forms first, until all fit
    /// into `limit`.
    fn shrink(&self, shown: &mut [Option<usize>], least: &[usize], limit: usize) {
        while total(shown) > limit {
            let columns = self.columns.iter().zip(least);
            let may_give = columns.zip(shown.iter_mut()).filter_map(|((column, least), width)| {
                let width = width.as_mut().filter(|width| **width > *least)?;
                Some((matches!(column.gives, Gives::LongForms), width))
            });
            let widest = may_give.max_by_key(|(is_first, width)| (*is_first, **width));
            let Some((_, widest)) = widest else { return };
            *widest -= 1;
        }
    }

    /// Row by row, a line for each cell: for terminals that are narrow.
    fn write_records(&self, text: &mut Text) {
        for (number, row) in self.rows.iter().enumerate() {
            if number > 0 {
                text.line("");
            }
            let fields = self.columns.iter().zip(row).filter(|(_, cell)| !cell.text.is_empty());
            record(text, fields.map(|(column, cell)| (column.heading, cell.clone())));
        }
    }
}

fn total(shown: &[Option<usize>]) -> usize {
    let columns = shown.iter().flatten().count();
    shown.iter().flatten().sum::<usize>() + GAP * columns.saturating_sub(1)
}

/// The cells, padded and two spaces apart, without spaces at the end.
fn write_row(text: &mut Text, row: &[Cell], shown: &[Option<usize>], fit: Fit) {
    let mut parts: Vec<(Paint, String)> = Vec::with_capacity(2 * row.len());
    let mut gap = 0;
    for (cell, width_of_column) in row.iter().zip(shown) {
        let Some(columns) = *width_of_column else { continue };
        let fitted = cell.fitted(columns, fit);
        let room = columns.saturating_sub(width(&fitted));
        if !fitted.is_empty() {
            parts.push((Paint::Plain, " ".repeat(gap)));
            parts.push((cell.paint, fitted));
            gap = 0;
        }
        gap += room + GAP;
    }
    text.painted(parts.iter().map(|(paint, part)| (*paint, part.as_str())));
}

/// Writes names and values, one pair to a line, the values below each other.
pub fn record<'a, C: Into<Cell>>(text: &mut Text, fields: impl IntoIterator<Item = (&'a str, C)>) {
    let fields: Vec<(&str, Cell)> = fields.into_iter().map(|(name, value)| (name, value.into())).collect();
    let widest = fields.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    for (name, value) in fields {
        let padding = " ".repeat(widest - width(name) + GAP);
        text.painted([
            (Paint::Plain, name),
            (Paint::Plain, ":"),
            (Paint::Plain, &padding),
            (value.paint, &value.text),
        ]);
    }
}

#[cfg(test)]
mod tests;
