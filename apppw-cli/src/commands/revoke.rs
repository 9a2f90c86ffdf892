//! `apppw revoke`.

use super::Session;
use crate::cli::Revoke;
use crate::exit::{Failure, Status};
use crate::output::table::Table;
use crate::output::{Text, json, terminal};
use apppw_admin::verbs::{AppPassword, RevokeArgs, Revoked, ShowArgs, Shown};
use apppw_admin::{AppPasswordId, Verb};
use std::collections::{BTreeMap, BTreeSet};

/// Ids in one call, as the contract has it: one call is one transaction.
const BATCH: usize = 1000;

pub fn run(session: &mut Session, args: Revoke) -> Result<Status, Failure> {
    let asks = !args.yes.yes && !args.dry_run;
    let Revoke { ids, user, all, dry_run, .. } = args;
    let batches = batches(ids, user.as_ref(), all);
    let person = terminal::stdin_is_terminal();
    if asks && all && !person {
        return Err(Failure::usage(format!(
            "revoking all app passwords{} needs --yes, since there is no terminal to ask on",
            user.map(|user| format!(" of {user}")).unwrap_or_default()
        )));
    }
    let asks = asks && person;
    // One batch is one transaction, and an unknown id in it changes nothing. With several, a
    // dry run finds it before anything is revoked.
    if asks || batches.len() > 1 && !dry_run {
        let mut planned = call(session, &batches, true)?;
        if asks && !planned.ids.is_empty() {
            fetch_missing(session, &mut planned);
            session.hang_up();
            let count = planned.count;
            let question = if count == 1 {
                "Revoke this app password?".to_owned()
            } else {
                format!("Revoke these {count} app passwords?")
            };
            if !terminal::confirm(&table(&planned), &question)? {
                return Err(Failure::declined("nothing was revoked"));
            }
        }
    }
    let mut revoked = call(session, &batches, dry_run)?;
    fetch_missing(session, &mut revoked);
    if session.json {
        json::print(&json::revoked(&revoked, dry_run))?;
    } else {
        text(&revoked, user.as_deref(), dry_run).print()?;
    }
    Ok(Status::Done)
}

/// The calls to make: each id once, in the order given.
fn batches(ids: Vec<AppPasswordId>, user: Option<&String>, all: bool) -> Vec<RevokeArgs> {
    if all {
        return vec![RevokeArgs { user: user.cloned(), all, ..RevokeArgs::default() }];
    }
    let mut seen = BTreeSet::new();
    let ids: Vec<AppPasswordId> = ids.into_iter().filter(|id| seen.insert(*id)).collect();
    ids.chunks(BATCH).map(|ids| RevokeArgs { ids: ids.to_vec(), ..RevokeArgs::default() }).collect()
}

fn call(session: &mut Session, batches: &[RevokeArgs], dry_run: bool) -> Result<Revoked, Failure> {
    let mut sum = Revoked { count: 0, ids: Vec::new(), app_passwords: Vec::new(), already: Vec::new() };
    for batch in batches {
        let args = RevokeArgs { dry_run, ..batch.clone() };
        let mut revoked: Revoked =
            if dry_run { session.ask(Verb::Revoke, &args)? } else { session.change(Verb::Revoke, &args)? };
        sum.count += revoked.count;
        sum.ids.append(&mut revoked.ids);
        sum.app_passwords.append(&mut revoked.app_passwords);
        sum.already.append(&mut revoked.already);
    }
    Ok(sum)
}

/// Of many, the answer has only as many records as fit into a line. The rest is asked for; what
/// can't be had stays an id: the revocation is done, and this mustn't look like its failure.
fn fetch_missing(session: &mut Session, revoked: &mut Revoked) {
    let known: BTreeSet<AppPasswordId> = revoked.app_passwords.iter().map(|record| record.id).collect();
    for id in revoked.ids.iter().filter(|id| !known.contains(id)) {
        let Ok(Shown { app_password, .. }) = session.ask(Verb::Show, &ShowArgs { id: *id }) else { return };
        revoked.app_passwords.push(app_password);
    }
}

/// Each id with its record, if that could be had.
fn records(revoked: &Revoked) -> impl Iterator<Item = (AppPasswordId, Option<&AppPassword>)> {
    let records: BTreeMap<_, _> = revoked.app_passwords.iter().map(|record| (record.id, record)).collect();
    revoked.ids.iter().map(move |id| (*id, records.get(id).copied()))
}

fn table(revoked: &Revoked) -> Text {
    let mut table = Table::new(&["ID", "USER", "NAME"]);
    for (id, record) in records(revoked) {
        let (user, name) = record.map(|r| (r.user.clone(), r.name.clone())).unwrap_or_default();
        table.row(vec![id.to_string(), user, name]);
    }
    let mut text = Text::new();
    table.write(&mut text);
    text
}

fn text(revoked: &Revoked, user: Option<&str>, dry_run: bool) -> Text {
    let done = if dry_run { "would be revoked" } else { "revoked" };
    let mut text = Text::new();
    for (id, record) in records(revoked) {
        let whose = record.map(|r| format!(": \"{}\" of {}", r.name, r.user)).unwrap_or_default();
        text.line(format!("{id} {done}{whose}"));
    }
    let unnamed = revoked.count.saturating_sub(u64::try_from(revoked.ids.len()).unwrap_or(u64::MAX));
    if unnamed > 0 {
        text.line(format!("and {unnamed} more {done}"));
    }
    for id in &revoked.already {
        text.line(format!("{id} had been revoked before"));
    }
    if let Some(user) = user.filter(|_| revoked.ids.is_empty()) {
        text.line(format!("{user} has no app passwords to revoke"));
    }
    if dry_run {
        text.line(format!("{} in all; nothing was changed", revoked.count));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;

    #[test]
    fn each_id_is_sent_once_and_no_call_is_too_long() {
        let id = AppPasswordId::from_bits;
        let sent = batches((0..2500).chain(0..2500).map(id).collect(), None, false);
        assert_eq!(sent.iter().map(|batch| batch.ids.len()).collect::<Vec<_>>(), [1000, 1000, 500]);
        let ids: Vec<_> = sent.into_iter().flat_map(|batch| batch.ids).collect();
        assert_eq!(ids, (0..2500).map(id).collect::<Vec<_>>());
    }

    #[test]
    fn what_was_done_is_said() {
        let some = samples::revocation();
        let live = "\"Thunderbird, laptop\" of alice@example.org";
        assert_eq!(
            text(&some, None, false).as_str(),
            format!("ap-0000002a revoked: {live}\nap-0000002b had been revoked before\n")
        );
        assert_eq!(
            text(&some, None, true).as_str(),
            format!(
                "ap-0000002a would be revoked: {live}\nap-0000002b had been revoked before\n\
                 1 in all; nothing was changed\n"
            )
        );
        let unknown = Revoked { app_passwords: vec![], ..samples::revocation() };
        assert!(text(&unknown, None, false).as_str().starts_with("ap-0000002a revoked\n"));
        let none = Revoked { count: 0, ids: vec![], app_passwords: vec![], already: vec![] };
        assert_eq!(text(&none, Some("bob"), false).as_str(), "bob has no app passwords to revoke\n");
    }

    #[test]
    fn what_is_about_to_be_revoked_is_shown() {
        let app_passwords = vec![samples::live(), samples::revoked()];
        let ids = app_passwords.iter().map(|record| record.id).collect();
        let planned = Revoked { count: 2, ids, app_passwords, already: vec![] };
        let expected = "\
ID           USER               NAME
ap-0000002a  alice@example.org  Thunderbird, laptop
ap-0000002b  bob                old phone
";
        assert_eq!(table(&planned).as_str(), expected);
    }
}
