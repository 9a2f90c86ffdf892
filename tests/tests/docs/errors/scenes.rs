//! The scenes, in the order of the page.

mod account;
mod changing;
mod command_line;
mod configuration;
mod creating;
mod disk;
mod looking;
mod module;
mod reaching;
mod requests;
mod rights;
mod running;
mod setup;
mod starting;
mod verifying;

use super::page::Page;

/// A scene plays on hosts of its own: they are all played at once.
pub const ALL: &[fn(&mut Page)] = &[
    command_line::play,
    reaching::play,
    rights::play,
    creating::play,
    changing::play,
    account::play,
    looking::play,
    verifying::play,
    disk::play,
    configuration::play,
    starting::play,
    running::play,
    module::play,
    requests::play,
    setup::play,
];
