//! saslauthd as Debian and Ubuntu start it: `-r` and no `-c`.

use super::super::plan::Plan;
use super::super::system::System;
use crate::exit::Failure;
use crate::hosts::dovecot::source::Edits;
use crate::hosts::finding::{Finding, Level};
use crate::hosts::saslauthd::{Options, assignment, running};
use std::path::{Path, PathBuf};

const DEFAULT: &str = "/etc/default/saslauthd";

/// What Debian's init script takes where nothing is set.
const UNSET: &str = "-c -m /var/run/saslauthd";

/// What there is.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub installed: bool,
    pub default: Option<String>,
    /// Other instances, and what replaces the unit's command line.
    pub elsewhere: Vec<PathBuf>,
    /// An init script that wants START=yes.
    pub wants_start: bool,
    pub running: Vec<Options>,
}

impl Facts {
    pub fn gather(system: &dyn System) -> Result<Self, Failure> {
        let files = system.files();
        let read = |path: &Path| {
            files.read_if_there(path).map_err(|e| Failure::io(format!("can't read {}: {e}", path.display())))
        };
        let mut elsewhere: Vec<PathBuf> = Vec::new();
        for name in files.names(Path::new("/etc/default")) {
            if name.starts_with("saslauthd") && name != "saslauthd" && !name.contains(['.', '~']) {
                elsewhere.push(Path::new("/etc/default").join(name));
            }
        }
        let unit = Path::new("/etc/systemd/system/saslauthd.service");
        let drop_ins = Path::new("/etc/systemd/system/saslauthd.service.d");
        let units =
            files.names(drop_ins).into_iter().map(|name| drop_ins.join(name)).chain([unit.to_owned()]);
        for path in units {
            if read(&path)?.is_some_and(|text| text.contains("ExecStart=")) {
                elsewhere.push(path);
            }
        }
        let script = read(Path::new("/etc/init.d/saslauthd"))?.unwrap_or_default();
        Ok(Self {
            installed: system.has("saslauthd"),
            default: read(Path::new(DEFAULT))?,
            elsewhere,
            wants_start: script.contains("\"$START\" != \"yes\""),
            running: system.processes().iter().filter_map(|cmdline| running(cmdline)).collect(),
        })
    }

    /// Where its socket will be.
    pub fn socket_dir(&self) -> String {
        let text = self.default.as_deref().unwrap_or_default();
        let options = assignment(text, "OPTIONS").map_or(UNSET, |(_, value)| value);
        let options = Options::of(options.split_whitespace());
        options.socket_dir.unwrap_or_else(|| "/var/run/saslauthd".to_owned())
    }
}

/// Where the lines of apppw look for its socket, under both names.
const SOCKET_DIRS: [&str; 2] = ["/var/run/saslauthd", "/run/saslauthd"];

/// For targets whose lines can't name another place.
pub fn usual_place(facts: &Facts, plan: &mut Plan) {
    let socket_dir = facts.socket_dir();
    if !SOCKET_DIRS.contains(&socket_dir.as_str()) {
        plan.stops.push(Finding::grave(
            "saslauthd-socket",
            format!(
                "saslauthd's socket is in {socket_dir}, and the lines of apppw are for {}",
                SOCKET_DIRS[0]
            ),
            "Set it up by hand",
        ));
    }
}

pub fn plan(facts: &Facts, plan: &mut Plan) {
    if !facts.installed {
        plan.stops.push(Finding::grave(
            "saslauthd-missing",
            "There is no saslauthd on this host",
            "apt-get install sasl2-bin libsasl2-modules, and run this again",
        ));
        return;
    }
    for path in &facts.elsewhere {
        plan.stops.push(Finding::grave(
            "saslauthd-elsewhere",
            format!(
                "saslauthd is configured in {}, too, and apppw can't tell which one is asked",
                path.display()
            ),
            "Give it -r and take -c away there by hand",
        ));
    }
    let Some(text) = &facts.default else {
        plan.stops.push(Finding::grave(
            "saslauthd-no-default",
            format!("There is no {DEFAULT}: saslauthd isn't started as on Debian and Ubuntu"),
            "Start saslauthd with -a pam -r and without -c",
        ));
        return;
    };
    let mechanism = assignment(text, "MECHANISMS").map(|(_, value)| value);
    if mechanism.is_some_and(|mechanism| mechanism != "pam") {
        plan.stops.push(Finding::grave(
            "saslauthd-mechanism",
            format!(
                "{DEFAULT} has MECHANISMS=\"{}\": its users' passwords are elsewhere",
                mechanism.unwrap_or_default()
            ),
            "MECHANISMS=\"pam\" and an empty MECH_OPTIONS, and run this again",
        ));
    }
    if text.lines().any(|line| line.trim_start().starts_with("OPTIONS="))
        && assignment(text, "OPTIONS").is_none()
    {
        plan.stops.push(Finding::grave(
            "saslauthd-not-understood",
            format!("OPTIONS in {DEFAULT} is made of other variables"),
            "Give it -r and take -c away there by hand",
        ));
        return;
    }
    let after = edited(facts, text);
    let told = assignment(&after, "OPTIONS").map(|(_, value)| value).unwrap_or_default();
    let mut options = Options::of(told.split_whitespace());
    options.processes = assignment(&after, "THREADS").and_then(|(_, value)| value.parse().ok());
    plan.findings.extend(options.judge().into_iter().filter(|finding| finding.level != Level::Fault));
    plan.write(Path::new(DEFAULT), Some(text.clone()), after);
    if facts.running.iter().any(|running| running.cache || !running.realm) {
        plan.findings.push(Finding::warning(
            "saslauthd-running",
            "The saslauthd that runs now remembers logins (-c) or drops domains (no -r) until it is restarted",
            "systemctl restart saslauthd",
        ));
    }
    plan.findings.push(Finding::note(
        "saslauthd-no-address",
        "saslauthd doesn't tell the client's address: app passwords that are good for some networks only are refused, and \
         fail2ban has nothing to ban. Through Dovecot (postfix-dovecot) it is known",
        "",
    ));
    plan.then.push("systemctl restart saslauthd".to_owned());
}

/// The file with -r and without -c.
fn edited(facts: &Facts, text: &str) -> String {
    let mut edits = Edits::default();
    match assignment(text, "OPTIONS") {
        Some((number, value)) => {
            let wanted = wanted(value);
            if wanted != value {
                edits.add_before(number, "# -r hands the domain on; -c would keep a revoked app password alive for 8 hours (apppw setup)");
                edits.add_before(number, format!("OPTIONS=\"{wanted}\""));
                edits.switch_off(&(number..=number));
            }
        }
        None => edits.add_before(usize::MAX, format!("OPTIONS=\"{}\"", wanted(UNSET))),
    }
    match assignment(text, "START") {
        Some((_, "yes")) => {}
        Some((number, _)) if facts.wants_start => {
            edits.add_before(number, "START=yes");
            edits.switch_off(&(number..=number));
        }
        None if facts.wants_start => edits.add_before(usize::MAX, "START=yes"),
        _ => {}
    }
    edits.applied(text)
}

/// These options with -r, without -c.
fn wanted(options: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut is_value = false;
    for word in options.split_whitespace() {
        let letters = word.strip_prefix('-').filter(|_| !is_value);
        is_value = false;
        let Some(letters) = letters else {
            words.push(word.to_owned());
            continue;
        };
        // What follows one that takes a value is the value.
        let end = letters.find(['m', 'a', 'n', 'O', 's', 't', 'T']).unwrap_or(letters.len());
        let (flags, rest) = letters.split_at(end);
        is_value = rest.len() == 1;
        let flags: String = flags.chars().filter(|c| *c != 'c').collect();
        if !flags.is_empty() || !rest.is_empty() {
            words.push(format!("-{flags}{rest}"));
        }
    }
    if !Options::of(words.iter().map(String::as_str)).realm {
        words.insert(0, "-r".to_owned());
    }
    words.join(" ")
}

/// What is wrong after writing.
pub fn verify(system: &dyn System) -> Result<Vec<Finding>, Failure> {
    let facts = Facts::gather(system)?;
    let text = facts.default.unwrap_or_default();
    let options = assignment(&text, "OPTIONS").map(|(_, value)| value).unwrap_or(UNSET);
    let mut wrong = Options::of(options.split_whitespace()).judge();
    wrong.retain(|finding| finding.level == Level::Fault);
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_goes_and_r_comes_and_the_rest_stays() {
        for (before, after) in [
            ("-c -m /var/run/saslauthd", "-r -m /var/run/saslauthd"),
            ("-r -m /var/run/saslauthd", "-r -m /var/run/saslauthd"),
            ("-c -r -m /s", "-r -m /s"),
            ("-rc -m /s", "-r -m /s"),
            ("-cm /s -t 60", "-r -m /s -t 60"),
            ("-m -c", "-r -m -c"),
            ("-O -c -V", "-r -O -c -V"),
            ("", "-r"),
        ] {
            assert_eq!(wanted(before), after, "{before}");
            assert_eq!(wanted(after), after, "a second run");
        }
    }

    #[test]
    fn the_packaged_options_are_what_debian_s_default_becomes() {
        let packaged = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/saslauthd/default"));
        let text = "MECHANISMS=\"pam\"\nTHREADS=5\nOPTIONS=\"-c -m /var/run/saslauthd\"\n";
        let facts =
            Facts { installed: true, default: Some(text.to_owned()), wants_start: true, ..Facts::default() };
        let after = edited(&facts, text);
        for key in ["OPTIONS", "START", "MECHANISMS", "THREADS"] {
            let value = |text| assignment(text, key).map(|(_, value)| value.to_owned());
            assert_eq!(value(&after), value(packaged), "{key}");
        }
        let again = Facts { default: Some(after.clone()), ..facts };
        assert_eq!(edited(&again, &after), after);
    }

    #[test]
    fn what_is_not_understood_is_left_alone() {
        let of = |default: Option<&str>| Facts {
            installed: true,
            default: default.map(str::to_owned),
            ..Facts::default()
        };
        let debian = "MECHANISMS=\"pam\"\nOPTIONS=\"-c -m /var/run/saslauthd\"\n";
        let elsewhere =
            Facts { elsewhere: vec!["/etc/default/saslauthd-postfix".into()], ..of(Some(debian)) };
        for (facts, id) in [
            (Facts::default(), "saslauthd-missing"),
            (of(None), "saslauthd-no-default"),
            (of(Some("MECHANISMS=\"sasldb\"\nOPTIONS=\"-c\"\n")), "saslauthd-mechanism"),
            (of(Some("OPTIONS=\"-c -m $DIR\"\n")), "saslauthd-not-understood"),
            (elsewhere, "saslauthd-elsewhere"),
        ] {
            let mut made = Plan::default();
            plan(&facts, &mut made);
            assert_eq!(made.stops.iter().map(|stop| stop.id).collect::<Vec<_>>(), [id]);
        }
        let running = Facts { running: vec![Options::of(["-c", "-m", "/s"])], ..of(Some(debian)) };
        let mut made = Plan::default();
        plan(&running, &mut made);
        assert!(made.findings.iter().any(|finding| finding.id == "saslauthd-running"));
    }
}
