//! What else of Apache's configuration decides who gets in where PAM is asked.

use super::super::super::plan::Plan;
use crate::hosts::apache::{Directive, Source};
use crate::hosts::finding::Finding;

const PROVIDERS: [&str; 2] = ["authbasicprovider", "authformprovider"];

/// Conditions of `Require` that ask for no password.
const WITHOUT_PASSWORD: [&str; 8] = ["all", "ip", "host", "local", "env", "expr", "method", "forward-dns"];

fn is_pam(word: &str) -> bool {
    word.eq_ignore_ascii_case("pam")
}

fn says(directive: &Directive, word: &str) -> bool {
    directive.args.first().is_some_and(|first| first.eq_ignore_ascii_case(word))
}

/// The directives that have PAM asked.
pub fn asking(source: &Source) -> impl Iterator<Item = &Directive> {
    source.directives.iter().filter(|directive| {
        PROVIDERS.contains(&directive.name.as_str()) && directive.args.iter().any(|word| is_pam(word))
    })
}

/// Whether a directive holds where the other one stands: as far as nesting goes.
fn is_around(outer: &Directive, inner: &Directive) -> bool {
    inner.sections.starts_with(&outer.sections)
}

/// Who else is asked, what is remembered, and who gets in without.
pub fn providers(source: &Source, asking: &[&Directive], plan: &mut Plan) {
    for directive in asking {
        let others: Vec<_> = directive.args.iter().filter(|word| !is_pam(word)).map(String::as_str).collect();
        if !others.is_empty() {
            plan.stops.push(Finding::grave(
                "apache-second-provider",
                format!(
                    "{} asks {} beside PAM: {}",
                    directive.place(),
                    others.join(", "),
                    if others.contains(&"socache") {
                        "socache keeps what was right once, a revoked app password too"
                    } else {
                        "what PAM refuses is asked there, revoked app passwords and primary ones alike"
                    }
                ),
                format!("{} PAM, alone, and run this again", written(directive)),
            ));
        }
        let around = |name: &'static str, word: &'static str| {
            source.of(name).find(move |other| says(other, word) && is_around(other, directive))
        };
        let lax = ["authbasicauthoritative", "authformauthoritative"]
            .into_iter()
            .find_map(|name| around(name, "off"));
        if let Some(off) = lax {
            plan.stops.push(Finding::grave(
                "apache-not-authoritative",
                format!("{} hands whom PAM refuses on to another module ({} Off)", off.place(), written(off)),
                "Take it out and run this again",
            ));
        }
        if let Some(any) = around("satisfy", "any") {
            without_password(plan, any, "Satisfy Any");
        }
        let of_section =
            source.of("require").filter(|other| other.sections.last() == directive.sections.last());
        let open = |other: &&Directive| {
            let kind = other.args.first().map(String::as_str).unwrap_or_default();
            let is_all = other.within.iter().any(|name| name != "requireany");
            WITHOUT_PASSWORD.contains(&kind.to_ascii_lowercase().as_str())
                && other.args.get(1).map(String::as_str) != Some("denied")
                && !is_all
        };
        if let Some(open) = of_section.into_iter().find(open) {
            without_password(plan, open, &format!("Require {}", open.args.join(" ")));
        }
        tls(source, directive, plan);
    }
    for directive in
        source.of("authncacheprovidefor").filter(|cache| cache.args.iter().any(|word| is_pam(word)))
    {
        plan.stops.push(Finding::grave(
            "apache-cache",
            format!(
                "{} has mod_authn_socache remember what PAM has accepted: a revoked app password works on until it forgets",
                directive.place()
            ),
            "Take PAM out of AuthnCacheProvideFor and run this again",
        ));
    }
    let is_alias = |section: &&String| {
        let mut words = section.trim_matches(['<', '>']).split_whitespace();
        words.next().is_some_and(|name| name.eq_ignore_ascii_case("AuthnProviderAlias"))
            && words.next().is_some_and(is_pam)
    };
    if let Some(alias) = source.sections.iter().find(is_alias) {
        plan.stops.push(Finding::grave(
            "apache-alias",
            format!("{alias} gives PAM another name, by which it may be asked beside others"),
            "Name PAM itself in AuthBasicProvider, and run this again",
        ));
    }
    for directive in source.of("defineexternalauth").chain(source.of("addexternalauth")) {
        plan.findings.push(Finding::warning(
            "apache-external",
            format!(
                "{} asks a program (mod_authnz_external) such as pwauth, which asks PAM as a service of its own: where that is the \
                 provider the primary password goes on to open",
                directive.place()
            ),
            "AuthBasicProvider PAM there, too; or a stack of apppw for that service (pwauth)",
        ));
    }
    let may_override = |directive: &&Directive| {
        directive.args.iter().any(|word| ["all", "authconfig"].contains(&word.to_ascii_lowercase().as_str()))
    };
    if let Some(directive) = source.of("allowoverride").find(may_override) {
        plan.findings.push(Finding::warning(
            "apache-htaccess",
            format!(
                "{} lets .htaccess files say who gets in; setup doesn't read them: AuthBasicProvider there may name others \
                 beside PAM, or a service that has no stack",
                directive.place()
            ),
            "AllowOverride None, and what they say in the site's own file",
        ));
    }
}

/// As people write it.
fn written(directive: &Directive) -> &'static str {
    match directive.name.as_str() {
        "authformprovider" => "AuthFormProvider",
        "authbasicauthoritative" => "AuthBasicAuthoritative",
        "authformauthoritative" => "AuthFormAuthoritative",
        _ => "AuthBasicProvider",
    }
}

fn without_password(plan: &mut Plan, directive: &Directive, what: &str) {
    plan.findings.push(Finding::warning(
        "apache-any",
        format!("{} ({what}) lets people in without any password where PAM is asked", directive.place()),
        "<RequireAll> around it and Require valid-user, if both are to hold",
    ));
}

/// Basic sends the password with each request.
fn tls(source: &Source, directive: &Directive, plan: &mut Plan) {
    let is_asked = source.of("sslrequiressl").any(|other| is_around(other, directive));
    let is_on = source
        .of("sslengine")
        .any(|other| says(other, "on") && !other.sections.is_empty() && is_around(other, directive));
    if !is_asked && !is_on {
        plan.findings.push(Finding::warning(
            "apache-cleartext",
            format!(
                "{} isn't in a <VirtualHost> with SSLEngine on, and nothing says SSLRequireSSL: the password is sent with each \
                 request, on a port without TLS in clear",
                directive.place()
            ),
            format!("SSLRequireSSL in {}, or all of it in the <VirtualHost> with TLS only", source.section(directive)),
        ));
    }
}

/// Account rules of a service of ours, asked alone: nobody has just been let in there, so nobody is.
pub fn account_rules(source: &Source, services: &[String], plan: &mut Plan) {
    for directive in source.of("require").filter(|directive| says(directive, "pam-account")) {
        if directive.args.iter().skip(1).any(|service| services.contains(&service.to_ascii_lowercase())) {
            plan.stops.push(Finding::grave(
                "apache-pam-account",
                format!(
                    "{} asks account rules (Require pam-account) in a transaction of its own, and the stack of apppw knows only \
                     whom it has let in there: everybody would be refused",
                    directive.place()
                ),
                "Require valid-user, or pam-account with another service; and run this again",
            ));
        }
    }
    for directive in source.of("interceptformpamservice") {
        if directive.args.iter().any(|service| services.contains(&service.to_ascii_lowercase())) {
            plan.stops.push(Finding::grave(
                "apache-form",
                format!(
                    "{} has a form of the site ask the same service (InterceptFormPAMService): people would have to sign in to \
                     the web with an app password",
                    directive.place()
                ),
                "Another AuthPAMService for what takes app passwords, and run this again",
            ));
        }
    }
}
