//! The targets, each in a file of its own.

pub mod addresses;
pub mod admin_answer;
pub mod admin_request;
pub mod auth_both;
pub mod auth_reply;
pub mod auth_request;
pub mod configuration;
pub mod journal;
pub mod names;
pub mod secret;
pub mod stored_row;
pub mod times;
