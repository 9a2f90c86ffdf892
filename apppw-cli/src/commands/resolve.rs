//! Ids as people type them: a whole one, or the beginning of one.

use super::Session;
use crate::cli::TypedId;
use crate::exit::Failure;
use crate::output::quote::{quoted, word};
use crate::output::{Text, terminal};
use apppw_admin::text::{check_field, cut, visible};
use apppw_admin::verbs::{Candidate, FindArgs, FindWhat, Found, State};
use apppw_admin::{AppPasswordId, IdPrefix, Verb};
use std::fmt::Write as _;

/// Fewer characters are more likely a slip than an id.
const LEAST: usize = 3;

/// Longest text that is sent or shown: a name that has an app password's greatest length, and its
/// user's.
const LONGEST: usize = 160;

/// What the ids are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// To look at them: ended ones count too.
    Looking,
    /// To change them, and a person watches: who has typed a part is asked whether that one is meant.
    Changing,
    /// The same, where the command asks about what it has found anyhow, or changes nothing.
    Planning,
    /// To change them where nobody watches: what is the beginning of one id today may be that of
    /// another one tomorrow, so only whole ids will do.
    ChangingUnseen,
}

impl For {
    /// To change them; with `--yes`, or without a terminal, nobody watches.
    pub fn changing(yes: bool) -> Self {
        if yes || !terminal::stdin_is_terminal() { Self::ChangingUnseen } else { Self::Changing }
    }
}

/// The ids that are meant. Whole ones aren't asked about.
pub fn ids(session: &mut Session, typed: &[TypedId], what_for: For) -> Result<Vec<AppPasswordId>, Failure> {
    typed.iter().map(|typed| id(session, typed, what_for)).collect()
}

/// The id that is meant.
pub fn id(session: &mut Session, typed: &TypedId, what_for: For) -> Result<AppPasswordId, Failure> {
    let text = match typed {
        TypedId::Whole(id) => return Ok(*id),
        TypedId::Part(text) => text,
    };
    let shown = cut(text, LONGEST);
    let prefix: Option<IdPrefix> = text.parse().ok();
    match prefix {
        Some(_) if what_for == For::ChangingUnseen => {
            let message = format!(
                "'{shown}' is not a whole id: the beginning of an id may stand for another app password later, so it is \
                 taken from a person at a terminal only, without --yes (`apppw list` shows them)"
            );
            Err(Failure::usage(message))
        }
        Some(prefix) if prefix.chars() < LEAST => {
            let message = format!(
                "'{shown}' is too short for an id: give at least {LEAST} of its characters, such as 7k3 for ap-7k3m9qxe"
            );
            Err(Failure::usage(message))
        }
        Some(prefix) => {
            let all = what_for == For::Looking;
            let found = find(session, text, all)?;
            match found.app_passwords.as_slice() {
                [] => Err(none(session, text, prefix, &found.near, all)),
                [one] if !found.more && what_for == For::Changing => confirmed(session, one),
                [one] if !found.more => Ok(one.id),
                several => Err(ambiguous(prefix, several, found.more, what_for)),
            }
        }
        // Perhaps its name was typed. If nobody can be asked, it is no id all the same.
        None => {
            let named = match check_field(text).is_ok() && text.len() <= LONGEST {
                true => find(session, text, true).map(|found| found.near).unwrap_or_default(),
                false => Vec::new(),
            };
            let message = format!(
                "'{shown}' is not the id of an app password: it has the form ap- and 8 characters, such as ap-7k3m9qxe{}{}",
                if what_for == For::ChangingUnseen { "" } else { ", or is the beginning of that" },
                did_you_mean(&named, text)
            );
            Err(Failure::usage(message))
        }
    }
}

/// What a part stands for may not be what was in mind: another one may have ended meanwhile.
fn confirmed(session: &mut Session, one: &Candidate) -> Result<AppPasswordId, Failure> {
    session.hang_up();
    let mut about = Text::new();
    about.line(described(one));
    if terminal::confirm(&about, "Is this the one?")? {
        return Ok(one.id);
    }
    Err(Failure::declined("nothing was changed"))
}

fn find(session: &mut Session, text: &str, all: bool) -> Result<Found, Failure> {
    let args = FindArgs { what: FindWhat::AppPassword, text: text.to_owned(), all, most: None };
    session.ask(Verb::Find, &args)
}

/// Nothing begins so, or only what has ended.
fn none(session: &mut Session, text: &str, prefix: IdPrefix, near: &[Candidate], all: bool) -> Failure {
    // A hint that can't be had is no failure.
    let ended = if all {
        Vec::new()
    } else {
        find(session, text, true).map_or_else(|_| Vec::new(), |f| f.app_passwords)
    };
    let message = match ended.as_slice() {
        [] => format!("there is no app password that begins with {prefix}{}", did_you_mean(near, text)),
        [one] => {
            format!("no live app password begins with {prefix}, only {}; nothing was changed", described(one))
        }
        several => format!(
            "no live app password begins with {prefix}, only {} that have ended; nothing was changed",
            several.len()
        ),
    };
    Failure::not_found("id", message)
}

/// `; did you mean ap-7k3m9qxe ("phone" of alice)?`, or nothing.
fn did_you_mean(near: &[Candidate], typed: &str) -> String {
    let Some(first) = near.first() else { return String::new() };
    let others = near.get(1..).unwrap_or_default();
    let mut hint = format!("; did you mean {}", described(first));
    for other in others {
        let _ = write!(hint, ", or {}", described(other));
    }
    hint.push('?');
    let whole_name = typed.rsplit_once('/').map_or(typed, |(_, name)| name).to_lowercase();
    if others.is_empty() && [typed.to_lowercase(), whole_name].contains(&first.name.to_lowercase()) {
        hint.push_str(" That is its name; the command takes its id");
    }
    hint
}

/// Lists what may have been meant.
fn ambiguous(prefix: IdPrefix, several: &[Candidate], more: bool, what_for: For) -> Failure {
    let changed = if what_for == For::Looking { "" } else { "; nothing was changed" };
    let mut message = format!("{prefix} is the beginning of more than one app password{changed}:");
    for candidate in several {
        // The line breaks of the message are ours: none comes from outside.
        let _ = write!(message, "\n  {}", visible(&described(candidate)));
    }
    let more = if more { "and perhaps more. " } else { "" };
    let _ = write!(message, "\n{more}Type more of the one that you mean");
    Failure { several_lines: true, ..Failure::ambiguous("id", message) }
}

/// `ap-7k3m9qxe ("phone" of alice, revoked)`
fn described(candidate: &Candidate) -> String {
    let Candidate { id, user, name, state } = candidate;
    let state = if *state == State::Live { String::new() } else { format!(", {}", state.as_str()) };
    format!("{id} ({} of {}{state})", quoted(name), word(user))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: &str, name: &str, state: State) -> Candidate {
        Candidate { id: id.parse().unwrap(), user: "alice".into(), name: name.into(), state }
    }

    #[test]
    fn several_are_listed_each_on_its_line() {
        let several = [
            candidate("ap-7k300000", "phone\nap-00000000", State::Live),
            candidate("ap-7k300001", "laptop", State::Revoked),
        ];
        let failure = ambiguous("7k3".parse().unwrap(), &several, true, For::Changing);
        assert_eq!(
            failure.message,
            "ap-7k3 is the beginning of more than one app password; nothing was changed:\n  \
             ap-7k300000 (\"phone\\u{a}ap-00000000\" of alice)\n  \
             ap-7k300001 (\"laptop\" of alice, revoked)\nand perhaps more. Type more of the one that you mean"
        );
    }

    #[test]
    fn a_name_in_the_place_of_an_id_is_told_as_such() {
        let near = [candidate("ap-7k300000", "Laptop", State::Live)];
        for typed in ["laptop", "alice/laptop"] {
            assert_eq!(
                did_you_mean(&near, typed),
                "; did you mean ap-7k300000 (\"Laptop\" of alice)? That is its name; the command takes its id"
            );
        }
        assert_eq!(did_you_mean(&near, "7k3000"), "; did you mean ap-7k300000 (\"Laptop\" of alice)?");
        assert_eq!(did_you_mean(&[], "x"), "");
    }
}
