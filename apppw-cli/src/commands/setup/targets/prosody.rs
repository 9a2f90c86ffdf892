//! `apppw setup prosody`: Prosody's mod_auth_cyrus asks saslauthd, which asks PAM.

mod judge;

use super::super::plan::{Checker, Plan};
use super::super::system::System;
use super::super::texts;
use super::{pam, postfix_saslauthd, saslauthd};
use crate::cli::Stack;
use crate::commands::doveadm::run::Outcome;
use crate::exit::Failure;
use crate::hosts::apppwd;
use crate::hosts::finding::Finding;
use crate::hosts::prosody::{Odd, Setting, Source};
use std::path::{Path, PathBuf};

const MAIN: &str = "/etc/prosody/prosody.cfg.lua";
/// cyrus_service_name's default.
const SERVICE: &str = "xmpp";
/// Cyrus SASL reads the file of the application in each of these, the first one's options first.
const SASL_DIRECTORIES: [&str; 2] = ["/etc/sasl", "/etc/sasl2"];
const SASL_FILE: &str = "prosody.conf";
const KEY: &str = "authentication";
const WANTED: &str = "authentication = \"cyrus\" -- Cyrus SASL, and so saslauthd, PAM and apppw";
const OFF: &str = "-- Switched off by apppw setup (--undo puts it back)";

const CHECKER: Checker = Checker { program: "prosodyctl", args: &["check", "config"] };

#[derive(Debug, Clone)]
pub struct Facts {
    pub source: Result<Source, Odd>,
    /// mod_auth_cyrus and lua-cyrussasl are there.
    pub has_module: bool,
    pub has_library: bool,
    /// Folders of [`SASL_DIRECTORIES`] that are there, and the file in them.
    pub sasl: Vec<(PathBuf, Option<String>)>,
    pub saslauthd: saslauthd::Facts,
    pub pam: pam::Facts,
    /// apppwd.toml.
    pub apppwd: Option<String>,
    /// Whether user prosody may open the socket.
    pub is_member: bool,
    /// What the checker complains of before anything is written.
    pub complaint: Option<String>,
}

impl Facts {
    pub fn gather(system: &dyn System) -> Result<Self, Failure> {
        let files = system.files();
        let unreadable = |path: &str, e: std::io::Error| Failure::io(format!("can't read {path}: {e}"));
        files
            .read(Path::new(MAIN))
            .map_err(|e| Failure::io(format!("can't read {MAIN}: {e}; is Prosody installed?")))?;
        let mut sasl = Vec::new();
        for directory in SASL_DIRECTORIES {
            let beside = Path::new(directory).file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if files.names(Path::new("/etc")).iter().any(|name| name == beside) {
                let path = Path::new(directory).join(SASL_FILE);
                let text =
                    files.read_if_there(&path).map_err(|e| unreadable(&path.display().to_string(), e))?;
                sasl.push((path, text));
            }
        }
        let is_there =
            |directory: &str, name: &str| files.names(Path::new(directory)).iter().any(|n| n == name);
        let modules = "/usr/lib/prosody/modules";
        let local = "/usr/local/lib/prosody/modules";
        let has_module = [modules, local].iter().any(|modules| {
            is_there(modules, "mod_auth_cyrus.lua")
                || is_there(&format!("{modules}/mod_auth_cyrus"), "mod_auth_cyrus.lua")
        });
        let libraries = files.names(Path::new("/usr/lib"));
        let roots =
            libraries.iter().map(|name| format!("/usr/lib/{name}/lua")).chain(["/usr/local/lib/lua".into()]);
        let has_library = roots.into_iter().any(|root| {
            let versions = files.names(Path::new(&root));
            versions.iter().any(|version| is_there(&format!("{root}/{version}"), "cyrussasl.so"))
        });
        let groups = files.read_if_there(Path::new("/etc/group")).map_err(|e| unreadable("/etc/group", e))?;
        let checked = system.run(CHECKER.program, CHECKER.args)?;
        Ok(Self {
            source: Source::read(files, Path::new(MAIN)),
            has_module,
            has_library,
            sasl,
            saslauthd: saslauthd::Facts::gather(system)?,
            pam: pam::Facts::read(files),
            apppwd: files.read_if_there(Path::new(apppwd::PATH)).map_err(|e| unreadable(apppwd::PATH, e))?,
            is_member: postfix_saslauthd::is_member(&groups.unwrap_or_default(), "sasl", "prosody"),
            complaint: complaint(&checked),
        })
    }
}

/// What `prosodyctl check config` finds. It says what it wants to install before, whatever comes of it.
fn complaint(outcome: &Outcome) -> Option<String> {
    if outcome.code == Some(0) {
        return None;
    }
    let lines = outcome.lines().map(str::trim);
    let of_it: Vec<_> = lines
        .skip_while(|line| !line.starts_with("Checking config") && !line.starts_with("Error:"))
        .filter(|line| !line.is_empty() && !line.starts_with("Checking config") && *line != "Done.")
        .take(4)
        .collect();
    Some(if of_it.is_empty() { outcome.last_word() } else { of_it.join(" ") })
}

pub fn plan(facts: &Facts, named: Option<Stack>) -> Plan {
    let services = [SERVICE.to_owned()];
    let stack = pam::chosen(&facts.pam, named, Stack::AppPasswordsOnly, &services);
    let mut plan = Plan {
        title: format!("Prosody through saslauthd, stack {}", stack.as_str()),
        checkers: vec![CHECKER],
        ..Plan::default()
    };
    if stack == Stack::SystemUsers {
        plan.stops.push(Finding::grave(
            "prosody-names",
            "Prosody asks for alice@example.org, never for alice: no account rule of a Unix account knows her, so everybody \
             would be refused",
            "--stack app-passwords-only",
        ));
    }
    installed(facts, &mut plan);
    pam::plan(&facts.pam, stack, named, &services, &mut plan);
    saslauthd::plan(&facts.saslauthd, &mut plan);
    saslauthd::usual_place(&facts.saslauthd, &mut plan);
    sasl(facts, &mut plan);
    match &facts.source {
        Err(Odd { place, what }) => plan.stops.push(Finding::grave(
            "prosody-not-understood",
            format!("apppw doesn't understand {place}: {what}"),
            "Set it up by hand",
        )),
        Ok(source) => {
            authentication(source, &mut plan);
            judge::options(source, &mut plan);
        }
    }
    judge::group(facts.apppwd.as_deref(), &mut plan);
    if !facts.is_member {
        plan.findings.push(Finding::warning(
            "prosody-not-in-sasl",
            "User prosody isn't in the group sasl, so it can't open saslauthd's socket: every login would fail",
            "adduser prosody sasl",
        ));
        plan.then.insert(0, "adduser prosody sasl".to_owned());
    }
    // A reload asks with the old provider, and gives the process no new group.
    plan.then.push("systemctl restart prosody".to_owned());
    if !plan.stops.is_empty() {
        plan.paste(format!("{MAIN}, before the first VirtualHost"), WANTED);
        plan.paste(format!("{}/{SASL_FILE}", SASL_DIRECTORIES[0]), texts::SASL_PROSODY);
        plan.paste(pam::path(SERVICE).display().to_string(), pam::text(Stack::AppPasswordsOnly));
    }
    plan
}

fn installed(facts: &Facts, plan: &mut Plan) {
    for (is_there, package, what) in [
        (facts.has_module, "prosody-modules", "mod_auth_cyrus"),
        (facts.has_library, "lua-cyrussasl", "the Lua library cyrussasl"),
    ] {
        if !is_there {
            plan.stops.push(Finding::grave(
                "prosody-missing",
                format!("Prosody can't ask Cyrus SASL: there is no {what} on this host"),
                format!("apt-get install {package}, and run this again"),
            ));
        }
    }
    if let Some(complaint) = &facts.complaint {
        plan.stops.push(Finding::grave(
            "prosody-check",
            format!("{} finds something already, before anything is written: {complaint}", CHECKER.shown()),
            "Mend that and run this again",
        ));
    }
}

/// What the application "prosody" asks.
fn sasl(facts: &Facts, plan: &mut Plan) {
    let written: Vec<_> = facts.sasl.iter().filter(|(_, text)| text.is_some()).collect();
    let (path, text) = match (written.as_slice(), facts.sasl.first()) {
        ([one], _) => (&one.0, one.1.as_ref()),
        ([], Some((path, _))) => (path, None),
        ([], None) => {
            plan.stops.push(Finding::grave(
                "prosody-no-sasl-folder",
                format!("There is no folder {}, where Cyrus SASL looks for {SASL_FILE}", SASL_DIRECTORIES[0]),
                format!("mkdir -m 755 {}, and run this again", SASL_DIRECTORIES[0]),
            ));
            return;
        }
        (several, _) => {
            let paths: Vec<_> = several.iter().map(|(path, _)| path.display().to_string()).collect();
            plan.stops.push(Finding::grave(
                "prosody-sasl-twice",
                format!("Cyrus SASL reads {}: the options of both count", paths.join(" and ")),
                "Keep one of them and run this again",
            ));
            return;
        }
    };
    match text {
        Some(text) if !postfix_saslauthd::is_replaceable(text) => plan.stops.push(Finding::grave(
            "prosody-sasl-own",
            format!(
                "{} has lines of this site's own: {}",
                path.display(),
                text.lines().next().unwrap_or_default()
            ),
            "Put these lines there by hand",
        )),
        _ => plan.write(path, text.cloned(), texts::SASL_PROSODY),
    }
}

/// The option, where it is or where it belongs.
fn authentication(source: &Source, plan: &mut Plan) {
    let (global, of_hosts): (Vec<_>, Vec<_>) = source.of(KEY).partition(|setting| setting.host.is_none());
    for setting in of_hosts {
        let host = setting.host.as_deref().unwrap_or_default();
        match setting.value.text() {
            Some("cyrus") => {}
            Some("anonymous") => plan.findings.push(Finding::note(
                "prosody-anonymous",
                format!("{host} lets guests in without a password (authentication = \"anonymous\")"),
                "",
            )),
            other => plan.stops.push(Finding::grave(
                "prosody-own-authentication",
                format!(
                    "{host} has an authentication of its own in {}, line {} ({}): the passwords there would go on to open it",
                    setting.file.display(),
                    setting.lines.start() + 1,
                    other.unwrap_or("not a string")
                ),
                "Take it out and run this again; or set the other hosts up by hand",
            )),
        }
    }
    let place = |setting: &Setting| format!("{}, line {}", setting.file.display(), setting.lines.start() + 1);
    let main = Path::new(MAIN);
    let (path, after) = match global.as_slice() {
        [] => {
            let Some(text) = source.files.get(main) else { return };
            let at = source.global_ends.unwrap_or(usize::MAX);
            (main, edited(text, at, &[WANTED], None))
        }
        [one] if one.value.text() == Some("cyrus") => {
            let Some(text) = source.files.get(&one.file) else { return };
            (one.file.as_path(), text.clone())
        }
        [one] if one.is_alone && one.value.text().is_some() => {
            let Some(text) = source.files.get(&one.file) else { return };
            (one.file.as_path(), edited(text, *one.lines.start(), &[WANTED, OFF], Some(one)))
        }
        [one] => {
            plan.stops.push(Finding::grave(
                "prosody-not-understood",
                format!("{} sets {KEY} in a way that apppw doesn't change", place(one)),
                "Set it up by hand",
            ));
            return;
        }
        several => {
            let places: Vec<_> = several.iter().map(|setting| place(setting)).collect();
            plan.stops.push(Finding::grave(
                "prosody-twice",
                format!("{KEY} is set in {}", places.join(" and in ")),
                "Keep one of them and run this again",
            ));
            return;
        }
    };
    plan.write(path, source.files.get(path).cloned(), after);
}

/// The text with lines before that one, which is switched off if it is the setting's.
fn edited(text: &str, at: usize, lines: &[&str], off: Option<&Setting>) -> String {
    let mut after = String::new();
    let mut is_done = false;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if number == at {
            is_done = true;
            for new in lines {
                after.push_str(new);
                after.push('\n');
            }
        }
        if off.is_some_and(|setting| setting.lines.contains(&number)) {
            after.push_str("--");
        }
        after.push_str(line);
    }
    if !is_done {
        if !after.is_empty() && !after.ends_with('\n') {
            after.push('\n');
        }
        for new in lines {
            after.push_str(new);
            after.push('\n');
        }
    }
    after
}

/// What is wrong after writing.
pub fn verify(system: &dyn System) -> Result<Vec<Finding>, Failure> {
    let mut wrong = saslauthd::verify(system)?;
    let source = Source::read(system.files(), Path::new(MAIN));
    let is_set = source.is_ok_and(|source| {
        let mut all = source.of(KEY).filter(|setting| setting.host.is_none());
        all.next().is_some_and(|setting| setting.value.text() == Some("cyrus")) && all.next().is_none()
    });
    if !is_set {
        wrong.push(Finding::grave(
            "prosody-not-set",
            format!("{MAIN} doesn't have {KEY} = \"cyrus\" once for all hosts"),
            "Set it up by hand",
        ));
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests;
