//! What both ways of Postfix have in common: parameters of main.cf, and a submission service.

use super::super::plan::{Checker, Plan};
use super::super::system::System;
use super::super::texts;
use crate::exit::Failure;
use crate::hosts::dovecot::source::Edits;
use crate::hosts::finding::{Finding, Level};
use crate::hosts::postfix::{self, Service};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const CHECKER: Checker = Checker { program: "postfix", args: &["check"] };

/// Where the packaged lines expect Postfix to be.
const QUEUE: &str = "/var/spool/postfix";
const DIRECTORY: &str = "/etc/postfix";

/// What there is.
#[derive(Debug, Clone)]
pub struct Facts {
    pub main: String,
    pub master: String,
    /// What counts, defaults too (`postconf NAME...`).
    pub values: BTreeMap<String, String>,
}

pub fn main_path() -> PathBuf {
    Path::new(DIRECTORY).join("main.cf")
}

pub fn master_path() -> PathBuf {
    Path::new(DIRECTORY).join("master.cf")
}

impl Facts {
    pub fn gather(system: &dyn System) -> Result<Self, Failure> {
        let read = |path: PathBuf| {
            system.files().read(&path).map_err(|e| {
                Failure::io(format!("can't read {}: {e}; is Postfix installed?", path.display()))
            })
        };
        let (main, master) = (read(main_path())?, read(master_path())?);
        let names: Vec<_> = postfix::ASKED.into_iter().chain(["config_directory"]).collect();
        let outcome = system.run("postconf", &names)?;
        if outcome.code != Some(0) {
            return Err(Failure::io(format!(
                "Postfix's configuration is wrong as it is, so nothing was planned (postconf: {})",
                outcome.last_word()
            )));
        }
        Ok(Self { main, master, values: postfix::values(&outcome.stdout) })
    }

    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    pub fn services(&self) -> Vec<Service> {
        postfix::master_cf(&self.master)
    }
}

/// Puts these lines of packaging/ into main.cf, and a submission service into master.cf. `reaches` says whether a
/// chrooted smtpd can reach the one who checks passwords.
pub fn plan(facts: &Facts, lines: &str, reaches_from_chroot: bool, plan: &mut Plan) {
    for (name, expected) in
        [("config_directory", DIRECTORY), ("queue_directory", QUEUE), ("mail_owner", "postfix")]
    {
        let found = facts.value(name);
        if found != expected {
            plan.stops.push(Finding::grave(
                "postfix-elsewhere",
                format!("Postfix's {name} is {found:?}, and apppw's lines are for {expected}"),
                "Set it up by hand",
            ));
        }
    }
    let wanted = postfix::main_cf(lines);
    plan.write(&main_path(), Some(facts.main.clone()), parameters(&facts.main, lines, &wanted));
    let mut values = facts.values.clone();
    values.extend(wanted.iter().map(|parameter| (parameter.name.clone(), parameter.value.clone())));
    let master = master(facts, &values, &wanted, reaches_from_chroot, plan);
    let judged = postfix::judge(&values, &postfix::master_cf(&master));
    plan.write(&master_path(), Some(facts.master.clone()), master);
    plan.stops.extend(judged.iter().filter(|finding| finding.level == Level::Fault).cloned());
    plan.findings.extend(judged.into_iter().filter(|finding| finding.level != Level::Fault));
    plan.checkers.push(CHECKER);
    plan.then.push("systemctl reload postfix".to_owned());
    if !plan.stops.is_empty() {
        plan.paste(main_path().display().to_string(), lines);
        plan.paste(master_path().display().to_string(), texts::POSTFIX_SUBMISSION);
    }
}

const OFF: &str = "# Switched off by apppw setup (--undo puts it back)";

/// main.cf with these parameters: unchanged if they all have these values, else at its end, the old ones switched off.
fn parameters(main: &str, lines: &str, wanted: &[postfix::Parameter]) -> String {
    let written = postfix::main_cf(main);
    let last = |name: &str| written.iter().rfind(|parameter| parameter.name == name);
    if wanted.iter().all(|wanted| last(&wanted.name).is_some_and(|found| found.value == wanted.value)) {
        return main.to_owned();
    }
    let mut edits = Edits::default();
    for parameter in
        written.iter().filter(|parameter| wanted.iter().any(|wanted| wanted.name == parameter.name))
    {
        edits.add_before(*parameter.lines.start(), OFF);
        edits.switch_off(&parameter.lines);
    }
    edits.add_before(usize::MAX, "");
    for line in lines.lines() {
        edits.add_before(usize::MAX, line);
    }
    edits.applied(main)
}

/// master.cf with a submission service.
fn master(
    facts: &Facts,
    values: &BTreeMap<String, String>,
    wanted: &[postfix::Parameter],
    reaches_from_chroot: bool,
    plan: &mut Plan,
) -> String {
    let services = facts.services();
    let open: Vec<_> = services.iter().filter(|service| service.authenticates(values)).collect();
    for service in &open {
        for parameter in wanted.iter().filter(|parameter| parameter.name.starts_with("smtpd_sasl_")) {
            if let Some(own) = service.options.get(&parameter.name).filter(|own| **own != parameter.value) {
                plan.stops.push(Finding::grave(
                    "postfix-own-option",
                    format!("{} in master.cf has its own {}={own}", service.name, parameter.name),
                    "Take it out there, so that main.cf's counts",
                ));
            }
        }
    }
    let mut text = facts.master.clone();
    if !reaches_from_chroot {
        for service in open.iter().filter(|service| service.is_chrooted()) {
            text = out_of_chroot(&text, *service.lines.start());
        }
    }
    if !open.is_empty() {
        return text;
    }
    let port = |service: &&Service| {
        service.name.rsplit(':').next().is_some_and(|port| matches!(port, "submission" | "587"))
    };
    let named = services.iter().find(port);
    if let Some(service) = named.filter(|service| service.kind == "inet") {
        plan.stops.push(Finding::grave(
            "postfix-submission-without-auth",
            format!("{} in master.cf lets nobody authenticate", service.name),
            "Add -o smtpd_sasl_auth_enable=yes to it and run this again",
        ));
        return text;
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    format!("{text}\n{}", texts::POSTFIX_SUBMISSION)
}

/// The text with n in the fifth column of this line.
fn out_of_chroot(text: &str, number: usize) -> String {
    let column = |line: &str| {
        let (mut columns, mut before) = (0, ' ');
        line.char_indices().find_map(|(at, c)| {
            if !c.is_whitespace() && before.is_whitespace() {
                columns += 1;
            }
            before = c;
            (columns == 5 && c == 'y').then_some(at)
        })
    };
    text.split_inclusive('\n')
        .enumerate()
        .map(|(at, line)| match column(line).filter(|_| at == number) {
            Some(y) => {
                let (head, tail) = line.split_at(y);
                format!("{head}n{}", tail.strip_prefix('y').unwrap_or(tail))
            }
            None => line.to_owned(),
        })
        .collect()
}

/// What is wrong after writing.
pub fn verify(facts: &Facts, wanted: &[(&str, &str)]) -> Vec<Finding> {
    let mut wrong = postfix::judge(&facts.values, &facts.services());
    wrong.retain(|finding| finding.level == Level::Fault || finding.id == "postfix-no-submission");
    for (name, value) in wanted {
        if facts.value(name) != *value {
            wrong.push(Finding::grave(
                "postfix-not-set",
                format!("postconf says {name} = {}, not {value}", facts.value(name)),
                "Set it up by hand",
            ));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(main: &str, master: &str) -> Facts {
        let mut values = postfix::values(main);
        for (name, value) in [
            ("config_directory", DIRECTORY),
            ("queue_directory", QUEUE),
            ("mail_owner", "postfix"),
            ("smtpd_tls_cert_file", "/etc/ssl/certs/ssl-cert-snakeoil.pem"),
        ] {
            values.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        Facts { main: main.to_owned(), master: master.to_owned(), values }
    }

    fn planned(facts: &Facts, from_chroot: bool) -> (Plan, String, String) {
        let mut made = Plan::default();
        plan(facts, texts::POSTFIX_BY_DOVECOT, from_chroot, &mut made);
        let text = |path: PathBuf| made.file(&path).unwrap().after.clone();
        let (main, master) = (text(main_path()), text(master_path()));
        (made, main, master)
    }

    const DEBIAN: &str = "smtp      inet  n       -       y       -       -       smtpd\n#submission inet n       -       y       -       -       smtpd\n#  -o smtpd_sasl_auth_enable=yes\npickup    unix  n       -       y       60      1       pickup\n";

    #[test]
    fn debian_s_default_gets_both_and_a_second_run_changes_nothing() {
        let first = facts("myhostname = mail.example.org\n", DEBIAN);
        let (made, main, master) = planned(&first, true);
        assert_eq!(made.stops, []);
        assert!(main.starts_with(&first.main) && main.ends_with(texts::POSTFIX_BY_DOVECOT), "{main}");
        assert!(master.starts_with(DEBIAN) && master.ends_with(texts::POSTFIX_SUBMISSION), "{master}");
        let (made, again, master_again) = planned(&facts(&main, &master), true);
        assert_eq!((again, master_again), (main, master));
        assert_eq!(made.changes().count(), 0);
    }

    #[test]
    fn old_values_are_switched_off_with_the_lines_that_go_on() {
        let main = "a = b\nsmtpd_sasl_type = cyrus\nsmtpd_sasl_security_options = noanonymous,\n\t# why\n\tnoplaintext\nz = y";
        let (_, after, _) = planned(&facts(main, DEBIAN), true);
        let head = format!(
            "a = b\n{OFF}\n#smtpd_sasl_type = cyrus\n{OFF}\n#smtpd_sasl_security_options = noanonymous,\n\t# why\n#\tnoplaintext\nz = y\n\n# For /etc"
        );
        assert!(after.starts_with(&head), "{after}");
        assert_eq!(postfix::values(&after)["smtpd_sasl_type"], "dovecot");
    }

    #[test]
    fn who_can_t_reach_saslauthd_is_let_out_of_the_chroot() {
        let master = format!(
            "{DEBIAN}submission inet n       -       y       -       -       smtpd\n  -o smtpd_sasl_auth_enable=yes\n"
        );
        let (_, _, kept) = planned(&facts("", &master), true);
        assert_eq!(kept, master);
        let (_, _, out) = planned(&facts("", &master), false);
        assert_eq!(
            out,
            master.replace("\nsubmission inet n       -       y", "\nsubmission inet n       -       n")
        );
        assert!(
            out.contains("smtp      inet  n       -       y"),
            "the port of other mail servers stays where it is"
        );
    }

    #[test]
    fn what_is_not_understood_is_left_alone() {
        for (main, master, id) in [
            ("queue_directory = /srv/queue\n", DEBIAN.to_owned(), "postfix-elsewhere"),
            ("", format!("{DEBIAN}submission inet n - y - - smtpd\n"), "postfix-submission-without-auth"),
            (
                "",
                format!(
                    "{DEBIAN}587 inet n - y - - smtpd -o smtpd_sasl_auth_enable=yes -o smtpd_sasl_type=cyrus\n"
                ),
                "postfix-own-option",
            ),
            (
                "",
                format!(
                    "{DEBIAN}465 inet n - y - - smtpd -o smtpd_sasl_auth_enable=yes -o smtpd_sasl_security_options=noplaintext -o smtpd_sasl_tls_security_options=noplaintext\n"
                ),
                "postfix-own-option",
            ),
        ] {
            let (made, ..) = planned(&facts(main, &master), true);
            assert!(made.stops.iter().any(|stop| stop.id == id), "{id}: {:?}", made.stops);
            assert_eq!(made.paste.len(), 2);
        }
    }
}
