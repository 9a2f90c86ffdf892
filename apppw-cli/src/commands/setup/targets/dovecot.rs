//! `apppw setup dovecot`: PAM comes first, and nobody behind it is asked.

use super::super::plan::{Checker, Plan};
use super::super::system::System;
use super::super::texts;
use super::pam;
use crate::cli::Stack;
use crate::exit::Failure;
use crate::hosts::dovecot::source::{Edits, Item, Odd, Source};
use crate::hosts::dovecot::{self, Block, Language, Passdb, judge};
use crate::hosts::finding::{Finding, Level};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is asked of Dovecot's own checker.
const CHECKER: Checker = Checker { program: "doveconf", args: &["-n"] };

/// The packaged passdb, under the name that its comments give it.
const PASSDB_FILE: &str = "auth-apppw.conf.ext";

/// Password databases that only look up what a person types. Others (proxies, scripts, tokens) may mean something else
/// by their answers, and are asked first for a reason.
const PLAIN_DRIVERS: [&str; 8] =
    ["pam", "passwd", "passwd-file", "shadow", "sql", "ldap", "dict", "checkpassword"];

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
            Failure::io(format!("doveconf -n printed {what}; set it up by hand (packaging/dovecot)"))
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
            pam: pam::Facts::read(system.files())
                .map_err(|e| Failure::io(format!("can't read /etc/pam.d: {e}")))?,
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

    /// The stack that fits, where none was named: account rules of Unix accounts go on to count.
    pub fn stack(&self, named: Option<Stack>) -> Stack {
        let fits = if self.system_users() { Stack::SystemUsers } else { Stack::AppPasswordsOnly };
        named.unwrap_or(fits)
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
            "Set it up by hand (packaging/dovecot)",
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
    let stack = facts.stack(named);
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
    let services = facts.services(for_postfix);
    pam::plan(&facts.pam, stack, &services, &mut plan);
    stops(facts, &mut plan);
    let edited = match &facts.source {
        Ok(source) if plan.stops.is_empty() => edit(facts, source, &mut plan),
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

/// What can't be changed without knowing why it is so.
fn stops(facts: &Facts, plan: &mut Plan) {
    if let Err(odd) = &facts.source {
        plan.stops.push(Finding::grave(
            "dovecot-not-understood",
            format!(
                "{}: {}: apppw doesn't understand it, and changes no file that it doesn't understand",
                odd.place, odd.what
            ),
            "Set it up by hand",
        ));
    }
    let others = judge::other_mechanisms(&facts.effective);
    if !others.is_empty() {
        plan.stops.push(Finding::grave(
            "dovecot-other-mechanisms",
            format!(
                "auth_mechanisms has {}: PAM can't check these, so another passdb does, and the file of apppw would take them \
                 away",
                others.join(" ")
            ),
            "Take them out of auth_mechanisms, or set it up by hand and keep them",
        ));
    }
    let passdbs = judge::passdbs(&facts.effective);
    for passdb in passdbs.iter().filter(|passdb| passdb.is_for_logins()) {
        if !PLAIN_DRIVERS.contains(&passdb.driver.as_str()) {
            plan.stops.push(Finding::grave(
                "dovecot-driver",
                format!(
                    "There is a passdb with driver {:?}, of which apppw can't tell what it is for",
                    passdb.driver
                ),
                "Set it up by hand: apppw's passdb first, with result_failure = return-fail",
            ));
        }
        if !passdb.conditions.is_empty() {
            let conditions: Vec<_> =
                passdb.conditions.iter().map(|(key, value)| format!("{key} = {value}")).collect();
            plan.stops.push(Finding::grave(
                "dovecot-conditions",
                format!(
                    "The passdb {:?} is asked under conditions: {}",
                    passdb.driver,
                    conditions.join(", ")
                ),
                "Set it up by hand: apppw's passdb first, with result_failure = return-fail",
            ));
        }
    }
    let userdbs: Vec<_> = facts.effective.of_kind("userdb").collect();
    let prefetch =
        |userdb: &&&Block| userdb.any(&["driver", "userdb_driver"]).unwrap_or(&userdb.name) == "prefetch";
    if !userdbs.is_empty() && userdbs.iter().filter(prefetch).count() == userdbs.len() {
        plan.stops.push(Finding::grave(
            "dovecot-prefetch",
            "The only userdb is prefetch: it takes what the passdb has looked up, and PAM looks nothing up",
            "Add a userdb of its own (sql, ldap, static) and run this again",
        ));
    }
    if let Ok(source) = &facts.source {
        let kind = |block: &Block| {
            let passdb = Passdb::of(block);
            (passdb.driver, passdb.deny, passdb.master)
        };
        let written: Vec<_> = source.blocks("passdb").map(|(_, block)| kind(block)).collect();
        let holds: Vec<_> = facts.effective.of_kind("passdb").map(kind).collect();
        if written != holds {
            plan.stops.push(Finding::grave(
                "dovecot-elsewhere",
                "What the files say of passdb isn't what doveconf -n says: it may stand within another block",
                "Set it up by hand",
            ));
        }
    }
}

/// Puts our file in its place and switches off what it replaces; gives what Dovecot will then see.
fn edit(facts: &Facts, source: &Source, plan: &mut Plan) -> Block {
    let mut after = facts.effective.clone();
    let mut edits: BTreeMap<PathBuf, Edits> = BTreeMap::new();
    let passdbs = judge::passdbs(&facts.effective);
    let ours = facts.directory().join(PASSDB_FILE);
    let text = match facts.language {
        Language::V2_3 => texts::DOVECOT_2_3,
        Language::V2_4 => texts::DOVECOT_2_4,
    };
    let caches = switch_off_settings(facts, source, &mut edits, &mut after);
    if is_done(facts.language, &after, &passdbs) {
        // As it is, also where somebody wrote it by hand.
        if let Some(text) = source.files.get(&ours) {
            plan.write(&ours, Some(text.clone()), text.clone());
        }
    } else {
        replace(source, &ours, text, &mut edits, plan);
        let is_pam = |block: &Block| {
            block.kind == "passdb" && {
                let passdb = Passdb::of(block);
                passdb.pam.is_some() && passdb.is_for_logins()
            }
        };
        after.blocks.retain(|block| !is_pam(block));
        let guarded = Block {
            kind: "passdb".into(),
            name: "pam".into(),
            settings: [
                ("driver", "pam"),
                ("args", "%s"),
                ("pam_service_name", "%{protocol}"),
                ("result_failure", "return-fail"),
                ("result_internalfail", "return-fail"),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
            blocks: Vec::new(),
        };
        after.blocks.insert(0, guarded);
        told_of_replaced(&passdbs, plan);
    }
    if caches {
        plan.findings.push(Finding::note(
            "dovecot-cache-off",
            "Dovecot's auth cache is switched off: it would keep a revoked app password working for an hour",
            "",
        ));
    }
    for (path, edits) in edits {
        let before = source.files.get(&path).cloned();
        let text = edits.applied(before.as_deref().unwrap_or_default());
        plan.write(&path, before, text);
    }
    after
}

const OFF: &str = "# Switched off by apppw setup (--undo puts it back)";

/// Our include before the first passdb of people's logins; those with PAM off.
fn replace(source: &Source, ours: &Path, text: &str, edits: &mut BTreeMap<PathBuf, Edits>, plan: &mut Plan) {
    let logins: Vec<(&Item, Passdb)> = source
        .blocks("passdb")
        .map(|(item, block)| (item, Passdb::of(block)))
        .filter(|(_, passdb)| passdb.is_for_logins())
        .collect();
    plan.write(ours, source.files.get(ours).cloned(), text);
    if source.included.iter().any(|path| path == ours) {
        // It is the first one, or somebody has put it where it does nothing.
        if logins.first().is_some_and(|(item, _)| item.file != ours) {
            plan.stops.push(Finding::grave(
                "dovecot-include-late",
                format!("{} is included behind another passdb, which is asked before it", ours.display()),
                "Move the line that includes it before all passdb blocks",
            ));
        }
        return;
    }
    let main = source.included.first().cloned().unwrap_or_default();
    let (file, line) = logins
        .first()
        .map_or_else(|| (main, usize::MAX), |(item, _)| (item.file.clone(), *item.lines.start()));
    let name =
        if file.parent() == ours.parent() { PASSDB_FILE.to_owned() } else { ours.display().to_string() };
    let edit = edits.entry(file).or_default();
    edit.add_before(line, "# apppw setup: app passwords, and who decides on all others");
    edit.add_before(line, format!("!include {name}"));
    for (item, passdb) in &logins {
        if passdb.pam.is_some() {
            let edit = edits.entry(item.file.clone()).or_default();
            edit.add_before(*item.lines.start(), OFF);
            edit.switch_off(&item.lines);
        }
    }
}

/// Settings that keep secrets, or revoked ones alive. Whether the cache is one of them.
fn switch_off_settings(
    facts: &Facts,
    source: &Source,
    edits: &mut BTreeMap<PathBuf, Edits>,
    after: &mut Block,
) -> bool {
    let caches = facts.language == Language::V2_4 && judge::caches(facts.language, &facts.effective);
    let debug = facts.effective.is_on("auth_debug_passwords");
    let verbose = facts.effective.get("auth_verbose_passwords").is_some_and(|value| value != "no");
    let keys =
        [("auth_cache_size", caches), ("auth_debug_passwords", debug), ("auth_verbose_passwords", verbose)];
    for (key, is_bad) in keys {
        let items: Vec<_> = source.items.iter().filter(|item| item.is_setting(key)).collect();
        // Written elsewhere, it stays and is judged.
        if !is_bad || items.is_empty() {
            continue;
        }
        for item in items {
            let edit = edits.entry(item.file.clone()).or_default();
            edit.add_before(*item.lines.start(), OFF);
            edit.switch_off(&item.lines);
        }
        after.settings.retain(|(name, _)| name != key);
    }
    caches
}

/// What no longer happens.
fn told_of_replaced(passdbs: &[Passdb], plan: &mut Plan) {
    for passdb in passdbs.iter().filter(|passdb| passdb.is_for_logins()) {
        match &passdb.pam {
            None => plan.findings.push(Finding::warning(
                "dovecot-passdb-unused",
                format!(
                    "The passdb {:?} is no longer asked when people log in: the passwords stored there open nothing any \
                     more",
                    passdb.driver
                ),
                "",
            )),
            Some(pam) => {
                if pam.session || pam.setcred {
                    plan.findings.push(Finding::warning(
                        "dovecot-pam-session",
                        "The passdb has session=yes or setcred=yes today: the session modules of its stack (pam_mkhomedir \
                         ...) won't be run any more",
                        "If home directories are made that way, make them otherwise",
                    ));
                }
                if !pam.is_per_protocol() {
                    plan.findings.push(Finding::note(
                        "dovecot-old-service",
                        format!("Dovecot won't read /etc/pam.d/{} any more; the file stays as it is", pam.service),
                        "",
                    ));
                }
            }
        }
    }
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
            "userdb passwd knows Unix accounts only: alice@example.org would be let in and then have no mailbox",
            "For users without one: packaging/dovecot/*/userdb-apppw-virtual.conf.ext",
        ));
    }
}
