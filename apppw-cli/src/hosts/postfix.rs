//! Postfix's main.cf and master.cf (postconf(5), master(5)), and what to think of how it authenticates.

use super::finding::Finding;
use crate::hosts::examples;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// `name = value` of main.cf, and the lines that it stands in, from 0 on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub value: String,
    pub lines: RangeInclusive<usize>,
}

/// The logical lines of main.cf or master.cf: one that begins with a blank goes on with what is above it, and comments
/// and empty lines may stand in between.
fn logical(text: &str) -> Vec<(RangeInclusive<usize>, String)> {
    let mut lines: Vec<(RangeInclusive<usize>, String)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        match lines.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
            Some((range, whole)) => {
                *range = *range.start()..=number;
                whole.push(' ');
                whole.push_str(bare);
            }
            None => lines.push((number..=number, bare.to_owned())),
        }
    }
    lines
}

/// The parameters of main.cf, in their order; of two of one name the later one counts.
pub fn main_cf(text: &str) -> Vec<Parameter> {
    let parameter = |(lines, whole): (RangeInclusive<usize>, String)| {
        let (name, value) = whole.split_once('=')?;
        Some(Parameter { name: name.trim().to_owned(), value: value.trim().to_owned(), lines })
    };
    logical(text).into_iter().filter_map(parameter).collect()
}

/// What `postconf NAME...` printed.
pub fn values(output: &str) -> BTreeMap<String, String> {
    main_cf(output).into_iter().map(|parameter| (parameter.name, parameter.value)).collect()
}

/// A service of master.cf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub name: String,
    /// `inet`, `unix` ...
    pub kind: String,
    /// As written: `y`, `n` or `-`.
    pub chroot: String,
    pub command: String,
    /// `-o name=value`.
    pub options: BTreeMap<String, String>,
    pub lines: RangeInclusive<usize>,
}

/// The services of master.cf.
pub fn master_cf(text: &str) -> Vec<Service> {
    logical(text).into_iter().filter_map(|(lines, whole)| service(lines, &whole)).collect()
}

fn service(lines: RangeInclusive<usize>, whole: &str) -> Option<Service> {
    let words: Vec<&str> = whole.split_whitespace().collect();
    let [name, kind, _private, _unprivileged, chroot, _wakeup, _limit, command, args @ ..] = words.as_slice()
    else {
        return None;
    };
    Some(Service {
        name: (*name).to_owned(),
        kind: (*kind).to_owned(),
        chroot: (*chroot).to_owned(),
        command: (*command).to_owned(),
        options: options(args),
        lines,
    })
}

/// `-o name=value` and `-o { name = value with blanks }`.
fn options(args: &[&str]) -> BTreeMap<String, String> {
    let mut options = BTreeMap::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if *arg != "-o" {
            continue;
        }
        let Some(first) = args.next() else { break };
        let mut whole = (*first).to_owned();
        if whole.starts_with('{') {
            while !whole.ends_with('}') {
                let Some(more) = args.next() else { break };
                whole.push(' ');
                whole.push_str(more);
            }
            whole = whole.trim_matches(['{', '}']).to_owned();
        }
        if let Some((name, value)) = whole.split_once('=') {
            options.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
    options
}

/// In whatever case, as Postfix reads it.
const fn is_yes(value: &str) -> bool {
    value.eq_ignore_ascii_case("yes")
}

impl Service {
    /// Whether mail programs may authenticate here, as master.cf and main.cf's `smtpd_sasl_auth_enable` say.
    pub fn authenticates(&self, main: &BTreeMap<String, String>) -> bool {
        let of_main = main.get("smtpd_sasl_auth_enable").map(String::as_str);
        let enabled = self.options.get("smtpd_sasl_auth_enable").map(String::as_str).or(of_main);
        self.kind == "inet" && self.command == "smtpd" && enabled.is_some_and(is_yes)
    }

    /// What counts here of a parameter: the service's own value, or that of main.cf.
    pub fn value<'a>(&'a self, name: &str, main: &'a BTreeMap<String, String>) -> &'a str {
        self.options.get(name).or_else(|| main.get(name)).map_or("", String::as_str)
    }

    /// Whether its processes see Postfix's queue directory only. `-` is n since compatibility level 1.
    pub fn is_chrooted(&self) -> bool {
        self.chroot == "y"
    }
}

/// The parameters that [`judge`] wants to know (`postconf NAME...`).
pub const ASKED: [&str; 14] = [
    "queue_directory",
    "mail_owner",
    "smtpd_sasl_auth_enable",
    "smtpd_sasl_type",
    "smtpd_sasl_path",
    "smtpd_sasl_security_options",
    "smtpd_sasl_tls_security_options",
    "smtpd_sasl_local_domain",
    "smtpd_tls_auth_only",
    "smtpd_tls_security_level",
    "smtpd_tls_cert_file",
    "smtpd_tls_chain_files",
    "smtpd_use_tls",
    "cyrus_sasl_config_path",
];

/// What to think of how mail programs authenticate to these services.
pub fn judge(main: &BTreeMap<String, String>, services: &[Service]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let open: Vec<&Service> = services.iter().filter(|service| service.authenticates(main)).collect();
    if open.is_empty() {
        findings.push(Finding::warning(
            "postfix-no-submission",
            "No service of Postfix lets mail programs authenticate (smtpd_sasl_auth_enable)",
            format!(
                "Add a submission service to master.cf ({}/master-submission.cf)",
                examples::folder("postfix")
            ),
        ));
    }
    let known = |name: &str| main.get(name).map_or("", String::as_str);
    let has_certificate = ["smtpd_tls_cert_file", "smtpd_tls_chain_files"]
        .iter()
        .any(|name| !matches!(known(name), "" | "none"));
    for service in &open {
        let Service { name, .. } = service;
        if name == "smtp" || name == "25" {
            findings.push(Finding::note(
                "postfix-auth-on-25",
                "Mail programs may authenticate on port 25 too, where everybody tries passwords",
                "Leave smtpd_sasl_auth_enable to the submission services in master.cf",
            ));
        }
        let options = service.value("smtpd_sasl_security_options", main);
        if options.contains("noplaintext")
            && service.value("smtpd_sasl_tls_security_options", main).contains("noplaintext")
        {
            findings.push(Finding::grave(
                "postfix-noplaintext",
                format!("{name}: smtpd_sasl_security_options = {options}: PAM needs the password in clear, so nobody can log in"),
                "smtpd_sasl_security_options = noanonymous; TLS protects the password",
            ));
        }
        if !options.is_empty() && !options.contains("noanonymous") {
            findings.push(Finding::grave(
                "postfix-anonymous",
                format!("{name}: smtpd_sasl_security_options = {options} doesn't have noanonymous: whoever logs in as nobody may relay mail"),
                "smtpd_sasl_security_options = noanonymous",
            ));
        }
        let is_encrypted = service.value("smtpd_tls_security_level", main) == "encrypt"
            || is_yes(service.value("smtpd_tls_wrappermode", main));
        if !is_encrypted && !is_yes(service.value("smtpd_tls_auth_only", main)) {
            findings.push(Finding::warning(
                "postfix-cleartext",
                format!("{name}: AUTH is offered without TLS: app passwords travel in clear"),
                "smtpd_tls_auth_only = yes",
            ));
        }
        if is_encrypted && !has_certificate {
            findings.push(Finding::warning(
                "postfix-no-certificate",
                format!("{name} insists on TLS, and Postfix has no certificate: nobody can log in"),
                "Set smtpd_tls_chain_files, or smtpd_tls_cert_file and smtpd_tls_key_file",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASTER: &str = "
# a comment
smtp      inet  n       -       y       -       -       smtpd
#submission inet n       -       y       -       -       smtpd
submission inet n       -       n       -       -       smtpd
  -o syslog_name=postfix/submission
# in between
  -o smtpd_tls_security_level=encrypt
  -o { smtpd_recipient_restrictions = permit_sasl_authenticated, reject }
  -o smtpd_sasl_auth_enable=yes

pickup    unix  n       -       y       60      1       pickup
";

    #[test]
    fn services_are_read_as_postfix_reads_them() {
        let services = master_cf(MASTER);
        let names: Vec<_> =
            services.iter().map(|service| (service.name.as_str(), service.kind.as_str())).collect();
        assert_eq!(names, [("smtp", "inet"), ("submission", "inet"), ("pickup", "unix")]);
        let submission = &services[1];
        assert_eq!(submission.lines, 4..=9);
        assert_eq!(submission.options["smtpd_recipient_restrictions"], "permit_sasl_authenticated, reject");
        assert!(!submission.is_chrooted() && services[0].is_chrooted());
        let main = BTreeMap::new();
        assert!(submission.authenticates(&main) && !services[0].authenticates(&main));
        let main = values("smtpd_sasl_auth_enable = Yes\n");
        assert!(services[0].authenticates(&main) && !services[2].authenticates(&main));
    }

    #[test]
    fn parameters_go_on_in_lines_that_begin_with_a_blank() {
        let text = "a = 1\n# c\n  2\n\nb=\nmynetworks = 127.0.0.0/8,\n\t[::1]/128\na = 3\n";
        let parameters = main_cf(text);
        let shown: Vec<_> =
            parameters.iter().map(|p| (p.name.as_str(), p.value.as_str(), p.lines.clone())).collect();
        assert_eq!(
            shown,
            [
                ("a", "1 2", 0..=2),
                ("b", "", 4..=4),
                ("mynetworks", "127.0.0.0/8, [::1]/128", 5..=6),
                ("a", "3", 7..=7)
            ]
        );
        assert_eq!(values(text)["a"], "3");
    }

    #[test]
    fn what_lets_passwords_out_or_nobody_in_is_told() {
        let judged = |main: &str, master: &str| {
            judge(&values(main), &master_cf(master)).iter().map(|finding| finding.id).collect::<Vec<_>>()
        };
        let good = "smtpd_sasl_security_options = noanonymous\nsmtpd_tls_cert_file = /x\n";
        assert_eq!(judged(good, MASTER), [""; 0]);
        assert_eq!(judged("", MASTER), ["postfix-no-certificate"]);
        assert_eq!(judged(good, "smtp inet n - y - - smtpd\n"), ["postfix-no-submission"]);
        let on_25 = format!("{good}smtpd_sasl_auth_enable = yes\n");
        assert_eq!(judged(&on_25, MASTER), ["postfix-auth-on-25", "postfix-cleartext"]);
        let noplaintext = "smtpd_sasl_security_options = noplaintext\nsmtpd_sasl_tls_security_options = noplaintext\nsmtpd_tls_cert_file = /x\n";
        assert_eq!(judged(noplaintext, MASTER), ["postfix-noplaintext", "postfix-anonymous"]);
    }
}
