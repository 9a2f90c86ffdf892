//! Dovecot's sessions and cache, through doveadm, for `--kick`: Dovecot knows nothing of what
//! apppwd refuses.
//!
//! Measured with Dovecot 2.3.19 and 2.4.1: `--` ends the options of `kick`. `kick`
//! without a session ends with 68 in 2.3 and with 0 in 2.4; 2.4 takes long to give up if Dovecot is down.
//! `auth cache flush` ends with 0 whatever happens: only its output tells. `kick` takes
//! patterns and addresses where we have a name, and has no way to quote them. `who` without
//! `-1` is no JSON in 2.3: its array ends behind the first line.

pub mod run;

use crate::output::Text;
use run::{Outcome, run};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::time::Duration;

const DOVEADM: &str = "doveadm";

/// How long one doveadm may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// `kick` of Dovecot 2.3 found no session (EX_NOHOST, which doveadm gives for "not found").
const NOT_FOUND: i32 = 68;

/// What came of one name.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Kicked {
    pub user: String,
    pub done: bool,
    pub message: String,
}

impl Kicked {
    /// For the person who waits.
    pub fn text(&self) -> Text {
        let mut text = Text::new();
        let not = if self.done { "" } else { "NOT DONE: " };
        text.line(format!("apppw: {}: {not}{}", self.user, self.message));
        text
    }
}

/// Dovecot on this host.
#[derive(Default)]
pub struct Dovecot {
    /// Why nothing more is tried: each further try would fail too, and take as long.
    hopeless: Option<String>,
}

impl Dovecot {
    /// Makes it forget the logins that it has cached. All of them: it may know an account by
    /// names (another case, another domain) that we don't.
    pub fn flush(&mut self) -> Result<(), String> {
        self.ask(&["auth", "cache", "flush"], flushed)
    }

    /// The names under which it has sessions.
    pub fn who(&mut self) -> Result<BTreeSet<String>, String> {
        self.ask(&["-f", "json", "who", "-1"], listed)
    }

    /// Ends the sessions under this name: even if the cache couldn't be flushed, it isn't everything.
    pub fn kick(&mut self, user: &str, flushed: &Result<(), String>) -> Result<String, String> {
        if let Some(meant) = misread(user) {
            return Err(format!(
                "doveadm kick would take the name for {meant}; end the sessions by process id"
            ));
        }
        let ended = self.ask(&["kick", "--", user], ended)?;
        flushed.as_ref().map_err(|why| format!("{ended}, but {why}"))?;
        Ok(format!("{ended}, Dovecot's cache flushed"))
    }

    fn ask<T>(
        &mut self,
        args: &[&str],
        read: impl FnOnce(&Outcome) -> Result<T, String>,
    ) -> Result<T, String> {
        if let Some(why) = &self.hopeless {
            return Err(format!("not tried, since {why}"));
        }
        let outcome = run(DOVEADM, args, TIMEOUT);
        let ran = outcome.is_ok();
        let result = outcome.and_then(|outcome| read(&outcome));
        // Without anvil, which knows the sessions, Dovecot is down.
        self.hopeless = result.as_ref().err().filter(|why| !ran || why.contains("/anvil")).cloned();
        result
    }
}

fn flushed(outcome: &Outcome) -> Result<(), String> {
    if outcome.code == Some(0) && outcome.complaint().is_none() {
        return Ok(());
    }
    Err(format!("doveadm auth cache flush: {}", outcome.last_word()))
}

fn listed(outcome: &Outcome) -> Result<BTreeSet<String>, String> {
    #[derive(Deserialize)]
    struct Open {
        username: String,
    }
    if outcome.code != Some(0) || outcome.complaint().is_some() {
        return Err(format!("doveadm who: {}", outcome.last_word()));
    }
    // What is cut off is no JSON either.
    let open: Vec<Open> =
        serde_json::from_str(&outcome.stdout).map_err(|e| format!("doveadm who can't be understood: {e}"))?;
    Ok(open.into_iter().map(|open| open.username).collect())
}

fn ended(outcome: &Outcome) -> Result<&'static str, String> {
    match outcome.code {
        Some(NOT_FOUND) => Ok("no open sessions"),
        // A process that serves others too was left alone (client_limit above 1).
        Some(0) if outcome.lines().any(|line| line.contains("'-f' option")) => {
            Err("doveadm kick: a process also serves other users: doveadm kick -f ends theirs too".to_owned())
        }
        Some(0) if outcome.complaint().is_none() => {
            let none = outcome.lines().any(|line| line.starts_with("0 connections kicked"));
            Ok(if none { "no open sessions" } else { "open sessions ended" })
        }
        _ => Err(format!("doveadm kick: {}", outcome.last_word())),
    }
}

/// What `doveadm kick` would take the name for, if not for a name.
fn misread(user: &str) -> Option<&'static str> {
    if user.contains(['*', '?', '\\']) {
        return Some("a pattern");
    }
    let number = |text: &str| match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
    };
    let base = user.split_once('/').map_or(user, |(base, _bits)| base);
    let v4 = base.split('.').count() <= 4 && base.split('.').all(number);
    let v6 = base.trim_matches(['[', ']']).split('%').next().is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok());
    let digits = user.bytes().all(|byte| byte.is_ascii_digit());
    ((v4 || v6) && !digits).then_some("an address")
}

#[cfg(test)]
mod tests;
