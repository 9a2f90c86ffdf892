//! apppwd: checks app passwords for the PAM module and manages them for the CLI.
//!
//! ARCHITECTURE.md draws the way of a login through these modules.
#![deny(unsafe_code)]

pub mod account;
pub mod address;
pub mod admin;
pub mod auth;
pub mod change;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod events;
pub mod fault;
#[doc(hidden)]
pub mod fuzzed;
pub mod housekeeping;
pub mod in_memory;
pub mod journal;
pub mod key;
pub mod log;
pub mod lost;
pub mod ownership;
pub mod panic_switch;
pub mod policy;
pub mod reconcile;
pub mod restore;
pub mod run;
pub mod scope;
pub mod secret;
pub mod sockets;
pub mod start;
pub mod store;
pub mod sys;
pub mod tally;
pub mod watch;
pub mod worker;
