//! `[peers]`: which uid may name which services.

use crate::config::PeerConfig;
use nix::unistd::User;
use std::collections::{BTreeMap, BTreeSet};

/// What a peer of `auth.sock` may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// It may name the service.
    pub may_ask: bool,
    /// The address that it names is proven.
    pub rhost_is_proven: bool,
}

/// The rules by uid.
#[derive(Debug, Default)]
pub struct Peers(BTreeMap<u32, Rule>);

#[derive(Debug)]
struct Rule {
    services: BTreeSet<String>,
    trust_rhost: bool,
}

impl Peers {
    /// Resolves the names in the configuration to uids. Returns those that the system
    /// doesn't know besides: a host may not have been installed yet.
    #[must_use]
    pub fn resolve(configured: &BTreeMap<String, PeerConfig>) -> (Self, Vec<String>) {
        let mut peers = Self::default();
        let mut unknown = Vec::new();
        for (name, config) in configured {
            let uid = name
                .parse()
                .ok()
                .or_else(|| User::from_name(name).ok().flatten().map(|user| user.uid.as_raw()));
            match uid {
                Some(uid) => {
                    let rule = Rule {
                        services: config.services.iter().cloned().collect(),
                        trust_rhost: config.trust_rhost,
                    };
                    if peers.0.insert(uid, rule).is_some() {
                        tracing::warn!(
                            "[peers.{name}] is uid {uid}, which has a rule already; the last one counts"
                        );
                    }
                }
                None => unknown.push(name.clone()),
            }
        }
        (peers, unknown)
    }

    /// What `uid` may do for `service`. Root may name any.
    #[must_use]
    pub fn standing(&self, uid: u32, service: &str) -> Standing {
        if uid == 0 {
            return Standing { may_ask: true, rhost_is_proven: true };
        }
        self.0.get(&uid).map_or(Standing { may_ask: false, rhost_is_proven: false }, |rule| Standing {
            may_ask: rule.services.contains(service),
            rhost_is_proven: rule.trust_rhost && rule.services.contains(service),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_may_name_any_service_and_others_only_theirs() {
        let rule = |trust_rhost| PeerConfig { services: vec!["exim".into()], trust_rhost };
        let configured = BTreeMap::from([
            ("1234".to_owned(), rule(false)),
            ("1235".to_owned(), rule(true)),
            ("no-such-user-here".to_owned(), rule(true)),
        ]);
        let (peers, unknown) = Peers::resolve(&configured);
        assert_eq!(unknown, ["no-such-user-here"]);
        assert_eq!(peers.standing(0, "imap"), Standing { may_ask: true, rhost_is_proven: true });
        assert_eq!(peers.standing(1234, "exim"), Standing { may_ask: true, rhost_is_proven: false });
        assert_eq!(peers.standing(1235, "exim"), Standing { may_ask: true, rhost_is_proven: true });
        assert!(!peers.standing(1234, "imap").may_ask);
        assert!(!peers.standing(33, "exim").may_ask);
    }
}
