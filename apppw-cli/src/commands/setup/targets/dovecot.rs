//! `apppw setup dovecot`: PAM comes first, and nobody behind it is asked.

mod edit;
mod stops;

#[cfg(test)]
mod tests;

use super::super::plan::{Checker, Plan};
use super::super::system::System;
use super::super::texts;
use super::pam;
use crate::cli::Stack;
use crate::exit::Failure;
use crate::hosts::dovecot::source::{Odd, Source};
use crate::hosts::dovecot::{self, Block, Language, Passdb, judge};
use crate::hosts::examples;
use crate::hosts::finding::{Finding, Level};
use std::path::{Path, PathBuf};

/// What is asked of Dovecot's own checker.
const CHECKER: Checker = Checker { program: "doveconf", args: &["-n"] };

/// The packaged passdb, under the name that its comments give it.
const PASSDB_FILE: &str = "auth-apppw.conf.ext";

/// What there is.
#[derive(Debug, Clone)]
pub struct Facts {
    pub language: Language,
    pub main: PathBuf,
    pub effective: Block,
    /// As `doveconf protocols` says.
    pub protocols: Block,
    pub source: Result<Source, Odd>,
    pub pam: pam::Facts,
}

impl Facts {
    /// Asks doveconf and reads what it reads.
    pub fn gather(system: &dyn System) -> Result<Self, Failure> {
        let printed = effective_text(system)?;
        let odd = |what: &str| {
            Failure::io(format!(
                "doveconf -n printed {what}; set it up by hand ({})",
                examples::folder("dovecot")
            ))
        };
        let version = printed.lines().next().unwrap_or_default().trim_start_matches("# ");
        let language = Language::of(version).ok_or_else(|| {
            odd(&format!("a version that apppw doesn't know ({version:?}): it knows 2.3 and 2.4"))
        })?;
        let main = dovecot::main_file(&printed).ok_or_else(|| odd("no name of its file"))?;
        let effective = dovecot::effective(&printed).ok_or_else(|| odd("what apppw can't read"))?;
        let protocols = system.run("doveconf", &["protocols"])?.stdout;
        let protocols =
            dovecot::effective(&protocols).ok_or_else(|| odd("protocols that apppw can't read"))?;
        Ok(Self {
            language,
            main: main.into(),
            effective,
            protocols,
            source: Source::read(system.files(), Path::new(main)),
            pam: pam::Facts::read(system.files()),
        })
    }

    /// The PAM services of people's logins.
    fn services(&self, for_postfix: bool) -> Vec<String> {
        let mut services = dovecot::services(&self.protocols);
        // Who asks at a socket for others names the service; mail servers say smtp.
        if for_postfix || !dovecot::auth_sockets(&self.effective).is_empty() {
            services.push("smtp".to_owned());
        }
        // `doveadm auth test` then says what a login would.
        services.push("doveadm".to_owned());
        services
    }

    /// Where files of ours lie.
    pub fn directory(&self) -> PathBuf {
        let beside = self.main.parent().unwrap_or_else(|| Path::new("/etc/dovecot"));
        let conf_d = beside.join("conf.d");
        let is_there = |source: &Source| source.files.keys().any(|path| path.starts_with(&conf_d));
        if self.source.as_ref().is_ok_and(is_there) { conf_d } else { beside.to_owned() }
    }

    /// Whose mail it is, as far as Dovecot says: Unix accounts only?
    fn system_users(&self) -> bool {
        let driver =
            |userdb: &Block| userdb.any(&["driver", "userdb_driver"]).unwrap_or(&userdb.name).to_owned();
        let drivers: Vec<_> = self.effective.of_kind("userdb").map(driver).collect();
        !drivers.is_empty() && drivers.iter().all(|driver| driver == "passwd")
    }

    /// The stack that fits: account rules of Unix accounts go on to count.
    fn fits(&self) -> Stack {
        if self.system_users() { Stack::SystemUsers } else { Stack::AppPasswordsOnly }
    }
}

/// What `doveconf -n` prints.
fn effective_text(system: &dyn System) -> Result<String, Failure> {
    let outcome = system.run(CHECKER.program, CHECKER.args)?;
    if outcome.code == Some(0) {
        return Ok(outcome.stdout);
    }
    Err(Failure::io(format!(
        "Dovecot's configuration is wrong as it is, so nothing was planned (doveconf -n: {})",
        outcome.last_word()
    )))
}

/// What is still wrong when everything is written.
pub fn verify(system: &dyn System) -> Result<Vec<Finding>, Failure> {
    let facts = Facts::gather(system)?;
    let passdbs = judge::passdbs(&facts.effective);
    let mut wrong = judge::judge(facts.language, &facts.effective, &facts.services(false));
    wrong.retain(|finding| finding.level == Level::Fault);
    if !is_done(facts.language, &facts.effective, &passdbs) {
        wrong.push(Finding::grave(
            "dovecot-not-first",
            "doveconf -n doesn't show the passdb of apppw as the one that decides: something that is read later changes it",
            format!("Set it up by hand ({})", examples::folder("dovecot")),
        ));
    }
    Ok(wrong)
}

/// Whether PAM is asked first, under each protocol's name, and nobody after it.
fn is_done(language: Language, effective: &Block, passdbs: &[Passdb]) -> bool {
    let mut asked = passdbs.iter().filter(|passdb| passdb.is_for_logins());
    let Some(first) = asked.next() else { return false };
    let Some(pam) = &first.pam else { return false };
    let is_last = asked.next().is_none();
    pam.is_per_protocol()
        && (first.is_guarded() || is_last)
        && first.conditions.is_empty()
        && !judge::caches(language, effective)
}

/// Plans it; `for_postfix`: Postfix will ask, too.
pub fn plan(facts: &Facts, named: Option<Stack>, for_postfix: bool) -> Plan {
    let services = facts.services(for_postfix);
    let stack = pam::chosen(&facts.pam, named, facts.fits(), &services);
    let version = match facts.language {
        Language::V2_3 => "2.3",
        Language::V2_4 => "2.4",
    };
    let mut plan = Plan {
        title: format!("Dovecot {version}, stack {}", stack.as_str()),
        checkers: vec![CHECKER],
        then: vec!["systemctl reload dovecot".to_owned()],
        ..Plan::default()
    };
    pam::plan(&facts.pam, stack, named, &services, &mut plan);
    stops::stops(facts, &mut plan);
    let edited = match &facts.source {
        Ok(source) if plan.stops.is_empty() => edit::edit(facts, source, &mut plan),
        _ => facts.effective.clone(),
    };
    if plan.stops.is_empty() {
        let judged = judge::judge(facts.language, &edited, &services);
        plan.stops.extend(judged.iter().filter(|finding| finding.level == Level::Fault).cloned());
        plan.findings.extend(judged.into_iter().filter(|finding| finding.level != Level::Fault));
    }
    if !plan.stops.is_empty() {
        by_hand(facts, stack, &services, &mut plan);
    }
    tell_about_users(facts, stack, &mut plan);
    plan
}

/// The same, for somebody who does it himself.
fn by_hand(facts: &Facts, stack: Stack, services: &[String], plan: &mut Plan) {
    let text = match facts.language {
        Language::V2_3 => texts::DOVECOT_2_3,
        Language::V2_4 => texts::DOVECOT_2_4,
    };
    plan.paste.clear();
    plan.paste(format!("{}, before all other passdb blocks", facts.main.display()), text);
    let names: Vec<_> = services.iter().map(|service| pam::path(service).display().to_string()).collect();
    plan.paste(format!("each of {}", names.join(" ")), pam::text(stack));
}

fn tell_about_users(facts: &Facts, stack: Stack, plan: &mut Plan) {
    let system_users = facts.system_users();
    if system_users && stack == Stack::AppPasswordsOnly {
        plan.findings.push(Finding::warning(
            "dovecot-account-rules",
            "Mail is that of Unix accounts (userdb passwd), and the stack app-passwords-only asks no account rules: an \
             account that has expired (chage -E) or that pam_access bars gets mail with an app password",
            "--stack system-users",
        ));
    }
    if !system_users && stack == Stack::SystemUsers {
        plan.findings.push(Finding::warning(
            "dovecot-virtual-users",
            "The stack system-users refuses everybody without a Unix account, and the userdb has others",
            "--stack app-passwords-only",
        ));
    }
    if system_users {
        plan.findings.push(Finding::note(
            "dovecot-no-virtual-users",
            if stack == Stack::SystemUsers {
                "The stack system-users lets in who has a Unix account, and nobody else: an app password of alice@example.org is \
                 accepted by apppwd, and then refused by pam_unix"
            } else {
                "userdb passwd knows Unix accounts only: alice@example.org would be let in and then have no mailbox"
            },
            "For users without one: a userdb of their own (userdb-apppw-virtual.conf.ext, beside the packaged passdb), and --stack \
             app-passwords-only",
        ));
    }
}
