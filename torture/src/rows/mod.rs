//! The rows, each in a file of its own.

mod disk;
mod kills;
mod mutated;

use crate::row::Row;

/// All of them, in the order of their numbers.
pub const ROWS: &[Row] = &[
    kills::AT_CALL,
    kills::AT_RANDOM,
    kills::AT_START,
    kills::AT_FIRST_START,
    disk::RUNNING,
    disk::STARTING,
    disk::MINUTES,
    disk::DROPPED,
    mutated::ROW,
];
