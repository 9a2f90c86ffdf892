//! One client of one host, in one case: accounts of its own, logins, and what the log says of them.

use super::hosts::Host;
use super::lab::{Daemon, Lab, Running};
use apppw_admin::verbs::Created;
use apppw_tests::clients::{Answer, Attempt, MailLogin, Outcome};
use libtest_mimic::Failed;
use std::net::IpAddr;
use std::ops::Deref;
use std::rc::Rc;
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
    /// Left to the next module, for this reason, which finds it right; so it is reported.
    Passed(&'static str),
}

impl Expect {
    /// How the verdicts begin.
    fn verdicts(self) -> Vec<String> {
        match self {
            Expect::Accepted => vec![": accepted reason=accepted ".into()],
            Expect::Refused(reason) => vec![format!(": refused reason={reason} ")],
            Expect::Unasked | Expect::Unspeakable => Vec::new(),
            Expect::Left(reason) => vec![format!(": not-mine reason={reason} ")],
            Expect::Passed(reason) => {
                [reason, "primary-used"].map(|reason| format!(": not-mine reason={reason} ")).into()
            }
        }
    }

    fn fits(self, answer: &Answer) -> bool {
        match self {
            Expect::Accepted | Expect::Passed(_) => answer.accepted(),
            Expect::Unspeakable => matches!(answer.outcome, Outcome::ProtocolRefused(_)),
            Expect::Refused(_) | Expect::Unasked | Expect::Left(_) => {
                matches!(answer.outcome, Outcome::Refused(_))
            }
        }
    }
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
    /// One lock for all places of a case: a second one could wait for who waits for the first.
    pub daemon: Rc<Daemon<'a>>,
    client: Box<dyn MailLogin>,
    from: Option<IpAddr>,
}

/// "imap AUTHENTICATE PLAIN" as it is written in a trial's name.
pub fn slug(client: &dyn MailLogin) -> String {
    client.name().to_lowercase().replace([' ', '/'], "-")
}

impl<'a> Spot<'a> {
    /// With the daemon.
    pub fn place(self) -> Place<'a> {
        Place { spot: self, daemon: Rc::new(self.running.daemon()), client: self.mail_login(), from: None }
    }

    /// How it logs in.
    pub fn mail_login(&self) -> Box<dyn MailLogin> {
        let clients = self.running.server.clients();
        let client = clients.into_iter().find(|client| slug(client.as_ref()) == self.client);
        client.unwrap_or_else(|| panic!("{} has no client {}", self.host.name, self.client))
    }

    /// What PAM hears as service.
    pub fn service(&self) -> &'static str {
        self.host.service(self.client)
    }
}

impl<'a> Deref for Place<'a> {
    type Target = Spot<'a>;

    fn deref(&self) -> &Spot<'a> {
        &self.spot
    }
}

impl<'a> Place<'a> {
    /// Another client of the same host: after Postfix one of the Dovecot beside it, for instance.
    pub fn by(&self, client: &'static str) -> Place<'a> {
        let spot = Spot { client, ..self.spot };
        Place { spot, daemon: Rc::clone(&self.daemon), client: spot.mail_login(), from: self.from }
    }

    /// The same client at this address.
    pub fn from(&self, address: &str) -> Place<'a> {
        let from = address.parse().unwrap_or_else(|_| panic!("{address} is no address"));
        Place { from: Some(from), ..self.by(self.spot.client) }
    }

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
        Ok(self.client.login(&Attempt { from: self.from, ..Attempt::new(&user, &password) })?)
    }

    /// The daemon's lines on verdicts for this user and service.
    pub fn verdicts(&self, user: &str) -> Vec<String> {
        let (user, service) = (format!(" user={user} "), format!(" service={} ", self.service()));
        let log = self.daemon.log();
        // A blank at the end, so that the last field is found like the others.
        let lines = log.lines().map(|line| format!("{line} "));
        lines.filter(|line| line.contains(&user) && line.contains(&service)).collect()
    }

    /// The daemon's lines that came after the first `before`. Verdicts are written behind: so many `expected` ones
    /// are waited for; and always a moment longer, so that one too many is seen as well.
    fn verdicts_after(&self, before: usize, user: &str, expected: usize) -> Vec<String> {
        let deadline = Instant::now() + LOG_WITHIN;
        while self.verdicts(user).len() < before + expected && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        thread::sleep(Duration::from_millis(if expected > 0 { 10 } else { 100 }));
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
        let expected = expect.verdicts();
        let verdicts = self.verdicts_after(before, shown, expected.len());
        let right = expect.fits(&answer)
            && verdicts.len() == expected.len()
            && verdicts.iter().zip(&expected).all(|(line, start)| line.contains(start));
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
