//! The decision as tables, and what holds whatever the facts are.

use super::*;
use crate::scope::{Pin, Scope};
use crate::store::Hash;
use Reason::*;
use apppw_admin::AppPasswordId;
use apppw_proto::frame::Verdict;
use proptest::prelude::*;

fn row(services: &[&str]) -> LoginRow {
    let hash = Hash::of_nobody();
    let scope = Scope {
        services: services.iter().map(|s| (*s).to_owned()).collect(),
        networks: Vec::new(),
        expires: None,
        pin_service: Pin::No,
        pin_network: Pin::No,
    };
    LoginRow {
        id: AppPasswordId::from_bits(1),
        name: "phone".into(),
        scope,
        expired: false,
        suspended: None,
        revoked: None,
        hash: Some(hash),
    }
}

fn facts<'a>(groups: &'a Groups, service: &'a str) -> Facts<'a> {
    Facts {
        service: Some(service),
        address: Address::Unknown,
        groups,
        enrolled: true,
        locked: false,
        panic: false,
        primary: Primary::Refused(PrimaryRefused),
        now: 100,
    }
}

#[test]
fn what_accepts_nobody_whoever_asks_for_what() {
    let live = row(&["mail"]);
    let until_100 = LoginRow { scope: Scope { expires: Some(100), ..live.scope.clone() }, ..live.clone() };
    let until_101 = LoginRow { scope: Scope { expires: Some(101), ..live.scope.clone() }, ..live.clone() };
    let noted = LoginRow { expired: true, ..until_101.clone() };
    let suspended = LoginRow { suspended: Some(1), ..live.clone() };
    let revoked = LoginRow { revoked: Some(1), hash: None, ..noted.clone() };
    #[rustfmt::skip]
    let table = [
        // row         seen   in memory        dead
        (&live,        false, None,            None),
        (&until_101,   false, None,            None),
        (&until_100,   false, None,            Some(Expired)),
        (&noted,       false, None,            Some(Expired)),
        (&until_101,   true,  None,            Some(Expired)),
        (&suspended,   false, None,            Some(Suspended)),
        (&revoked,     false, None,            Some(Revoked)),
        (&live,        false, Some(Suspended), Some(Suspended)),
        (&live,        false, Some(Revoked),   Some(Revoked)),
        (&suspended,   false, Some(Revoked),   Some(Revoked)),
        (&suspended,   true,  None,            Some(Expired)),
        (&until_100,   false, Some(Revoked),   Some(Revoked)),
        (&until_100,   false, Some(Suspended), Some(Expired)),
        (&revoked,     true,  Some(Suspended), Some(Revoked)),
    ];
    for (n, (row, seen_expired, in_memory, expected)) in table.into_iter().enumerate() {
        assert_eq!(dead(row, seen_expired, in_memory, 100), expected, "line {n}");
    }
}

#[test]
fn a_secret_whose_row_is_there() {
    let groups = Groups::default();
    let live = row(&["mail"]);
    let imap_only = row(&["imap"]);
    let revoked = LoginRow { revoked: Some(1), hash: None, ..live.clone() };
    let suspended = LoginRow { suspended: Some(1), ..live.clone() };
    let until_100 = LoginRow { scope: Scope { expires: Some(100), ..live.scope.clone() }, ..live.clone() };
    let until_101 = LoginRow { scope: Scope { expires: Some(101), ..live.scope.clone() }, ..live.clone() };
    let seen_expired = LoginRow { expired: true, ..until_101.clone() };
    let damaged = LoginRow { hash: None, ..live.clone() };
    let both = LoginRow { suspended: Some(1), ..revoked.clone() };
    let (no, hash) = (Step::Decided, Step::NeedsHash);
    #[rustfmt::skip]
    let table = [
        // service   row             locked  panic   outcome
        ("imap",     &live,          false,  false,  hash),
        ("imap",     &imap_only,     false,  false,  hash),
        ("smtp",     &imap_only,     false,  false,  no(WrongService)),
        ("xmpp",     &live,          false,  false,  no(WrongService)),
        ("imap",     &until_101,     false,  false,  hash),
        ("imap",     &until_100,     false,  false,  no(Expired)),
        ("imap",     &seen_expired,  false,  false,  no(Expired)),
        ("imap",     &suspended,     false,  false,  no(Suspended)),
        ("imap",     &live,          true,   false,  no(AccountLocked)),
        ("imap",     &live,          false,  true,   no(Panic)),
        ("imap",     &revoked,       true,   true,   no(Revoked)),
        ("imap",     &both,          false,  false,  no(Revoked)),
        ("imap",     &suspended,     true,   true,   no(AccountLocked)),
        ("imap",     &damaged,       false,  false,  no(BadHash)),
        ("gopher",   &live,          false,  false,  no(ServiceInNoGroup)),
        ("sshd",     &live,          false,  false,  no(NeverService)),
    ];
    for (service, row, locked, panic, outcome) in table {
        let facts = Facts { locked, panic, ..facts(&groups, service) };
        assert_eq!(login(&facts, Some(row)), outcome, "{service} locked={locked} panic={panic} {row:?}");
    }
}

#[test]
fn a_secret_without_a_row() {
    let groups = Groups::default();
    let refused = Primary::Refused(PrimaryRefused);
    let reported = Primary::WouldBeRefused(PrimaryRefused);
    #[rustfmt::skip]
    let table = [
        // service   enrolled  primary            outcome
        ("imap",     true,     refused,           UnknownSecret),
        ("imap",     true,     Primary::Allowed,  UnknownSecret),
        ("imap",     true,     reported,          UnknownSecret),
        ("imap",     false,    refused,           UnknownSecret),
        ("imap",     false,    Primary::Allowed,  NeverEnrolled),
        ("imap",     false,    reported,          NeverEnrolled),
        ("gopher",   false,    Primary::Allowed,  ServiceInNoGroup),
    ];
    for (service, enrolled, primary, outcome) in table {
        let facts = Facts { enrolled, primary, ..facts(&groups, service) };
        assert_eq!(login(&facts, None), Step::Decided(outcome), "{service} enrolled={enrolled} {primary:?}");
    }
}

#[test]
fn anything_else_is_a_matter_of_the_primary_password() {
    let groups = Groups::default();
    let refused = Primary::Refused(PrimaryRefused);
    let enrolled = Primary::Refused(PrimaryRefusedEnrolled);
    let locked = Primary::Refused(AccountLocked);
    let reported = Primary::WouldBeRefused(PrimaryRefused);
    #[rustfmt::skip]
    let table = [
        // service   primary            wrong check  outcome
        ("imap",     refused,           false,       PrimaryRefused),
        ("imap",     refused,           true,        Mistyped),
        ("imap",     enrolled,          false,       PrimaryRefusedEnrolled),
        ("imap",     enrolled,          true,        Mistyped),
        ("imap",     locked,            false,       AccountLocked),
        ("imap",     locked,            true,        AccountLocked),
        ("imap",     Primary::Allowed,  false,       PrimaryAllowed),
        ("imap",     Primary::Allowed,  true,        PrimaryAllowed),
        ("imap",     reported,          false,       PrimaryReported),
        ("gopher",   Primary::Allowed,  false,       ServiceInNoGroup),
        ("sudo",     refused,           false,       NeverService),
    ];
    for (service, policy, wrong_check, outcome) in table {
        let facts = Facts { primary: policy, ..facts(&groups, service) };
        assert_eq!(primary(&facts, wrong_check), outcome, "{service} {policy:?} wrong_check={wrong_check}");
    }
}

fn any_primary() -> impl Strategy<Value = Primary> {
    prop_oneof![
        Just(Primary::Allowed),
        Just(Primary::WouldBeRefused(PrimaryRefused)),
        Just(Primary::Refused(PrimaryRefused)),
        Just(Primary::Refused(AccountLocked))
    ]
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
        proptest::collection::vec(prop_oneof![Just("mail"), Just("imap"), Just("chat"), Just("gone")], 1..3);
    let marks = (any::<bool>(), any::<bool>(), any::<bool>(), proptest::option::of(99_i64..102));
    proptest::option::of((scope, marks).prop_map(|(scope, (revoked, suspended, expired, expires))| {
        let mut row = row(&scope);
        row.revoked = revoked.then_some(1);
        row.suspended = suspended.then_some(1);
        row.expired = expired;
        row.scope.expires = expires;
        row
    }))
}

proptest! {
    /// The decision alone never accepts: that takes the right hash.
    #[test]
    fn nothing_is_accepted_without_its_hash(
        service in any_service(), enrolled: bool, primary_ in any_primary(), row in any_row(), wrong_check: bool,
    ) {
        let groups = Groups::default();
        let facts = Facts { enrolled, primary: primary_, ..facts(&groups, service) };
        if let Step::Decided(reason) = login(&facts, row.as_ref()) {
            prop_assert_ne!(reason.verdict(), Verdict::Accepted);
        }
        prop_assert_ne!(primary(&facts, wrong_check).verdict(), Verdict::Accepted);
    }

    /// Only a live row whose scope covers a service on the positive list gets to its hash,
    /// with no lock and no panic in force.
    #[test]
    fn only_a_live_covering_row_gets_to_its_hash(
        service in any_service(), locked: bool, panic: bool, enrolled: bool, row in any_row(),
    ) {
        let groups = Groups::default();
        let step = login(&Facts { locked, panic, enrolled, ..facts(&groups, service) }, row.as_ref());
        let may = row.is_some_and(|row| {
            row.revoked.is_none() && row.suspended.is_none() && !row.expired && !locked && !panic
                && row.scope.expires.is_none_or(|expires| expires > 100)
                && groups.covers(&row.scope.services, service)
                && !apppw_proto::services::is_never_opened(service)
        });
        prop_assert_eq!(step == Step::NeedsHash, may);
    }

    /// A string of the shape goes on to another module only for an account never enrolled
    /// (or where app passwords have no business at all).
    #[test]
    fn a_stale_secret_never_reaches_another_module(
        service in any_service(), primary in any_primary(), row in any_row(),
    ) {
        let groups = Groups::default();
        if let Step::Decided(reason) = login(&Facts { primary, ..facts(&groups, service) }, row.as_ref()) {
            prop_assert!(reason == NeverService || reason.verdict() != Verdict::NotMine);
        }
    }

    /// Taking something away never lets more through: no verb widens.
    #[test]
    fn nothing_taken_away_lets_more_through(
        service in any_service(), enrolled: bool, primary in any_primary(), row in any_row(),
    ) {
        let groups = Groups::default();
        let before = Facts { enrolled, primary, ..facts(&groups, service) };
        let opens = |facts: &Facts<'_>, row: Option<&LoginRow>| match login(facts, row) {
            Step::NeedsHash => true,
            Step::Decided(reason) => reason.verdict() == Verdict::NotMine,
        };
        let open = opens(&before, row.as_ref());
        for after in [
            Facts { locked: true, primary: Primary::Refused(AccountLocked), ..before },
            Facts { panic: true, ..before },
            Facts { enrolled: true, ..before },
            Facts { now: before.now + 1, ..before },
            Facts { primary: Primary::Refused(PrimaryRefused), ..before },
        ] {
            prop_assert!(open || !opens(&after, row.as_ref()));
        }
        if let Some(row) = row {
            for after in [
                LoginRow { revoked: Some(1), ..row.clone() },
                LoginRow { suspended: Some(1), ..row.clone() },
                LoginRow { expired: true, ..row.clone() },
                LoginRow { hash: None, ..row.clone() },
            ] {
                prop_assert!(open || !opens(&before, Some(&after)));
            }
        }
    }
}
