//! `apppw` itself, run against a daemon that answers what it is told to.
// clippy.toml allows these in test functions; here the helpers are tests too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod failures;
mod pipe;
mod support;
mod terminal;
