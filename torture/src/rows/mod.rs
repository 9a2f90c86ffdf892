//! The rows, each in a file of its own.

mod revoked;
mod soak;

use crate::row::Row;

/// All of them, in the order of their numbers.
pub const ROWS: &[Row] = &[
    Row {
        number: 4,
        name: "revoked",
        shows: "of 64 clients' logins, raced with all that closes and opens, each verdict is one that was true at a moment between call and answer",
        unit: "logins",
        full: 1_000_000,
        short: 20_000,
        batch: 50_000,
        run: revoked::cheap,
    },
    Row {
        number: 4,
        name: "revoked-argon2",
        shows: "the same with the Argon2id of production",
        unit: "logins",
        full: 100_000,
        short: 2_000,
        batch: 20_000,
        run: revoked::costly,
    },
    Row {
        number: 17,
        name: "soak",
        shows: "200 logins a second with restarts, kills, SIGSTOP and a full disk: memory is flat, and errors are there only while a fault is on",
        unit: "seconds",
        full: 3600,
        short: 16,
        // One after the other, with one life of the daemon for half of them.
        batch: 3600,
        run: soak::run,
    },
];
