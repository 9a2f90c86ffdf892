//! The campaign (`make torture`): rows of attacks and faults, each of many numbered cases, and a
//! report of how many were run and what they found.
//!
//! A row is one entry of [`rows::ROWS`]. A case is found again by its number: whatever it draws, it
//! draws from [`random::Random`] seeded with that number. `tests/short.rs` runs the same rows with
//! smaller counts inside `make test`.

pub mod asking;
pub mod campaign;
pub mod disk;
pub mod load;
pub mod progress;
pub mod random;
pub mod report;
pub mod row;
pub mod rows;
pub mod shim;
