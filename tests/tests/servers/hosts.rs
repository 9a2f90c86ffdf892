//! The mail hosts: which server, through which stack, asking an apppwd configured how.

use apppw_tests::apppwd::CHEAP_ARGON2;
use apppw_tests::servers::Result;
use apppw_tests::servers::dovecot::{Dovecot, Passdb, Version};
use apppw_tests::servers::host::MailServer;
use apppw_tests::servers::inside::Inside;
use apppw_tests::servers::postfix::Postfix;
use apppw_tests::servers::saslauthd::Saslauthd;
use apppw_tests::servers::tree::{Suite, Tree};
use std::fs;

/// The clients of a Dovecot, as [`super::place::slug`] names them.
pub const DOVECOT: &[&str] = &[
    "imap-login",
    "imap-authenticate-plain",
    "pop3-user-pass",
    "pop3-auth-plain",
    "sieve-authenticate-plain",
    "submission-auth-plain",
    "submission-auth-login",
];

/// The clients of a Postfix. (The protocols of the Dovecot beside it are another host's.)
pub const POSTFIX: &[&str] = &["smtp-auth-plain", "smtp-auth-login"];

/// A mail host and the daemon of its own.
#[derive(Debug)]
pub struct Host {
    /// In the trials' names.
    pub name: &'static str,
    /// The Dovecot that its files are for.
    pub dovecot: Version,
    /// What runs.
    pub kind: Kind,
    /// A file of `packaging/pam`.
    pub stack: &'static str,
    /// What follows the paths in apppwd.toml.
    pub config: &'static str,
    /// Lines at the end of dovecot.conf.
    pub extra: &'static str,
    /// Who has a Unix account and a primary password, besides the trees' alice and bob.
    pub roles: &'static [Role],
}

/// People with a policy of their own: one for each client, so that every case has its own.
#[derive(Debug)]
pub struct Role {
    pub name: &'static str,
    /// What their `[policy.user.NAME]` says; nothing: they have none.
    pub policy: &'static str,
}

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Dovecot alone.
    Dovecot(Passdb),
    /// Postfix, through Dovecot.
    ThroughDovecot,
    /// Postfix, through saslauthd.
    ThroughSaslauthd(Saslauthd),
}

const fn dovecot(name: &'static str, dovecot: Version, kind: Kind) -> Host {
    Host { name, dovecot, kind, stack: "app-passwords-only", config: CHEAP_ARGON2, extra: "", roles: &[] }
}

/// A Dovecot whose sessions in IDLE move into one process for all of them, after a moment.
const fn hibernating(name: &'static str, version: Version) -> Host {
    let extra = match version {
        Version::V2_3 => HIBERNATE_2_3,
        Version::V2_4 => HIBERNATE_2_4,
    };
    Host { extra, ..dovecot(name, version, Kind::Dovecot(Passdb::PerProtocol)) }
}

const HIBERNATE_2_3: &str = "
imap_hibernate_timeout = 1s
service imap {
  unix_listener imap-master {
    user = dovecot
  }
}
service imap-hibernate {
  unix_listener imap-hibernate {
    mode = 0666
  }
}
";

const HIBERNATE_2_4: &str = "
imap_hibernate_timeout = 1s
service imap {
  unix_listener imap-master {
    user = dovecot
  }
}
";

const fn policy(name: &'static str, config: &'static str) -> Host {
    let host = dovecot(name, Version::V2_3, Kind::Dovecot(Passdb::PerProtocol));
    Host { stack: "primary-where-permitted", config, ..host }
}

/// The policies of [`super::primary`].
const fn overrides(name: &'static str, version: Version, kind: Kind) -> Host {
    let (stack, config) = ("primary-where-permitted", super::primary::CONFIG);
    Host { stack, config, roles: super::primary::ROLES, ..dovecot(name, version, kind) }
}

/// The settings of [`super::names`]. Dovecot hands names over as they are typed, as saslauthd does.
const fn names(name: &'static str, version: Version, kind: Kind) -> Host {
    let extra = match version {
        Version::V2_3 => "auth_username_format = %u\n",
        Version::V2_4 => "auth_username_format = %{user}\n",
    };
    Host { config: super::names::CONFIG, extra, ..dovecot(name, version, kind) }
}

const fn saslauthd(name: &'static str, realm: bool, cache: bool) -> Host {
    dovecot(name, Version::V2_3, Kind::ThroughSaslauthd(Saslauthd { realm, cache }))
}

/// All of them. The policies' daemons have Argon2id at its real cost.
pub static HOSTS: [Host; 31] = [
    dovecot("dovecot-2.3", Version::V2_3, Kind::Dovecot(Passdb::PerProtocol)),
    dovecot("dovecot-2.3-one-service", Version::V2_3, Kind::Dovecot(Passdb::OneService)),
    dovecot("dovecot-2.3-second-guarded", Version::V2_3, Kind::Dovecot(Passdb::SecondGuarded)),
    dovecot("dovecot-2.3-second-unguarded", Version::V2_3, Kind::Dovecot(Passdb::SecondUnguarded)),
    dovecot("dovecot-2.3-auth-cache", Version::V2_3, Kind::Dovecot(Passdb::Cached)),
    dovecot("dovecot-2.4", Version::V2_4, Kind::Dovecot(Passdb::PerProtocol)),
    dovecot("dovecot-2.4-one-service", Version::V2_4, Kind::Dovecot(Passdb::OneService)),
    dovecot("dovecot-2.4-second-guarded", Version::V2_4, Kind::Dovecot(Passdb::SecondGuarded)),
    dovecot("dovecot-2.4-second-unguarded", Version::V2_4, Kind::Dovecot(Passdb::SecondUnguarded)),
    dovecot("dovecot-2.4-auth-cache", Version::V2_4, Kind::Dovecot(Passdb::Cached)),
    dovecot("postfix-dovecot", Version::V2_3, Kind::ThroughDovecot),
    saslauthd("postfix-saslauthd", true, false),
    saslauthd("postfix-saslauthd-without-r", false, false),
    saslauthd("postfix-saslauthd-with-c", true, true),
    Host {
        config: "[argon2]\nmemory_kib = 64\niterations = 1\n[groups]\nmail = [\"imap\"]\n",
        ..dovecot("dovecot-2.3-imap-group", Version::V2_3, Kind::Dovecot(Passdb::PerProtocol))
    },
    policy("policy-refuse", "[policy]\nprimary = \"refuse\"\n"),
    policy("policy-refuse-enrolled", "[policy]\nprimary = \"refuse-enrolled\"\n"),
    policy("policy-allow", "[policy]\nprimary = \"allow\"\n"),
    Host {
        roles: super::primary::WATCHED,
        ..policy("report-only", "[policy]\nprimary = \"refuse-enrolled\"\nreport_only = true\n")
    },
    overrides("overrides-dovecot-2.3", Version::V2_3, Kind::Dovecot(Passdb::PerProtocol)),
    overrides("overrides-dovecot-2.4", Version::V2_4, Kind::Dovecot(Passdb::PerProtocol)),
    overrides("overrides-postfix-dovecot", Version::V2_3, Kind::ThroughDovecot),
    overrides(
        "overrides-postfix-saslauthd",
        Version::V2_3,
        Kind::ThroughSaslauthd(Saslauthd { realm: true, cache: false }),
    ),
    names("names-dovecot-2.3", Version::V2_3, Kind::Dovecot(Passdb::PerProtocol)),
    names("names-dovecot-2.4", Version::V2_4, Kind::Dovecot(Passdb::PerProtocol)),
    names(
        "names-postfix-saslauthd",
        Version::V2_3,
        Kind::ThroughSaslauthd(Saslauthd { realm: true, cache: false }),
    ),
    names("names-dovecot-2.3-auth-cache", Version::V2_3, Kind::Dovecot(Passdb::Cached)),
    names("names-dovecot-2.4-auth-cache", Version::V2_4, Kind::Dovecot(Passdb::Cached)),
    hibernating("dovecot-2.3-hibernating", Version::V2_3),
    hibernating("dovecot-2.4-hibernating", Version::V2_4),
    Host {
        stack: "system-users",
        ..dovecot("system-users", Version::V2_3, Kind::Dovecot(Passdb::PerProtocol))
    },
];

/// Account rules of the system's own: alice's account expired in 1997, bob's didn't.
const SHADOW: &str = "root:*:20000:0:99999:7:::\n\
    alice:*:20000:0:99999:7::10000:\n\
    bob:*:20000:0:99999:7:::\n";

impl Host {
    /// The host called `name`.
    pub fn named(name: &str) -> &'static Host {
        HOSTS.iter().find(|host| host.name == name).unwrap_or_else(|| panic!("no host {name}"))
    }

    /// The tree that it runs in.
    pub const fn suite(&self) -> Suite {
        match self.dovecot {
            Version::V2_3 => Suite::Own,
            Version::V2_4 => Suite::Trixie,
        }
    }

    /// Its clients.
    pub const fn clients(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Dovecot(_) => DOVECOT,
            Kind::ThroughDovecot | Kind::ThroughSaslauthd(_) => POSTFIX,
        }
    }

    /// What PAM hears as service when this client logs in.
    pub fn service<'a>(&self, client: &'a str) -> &'a str {
        match client.split_once('-') {
            // One name for all protocols.
            _ if self.kind == Kind::Dovecot(Passdb::OneService) => "dovecot",
            Some((service, _)) => service,
            None => client,
        }
    }

    /// Whether Dovecot remembers logins.
    pub fn has_cache(&self) -> bool {
        self.kind == Kind::Dovecot(Passdb::Cached)
    }

    /// Whether PAM hears the client's address.
    pub const fn gives_address(&self) -> bool {
        !matches!(self.kind, Kind::ThroughSaslauthd(_))
    }

    /// Starts the server.
    pub fn start(&self, tree: &Tree, inside: &Inside) -> Result<MailServer> {
        let dovecot = Dovecot::new(self.dovecot).extra(self.extra);
        match self.kind {
            Kind::Dovecot(passdb) => dovecot.passdb(passdb).start(tree, inside),
            Kind::ThroughDovecot => Postfix::ThroughDovecot(dovecot).start(tree, inside),
            Kind::ThroughSaslauthd(saslauthd) => Postfix::ThroughSaslauthd(saslauthd).start(tree, inside),
        }
    }

    /// apppwd.toml behind the paths.
    pub fn config(&self) -> String {
        let people = self.people().filter(|(_, role)| !role.policy.is_empty());
        let policies = people.map(|(person, role)| format!("[policy.user.{person:?}]\n{}\n", role.policy));
        self.config.to_owned() + &policies.collect::<String>()
    }

    /// The person of this role at this client.
    pub fn person(role: &str, client: &str) -> String {
        format!("{role}.{client}")
    }

    fn people(&self) -> impl Iterator<Item = (String, &'static Role)> {
        let people = |role: &'static Role| {
            self.clients().iter().map(move |client| (Host::person(role.name, client), role))
        };
        self.roles.iter().flat_map(people)
    }

    /// Its stack and files, without module and socket.
    pub fn files(&self, tree: &Tree) -> Result<Inside> {
        let inside = Inside::new().stack(&Inside::packaging(&format!("pam/{}", self.stack))?);
        if self.stack == "system-users" {
            return Ok(inside.file("/etc/shadow", SHADOW));
        }
        // Each a bob of another name, with his password.
        let files = ["/etc/passwd", "/etc/shadow"].into_iter();
        files.filter(|_| !self.roles.is_empty()).try_fold(inside, |inside, file| {
            let mut text = fs::read_to_string(tree.path().join(file.trim_start_matches('/')))?;
            let bob = text.lines().find(|line| line.starts_with("bob:")).unwrap_or_default().to_owned();
            for (person, _) in self.people() {
                text += &format!("{}\n", bob.replacen("bob", &person, 1));
            }
            Ok(inside.file(file, text))
        })
    }
}
