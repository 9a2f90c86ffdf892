//! What to think of a Dovecot that asks PAM, and so apppw: pure, for `setup` and `doctor`.

use super::{Block, Language, Passdb, is_yes};
use crate::hosts::finding::Finding;

/// Everything worth saying about what `doveconf -n` printed. Its `passdb` with `driver = pam` is taken for the one
/// that asks apppw.
pub fn judge(language: Language, effective: &Block, services: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    chain(effective, &mut findings);
    mechanisms(effective, &mut findings);
    cache(language, effective, &mut findings);
    secrets_in_logs(language, effective, services, &mut findings);
    cleartext(language, effective, &mut findings);
    names(effective, &mut findings);
    worker(effective, &mut findings);
    findings
}

/// Whether a passdb stands within another block, for one protocol or address.
pub fn has_nested_passdb(effective: &Block) -> bool {
    let within = |block: &Block| block.of_kind("passdb").next().is_some() || has_nested_passdb(block);
    effective.blocks.iter().filter(|block| block.kind != "passdb").any(within)
}

/// The password databases.
pub fn passdbs(effective: &Block) -> Vec<Passdb> {
    effective.of_kind("passdb").map(Passdb::of).collect()
}

/// Who opens the door: what is asked before PAM, and what behind it.
fn chain(effective: &Block, findings: &mut Vec<Finding>) {
    if has_nested_passdb(effective) {
        findings.push(Finding::grave(
            "dovecot-nested-passdb",
            "A passdb stands within another block (protocol, local, remote): its passwords may open what apppw refuses",
            "Take it out, or guard it by hand",
        ));
    }
    let all = passdbs(effective);
    if all.iter().any(|passdb| passdb.master) {
        findings.push(Finding::note(
            "dovecot-master-users",
            "Master users log in with passwords of their own (passdb with master = yes): apppw isn't asked",
            "",
        ));
    }
    let asked: Vec<&Passdb> = all.iter().filter(|passdb| passdb.is_for_logins()).collect();
    let Some(first) = asked.iter().position(|passdb| passdb.pam.is_some()) else { return };
    let (before, from) = asked.split_at(first);
    let Some((pam, behind)) = from.split_first() else { return };
    for passdb in before {
        findings.push(Finding::grave(
            "dovecot-passdb-before",
            format!(
                "Dovecot asks the passdb {:?} before PAM: the passwords stored there, the primary ones, open everything, \
                 whatever apppw's policy says",
                passdb.driver
            ),
            "Put the passdb with driver pam first, with result_failure = return-fail",
        ));
    }
    if !pam.is_guarded() {
        for passdb in behind {
            findings.push(Finding::grave(
                "dovecot-second-passdb",
                format!(
                    "When apppw refuses, Dovecot asks the next passdb, {:?}: the passwords stored there open everything, \
                     whatever apppw's policy says, and revoked secrets are tried on it",
                    passdb.driver
                ),
                "Give the passdb with driver pam result_failure = return-fail and result_internalfail = return-fail",
            ));
        }
    }
    if !pam.conditions.is_empty() {
        let conditions: Vec<_> =
            pam.conditions.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        findings.push(Finding::warning(
            "dovecot-passdb-conditions",
            format!("Dovecot asks PAM only under conditions ({})", conditions.join(", ")),
            "Make sure that no other passdb opens the door where they don't hold",
        ));
    }
    if let Some(pam) = pam.pam.as_ref().filter(|pam| !pam.is_per_protocol()) {
        findings.push(Finding::note(
            "dovecot-one-service",
            format!(
                "Dovecot asks PAM as {:?} for all protocols: an app password can't be good for IMAP only",
                pam.service
            ),
            "",
        ));
    }
}

/// PAM can't serve a challenge and response: Dovecot passes it over and asks the next passdb, guarded or not.
fn mechanisms(effective: &Block, findings: &mut Vec<Finding>) {
    let others = other_mechanisms(effective);
    if !others.is_empty() {
        findings.push(Finding::warning(
            "dovecot-other-mechanisms",
            format!(
                "auth_mechanisms has {}: ways to log in for which PAM isn't asked, whatever stands before or behind it",
                others.join(" ")
            ),
            "auth_mechanisms = plain login, unless you want these beside app passwords",
        ));
    }
}

/// Those but PLAIN and LOGIN.
pub fn other_mechanisms(effective: &Block) -> Vec<String> {
    // 2.4 may print a list as a block.
    let listed = effective.of_kind("auth_mechanisms").flat_map(|block| &block.settings);
    let listed = listed.filter(|(_, value)| is_yes(value)).map(|(name, _)| name.as_str());
    let named = effective.get("auth_mechanisms").unwrap_or_default().split_whitespace();
    let all = listed.chain(named).map(str::to_ascii_lowercase);
    all.filter(|name| !matches!(name.as_str(), "plain" | "login")).collect()
}

/// Whether Dovecot remembers what PAM has said.
pub fn caches(language: Language, effective: &Block) -> bool {
    let is_on =
        effective.get("auth_cache_size").is_some_and(|size| size.contains(|c| matches!(c, '1'..='9')));
    let has_key = || {
        let passdbs = passdbs(effective);
        passdbs.iter().filter_map(|passdb| passdb.pam.as_ref()).any(|pam| pam.cache_key.is_some())
    };
    // 2.3 caches what PAM says under a key that is given to it; 2.4 has one by itself.
    is_on && (language == Language::V2_4 || has_key())
}

fn cache(language: Language, effective: &Block, findings: &mut Vec<Finding>) {
    if caches(language, effective) {
        findings.push(Finding::grave(
            "dovecot-auth-cache",
            "Dovecot caches logins (auth_cache_size): a revoked app password keeps working for auth_cache_ttl, an hour \
             by default, and no log of apppw shows it",
            match language {
                Language::V2_3 => "Leave cache_key= out of the passdb's args, or set auth_cache_size = 0",
                Language::V2_4 => "auth_cache_size = 0",
            },
        ));
    }
}

fn secrets_in_logs(language: Language, effective: &Block, services: &[String], findings: &mut Vec<Finding>) {
    if effective.is_on("auth_debug_passwords") {
        findings.push(Finding::grave(
            "dovecot-debug-passwords",
            "auth_debug_passwords = yes writes every password into Dovecot's log",
            "auth_debug_passwords = no; then revoke what the log has",
        ));
    }
    match effective.get("auth_verbose_passwords").unwrap_or("no") {
        "no" => {}
        plain if plain.starts_with("plain") || is_yes(plain) => findings.push(Finding::grave(
            "dovecot-verbose-passwords",
            format!("auth_verbose_passwords = {plain} writes wrong passwords into Dovecot's log: a typing mistake is nearly the password"),
            "auth_verbose_passwords = no",
        )),
        hashed => findings.push(Finding::warning(
            "dovecot-verbose-passwords",
            format!("auth_verbose_passwords = {hashed} writes hashes of wrong passwords into Dovecot's log"),
            "auth_verbose_passwords = no",
        )),
    }
    let submission = services.iter().any(|service| service == "submission");
    if language == Language::V2_3 && submission && effective.is_on("auth_debug") {
        findings.push(Finding::warning(
            "dovecot-auth-debug",
            "auth_debug = yes: Dovecot 2.3's submission service then logs the AUTH response, which has the password in base64",
            "auth_debug = no",
        ));
    }
}

fn cleartext(language: Language, effective: &Block, findings: &mut Vec<Finding>) {
    let in_clear = match language {
        Language::V2_3 => effective
            .get("disable_plaintext_auth")
            .filter(|value| !is_yes(value))
            .map(|_| "disable_plaintext_auth = no"),
        Language::V2_4 => effective
            .get("auth_allow_cleartext")
            .filter(|value| is_yes(value))
            .map(|_| "auth_allow_cleartext = yes"),
    };
    let without_tls = (effective.get("ssl") == Some("no")).then_some("ssl = no");
    for setting in in_clear.into_iter().chain(without_tls) {
        findings.push(Finding::warning(
            "dovecot-cleartext",
            format!("{setting}: app passwords travel in clear where the client doesn't insist on TLS"),
            match language {
                Language::V2_3 => "disable_plaintext_auth = yes and ssl = required",
                Language::V2_4 => "auth_allow_cleartext = no and ssl = required",
            },
        ));
    }
}

fn names(effective: &Block, findings: &mut Vec<Finding>) {
    let Some(format) = effective.get("auth_username_format") else { return };
    let squeezed: String = format.chars().filter(|c| !c.is_whitespace()).collect();
    let has_domain = ["%u", "%Lu", "%d", "%Ld", "%{user}", "%{user|lower}", "%{user|domain", "domain}"]
        .iter()
        .any(|variable| squeezed.contains(variable));
    if !squeezed.is_empty() && !has_domain {
        findings.push(Finding::warning(
            "dovecot-drops-domain",
            format!(
                "auth_username_format = {format} drops the domain: PAM hears \"alice\" whichever domain was typed, so \
                 alice@example.org and alice@example.net are one account for apppw, called alice"
            ),
            "Make app passwords for the name without a domain; or auth_username_format = the whole name",
        ));
    }
}

/// Only root may name any service to apppwd.
fn worker(effective: &Block, findings: &mut Vec<Finding>) {
    let worker = effective.block("service", "auth-worker");
    let user = worker.and_then(|service| service.get("user")).unwrap_or("root");
    if !matches!(user, "" | "root") {
        findings.push(Finding::grave(
            "dovecot-worker-user",
            format!("Dovecot's auth-worker runs as {user:?}: apppwd answers nobody but root, unless told otherwise"),
            format!("Take user = {user} out of service auth-worker; or put {user} into the group apppw-auth and into [peers] of apppwd.toml"),
        ));
    }
}
