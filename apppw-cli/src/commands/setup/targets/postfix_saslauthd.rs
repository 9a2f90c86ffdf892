//! `apppw setup postfix-saslauthd`: Postfix asks Cyrus saslauthd, which asks PAM.

use super::super::plan::Plan;
use super::super::system::System;
use super::super::texts;
use super::{pam, postfix, saslauthd};
use crate::cli::Stack;
use crate::exit::Failure;
use crate::hosts::finding::Finding;
use std::path::Path;

const SMTPD: &str = "/etc/postfix/sasl/smtpd.conf";
const SOCKET_DIR: &str = "/var/run/saslauthd";
const SOCKET_DIR_IN_QUEUE: &str = "/var/spool/postfix/var/run/saslauthd";

#[derive(Debug, Clone)]
pub struct Facts {
    pub postfix: postfix::Facts,
    pub saslauthd: saslauthd::Facts,
    pub smtpd: Option<String>,
    pub pam: pam::Facts,
    /// Whether user postfix may open the socket.
    pub is_member: bool,
}

impl Facts {
    pub fn gather(system: &dyn System) -> Result<Self, Failure> {
        let unreadable = |path: &str, e: std::io::Error| Failure::io(format!("can't read {path}: {e}"));
        let groups =
            system.files().read_if_there(Path::new("/etc/group")).map_err(|e| unreadable("/etc/group", e))?;
        let smtpd = system.files().read_if_there(Path::new(SMTPD)).map_err(|e| unreadable(SMTPD, e))?;
        Ok(Self {
            postfix: postfix::Facts::gather(system)?,
            saslauthd: saslauthd::Facts::gather(system)?,
            smtpd,
            pam: pam::Facts::read(system.files()),
            is_member: is_member(&groups.unwrap_or_default(), "sasl", "postfix"),
        })
    }
}

/// Whether /etc/group names the user in the group.
pub fn is_member(groups: &str, group: &str, user: &str) -> bool {
    groups.lines().any(|line| {
        let fields: Vec<_> = line.split(':').collect();
        matches!(fields.as_slice(), [name, _, _, members] if *name == group && members.split(',').any(|member| member == user))
    })
}

pub fn plan(facts: &Facts, named: Option<Stack>) -> Plan {
    let services = ["smtp".to_owned()];
    let stack = pam::chosen(&facts.pam, named, Stack::AppPasswordsOnly, &services);
    let mut plan =
        Plan { title: format!("Postfix through saslauthd, stack {}", stack.as_str()), ..Plan::default() };
    pam::plan(&facts.pam, stack, named, &services, &mut plan);
    saslauthd::plan(&facts.saslauthd, &mut plan);
    let in_queue = match facts.saslauthd.socket_dir().as_str() {
        SOCKET_DIR | "/run/saslauthd" => false,
        SOCKET_DIR_IN_QUEUE => true,
        other => {
            plan.stops.push(Finding::grave(
                "saslauthd-socket",
                format!("saslauthd's socket is in {other}, and the lines of apppw are for {SOCKET_DIR}"),
                "Set it up by hand",
            ));
            false
        }
    };
    let elsewhere = facts.postfix.values.get("cyrus_sasl_config_path").map_or("", String::as_str);
    if !matches!(elsewhere.split(':').next(), Some("" | "/etc/postfix/sasl")) {
        plan.stops.push(Finding::grave(
            "postfix-sasl-elsewhere",
            format!("cyrus_sasl_config_path = {elsewhere}: Postfix doesn't read {SMTPD}"),
            "Take it out of main.cf and run this again",
        ));
    }
    if let Some(own) = facts.smtpd.as_deref().filter(|text| !is_replaceable(text)) {
        plan.stops.push(Finding::grave(
            "postfix-sasl-own",
            format!("{SMTPD} has lines of this site's own: {}", own.lines().next().unwrap_or_default()),
            "Put these lines there by hand",
        ));
        plan.paste(SMTPD, texts::SASL_SMTPD);
    } else {
        plan.write(Path::new(SMTPD), facts.smtpd.clone(), texts::SASL_SMTPD);
    }
    // In the queue directory the socket is where a chrooted smtpd sees /var/run/saslauthd, and only that one.
    postfix::plan(&facts.postfix, texts::POSTFIX_BY_SASLAUTHD, in_queue, &mut plan);
    if in_queue && !plan.file(&postfix::master_path()).is_some_and(all_chrooted) {
        plan.stops.push(Finding::grave(
            "saslauthd-chroot",
            format!("saslauthd's socket is in {SOCKET_DIR_IN_QUEUE}, which an smtpd that isn't chrooted doesn't look in"),
            format!("OPTIONS=\"-r -m {SOCKET_DIR}\" in /etc/default/saslauthd, and run this again"),
        ));
    }
    if !facts.is_member {
        plan.findings.push(Finding::warning(
            "postfix-not-in-sasl",
            "User postfix isn't in the group sasl, so it can't open saslauthd's socket: every login would fail",
            "adduser postfix sasl",
        ));
        plan.then.insert(0, "adduser postfix sasl".to_owned());
    }
    // A reload gives running processes no new group.
    for command in &mut plan.then {
        if command == "systemctl reload postfix" {
            "systemctl restart postfix".clone_into(command);
        }
    }
    if stack == Stack::AppPasswordsOnly {
        plan.findings.push(Finding::note(
            "postfix-account-rules",
            "The stack asks no account rules of Unix accounts (chage -E, pam_access)",
            "--stack system-users, if users have Unix accounts",
        ));
    }
    plan
}

/// Nothing but a way of asking saslauthd.
pub fn is_replaceable(text: &str) -> bool {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut settings = lines.map(|line| line.split_once(':').map(|(key, value)| (key.trim(), value.trim())));
    settings.all(|setting| {
        matches!(
            setting,
            Some(("pwcheck_method", "saslauthd") | ("mech_list" | "saslauthd_path" | "log_level", _))
        )
    })
}

fn all_chrooted(master: &super::super::plan::NewFile) -> bool {
    let services = crate::hosts::postfix::master_cf(&master.after);
    let none = std::collections::BTreeMap::new();
    services
        .iter()
        .filter(|service| service.authenticates(&none))
        .all(crate::hosts::postfix::Service::is_chrooted)
}

/// What is wrong after writing.
pub fn verify(system: &dyn System) -> Result<Vec<Finding>, Failure> {
    let mut wrong = saslauthd::verify(system)?;
    let facts = postfix::Facts::gather(system)?;
    wrong.extend(postfix::verify(&facts, &[("smtpd_sasl_type", "cyrus"), ("smtpd_sasl_path", "smtpd")]));
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_in_the_fourth_field() {
        let groups = "sasl:x:45:cyrus,postfix\nadm:x:4:\n";
        assert!(is_member(groups, "sasl", "postfix"));
        assert!(
            !is_member(groups, "adm", "postfix") && !is_member("sasl:x:45:postfixer\n", "sasl", "postfix")
        );
    }

    #[test]
    fn a_file_of_the_site_s_own_is_known() {
        assert!(is_replaceable(texts::SASL_SMTPD));
        assert!(is_replaceable("# x\npwcheck_method: saslauthd\nmech_list: plain login cram-md5\n"));
        assert!(!is_replaceable("pwcheck_method: auxprop\nauxprop_plugin: sql\n"));
        assert!(!is_replaceable("sasldb_path: /x\n"));
    }
}
