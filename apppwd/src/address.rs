//! Client addresses, as PAM hosts write them, and networks, as people do.

use ipnet::IpNet;
use serde::Deserialize;
use std::net::{IpAddr, Ipv6Addr};

/// What is known of a client's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// It is not asked (`apppw verify` without `--rhost`): network rules are not judged.
    NotAsked,
    /// The host gave none (saslauthd), a name, or an address that it can't prove: network
    /// rules refuse.
    Unknown,
    /// This one. A v4-mapped v6 address is the v4 address.
    Known(IpAddr),
}

impl Address {
    /// Reads `PAM_RHOST`. A zone id (`fe80::1%eth0`) doesn't count.
    #[must_use]
    pub fn from_rhost(rhost: &str, is_proven: bool) -> Self {
        if !is_proven {
            return Self::Unknown;
        }
        let address = match rhost.split_once('%') {
            // Only v6 addresses have one (RFC 4007), and it names an interface.
            Some((v6, zone)) if !zone.is_empty() && zone.bytes().all(|byte| byte.is_ascii_graphic()) => {
                v6.parse().map(IpAddr::V6)
            }
            _ => rhost.parse(),
        };
        address.map_or(Self::Unknown, |address| Self::Known(address.to_canonical()))
    }
}

/// Networks of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Networks(pub Vec<IpNet>);

impl Networks {
    /// Whether the address is in one of them.
    #[must_use]
    pub fn contain(&self, address: &IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(address))
    }
}

impl TryFrom<Vec<String>> for Networks {
    type Error = NetworkError;

    fn try_from(texts: Vec<String>) -> Result<Self, NetworkError> {
        texts.iter().map(|text| parse_network(text)).collect::<Result<_, _>>().map(Self)
    }
}

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Not CIDR notation.
    #[error("{0:?} is no network: write it as 192.0.2.0/24, 2001:db8::/32, or one address")]
    NotOne(String),
    /// Bits are set behind its prefix: which network is meant?
    #[error("{0:?} has bits set behind its prefix: did you mean {1}?")]
    HostBits(String, IpNet),
}

/// Reads a network in CIDR notation (RFC 4632, RFC 4291 §2.3), or one address. A v4-mapped v6
/// network is the v4 network.
///
/// # Errors
/// [`NetworkError`].
pub fn parse_network(text: &str) -> Result<IpNet, NetworkError> {
    let not_one = || NetworkError::NotOne(text.chars().take(80).collect());
    let net = match text.parse::<IpNet>() {
        Ok(net) => net,
        Err(_) => text.parse::<IpAddr>().map(IpNet::from).map_err(|_| not_one())?,
    };
    if net.trunc() != net {
        return Err(NetworkError::HostBits(text.to_owned(), net.trunc()));
    }
    match net {
        IpNet::V6(v6) if v6.prefix_len() >= MAPPED_BITS => match v6.addr().to_ipv4_mapped() {
            Some(v4) => IpNet::new(v4.into(), v6.prefix_len() - MAPPED_BITS).map_err(|_| not_one()),
            None => Ok(net),
        },
        // Wider than ::ffff:0:0/96 it holds the mapped ones and others: addresses are judged as
        // v4, so nobody would be in it as he thinks.
        IpNet::V6(v6) if v6.prefix_len() > 0 && v6.contains(&MAPPED) => Err(not_one()),
        _ => Ok(net),
    }
}

/// The bits before the v4 address in a v4-mapped v6 address.
const MAPPED_BITS: u8 = 96;

/// `::ffff:0:0`
const MAPPED: Ipv6Addr = Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_as_people_write_them() {
        for (text, net) in [
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
            ("::ffff:192.0.2.7", "192.0.2.7/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(parse_network(text).unwrap().to_string(), net, "{text}");
        }
        for text in
            ["", "192.0.2.0/33", "192.0.2/24", "mail.example.org", "192.0.2.0/24 ", "::/64", "10.0.0.0/-1"]
        {
            assert!(matches!(parse_network(text), Err(NetworkError::NotOne(_))), "{text:?}");
        }
        let error = parse_network("192.0.2.7/24").unwrap_err().to_string();
        assert!(error.ends_with("did you mean 192.0.2.0/24?"), "{error}");
    }

    #[test]
    fn addresses_as_hosts_write_them() {
        let known = |text: &str| Address::Known(text.parse().unwrap());
        for (rhost, address) in [
            ("192.0.2.7", known("192.0.2.7")),
            ("::ffff:192.0.2.7", known("192.0.2.7")),
            ("2001:db8::1", known("2001:db8::1")),
            ("fe80::1%eth0", known("fe80::1")),
            ("", Address::Unknown),
            ("mail.example.org", Address::Unknown),
            ("192.0.2.7;25", Address::Unknown),
            ("192.0.2.7 ", Address::Unknown),
        ] {
            assert_eq!(Address::from_rhost(rhost, true), address, "{rhost:?}");
        }
        assert_eq!(Address::from_rhost("192.0.2.7", false), Address::Unknown, "a mere claim");
    }
}
