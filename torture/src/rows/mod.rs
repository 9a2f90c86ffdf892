//! The rows, each in a file of its own.

mod authorization;
mod input;
mod secrets;

use crate::row::Row;

/// All of them, in the order of their numbers.
pub const ROWS: &[Row] = &[
    secrets::ROW,
    secrets::hosts::ROW,
    authorization::ROW,
    authorization::confused::ROW,
    input::ROW,
    input::frames::ROW,
    input::random::ROW,
];
