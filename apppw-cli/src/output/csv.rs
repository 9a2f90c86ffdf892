//! The CSV of `--csv`, described in `docs/json.md`: for spreadsheets. Columns are added at the
//! end, never renamed, moved or removed.

mod sheets;

pub use sheets::{events, listed, primary_uses, users};

use crate::exit::Failure;
use apppw_admin::text::visible;
use apppw_admin::verbs::{Actor, Use};
use csv::{Writer, WriterBuilder};

/// Rows under a heading.
pub struct Sheet {
    writer: Writer<Vec<u8>>,
}

impl Sheet {
    /// Begins with the heading.
    fn new(headings: &[&str]) -> Result<Self, Failure> {
        let mut sheet = Self::headless();
        sheet.writer.write_record(headings).map_err(|e| cant_write(&e))?;
        Ok(sheet)
    }

    /// Without a heading: what follows under one that is printed already.
    fn headless() -> Self {
        Self { writer: WriterBuilder::new().from_writer(Vec::new()) }
    }

    /// Adds a row with a cell for each heading.
    fn row(&mut self, cells: &[String]) -> Result<(), Failure> {
        self.writer.write_record(cells.iter().map(|cell| harmless(cell))).map_err(|e| cant_write(&e))
    }

    /// What was written.
    pub fn into_bytes(self) -> Result<Vec<u8>, Failure> {
        self.writer.into_inner().map_err(|e| cant_write(e.error()))
    }

    /// Prints it.
    pub fn print(self) -> Result<(), Failure> {
        super::print(&self.into_bytes()?)
    }
}

fn cant_write(error: &impl std::fmt::Display) -> Failure {
    Failure::io(format!("can't write the result as CSV: {error}"))
}

/// The cell with nothing deceptive in it, and no formula to a spreadsheet: those begin with one
/// of [`FORMULA`] (OWASP, "CSV Injection"; tab and CR are made visible before), and an apostrophe
/// makes them text. Where semicolons part cells, one begins behind each.
fn harmless(cell: &str) -> String {
    let (mut text, mut begins) = (String::with_capacity(cell.len() + 1), true);
    for c in visible(cell).chars() {
        if begins && FORMULA.contains(&c) {
            text.push('\'');
        }
        text.push(c);
        begins = c == ';' || (begins && c == ' ');
    }
    text
}

/// What a formula begins with, in narrow and in wide characters.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// Empty if there is none.
fn maybe<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Cells for uid, login uid, role and name.
fn actor(actor: Option<&Actor>) -> [String; 4] {
    [
        maybe(actor.map(|actor| actor.uid)),
        maybe(actor.and_then(|actor| actor.login_uid)),
        maybe(actor.map(|actor| actor.role.as_str())),
        maybe(actor.and_then(|actor| actor.name.as_deref())),
    ]
}

/// Cells for service, address, whether that is unproven, host, first, last and count.
fn used(used: Option<&Use>) -> [String; 7] {
    let time = crate::output::time::rfc3339;
    [
        maybe(used.map(|used| &used.service)),
        maybe(used.and_then(|used| used.rhost.as_deref())),
        maybe(used.map(|used| used.rhost_unproven)),
        maybe(used.map(|used| &used.host)),
        maybe(used.map(|used| time(used.first))),
        maybe(used.map(|used| time(used.last))),
        maybe(used.map(|used| used.count)),
    ]
}

#[cfg(test)]
mod tests;
