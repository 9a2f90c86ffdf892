//! The chapters of the report.

mod argon;
pub mod dovecot;
pub mod flood;
mod guess;
pub mod host;
pub mod libpam;
pub mod mutations;
pub mod number;
pub mod rest;
pub mod size;
pub mod storm;
