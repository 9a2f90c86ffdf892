//! The distribution's fail2ban with the files of `packaging/fail2ban`: what it finds in a log.

use crate::servers::inside::Inside;
use crate::servers::namespace::{Running, enter};
use crate::servers::tree::{Suite, Tree};
use crate::servers::{Failure, Result};
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;
use tempfile::TempDir;

/// The unit that the journal's entries are of.
pub const UNIT: &str = "apppwd.service";

/// Where its log files lie inside.
const LOGS: &str = "/mnt/logs";

/// The machine's id and its boot's, in journals.
const SOME_ID: &str = "0123456789abcdef0123456789abcdef";

/// An unpacked fail2ban, nothing of it running.
pub struct Fail2ban {
    logs: TempDir,
    inside: Running,
}

/// A matching line and the address that it has.
#[derive(Debug, Clone)]
pub struct Found {
    /// As fail2ban would ban it.
    pub address: String,
    /// When, for fail2ban; seconds since 1970.
    pub time: f64,
    /// The line with its time and prefix, if it has these.
    pub line: String,
}

impl Fail2ban {
    /// `None`: this machine's apt sources don't have it.
    ///
    /// # Errors
    /// If it can't be unpacked or entered.
    pub fn unpack() -> Result<Option<Self>> {
        let Some(tree) = Tree::unpack(Suite::Tools)? else { return Ok(None) };
        let logs = TempDir::with_prefix("apppw-fail2ban-")?;
        let mut inside = Inside::new()
            .bind(logs.path(), LOGS)
            // The jail as an administrator turns it on; Debian's own for sshd has no log here.
            .file("/etc/fail2ban/jail.d/zz.local", "[sshd]\nenabled = false\n[apppwd]\nenabled = true\n");
        for name in ["filter.d/apppwd.conf", "jail.d/apppwd.conf"] {
            let text = Inside::packaging(&format!("fail2ban/{name}"))?;
            inside = inside.file(format!("/etc/fail2ban/{name}"), text);
        }
        let inside = enter(&tree, &inside, &["sh", "-c", "echo entered; exec sleep infinity"])?;
        inside.wait_for_log("entered", Duration::from_secs(20))?;
        Ok(Some(Self { logs, inside }))
    }

    /// What the filter finds in a file of these lines.
    ///
    /// # Errors
    /// If fail2ban-regex fails.
    pub fn in_file(&self, lines: &[String]) -> Result<Vec<Found>> {
        fs::write(self.logs.path().join("log"), lines.join("\n") + "\n")?;
        self.find(&format!("{LOGS}/log"))
    }

    /// What it finds in a journal, through the systemd backend: of each entry the unit and the message.
    ///
    /// # Errors
    /// If the journal can't be made, or fail2ban-regex fails.
    pub fn in_journal(&self, entries: &[(&str, String)]) -> Result<Vec<Found>> {
        let mut export = String::new();
        for (number, (unit, message)) in entries.iter().enumerate() {
            let _ = write!(
                export,
                "__REALTIME_TIMESTAMP={}\n__MONOTONIC_TIMESTAMP={number}\n_BOOT_ID={SOME_ID}\n\
                 _MACHINE_ID={SOME_ID}\n_HOSTNAME=mail\n_SYSTEMD_UNIT={unit}\nSYSLOG_IDENTIFIER=apppwd\n\
                 _PID=123\nPRIORITY=6\nMESSAGE={message}\n\n",
                1_763_786_401_000_000 + number
            );
        }
        fs::write(self.logs.path().join("export"), export)?;
        let (journal, export) = (format!("{LOGS}/of.journal"), format!("{LOGS}/export"));
        self.run("/usr/lib/systemd/systemd-journal-remote", &["-o", &journal, &export])?;
        let found = self.find(&format!("systemd-journal[journalfiles={journal}]"));
        fs::remove_file(self.logs.path().join("of.journal"))?;
        found
    }

    /// The configuration that `fail2ban-client` passes on, after it has tested it.
    ///
    /// # Errors
    /// If it finds it wrong.
    pub fn configuration(&self) -> Result<String> {
        self.run("fail2ban-client", &["-t"])?;
        self.run("fail2ban-client", &["-d"])
    }

    fn find(&self, log: &str) -> Result<Vec<Found>> {
        let found = self.run("fail2ban-regex", &["--out", "<ip> <time> <msg>", log, "apppwd"])?;
        let parsed = found.lines().map(|line| {
            let mut parts = line.splitn(3, ' ');
            let (address, time, line) = (parts.next()?, parts.next()?, parts.next()?);
            Some(Found { address: address.into(), time: time.parse().ok()?, line: line.into() })
        });
        parsed.collect::<Option<_>>().ok_or_else(|| Failure(format!("can't be read:\n{found}")))
    }

    fn run(&self, program: &str, args: &[&str]) -> Result<String> {
        let output = self.inside.command(program)?.args(args).output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            return Ok(text(&output.stdout));
        }
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        Err(Failure(format!("{program} {args:?}: {}\n{stdout}{stderr}", output.status)))
    }
}
