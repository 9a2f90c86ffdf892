//! `[users]`: which names mean the same account.

use serde::Deserialize;
use std::collections::BTreeMap;

/// All off by default: the host goes on with the name as typed, and folding is ours alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UsersConfig {
    /// Upper and lower case of ASCII letters don't count.
    pub fold_case: bool,
    /// The domain of a name without one.
    pub default_domain: Option<String>,
    /// Domains that stand for another: `"example.net" = "example.org"`.
    pub domain_aliases: BTreeMap<String, String>,
}

impl UsersConfig {
    /// The rules for Unix accounts, which are their Unix names: the default domain is for
    /// virtual users.
    #[must_use]
    pub fn for_unix(&self) -> Self {
        Self { default_domain: None, ..self.clone() }
    }

    /// What is wrong with the values: the key and the sentence.
    pub(super) fn check(&self) -> Result<(), (String, String)> {
        let domains =
            self.domain_aliases.iter().flat_map(|(from, to)| [from, to]).chain(&self.default_domain);
        for domain in domains {
            if self.fold_case && domain.to_ascii_lowercase() != *domain {
                let message = format!("names the domain {domain:?}; with fold_case write it in lower case");
                return Err(("[users]".into(), message));
            }
            if domain.contains('@') {
                return Err(("[users]".into(), format!("names the domain {domain:?}; a domain has no @")));
            }
            if let Err(e) = apppw_admin::text::check_field(domain) {
                return Err(("[users]".into(), format!("names the domain {domain:?}, which {e}")));
            }
        }
        match self.domain_aliases.iter().find(|(_, to)| self.domain_aliases.contains_key(*to)) {
            Some((from, to)) => Err((
                format!("[users] domain_aliases.{from:?}"),
                format!("leads to {to:?}, which is an alias itself"),
            )),
            None => Ok(()),
        }
    }
}
