//! One client of one host, in one case: accounts of its own, logins, and what the log says of them.

use super::hosts::Host;
use super::lab::{Daemon, Lab, Running};
use apppw_admin::verbs::Created;
use apppw_tests::clients::{Answer, Attempt, MailLogin, Outcome};
use libtest_mimic::Failed;
use std::net::IpAddr;
use std::ops::Deref;
use std::thread;
use std::time::{Duration, Instant};

/// How long a verdict's line may take to be in the log.
const LOG_WITHIN: Duration = Duration::from_secs(5);

/// How a case ends.
pub type Check = Result<(), Failed>;

/// What a login must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Logged in, and apppwd says so.
    Accepted,
    /// "Wrong password", and apppwd logs this reason.
    Refused(&'static str),
    /// "Wrong password", and apppwd was not asked: the module, or the server, knew enough.
    Unasked,
    /// The protocol can't carry it; apppwd was not asked.
    Unspeakable,
    /// Left to the next module, for this reason, which finds it wrong.
    Left(&'static str),
}

/// One client of one host, in one case.
#[derive(Clone, Copy)]
pub struct Spot<'a> {
    pub lab: &'a Lab,
    pub host: &'static Host,
    pub running: &'a Running,
    /// "imap-login"
    pub client: &'static str,
    pub case: &'static str,
}

/// The same, with the daemon: nobody stops it meanwhile.
pub struct Place<'a> {
    pub spot: Spot<'a>,
    pub daemon: Daemon<'a>,
    client: Box<dyn MailLogin>,
}

/// "imap AUTHENTICATE PLAIN" as it is written in a trial's name.
pub fn slug(client: &dyn MailLogin) -> String {
    client.name().to_lowercase().replace([' ', '/'], "-")
}

impl<'a> Spot<'a> {
    /// With the daemon.
    pub fn place(self) -> Place<'a> {
        let clients = self.running.server.clients();
        let client = clients.into_iter().find(|client| slug(client.as_ref()) == self.client);
        let client = client.unwrap_or_else(|| panic!("{} has no client {}", self.host.name, self.client));
        Place { spot: self, daemon: self.running.daemon(), client }
    }

    /// What PAM hears as service.
    pub fn service(&self) -> &'static str {
        match self.client.split_once('-') {
            _ if self.host.has_one_service() => "dovecot",
            Some((service, _)) => service,
            None => self.client,
        }
    }
}

impl<'a> Deref for Place<'a> {
    type Target = Spot<'a>;

    fn deref(&self) -> &Spot<'a> {
        &self.spot
    }
}

impl Place<'_> {
    /// A virtual user that no other case has. Short, because saslauthd's cache leaves names of more
    /// than 60 bytes alone: a test of what it does to a revoked app password couldn't fail.
    pub fn user(&self) -> String {
        format!("u{}@example.org", self.lab.number())
    }

    /// An app password; no services: the default ones.
    pub fn create(&self, user: &str, services: &[&str]) -> Created {
        self.create_named(user, self.case, services)
    }

    /// An app password with a name.
    pub fn create_named(&self, user: &str, name: &str, services: &[&str]) -> Created {
        let created = self.daemon.create(user, name, services);
        self.lab.keep(created.secret.expose());
        created
    }

    /// An app password whose secret has the character.
    pub fn create_with(&self, user: &str, character: char) -> Created {
        let mut tries = (0..200).map(|n| self.create_named(user, &format!("try {n}"), &[]));
        tries.find(|created| created.secret.expose().contains(character)).expect("one in three has it")
    }

    /// One login.
    pub fn login(&self, user: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> Result<Answer, Failed> {
        Ok(self.client.login(&Attempt::new(&user, &password))?)
    }

    /// One login from an address.
    pub fn login_from(&self, from: IpAddr, user: &str, password: &str) -> Result<Answer, Failed> {
        Ok(self.client.login(&Attempt::new(user, password).from(from))?)
    }

    /// The daemon's lines on verdicts for this user and service.
    pub fn verdicts(&self, user: &str) -> Vec<String> {
        let (user, service) = (format!(" user={user} "), format!(" service={} ", self.service()));
        let log = self.daemon.log();
        // A blank at the end, so that the last field is found like the others.
        let lines = log.lines().map(|line| format!("{line} "));
        lines.filter(|line| line.contains(&user) && line.contains(&service)).collect()
    }

    /// The daemon's lines that came after the first `before`. Verdicts are written behind: if there should be `some`
    /// they are waited for; and always a moment longer, so that one too many is seen as well.
    pub fn verdicts_after(&self, before: usize, user: &str, some: bool) -> Vec<String> {
        let deadline = Instant::now() + LOG_WITHIN;
        while some && self.verdicts(user).len() <= before && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        thread::sleep(Duration::from_millis(if some { 10 } else { 100 }));
        self.verdicts(user).split_off(before)
    }

    /// One login and its verdict.
    pub fn expect(&self, expect: Expect, user: &str, password: impl AsRef<[u8]>) -> Check {
        self.expect_shown(expect, user, user, password)
    }

    /// The same for a user whom the log shows otherwise than typed.
    pub fn expect_shown(
        &self,
        expect: Expect,
        user: impl AsRef<[u8]>,
        shown: &str,
        password: impl AsRef<[u8]>,
    ) -> Check {
        let before = self.verdicts(shown).len();
        let answer = self.login(user, password)?;
        let some = !matches!(expect, Expect::Unasked | Expect::Unspeakable);
        let verdicts = self.verdicts_after(before, shown, some);
        let said = |start: &str| verdicts.len() == 1 && verdicts[0].contains(start);
        let right = match expect {
            Expect::Accepted => answer.accepted() && said(": accepted reason=accepted "),
            Expect::Refused(reason) => {
                matches!(answer.outcome, Outcome::Refused(_)) && said(&format!(": refused reason={reason} "))
            }
            Expect::Unasked => matches!(answer.outcome, Outcome::Refused(_)) && verdicts.is_empty(),
            Expect::Unspeakable => {
                matches!(answer.outcome, Outcome::ProtocolRefused(_)) && verdicts.is_empty()
            }
            Expect::Left(reason) => {
                matches!(answer.outcome, Outcome::Refused(_)) && said(&format!(": not-mine reason={reason} "))
            }
        };
        if right {
            return Ok(());
        }
        Err(format!("expected {expect:?}\nanswer {answer:?}\nverdicts {verdicts:#?}\n{}", self.log_of(shown))
            .into())
    }

    /// The log has a verdict on this user that begins so: for users whom other cases have too.
    pub fn saw(&self, user: &str, start: &str) -> Check {
        let deadline = Instant::now() + LOG_WITHIN;
        let mut verdicts = self.verdicts(user);
        while Instant::now() < deadline {
            if verdicts.iter().any(|line| line.contains(start)) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(5));
            verdicts = self.verdicts(user);
        }
        Err(format!("no {start:?} in {verdicts:#?}\n{}", self.log_of(user)).into())
    }

    /// What the server logged about this user.
    fn log_of(&self, user: &str) -> String {
        let log = self.running.server.log();
        log.lines().filter(|line| line.contains(user)).map(|line| format!("server: {line}\n")).collect()
    }

    /// A new user's secret, typed so, is accepted.
    pub fn accepts(&self, typed: impl FnOnce(&str) -> String) -> Check {
        let user = self.user();
        let created = self.create(&user, &[]);
        self.expect(Expect::Accepted, &user, typed(created.secret.expose()))
    }

    /// A new user's secret, typed so, is not; then as it is, it is: so it was the typing, and
    /// whatever was typed has harmed nothing.
    pub fn denies(&self, expect: Expect, typed: impl FnOnce(&str) -> Vec<u8>) -> Check {
        let user = self.user();
        let created = self.create(&user, &[]);
        let secret = created.secret.expose();
        self.expect(expect, &user, typed(secret))?;
        self.expect(Expect::Accepted, &user, secret)
    }
}
