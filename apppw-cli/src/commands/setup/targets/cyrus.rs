//! `apppw setup cyrus`: Cyrus IMAP asks saslauthd, which asks PAM.

use super::super::plan::{Checker, Plan};
use super::super::system::System;
use super::super::texts;
use super::{pam, postfix_saslauthd, saslauthd};
use crate::cli::Stack;
use crate::exit::Failure;
use crate::hosts::cyrus::{self, Setting};
use crate::hosts::dovecot::source::Edits;
use crate::hosts::finding::Finding;
use std::path::Path;

const IMAPD: &str = "/etc/imapd.conf";
const CYRUS: &str = "/etc/cyrus.conf";
/// Names of Cyrus's own, which no default group of apppwd has.
const UNGROUPED: [&str; 2] = ["pop", "http"];

const CHECKER: Checker = Checker { program: "cyrus", args: &["cyr_info", "conf"] };

#[derive(Debug, Clone)]
pub struct Facts {
    pub imapd: String,
    pub cyrus: String,
    pub saslauthd: saslauthd::Facts,
    pub pam: pam::Facts,
    /// Whether user cyrus may open the socket.
    pub is_member: bool,
}

impl Facts {
    pub fn gather(system: &dyn System) -> Result<Self, Failure> {
        let read = |path: &str| {
            system
                .files()
                .read(Path::new(path))
                .map_err(|e| Failure::io(format!("can't read {path}: {e}; is Cyrus IMAP installed?")))
        };
        let groups = system.files().read(Path::new("/etc/group")).unwrap_or_default();
        Ok(Self {
            imapd: read(IMAPD)?,
            cyrus: read(CYRUS)?,
            saslauthd: saslauthd::Facts::gather(system)?,
            pam: pam::Facts::read(system.files()),
            is_member: postfix_saslauthd::is_member(&groups, "sasl", "cyrus"),
        })
    }
}

pub fn plan(facts: &Facts, named: Option<Stack>) -> Plan {
    let services = cyrus::services(&facts.cyrus);
    let stack = pam::chosen(&facts.pam, named, Stack::AppPasswordsOnly, &services);
    let mut plan = Plan {
        title: format!("Cyrus IMAP through saslauthd, stack {}", stack.as_str()),
        checkers: vec![CHECKER],
        ..Plan::default()
    };
    if services.is_empty() {
        plan.stops.push(Finding::grave(
            "cyrus-no-service",
            format!("{CYRUS} has no service that people log in to, as far as apppw can read it"),
            "Set it up by hand",
        ));
    }
    pam::plan(&facts.pam, stack, named, &services, &mut plan);
    saslauthd::plan(&facts.saslauthd, &mut plan);
    saslauthd::usual_place(&facts.saslauthd, &mut plan);
    imapd(facts, &mut plan);
    let ungrouped: Vec<_> = services.iter().filter(|service| UNGROUPED.contains(&service.as_str())).collect();
    for service in ungrouped {
        plan.findings.push(Finding::warning(
            "cyrus-group",
            format!("Cyrus asks PAM as {service:?}, which is in no group of apppwd's default configuration: app passwords are refused there"),
            format!("Add {service:?} to a group in [groups] of apppwd.toml"),
        ));
    }
    if !facts.is_member {
        plan.findings.push(Finding::warning(
            "cyrus-not-in-sasl",
            "User cyrus isn't in the group sasl, so it can't open saslauthd's socket: every login would fail",
            "adduser cyrus sasl",
        ));
        plan.then.insert(0, "adduser cyrus sasl".to_owned());
    }
    plan.then.push("systemctl restart cyrus-imapd".to_owned());
    if !plan.stops.is_empty() {
        plan.paste(IMAPD, texts::CYRUS_BY_SASLAUTHD);
        let names: Vec<_> = services.iter().map(|service| pam::path(service).display().to_string()).collect();
        plan.paste(format!("each of {}", names.join(" ")), pam::text(stack));
    }
    plan
}

const OFF: &str = "# Switched off by apppw setup (--undo puts it back)";

/// imapd.conf with our lines at its end. An option that is there twice is an error for Cyrus: the old ones are
/// switched off.
fn imapd(facts: &Facts, plan: &mut Plan) {
    let written = cyrus::settings(&facts.imapd);
    let wanted = cyrus::settings(texts::CYRUS_BY_SASLAUTHD);
    let is_wanted = |setting: &Setting| wanted.iter().any(|wanted| wanted.key == setting.key);
    for setting in &written {
        let of_a_service = wanted
            .iter()
            .any(|wanted| setting.key != wanted.key && setting.key.ends_with(&format!("_{}", wanted.key)));
        if of_a_service {
            plan.stops.push(Finding::grave(
                "cyrus-own-option",
                format!("{IMAPD} has {} for one service: it counts there instead", setting.key),
                "Take it out and run this again",
            ));
        }
    }
    let others = written
        .iter()
        .filter(|setting| setting.key == "sasl_mech_list")
        .flat_map(|setting| setting.value.split_whitespace());
    let others: Vec<_> =
        others.filter(|name| !["PLAIN", "LOGIN"].contains(&name.to_ascii_uppercase().as_str())).collect();
    if !others.is_empty() {
        plan.stops.push(Finding::grave(
            "cyrus-other-mechanisms",
            format!(
                "sasl_mech_list has {}: saslauthd can't check these, so another database does",
                others.join(" ")
            ),
            "Take them out of sasl_mech_list, or set it up by hand and keep them",
        ));
    }
    if written.iter().any(|setting| setting.key == "admins") {
        plan.findings.push(Finding::warning(
            "cyrus-admins",
            "The administrators that imapd.conf names (admins) log in through the same stack: cyradm takes an app password, too",
            "apppw create cyrus cyradm --service imap",
        ));
    }
    let value =
        |key: &str| written.iter().find(|setting| setting.key == key).map(|setting| setting.value.as_str());
    if value("allowplaintext").is_none_or(|value| matches!(value, "yes" | "1" | "true" | "on" | "t")) {
        plan.findings.push(Finding::warning(
            "cyrus-cleartext",
            "allowplaintext isn't no: app passwords travel in clear where the client doesn't insist on TLS",
            "allowplaintext: no, with a certificate (tls_server_cert)",
        ));
    }
    if value("virtdomains").is_none_or(|value| !matches!(value, "yes" | "userid" | "on" | "1")) {
        plan.findings.push(Finding::note(
            "cyrus-virtdomains",
            "virtdomains isn't on: alice@example.org has no mailbox of her own",
            "virtdomains: userid, if users have domains",
        ));
    }
    let is_done = wanted.iter().all(|wanted| value(&wanted.key) == Some(wanted.value.as_str()));
    if is_done {
        plan.write(Path::new(IMAPD), Some(facts.imapd.clone()), facts.imapd.clone());
        return;
    }
    let mut edits = Edits::default();
    for setting in written.iter().filter(|setting| is_wanted(setting)) {
        edits.add_before(setting.line, OFF);
        edits.switch_off(&(setting.line..=setting.line));
    }
    edits.add_before(usize::MAX, "");
    for line in texts::CYRUS_BY_SASLAUTHD.lines() {
        edits.add_before(usize::MAX, line);
    }
    plan.write(Path::new(IMAPD), Some(facts.imapd.clone()), edits.applied(&facts.imapd));
}

/// What is wrong after writing.
pub fn verify(system: &dyn System) -> Result<Vec<Finding>, Failure> {
    let mut wrong = saslauthd::verify(system)?;
    let facts = Facts::gather(system)?;
    let written = cyrus::settings(&facts.imapd);
    for wanted in cyrus::settings(texts::CYRUS_BY_SASLAUTHD) {
        let found: Vec<_> = written.iter().filter(|setting| setting.key == wanted.key).collect();
        if !matches!(found.as_slice(), [one] if one.value == wanted.value) {
            wrong.push(Finding::grave(
                "cyrus-not-set",
                format!("{IMAPD} doesn't have {} once", wanted.key),
                "Set it up by hand",
            ));
        }
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(imapd: &str) -> Facts {
        Facts {
            imapd: imapd.to_owned(),
            cyrus: "SERVICES {\n  imap cmd=\"imapd -U 30\" listen=\"imap\"\n  #imaps cmd=\"imapd -s\" listen=\"imaps\"\n  http cmd=\"httpd\" listen=\"8008\"\n}\n".to_owned(),
            saslauthd: saslauthd::Facts {
                installed: true,
                default: Some("MECHANISMS=\"pam\"\nOPTIONS=\"-c -m /var/run/saslauthd\"\n".to_owned()),
                ..saslauthd::Facts::default()
            },
            pam: pam::Facts::default(),
            is_member: true,
        }
    }

    const DEBIAN: &str = "allowplaintext: yes\nsasl_pwcheck_method: auxprop\nvirtdomains: userid\n";

    #[test]
    fn debian_s_default_asks_saslauthd_and_a_second_run_changes_nothing() {
        let made = plan(&facts(DEBIAN), None);
        assert_eq!(made.stops, []);
        let paths: Vec<_> = made.changes().map(|file| file.path.display().to_string()).collect();
        assert_eq!(
            paths,
            ["/etc/pam.d/imap", "/etc/pam.d/http", "/etc/default/saslauthd", "/etc/imapd.conf"]
        );
        let after = &made.file(Path::new(IMAPD)).unwrap().after;
        let head = format!(
            "allowplaintext: yes\n{OFF}\n#sasl_pwcheck_method: auxprop\nvirtdomains: userid\n\n# For /etc"
        );
        assert!(after.starts_with(&head), "{after}");
        let again = plan(&facts(after), None);
        assert!(again.changes().all(|file| file.path != Path::new(IMAPD)));
        let ids: Vec<_> = made.findings.iter().map(|finding| finding.id).collect();
        assert_eq!(ids, ["saslauthd-no-address", "cyrus-cleartext", "cyrus-group"]);
    }

    #[test]
    fn what_is_not_understood_is_left_alone() {
        for (imapd, id) in [
            ("imap_sasl_pwcheck_method: auxprop\n", "cyrus-own-option"),
            ("sasl_mech_list: PLAIN SCRAM-SHA-256\n", "cyrus-other-mechanisms"),
        ] {
            let made = plan(&facts(imapd), None);
            assert_eq!(made.stops.iter().map(|stop| stop.id).collect::<Vec<_>>(), [id]);
            assert_eq!(made.paste.len(), 2);
        }
        let nobody = Facts { cyrus: String::new(), ..facts(DEBIAN) };
        assert_eq!(plan(&nobody, None).stops[0].id, "cyrus-no-service");
        let outside = Facts { is_member: false, ..facts(DEBIAN) };
        assert_eq!(plan(&outside, None).then[0], "adduser cyrus sasl");
    }
}
