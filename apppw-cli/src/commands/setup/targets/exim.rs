//! `apppw setup exim`: Dovecot, and Debian's Exim that asks it.

use super::super::plan::{Checker, Plan};
use super::super::system::System;
use super::super::texts;
use super::{dovecot, postfix_dovecot};
use crate::cli::Stack;
use crate::exit::Failure;
use crate::hosts::dovecot as language;
use crate::hosts::dovecot::source::Edits;
use crate::hosts::examples;
use crate::hosts::finding::Finding;
use crate::hosts::saslauthd::assignment;
use std::path::Path;

const DIRECTORY: &str = "/etc/exim4";
const OURS: &str = "/etc/exim4/conf.d/auth/40_apppw";
const TEMPLATE: &str = "/etc/exim4/exim4.conf.template";
const SOCKET: &str = "auth-exim";
const FILE: &str = "exim-auth.conf";
const BEGIN: &str = "begin authenticators";

const CHECKER: Checker = Checker { program: "update-exim4.conf", args: &["--check"] };

#[derive(Debug, Clone)]
pub struct Facts {
    pub dovecot: dovecot::Facts,
    /// `dc_use_split_config` of Debian's update-exim4.conf.conf; none: there is no such file.
    pub split: Option<bool>,
    /// Whether /etc/exim4/exim4.conf replaces all of that.
    pub own_file: bool,
    /// What is in force: the files of conf.d/auth by name, or the template.
    pub ours: Option<String>,
    pub template: Option<String>,
    pub others: Vec<(String, String)>,
    /// What `exim4 -bV` prints.
    pub built_with: String,
}

impl Facts {
    pub fn gather(system: &dyn System) -> Result<Self, Failure> {
        let files = system.files();
        let read = |path: &str| {
            files
                .read_if_there(Path::new(path))
                .map_err(|e| Failure::io(format!("can't read {path}: {e}; is Exim installed?")))
        };
        let debian = read(&format!("{DIRECTORY}/update-exim4.conf.conf"))?;
        let split = debian
            .map(|text| assignment(&text, "dc_use_split_config").is_some_and(|(_, value)| value == "true"));
        let mut others = Vec::new();
        for name in files.names(Path::new("/etc/exim4/conf.d/auth")) {
            let path = format!("/etc/exim4/conf.d/auth/{name}");
            if path != OURS
                && let Some(text) = read(&path)?
            {
                others.push((path, text));
            }
        }
        Ok(Self {
            dovecot: dovecot::Facts::gather(system)?,
            split,
            own_file: read(&format!("{DIRECTORY}/exim4.conf"))?.is_some(),
            ours: read(OURS)?,
            template: read(TEMPLATE)?,
            others,
            built_with: system.run("exim4", &["-bV"])?.stdout,
        })
    }
}

pub fn plan(facts: &Facts, stack: Option<Stack>) -> Plan {
    let mut plan = dovecot::plan(&facts.dovecot, stack, true);
    plan.title = plan.title.replacen("Dovecot", "Exim through Dovecot", 1);
    postfix_dovecot::listener(&facts.dovecot, SOCKET, FILE, texts::DOVECOT_FOR_EXIM, &mut plan);
    stops(facts, &mut plan);
    if plan.stops.is_empty() {
        authenticators(facts, &mut plan);
    } else {
        plan.paste(OURS, texts::EXIM_BY_DOVECOT);
        plan.paste("a file of /etc/dovecot/conf.d", texts::DOVECOT_FOR_EXIM);
    }
    plan.findings.push(Finding::note(
        "exim-ports",
        "Debian's Exim listens on port 25 only; mail programs use 587 and 465",
        "/etc/default/exim4: SMTPLISTENEROPTIONS='-oX 25:587:465 -oP /run/exim4/exim.pid', and in the configuration \
         tls_on_connect_ports = 465",
    ));
    plan.checkers.push(CHECKER);
    plan.then.push("systemctl reload exim4".to_owned());
    plan
}

fn stops(facts: &Facts, plan: &mut Plan) {
    if facts.own_file || facts.split.is_none() {
        plan.stops.push(Finding::grave(
            "exim-not-debian",
            "Exim isn't configured as Debian does it (update-exim4.conf.conf, no exim4.conf)",
            "Put the authenticators into your own configuration",
        ));
    }
    let built =
        facts.built_with.lines().find_map(|line| line.strip_prefix("Authenticators:")).unwrap_or_default();
    if !built.split_whitespace().any(|name| name == "dovecot") {
        plan.stops.push(Finding::grave(
            "exim-light",
            "This Exim can't ask Dovecot (exim4 -bV: no authenticator dovecot)",
            "apt-get install exim4-daemon-heavy, and run this again",
        ));
    }
    let split = facts.split.unwrap_or_default();
    let template = facts.template.as_deref().unwrap_or_default().replace(texts::EXIM_BY_DOVECOT, "");
    let behind = template.split_once(BEGIN).map(|(_, behind)| behind.to_owned()).unwrap_or_default();
    let in_template = [(TEMPLATE.to_owned(), behind)];
    let used = if split { &facts.others[..] } else { &in_template[..] };
    for (path, text) in used {
        let is_server = |line: &&str| line.trim_start().starts_with("server_");
        if let Some(line) = text.lines().find(is_server) {
            plan.stops.push(Finding::grave(
                "exim-other-authenticators",
                format!("{path} has another way to log in: {}", line.trim()),
                "Take it out, or keep it and put apppw's authenticators beside it by hand",
            ));
        }
    }
    if !split && !template.lines().any(|line| line.trim() == BEGIN) {
        plan.stops.push(Finding::grave(
            "exim-no-section",
            format!("{TEMPLATE} has no line \"{BEGIN}\""),
            "Put the authenticators into it by hand",
        ));
    }
}

fn authenticators(facts: &Facts, plan: &mut Plan) {
    if facts.split == Some(true) {
        plan.write(Path::new(OURS), facts.ours.clone(), texts::EXIM_BY_DOVECOT);
        return;
    }
    let Some(template) = &facts.template else { return };
    let after = if template.contains(texts::EXIM_BY_DOVECOT) {
        template.clone()
    } else {
        let mut edits = Edits::default();
        let begin =
            template.lines().position(|line| line.trim() == BEGIN).map_or(usize::MAX, |line| line + 1);
        for line in texts::EXIM_BY_DOVECOT.lines() {
            edits.add_before(begin, line);
        }
        edits.applied(template)
    };
    plan.write(Path::new(TEMPLATE), Some(template.clone()), after);
}

/// What is wrong after writing.
pub fn verify(system: &dyn System) -> Result<Vec<Finding>, Failure> {
    let facts = dovecot::Facts::gather(system)?;
    let sockets = language::auth_sockets(&facts.effective);
    if sockets.iter().any(|block| block.get("path").unwrap_or(&block.name) == SOCKET) {
        return Ok(Vec::new());
    }
    Ok(vec![Finding::grave(
        "dovecot-no-socket",
        format!("doveconf -n doesn't show the socket {SOCKET}"),
        format!("Set it up by hand ({}/dovecot-auth.conf)", examples::folder("exim")),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::dovecot::{Block, Language, source::Source};
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    const DEBIAN: &str = "begin rewrite\n\nbegin authenticators\n\n# plain_server:\n#   server_set_id = $auth2\ncram_md5:\n  driver = cram_md5\n  client_name = x\n";

    fn facts(split: bool) -> Facts {
        let files: BTreeMap<PathBuf, String> =
            [("/etc/dovecot/dovecot.conf".into(), "passdb {\n  driver = sql\n}\n".to_owned())].into();
        let main = PathBuf::from("/etc/dovecot/dovecot.conf");
        let sql = Block {
            kind: "passdb".into(),
            settings: vec![("driver".into(), "sql".into())],
            ..Block::default()
        };
        Facts {
            dovecot: dovecot::Facts {
                language: Language::V2_3,
                source: Source::read(&files, &main),
                main,
                effective: Block { blocks: vec![sql], ..Block::default() },
                protocols: Block::default(),
                pam: Default::default(),
            },
            split: Some(split),
            own_file: false,
            ours: None,
            template: Some(DEBIAN.to_owned()),
            others: vec![("/etc/exim4/conf.d/auth/30".into(), "# server_x = 1\n".into())],
            built_with: "Exim version 4.96\nAuthenticators: cram_md5 dovecot plaintext\n".into(),
        }
    }

    #[test]
    fn the_authenticators_go_where_debian_reads_them() {
        let made = plan(&facts(true), None);
        assert_eq!(made.stops, []);
        assert_eq!(made.file(Path::new(OURS)).unwrap().after, texts::EXIM_BY_DOVECOT);
        assert!(made.file(Path::new(TEMPLATE)).is_none());
        assert!(made.file(Path::new("/etc/pam.d/smtp")).is_some());
        let made = plan(&facts(false), None);
        let after = &made.file(Path::new(TEMPLATE)).unwrap().after;
        assert_eq!(
            *after,
            DEBIAN.replace("authenticators\n", &format!("authenticators\n{}", texts::EXIM_BY_DOVECOT))
        );
        let again = Facts { template: Some(after.clone()), ..facts(false) };
        let again = plan(&again, None);
        assert_eq!(again.stops, []);
        assert!(again.changes().all(|file| file.path != Path::new(TEMPLATE)));
    }

    #[test]
    fn what_is_not_understood_is_left_alone() {
        let server = "begin authenticators\nplain_server:\n  driver = plaintext\n  server_condition = yes\n";
        for (facts, id) in [
            (Facts { own_file: true, ..facts(true) }, "exim-not-debian"),
            (Facts { split: None, ..facts(true) }, "exim-not-debian"),
            (Facts { built_with: "Authenticators: plaintext\n".into(), ..facts(true) }, "exim-light"),
            (Facts { template: Some(server.into()), ..facts(false) }, "exim-other-authenticators"),
            (
                Facts { others: vec![("/x".into(), server.into())], ..facts(true) },
                "exim-other-authenticators",
            ),
            (Facts { template: Some("begin acl\n".into()), ..facts(false) }, "exim-no-section"),
        ] {
            let made = plan(&facts, None);
            assert!(made.stops.iter().any(|stop| stop.id == id), "{id}: {:?}", made.stops);
            assert!(made.paste.len() >= 2);
        }
    }
}
