//! The programs that ask PAM: Dovecot, Postfix, saslauthd. What they read is judged in `crate::hosts`; here is what of it
//! concerns a host that is set up already.

use super::line::Line;
use crate::commands::setup::system::System;
use crate::hosts::dovecot::{self, Block, Language};
use crate::hosts::finding::Finding;
use crate::hosts::postfix::{self, Service};
use crate::hosts::saslauthd::{self, Options};
use std::collections::BTreeMap;
use std::path::Path;

const MASTER: &str = "/etc/postfix/master.cf";
const SASLAUTHD: [&str; 2] = ["/etc/default/saslauthd", "/etc/sysconfig/saslauthd"];

/// Dovecot's configuration, as it says itself.
#[derive(Debug)]
pub struct Dovecot {
    pub language: Language,
    pub effective: Block,
    pub protocols: Block,
}

/// What is installed.
#[derive(Debug, Default)]
pub struct Facts {
    /// `Err`: it is there, and can't say what it reads.
    pub dovecot: Option<Result<Dovecot, String>>,
    pub postfix: Option<(BTreeMap<String, String>, Vec<Service>)>,
    /// Of each that runs; of none, what the next one gets.
    pub saslauthd: Vec<Options>,
}

/// Asks them.
pub fn gather(system: &dyn System) -> Facts {
    Facts {
        dovecot: gather_dovecot(system),
        postfix: gather_postfix(system),
        saslauthd: gather_saslauthd(system),
    }
}

fn gather_dovecot(system: &dyn System) -> Option<Result<Dovecot, String>> {
    if !system.has("doveconf") {
        return None;
    }
    let ask = |args: &[&str]| match system.run("doveconf", args) {
        Ok(outcome) if outcome.code == Some(0) => Ok(outcome.stdout),
        Ok(outcome) => Err(outcome.last_word()),
        Err(failure) => Err(failure.message),
    };
    let read = || {
        let (printed, protocols) = (ask(&["-n"])?, ask(&["protocols"])?);
        let version = printed.lines().next().unwrap_or_default().trim_start_matches("# ").to_owned();
        let unknown = || format!("{version:?} is neither 2.3 nor 2.4");
        let unread = || "it prints what apppw can't read".to_owned();
        Ok(Dovecot {
            language: Language::of(&version).ok_or_else(unknown)?,
            effective: dovecot::effective(&printed).ok_or_else(unread)?,
            protocols: dovecot::effective(&protocols).ok_or_else(unread)?,
        })
    };
    Some(read())
}

fn gather_postfix(system: &dyn System) -> Option<(BTreeMap<String, String>, Vec<Service>)> {
    let master = system.files().read(Path::new(MASTER)).ok()?;
    let asked = system.has("postconf").then(|| system.run("postconf", &postfix::ASKED).ok()).flatten()?;
    (asked.code == Some(0)).then(|| (postfix::values(&asked.stdout), postfix::master_cf(&master)))
}

fn gather_saslauthd(system: &dyn System) -> Vec<Options> {
    let mut running: Vec<Options> =
        system.processes().iter().filter_map(|cmdline| saslauthd::running(cmdline)).collect();
    running.dedup();
    if !running.is_empty() || !system.has("saslauthd") {
        return running;
    }
    let text =
        SASLAUTHD.iter().find_map(|path| system.files().read(Path::new(path)).ok()).unwrap_or_default();
    let of = |key: &str| saslauthd::assignment(&text, key).map(|(_, value)| value);
    if of("START") != Some("yes") {
        return Vec::new();
    }
    let words = of("OPTIONS").unwrap_or_default().split_whitespace();
    let mechanism = of("MECHANISMS").map(str::to_owned);
    vec![Options { mechanism, ..Options::of(words) }]
}

/// What is to be said of them. `served`: PAM services whose stacks name the module.
pub fn judge(facts: &Facts, served: &[&str]) -> Vec<Line> {
    let mut lines = Vec::new();
    match &facts.dovecot {
        None => {}
        Some(Err(why)) => lines.push(Line::warning(
            "dovecot",
            format!("Dovecot's configuration can't be looked at: {why}"),
            "run `doveconf -n` as root",
        )),
        Some(Ok(dovecot)) => lines.extend(of_dovecot(dovecot, served)),
    }
    lines.extend(facts.saslauthd.iter().flat_map(of_saslauthd));
    if let Some((values, services)) = &facts.postfix {
        // A Postfix at which nobody logs in has nothing to do with us.
        let findings =
            postfix::judge(values, services).into_iter().filter(|f| f.id != "postfix-no-submission");
        let open = services.iter().filter(|service| service.authenticates(values));
        let names: Vec<&str> = open.map(|service| service.name.as_str()).collect();
        if !names.is_empty() {
            lines.extend(told("postfix", format!("Postfix: logins at {}", names.join(", ")), findings));
        }
    }
    lines
}

/// Findings as lines; if none of them is trouble, one line says so first.
fn told(id: &'static str, well: String, findings: impl IntoIterator<Item = Finding>) -> Vec<Line> {
    let mut lines: Vec<Line> = findings.into_iter().map(Line::from).collect();
    if lines.iter().all(|line| line.state == super::State::Ok) {
        lines.insert(0, Line::ok(id, well));
    }
    lines
}

fn of_dovecot(facts: &Dovecot, served: &[&str]) -> Vec<Line> {
    let Dovecot { language, effective, protocols } = facts;
    let passdbs = dovecot::judge::passdbs(effective);
    let Some(pam) = passdbs.iter().find_map(|passdb| passdb.pam.as_ref()) else {
        if dovecot::services(protocols).iter().any(|service| served.contains(&service.as_str())) {
            return vec![Line::warning(
                "dovecot-bypassed",
                "Dovecot doesn't ask PAM, though stacks for it name the module: other passwords open it",
                "apppw setup dovecot",
            )];
        }
        return vec![Line::ok("dovecot", "Dovecot doesn't ask PAM, so app passwords don't open it")];
    };
    let mut asked = vec![pam.service.clone()];
    if pam.is_per_protocol() {
        asked = dovecot::services(protocols);
        if !dovecot::auth_sockets(effective).is_empty() {
            asked.push("smtp".to_owned());
        }
    }
    let services = dovecot::services(protocols);
    let findings = dovecot::judge::judge(*language, effective, &services);
    let well = format!("Dovecot asks PAM as {}", asked.join(", "));
    let mut lines = told("dovecot", well, findings);
    let unserved: Vec<&str> = asked
        .iter()
        .map(String::as_str)
        .filter(|name| !name.contains('%') && !served.contains(name))
        .collect();
    if !unserved.is_empty() && !served.is_empty() {
        let names = unserved.join(", ");
        let what = format!(
            "Dovecot asks PAM as {names}, where apppw isn't asked: app passwords don't open that, and primary ones do, if the \
             stack takes them (where there is no file of that name, /etc/pam.d/other)"
        );
        lines.push(Line::fault(
            "dovecot-service",
            what,
            format!("apppw setup dovecot, or a stack of ours in /etc/pam.d for each of {names}"),
        ));
    }
    lines
}

fn of_saslauthd(options: &Options) -> Vec<Line> {
    // One that asks somebody else has nothing to do with us.
    if options.mechanism.as_deref().is_some_and(|mechanism| mechanism != "pam") {
        return Vec::new();
    }
    let well = "saslauthd asks PAM. It passes no client address on: app passwords with a network, or pinned to one, are refused \
                through it"
        .to_owned();
    told("saslauthd", well, options.judge())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::line::State;
    use crate::commands::doveadm::run::Outcome;
    use crate::exit::Failure;
    use crate::hosts::files::Files;
    use std::path::PathBuf;

    struct Host {
        files: BTreeMap<PathBuf, String>,
        answers: BTreeMap<&'static str, String>,
        processes: Vec<Vec<u8>>,
    }

    impl System for Host {
        fn files(&self) -> &dyn Files {
            &self.files
        }

        fn run(&self, program: &str, args: &[&str]) -> Result<Outcome, Failure> {
            let all = format!("{program} {}", args.first().copied().unwrap_or_default());
            let answer =
                self.answers.iter().find(|(asked, _)| all.starts_with(**asked)).map(|(_, said)| said.clone());
            let code = Some(i32::from(answer.is_none()));
            Ok(Outcome { code, stdout: answer.unwrap_or_default(), stderr: String::new() })
        }

        fn has(&self, program: &str) -> bool {
            self.answers.keys().any(|asked| asked.starts_with(program))
        }

        fn processes(&self) -> Vec<Vec<u8>> {
            self.processes.clone()
        }
    }

    fn host(effective: &str) -> Host {
        let effective = format!("# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf\n{effective}");
        Host {
            files: BTreeMap::new(),
            answers: [
                ("doveconf -n", effective),
                ("doveconf protocols", "protocols = imap pop3\n".to_owned()),
            ]
            .into(),
            processes: Vec::new(),
        }
    }

    fn said(host: &Host, served: &[&str]) -> Vec<(&'static str, State)> {
        judge(&gather(host), served).iter().map(|line| (line.id, line.state)).collect()
    }

    const PAM: &str = "passdb {\n  args = %s\n  driver = pam\n}\n";

    #[test]
    fn dovecot() {
        assert_eq!(said(&host(PAM), &["imap", "pop3"]), [("dovecot", State::Ok)]);
        assert_eq!(said(&host(PAM), &["imap"]), [("dovecot", State::Ok), ("dovecot-service", State::Fault)]);
        assert_eq!(
            said(&host(&PAM.replace("%s", "dovecot")), &["dovecot"]).first(),
            Some(&("dovecot", State::Ok))
        );
        let sql = host("passdb {\n  driver = sql\n}\n");
        assert_eq!(said(&sql, &["imap"]), [("dovecot-bypassed", State::Warning)]);
        assert_eq!(said(&sql, &["smtp"]), [("dovecot", State::Ok)]);
        let logging = format!("{PAM}auth_debug_passwords = yes\n");
        assert_eq!(said(&host(&logging), &["imap", "pop3"]), [("dovecot-debug-passwords", State::Fault)]);
        let second = format!("{PAM}passdb {{\n  driver = passwd-file\n}}\n");
        assert_eq!(said(&host(&second), &["imap", "pop3"]), [("dovecot-second-passdb", State::Fault)]);
        let broken = Host { answers: [("doveconf", String::new())].into(), ..host("") };
        assert_eq!(said(&broken, &[]), [("dovecot", State::Warning)]);
    }

    #[test]
    fn saslauthd_as_it_runs_or_will() {
        let cmdline = |text: &str| text.replace(' ', "\0").into_bytes();
        let with = |processes: &[&str]| Host {
            processes: processes.iter().map(|text| cmdline(text)).collect(),
            answers: [("saslauthd", String::new())].into(),
            ..host("")
        };
        assert_eq!(said(&with(&["/usr/sbin/saslauthd -a pam -r -n 5"]), &[]), [("saslauthd", State::Ok)]);
        assert_eq!(
            said(&with(&["/usr/sbin/saslauthd -a pam -r -c"]), &[]),
            [("saslauthd-cache", State::Fault)]
        );
        assert_eq!(said(&with(&["/usr/sbin/saslauthd -a pam"; 5]), &[]), [("saslauthd-realm", State::Fault)]);
        assert_eq!(said(&with(&["/usr/sbin/saslauthd -a ldap -c"]), &[]), []);
        let mut off = with(&[]);
        assert_eq!(said(&off, &[]), []);
        let text = "START=yes\nMECHANISMS=\"pam\"\nOPTIONS=\"-c -r -m /var/run/saslauthd\"\n";
        off.files.insert(SASLAUTHD[0].into(), text.to_owned());
        assert_eq!(said(&off, &[]), [("saslauthd-cache", State::Fault)]);
    }

    #[test]
    fn postfix_where_people_log_in() {
        let mut host = Host { answers: BTreeMap::new(), ..host("") };
        host.files.insert(
            MASTER.into(),
            "submission inet n - n - - smtpd\n  -o smtpd_sasl_auth_enable=yes\n".into(),
        );
        host.answers.insert(
            "postconf",
            "smtpd_sasl_security_options = noanonymous\nsmtpd_tls_auth_only = yes\n".into(),
        );
        assert_eq!(said(&host, &[]), [("postfix", State::Ok)]);
        host.answers.insert("postconf", "smtpd_sasl_security_options = noanonymous\n".into());
        assert_eq!(said(&host, &[]), [("postfix-cleartext", State::Warning)]);
        host.files.insert(MASTER.into(), "smtp inet n - n - - smtpd\n".into());
        assert_eq!(said(&host, &[]), []);
    }
}
