//! `apppw setup postfix-dovecot`: Dovecot, and Postfix that asks it.

use super::super::plan::Plan;
use super::super::system::System;
use super::super::texts;
use super::{dovecot, postfix};
use crate::cli::Stack;
use crate::exit::Failure;
use crate::hosts::dovecot as language;
use crate::hosts::examples;
use crate::hosts::finding::Finding;
use std::path::Path;

const SOCKET: &str = "/var/spool/postfix/private/auth";
const FILE: &str = "postfix-auth.conf";

#[derive(Debug, Clone)]
pub struct Facts {
    pub dovecot: dovecot::Facts,
    pub postfix: postfix::Facts,
}

impl Facts {
    pub fn gather(system: &dyn System) -> Result<Self, Failure> {
        Ok(Self { dovecot: dovecot::Facts::gather(system)?, postfix: postfix::Facts::gather(system)? })
    }
}

pub fn plan(facts: &Facts, stack: Option<Stack>) -> Plan {
    let mut plan = dovecot::plan(&facts.dovecot, stack, true);
    plan.title = plan.title.replacen("Dovecot", "Postfix through Dovecot", 1);
    listener(&facts.dovecot, SOCKET, FILE, texts::DOVECOT_FOR_POSTFIX, &mut plan);
    let submits = language::services(&facts.dovecot.protocols).iter().any(|service| service == "submission");
    let authenticates = |text: &str| {
        let services = crate::hosts::postfix::master_cf(text);
        services.iter().any(|service| service.authenticates(&facts.postfix.values))
    };
    if submits && !authenticates(&facts.postfix.master) {
        plan.findings.push(Finding::warning(
            "postfix-port-taken",
            "Dovecot's submission service has port 587, and Postfix gets one of its own: where both listen at one address, \
             Postfix does not start",
            "Take submission out of Dovecot's protocols, or use `apppw setup dovecot`",
        ));
    }
    postfix::plan(&facts.postfix, texts::POSTFIX_BY_DOVECOT, true, &mut plan);
    plan
}

/// Dovecot's socket for another server, which `text` makes: in a file of its own.
pub fn listener(facts: &dovecot::Facts, socket: &str, file: &str, text: &str, plan: &mut Plan) {
    let path_of = socket;
    let sockets = language::auth_sockets(&facts.effective);
    let is_there = |block: &&&language::Block| block.get("path").unwrap_or(&block.name) == path_of;
    if let Some(socket) = sockets.iter().find(is_there) {
        let mode = socket.any(&["mode", "unix_listener_mode"]).unwrap_or("0600");
        if mode.ends_with('6') || mode.ends_with('2') {
            plan.findings.push(Finding::warning(
                "dovecot-socket-open",
                format!("{path_of} has mode {mode}: every process of this host that gets there may try passwords, as any service"),
                "mode = 0660, and the server's own user and group",
            ));
        }
        return;
    }
    let Ok(source) = &facts.source else { return };
    let directory = facts.directory();
    let path = directory.join(file);
    if source.files.get(&path).is_some_and(|found| found != text) {
        plan.stops.push(Finding::grave(
            "dovecot-own-file",
            format!("{} has lines of this site's own", path.display()),
            "Put these lines there by hand, or give that file another name",
        ));
        plan.paste(path.display().to_string(), text);
        return;
    }
    plan.write(&path, source.files.get(&path).cloned(), text);
    let beside = facts.main.parent().unwrap_or_else(|| Path::new("/etc/dovecot"));
    // Debian's dovecot.conf includes conf.d/*.conf; one that doesn't is told to.
    let includes_all = plan
        .file(&facts.main)
        .map_or_else(|| source.files.get(&facts.main).cloned(), |file| Some(file.after.clone()))
        .unwrap_or_default();
    let found_by_pattern = directory != beside
        && includes_all.lines().any(|line| {
            matches!(language::line(line), language::Line::Include { pattern, .. } if pattern.ends_with("conf.d/*.conf"))
        });
    if !found_by_pattern && !source.included.contains(&path) {
        let mut text = includes_all;
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&format!("# apppw setup: another server asks Dovecot\n!include {}\n", path.display()));
        plan.write(&facts.main, source.files.get(&facts.main).cloned(), text);
    }
}

/// What is wrong after writing.
pub fn verify(system: &dyn System) -> Result<Vec<Finding>, Failure> {
    let facts = Facts::gather(system)?;
    let mut wrong = postfix::verify(
        &facts.postfix,
        &[("smtpd_sasl_type", "dovecot"), ("smtpd_sasl_path", "private/auth")],
    );
    let sockets = language::auth_sockets(&facts.dovecot.effective);
    if !sockets.iter().any(|block| block.get("path").unwrap_or(&block.name) == SOCKET) {
        wrong.push(Finding::grave(
            "dovecot-no-socket",
            format!("doveconf -n doesn't show the socket {SOCKET}"),
            format!("Set it up by hand ({}/*/postfix-auth.conf)", examples::folder("dovecot")),
        ));
    }
    Ok(wrong)
}
