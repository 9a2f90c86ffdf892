//! The rows, each in a file of its own.

mod mutated;

use crate::row::Row;

/// All of them, in the order of their numbers.
pub const ROWS: &[Row] = &[mutated::ROW];
