//! The decision as tables, and what holds whatever the facts are.

use super::*;
use crate::store::{Hash, Scheme};
use apppw_admin::AppPasswordId;
use apppw_proto::frame::Verdict;
use proptest::prelude::*;
use {PrimaryPolicy::*, Reason::*};

fn row(services: &[&str], revoked: bool) -> LoginRow {
    let hash = Hash {
        scheme: Scheme::Argon2id,
        key: 1,
        memory_kib: 8,
        iterations: 1,
        parallelism: 1,
        salt: [0; 16],
        value: [0; 32],
    };
    LoginRow {
        id: AppPasswordId::from_bits(1),
        name: "phone".into(),
        services: services.iter().map(|s| (*s).to_owned()).collect(),
        revoked: revoked.then_some(1),
        hash: (!revoked).then_some(hash),
    }
}

fn facts<'a>(groups: &'a Groups, service: &'a str, enrolled: bool, primary: PrimaryPolicy) -> Facts<'a> {
    Facts { service: Some(service), groups, enrolled, primary }
}

#[test]
fn a_secret_of_the_right_shape() {
    let groups = Groups::default();
    let live = row(&["mail"], false);
    let imap_only = row(&["imap"], false);
    let revoked = row(&["mail"], true);
    let hash = Step::NeedsHash;
    let is = Step::Decided;
    #[rustfmt::skip]
    let table = [
        // service   enrolled  policy          row               outcome
        ("imap",     true,     Refuse,         Some(&live),      hash),
        ("imap",     true,     RefuseEnrolled, Some(&live),      hash),
        ("imap",     true,     Allow,          Some(&live),      hash),
        ("imap",     false,    Allow,          Some(&live),      hash),
        ("imap",     true,     Refuse,         Some(&imap_only), hash),
        ("smtp",     true,     Refuse,         Some(&imap_only), is(WrongService)),
        ("xmpp",     true,     Refuse,         Some(&live),      is(WrongService)),
        ("imap",     true,     Refuse,         Some(&revoked),   is(Revoked)),
        ("smtp",     true,     Allow,          Some(&revoked),   is(Revoked)),
        ("imap",     true,     Refuse,         None,             is(UnknownSecret)),
        ("imap",     true,     Allow,          None,             is(UnknownSecret)),
        ("imap",     true,     RefuseEnrolled, None,             is(UnknownSecret)),
        ("imap",     false,    Refuse,         None,             is(UnknownSecret)),
        ("imap",     false,    RefuseEnrolled, None,             is(NeverEnrolled)),
        ("imap",     false,    Allow,          None,             is(NeverEnrolled)),
        ("gopher",   true,     Allow,          Some(&live),      is(ServiceInNoGroup)),
        ("gopher",   false,    Allow,          None,             is(ServiceInNoGroup)),
        ("sshd",     true,     Refuse,         Some(&live),      is(NeverService)),
    ];
    for (service, enrolled, policy, row, outcome) in table {
        let facts = facts(&groups, service, enrolled, policy);
        assert_eq!(login(&facts, row), outcome, "{service} enrolled={enrolled} {policy:?} {row:?}");
    }
}

#[test]
fn anything_else_is_a_matter_of_the_primary_password() {
    let groups = Groups::default();
    #[rustfmt::skip]
    let table = [
        // service   enrolled  policy          wrong check  outcome
        ("imap",     false,    Refuse,         false,       PrimaryRefused),
        ("imap",     true,     Refuse,         false,       PrimaryRefused),
        ("imap",     true,     Refuse,         true,        Mistyped),
        ("imap",     false,    RefuseEnrolled, false,       PrimaryAllowed),
        ("imap",     false,    RefuseEnrolled, true,        PrimaryAllowed),
        ("imap",     true,     RefuseEnrolled, false,       PrimaryRefusedEnrolled),
        ("imap",     true,     RefuseEnrolled, true,        Mistyped),
        ("imap",     true,     Allow,          false,       PrimaryAllowed),
        ("gopher",   false,    Allow,          false,       ServiceInNoGroup),
        ("sudo",     true,     Refuse,         false,       NeverService),
    ];
    for (service, enrolled, policy, wrong_check, outcome) in table {
        let facts = facts(&groups, service, enrolled, policy);
        assert_eq!(primary(&facts, wrong_check), outcome, "{service} enrolled={enrolled} {policy:?}");
    }
}

fn any_policy() -> impl Strategy<Value = PrimaryPolicy> {
    prop_oneof![Just(Refuse), Just(RefuseEnrolled), Just(Allow)]
}

fn any_service() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("imap"),
        Just("smtp"),
        Just("xmpp"),
        Just("gopher"),
        Just("sshd"),
        Just("gdm-x"),
        Just("")
    ]
}

fn any_row() -> impl Strategy<Value = Option<LoginRow>> {
    let scope =
        proptest::collection::vec(prop_oneof![Just("mail"), Just("imap"), Just("chat"), Just("gone")], 0..3);
    proptest::option::of((scope, any::<bool>()).prop_map(|(scope, revoked)| row(&scope, revoked)))
}

proptest! {
    /// The decision alone never accepts: that takes the right hash.
    #[test]
    fn nothing_is_accepted_without_its_hash(
        service in any_service(), enrolled: bool, policy in any_policy(), row in any_row(), wrong_check: bool,
    ) {
        let groups = Groups::default();
        let facts = facts(&groups, service, enrolled, policy);
        if let Step::Decided(reason) = login(&facts, row.as_ref()) {
            prop_assert_ne!(reason.verdict(), Verdict::Accepted);
        }
        prop_assert_ne!(primary(&facts, wrong_check).verdict(), Verdict::Accepted);
    }

    /// Only a live row whose scope covers a service on the positive list gets to its hash.
    #[test]
    fn only_a_live_covering_row_gets_to_its_hash(
        service in any_service(), enrolled: bool, policy in any_policy(), row in any_row(),
    ) {
        let groups = Groups::default();
        let step = login(&facts(&groups, service, enrolled, policy), row.as_ref());
        let may = row.is_some_and(|row| {
            row.revoked.is_none()
                && groups.covers(&row.services, service)
                && !apppw_proto::services::is_never_opened(service)
        });
        prop_assert_eq!(step == Step::NeedsHash, may);
    }

    /// A string of the shape goes on to another module only for an account never enrolled
    /// (or where app passwords have no business at all).
    #[test]
    fn a_stale_secret_never_reaches_another_module(
        service in any_service(), policy in any_policy(), row in any_row(),
    ) {
        let groups = Groups::default();
        if let Step::Decided(reason) = login(&facts(&groups, service, true, policy), row.as_ref()) {
            prop_assert!(reason == NeverService || reason.verdict() != Verdict::NotMine);
        }
    }

    /// A stricter policy never lets more through, and enrolling never does either.
    #[test]
    fn stricter_never_lets_more_through(
        service in any_service(), enrolled: bool, row in any_row(), wrong_check: bool,
    ) {
        let groups = Groups::default();
        let through = |enrolled, policy| {
            let facts = facts(&groups, service, enrolled, policy);
            let passes = |reason: Reason| reason.verdict() == Verdict::NotMine;
            (
                passes(primary(&facts, wrong_check)),
                matches!(login(&facts, row.as_ref()), Step::Decided(reason) if passes(reason)),
            )
        };
        let order = [Refuse, RefuseEnrolled, Allow].map(|policy| through(enrolled, policy));
        prop_assert!(order.is_sorted());
        for policy in [Refuse, RefuseEnrolled, Allow] {
            let (before, after) = (through(false, policy), through(true, policy));
            prop_assert!(after.0 <= before.0 && after.1 <= before.1);
        }
    }
}
