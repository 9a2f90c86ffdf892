//! `apppw key`.

mod by_hand;
mod file;

use super::{Session, several};
use crate::cli::{Key, KeyTask};
use crate::exit::{Failure, Status};
use crate::output::number::count;
use crate::output::table::{Cell, Column, Table};
use crate::output::terminal::{self, Stream};
use crate::output::time::Clock;
use crate::output::{self, Fit, Text, json};
use apppw_admin::Verb;
use apppw_admin::verbs::{
    self, AppPassword, KeyExportArgs, KeyExported, KeyImportArgs, KeyRetireArgs, KeyRetired, Keys,
    KeysChanged, ListArgs, Listed,
};
use serde_json::json;

pub fn run(session: &mut Session, args: &Key) -> Result<Status, Failure> {
    match args.task()? {
        KeyTask::Show => show(session),
        KeyTask::Rotate => rotate(session),
        KeyTask::Retire { id, dry_run } => retire(session, id, dry_run, args.yes.yes),
        KeyTask::Export { file, with_new, without } => {
            export(session, &file, &KeyExportArgs { with_new, without })
        }
        KeyTask::Import { file } => import(session, &file),
    }
}

fn show(session: &mut Session) -> Result<Status, Failure> {
    let keys: Keys = session.ask(Verb::Keys, &json!({}))?;
    if session.json {
        json::print(&json::keys(&keys, &[], &[]))?;
    } else {
        let mut text = Text::new();
        write(&mut text, &keys, &Clock::system(), Fit::of(Stream::Stdout));
        text.print()?;
    }
    Ok(Status::Done)
}

fn rotate(session: &mut Session) -> Result<Status, Failure> {
    let keys: Keys = session.ask(Verb::Keys, &json!({}))?;
    if keys.credential {
        return Err(by_hand::refusal(&keys, "--with-new"));
    }
    let changed: KeysChanged = session.change(Verb::KeyRotate, &json!({}))?;
    told(session, &changed, |text| {
        let KeysChanged { keys, new, .. } = &changed;
        for id in new {
            text.line(format!(
                "Key {id} is the newest: app passwords are made with it, and those that log in are hashed anew"
            ));
        }
        text.line(format!("Back up {} now, apart from the database", keys.path));
    })
}

fn import(session: &mut Session, from: &str) -> Result<Status, Failure> {
    let text = file::read(from)?;
    let has_key = text.expose().lines().any(file::is_key);
    let keys: Keys =
        session.ask(Verb::Keys, &json!({})).map_err(|failure| unreachable(failure, from, has_key))?;
    if keys.credential {
        return Err(by_hand::import_refusal(&keys, from));
    }
    let changed: KeysChanged = session.change(Verb::KeyImport, &KeyImportArgs { text })?;
    told(session, &changed, |text| {
        let KeysChanged { new, gone, .. } = &changed;
        if new.is_empty() && gone.is_empty() {
            text.line("The keys of these numbers are active");
        }
        for id in new {
            text.line(format!("Key {id} is active now"));
        }
        for id in gone {
            text.line(format!("Key {id} is not any more"));
        }
    })
}

/// The way in when it is the key for want of which the daemon doesn't run.
fn unreachable(failure: Failure, from: &str, has_key: bool) -> Failure {
    if failure.status != Status::Unreachable {
        return failure;
    }
    let from = if from == "-" { "FILE" } else { from };
    let way = match has_key {
        true => format!(
            "Where it doesn't start for want of its key, put the file there by hand (and keep one that lies there): \
             install -o apppwd -g apppwd -m 600 {from} /var/lib/apppwd-key/server.key"
        ),
        false => format!("And {from} has no server key in it"),
    };
    Failure { message: format!("{}. {way}", failure.message), ..failure }
}

fn told(
    session: &Session,
    changed: &KeysChanged,
    write_done: impl FnOnce(&mut Text),
) -> Result<Status, Failure> {
    let KeysChanged { keys, new, gone } = changed;
    if session.json {
        json::print(&json::keys(keys, new, gone))?;
    } else {
        let mut text = Text::new();
        write_done(&mut text);
        write(&mut text, keys, &Clock::system(), Fit::of(Stream::Stdout));
        text.print()?;
    }
    Ok(Status::Done)
}

fn retire(session: &mut Session, id: u32, dry_run: bool, yes: bool) -> Result<Status, Failure> {
    let person = terminal::stdin_is_terminal();
    if !dry_run && !yes && !person {
        return Err(Failure::usage(
            "giving up a key needs --yes, since there is no terminal to ask on (--dry-run shows what would be revoked)",
        ));
    }
    let keys: Keys = session.ask(Verb::Keys, &json!({}))?;
    let key = check_old(&keys, id)?.clone();
    let clock = Clock::system();
    if dry_run || !yes {
        let depend = session.pages(|session, cursor| {
            let args = ListArgs { key: Some(id), cursor, ..ListArgs::default() };
            let Listed { app_passwords, next, .. } = session.ask(Verb::List, &args)?;
            Ok((app_passwords, next))
        })?;
        if dry_run && session.json {
            let ids: Vec<_> = depend.iter().map(|record| record.id).collect();
            json::print(&json::key_retired(id, true, several::number(&ids), &ids, &keys))?;
            return Ok(Status::Done);
        }
        if dry_run {
            let mut text = Text::new();
            write_plan(&mut text, &key, &depend, &clock, Fit::of(Stream::Stdout));
            text.print()?;
            return Ok(Status::Done);
        }
        session.hang_up();
        let mut about = Text::new();
        write_plan(&mut about, &key, &depend, &clock, Fit::of(Stream::Stderr));
        let question = match depend.len() {
            0 => format!("Give key {id} up?"),
            n => format!("Give key {id} up, and revoke {}?", count(several::number_of(n), "app password")),
        };
        if !terminal::confirm(&about, &question)? {
            return Err(Failure::declined("nothing was changed"));
        }
    }
    let retired: KeyRetired = session.change(Verb::KeyRetire, &KeyRetireArgs { id })?;
    if session.json {
        json::print(&json::key_retired(id, false, retired.count, &retired.revoked, &retired.keys))?;
    } else {
        let mut text = Text::new();
        text.line(format!("Key {id} is given up; revoked with it: {}", count(retired.count, "app password")));
        if retired.keys.credential {
            by_hand::write(&mut text, &retired.keys, &format!("--without {id}"));
        }
        text.print()?;
    }
    Ok(Status::Done)
}

/// As the daemon judges it, before a person is asked.
fn check_old(keys: &Keys, id: u32) -> Result<&verbs::Key, Failure> {
    let ids: Vec<String> = keys.keys.iter().map(|key| key.id.to_string()).collect();
    match keys.keys.iter().position(|key| key.id == id) {
        Some(0) => Err(Failure::invalid(
            "id",
            format!(
                "key {id} is the newest, with which app passwords are made: make another first (apppw key rotate)"
            ),
        )),
        Some(at) => keys.keys.get(at).ok_or_else(|| Failure::not_found("id", "no such key")),
        None => Err(Failure::not_found(
            "id",
            format!("there is no active server key {id}; active are: {}", ids.join(", ")),
        )),
    }
}

fn write_plan(text: &mut Text, key: &verbs::Key, depend: &[AppPassword], clock: &Clock, fit: Fit) {
    let id = key.id;
    if depend.is_empty() {
        text.line(format!("No app password depends on key {id}."));
    } else {
        let ids: Vec<_> = depend.iter().map(|record| record.id).collect();
        several::write_table(text, &ids, depend, clock, fit);
        several::write_extent(text, several::number(depend), depend, clock);
        text.line(format!(
            "They depend on key {id} and would be revoked with it. Each that logs in before is hashed anew and stays."
        ));
    }
    if key.lost_accounts > 0 {
        text.line(format!(
            "{} enrolled or locked that only the journal knows, by a name that needs this key: where policy allows it, the \
             primary password works again.",
            match key.lost_accounts {
                1 => "1 account is".to_owned(),
                n => format!("{} are", count(n, "account")),
            }
        ));
    }
}

fn export(session: &mut Session, to: &str, args: &KeyExportArgs) -> Result<Status, Failure> {
    if to == "-" && session.json {
        return Err(Failure::usage("- and --json don't go together: give a file"));
    }
    // Before the keys are asked for, which leaves an event.
    let target = file::Target::open(to)?;
    let KeyExported { ids, text } = match session.change(Verb::KeyExport, args) {
        Ok(exported) => exported,
        Err(failure) => {
            target.give_up();
            return Err(failure);
        }
    };
    // It may go to a terminal by way of a pipe, or into a file of root's.
    if !text.expose().lines().all(file::is_key) {
        target.give_up();
        return Err(Failure::nonsense("it has keys that are none", &session.socket));
    }
    target.write(text.expose())?;
    drop(text);
    if session.json {
        json::print(&json::key_exported(&ids, to))?;
    } else if to != "-" {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut text = Text::new();
        text.line(format!("Wrote server key {} to {to}", ids.join(", ")));
        text.line("Who has it and the database can test guesses: keep the two apart");
        text.print()?;
    } else {
        output::warn("who has the key and the database can test guesses: keep the two apart");
    }
    Ok(Status::Done)
}

fn write(text: &mut Text, keys: &Keys, clock: &Clock, fit: Fit) {
    let mut table = Table::new(vec![
        Column::kept("KEY"),
        Column::kept("SINCE"),
        Column::kept("APP PASSWORDS"),
        Column::kept(""),
    ]);
    for (at, key) in keys.keys.iter().enumerate() {
        let since = key.since.map_or_else(|| "unknown".to_owned(), |since| clock.date(since));
        let what = if at == 0 { "newest: new ones are made with it" } else { "" };
        table.row(vec![
            Cell::from(key.id.to_string()),
            since.into(),
            output::number::thousands(key.app_passwords).into(),
            Cell::from(what),
        ]);
    }
    table.write(text, fit);
    let kind = if keys.credential { "systemd credential" } else { "file" };
    text.line(format!("In the {kind} {}", keys.path));
}

#[cfg(test)]
mod tests;
