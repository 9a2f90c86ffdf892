//! The stacks: a file of /etc/pam.d for each service.

use super::super::plan::Plan;
use super::super::texts;
use crate::cli::Stack;
use crate::hosts::files::Files;
use crate::hosts::finding::Finding;
use crate::hosts::stack;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where Linux-PAM finds them.
const DIRECTORY: &str = "/etc/pam.d";

/// What is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Name and text.
    pub files: BTreeMap<String, String>,
}

impl Facts {
    /// Reads all of them.
    pub fn read(files: &dyn Files) -> Self {
        let directory = Path::new(DIRECTORY);
        let mut found = BTreeMap::new();
        for name in files.names(directory) {
            // A directory, or what was removed meanwhile, is no stack.
            if let Ok(text) = files.read(&directory.join(&name)) {
                found.insert(name, text);
            }
        }
        Self { files: found }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(String::as_str)
    }
}

/// The file of a service.
pub fn path(service: &str) -> PathBuf {
    Path::new(DIRECTORY).join(service)
}

pub const fn text(stack: Stack) -> &'static str {
    match stack {
        Stack::AppPasswordsOnly => texts::APP_PASSWORDS_ONLY,
        Stack::PrimaryWherePermitted => texts::PRIMARY_WHERE_PERMITTED,
        Stack::SystemUsers => texts::SYSTEM_USERS,
    }
}

/// Which of ours a service has.
fn present(facts: &Facts, service: &str) -> Option<Stack> {
    let found = facts.get(service)?;
    Stack::ALL.into_iter().find(|stack| stack::same(found, text(*stack)))
}

/// The stack that was named, or the one that services have already: somebody has chosen it. Else the one that fits.
pub fn chosen(facts: &Facts, named: Option<Stack>, fits: Stack, services: &[String]) -> Stack {
    let present = || services.iter().find_map(|service| present(facts, service));
    named.or_else(present).unwrap_or(fits)
}

/// Where another one of ours is there, it was somebody's choice.
fn replaced(facts: &Facts, stack: Stack, named: Option<Stack>, services: &[String], plan: &mut Plan) {
    for service in services {
        let Some(other) = present(facts, service).filter(|other| *other != stack) else { continue };
        let message =
            format!("/etc/pam.d/{service} has the stack {} today, not {}", other.as_str(), stack.as_str());
        if named.is_some() {
            plan.findings.push(Finding::warning(
                "pam-stack-changed",
                format!("{message}, which it gets"),
                "",
            ));
        } else {
            let remedy =
                format!("--stack {} or --stack {}: all of them get that one", stack.as_str(), other.as_str());
            plan.stops.push(Finding::grave("pam-stacks-differ", message, remedy));
        }
    }
}

/// Plans the stack of each service; `named`: by somebody.
pub fn plan(facts: &Facts, stack: Stack, named: Option<Stack>, services: &[String], plan: &mut Plan) {
    let wanted = text(stack);
    replaced(facts, stack, named, services, plan);
    let included = stack::entries(wanted).into_iter().filter_map(|entry| match entry {
        stack::Entry::Include(file) => Some(file),
        _ => None,
    });
    for file in included {
        if facts.get(&file).is_none() {
            plan.stops.push(Finding::grave(
                "pam-no-common",
                format!("The stack {} includes /etc/pam.d/{file}, which isn't there", stack.as_str()),
                "Write the stacks by hand, with your own lines in place of the @include; or --stack app-passwords-only",
            ));
        } else if facts.get(&file).is_some_and(stack::names_apppw) {
            plan.findings.push(Finding::warning(
                "pam-common-apppw",
                format!("/etc/pam.d/{file} names pam_apppw.so, and guards sshd, sudo and the console too"),
                format!("Take our lines out of /etc/pam.d/{file}"),
            ));
        }
    }
    for service in services {
        let before = facts.get(service);
        match before {
            Some(text) if stack::same(text, wanted) => {
                plan.write(&path(service), Some(text.to_owned()), text);
            }
            Some(text) => {
                if stack == Stack::AppPasswordsOnly && stack::has_account_rules(text) {
                    plan.findings.push(Finding::warning(
                        "pam-account-rules",
                        format!(
                            "/etc/pam.d/{service} asks account rules today; with the stack app-passwords-only an account that \
                             has expired (chage -E) or that pam_access bars gets in with an app password"
                        ),
                        "--stack system-users, if users have Unix accounts",
                    ));
                }
                let own = stack::of_the_site(text);
                if own.is_empty() {
                    plan.write(&path(service), Some(text.to_owned()), wanted);
                } else {
                    plan.stops.push(Finding::grave(
                        "pam-own-lines",
                        format!("/etc/pam.d/{service} has lines of this site's own: {}", own.join("; ")),
                        "Put apppw's lines there by hand",
                    ));
                    plan.paste(path(service).display().to_string(), wanted);
                }
                if stack::leaks(text) {
                    plan.findings.push(Finding::warning(
                        "pam-sufficient",
                        format!(
                            "/etc/pam.d/{service} has \"auth sufficient pam_apppw.so\" today: what the module refuses is \
                             tried on the next line, revoked app passwords and primary ones alike"
                        ),
                        "",
                    ));
                }
            }
            None => plan.write(&path(service), None, wanted),
        }
    }
    other(facts, plan);
}

/// What libpam loads at every login besides.
fn other(facts: &Facts, plan: &mut Plan) {
    let Some(other) = facts.get("other") else { return };
    if stack::loads_much(other) {
        plan.findings.push(Finding::warning(
            "pam-other",
            format!(
                "libpam reads /etc/pam.d/other at every login, also for a service with a complete stack of its own, and \
                 loads all modules that it names: with Debian's default a login costs about 8 times what our line does{}",
                if stack::refuses_all(other) {
                    ""
                } else {
                    "; and a service without a file of its own takes the primary password there"
                }
            ),
            "If no service of this host needs it, let it have only auth, account, password and session required \
             pam_deny.so; setup never changes that file",
        ));
    }
}
