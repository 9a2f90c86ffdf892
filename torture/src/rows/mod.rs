//! The rows, each in a file of its own.

mod revoked;

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
];
