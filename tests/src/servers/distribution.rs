//! Servers as the distribution's packages leave them, for `apppw setup` to find: their own configuration, with as
//! little of a test's beside it as there can be.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::Result;
use super::dovecot::{TEST_ONLY, Version, listeners};
use super::host::{Endpoint, Host, MailServer, start};
use super::inside::Inside;
use super::tree::Tree;

/// Which servers there are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Distribution {
    /// Dovecot, and how it is configured.
    pub dovecot: Option<(Version, Configured)>,
    /// Postfix with no submission service, as Debian's.
    pub postfix: bool,
    /// Exim that lets nobody authenticate, as Debian's, started anew whenever it ends.
    pub exim: bool,
    /// Cyrus IMAP.
    pub cyrus: bool,
    /// saslauthd with Debian's options, started anew whenever it ends.
    pub saslauthd: bool,
    /// Prosody with accounts of its own, one of them [`VIRTUAL`], started anew whenever it ends.
    pub prosody: bool,
    /// Apache, which lets nobody into /files/ for want of a stack, started anew whenever it ends.
    pub apache: bool,
}

impl Distribution {
    /// None.
    pub const NONE: Distribution = Distribution {
        dovecot: None,
        postfix: false,
        exim: false,
        cyrus: false,
        saslauthd: false,
        prosody: false,
        apache: false,
    };
}

/// Who wrote Dovecot's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Configured {
    /// Debian: conf.d, PAM, Unix accounts.
    ByDebian,
    /// Somebody, in one file: virtual users in a passwd-file.
    ByHand,
}

/// The virtual user of [`Configured::ByHand`] and the primary password.
pub const VIRTUAL: (&str, &str) = ("alice@example.org", "primary-of-virtual-alice");

/// The servers, and where Postfix's submission service will be.
pub struct Distributed {
    /// Running.
    pub server: MailServer,
    /// Once there is one.
    pub submission: SocketAddr,
}

impl Distribution {
    /// Starts them.
    pub fn start(&self, tree: &Tree, inside: &Inside) -> Result<Distributed> {
        let mut submission = 0;
        let server = start(tree, inside, |host| {
            if let Some((version, configured)) = self.dovecot {
                dovecot(host, version, configured)?;
            }
            if self.postfix {
                submission = host.port_of_nobody_yet()?;
                postfix(host, submission);
            }
            if self.saslauthd {
                saslauthd(host);
            }
            if self.exim {
                exim(host)?;
            }
            if self.cyrus {
                cyrus(host)?;
            }
            if self.prosody {
                prosody(host)?;
            }
            if self.apache {
                apache(host)?;
            }
            Ok(())
        })?;
        // No endpoint of it tells.
        if self.postfix {
            server.wait_for_log("starting the Postfix mail system", Duration::from_secs(30))?;
        }
        Ok(Distributed { server, submission: SocketAddr::from((Ipv4Addr::LOCALHOST, submission)) })
    }
}

fn dovecot(host: &mut Host, version: Version, configured: Configured) -> Result<()> {
    let test = format!("{TEST_ONLY}{}{}", test_only(version), listeners(host)?);
    let install = match configured {
        // What Debian's postinst does: copies, and a certificate, which a server without TLS needs none of.
        Configured::ByDebian => {
            host.file("/etc/dovecot/conf.d/99-test.conf", test);
            "cp -a /usr/share/dovecot/dovecot.conf /etc/dovecot/ && \
             cp -an /usr/share/dovecot/conf.d/. /etc/dovecot/conf.d/ && \
             sed -i 's/^ssl_\\(server_\\)\\?\\(cert\\|key\\)/#&/' /etc/dovecot/conf.d/10-ssl.conf && "
        }
        Configured::ByHand => {
            host.file("/etc/dovecot/users", format!("{}:{{PLAIN}}{}::::::\n", VIRTUAL.0, VIRTUAL.1));
            let by_hand = match version {
                Version::V2_3 => BY_HAND_2_3,
                Version::V2_4 => BY_HAND_2_4,
            };
            host.file("/etc/dovecot/dovecot.conf", format!("{by_hand}{test}"));
            ""
        }
    };
    host.daemon(format!("{install}exec dovecot -F"));
    Ok(())
}

fn test_only(version: Version) -> &'static str {
    match version {
        Version::V2_3 => {
            "protocols = imap pop3 sieve submission\ndisable_plaintext_auth = no\nmail_location = maildir:~/Maildir\n"
        }
        Version::V2_4 => {
            "protocols = imap pop3 sieve submission\nauth_allow_cleartext = yes\nmail_driver = maildir\nmail_path = ~/Maildir\n"
        }
    }
}

/// The passdb that people know, a mechanism that PAM can't serve left out; a comment at an awkward place.
const BY_HAND_2_3: &str = "# our mail server
auth_mechanisms = plain login
auth_verbose_passwords = plain   # while we look for the fault
passdb {
  driver = passwd-file   # virtual users
  args = username_format=%u /etc/dovecot/users
}
userdb {
  driver = static
  args = uid=vmail gid=vmail home=/var/vmail/%d/%n allow_all_users=yes
}
";

const BY_HAND_2_4: &str = "dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
# our mail server
auth_cache_size = 10M   # it was slow
passdb passwd-file {
  passwd_file_path = /etc/dovecot/users
}
userdb static {
  fields {
    uid = vmail
    gid = vmail
    home = /var/vmail/%{user | domain}/%{user | username}
  }
}
";

fn postfix(host: &mut Host, submission: u16) {
    // Debian's master.cf without its port 25.
    host.daemon(format!(
        "cd /etc/postfix && sed '/^smtp  *inet/d' /usr/share/postfix/master.cf.dist >master.cf && \
         cp /usr/share/postfix/main.cf.debian main.cf && printf '%s\\n' {} >>main.cf && exec postfix start-fg",
        POSTFIX_TEST_ONLY
            .iter()
            .map(|line| format!("'{line}' "))
            .chain([format!("'known_tcp_ports = submission={submission}'")])
            .collect::<String>()
    ));
}

const POSTFIX_TEST_ONLY: [&str; 10] = [
    "myhostname = mail.example.org",
    "mydestination =",
    "alias_maps =",
    "alias_database =",
    "inet_interfaces = 127.0.0.1",
    "inet_protocols = ipv4",
    "maillog_file = /dev/stdout",
    "smtpd_error_sleep_time = 0",
    "smtpd_client_connection_count_limit = 0",
    "smtpd_tls_cert_file = /etc/ssl/certs/ssl-cert-snakeoil.pem",
];

/// What the package's postinst makes and debconf asks for. The macro is Debian's own, for who has no TLS, as the tests'
/// clients.
fn exim(host: &mut Host) -> Result<()> {
    let port = host.port(Endpoint::Smtp)?;
    host.file(
        "/etc/exim4/update-exim4.conf.conf",
        "dc_eximconfig_configtype='local'\ndc_other_hostnames=''\ndc_local_interfaces='127.0.0.1'\n\
         dc_use_split_config='false'\nCFILEMODE='644'\ndc_hide_mailname=''\ndc_mailname_in_oh='true'\n\
         dc_localdelivery='mail_spool'\ndc_minimaldns='false'\ndc_relay_domains=''\ndc_relay_nets=''\n\
         dc_readhost=''\ndc_smarthost=''\n",
    );
    host.file("/etc/exim4/exim4.conf.localmacros", "AUTH_SERVER_ALLOW_NOTLS_PASSWORDS = yes\n");
    host.daemon(format!(
        "echo 'Debian-exim:x:113:113::/var/spool/exim4:/usr/sbin/nologin' >>/etc/passwd && \
         echo 'Debian-exim:x:113:' >>/etc/group && \
         mkdir -p /var/lib/exim4 /var/spool/exim4/input /var/spool/exim4/db /var/spool/exim4/msglog /var/log/exim4 \
             /run/exim4 && chown -R Debian-exim /var/spool/exim4 /var/log/exim4 /run/exim4 && \
         while :; do update-exim4.conf; exim4 -bdf -oX {port} -oP ''; sleep 0.1; done"
    ));
    Ok(())
}

/// What the package's postinst makes, and Debian's imapd.conf as it is. A service whose program another package has
/// would end it at its start, so cyrus.conf is ours.
fn cyrus(host: &mut Host) -> Result<()> {
    let (imap, sieve) = (host.port(Endpoint::Imap)?, host.port(Endpoint::Sieve)?);
    host.file(
        "/etc/cyrus.conf",
        format!(
            "START {{\n  recover cmd=\"/usr/sbin/cyrus ctl_cyrusdb -r\"\n}}\nSERVICES {{\n  \
             imap cmd=\"imapd -U 1\" listen=\"127.0.0.1:{imap}\" prefork=0\n  \
             sieve cmd=\"timsieved\" listen=\"127.0.0.1:{sieve}\" prefork=0\n}}\nEVENTS {{\n}}\n"
        ),
    );
    host.daemon(
        "echo 'cyrus:x:112:8::/var/spool/cyrus:/usr/sbin/nologin' >>/etc/passwd && \
         sed -i 's/^sasl:.*/sasl:x:45:cyrus/' /etc/group && \
         mkdir -p /run/cyrus/proc /run/cyrus/lock /run/cyrus/socket /var/spool/cyrus/mail /var/spool/cyrus/news \
             /var/spool/sieve && \
         for d in db user socket proc log msg quota sieve lock ptclient; do mkdir -p /var/lib/cyrus/$d; done && \
         chown -R cyrus:mail /run/cyrus /var/lib/cyrus /var/spool/cyrus /var/spool/sieve && \
         exec /usr/lib/cyrus/bin/master",
    );
    Ok(())
}

/// What the package's postinst makes, and Debian's prosody.cfg.lua as it is; the tests' client has no TLS.
fn prosody(host: &mut Host) -> Result<()> {
    let port = host.port(Endpoint::Xmpp)?;
    let (user, primary) = VIRTUAL;
    let (local, domain) = user.split_once('@').unwrap_or_default();
    host.file(
        "/etc/prosody/conf.d/test.cfg.lua",
        format!(
            "c2s_ports = {{ {port} }}\nc2s_interfaces = {{ \"127.0.0.1\" }}\ns2s_ports = {{}}\n\
             c2s_require_encryption = false\nallow_unencrypted_plain_auth = true\n\
             log = {{ info = \"*console\" }}\nVirtualHost \"{domain}\"\n"
        ),
    );
    host.daemon(format!(
        "echo 'prosody:x:114:114::/var/lib/prosody:/usr/sbin/nologin' >>/etc/passwd && \
         echo 'prosody:x:114:' >>/etc/group && sed -i 's/^sasl:.*/sasl:x:45:prosody/' /etc/group && \
         mkdir -p /var/lib/prosody /var/log/prosody /run/prosody /etc/prosody/certs && \
         chown prosody:prosody /var/lib/prosody /var/log/prosody /run/prosody && \
         chgrp prosody /etc/prosody/prosody.cfg.lua && chmod 640 /etc/prosody/prosody.cfg.lua && \
         prosodyctl register {local} {domain} {primary} && \
         while :; do setpriv --reuid prosody --regid prosody --init-groups prosody -F; sleep 0.1; done"
    ));
    Ok(())
}

/// What a2enmod links, and a site that asks PAM, whose stack nobody has written.
fn apache(host: &mut Host) -> Result<()> {
    const MODULES: &str = "mpm_event.load authn_core.load authz_core.load authz_user.load auth_basic.load authnz_pam.load dir.load";
    let port = host.port(Endpoint::Http)?;
    let location = Inside::packaging("apache/location.conf")?;
    host.file("/etc/apache2/ports.conf", format!("Listen 127.0.0.1:{port}\n"));
    host.file(
        "/etc/apache2/sites-enabled/files.conf",
        format!(
            "<VirtualHost 127.0.0.1:{port}>\nServerName localhost\nErrorLog /dev/stderr\nDocumentRoot /var/www/html\n\
             {location}</VirtualHost>\n"
        ),
    );
    host.file("/var/www/html/files/index.html", "here\n");
    host.daemon(format!(
        "cd /etc/apache2/mods-enabled && for m in {MODULES}; do ln -s ../mods-available/$m $m; done && \
         mkdir -p /var/log/apache2 /var/lock/apache2 && cd / && \
         while :; do rm -f /run/apache2/apache2.pid; apache2ctl -D FOREGROUND; sleep 0.1; done"
    ));
    Ok(())
}

fn saslauthd(host: &mut Host) {
    // To be ended by SIGKILL only: SIGTERM it hands on to its whole process group, which is that of the tests.
    host.daemon(
        "mkdir -p /var/run/saslauthd && chgrp sasl /var/run/saslauthd && chmod 710 /var/run/saslauthd; \
         while :; do ( . /etc/default/saslauthd && exec saslauthd -a $MECHANISMS $OPTIONS -n $THREADS -d ); sleep 0.1; done",
    );
}
