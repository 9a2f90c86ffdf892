//! `[groups]`: named sets of services. A service in no group is refused.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The groups. A `[groups]` table in the file adds to the default ones and replaces those
/// that it names.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "BTreeMap<String, BTreeSet<String>>")]
pub struct Groups(BTreeMap<String, BTreeSet<String>>);

/// The usual mail, DAV, chat and file services, by the names that their programs give PAM.
const DEFAULTS: &[(&str, &[&str])] = &[
    (
        "mail",
        &[
            "dovecot",
            "imap",
            "imaps",
            "pop3",
            "pop3s",
            "smtp",
            "smtps",
            "submission",
            "submissions",
            "sieve",
            "managesieve",
            "exim",
            "postfix",
            "cyrus",
            "nntp",
        ],
    ),
    ("dav", &["radicale", "caldav", "carddav", "webdav", "davical", "sogo"]),
    ("chat", &["xmpp", "prosody", "ejabberd", "irc"]),
    ("files", &["ftp", "vsftpd", "proftpd", "pure-ftpd", "apache2", "httpd", "nginx", "samba"]),
];

impl Default for Groups {
    fn default() -> Self {
        Self(
            DEFAULTS
                .iter()
                .map(|(group, services)| {
                    ((*group).to_owned(), services.iter().map(|s| (*s).to_owned()).collect())
                })
                .collect(),
        )
    }
}

impl From<BTreeMap<String, BTreeSet<String>>> for Groups {
    fn from(configured: BTreeMap<String, BTreeSet<String>>) -> Self {
        let mut groups = Self::default();
        groups.0.extend(configured);
        groups
    }
}

impl Groups {
    /// Whether `service` is on the positive list.
    #[must_use]
    pub fn has_service(&self, service: &str) -> bool {
        self.0.values().any(|services| services.contains(service))
    }

    /// Whether there is a group of that name.
    #[must_use]
    pub fn has_group(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Every group with its services.
    pub fn all(&self) -> impl Iterator<Item = (&String, &BTreeSet<String>)> {
        self.0.iter()
    }

    /// The services of a group; none if there is no such group.
    pub fn services_of(&self, group: &str) -> impl Iterator<Item = &String> {
        self.0.get(group).into_iter().flatten()
    }

    /// The groups that `service` is in.
    pub fn of_service<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.0.iter().filter(move |(_, services)| services.contains(service)).map(|(group, _)| group.as_str())
    }

    /// Whether a scope of services and groups covers `service`, as the groups are now.
    #[must_use]
    pub fn covers<S: AsRef<str>>(&self, scope: &[S], service: &str) -> bool {
        self.has_service(service)
            && scope.iter().map(AsRef::as_ref).any(|name| {
                name == service || self.0.get(name).is_some_and(|services| services.contains(service))
            })
    }

    /// Every name that a scope may have: groups first, then services.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let services: BTreeSet<&str> = self.0.values().flatten().map(String::as_str).collect();
        self.0.keys().map(String::as_str).chain(services)
    }

    /// What is wrong with the groups: the group and the sentence.
    pub(super) fn check(&self) -> Result<(), (String, String)> {
        for (group, services) in &self.0 {
            if let Err(e) = apppw_admin::text::check_field(group) {
                return Err((group.clone(), format!("has a name that {e}")));
            }
            if self.has_service(group) {
                return Err((
                    group.clone(),
                    "is also the name of a service; name the group otherwise".into(),
                ));
            }
            for service in services {
                if let Err(e) = apppw_admin::text::check_field(service) {
                    return Err((group.clone(), format!("names the service {service:?}, which {e}")));
                }
                if apppw_proto::services::is_never_opened(service) {
                    return Err((
                        group.clone(),
                        format!("names {service:?}, which app passwords never open; leave it out"),
                    ));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Groups;

    #[test]
    fn a_scope_covers_its_services_and_its_groups_services() {
        let groups = Groups::default();
        assert!(groups.covers(&["mail"], "imap"));
        assert!(groups.covers(&["imap"], "imap"));
        assert!(groups.covers(&["dav", "smtp"], "smtp"));
        assert!(!groups.covers(&["imap"], "smtp"));
        assert!(!groups.covers(&["mail"], "xmpp"));
        assert!(!groups.covers::<&str>(&[], "imap"));
    }

    #[test]
    fn a_service_in_no_group_is_covered_by_nothing() {
        assert!(!Groups::default().covers(&["mail", "gopher"], "gopher"));
    }
}
