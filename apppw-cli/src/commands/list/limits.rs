//! What limits an app password that is live: so that nobody wonders why it is refused.

use crate::output::Paint;
use crate::output::table::Cell;
use crate::output::time::Clock;
use apppw_admin::verbs::{AppPassword, PanicSwitch, PinState, State};
use std::collections::BTreeSet;

/// Why app passwords are refused whatever they are like.
#[derive(Debug, Default)]
pub struct Refused {
    /// Accounts that are locked.
    pub locked: BTreeSet<String>,
    /// Panic switches that are on.
    pub switches: Vec<PanicSwitch>,
}

impl Refused {
    fn words(&self, record: &AppPassword) -> Vec<String> {
        let locked = self.locked.contains(&record.user).then(|| "account locked".to_owned());
        // A service that is named alone may be in the group, too: the warning speaks of those.
        let is_hit = |switch: &PanicSwitch| match &switch.group {
            Some(group) if !switch.group_is_gone => record.services.contains(group),
            _ => true,
        };
        let panic = self.switches.iter().any(is_hit).then(|| "panic".to_owned());
        locked.into_iter().chain(panic).collect()
    }
}

/// The limits of one, in a few words.
pub struct Limits {
    refused: Vec<String>,
    limited: Vec<String>,
    /// What of it is limited, in a word each.
    what: Vec<&'static str>,
}

impl Limits {
    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.refused.is_empty() && self.limited.is_empty()
    }

    /// As a cell of the list.
    pub fn cell(&self) -> Cell {
        let paint = if self.refused.is_empty() { Paint::Plain } else { Paint::Bad };
        let words: Vec<&str> = self.refused.iter().chain(&self.limited).map(String::as_str).collect();
        let short = self.refused.iter().map(String::as_str).chain(self.what.iter().copied());
        Cell::painted(paint, words.join(", ")).or(short.collect::<Vec<_>>().join(", "))
    }
}

/// Those of `record`. What is over has none.
pub fn of(record: &AppPassword, refused: &Refused, clock: &Clock) -> Limits {
    if matches!(record.state, State::Expired | State::Revoked) {
        return Limits { refused: vec![], limited: vec![], what: vec![] };
    }
    let mut limited = Vec::new();
    limited.extend(record.expires.map(|time| format!("until {}", clock.until(time))));
    limited.extend(match record.networks.as_slice() {
        [] => None,
        [network] => Some(format!("from {network}")),
        several => Some(format!("from {} networks", several.len())),
    });
    for (what, pin) in [("service", &record.pin_service), ("network", &record.pin_network)] {
        limited.extend(pin.as_ref().map(|pin| match pin {
            PinState::Pending => format!("{what} by first use"),
            PinState::To(value) => format!("only {value}"),
        }));
    }
    let network = !record.networks.is_empty() || record.pin_network.is_some();
    let what =
        [(record.expires.is_some(), "end"), (network, "network"), (record.pin_service.is_some(), "service")];
    let what = what.into_iter().filter_map(|(is_limited, what)| is_limited.then_some(what)).collect();
    Limits { refused: refused.words(record), limited, what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;

    fn said(record: &AppPassword, refused: &Refused) -> String {
        let limits = of(record, refused, &samples::clock());
        limits.refused.into_iter().chain(limits.limited).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn all_of_a_scope_is_told() {
        let none = Refused::default();
        assert_eq!(said(&samples::live(), &none), "");
        assert_eq!(
            said(&samples::scoped(), &none),
            "until 2027-04-15, from 2 networks, only smtp, network by first use"
        );
        let networks = vec!["192.0.2.0/24".to_owned()];
        assert_eq!(said(&AppPassword { networks, ..samples::live() }, &none), "from 192.0.2.0/24");
    }

    #[test]
    fn what_refuses_all_comes_first() {
        let switch = |group: Option<&str>, group_is_gone| PanicSwitch {
            group: group.map(str::to_owned),
            group_is_gone,
            since: 0,
        };
        let hit = |switches: Vec<PanicSwitch>, locked: &[&str]| {
            let locked = locked.iter().map(|user| (*user).to_owned()).collect();
            said(&samples::live(), &Refused { locked, switches })
        };
        assert_eq!(hit(vec![switch(None, false)], &["alice@example.org"]), "account locked, panic");
        assert_eq!(hit(vec![switch(Some("mail"), false)], &["bob"]), "panic");
        assert_eq!(hit(vec![switch(Some("dav"), false)], &[]), "");
        assert_eq!(hit(vec![switch(Some("dav"), true)], &[]), "panic", "a group that is gone is the host");
    }

    #[test]
    fn what_is_over_has_no_limits() {
        let refused =
            Refused { locked: ["bob".to_owned(), "alice@example.org".to_owned()].into(), switches: vec![] };
        for record in [samples::expired(), samples::revoked()] {
            assert_eq!(said(&record, &refused), "");
        }
        assert_eq!(said(&samples::suspended(), &refused), "account locked", "it may be resumed");
    }
}
