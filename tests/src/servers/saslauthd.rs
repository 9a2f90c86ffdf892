//! Cyrus saslauthd as `packaging/saslauthd/default` configures it, and the two mistakes that file warns of.

use super::Result;
use super::host::Host;
use super::inside::Inside;

/// A saslauthd to start beside Postfix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saslauthd {
    /// `-r`: PAM hears "alice@example.org". Without it, "alice", whatever the domain.
    pub realm: bool,
    /// `-c`, Debian's default: successful logins are cached for 8 hours.
    pub cache: bool,
}

impl Default for Saslauthd {
    /// As packaged.
    fn default() -> Self {
        Saslauthd { realm: true, cache: false }
    }
}

impl Saslauthd {
    pub(super) fn install(&self, host: &mut Host) -> Result<()> {
        let packaged = Inside::packaging("saslauthd/default")?;
        let options = format!(
            "OPTIONS=\"{}{}-m /var/run/saslauthd\"",
            if self.realm { "-r " } else { "" },
            if self.cache { "-c " } else { "" }
        );
        let text = if *self == Saslauthd::default() {
            packaged
        } else {
            packaged
                .lines()
                .map(|line| if line.starts_with("OPTIONS=") { &options } else { line })
                .fold(String::new(), |text, line| text + line + "\n")
        };
        host.file("/etc/default/saslauthd", text);
        // Debian's init script in short; the directory's owner and mode come from its postinst. -d: stay in the
        // foreground.
        host.daemon(
            ". /etc/default/saslauthd && mkdir -p /var/run/saslauthd && chgrp sasl /var/run/saslauthd && \
             chmod 710 /var/run/saslauthd && exec saslauthd -a $MECHANISMS $OPTIONS -n $THREADS -d",
        );
        Ok(())
    }
}
