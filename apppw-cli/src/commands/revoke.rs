//! `apppw revoke`.

use super::kick::{self, Sessions};
use super::other_names::{OtherNames, account_of};
use super::resolve::{self, For};
use super::{Session, several};
use crate::cli::Revoke;
use crate::exit::{Failure, Status};
use crate::output::number::thousands;
use crate::output::terminal::{self, Stream};
use crate::output::time::Clock;
use crate::output::{Fit, Text, json};
use apppw_admin::verbs::{RevokeArgs, Revoked};
use apppw_admin::{AppPasswordId, Verb};

pub fn run(session: &mut Session, args: Revoke) -> Result<Status, Failure> {
    let clock = Clock::system();
    let asks = !args.yes.yes && !args.dry_run;
    let person = terminal::stdin_is_terminal();
    kick::check(args.kick.kick)?;
    if asks && args.ids.is_empty() && !person {
        return Err(Failure::usage(
            "a revocation by anything but ids needs --yes, since there is no terminal to ask on \
             (--dry-run shows what it would revoke)",
        ));
    }
    let asks = asks && person;
    let watched = match For::changing(args.yes.yes) {
        For::ChangingUnseen if !args.dry_run => For::ChangingUnseen,
        _ => For::Planning,
    };
    let ids = resolve::ids(session, &args.ids, watched)?;
    let mut batches = batches(&args, ids, &clock)?;
    // One batch is one transaction, and an unknown id in it changes nothing. With several, a
    // dry run finds it before anything is revoked.
    if asks || batches.len() > 1 && !args.dry_run {
        let mut planned = call(session, &batches, true)?;
        if asks && planned.count > 0 {
            several::fetch_missing(session, &planned.ids, &mut planned.app_passwords);
            session.hang_up();
            let question = match planned.count {
                1 => "Revoke this app password?".to_owned(),
                count => format!("Revoke these {} app passwords?", thousands(count)),
            };
            let mut about = Text::new();
            write_table(&mut about, &planned, &clock, Fit::of(Stream::Stderr));
            several::write_extent(&mut about, planned.count, &planned.app_passwords, &clock);
            if !terminal::confirm(&about, &question)? {
                return Err(Failure::declined("nothing was revoked"));
            }
            // What was shown is what goes, not what fits a selection by now.
            if !args.all && several::number(&planned.ids) == planned.count {
                batches = of_ids(planned.ids);
            }
        }
    }
    let mut revoked =
        call(session, &batches, args.dry_run).map_err(|e| kick::not_reached(e, args.kick.kick))?;
    several::fetch_missing(session, &revoked.ids, &mut revoked.app_passwords);
    let sessions = (args.kick.kick && !args.dry_run).then(|| sessions(session, &args, &revoked));
    let text = || text(&revoked, args.dry_run, &clock, Fit::of(Stream::Stdout));
    kick::finish(session, sessions, text, |kicked| json::revoked(&revoked, args.dry_run, kicked))
}

/// The calls to make: a selection is one, ids may be several.
fn batches(args: &Revoke, ids: Vec<AppPasswordId>, clock: &Clock) -> Result<Vec<RevokeArgs>, Failure> {
    if ids.is_empty() {
        let begin = |day| {
            clock.start_of(day).ok_or_else(|| {
                Failure::invalid(
                    "created_before",
                    format!("{day} is beyond what the calendar holds: give an earlier day"),
                )
            })
        };
        return Ok(vec![RevokeArgs {
            ids: Vec::new(),
            users: args.users.clone(),
            all: args.all,
            unused: args.unused,
            created_before: args.created_before.map(begin).transpose()?,
            service: args.service.clone(),
            dry_run: false,
        }]);
    }
    Ok(of_ids(ids))
}

fn of_ids(ids: Vec<AppPasswordId>) -> Vec<RevokeArgs> {
    let batch = |ids: &[_]| RevokeArgs { ids: ids.to_vec(), ..RevokeArgs::default() };
    several::distinct(ids).chunks(several::BATCH).map(batch).collect()
}

fn call(session: &mut Session, batches: &[RevokeArgs], dry_run: bool) -> Result<Revoked, Failure> {
    let mut sum = Revoked {
        count: 0,
        ids: Vec::new(),
        app_passwords: Vec::new(),
        already: Vec::new(),
        record_since: None,
    };
    session.counting(if dry_run { "read" } else { "revoked" }, |session| {
        for batch in batches {
            let args = RevokeArgs { dry_run, ..batch.clone() };
            let mut revoked: Revoked = if dry_run {
                session.ask(Verb::Revoke, &args)?
            } else {
                session.change(Verb::Revoke, &args)?
            };
            sum.count += revoked.count;
            sum.ids.append(&mut revoked.ids);
            sum.app_passwords.append(&mut revoked.app_passwords);
            sum.already.append(&mut revoked.already);
            sum.record_since = sum.record_since.max(revoked.record_since);
            session.reached(sum.ids.len());
        }
        Ok(sum)
    })
}

/// Whose sessions `--kick` ends. Of accounts named with --all also those that had no app
/// password left.
fn sessions(session: &mut Session, args: &Revoke, revoked: &Revoked) -> Sessions {
    let mut sessions = Sessions::of(session, revoked.count, &revoked.app_passwords, &revoked.already);
    for user in args.users.iter().filter(|_| args.all) {
        sessions.users.insert(user.clone());
        match account_of(session, user) {
            Ok(account) => sessions.users.extend(account),
            Err(failure) => sessions.others = Some(OtherNames::unknown(failure.message)),
        }
    }
    sessions
}

fn text(revoked: &Revoked, dry_run: bool, clock: &Clock, fit: Fit) -> Text {
    let mut text = Text::new();
    if !dry_run {
        several::write_done(&mut text, &revoked.ids, &revoked.app_passwords, "revoked");
        write_rest(&mut text, revoked, " revoked");
    } else if revoked.count > 0 {
        write_table(&mut text, revoked, clock, fit);
    }
    for id in &revoked.already {
        text.line(format!("{id} had been revoked before"));
    }
    if dry_run {
        text.line(format!("{} would be revoked; nothing was changed", several::count(revoked.count)));
    } else if revoked.count == 0 && revoked.already.is_empty() {
        text.line("no app passwords to revoke");
    }
    text
}

/// What is to be revoked.
fn write_table(text: &mut Text, revoked: &Revoked, clock: &Clock, fit: Fit) {
    several::write_table(text, &revoked.ids, &revoked.app_passwords, clock, fit);
    write_rest(text, revoked, "");
    if let Some(since) = revoked.record_since {
        let since = clock.exact(since);
        text.line(format!(
            "The record of uses has a gap that ended {since}: some of them may have been used before"
        ));
    }
}

/// Of very many the answer has not even every id.
fn write_rest(text: &mut Text, revoked: &Revoked, done: &str) {
    let unnamed = revoked.count.saturating_sub(several::number(&revoked.ids));
    if unnamed > 0 {
        text.line(format!("and {unnamed} more{done}"));
    }
}

#[cfg(test)]
mod tests;
