//! The JSON of `--json`, described in `docs/json.md`. Fields are added, never renamed or
//! removed, as long as `schema` is 1; a field without a value is `null`, not absent.

mod app_passwords;
mod events;
mod handed_over;
mod host;
mod parts;
mod setup;

pub use app_passwords::{changed, created, listed, renamed, revoked, rotated, shown, verified};
pub use events::{event, events};
pub use handed_over::{attempt, login};
pub use host::{account, panic_switches, primary_uses, status, users};
pub use setup::{SetUp, SetUpFinding, set_up};

use crate::exit::Failure;
use apppw_admin::text::is_deceptive;
use serde::Serialize;
use serde_json::ser::Formatter;
use std::io::{self, Write};
use zeroize::Zeroizing;

#[cfg(test)]
mod tests;

const SCHEMA: u32 = 1;

/// No answer of the daemon makes a longer document with a secret in it: its text needn't
/// move while it grows, which would leave a copy behind.
const ROOM: usize = 2 * apppw_admin::MAX_LINE;

/// `{"schema":1,` and the fields of `document`: one line, all in ASCII as far as it could
/// deceive.
pub fn document(document: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    #[derive(Serialize)]
    struct Versioned<'a, D> {
        schema: u32,
        #[serde(flatten)]
        document: &'a D,
    }
    let mut line = Zeroizing::new(Vec::with_capacity(ROOM));
    Versioned { schema: SCHEMA, document }
        .serialize(&mut serde_json::Serializer::with_formatter(&mut *line, Escaping))
        .map_err(|e| Failure::io(format!("can't write the result as JSON: {e}")))?;
    line.push(b'\n');
    Ok(line)
}

/// `document`, printed.
pub fn print(value: &impl Serialize) -> Result<(), Failure> {
    super::print(&document(value)?)
}

/// A failure, for standard error.
pub fn error(failure: &Failure) -> String {
    #[derive(Serialize)]
    struct Error<'a> {
        error: Inner<'a>,
    }
    #[derive(Serialize)]
    struct Inner<'a> {
        code: &'a str,
        field: Option<&'a str>,
        message: &'a str,
    }
    let Failure { code, field, message, .. } = failure;
    let error = Error { error: Inner { code, field: field.as_deref(), message } };
    document(&error)
        .map_or_else(|failure| failure.message, |line| String::from_utf8_lossy(&line).into_owned())
}

/// Writes bidi controls and their like as `\u....` too, not only the control characters that
/// JSON asks for: people look at JSON on terminals.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_deceptive) {
            let (plain, from) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let mut chars = from.chars();
            for unit in chars.next().into_iter().collect::<String>().encode_utf16() {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}
