//! Client addresses as hosts write them, and networks as people do.

use super::super::input::Input;
use apppwd::address::{Address, NetworkError, Networks, parse_network};
use apppwd::auth::Reason;
use apppwd::config::Groups;
use apppwd::scope::{Pin, Scope};
use std::net::IpAddr;
use std::sync::LazyLock;

static GROUPS: LazyLock<Groups> = LazyLock::new(Groups::default);

pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let network = String::from_utf8_lossy(input.line());
    let rhost = String::from_utf8_lossy(input.line());
    for text in [&network, &rhost] {
        address(text);
        self::network(text);
    }
    let address = Address::from_rhost(&rhost, true);
    match (parse_network(&network), address) {
        (Ok(_), Address::Known(address)) => both(&network, address),
        (Ok(net), Address::Unknown) => {
            assert_eq!(
                refusal(&network, Address::Unknown),
                Some(Reason::NoAddress),
                "{net}: no address, no way in"
            );
        }
        _ => {}
    }
    // Any address and any network.
    let bytes: [u8; 16] = input.array();
    let v6 = IpAddr::from(bytes);
    let v4 = IpAddr::from([bytes[12], bytes[13], bytes[14], bytes[15]]);
    for (ip, bits) in [(v6, bytes[0] % 129), (v4, bytes[0] % 33)] {
        if let Address::Known(known) = Address::from_rhost(&ip.to_string(), true) {
            both(&format!("{ip}/{bits}"), known);
            self::address(&ip.to_string());
        } else {
            panic!("{ip} is an address");
        }
    }
}

fn address(text: &str) {
    assert_eq!(Address::from_rhost(text, false), Address::Unknown, "a claim is no address");
    if let Address::Known(ip) = Address::from_rhost(text, true) {
        assert_eq!(Address::from_rhost(&ip.to_string(), true), Address::Known(ip), "{text} is {ip}");
        if let IpAddr::V6(v6) = ip {
            assert_eq!(v6.to_ipv4_mapped(), None, "{text}: a mapped address is the v4 address");
        }
    }
}

fn network(text: &str) {
    match parse_network(text) {
        Ok(net) => {
            assert_eq!(net.trunc(), net, "{text}");
            assert_eq!(parse_network(&net.to_string()), Ok(net), "{text} is {net}");
        }
        Err(NetworkError::HostBits(_, meant)) => assert!(
            parse_network(&meant.to_string()).is_ok_and(|net| net == meant) || is_mapped(&meant.to_string()),
            "{text}: {meant}"
        ),
        Err(NetworkError::NotOne(shown)) => assert!(shown.chars().count() <= 80),
    }
}

/// What is told to write may hold v4-mapped addresses and others, or be the v4 network by another name.
fn is_mapped(meant: &str) -> bool {
    match parse_network(meant) {
        Ok(net) => net.addr().is_ipv4() && meant.contains(':'),
        Err(_) => meant.starts_with("::"),
    }
}

fn both(network: &str, address: IpAddr) {
    let Ok(net) = parse_network(network) else { return };
    let inside = contains(net.addr(), net.prefix_len(), address);
    assert_eq!(Networks(vec![net]).contain(&address), inside, "{address} in {net}");
    let expected = (!inside).then_some(Reason::WrongNetwork);
    assert_eq!(refusal(network, Address::Known(address)), expected, "{address} in {net}");
    // A pending pin closes around the first address.
    let pinned = Scope { pin_network: Pin::Pending, ..scope() };
    let first =
        pinned.first_use(Some("imap"), Address::Known(address)).network.expect("a network to lock to");
    let locked = Scope { pin_network: Pin::To(first), ..scope() };
    assert_eq!(locked.refusal(&GROUPS, Some("imap"), Address::Known(address), 0), None, "{first}");
}

fn refusal(network: &str, address: Address) -> Option<Reason> {
    let networks = vec![parse_network(network).expect("a network")];
    Scope { networks, ..scope() }.refusal(&GROUPS, Some("imap"), address, 0)
}

fn scope() -> Scope {
    Scope {
        services: vec!["mail".to_owned()],
        networks: Vec::new(),
        expires: None,
        pin_service: Pin::No,
        pin_network: Pin::No,
    }
}

/// Bit by bit.
fn contains(net: IpAddr, bits: u8, address: IpAddr) -> bool {
    fn same(a: &[u8], b: &[u8], bits: u8) -> bool {
        (0..usize::from(bits)).all(|bit| (a[bit / 8] ^ b[bit / 8]) & (0x80 >> (bit % 8)) == 0)
    }
    match (net, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(&a.octets(), &b.octets(), bits),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(&a.octets(), &b.octets(), bits),
        _ => false,
    }
}
