//! Cyrus saslauthd: its options, from /etc/default, /etc/sysconfig or a running process. Pure.

use super::finding::Finding;

/// What matters of the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// `-c`: successful logins are remembered.
    pub cache: bool,
    /// `-r`: the domain belongs to the name.
    pub realm: bool,
    /// `-m`: the directory of the socket.
    pub socket_dir: Option<String>,
    /// `-a`: who checks.
    pub mechanism: Option<String>,
    /// `-n`: processes.
    pub processes: Option<u32>,
    /// `-d`, `-v` and what else there is.
    pub others: Vec<String>,
}

/// Options with a value, besides those with a field.
const VALUED: [char; 4] = ['O', 's', 't', 'T'];

impl Options {
    /// Of words as a shell would split them. `-c` may hide in `-rc`.
    pub fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut options = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let Some(letters) = word.strip_prefix('-') else {
                options.others.push(word.to_owned());
                continue;
            };
            for (at, letter) in letters.char_indices() {
                match letter {
                    'c' => options.cache = true,
                    'r' => options.realm = true,
                    'm' | 'a' | 'n' => {
                        let rest = letters.get(at + 1..).filter(|rest| !rest.is_empty());
                        let value = rest.or_else(|| words.next()).unwrap_or_default().to_owned();
                        match letter {
                            'm' => options.socket_dir = Some(value),
                            'a' => options.mechanism = Some(value),
                            _ => options.processes = value.parse().ok(),
                        }
                        break;
                    }
                    letter if VALUED.contains(&letter) => {
                        if letters.get(at + 1..).is_none_or(str::is_empty) {
                            words.next();
                        }
                        break;
                    }
                    letter => options.others.push(format!("-{letter}")),
                }
            }
        }
        options
    }

    /// What to think of them.
    pub fn judge(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.cache {
            findings.push(Finding::grave(
                "saslauthd-cache",
                "saslauthd -c remembers successful logins for 8 hours (-t): a revoked app password keeps working that long, \
                 and no log of apppw shows it",
                "Take -c out of its options and restart it",
            ));
        }
        if !self.realm {
            findings.push(Finding::grave(
                "saslauthd-realm",
                "saslauthd without -r hands on the name without its domain: whoever logs in as alice@evil.org is \
                 checked as alice, and let in with alice's app password",
                "Add -r to its options and restart it",
            ));
        }
        if let Some(mechanism) = self.mechanism.as_deref().filter(|mechanism| *mechanism != "pam") {
            findings.push(Finding::grave(
                "saslauthd-mechanism",
                format!(
                    "saslauthd -a {mechanism} doesn't ask PAM: the primary passwords there open everything"
                ),
                "MECHANISMS=\"pam\"",
            ));
        }
        if let Some(processes @ 1..5) = self.processes {
            findings.push(Finding::warning(
                "saslauthd-processes",
                format!("saslauthd has {processes} processes; one that dies isn't replaced, and each serves one login at a time"),
                "THREADS=5, or 0 for a process for each login",
            ));
        }
        findings
    }
}

/// A setting of a file of shell assignments, such as /etc/default/saslauthd: the last `KEY=value`, and the number of
/// its line from 0 on. Nothing if the value is made of others (`$`, `` ` ``), or goes on in the next line.
pub fn assignment<'a>(text: &'a str, key: &str) -> Option<(usize, &'a str)> {
    let of_key = |line: &'a str| line.trim_start().strip_prefix(key)?.strip_prefix('=');
    let (number, value) =
        text.lines().enumerate().filter_map(|(number, line)| Some((number, of_key(line)?))).last()?;
    let value = value.trim_end();
    let value = match value.strip_prefix(['"', '\'']) {
        // A comment may follow.
        Some(rest) => rest.split_once(['"', '\'']).map(|(value, _)| value)?,
        None => value.split_whitespace().next().unwrap_or_default(),
    };
    (!value.contains(['$', '`', '\\'])).then_some((number, value))
}

/// What the words of a process's command line say, if it is saslauthd's (`/proc/PID/cmdline`).
pub fn running(cmdline: &[u8]) -> Option<Options> {
    let text = String::from_utf8_lossy(cmdline);
    let mut words = text.split('\0').filter(|word| !word.is_empty());
    let program = words.next()?;
    (program.rsplit('/').next() == Some("saslauthd")).then(|| Options::of(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Options {
        Options::of(text.split_whitespace())
    }

    #[test]
    fn options_are_read_as_getopt_reads_them() {
        for (text, cache, realm, dir) in [
            ("-c -m /var/run/saslauthd", true, false, Some("/var/run/saslauthd")),
            ("-r -m /var/run/saslauthd", false, true, Some("/var/run/saslauthd")),
            ("-rc -m/run/s", true, true, Some("/run/s")),
            ("-cr", true, true, None),
            ("-m -c", false, false, Some("-c")),
            ("-O -c -r", false, true, None),
            ("-t 3600 -s 128 -r", false, true, None),
            ("-t3600c", false, false, None),
            ("", false, false, None),
        ] {
            let options = of(text);
            assert_eq!(
                (options.cache, options.realm, options.socket_dir.as_deref()),
                (cache, realm, dir),
                "{text}"
            );
        }
        assert_eq!(of("-a pam -n 3").processes, Some(3));
        assert_eq!(of("-d extra").others, ["-d", "extra"]);
    }

    #[test]
    fn what_keeps_secrets_alive_or_confuses_names_is_told() {
        let ids = |text: &str| of(text).judge().iter().map(|finding| finding.id).collect::<Vec<_>>();
        assert_eq!(ids("-c -m /s"), ["saslauthd-cache", "saslauthd-realm"]);
        assert_eq!(ids("-r -m /s -n 5 -a pam"), [""; 0]);
        assert_eq!(ids("-r -n 4 -a shadow"), ["saslauthd-mechanism", "saslauthd-processes"]);
        assert_eq!(ids("-r -n 0"), [""; 0]);
    }

    #[test]
    fn assignments_are_read_as_a_shell_reads_them() {
        let text =
            "#OPTIONS=\"x\"\nOPTIONS=\"-c\"  # old\n OPTIONS='-r -m /s'\nTHREADS=5 # five\nA=\"$B\"\nD=\"x";
        assert_eq!(assignment(text, "OPTIONS"), Some((2, "-r -m /s")));
        assert_eq!(assignment(text, "THREADS"), Some((3, "5")));
        for key in ["A", "B", "D", "OPTION"] {
            assert_eq!(assignment(text, key), None, "{key}");
        }
    }

    #[test]
    fn a_process_is_known_by_its_command_line() {
        let options =
            running(b"/usr/sbin/saslauthd\0-a\0pam\0-c\0-m\0/var/run/saslauthd\0-n\x005\0").unwrap();
        assert!(options.cache && !options.realm);
        assert_eq!(options.processes, Some(5));
        assert_eq!(running(b"/usr/sbin/dovecot\0-c\0"), None);
        assert_eq!(running(b""), None);
    }
}
