//! What the fuzz targets (`fuzz/`) reach beyond this crate's interface: what reads bytes from outside, and
//! nothing else. No part of the interface.

use crate::admin::{dispatch, verbs};
use crate::auth::argon::{self, Owned};
use crate::clock::UnixSeconds;
use crate::config::Config;
use crate::journal::reading::read_lines;
use crate::journal::{JournalError, Record};
use crate::scope::Scope;
use crate::store::sqlite::rows;
use crate::store::{AccountId, AppPasswordRecord, Hash, LoginRow};
use apppw_admin::verbs::CreateArgs;
use apppw_admin::{AdminError, AppPasswordId};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::path::Path;

/// As a line on `admin.sock` is read.
///
/// # Errors
/// What the caller is told.
pub fn object<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, String> {
    dispatch::parse_object(line)
}

/// As a verb's arguments are read.
///
/// # Errors
/// What the caller is told.
pub fn args<T: DeserializeOwned>(args: Option<&RawValue>) -> Result<T, AdminError> {
    dispatch::parse(args)
}

/// The scope that `args` ask for.
///
/// # Errors
/// What the caller is told.
pub fn scope(config: &Config, user: &str, args: &CreateArgs, now: UnixSeconds) -> Result<Scope, AdminError> {
    verbs::scope::of(config, user, args, now)
}

/// A value of a row, whatever stands in the file.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    /// NULL
    Null,
    /// INTEGER
    Integer(i64),
    /// REAL
    Real(f64),
    /// TEXT, in UTF-8 or not.
    Text(&'a [u8]),
    /// BLOB
    Blob(&'a [u8]),
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(number),
            Self::Real(number) => ValueRef::Real(number),
            Self::Text(bytes) => ValueRef::Text(bytes),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// A row as the store reads it.
#[derive(Debug)]
pub struct Rows(Connection);

impl Rows {
    /// Cells of the row that a login reads.
    pub const LOGIN: usize = 17;

    /// Cells of the row that management reads.
    pub const APP_PASSWORD: usize = 18;

    /// With a database in memory.
    ///
    /// # Errors
    /// SQLite's.
    pub fn new() -> Result<Self, String> {
        Connection::open_in_memory().map(Self).map_err(|e| e.to_string())
    }

    /// What a login reads of these cells.
    ///
    /// # Errors
    /// The sentence that goes to the log.
    pub fn login(&self, cells: &[Cell<'_>; Self::LOGIN]) -> Result<LoginRow, String> {
        self.read(cells, rows::login_row)
    }

    /// What management reads of these cells.
    ///
    /// # Errors
    /// The sentence that goes to the log.
    pub fn app_password(&self, cells: &[Cell<'_>; Self::APP_PASSWORD]) -> Result<AppPasswordRecord, String> {
        self.read(cells, rows::app_password)
    }

    fn read<T>(
        &self,
        cells: &[Cell<'_>],
        row: fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, String> {
        let query = format!("SELECT {}", vec!["?"; cells.len()].join(","));
        let mut query = self.0.prepare_cached(&query).map_err(|e| e.to_string())?;
        query.query_row(rusqlite::params_from_iter(cells), row).map_err(|e| e.to_string())
    }
}

/// Argon2id as a login computes it.
///
/// # Errors
/// What Argon2 refuses.
pub fn compute(hash: &Hash, id: AppPasswordId, secret: &[u8]) -> Result<[u8; 32], String> {
    let owned = Owned { id, account: AccountId::NONE };
    argon::compute(hash, &owned, &[7; 32], secret, &mut Vec::new()).map_err(|e| e.to_string())
}

/// What stands behind the whole lines that follow on one another from a journal's beginning.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct End {
    /// Something is cut off: half a line, or an append with holes in it.
    pub torn: bool,
    /// What is whole of it, and kept.
    pub kept: Vec<Record>,
}

/// The journal's whole lines, their length in bytes, and what stands behind them.
///
/// # Errors
/// As at start.
pub fn journal(text: &[u8]) -> Result<(Vec<Record>, u64, End), JournalError> {
    // As many blocks as there can be lines: the reader never waits for its own receiver.
    let (send, blocks) = std::sync::mpsc::sync_channel(text.len() + 2);
    let (len, tail) = read_lines(Path::new("journal.log"), text, send)?;
    let end = End { torn: tail.torn, kept: tail.kept };
    Ok((blocks.into_iter().flatten().collect(), len, end))
}
