//! The rows, each in a file of its own.

<<<<<<< HEAD
mod daemons;
mod kills;
mod matrix;
mod module;
mod power;
mod restored;
mod revoked;
mod soak;
mod walls;
=======
mod input;
mod secrets;
>>>>>>> input

use crate::row::Row;

/// All of them, in the order of their numbers.
<<<<<<< HEAD
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    module::FAULTS,
    module::VALGRIND,
    daemons::DAEMONS,
    matrix::MATRIX,
    kills::AT_CALL,
    kills::AT_RANDOM,
    kills::AT_START,
    kills::AT_FIRST_START,
    power::IMAGES,
    restored::RESTORED,
    walls::ROW,
    revoked::CHEAP,
    revoked::COSTLY,
    soak::SOAK,
];
=======
pub const ROWS: &[Row] =
    &[secrets::ROW, secrets::hosts::ROW, input::ROW, input::frames::ROW, input::random::ROW];
>>>>>>> input
