//! `apppw setup TARGET --undo`: everything as it was before the first setup of the target.

use super::apply;
use super::ledger::{self, Conflict, Ledger, Restore, Run};
use super::{Session, follow_up, may_ask, show};
use crate::cli::{Setup, SetupTarget};
use crate::exit::{Failure, Status};
use crate::output::{Text, json, terminal};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

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
    let now = |path: &Path| fs::read(path).ok();
    let restores = match ledger::undone(&runs, now) {
        Ok(restores) => restores,
        Err(conflicts) => return conflicting(session, args, &conflicts),
    };
    needed_by_others(ledger, target, &restores)?;
    let then = follow(args.target);
    if args.dry_run {
        let text = || {
            let mut text = shown(target, &restores);
            text.line("");
            text.line("Nothing was written (--dry-run)");
            text
        };
        return tell(session, args, "planned", &restores, &[], &then, text).map(|()| Status::Done);
    }
    if !args.yes.yes {
        may_ask()?;
        let mut about = shown(target, &restores);
        about.line("");
        if !terminal::confirm(&about, "Put these files back?")? {
            return Err(Failure::declined("nothing was written"));
        }
    }
    for restored in &restores {
        restore(restored).map_err(|why| Failure::io(format!("{why}; run this again when that is mended")))?;
    }
    forget(ledger, target, &runs)?;
    let text = || {
        let mut text = Text::new();
        for restore in &restores {
            let done = if restore.then.is_some() { "as before" } else { "removed" };
            text.line(format!("{done}: {}", restore.path.display()));
        }
        text.line("");
        follow_up(&mut text, &then);
        text
    };
    tell(session, args, "undone", &restores, &[], &then, text).map(|()| Status::Done)
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

/// Another target that was set up needs some of these files.
fn needed_by_others(ledger: &Ledger, target: &str, restores: &[Restore]) -> Result<(), Failure> {
    let unreadable = |e| Failure::io(format!("can't read what was written ({}): {e}", ledger::DIRECTORY));
    let ours: BTreeSet<&PathBuf> = restores.iter().map(|restore| &restore.path).collect();
    for other in ledger.targets().map_err(unreadable)?.iter().filter(|other| *other != target) {
        let runs = ledger.runs(other).map_err(unreadable)?;
        let mut entries = runs.iter().flat_map(|run| &run.entries);
        if let Some(entry) = entries.find(|entry| ours.contains(&entry.path)) {
            return Err(Failure::needed(format!(
                "{} belongs to what apppw setup {other} has set up, too; undo that first: apppw setup {other} --undo",
                entry.path.display()
            )));
        }
    }
    Ok(())
}

fn shown(target: &str, restores: &[Restore]) -> Text {
    let mut text = Text::new();
    text.line(format!("apppw setup {target} --undo:"));
    for restore in restores {
        text.line("");
        let lossy =
            |bytes: &Option<Vec<u8>>| bytes.as_deref().map(|b| String::from_utf8_lossy(b).into_owned());
        let (now, then) = (lossy(&restore.now), lossy(&restore.then));
        show::difference(&mut text, &restore.path.display().to_string(), now.as_deref(), then.as_deref());
    }
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
    tell(session, args, "conflict", &[], conflicts, &[], text).map(|()| Status::Refused)
}

fn tell(
    session: &Session,
    args: &Setup,
    state: &str,
    restores: &[Restore],
    conflicts: &[Conflict],
    then: &[String],
    text: impl FnOnce() -> Text,
) -> Result<(), Failure> {
    if !session.json {
        return text().print();
    }
    let of = |path: &Path, how: &'static str| (path.display().to_string(), how);
    let files = restores
        .iter()
        .map(|restore| of(&restore.path, if restore.then.is_some() { "changed" } else { "removed" }))
        .chain(conflicts.iter().map(|conflict| of(&conflict.path, "conflict")));
    let document = json::SetUp { files: files.collect(), then: then.to_vec(), ..json::SetUp::default() };
    json::print(&json::set_up(args.target.as_str(), state, &document))
}
