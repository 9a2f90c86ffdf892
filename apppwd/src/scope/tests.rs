//! The scope as a table, and what holds for every scope.

use super::*;
use proptest::prelude::*;

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

fn from(text: &str) -> Address {
    Address::from_rhost(text, true)
}

fn open() -> Scope {
    Scope {
        services: vec!["mail".into()],
        networks: Vec::new(),
        expires: None,
        pin_service: Pin::No,
        pin_network: Pin::No,
    }
}

#[test]
fn who_gets_in() {
    let groups = Groups::default();
    let lan = Scope { networks: vec![net("192.0.2.0/24"), net("2001:db8::/32")], ..open() };
    let until_100 = Scope { expires: Some(100), ..open() };
    let imap_pinned = Scope { pin_service: Pin::To("imap".into()), ..open() };
    let pending = Scope { pin_service: Pin::Pending, pin_network: Pin::Pending, ..open() };
    let net_pinned = Scope { pin_network: Pin::To(net("198.51.100.0/24")), ..open() };
    #[rustfmt::skip]
    let table = [
        // scope         service  address               now  refused because
        (&open(),        "imap",  "192.0.2.7",          99,  None),
        (&open(),        "imap",  "",                   99,  None),
        (&open(),        "xmpp",  "192.0.2.7",          99,  Some(Reason::WrongService)),
        (&lan,           "imap",  "192.0.2.255",        99,  None),
        (&lan,           "imap",  "::ffff:192.0.2.255", 99,  None),
        (&lan,           "imap",  "192.0.3.0",          99,  Some(Reason::WrongNetwork)),
        (&lan,           "imap",  "2001:db8:ffff::1",   99,  None),
        (&lan,           "imap",  "2001:db9::1",        99,  Some(Reason::WrongNetwork)),
        (&lan,           "imap",  "",                   99,  Some(Reason::NoAddress)),
        (&lan,           "imap",  "mail.example.org",   99,  Some(Reason::NoAddress)),
        (&until_100,     "imap",  "",                   99,  None),
        (&until_100,     "imap",  "",                   100, Some(Reason::Expired)),
        (&until_100,     "imap",  "",                   101, Some(Reason::Expired)),
        (&imap_pinned,   "imap",  "",                   99,  None),
        (&imap_pinned,   "smtp",  "",                   99,  Some(Reason::PinnedService)),
        (&net_pinned,    "imap",  "198.51.100.9",       99,  None),
        (&net_pinned,    "imap",  "203.0.113.9",        99,  Some(Reason::PinnedNetwork)),
        (&net_pinned,    "imap",  "",                   99,  Some(Reason::NoAddress)),
        (&pending,       "imap",  "203.0.113.9",        99,  None),
        (&pending,       "imap",  "",                   99,  Some(Reason::NoAddress)),
    ];
    for (scope, service, address, now, refused) in table {
        assert_eq!(
            scope.refusal(&groups, Some(service), from(address), now),
            refused,
            "{service} {address} {now}"
        );
    }
}

#[test]
fn a_first_use_locks_to_its_service_and_its_network() {
    let pending = Scope { pin_service: Pin::Pending, pin_network: Pin::Pending, ..open() };
    let first = pending.first_use(Some("imap"), from("203.0.113.9"));
    assert_eq!(first, FirstUse { service: Some("imap".into()), network: Some(net("203.0.113.0/24")) });
    let first = pending.first_use(Some("imap"), from("2001:db8:1:2:3::4"));
    assert_eq!(first.network, Some(net("2001:db8:1:2::/64")));
    assert!(open().first_use(Some("imap"), from("203.0.113.9")).is_empty());
    for half in [FirstUse { network: None, ..first.clone() }, FirstUse { service: None, ..first }] {
        assert!(!half.is_empty(), "{half:?} has to be written before the login is accepted");
    }
    assert!(pending.first_use(None, Address::NotAsked).is_empty());
}

fn any_address() -> impl Strategy<Value = Address> {
    prop_oneof![Just(Address::Unknown), any::<IpAddr>().prop_map(|ip| Address::Known(ip.to_canonical()))]
}

fn any_net() -> impl Strategy<Value = IpNet> {
    (any::<IpAddr>(), 0_u8..=32).prop_map(|(ip, prefix)| IpNet::new(ip, prefix).unwrap().trunc())
}

fn any_scope() -> impl Strategy<Value = Scope> {
    let services = proptest::collection::vec(prop_oneof![Just("mail"), Just("imap"), Just("chat")], 1..3);
    let pin_service = prop_oneof![Just(Pin::No), Just(Pin::Pending), Just(Pin::To("imap".to_owned()))];
    let pin_network = prop_oneof![Just(Pin::No), Just(Pin::Pending), any_net().prop_map(Pin::To)];
    let networks = proptest::collection::vec(any_net(), 0..3);
    (services, networks, proptest::option::of(0_i64..10), pin_service, pin_network).prop_map(
        |(services, networks, expires, pin_service, pin_network)| Scope {
            services: services.into_iter().map(str::to_owned).collect(),
            networks,
            expires,
            pin_service,
            pin_network,
        },
    )
}

proptest! {
    /// What a first use locks lets that very use in again, and never more than before.
    #[test]
    fn locking_never_widens(
        scope in any_scope(), address in any_address(), other in any_address(), imap: bool, imap2: bool, now in 0_i64..10,
    ) {
        let groups = Groups::default();
        let service = |imap| Some(if imap { "imap" } else { "smtp" });
        let first = scope.first_use(service(imap), address);
        let mut locked = scope.clone();
        if let Some(service) = first.service {
            locked.pin_service = Pin::To(service);
        }
        if let Some(network) = first.network {
            locked.pin_network = Pin::To(network);
        }
        let before = scope.refusal(&groups, service(imap), address, now);
        prop_assert_eq!(locked.refusal(&groups, service(imap), address, now), before);
        if scope.refusal(&groups, service(imap2), other, now).is_some() {
            prop_assert!(locked.refusal(&groups, service(imap2), other, now).is_some());
        }
    }

    /// A network, a pin or an earlier end never lets more in.
    #[test]
    fn more_rules_never_let_more_in(scope in any_scope(), address in any_address(), net in any_net(), now in 0_i64..10) {
        let groups = Groups::default();
        let lets_in = |scope: &Scope| scope.refusal(&groups, Some("imap"), address, now).is_none();
        let stricter = [
            Scope { expires: Some(scope.expires.map_or(5, |expires| expires.min(5))), ..scope.clone() },
            Scope { pin_service: Pin::To("smtp".into()), ..scope.clone() },
        ];
        for stricter in stricter {
            prop_assert!(lets_in(&scope) || !lets_in(&stricter) || scope.pin_service == Pin::To("imap".into()));
        }
        let with_network = Scope { networks: vec![net], ..scope.clone() };
        if scope.networks.is_empty() && !lets_in(&scope) {
            prop_assert!(!lets_in(&with_network));
        }
    }
}
