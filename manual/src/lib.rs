//! The manual pages and the sample configuration, from what the programs themselves read: clap's model of the command
//! line, and the table of the configuration. apppwd.8 and pam_apppw.8 are written by hand; the tests of this crate hold
//! them against the code.

pub mod command;
pub mod configuration;
pub mod mdoc;
pub mod overview;
pub mod pages;
