//! The rows, each in a file of its own.

mod kills;
mod mutated;

use crate::row::Row;

/// All of them, in the order of their numbers.
pub const ROWS: &[Row] =
    &[kills::AT_CALL, kills::AT_RANDOM, kills::AT_START, kills::AT_FIRST_START, mutated::ROW];
