//! A mail host on which time passes, driven by the command lines of the documents: what they show
//! is what came of running them.

mod aliases;
mod terminal;

pub use terminal::Terminal;

use crate::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use crate::clock::Clock;
use crate::frames::{Ask, canonical};
use aliases::Aliases;
use apppw_proto::frame::Verdict;
use std::cell::RefCell;

/// 2027-01-15 10:00:00 UTC, when each story begins.
const BEGINNING: i64 = 1_800_007_200;

/// The host.
pub struct Story {
    daemon: Apppwd,
    clock: Clock,
    aliases: RefCell<Aliases>,
}

impl Story {
    /// A new host, with `config` behind what every test has.
    #[must_use]
    pub fn begin(config: &str) -> Self {
        let site = Site::new(&format!("{CHEAP_ARGON2}{config}"));
        let clock = Clock::new(&site);
        clock.set(BEGINNING);
        let mut command = clock.drive(site.command());
        command.env("TEST_HOST", "mail1");
        let daemon = site.start_by(command);
        Self { daemon, clock, aliases: RefCell::default() }
    }

    /// Runs a command line, as root at `terminal`, and returns what it showed: ids and secrets, which
    /// are drawn at random, under the aliases that they have in documents.
    #[must_use]
    pub fn run(&self, line: &str, terminal: &Terminal) -> String {
        let mut aliases = self.aliases.borrow_mut();
        let shown = terminal.run(&aliases.real(line), &self.daemon.admin_socket(), &self.clock);
        // No two things happen in one second: their order would be chance.
        self.later(10);
        aliases.alias(&shown, line)
    }

    /// Lets some time pass.
    pub fn later(&self, seconds: i64) {
        self.clock.go(seconds);
    }

    /// A login with the app password that documents call `id`, or a wrong one; returns the verdict.
    #[must_use]
    pub fn login(&self, user: &str, service: &str, rhost: &str, id: &str) -> Verdict {
        let secret = self.aliases.borrow().secret_of(id).map_or("0000000000000000".to_owned(), canonical);
        let verdict = Ask::login(user, service, rhost, &secret).send(&self.daemon.auth_socket()).verdict;
        self.later(10);
        verdict
    }
}
