//! The rows, each in a file of its own.

mod walls;

use crate::row::Row;

/// All of them, in the order of their numbers.
pub const ROWS: &[Row] = &[walls::ROW];
