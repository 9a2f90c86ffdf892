//! `apppw panic on`: every app password of the host, or of a group, refused without deleting
//! anything.

use crate::clock::UnixSeconds;
use crate::config::Groups;
use std::collections::BTreeMap;

/// The name under which the switch for the whole host is kept.
pub const HOST: &str = "";

/// Which switches are on, and since when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PanicSwitch(pub BTreeMap<String, UnixSeconds>);

impl PanicSwitch {
    /// Whether it is in force for `service`. A group that is no longer configured holds for
    /// everything: to forget a switch must not open anything.
    #[must_use]
    pub fn covers(&self, groups: &Groups, service: Option<&str>) -> bool {
        self.0.keys().any(|switch| {
            switch == HOST
                || !groups.has_group(switch)
                || service.is_some_and(|service| groups.of_service(service).any(|group| group == switch))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_holds_for_its_group_or_for_all() {
        let groups = Groups::default();
        let on = |switch: &str| PanicSwitch([(switch.to_owned(), 1)].into());
        assert!(!PanicSwitch::default().covers(&groups, Some("imap")));
        assert!(on(HOST).covers(&groups, Some("imap")) && on(HOST).covers(&groups, None));
        assert!(on("mail").covers(&groups, Some("imap")));
        assert!(!on("mail").covers(&groups, Some("xmpp")));
        assert!(on("a group of old").covers(&groups, Some("xmpp")));
    }
}
