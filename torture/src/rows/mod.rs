//! The rows, each in a file of its own.

mod flood;
mod revoked;
mod soak;
mod timing;

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
        number: 10,
        name: "flood",
        shows: "beside 5,000 idle connections, oversized and slow requests, churn and wrong logins on both sockets from several uids no honest login or change fails; memory, descriptors and log are bounded",
        unit: "seconds",
        full: 300,
        short: 8,
        batch: 300,
        run: flood::run,
    },
    Row {
        number: 14,
        name: "timing",
        shows: "the time and the bytes of a refusal don't say whether the user is unknown, has no app password, or the secret is wrong or another's",
        unit: "samples of each class",
        full: 1_000_000,
        short: 0,
        batch: 1_000_000,
        run: timing::run,
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
