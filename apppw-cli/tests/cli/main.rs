//! `apppw` itself, run against a daemon that answers what it is told to.
// clippy.toml allows these in test functions; here the helpers are tests too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod complete;
mod csv;
mod doveadm;
mod events;
mod failures;
mod fitted;
mod follow;
mod help;
mod host;
mod kick;
mod life;
mod metrics;
mod other_names;
mod pipe;
mod prefix;
mod qr;
mod screen;
mod selection;
mod support;
mod terminal;
mod users;
mod wait;
