//! The rows, each in a file of its own.

mod authorization;
mod clock;
mod daemons;
mod disk;
mod flood;
mod input;
mod keys;
mod kills;
mod matrix;
mod module;
mod mutated;
mod power;
mod replaced;
mod restored;
mod revoked;
mod secrets;
mod soak;
mod timing;
mod walls;

use crate::row::Row;

/// All of them, in the order of their numbers.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    module::FAULTS,
    module::VALGRIND,
    daemons::DAEMONS,
    matrix::MATRIX,
    revoked::CHEAP,
    revoked::COSTLY,
    kills::AT_CALL,
    kills::AT_RANDOM,
    kills::AT_START,
    kills::AT_FIRST_START,
    keys::AT_CALL,
    power::IMAGES,
    disk::RUNNING,
    disk::ANY,
    disk::STARTING,
    disk::MINUTES,
    disk::DROPPED,
    mutated::ROW,
    restored::RESTORED,
    flood::FLOOD,
    replaced::RESTORE,
    replaced::MIGRATION,
    secrets::ROW,
    secrets::hosts::ROW,
    authorization::ROW,
    authorization::confused::ROW,
    timing::TIMING,
    clock::ROW,
    input::ROW,
    input::frames::ROW,
    input::random::ROW,
    soak::SOAK,
    walls::ROW,
];
