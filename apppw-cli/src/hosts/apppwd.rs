//! apppwd.toml, as far as PAM hosts depend on it: `[groups]` and `[peers]`. Pure. The daemon reads it for itself and says
//! what is wrong with it (`apppwd --check`).

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Where it is.
pub const PATH: &str = "/etc/apppw/apppwd.toml";

/// What counts here; the rest is not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Config {
    pub groups: BTreeMap<String, BTreeSet<String>>,
    pub peers: BTreeMap<String, Peer>,
    pub state_dir: Option<PathBuf>,
    pub key_dir: Option<PathBuf>,
}

/// Where the daemon keeps database and key unless told otherwise: a test holds them against its own.
const STATE_DIR: &str = "/var/lib/apppwd";
const KEY_DIR: &str = "/var/lib/apppwd-key";

/// `[peers.NAME]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Peer {
    pub services: BTreeSet<String>,
}

/// The daemon's default groups: a test holds them against its own.
const GROUPS: [(&str, &[&str]); 4] = [
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

impl Config {
    /// The folder of the database, and that of the key.
    pub fn folders(&self) -> (PathBuf, PathBuf) {
        let or = |told: &Option<PathBuf>, default: &str| told.clone().unwrap_or_else(|| default.into());
        (or(&self.state_dir, STATE_DIR), or(&self.key_dir, KEY_DIR))
    }

    /// Of the file's text.
    ///
    /// # Errors
    /// What the parser says.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|e| e.message().to_owned())
    }

    /// The groups that a service is in. None: every app password is refused there.
    pub fn groups_of(&self, service: &str) -> Vec<String> {
        let defaults = GROUPS
            .iter()
            .filter(|(name, services)| !self.groups.contains_key(*name) && services.contains(&service));
        let own = self.groups.iter().filter(|(_, services)| services.contains(service));
        own.map(|(name, _)| name.clone()).chain(defaults.map(|(name, _)| (*name).to_owned())).collect()
    }

    /// Whether this peer may name all of these services.
    pub fn permits(&self, peer: &str, services: &[String]) -> bool {
        let allowed = self.peers.get(peer).map(|peer| &peer.services);
        services.iter().all(|service| allowed.is_some_and(|allowed| allowed.contains(service)))
    }
}

/// The text with this peer permitted these services beside those that it has, all else as it is. None: the entry is
/// written in a way that isn't known here.
pub fn with_peer(text: &str, peer: &str, services: &[String]) -> Option<String> {
    let before = Config::parse(text).ok()?;
    if before.permits(peer, services) {
        return Some(text.to_owned());
    }
    let has = before.peers.get(peer);
    let wanted: BTreeSet<String> =
        has.into_iter().flat_map(|peer| peer.services.clone()).chain(services.iter().cloned()).collect();
    let list: Vec<_> = wanted.iter().map(|service| format!("{service:?}")).collect();
    let line = format!("services = [{}]", list.join(", "));
    let after = if has.is_some() {
        replaced(text, peer, &line)?
    } else {
        let mut after = text.to_owned();
        if !after.is_empty() && !after.ends_with('\n') {
            after.push('\n');
        }
        format!(
            "{after}\n# Not root: it must be in the group apppw-auth, too (apppw setup)\n[peers.{peer}]\n{line}\n"
        )
    };
    // Whatever the text is like: this is what has to come of it, and nothing else.
    let mut meant = before;
    meant.peers.entry(peer.to_owned()).or_default().services = wanted;
    (Config::parse(&after).ok()? == meant).then_some(after)
}

/// The line of `services` in the peer's table.
fn replaced(text: &str, peer: &str, line: &str) -> Option<String> {
    let heads = [format!("[peers.{peer}]"), format!("[peers.{peer:?}]")];
    let mut is_within = false;
    let mut is_done = false;
    let mut after = String::new();
    for old in text.split_inclusive('\n') {
        let trimmed = old.split('#').next().unwrap_or_default().trim();
        if trimmed.starts_with('[') {
            is_within = heads.iter().any(|head| head == trimmed);
        }
        let key = trimmed.split_once('=').map(|(key, _)| key.trim());
        if is_within && !is_done && key == Some("services") && trimmed.ends_with(']') {
            is_done = true;
            after.push_str(line);
            after.push('\n');
        } else {
            after.push_str(old);
        }
    }
    is_done.then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(services: &[&str]) -> Vec<String> {
        services.iter().map(|service| (*service).to_owned()).collect()
    }

    #[test]
    fn the_default_groups_are_the_daemon_s() {
        let daemon = apppwd::config::Groups::default();
        let theirs: BTreeMap<String, BTreeSet<String>> =
            daemon.all().map(|(name, services)| (name.clone(), services.clone())).collect();
        let ours = GROUPS.iter().map(|(name, services)| {
            ((*name).to_owned(), services.iter().map(|service| (*service).to_owned()).collect())
        });
        assert_eq!(ours.collect::<BTreeMap<String, BTreeSet<String>>>(), theirs);
    }

    #[test]
    fn the_default_folders_are_the_daemon_s() {
        let daemon = apppwd::config::Config::default();
        assert_eq!(Config::default().folders(), (daemon.state_dir, daemon.key_dir));
    }

    #[test]
    fn a_table_of_groups_adds_to_the_defaults_and_replaces_those_that_it_names() {
        for (text, service, groups) in [
            ("", "xmpp", &["chat"][..]),
            ("", "webapp", &[]),
            ("[groups]\nchat = [\"irc\"]\n", "xmpp", &[]),
            ("[groups]\nchat = [\"irc\"]\n", "webdav", &["dav"]),
            ("[groups]\nweb = [\"webapp\", \"webdav\"]\n", "webapp", &["web"]),
            ("[groups]\nweb = [\"webdav\"]\n", "webdav", &["web", "dav"]),
        ] {
            assert_eq!(Config::parse(text).unwrap().groups_of(service), groups, "{text}");
        }
    }

    #[test]
    fn a_peer_comes_to_the_end_or_into_its_own_table() {
        let note = "# Not root: it must be in the group apppw-auth, too (apppw setup)\n";
        for (text, after) in [
            ("", Some(format!("\n{note}[peers.www-data]\nservices = [\"a\", \"b\"]\n"))),
            ("x = 1", Some(format!("x = 1\n\n{note}[peers.www-data]\nservices = [\"a\", \"b\"]\n"))),
            (
                "[peers.www-data] # x\nservices = [\"z\"] # y\ntrust_rhost = true\n[groups]\n",
                Some(
                    "[peers.www-data] # x\nservices = [\"a\", \"b\", \"z\"]\ntrust_rhost = true\n[groups]\n"
                        .into(),
                ),
            ),
            (
                "[peers.\"www-data\"]\nservices = []\n",
                Some("[peers.\"www-data\"]\nservices = [\"a\", \"b\"]\n".into()),
            ),
            ("[peers.exim]\nservices = [\"a\"]\n[peers.www-data]\nservices=[\"b\", \"a\"]", None),
            ("[peers.www-data]\nservices = [\n\"z\",\n]\n", Some(String::new())),
            ("peers.www-data.services = [\"z\"]\n", Some(String::new())),
            ("[peers]\nwww-data = { services = [\"z\"] }\n", Some(String::new())),
            ("nonsense", Some(String::new())),
        ] {
            let made = with_peer(text, "www-data", &names(&["b", "a"]));
            match after {
                // As it is.
                None => assert_eq!(made.as_deref(), Some(text)),
                Some(after) if after.is_empty() => assert_eq!(made, None, "{text}"),
                Some(after) => assert_eq!(made, Some(after), "{text}"),
            }
        }
    }
}
