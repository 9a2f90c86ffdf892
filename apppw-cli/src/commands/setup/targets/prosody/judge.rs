//! What else of Prosody's configuration, and of apppwd's, counts at a login.

use super::super::super::plan::Plan;
use super::SERVICE;
use crate::hosts::apppwd;
use crate::hosts::finding::Finding;
use crate::hosts::prosody::{Source, Value};

/// Modules that let somebody in without asking for a password again.
const OTHER_WAYS: [&str; 3] = ["sasl2_fast", "http_oauth2", "client_certs"];

/// Options of mod_auth_cyrus, and the only value that fits what is written here.
const OPTIONS: [(&str, &str); 3] =
    [("cyrus_service_name", SERVICE), ("cyrus_application_name", "prosody"), ("cyrus_service_realm", "")];

/// What else counts at a login.
pub fn options(source: &Source, plan: &mut Plan) {
    for (key, only) in OPTIONS {
        for setting in source.of(key).filter(|setting| setting.value.text() != Some(only)) {
            plan.stops.push(Finding::grave(
                "prosody-own-option",
                format!(
                    "{}, line {}, sets {key}: Prosody doesn't ask as apppw sets it up",
                    setting.file.display(),
                    setting.lines.start() + 1
                ),
                "Take it out and run this again, or set it up by hand",
            ));
        }
    }
    for setting in source.of("modules_enabled") {
        let Value::Other(modules) = &setting.value else { continue };
        for module in modules.iter().filter(|module| OTHER_WAYS.contains(&module.as_str())) {
            plan.stops.push(Finding::grave(
                "prosody-other-ways",
                format!(
                    "{}, line {}, enables {module}: what it accepts in place of a password works on after the app password is \
                     revoked",
                    setting.file.display(),
                    setting.lines.start() + 1
                ),
                format!("Take {module} out of modules_enabled and run this again"),
            ));
        }
    }
    let says = |key, word: &str| source.of(key).any(|setting| setting.value == Value::Word(word.into()));
    if says("c2s_require_encryption", "false") || says("allow_unencrypted_plain_auth", "true") {
        plan.findings.push(Finding::warning(
            "prosody-cleartext",
            "c2s_require_encryption is false, or allow_unencrypted_plain_auth true: app passwords travel in clear where the \
             client doesn't insist on TLS",
            "Take both out of Prosody's configuration",
        ));
    }
    plan.findings.push(Finding::note(
        "prosody-accounts",
        format!(
            "Accounts are named with their domain, and app passwords are for the group chat: {}",
            match source.hosts.first() {
                Some(host) => format!("apppw create alice@{host} phone --service chat"),
                None => "apppw create alice@example.org phone --service chat".to_owned(),
            }
        ),
        "",
    ));
}

/// A service in no group is refused.
pub fn group(toml: Option<&str>, plan: &mut Plan) {
    let config = match apppwd::Config::parse(toml.unwrap_or_default()) {
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
    if config.groups_of(SERVICE).is_empty() {
        plan.findings.push(Finding::grave(
            "prosody-group",
            format!("{SERVICE} is in no group of {}: every app password is refused there", apppwd::PATH),
            format!("[groups] chat = [\"{SERVICE}\"] in {}, then systemctl restart apppwd", apppwd::PATH),
        ));
    }
}
