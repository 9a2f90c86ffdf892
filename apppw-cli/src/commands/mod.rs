//! The commands, one per file: each asks the daemon and says what came of it.

mod complete;
mod create;
mod doveadm;
mod events;
mod kick;
mod list;
mod mistaken;
mod other_names;
mod panic;
mod reasons;
mod rename;
mod report;
mod resolve;
mod revoke;
mod rotate;
mod setup;
mod several;
mod show;
mod status;
mod suspend;
mod user;
mod users;
mod verify;
mod wait;

use crate::cli::{Cli, Command};
use crate::exit::{Failure, Status};
use crate::output::Paint;
use crate::output::people;
use crate::output::progress::Progress;
use crate::output::quote::{quoted, word};
use crate::output::table::Cell;
use crate::output::time::Clock;
use apppw_admin::verbs::{Actor, ActorRole, AppPassword, PinState, State, Use};
use apppw_admin::{Client, ClientError, Verb};
use serde::{Serialize, de::DeserializeOwned};
use std::path::PathBuf;

#[cfg(test)]
mod golden;
#[cfg(test)]
pub mod samples;

/// Runs the command.
pub fn run(cli: Cli) -> Result<Status, Failure> {
    let mut session = Session::new(cli.global.socket, cli.global.json);
    match cli.command {
        Command::Create(args) => create::run(&mut session, args),
        Command::List(args) => list::run(&mut session, args),
        Command::Show(args) => show::run(&mut session, &args),
        Command::Rename(args) => rename::run(&mut session, args),
        Command::Rotate(args) => rotate::run(&mut session, &args),
        Command::Suspend(args) => suspend::suspend(&mut session, args),
        Command::Resume(args) => suspend::resume(&mut session, args),
        Command::Revoke(args) => revoke::run(&mut session, args),
        Command::Verify(args) => verify::run(&mut session, args),
        Command::Wait(args) => wait::run(&mut session, &args),
        Command::User(args) => user::run(&mut session, &args),
        Command::Panic(args) => panic::run(&mut session, args),
        Command::Events(args) => events::run(&mut session, args),
        Command::Users(csv) => users::run(&mut session, &csv),
        Command::Report(csv) => report::run(&mut session, &csv),
        Command::Status(args) => status::run(&mut session, &args),
        Command::Setup(args) => setup::run(&mut session, &args),
        Command::Completion(args) => complete::script(args.shell),
        Command::Complete(args) => complete::run(session.socket, args.shell),
    }
}

/// What every command needs.
struct Session {
    socket: PathBuf,
    json: bool,
    client: Option<Client>,
    /// What is shown of something that takes several calls.
    progress: Option<Progress>,
}

impl Session {
    const fn new(socket: PathBuf, json: bool) -> Self {
        Self { socket, json, client: None, progress: None }
    }

    /// Counts on a terminal, while `work` goes on, what is `done` ([`Session::reached`]).
    fn counting<T>(&mut self, done: &'static str, work: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.progress.replace(Progress::counting(done));
        let result = work(self);
        self.progress = outer;
        result
    }

    fn reached(&self, count: usize) {
        if let Some(progress) = &self.progress {
            progress.reached(u64::try_from(count).unwrap_or(u64::MAX));
        }
    }

    /// Calls a verb that changes nothing.
    fn ask<A: Serialize, R: DeserializeOwned>(&mut self, verb: Verb, args: &A) -> Result<R, Failure> {
        self.call(verb, args, false)
    }

    /// Calls a verb that changes something.
    fn change<A: Serialize, R: DeserializeOwned>(&mut self, verb: Verb, args: &A) -> Result<R, Failure> {
        self.call(verb, args, true)
    }

    /// Asks page by page: `ask(cursor)` gives a page and where the next one begins.
    fn pages<T>(
        &mut self,
        mut ask: impl FnMut(&mut Self, Option<String>) -> Result<(Vec<T>, Option<String>), Failure>,
    ) -> Result<Vec<T>, Failure> {
        self.counting("read", |session| {
            let (mut all, mut cursor) = (Vec::new(), None);
            loop {
                let (mut page, next) = ask(session, cursor.clone())?;
                all.append(&mut page);
                session.reached(all.len());
                if next.is_none() {
                    return Ok(all);
                }
                if next == cursor {
                    let error = ClientError::Protocol("the list doesn't go on".to_owned());
                    return Err(Failure::from_call(error, &session.socket, false));
                }
                cursor = next;
            }
        })
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
        let _waiting = self.progress.is_none().then(Progress::waiting);
        let fail = |error| Failure::from_call(error, &self.socket, changing);
        let client = match &mut self.client {
            Some(client) => client,
            none => none.insert(Client::connect(&self.socket).map_err(fail)?),
        };
        client.call(verb, args).map_err(fail)
    }
}

/// `root (uid 0)`, and who is behind it where that is somebody else: `root (uid 0, logged in as
/// alice (uid 1000))`. That name is what this host calls the uid today: it isn't on record.
fn actor(actor: &Actor) -> String {
    let behind = actor.login_uid.filter(|uid| *uid != actor.uid);
    let behind = behind.map(|uid| match people::name_of(uid) {
        Some(name) => format!(", logged in as {} (uid {uid})", word(&name)),
        None => format!(", logged in as uid {uid}"),
    });
    let behind = behind.unwrap_or_default();
    // Root's role is no news, and a person's own neither.
    let role = match actor.role {
        ActorRole::Admin if actor.uid != 0 => ", admin",
        ActorRole::Helpdesk => ", helpdesk",
        ActorRole::Admin | ActorRole::User | ActorRole::Nobody | ActorRole::Daemon => "",
    };
    let behind = format!("{role}{behind}");
    match &actor.name {
        Some(name) => format!("{name} (uid {}{behind})", actor.uid),
        None if behind.is_empty() => format!("uid {}", actor.uid),
        None => format!("uid {} ({})", actor.uid, behind.trim_start_matches(", ")),
    }
}

/// `192.0.2.7`, with a mark if nobody vouches for it; `None` if the host gave no address.
fn address(rhost: Option<&str>, unproven: bool) -> Option<String> {
    let mark = if unproven { " (unproven)" } else { "" };
    rhost.map(|rhost| format!("{rhost}{mark}"))
}

/// `3 days ago via imap from 192.0.2.7`, or `never used`.
fn last_use(used: Option<&Use>, clock: &Clock) -> String {
    let Some(used) = used else { return "never used".to_owned() };
    let from = address(used.rhost.as_deref(), used.rhost_unproven);
    let from = from.map(|address| format!(" from {address}")).unwrap_or_default();
    format!("{} via {}{from}", clock.ago(used.last), used.service)
}

/// As [`last_use`]; where there is no room only how long ago.
fn last_use_cell(used: Option<&Use>, clock: &Clock) -> Cell {
    let short = used.map_or_else(|| "never used".to_owned(), |used| clock.ago_or_date(used.last));
    Cell::from(last_use(used, clock)).or(short)
}

/// `live`, or what it is instead and since when: `when` writes a time that lies behind,
/// `until` one that something ends at.
fn state(record: &AppPassword, when: impl Fn(i64) -> String, until: impl Fn(i64) -> String) -> String {
    let since = match record.state {
        State::Live => match (record.successor, record.expires) {
            (Some(_), Some(time)) => return format!("until {}", until(time)),
            _ => None,
        },
        State::Suspended => record.suspended,
        State::Expired => record.expires,
        State::Revoked => record.revoked,
    };
    let word = record.state.as_str();
    since.map_or_else(|| word.to_owned(), |time| format!("{word} {}", when(time)))
}

/// How a state is painted; the word is there, too.
const fn paint_of(state: State) -> Paint {
    match state {
        State::Live => Paint::Plain,
        State::Suspended | State::Expired => Paint::Notable,
        State::Revoked => Paint::Faint,
    }
}

/// `ap-7k3m9qxe: "laptop" of alice`, without the id: in a sentence.
fn named(record: &AppPassword) -> String {
    format!("{} of {}", quoted(&record.name), word(&record.user))
}

/// The service or network that it is locked to, or that it waits for the first use.
fn pin(pin: &PinState) -> &str {
    match pin {
        PinState::Pending => "to be locked at the first use",
        PinState::To(value) => value,
    }
}
