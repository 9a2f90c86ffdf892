//! `apppw setup apache`: what of the site asks PAM (mod_authnz_pam) takes app passwords. What that is says the site.

mod judge;

use super::super::plan::{Checker, Plan};
use super::super::system::System;
use super::super::texts;
use super::{pam, postfix_saslauthd};
use crate::cli::Stack;
use crate::exit::Failure;
use crate::hosts::apache::{Directive, Odd, Source};
use crate::hosts::apppwd;
use crate::hosts::finding::Finding;
use crate::hosts::saslauthd::assignment;
use apppw_proto::services;
use std::path::Path;

const ROOT: &str = "/etc/apache2";
const MAIN: &str = "/etc/apache2/apache2.conf";
const ENVVARS: &str = "/etc/apache2/envvars";
const GROUP: &str = "apppw-auth";

const CHECKER: Checker = Checker { program: "apache2ctl", args: &["configtest"] };
const CHECKER_OF_APPPWD: Checker =
    Checker { program: "apppwd", args: &["--check", "--config", apppwd::PATH] };

#[derive(Debug, Clone)]
pub struct Facts {
    pub source: Result<Source, Odd>,
    pub envvars: String,
    /// /etc/passwd and /etc/group.
    pub passwd: String,
    pub groups: String,
    pub pam: pam::Facts,
    /// apppwd.toml.
    pub apppwd: Option<String>,
    /// The file that a running apppwd was told to read.
    pub elsewhere: Option<String>,
    pub has_apppwd: bool,
}

impl Facts {
    pub fn gather(system: &dyn System) -> Result<Self, Failure> {
        let files = system.files();
        let read = |path: &str| {
            files.read_if_there(Path::new(path)).map_err(|e| Failure::io(format!("can't read {path}: {e}")))
        };
        files.read(Path::new(MAIN)).map_err(|e| {
            Failure::io(format!("can't read {MAIN}: {e}; is Apache installed, as Debian has it?"))
        })?;
        Ok(Self {
            source: Source::read(files, Path::new(MAIN), Path::new(ROOT)),
            envvars: read(ENVVARS)?.unwrap_or_default(),
            passwd: read("/etc/passwd")?.unwrap_or_default(),
            groups: read("/etc/group")?.unwrap_or_default(),
            pam: pam::Facts::read(files),
            apppwd: read(apppwd::PATH)?,
            elsewhere: elsewhere(&system.processes()),
            has_apppwd: system.has(CHECKER_OF_APPPWD.program),
        })
    }

    /// As whom workers run.
    fn user(&self, source: &Source) -> Option<String> {
        let told = source.of("user").last()?.args.first()?;
        if told == "${APACHE_RUN_USER}" {
            let envvars = self.envvars.replace("export ", "");
            return assignment(&envvars, "APACHE_RUN_USER").map(|(_, value)| value.to_owned());
        }
        (!told.contains(['$', '#'])).then(|| told.clone())
    }

    fn uid(&self, user: &str) -> Option<&str> {
        let mut fields = self.passwd.lines().map(|line| line.split(':'));
        fields.find_map(|mut fields| fields.next().filter(|name| *name == user).and_then(|_| fields.nth(1)))
    }
}

/// The file that apppwd reads, if none that runs reads the usual one. (Others may be in containers.)
fn elsewhere(processes: &[Vec<u8>]) -> Option<String> {
    let paths: Vec<_> = processes.iter().filter_map(|cmdline| config_of(cmdline)).collect();
    if paths.iter().any(|path| path == apppwd::PATH) {
        return None;
    }
    paths.into_iter().next()
}

/// What an apppwd with this command line reads.
fn config_of(cmdline: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(cmdline);
    let mut words = text.split('\0');
    if words.next()?.rsplit('/').next() != Some("apppwd") {
        return None;
    }
    let mut words = words.skip_while(|word| !word.starts_with("--config"));
    let path = match words.next() {
        Some(word) => word.strip_prefix("--config=").or_else(|| words.next()),
        None => None,
    };
    Some(path.unwrap_or(apppwd::PATH).to_owned())
}

pub fn plan(facts: &Facts, named: Option<Stack>) -> Plan {
    let stack = named.unwrap_or(Stack::AppPasswordsOnly);
    let mut plan = Plan {
        title: format!("Apache, stack {}", stack.as_str()),
        checkers: vec![CHECKER],
        ..Plan::default()
    };
    if stack != Stack::AppPasswordsOnly {
        plan.stops.push(Finding::grave(
            "apache-stack",
            format!(
                "Apache's workers aren't root: for other users pam_unix checks neither passwords nor account rules there, so the \
                 stack {} would refuse them",
                stack.as_str()
            ),
            "--stack app-passwords-only; or write the stacks by hand, with modules that need no root (pam_sss)",
        ));
    }
    match &facts.source {
        Err(Odd { place, what }) => plan.stops.push(Finding::grave(
            "apache-not-understood",
            format!("apppw doesn't understand {place}: {what}"),
            "Set it up by hand",
        )),
        Ok(source) => sites(facts, source, stack, named, &mut plan),
    }
    plan.then.push("systemctl restart apache2".to_owned());
    if !plan.stops.is_empty() {
        plan.paste("within the site's <VirtualHost *:443>", texts::APACHE_LOCATION);
        plan.paste(pam::path("webdav").display().to_string(), texts::APP_PASSWORDS_ONLY);
        plan.paste(apppwd::PATH, "[peers.www-data]\nservices = [\"webdav\"]\n");
    }
    plan
}

fn sites(facts: &Facts, source: &Source, stack: Stack, named: Option<Stack>, plan: &mut Plan) {
    let is_loaded = source
        .of("loadmodule")
        .any(|directive| directive.args.first().is_some_and(|name| name == "authnz_pam_module"));
    if !is_loaded {
        plan.stops.push(Finding::grave(
            "apache-no-module",
            "Apache doesn't load mod_authnz_pam",
            "apt-get install libapache2-mod-authnz-pam && a2enmod authnz_pam, and run this again",
        ));
    }
    let asking: Vec<_> = judge::asking(source).collect();
    if asking.is_empty() {
        plan.stops.push(Finding::grave(
            "apache-no-location",
            "Nothing of the enabled configuration asks PAM (AuthBasicProvider PAM): what is to take app passwords is the site's \
             decision",
            "Put lines such as these into the site, and run this again",
        ));
        return;
    }
    judge::providers(source, &asking, plan);
    let services = named_services(source, plan);
    judge::account_rules(source, &services, plan);
    pam::plan(&facts.pam, stack, named, &services, plan);
    let Some(user) = facts.user(source).filter(|_| source.of("assignuserid").next().is_none()) else {
        plan.stops.push(Finding::grave(
            "apache-user",
            "As whom Apache's workers run can't be told (User, envvars, AssignUserID)",
            "Set it up by hand",
        ));
        return;
    };
    daemon(facts, &user, &services, plan);
    if !postfix_saslauthd::is_member(&facts.groups, GROUP, &user) {
        plan.findings.push(Finding::grave(
            "apache-not-in-group",
            format!("{user} isn't in the group {GROUP}, so Apache can't open apppwd's socket: every login would fail"),
            format!("usermod -aG {GROUP} {user}, then systemctl restart apache2: a reload gives running workers no group"),
        ));
        plan.then.insert(0, format!("usermod -aG {GROUP} {user}"));
    }
}

/// What AuthPAMService names, as libpam takes it: in lower case.
fn of_service(directive: &Directive) -> String {
    directive.args.first().map(|service| service.to_ascii_lowercase()).unwrap_or_default()
}

fn named_services(source: &Source, plan: &mut Plan) -> Vec<String> {
    let mut named: Vec<String> = Vec::new();
    for directive in source.of("authpamservice") {
        let service = of_service(directive);
        let is_plain = !service.is_empty()
            && service.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
            && !service.starts_with(['.', '-']);
        if !is_plain
            || service == "other"
            || service.starts_with("common-")
            || services::is_never_opened(&service)
        {
            plan.stops.push(Finding::grave(
                "apache-service",
                format!(
                    "{} asks PAM as {service:?}, which isn't a service of Apache's own",
                    directive.place()
                ),
                "AuthPAMService webdav, or another name that no other program has",
            ));
        } else if !named.contains(&service) {
            named.push(service);
        }
    }
    if named.is_empty() && plan.stops.is_empty() {
        plan.stops.push(Finding::grave(
            "apache-no-service",
            "AuthBasicProvider PAM, but no AuthPAMService: mod_authnz_pam refuses everybody",
            "AuthPAMService webdav beside it, and run this again",
        ));
    }
    named
}

/// What apppwd must know: Apache isn't root, and may name its own services only.
fn daemon(facts: &Facts, user: &str, services: &[String], plan: &mut Plan) {
    if let Some(path) = &facts.elsewhere {
        plan.stops.push(Finding::grave(
            "apppwd-elsewhere",
            format!("apppwd reads {path}, not {}", apppwd::PATH),
            format!("Permit {user} there by hand ([peers])"),
        ));
        return;
    }
    let text = facts.apppwd.as_deref().unwrap_or_default();
    let config = match apppwd::Config::parse(text) {
        Ok(config) => config,
        Err(why) => {
            plan.stops.push(Finding::grave(
                "apppwd-config",
                format!("{} isn't valid: {why}", apppwd::PATH),
                "apppwd --check says where; mend it and run this again",
            ));
            return;
        }
    };
    // The daemon takes a uid as well as a name.
    let uid = facts.uid(user).filter(|uid| config.peers.contains_key(*uid));
    match apppwd::with_peer(text, uid.unwrap_or(user), services) {
        Some(after) => {
            if after != text {
                plan.checkers.extend(facts.has_apppwd.then_some(CHECKER_OF_APPPWD));
                plan.then.push("systemctl restart apppwd".to_owned());
            }
            let after = if text.is_empty() { after.trim_start() } else { &after };
            plan.write(Path::new(apppwd::PATH), facts.apppwd.clone(), after);
        }
        None => plan.stops.push(Finding::grave(
            "apppwd-peers",
            format!("{} permits {user} in a way that apppw doesn't change", apppwd::PATH),
            format!("Add {services:?} to services of [peers.{user}] by hand, and run this again"),
        )),
    }
    for service in services {
        match config.groups_of(service).first() {
            Some(group) => plan.findings.push(Finding::note(
                "apache-scope",
                format!("App passwords for {service} are of the group {group}: apppw create USER NAME --service {group}"),
                "",
            )),
            None => plan.findings.push(Finding::grave(
                "apache-group",
                format!(
                    "{service} is in no group of {}, nor in a default one: every app password is refused there",
                    apppwd::PATH
                ),
                format!(
                    "[groups] web = [{service:?}] in {}, then systemctl restart apppwd; or AuthPAMService webdav",
                    apppwd::PATH
                ),
            )),
        }
    }
    plan.findings.push(Finding::note(
        "apache-address",
        "Apache isn't root, so the client addresses that it names aren't believed: app passwords that are good for some networks \
         only are refused",
        format!("trust_rhost = true in [peers.{user}], if nothing but Apache runs as {user}"),
    ));
}

/// What is wrong after writing.
pub fn verify(system: &dyn System) -> Result<Vec<Finding>, Failure> {
    let facts = Facts::gather(system)?;
    let mut wrong = Vec::new();
    let of_apppwd = apppwd::Config::parse(facts.apppwd.as_deref().unwrap_or_default());
    if let (Ok(source), Ok(config)) = (&facts.source, of_apppwd) {
        let user = facts.user(source).unwrap_or_default();
        let uid = facts.uid(&user).unwrap_or_default();
        let services: Vec<String> = source.of("authpamservice").map(of_service).collect();
        if config.permits(&user, &services) || config.permits(uid, &services) {
            return Ok(wrong);
        }
    }
    wrong.push(Finding::grave(
        "apache-not-set",
        format!("{} doesn't permit Apache what it asks", apppwd::PATH),
        "Set it up by hand",
    ));
    Ok(wrong)
}

#[cfg(test)]
mod tests;
