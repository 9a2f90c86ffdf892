//! `apppw setup`: looks at a host, plans (pure), shows, asks, writes, checks, and can put it all back.

mod apply;
mod ledger;
mod order;
mod plan;
mod show;
pub mod system;
mod targets;
mod texts;
mod undo;

use super::Session;
use super::doveadm::run::Outcome;
use crate::cli::Setup;
use crate::exit::{Failure, Status};
use crate::hosts::finding::Finding;
use crate::hosts::listener::{self, Answer, Listener};
use crate::output::terminal::Stream;
use crate::output::{Fit, Text, json, terminal};
use apply::Place;
use apppw_admin::{Verb, verbs};
use apppw_proto::limits::DEFAULT_AUTH_SOCKET;
use ledger::{Entry, Ledger, Run};
use plan::Plan;
use serde_json::json;
use std::fs;
use std::path::Path;
use system::{Host, System};

pub fn run(session: &mut Session, args: &Setup) -> Result<Status, Failure> {
    if !nix::unistd::geteuid().is_root() {
        return Err(Failure::needs_root(
            "only root may read and write the configuration of this host's services: sudo apppw setup ...",
        ));
    }
    let ledger = Ledger::at(ledger::DIRECTORY);
    let _lock = (!args.dry_run)
        .then(|| ledger.lock())
        .transpose()
        .map_err(|e| Failure::io(format!("can't begin in {}: {e}", ledger::DIRECTORY)))?;
    if args.undo { undo::run(session, args, &ledger) } else { set_up(session, args, &ledger) }
}

fn set_up(session: &mut Session, args: &Setup, ledger: &Ledger) -> Result<Status, Failure> {
    let host = Host;
    let fit = Fit::of(Stream::Stdout);
    let mut plan = targets::plan(args.target, args.stack, &host)?;
    let places = look(&mut plan);
    plan.stops.extend(foreign_listener());
    if !plan.stops.is_empty() {
        return tell(session, args, &plan, "stopped", || show::stopped(&plan, fit)).map(|()| Status::Refused);
    }
    if plan.changes().next().is_none() {
        let text = || {
            let mut text = Text::new();
            text.line(format!("{}: nothing to do, everything is in its place", plan.title));
            show::findings(&mut text, &plan.findings, fit);
            text
        };
        return tell(session, args, &plan, "nothing", text).map(|()| Status::Done);
    }
    plan.findings.extend(readiness(session, &host));
    session.hang_up();
    if args.dry_run {
        let text = || {
            let mut text = show::plan(&plan, fit);
            text.line("");
            text.line("Nothing was written (--dry-run)");
            text
        };
        return tell(session, args, &plan, "planned", text).map(|()| Status::Done);
    }
    if !args.yes.yes {
        may_ask()?;
        let count = plan.changes().count();
        let question = format!(
            "Write {}?",
            if count == 1 { "this file".into() } else { format!("these {count} files") }
        );
        let mut about = show::plan(&plan, Fit::of(Stream::Stderr));
        about.line("");
        if !terminal::confirm(&about, &question)? {
            return Err(Failure::declined("nothing was written"));
        }
    }
    write(args, &plan, places, ledger, &host)?;
    let text = || {
        let mut text = Text::new();
        for file in plan.changes() {
            text.line(format!("written: {}", file.path.display()));
        }
        for checker in &plan.checkers {
            text.line(format!("{}: no error", checker.shown()));
        }
        // With --yes nobody has seen them yet.
        if args.yes.yes {
            show::findings(&mut text, &plan.findings, fit);
        }
        text.line("");
        follow_up(&mut text, &plan.then);
        text.line(format!("To take it back: apppw setup {} --undo", args.target.as_str()));
        text
    };
    tell(session, args, &plan, "done", text).map(|()| Status::Done)
}

/// Whether there is somebody to ask.
fn may_ask() -> Result<(), Failure> {
    if terminal::stdin_is_terminal() {
        return Ok(());
    }
    Err(Failure::usage(
        "setup needs --yes, since there is no terminal to ask on (--dry-run shows what it would write)",
    ))
}

/// The commands that make it count.
fn follow_up(text: &mut Text, commands: &[String]) {
    if !commands.is_empty() {
        text.line("It counts after:");
        for command in commands {
            text.line(format!("  {command}"));
        }
    }
}

/// Looks at the place of each file; one that can't be written stops all.
fn look(plan: &mut Plan) -> Vec<Place> {
    let mut places = Vec::new();
    for file in plan.files.iter().filter(|file| file.changes()) {
        let looked = apply::look(&file.path).and_then(|place| {
            let found = place.before.as_ref().map(|(text, _)| text.as_slice());
            if found == file.before.as_ref().map(String::as_bytes) {
                Ok(place)
            } else {
                Err(format!("{}: somebody has changed it in this moment", file.path.display()))
            }
        });
        match looked {
            Ok(place) => places.push(place),
            Err(what) => plan.stops.push(Finding::grave("place", what, "Mend that and run this again")),
        }
    }
    places
}

/// The module sends nothing to a listener that isn't root's, unless its line says whose.
fn foreign_listener() -> Option<Finding> {
    let Answer::Listens(Listener { uid, .. }) = listener::ask(Path::new(DEFAULT_AUTH_SOCKET)) else {
        return None;
    };
    (uid != 0).then(|| {
        Finding::grave(
            "auth-listener",
            format!("uid {uid} listens at {DEFAULT_AUTH_SOCKET}, not root: each line of pam_apppw.so needs server_uid={uid}"),
            "Write the stacks by hand (docs/distributions.md, OpenRC), or have systemd open the sockets",
        )
    })
}

/// What would refuse all logins though everything is written.
fn readiness(session: &mut Session, host: &Host) -> Vec<Finding> {
    let mut findings = Vec::new();
    match session.ask::<_, verbs::Status>(Verb::Status, &json!({})) {
        Ok(status) if status.live == 0 => findings.push(Finding::warning(
            "no-app-passwords",
            "No account has an app password yet: until it has, nobody can log in to these services with one",
            "apppw create USER NAME",
        )),
        Ok(_) => {}
        Err(failure) => findings.push(Finding::warning(
            "daemon",
            format!(
                "apppwd can't be asked ({}): until it runs, every login to these services is refused",
                failure.message
            ),
            "systemctl enable --now apppwd.socket apppwd-admin.socket apppwd.service",
        )),
    }
    if !has_module(host) {
        findings.push(Finding::warning(
            "module",
            "pam_apppw.so isn't where libpam looks for modules: until it is, every login to these services is refused",
            "Install libpam-apppw, or make install",
        ));
    }
    findings
}

/// Whether the module lies beside libpam's own ones.
fn has_module(host: &Host) -> bool {
    let files = host.files();
    let below = ["/usr/lib", "/lib", "/usr/lib64"].map(Path::new);
    let multiarch = below.iter().flat_map(|lib| files.names(lib).into_iter().map(|name| lib.join(name)));
    let mut all = below.iter().map(|lib| lib.to_path_buf()).chain(multiarch);
    all.any(|lib| lib.join("security/pam_apppw.so").is_file())
}

/// Writes all of it, or nothing.
fn write(args: &Setup, plan: &Plan, places: Vec<Place>, ledger: &Ledger, host: &Host) -> Result<(), Failure> {
    let bytes = |text: &String| text.as_bytes().to_vec();
    let entries = plan.files.iter().map(|file| Entry {
        path: file.path.clone(),
        before: file.before.as_ref().map(bytes),
        after: file.changes().then(|| bytes(&file.after)),
    });
    let target = args.target.as_str();
    let run = ledger.keep(target, entries.collect()).map_err(|e| {
        Failure::io(format!(
            "can't keep what is there now in {}: {e}; nothing was written",
            ledger::DIRECTORY
        ))
    })?;
    for (place, file) in places.iter().zip(plan.changes()) {
        if let Err(error) = place.write(file.after.as_bytes()) {
            return Err(put_back(
                ledger,
                target,
                &run,
                &format!("can't write {}: {error}", file.path.display()),
            ));
        }
    }
    match check(args, plan, host) {
        Ok(()) => Ok(()),
        Err(why) => Err(put_back(ledger, target, &run, &why)),
    }
}

/// What a checker complains of, in a line.
fn said(outcome: &Outcome) -> String {
    const LINES: usize = 6;
    if outcome.complaint().is_some() {
        return outcome.last_word();
    }
    let lines: Vec<_> = outcome.lines().map(str::trim).filter(|line| !line.is_empty()).take(LINES).collect();
    if lines.is_empty() { outcome.last_word() } else { lines.join(" ") }
}

/// Asks the services' own checkers, and looks whether what was meant has come of it.
fn check(args: &Setup, plan: &Plan, host: &Host) -> Result<(), String> {
    for checker in &plan.checkers {
        let outcome = host.run(checker.program, checker.args).map_err(|failure| failure.message)?;
        if outcome.code != Some(0) {
            return Err(format!("{} refuses it: {}", checker.shown(), said(&outcome)));
        }
    }
    let wrong = targets::verify(args.target, host).map_err(|failure| failure.message)?;
    match wrong.first() {
        None => Ok(()),
        Some(finding) => Err(finding.what.clone()),
    }
}

/// After a failure: everything as it was. What failed, and what came of putting it back.
fn put_back(ledger: &Ledger, target: &str, run: &Run, why: &str) -> Failure {
    let now = |path: &Path| fs::read(path).ok();
    let restored = ledger::undone(std::slice::from_ref(run), now)
        .map_err(|_| "somebody has changed a file meanwhile".to_owned())
        .and_then(|restores| restores.iter().try_for_each(undo::restore));
    match restored {
        Ok(()) => {
            // Its folder would only offer to undo nothing.
            let _ = ledger.forget(target, run.number);
            Failure::io(format!("{why}; everything is as it was before"))
        }
        Err(error) => Failure::io(format!(
            "{why}; and not everything could be put back: {error}; the old files are in {}/{target}",
            ledger::DIRECTORY
        )),
    }
}

fn tell(
    session: &Session,
    args: &Setup,
    plan: &Plan,
    state: &str,
    text: impl FnOnce() -> Text,
) -> Result<(), Failure> {
    if session.json {
        return json::print(&json::set_up(args.target.as_str(), state, &document(plan)));
    }
    text().print()
}

/// What is told of a plan to programs.
fn document(plan: &Plan) -> json::SetUp {
    let finding = |finding: &Finding| json::SetUpFinding {
        level: finding.level.as_str(),
        id: finding.id,
        message: finding.what.clone(),
        then: finding.then.clone(),
    };
    json::SetUp {
        files: plan
            .changes()
            .map(|file| {
                (file.path.display().to_string(), if file.before.is_some() { "changed" } else { "new" })
            })
            .collect(),
        stops: plan.stops.iter().map(finding).collect(),
        findings: plan.findings.iter().map(finding).collect(),
        paste: plan.paste.iter().map(|paste| (paste.place.clone(), paste.lines.clone())).collect(),
        then: if plan.stops.is_empty() && plan.changes().next().is_some() {
            plan.then.clone()
        } else {
            Vec::new()
        },
    }
}
