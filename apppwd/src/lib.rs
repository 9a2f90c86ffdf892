//! apppwd: checks app passwords for the PAM module and manages them for the CLI.
//!
//! ARCHITECTURE.md draws the way of a login through these modules.
#![deny(unsafe_code)]

pub mod account;
pub mod admin;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod fault;
pub mod journal;
pub mod key;
pub mod log;
pub mod ownership;
pub mod run;
pub mod secret;
pub mod sockets;
pub mod start;
pub mod store;
pub mod sys;
pub mod tally;
pub mod worker;
