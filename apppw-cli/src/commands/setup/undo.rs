//! `apppw setup TARGET --undo`: everything as it was before the first setup of the target, or as far back as later
//! runs of other targets let it.

use super::apply;
use super::ledger::{self, Conflict, Ledger, Restore, Run};
use super::order::{self, Blocked};
use super::{Session, follow_up, may_ask, show};
use crate::cli::{Setup, SetupTarget};
use crate::exit::{Failure, Status};
use crate::hosts::finding::Level;
use crate::output::{Text, json, terminal};
use std::fs;
use std::path::Path;

pub fn run(session: &mut Session, args: &Setup, ledger: &Ledger) -> Result<Status, Failure> {
    let target = args.target.as_str();
    let unreadable = |e| Failure::io(format!("can't read what was written ({}): {e}", ledger::DIRECTORY));
    let runs = ledger.runs(target).map_err(unreadable)?;
    if runs.is_empty() {
        return Err(Failure::not_found(
            "target",
            format!("apppw setup {target} has written nothing on this host that could be undone"),
        ));
    }
    let others = ledger.others(target).map_err(unreadable)?;
    let (staying, blocked) = order::staying(&runs, &others);
    let (_, runs) = runs.split_at(staying);
    if let Some(blocked) = blocked.as_ref().filter(|_| runs.is_empty()) {
        return Err(needed(blocked));
    }
    let now = |path: &Path| fs::read(path).ok();
    let restores = match ledger::undone(runs, now) {
        Ok(restores) => restores,
        Err(conflicts) => return conflicting(session, args, &conflicts),
    };
    let then = follow(args.target);
    if args.dry_run {
        let text = || {
            let mut text = shown(target, &restores, blocked.as_ref());
            text.line("");
            text.line("Nothing was written (--dry-run)");
            text
        };
        let told = Told { restores: &restores, blocked: blocked.as_ref(), then: &then, ..Told::default() };
        return tell(session, args, "planned", &told, text).map(|()| Status::Done);
    }
    if !args.yes.yes {
        may_ask()?;
        let mut about = shown(target, &restores, blocked.as_ref());
        about.line("");
        if !terminal::confirm(&about, "Put these files back?")? {
            return Err(Failure::declined("nothing was written"));
        }
    }
    for restored in &restores {
        restore(restored).map_err(|why| Failure::io(format!("{why}; run this again when that is mended")))?;
    }
    forget(ledger, target, runs)?;
    let text = || {
        let mut text = Text::new();
        for restore in &restores {
            let done = if restore.then.is_some() { "as before" } else { "removed" };
            text.line(format!("{done}: {}", restore.path.display()));
        }
        stays(&mut text, target, blocked.as_ref());
        text.line("");
        follow_up(&mut text, &then);
        text
    };
    let told = Told { restores: &restores, blocked: blocked.as_ref(), then: &then, ..Told::default() };
    tell(session, args, "undone", &told, text).map(|()| Status::Done)
}

/// The newest first: what is left is always whole.
fn forget(ledger: &Ledger, target: &str, runs: &[Run]) -> Result<(), Failure> {
    for run in runs.iter().rev() {
        ledger.forget(target, run.number).map_err(|e| {
            Failure::io(format!(
                "everything is put back, but {}/{target} can't be removed: {e}",
                ledger::DIRECTORY
            ))
        })?;
    }
    Ok(())
}

/// Puts one file back.
pub fn restore(restore: &Restore) -> Result<(), String> {
    let place = apply::look(&restore.path)?;
    let told = |e: std::io::Error| format!("can't put {} back: {e}", restore.path.display());
    match &restore.then {
        Some(text) => place.write(text).map_err(told),
        None => place.remove().map_err(told),
    }
}

/// What makes it count again.
fn follow(target: SetupTarget) -> Vec<String> {
    let commands: &[&str] = match target {
        SetupTarget::Dovecot => &["systemctl reload dovecot"],
        SetupTarget::PostfixDovecot => &["systemctl reload dovecot", "systemctl reload postfix"],
        SetupTarget::Exim => &["systemctl reload dovecot", "systemctl reload exim4"],
        SetupTarget::Cyrus => &["systemctl restart saslauthd", "systemctl restart cyrus-imapd"],
        SetupTarget::Prosody => &["systemctl restart saslauthd", "systemctl restart prosody"],
        SetupTarget::Apache => &["systemctl restart apppwd", "systemctl restart apache2"],
        SetupTarget::PostfixSaslauthd => &["systemctl restart saslauthd", "systemctl restart postfix"],
    };
    commands.iter().map(|command| (*command).to_owned()).collect()
}

/// Another target that was set up later needs some of these files.
fn needed(Blocked { by, path }: &Blocked) -> Failure {
    Failure::needed(format!(
        "{} belongs to what apppw setup {by} has set up, too; undo that first: apppw setup {by} --undo",
        path.display()
    ))
}

/// What earlier runs of the target have written, which a later one of another needs.
fn stays(text: &mut Text, target: &str, blocked: Option<&Blocked>) {
    if let Some(blocked) = blocked {
        text.line("");
        text.line(rest(target, blocked));
    }
}

fn rest(target: &str, Blocked { by, path }: &Blocked) -> String {
    format!(
        "What earlier runs of apppw setup {target} have written stays, since {} belongs to what apppw setup {by} has set up after \
         them; undo that next, and then this again",
        path.display()
    )
}

fn shown(target: &str, restores: &[Restore], blocked: Option<&Blocked>) -> Text {
    let mut text = Text::new();
    text.line(format!("apppw setup {target} --undo:"));
    for restore in restores {
        text.line("");
        let lossy =
            |bytes: &Option<Vec<u8>>| bytes.as_deref().map(|b| String::from_utf8_lossy(b).into_owned());
        let (now, then) = (lossy(&restore.now), lossy(&restore.then));
        show::difference(&mut text, &restore.path.display().to_string(), now.as_deref(), then.as_deref());
    }
    stays(&mut text, target, blocked);
    text
}

/// Somebody has changed files since: shows how, and touches nothing.
fn conflicting(session: &Session, args: &Setup, conflicts: &[Conflict]) -> Result<Status, Failure> {
    let text = || {
        let mut text = Text::new();
        text.line("Nothing was written: these files have been changed since apppw wrote them, so:");
        for conflict in conflicts {
            text.line("");
            let left = String::from_utf8_lossy(&conflict.left).into_owned();
            let now = conflict.now.as_deref().map(|b| String::from_utf8_lossy(b).into_owned());
            show::difference(&mut text, &conflict.path.display().to_string(), Some(&left), now.as_deref());
        }
        text.line("");
        text.line(format!(
            "Take these changes back and undo again; or put the old texts back by hand from {}/{}",
            ledger::DIRECTORY,
            args.target.as_str()
        ));
        text
    };
    tell(session, args, "conflict", &Told { conflicts, ..Told::default() }, text).map(|()| Status::Refused)
}

/// What is told.
#[derive(Default)]
struct Told<'a> {
    restores: &'a [Restore],
    conflicts: &'a [Conflict],
    blocked: Option<&'a Blocked>,
    then: &'a [String],
}

fn tell(
    session: &Session,
    args: &Setup,
    state: &str,
    told: &Told,
    text: impl FnOnce() -> Text,
) -> Result<(), Failure> {
    if !session.json {
        return text().print();
    }
    let of = |path: &Path, how: &'static str| (path.display().to_string(), how);
    let files = told
        .restores
        .iter()
        .map(|restore| of(&restore.path, if restore.then.is_some() { "changed" } else { "removed" }))
        .chain(told.conflicts.iter().map(|conflict| of(&conflict.path, "conflict")));
    let stays = told.blocked.map(|blocked| json::SetUpFinding {
        level: Level::Warning.as_str(),
        id: "undo-rest",
        message: rest(args.target.as_str(), blocked),
        then: format!("apppw setup {} --undo", blocked.by),
    });
    let document = json::SetUp {
        files: files.collect(),
        findings: stays.into_iter().collect(),
        then: told.then.to_vec(),
        ..json::SetUp::default()
    };
    json::print(&json::set_up(args.target.as_str(), state, &document))
}
