//! The rows, each in a file of its own.

mod clock;
mod disk;
mod kills;
mod mutated;
mod power;
mod restored;

use crate::row::Row;

/// All of them, in the order of their numbers.
pub const ROWS: &[Row] = &[
    kills::AT_CALL,
    kills::AT_RANDOM,
    kills::AT_START,
    kills::AT_FIRST_START,
    power::IMAGES,
    disk::RUNNING,
    disk::STARTING,
    disk::MINUTES,
    disk::DROPPED,
    mutated::ROW,
    restored::RESTORED,
    clock::ROW,
];
