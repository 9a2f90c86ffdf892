//! Postfix's submission service, with the fragments of `packaging/postfix/`.

use super::dovecot::Dovecot;
use super::host::{Endpoint, Host, MailServer, start};
use super::inside::Inside;
use super::saslauthd::Saslauthd;
use super::tree::Tree;
use super::{Failure, Result, rootless};

/// Who checks passwords for Postfix. Either runs in the same root, because they share a socket in the file system.
#[derive(Clone, Debug)]
pub enum Postfix {
    /// Dovecot; its own protocols are there too.
    ThroughDovecot(Dovecot),
    /// Cyrus saslauthd.
    ThroughSaslauthd(Saslauthd),
}

impl Postfix {
    /// Start Postfix and its helper.
    pub fn start(&self, tree: &Tree, inside: &Inside) -> Result<MailServer> {
        if rootless() {
            return Err(Failure("Postfix needs several users: run as root".into()));
        }
        if tree.version("postfix").is_none() {
            return Err(Failure(format!("no Postfix in {}", tree.path().display())));
        }
        start(tree, inside, |host| {
            self.install(host)?;
            match self {
                Postfix::ThroughDovecot(dovecot) => dovecot.install(host, true),
                Postfix::ThroughSaslauthd(saslauthd) => saslauthd.install(host),
            }
        })
    }

    fn install(&self, host: &mut Host) -> Result<()> {
        let sasl = match self {
            Postfix::ThroughDovecot(_) => "postfix/main-dovecot-sasl.cf",
            Postfix::ThroughSaslauthd(_) => {
                host.file("/etc/postfix/sasl/smtpd.conf", Inside::packaging("postfix/sasl-smtpd.conf")?);
                "postfix/main-saslauthd.cf"
            }
        };
        // The packaged line says "submission inet": Postfix takes the port of that name from here.
        let port = host.port(Endpoint::Smtp)?;
        let main = format!("{}\n{TEST_ONLY}known_tcp_ports = submission={port}\n", Inside::packaging(sasl)?);
        host.file("/etc/postfix/main.cf", main);
        host.file("/etc/postfix/master-submission.cf", Inside::packaging("postfix/master-submission.cf")?);

        // Debian's master.cf without its port 25, plus ours. Then TLS off again, by postconf: it leaves the packaged
        // text as it is.
        host.daemon(
            "cd /etc/postfix && sed '/^smtp  *inet/d' /usr/share/postfix/master.cf.dist >master.cf && \
             cat master-submission.cf >>master.cf && \
             postconf -P submission/inet/smtpd_tls_security_level=none submission/inet/smtpd_tls_auth_only=no && \
             exec postfix start-fg",
        );
        Ok(())
    }
}

/// What no real server should copy.
const TEST_ONLY: &str = "
compatibility_level = 3.6
myhostname = mail.example.org
mydestination =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
maillog_file = /dev/stdout
# Many wrong passwords from one address must not be slowed down.
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
";
