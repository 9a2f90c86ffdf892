//! The rows, each in a file of its own.

mod daemons;
mod matrix;
mod module;
mod walls;

use crate::row::Row;

/// All of them, in the order of their numbers.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    module::FAULTS,
    module::VALGRIND,
    daemons::DAEMONS,
    matrix::MATRIX,
    walls::ROW,
];
