//! The commands, one per file: each asks the daemon and says what came of it.

mod create;
mod list;
mod revoke;
mod show;
mod status;
mod user;
mod verify;

use crate::cli::{Cli, Command};
use crate::exit::{Failure, Status};
use crate::output::time::Clock;
use apppw_admin::verbs::{Actor, AppPassword, Use};
use apppw_admin::{Client, Verb};
use serde::{Serialize, de::DeserializeOwned};
use std::path::PathBuf;

#[cfg(test)]
pub mod samples;

/// Runs the command.
pub fn run(cli: Cli) -> Result<Status, Failure> {
    let mut session = Session { socket: cli.global.socket, json: cli.global.json, client: None };
    match cli.command {
        Command::Create(args) => create::run(&mut session, args),
        Command::List(args) => list::run(&mut session, args),
        Command::Show(args) => show::run(&mut session, &args),
        Command::Revoke(args) => revoke::run(&mut session, args),
        Command::Verify(args) => verify::run(&mut session, args),
        Command::User(args) => user::run(&mut session, &args),
        Command::Status => status::run(&mut session),
    }
}

/// What every command needs.
struct Session {
    socket: PathBuf,
    json: bool,
    client: Option<Client>,
}

impl Session {
    /// Calls a verb that changes nothing.
    fn ask<A: Serialize, R: DeserializeOwned>(&mut self, verb: Verb, args: &A) -> Result<R, Failure> {
        self.call(verb, args, false)
    }

    /// Calls a verb that changes something.
    fn change<A: Serialize, R: DeserializeOwned>(&mut self, verb: Verb, args: &A) -> Result<R, Failure> {
        self.call(verb, args, true)
    }

    /// Closes the connection. A person takes longer to answer than the daemon waits for a
    /// request: the next call connects again.
    fn hang_up(&mut self) {
        self.client = None;
    }

    fn call<A: Serialize, R: DeserializeOwned>(
        &mut self,
        verb: Verb,
        args: &A,
        changing: bool,
    ) -> Result<R, Failure> {
        let fail = |error| Failure::from_call(error, &self.socket, changing);
        let client = match &mut self.client {
            Some(client) => client,
            none => none.insert(Client::connect(&self.socket).map_err(fail)?),
        };
        client.call(verb, args).map_err(fail)
    }
}

/// `root (uid 0)`.
fn actor(actor: &Actor) -> String {
    match &actor.name {
        Some(name) => format!("{name} (uid {})", actor.uid),
        None => format!("uid {}", actor.uid),
    }
}

/// `192.0.2.7`, with a mark if nobody vouches for it; `None` if the host gave no address.
fn address(used: &Use) -> Option<String> {
    let mark = if used.rhost_unproven { " (unproven)" } else { "" };
    used.rhost.as_ref().map(|rhost| format!("{rhost}{mark}"))
}

/// `3 days ago via imap from 192.0.2.7`, or `never used`.
fn last_use(record: &AppPassword, clock: &Clock) -> String {
    let Some(used) = &record.last_use else { return "never used".to_owned() };
    let from = address(used).map(|address| format!(" from {address}")).unwrap_or_default();
    format!("{} via {}{from}", clock.ago(used.last), used.service)
}
