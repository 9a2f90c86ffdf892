//! Dovecot 2.3 and 2.4: the files of `packaging/dovecot/`, and around them what only a test may set.

use super::host::{Endpoint, Host, MailServer, start};
use super::inside::Inside;
use super::tree::Tree;
use super::{Result, rootless};

/// The two configuration languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Debian 12, Ubuntu 22.04 and 24.04.
    V2_3,
    /// Debian 13.
    V2_4,
}

impl Version {
    fn directory(self) -> &'static str {
        match self {
            Version::V2_3 => "dovecot/2.3",
            Version::V2_4 => "dovecot/2.4",
        }
    }
}

/// Who checks passwords.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Passdb {
    /// PAM, one service per protocol (`%s`, `%{protocol}`).
    #[default]
    PerProtocol,
    /// PAM, service "dovecot" for all protocols.
    OneService,
    /// PAM, then a passwd-file, guarded by `result_failure = return-fail`.
    SecondGuarded,
    /// The same without the guard: the mistake that the packaged file warns of.
    SecondUnguarded,
    /// PAM, one service per protocol, behind Dovecot's auth cache: another such mistake.
    Cached,
    /// No PAM: a passwd-file of Dovecot 2.3 with these lines.
    PasswdFile(&'static str),
}

/// A Dovecot to start.
#[derive(Clone, Debug)]
pub struct Dovecot {
    /// Which language its configuration is in; must fit the tree ([`Tree::dovecot`]).
    pub version: Version,
    /// Who checks passwords.
    pub passdb: Passdb,
    /// Lines at the end of dovecot.conf: an auth cache, for instance.
    pub extra: String,
}

/// The user and password in the second passdb: a primary password that PAM knows nothing of.
pub const SECOND_PASSDB_USER: (&str, &str) = ("alice@example.org", "primary-of-alice-in-sql");

impl Dovecot {
    /// One PAM service per protocol.
    pub fn new(version: Version) -> Dovecot {
        Dovecot { version, passdb: Passdb::default(), extra: String::new() }
    }

    /// With another passdb.
    pub fn passdb(self, passdb: Passdb) -> Dovecot {
        Dovecot { passdb, ..self }
    }

    /// With these lines at the end of its configuration.
    pub fn extra(self, extra: &str) -> Dovecot {
        Dovecot { extra: extra.to_owned(), ..self }
    }

    /// Start it with IMAP, POP3, ManageSieve and submission.
    pub fn start(&self, tree: &Tree, inside: &Inside) -> Result<MailServer> {
        start(tree, inside, |host| self.install(host, false))
    }

    /// Add it to a host, with or without the socket for Postfix.
    pub(super) fn install(&self, host: &mut Host, for_postfix: bool) -> Result<()> {
        let packaged = |name: &str| Inside::packaging(&format!("{}/{name}", self.version.directory()));
        let auth = match self.passdb {
            Passdb::PerProtocol => packaged("auth-apppw.conf.ext")?,
            // Dovecot 2.3 caches what PAM says only under a key given to it; 2.4 has one of its own.
            Passdb::Cached => {
                let keyed =
                    packaged("auth-apppw.conf.ext")?.replace("args = %s", "args = cache_key=%u/%s %s");
                format!("{keyed}auth_cache_size = 10M\n")
            }
            Passdb::OneService => packaged("auth-apppw-one-service.conf.ext")?,
            Passdb::SecondGuarded => packaged("auth-apppw-second-passdb.conf.ext")?,
            Passdb::PasswdFile(lines) => {
                host.file("/etc/dovecot/passwords", lines);
                "passdb {\n  driver = passwd-file\n  args = /etc/dovecot/passwords\n}\nauth_mechanisms = plain login\n"
                    .to_owned()
            }
            Passdb::SecondUnguarded => without(&packaged("auth-apppw-second-passdb.conf.ext")?, "result_"),
        };
        host.file("/etc/dovecot/conf.d/auth-apppw.conf.ext", auth);
        host.file(
            "/etc/dovecot/conf.d/userdb-apppw-virtual.conf.ext",
            packaged("userdb-apppw-virtual.conf.ext")?,
        );
        if for_postfix {
            host.file("/etc/dovecot/conf.d/postfix-auth.conf", packaged("postfix-auth.conf")?);
        }
        host.file(
            "/etc/dovecot/users",
            format!("{}:{{PLAIN}}{}\n", SECOND_PASSDB_USER.0, SECOND_PASSDB_USER.1),
        );
        let conf = self.conf(host, for_postfix)?;
        host.file("/etc/dovecot/dovecot.conf", conf);
        // Postfix makes the directory of its sockets; Dovecot wants to find it.
        let wait =
            if for_postfix { "while [ ! -d /var/spool/postfix/private ]; do sleep 0.05; done; " } else { "" };
        host.daemon(format!("{wait}exec dovecot -F"));
        Ok(())
    }

    fn conf(&self, host: &mut Host, for_postfix: bool) -> Result<String> {
        let mut conf = String::from(match self.version {
            Version::V2_3 => TEST_ONLY_2_3,
            Version::V2_4 => TEST_ONLY_2_4,
        });
        conf.push_str(TEST_ONLY);
        conf.push_str(&listeners(host)?);
        if rootless() {
            conf.push_str(ROOTLESS);
        }
        conf.push_str("!include conf.d/auth-apppw.conf.ext\n!include conf.d/userdb-apppw-virtual.conf.ext\n");
        if for_postfix {
            conf.push_str("!include conf.d/postfix-auth.conf\n");
        }
        conf.push_str(&self.extra);
        conf.push('\n');
        Ok(conf)
    }
}

/// Every protocol on a port of its own.
pub(super) fn listeners(host: &mut Host) -> Result<String> {
    let mut conf = String::new();
    for (endpoint, service, listener) in [
        (Endpoint::Imap, "imap-login", "imap"),
        (Endpoint::Pop3, "pop3-login", "pop3"),
        (Endpoint::Sieve, "managesieve-login", "sieve"),
        (Endpoint::Submission, "submission-login", "submission"),
    ] {
        let port = host.port(endpoint)?;
        conf.push_str(&format!(
            "service {service} {{\n  inet_listener {listener} {{\n    port = {port}\n  }}\n"
        ));
        // The TLS twins would bind well-known ports of the machine.
        if listener != "sieve" {
            conf.push_str(&format!("  inet_listener {listener}s {{\n    port = 0\n  }}\n"));
        }
        conf.push_str("}\n");
    }
    Ok(conf)
}

/// What no real server should copy.
pub(super) const TEST_ONLY: &str = "
listen = 127.0.0.1
ssl = no
log_path = /dev/stderr
auth_verbose = yes
# Many wrong passwords must not take hours: no delay, and no penalty for 127.0.0.1. (2.3 still answers failures in
# batches, every half second: run the clients of a table in parallel.)
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
submission_relay_host = 127.0.0.1
submission_relay_port = 1
";

const TEST_ONLY_2_3: &str = "
protocols = imap pop3 sieve submission
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
";

// In 2.4 the two versions must come first.
const TEST_ONLY_2_4: &str = "dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols = imap pop3 sieve submission
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = ~/Maildir
";

/// Everything as the one user there is: nobody to switch to, nothing to chroot with.
const ROOTLESS: &str = "
default_internal_user = vmail
default_internal_group = vmail
default_login_user = vmail
service auth-worker {
  user = vmail
}
service anvil {
  chroot =
}
service imap-login {
  chroot =
}
service pop3-login {
  chroot =
}
service managesieve-login {
  chroot =
}
service submission-login {
  chroot =
}
";

fn without(text: &str, setting: &str) -> String {
    text.lines()
        .filter(|line| !line.trim_start().starts_with(setting))
        .map(|line| format!("{line}\n"))
        .collect()
}
