//! `--kick`: ending the sessions that are open when logins are refused from now on.

use super::doveadm::{Dovecot, Kicked};
use super::other_names::OtherNames;
use super::{Session, several};
use crate::exit::{Failure, Status};
use crate::output::number::count;
use crate::output::{Text, json};
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::AppPassword;
use serde::Serialize;
use std::collections::BTreeSet;

/// Before anything is changed: whether `--kick` can be done at all.
pub fn check(kick: bool) -> Result<(), Failure> {
    if kick && !nix::unistd::Uid::effective().is_root() {
        return Err(Failure::usage(
            "--kick runs doveadm, which needs root; nothing was changed: run it as root, or leave --kick out",
        ));
    }
    Ok(())
}

/// A change that failed has ended no session, though it may be in force: that is said.
pub fn not_reached(failure: Failure, kick: bool) -> Failure {
    if !kick || failure.code != "read_only" {
        return failure;
    }
    let message = format!("{}; sessions were NOT ended (doveadm kick -- USER does that)", failure.message);
    Failure { message, ..failure }
}

/// Whose sessions are to be ended.
pub struct Sessions {
    /// The accounts, and what was typed for them.
    pub users: BTreeSet<String>,
    /// Their other names, if they were looked for already.
    pub others: Option<OtherNames>,
    /// Of so many app passwords the account couldn't be asked for.
    pub unknown: u64,
}

impl Sessions {
    /// Those opened with `count` app passwords that were changed, of which `records` are known,
    /// and with those that had been so before: who repeats a command whose kick failed changes
    /// nothing the second time.
    pub fn of(session: &mut Session, count: u64, records: &[AppPassword], already: &[AppPasswordId]) -> Self {
        let mut records = records.to_vec();
        several::fetch_missing(session, already, &mut records);
        Self {
            users: records.iter().map(|record| record.user.clone()).collect(),
            others: None,
            unknown: (count + several::number(already)).saturating_sub(several::number(&records)),
        }
    }
}

/// Tells what was changed, and ends the sessions if there are some to end: `text` is for
/// people, `document` for programs, with what came of the kick.
pub fn finish<D: Serialize>(
    session: &mut Session,
    sessions: Option<Sessions>,
    text: impl FnOnce() -> Text,
    document: impl FnOnce(Option<Vec<Kicked>>) -> D,
) -> Result<Status, Failure> {
    let json = session.json;
    // Should this fail, the sessions are ended all the same.
    let shown = if json { Ok(()) } else { text().print() };
    let ended = sessions.map(|sessions| {
        let unknown = sessions.unknown;
        let kicked = end(session, sessions, |kicked| {
            if !json {
                kicked.text().print_to_stderr();
            }
        });
        let open = still_open(&kicked, unknown);
        (kicked, open)
    });
    shown?;
    let (kicked, open) = ended.unzip();
    if json {
        json::print(&document(kicked))?;
    }
    open.flatten().map_or(Ok(Status::Done), Err)
}

/// Ends the sessions; `tell` hears of each name as it is done. First the cache: a client that
/// comes back at once, under whatever name, mustn't find its old password there.
fn end(session: &mut Session, sessions: Sessions, mut tell: impl FnMut(&Kicked)) -> Vec<Kicked> {
    let Sessions { users, others, .. } = sessions;
    if users.is_empty() {
        return Vec::new();
    }
    let mut dovecot = Dovecot::default();
    let flushed = dovecot.flush();
    let OtherNames { names, doubt } =
        others.unwrap_or_else(|| OtherNames::find(session, &mut dovecot, &users));
    let users = users.into_iter().map(|user| (user, doubt.as_deref()));
    let all = users.chain(names.into_iter().map(|name| (name, None)));
    let kick = |(user, doubt): (String, Option<&str>)| {
        let result = dovecot.kick(&user, &flushed);
        let result = match (result, doubt) {
            (Ok(ended), Some(doubt)) => Err(format!("{ended}, but {doubt}")),
            (result, _) => result,
        };
        let done = result.is_ok();
        let kicked = Kicked { user, done, message: result.unwrap_or_else(|message| message) };
        tell(&kicked);
        kicked
    };
    all.map(kick).collect()
}

/// What is to be said if sessions may have been left.
fn still_open(kicked: &[Kicked], unknown: u64) -> Option<Failure> {
    let failed = kicked.iter().filter(|kicked| !kicked.done).count();
    if failed == 0 && unknown == 0 {
        return None;
    }
    let names = match (failed, kicked.len()) {
        (0, _) | (_, 1) => String::new(),
        (failed, all) => format!(", those of {failed} of {}", count(several::number_of(all), "name")),
    };
    let unknown = if unknown == 0 {
        String::new()
    } else {
        format!(", those of {} whose account isn't known", several::count(unknown))
    };
    Some(Failure::kick(format!(
        "the change is made and holds, but sessions may still be open{names}{unknown} \
         (doveadm who lists them); to end them: doveadm auth cache flush, then doveadm kick -- USER"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_may_be_open_is_a_failure_but_no_doubt_about_the_change() {
        let kicked = |done| Kicked { user: "alice".into(), done, message: String::new() };
        assert_eq!(still_open(&[kicked(true), kicked(true)], 0), None);
        assert_eq!(still_open(&[], 0), None);
        let failure = still_open(&[kicked(true), kicked(false)], 0).unwrap();
        assert_eq!((failure.status, failure.code), (Status::Refused, "kick"));
        assert!(failure.message.starts_with("the change is made"), "{failure:?}");
        assert!(failure.message.contains("those of 1 of 2 names ("), "{failure:?}");
        let failure = still_open(&[kicked(false)], 1).unwrap();
        assert!(failure.message.contains("open, those of 1 app password whose"), "{failure:?}");
        let failure = still_open(&[kicked(true)], 3).unwrap();
        assert!(failure.message.contains("open, those of 3 app passwords"), "{failure:?}");
    }

    #[test]
    fn a_change_that_failed_has_ended_no_session() {
        let failure = || Failure { code: "read_only", ..Failure::usage("the disk is full") };
        assert!(not_reached(failure(), true).message.contains("sessions were NOT ended"));
        assert_eq!(not_reached(failure(), false), failure());
        assert_eq!(not_reached(Failure::usage("x"), true), Failure::usage("x"));
    }
}
