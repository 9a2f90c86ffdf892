//! The scope of an app password: services, networks, until when.
//!
//! Pure: what covers what is decided here and nowhere else.

use crate::address::Address;
use crate::auth::Reason;
use crate::clock::UnixSeconds;
use crate::config::Groups;
use ipnet::IpNet;
use std::net::IpAddr;

/// What an app password is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Services and groups by name, resolved at each check; never empty.
    pub services: Vec<String>,
    /// Networks; none: from anywhere.
    pub networks: Vec<IpNet>,
    /// The first second at which it is no longer good; `None`: never.
    pub expires: Option<UnixSeconds>,
    /// Locked to the service that first uses it.
    pub pin_service: Pin<String>,
    /// Locked to the network that first uses it.
    pub pin_network: Pin<IpNet>,
}

/// A lock that closes at the first use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pin<T> {
    /// There is none.
    No,
    /// It has not been used yet.
    Pending,
    /// Used first by this.
    To(T),
}

/// What a first use locks a pending pin to. Decided before the login is accepted, and
/// written before that too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FirstUse {
    /// For `pin_service`.
    pub service: Option<String>,
    /// For `pin_network`.
    pub network: Option<IpNet>,
}

impl FirstUse {
    /// Nothing to lock.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.service.is_none() && self.network.is_none()
    }
}

impl Scope {
    /// Why this scope doesn't let `service` in from `address` at `now`; `None`: it does.
    /// `service` is `None` when nobody asks for one.
    #[must_use]
    pub fn refusal(
        &self,
        groups: &Groups,
        service: Option<&str>,
        address: Address,
        now: UnixSeconds,
    ) -> Option<Reason> {
        if self.expires.is_some_and(|expires| now >= expires) {
            return Some(Reason::Expired);
        }
        if let Some(service) = service
            && !groups.covers(&self.services, service)
        {
            return Some(Reason::WrongService);
        }
        if let (Some(service), Pin::To(pinned)) = (service, &self.pin_service)
            && service != pinned
        {
            return Some(Reason::PinnedService);
        }
        self.network_refusal(address)
    }

    fn network_refusal(&self, address: Address) -> Option<Reason> {
        let has_rule = !self.networks.is_empty() || self.pin_network != Pin::No;
        match address {
            Address::NotAsked => None,
            Address::Unknown => has_rule.then_some(Reason::NoAddress),
            Address::Known(address) => {
                let inside =
                    self.networks.is_empty() || self.networks.iter().any(|net| net.contains(&address));
                match &self.pin_network {
                    _ if !inside => Some(Reason::WrongNetwork),
                    Pin::To(pinned) if !pinned.contains(&address) => Some(Reason::PinnedNetwork),
                    _ => None,
                }
            }
        }
    }

    /// What a login of `service` from `address` would lock that is pending.
    #[must_use]
    pub fn first_use(&self, service: Option<&str>, address: Address) -> FirstUse {
        let network = match (&self.pin_network, address) {
            (Pin::Pending, Address::Known(address)) => Some(network_around(address)),
            _ => None,
        };
        let service = service.filter(|_| self.pin_service == Pin::Pending).map(str::to_owned);
        FirstUse { service, network }
    }
}

/// The network that `--pin network` locks to: a provider's customer keeps it from day to
/// day (IPv4 /24, IPv6 /64), another customer hardly ever has it.
fn network_around(address: IpAddr) -> IpNet {
    let prefix = if address.is_ipv4() { 24 } else { 64 };
    // Both are valid for their family.
    IpNet::new(address, prefix).map_or_else(|_| address.into(), |net| net.trunc())
}

#[cfg(test)]
mod tests;
