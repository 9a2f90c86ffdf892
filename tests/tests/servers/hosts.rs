//! The mail hosts: which server, through which stack, asking an apppwd configured how.

use apppw_tests::apppwd::CHEAP_ARGON2;
use apppw_tests::servers::Result;
use apppw_tests::servers::dovecot::{Dovecot, Passdb, Version};
use apppw_tests::servers::host::MailServer;
use apppw_tests::servers::inside::Inside;
use apppw_tests::servers::postfix::Postfix;
use apppw_tests::servers::saslauthd::Saslauthd;
use apppw_tests::servers::tree::{Suite, Tree};

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
    Host { name, dovecot, kind, stack: "app-passwords-only", config: CHEAP_ARGON2 }
}

const fn policy(name: &'static str, config: &'static str) -> Host {
    let stack = "primary-where-permitted";
    Host { name, dovecot: Version::V2_3, kind: Kind::Dovecot(Passdb::PerProtocol), stack, config }
}

const fn saslauthd(name: &'static str, realm: bool, cache: bool) -> Host {
    dovecot(name, Version::V2_3, Kind::ThroughSaslauthd(Saslauthd { realm, cache }))
}

/// All of them. The policies' daemons have Argon2id at its real cost.
pub static HOSTS: [Host; 19] = [
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

    /// Whether PAM hears one service name for all protocols.
    pub fn has_one_service(&self) -> bool {
        self.kind == Kind::Dovecot(Passdb::OneService)
    }

    /// Whether PAM hears the client's address.
    pub const fn gives_address(&self) -> bool {
        !matches!(self.kind, Kind::ThroughSaslauthd(_))
    }

    /// Starts the server.
    pub fn start(&self, tree: &Tree, inside: &Inside) -> Result<MailServer> {
        let dovecot = Dovecot::new(self.dovecot);
        match self.kind {
            Kind::Dovecot(passdb) => dovecot.passdb(passdb).start(tree, inside),
            Kind::ThroughDovecot => Postfix::ThroughDovecot(dovecot).start(tree, inside),
            Kind::ThroughSaslauthd(saslauthd) => Postfix::ThroughSaslauthd(saslauthd).start(tree, inside),
        }
    }

    /// Its stack and files, without module and socket.
    pub fn files(&self) -> Result<Inside> {
        let inside = Inside::new().stack(&Inside::packaging(&format!("pam/{}", self.stack))?);
        Ok(if self.stack == "system-users" { inside.file("/etc/shadow", SHADOW) } else { inside })
    }
}
