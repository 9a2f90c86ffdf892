//! The text of `apppwd.toml`, and what is decided by what it says.

use apppw_admin::text::check_field;
use apppw_proto::services::NEVER;
use apppwd::account::canonical_of;
use apppwd::address::Address;
use apppwd::config::{Config, ConfigError, parse};
use apppwd::policy::{self, Account, Primary};
use apppwd::scope::{Pin, Scope};
use std::path::Path;

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match parse(text, Path::new("apppwd.toml")) {
        Ok(config) => {
            valid(&config);
            judged(&config);
            told(&config);
        }
        Err(error) => {
            let shown = error.to_string();
            assert!(shown.starts_with("apppwd.toml: ") && shown.len() > "apppwd.toml: ".len(), "{shown}");
            // Of a syntax error an excerpt is shown, line by line.
            let is_one_line = matches!(error, ConfigError::Value { .. });
            assert!(!is_one_line || !shown.contains('\n'), "{shown:?}");
        }
    }
}

fn valid(config: &Config) {
    for path in [&config.state_dir, &config.key_dir, &config.auth_socket, &config.admin_socket] {
        assert!(path.is_absolute());
    }
    assert!(!config.key_dir.starts_with(&config.state_dir) && !config.state_dir.starts_with(&config.key_dir));
    let argon2 = &config.argon2;
    assert!((1..=16).contains(&argon2.parallelism) && (1..=64).contains(&argon2.iterations));
    assert!((8 * argon2.parallelism..=262_144).contains(&argon2.memory_kib) && argon2.workers() >= 1);
    assert!([16, 20, 24].contains(&config.secret.length));
    for (group, services) in config.groups.all() {
        assert!(check_field(group).is_ok() && !config.groups.has_service(group), "{group:?}");
        assert!(services.iter().all(|service| check_field(service).is_ok()));
        let opens = |never: &&&str| config.groups.has_service(never.trim_end_matches('*'));
        assert_eq!(NEVER.iter().find(opens), None, "a service that app passwords never open");
    }
    for user in config.policy.user.keys() {
        let is_canonical = apppwd::account::canonical(user, &config.users)
            .is_ok_and(|canonical| canonical == *user)
            || canonical_of(user, true, &config.users) == *user;
        assert!(is_canonical, "an override of {user:?} would never count");
    }
    for services in [&config.policy.default_services]
        .into_iter()
        .chain(config.policy.user.values().filter_map(|o| o.default_services.as_ref()))
    {
        assert!(!services.is_empty());
        assert!(services.iter().all(|name| config.groups.has_group(name) || config.groups.has_service(name)));
    }
    assert!(config.policy.group.keys().all(|group| config.groups.has_group(group)));
    for preset in config.presets.values() {
        assert!(preset.networks.0.iter().all(|net| net.trunc() == *net));
    }
}

/// Policy decides something for anybody, and never laxer than all that is written.
fn judged(config: &Config) {
    use apppw_admin::verbs::PrimaryPolicy::Refuse;
    let overrides = || config.policy.overrides();
    let all_refuse =
        config.policy.primary == Refuse && overrides().all(|o| o.primary.is_none_or(|p| p == Refuse));
    let none_exempt = config.policy.primary_networks.0.is_empty()
        && overrides().all(|o| o.primary_networks.as_ref().is_none_or(|nets| nets.0.is_empty()));
    let none_only_reports = !config.policy.report_only && overrides().all(|o| o.report_only != Some(true));
    let services = config.groups.names().filter(|name| config.groups.has_service(name));
    for service in ["imap", "", "sshd"].into_iter().chain(services).take(8) {
        for user in ["alice", "alice@example.org"]
            .into_iter()
            .chain(config.policy.user.keys().map(String::as_str))
            .take(4)
        {
            for (enrolled, locked) in [(false, false), (true, false), (false, true)] {
                let account = Account { user, enrolled, locked };
                let address = Address::from_rhost("192.0.2.7", true);
                let verdict = policy::primary(&config.policy, &config.groups, &account, service, address);
                assert!(!locked || matches!(verdict, Primary::Refused(_)), "a lock holds");
                if all_refuse && none_exempt && none_only_reports {
                    assert!(!verdict.passes(), "{user:?} on {service:?}");
                }
                let anywhere =
                    policy::primary(&config.policy, &config.groups, &account, service, Address::Unknown);
                assert!(!anywhere.passes() || verdict.passes(), "an address takes nothing away");
                if !enrolled && !verdict.passes() {
                    let enrolled = Account { enrolled: true, ..account };
                    let verdict =
                        policy::primary(&config.policy, &config.groups, &enrolled, service, address);
                    assert!(!verdict.passes(), "an enrolled account is never let in where another isn't");
                }
            }
        }
        let scope = config.policy.default_services("alice");
        if config.groups.covers(scope, service) {
            assert!(config.groups.has_service(service));
        }
    }
}

/// What is said of it.
fn told(config: &Config) {
    for warning in config.warnings() {
        assert!(!warning.is_empty());
    }
    let scope = Scope {
        services: config.policy.default_services.clone(),
        networks: Vec::new(),
        expires: None,
        pin_service: Pin::No,
        pin_network: Pin::No,
    };
    if let Some(settings) = config.client.settings(&config.groups, &scope, "alice/../{user}\"<é>") {
        let urls = [&settings.carddav, &settings.caldav, &settings.webdav, &settings.help];
        for url in urls.into_iter().flatten() {
            assert!(url.starts_with("https://") && url.is_ascii(), "{url}");
            assert!(!url.contains(['"', '<', '>', ' ', '\\']) && !url.contains("/../{"), "{url}");
        }
        let servers = [&settings.imap, &settings.pop3, &settings.smtp, &settings.sieve];
        for server in servers.into_iter().flatten() {
            assert!(server.port != 0 && server.host.is_ascii() && !server.host.is_empty());
            assert!(
                !server.host.contains(|c: char| c.is_control() || " /@\"".contains(c)),
                "{:?}",
                server.host
            );
        }
    }
}
