//! Cyrus IMAP's imapd.conf and cyrus.conf (imapd.conf(5), cyrus.conf(5)). Pure.

/// `key: value` of imapd.conf, and the number of its line from 0 on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub key: String,
    pub value: String,
    pub line: usize,
}

/// The settings of imapd.conf.
pub fn settings(text: &str) -> Vec<Setting> {
    let setting = |(line, text): (usize, &str)| {
        let text = text.trim();
        let (key, value) = text.split_once(':').filter(|_| !text.starts_with('#'))?;
        Some(Setting { key: key.trim().to_ascii_lowercase(), value: value.trim().to_owned(), line })
    };
    text.lines().enumerate().filter_map(setting).collect()
}

/// Programs that people log in to, and the names under which they ask SASL.
const PROGRAMS: [(&str, &str); 5] =
    [("imapd", "imap"), ("pop3d", "pop"), ("timsieved", "sieve"), ("httpd", "http"), ("nntpd", "nntp")];

/// The services of cyrus.conf as PAM hears them.
pub fn services(text: &str) -> Vec<String> {
    let mut services: Vec<String> = Vec::new();
    let mut within = false;
    for line in text.lines().map(str::trim) {
        if line.ends_with('{') {
            within = line.starts_with("SERVICES");
        }
        let Some((_, command)) = line.split_once("cmd=\"").filter(|_| within && !line.starts_with('#'))
        else {
            continue;
        };
        let program = command.split(['"', ' ']).next().unwrap_or_default();
        let program = program.rsplit('/').next().unwrap_or_default();
        for (_, service) in PROGRAMS.iter().filter(|(name, _)| *name == program) {
            if !services.iter().any(|known| known == service) {
                services.push((*service).to_owned());
            }
        }
    }
    services
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_those_that_run() {
        let text = "START {\n recover cmd=\"/usr/sbin/cyrus ctl_cyrusdb -r\"\n nntp cmd=\"nntpd\"\n}\nSERVICES {\n\
                    \timap\t\tcmd=\"imapd -U 30\" listen=\"imap\"\n\timaps\tcmd=\"imapd -s\"\n\t#pop3 cmd=\"pop3d\"\n\
                    \tsieve cmd=\"/usr/lib/cyrus/bin/timsieved\"\n\tlmtpunix cmd=\"lmtpd\"\n}\n";
        assert_eq!(services(text), ["imap", "sieve"]);
        assert_eq!(services(""), [""; 0]);
    }

    #[test]
    fn settings_have_their_lines() {
        let settings = settings("# a: b\nSasl_Mech_List:  PLAIN LOGIN \n\nadmins: cyrus\n");
        let shown: Vec<_> = settings.iter().map(|s| (s.key.as_str(), s.value.as_str(), s.line)).collect();
        assert_eq!(shown, [("sasl_mech_list", "PLAIN LOGIN", 1), ("admins", "cyrus", 3)]);
    }
}
