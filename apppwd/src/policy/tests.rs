//! The policy on primary passwords as a table, and what holds for all of them.

use super::*;
use crate::address::Networks;
use crate::config::parse;
use proptest::prelude::*;
use std::path::Path;

fn config(text: &str) -> crate::config::Config {
    parse(text, Path::new("test")).unwrap()
}

#[test]
fn who_may_use_the_primary_password_where() {
    use Reason::{PrimaryRefused as Refused, PrimaryRefusedEnrolled as Enrolled};
    let layered = config(
        r#"
        [groups]
        old = ["imap", "nntp"]
        [policy]
        primary = "refuse-enrolled"
        primary_networks = ["192.0.2.0/24"]
        [policy.group.chat]
        primary = "allow"
        [policy.group.files]
        primary = "refuse"
        primary_networks = []
        [policy.group.old]
        primary = "refuse"
        [policy.group.mail]
        primary = "allow"
        [policy.user."robot@example.org"]
        primary = "allow"
        [policy.user."boss@example.org"]
        primary = "refuse"
        report_only = true
        "#,
    );
    let no = Primary::Refused;
    let yes = Primary::Allowed;
    #[rustfmt::skip]
    let table = [
        // user               service  address        enrolled  outcome
        ("alice@example.org", "xmpp",  "203.0.113.5", true,     yes),           // its group allows
        ("alice@example.org", "pop3",  "203.0.113.5", true,     yes),           // mail allows
        ("alice@example.org", "imap",  "203.0.113.5", true,     no(Refused)),   // in mail and old: the stricter
        ("alice@example.org", "imap",  "192.0.2.9",   true,     yes),           // webmail's network
        ("alice@example.org", "imap",  "",            true,     no(Refused)),   // no address, no exemption
        ("alice@example.org", "ftp",   "192.0.2.9",   true,     no(Refused)),   // files has no exempt network
        ("alice@example.org", "caldav","203.0.113.5", false,    yes),           // global: not enrolled
        ("alice@example.org", "caldav","203.0.113.5", true,     no(Enrolled)),  // global: enrolled
        ("robot@example.org", "ftp",   "203.0.113.5", true,     yes),           // user before group
        ("boss@example.org",  "xmpp",  "203.0.113.5", false,    Primary::WouldBeRefused(Refused)),
        ("boss@example.org",  "xmpp",  "192.0.2.9",   false,    yes),
    ];
    for (user, service, address, enrolled, outcome) in table {
        let account = Account { user, enrolled, locked: false };
        let address = Address::from_rhost(address, true);
        let found = primary(&layered.policy, &layered.groups, &account, service, address);
        assert_eq!(found, outcome, "{user} {service} {address:?} enrolled={enrolled}");
        let locked = Account { locked: true, ..account };
        let found = primary(&layered.policy, &layered.groups, &locked, service, address);
        assert_eq!(found, no(Reason::AccountLocked), "{user} {service}: locked");
    }
}

/// Of several groups the strictest counts, key by key: one that reports or exempts doesn't speak for the others.
#[test]
fn of_several_groups_each_must_let_it_through() {
    let two_groups = |mail: &str, old: &str| {
        let text =
            format!("[groups]\nold = [\"imap\"]\n[policy.group.mail]\n{mail}\n[policy.group.old]\n{old}\n");
        let config = config(&text);
        let account = Account { user: "alice", enrolled: true, locked: false };
        let address = Address::from_rhost("192.0.2.9", true);
        primary(&config.policy, &config.groups, &account, "imap", address)
    };
    let (refused, reported) =
        (Primary::Refused(Reason::PrimaryRefused), Primary::WouldBeRefused(Reason::PrimaryRefused));
    let (report, enforce) = ("report_only = true", "report_only = false");
    let (exempt, none) = ("primary_networks = [\"192.0.2.0/24\"]", "primary_networks = []");
    #[rustfmt::skip]
    let table = [
        (report,  report,  reported),
        (report,  enforce, refused),
        (enforce, report,  refused),
        (exempt,  exempt,  Primary::Allowed),
        (exempt,  none,    refused),
        (none,    exempt,  refused),
    ];
    for (mail, old, outcome) in table {
        assert_eq!(two_groups(mail, old), outcome, "{mail}, {old}");
    }
}

#[test]
fn what_is_told_of_a_policy_is_what_is_decided() {
    use PrimaryPolicy::{Allow, Refuse, RefuseEnrolled};
    let config = config(
        r#"
        [policy]
        primary = "refuse-enrolled"
        [policy.group.chat]
        primary = "allow"
        [policy.group.files]
        primary = "refuse"
        [policy.group.dav]
        primary = "refuse-enrolled"
        [policy.user."watched"]
        report_only = true
        [policy.user."boss"]
        primary = "refuse"
        "#,
    );
    let (policy, groups) = (&config.policy, &config.groups);
    #[rustfmt::skip]
    let table = [
        // user      everywhere else  reported  what ends by enrolment  where else otherwise
        ("alice",    RefuseEnrolled,  false,    &["dav", "mail"][..],   &[("chat", Allow), ("files", Refuse)][..]),
        // What is only reported doesn't end.
        ("watched",  RefuseEnrolled,  true,     &[],                    &[("chat", Allow), ("files", Refuse)]),
        // The user's own comes before the groups'.
        ("boss",     Refuse,          false,    &[],                    &[]),
    ];
    for (user, everywhere, reported, ends, elsewhere) in table {
        assert_eq!(global(policy, user), everywhere, "{user}");
        assert_eq!(global_report_only(policy, user), reported, "{user}");
        assert_eq!(ends_by_enrolment(policy, groups, user), ends, "{user}");
        let elsewhere = elsewhere.iter().map(|(group, policy)| ((*group).to_owned(), *policy)).collect();
        assert_eq!(by_group(policy, user), elsewhere, "{user}");
    }
    for (user, service, told) in
        [("alice", "xmpp", Allow), ("alice", "ftp", Refuse), ("boss", "xmpp", Refuse)]
    {
        assert_eq!(effective(policy, groups, user, service), told, "{user} {service}");
    }
    let refused = |user, enrolled| {
        let account = Account { user, enrolled, locked: false };
        would_refuse(policy, groups, &account, "imap", Address::Unknown)
    };
    assert!(!refused("alice", false) && refused("alice", true) && refused("watched", true));
}

#[test]
fn the_stricter_of_two() {
    let (no, reported, yes) = (
        Primary::Refused(Reason::PrimaryRefused),
        Primary::WouldBeRefused(Reason::PrimaryRefused),
        Primary::Allowed,
    );
    let from_strict = [no, reported, yes];
    for (i, one) in from_strict.into_iter().enumerate() {
        for (j, other) in from_strict.into_iter().enumerate() {
            assert_eq!(one.stricter(other), from_strict[i.min(j)], "{one:?} {other:?}");
        }
    }
    assert_eq!([no, reported, yes].map(Primary::passes), [false, true, true]);
}

fn any_overrides() -> impl Strategy<Value = crate::config::Overrides> {
    let policy = prop_oneof![
        Just(None),
        Just(Some(PrimaryPolicy::Refuse)),
        Just(Some(PrimaryPolicy::RefuseEnrolled)),
        Just(Some(PrimaryPolicy::Allow))
    ];
    let networks = proptest::option::of(prop_oneof![
        Just(Networks::default()),
        Just(Networks(vec!["192.0.2.0/24".parse().unwrap()]))
    ]);
    (policy, networks, proptest::option::of(any::<bool>())).prop_map(
        |(primary, primary_networks, report_only)| crate::config::Overrides {
            primary,
            primary_networks,
            report_only,
            ..Default::default()
        },
    )
}

proptest! {
    /// Whatever is configured: enrolling, locking, losing the address or taking a network
    /// away never lets a primary password through that was refused before.
    #[test]
    fn tightening_never_lets_more_through(
        global in any_overrides(), group in any_overrides(), user in any_overrides(), enrolled: bool, inside: bool,
    ) {
        let mut config = crate::config::Config::default();
        config.policy.primary = global.primary.unwrap_or(PrimaryPolicy::Refuse);
        config.policy.primary_networks = global.primary_networks.unwrap_or_default();
        config.policy.report_only = global.report_only.unwrap_or(false);
        config.policy.group.insert("mail".into(), group);
        config.policy.user.insert("alice".into(), user);
        let address = Address::from_rhost(if inside { "192.0.2.1" } else { "203.0.113.1" }, true);
        let passes = |config: &crate::config::Config, enrolled, locked, address| {
            let account = Account { user: "alice", enrolled, locked };
            primary(&config.policy, &config.groups, &account, "imap", address).passes()
        };
        let before = passes(&config, enrolled, false, address);
        let mut no_networks = config.clone();
        no_networks.policy.primary_networks.0.clear();
        for overrides in [no_networks.policy.group.get_mut("mail"), no_networks.policy.user.get_mut("alice")].into_iter().flatten() {
            overrides.primary_networks = overrides.primary_networks.take().map(|_| Networks::default());
        }
        for stricter in [
            passes(&config, true, false, address),
            passes(&config, enrolled, true, address),
            passes(&config, enrolled, false, Address::Unknown),
            passes(&no_networks, enrolled, false, address),
        ] {
            prop_assert!(before || !stricter);
        }
    }
}
