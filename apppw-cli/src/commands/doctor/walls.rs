//! SELinux and AppArmor: whether they stand in the way.

use super::line::Line;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Where denials are logged: by auditd, by syslog.
const LOGS: [&str; 4] =
    ["/var/log/audit/audit.log", "/var/log/kern.log", "/var/log/syslog", "/var/log/messages"];

/// As much of the end of each is looked at, in bytes.
const TAIL: u64 = 1 << 20;

/// How AppArmor and SELinux stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// AppArmor is on.
    pub apparmor: bool,
    /// The list of loaded profiles; `None`: not for this caller.
    pub profiles: Option<String>,
    /// The daemon's profile is installed, in this file.
    pub profile_file: Option<PathBuf>,
    /// SELinux is on, and enforces.
    pub selinux_enforces: Option<bool>,
    /// The security context of `auth.sock`.
    pub socket_context: Option<String>,
    /// Lines of logs that have to do with it.
    pub denials: Vec<String>,
    /// No log could be read.
    pub unseen: bool,
}

const PROFILES: [&str; 3] =
    ["/etc/apparmor.d/usr.sbin.apppwd", "/etc/apparmor.d/apppwd", "/etc/apparmor.d/usr.local.sbin.apppwd"];

/// Looks.
pub fn gather(socket: &Path) -> Facts {
    let text = |path: &str| std::fs::read_to_string(path).ok();
    let apparmor = text("/sys/module/apparmor/parameters/enabled").is_some_and(|text| text.trim() == "Y");
    let selinux_enforces = text("/sys/fs/selinux/enforce").map(|text| text.trim() == "1");
    let (logs, unseen) = if apparmor || selinux_enforces.is_some() { logs() } else { (String::new(), false) };
    Facts {
        apparmor,
        profiles: text("/sys/kernel/security/apparmor/profiles"),
        profile_file: PROFILES.iter().map(PathBuf::from).find(|path| path.exists()),
        selinux_enforces,
        socket_context: selinux_enforces.and_then(|_| context(socket)),
        denials: denials(&logs),
        unseen,
    }
}

fn context(path: &Path) -> Option<String> {
    let run = crate::program::command("stat")
        .args(["--format", "%C"])
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&run.stdout).trim().to_owned()).filter(|context| context.contains(':'))
}

/// The ends of the logs, and whether none could be read.
fn logs() -> (String, bool) {
    let mut all = String::new();
    let mut read_one = false;
    for path in LOGS {
        if let Some(text) = tail(Path::new(path)) {
            read_one = true;
            all.push_str(&text);
        }
    }
    let journal = crate::program::command("journalctl")
        .args(["--dmesg", "--quiet", "--output=short-iso", "--since=-1 day", "--no-pager"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    if let Ok(journal) = journal
        && journal.status.success()
    {
        read_one = true;
        all.push_str(&String::from_utf8_lossy(&journal.stdout));
    }
    (all, !read_one)
}

fn tail(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Lines on what was denied to the daemon, or to a PAM host on its way to the daemon.
pub fn denials(log: &str) -> Vec<String> {
    let is_denial = |line: &&str| {
        line.contains("apparmor=\"DENIED\"") || (line.contains("avc:") && line.contains("denied"))
    };
    let is_ours = |line: &&str| line.contains("apppw");
    log.lines().filter(is_denial).filter(is_ours).map(str::to_owned).collect()
}

/// What is to be said of them.
pub fn judge(facts: &Facts) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(last) = facts.denials.last() {
        const SHOWN: usize = 240;
        let last: String = last.chars().take(SHOWN).collect();
        let count = facts.denials.len();
        let what = format!("denied by the kernel's access control, {count} times of late, last: {last}");
        let remedy = if facts.apparmor {
            "install apppw's AppArmor files (packages apppwd and libpam-apppw), then systemctl reload apparmor; aa-logprof shows what \
             a host's own profile lacks"
        } else {
            "install the package apppw-selinux, then restorecon -R /run/apppwd /var/lib/apppwd /var/lib/apppwd-key; ausearch -m avc -ts \
             recent"
        };
        lines.push(Line::fault("walls-denied", what, remedy));
    }
    if facts.apparmor
        && let (Some(file), Some(profiles)) = (&facts.profile_file, &facts.profiles)
        && !profiles.lines().any(|line| line.contains("apppwd"))
    {
        let file = file.display();
        let what = format!("the AppArmor profile {file} is not loaded");
        lines.push(Line::warning(
            "walls-profile",
            what,
            format!("apparmor_parser -r {file}, then systemctl restart apppwd"),
        ));
    }
    if facts.selinux_enforces == Some(true)
        && let Some(context) = &facts.socket_context
        && !context.contains("apppwd")
    {
        let what = format!(
            "SELinux enforces, and the socket has the context {context}: Dovecot and saslauthd may not connect"
        );
        lines.push(Line::warning(
            "walls-context",
            what,
            "install the package apppw-selinux, then restorecon -R /run/apppwd",
        ));
    }
    if lines.is_empty() {
        let which = match (facts.apparmor, facts.selinux_enforces) {
            (true, Some(_)) => "AppArmor and SELinux",
            (true, None) => "AppArmor",
            (false, Some(true)) => "SELinux",
            (false, Some(false)) => "SELinux (permissive)",
            (false, None) => return vec![Line::ok("walls", "neither AppArmor nor SELinux is on")],
        };
        lines.push(if facts.unseen {
            Line::unseen("walls", format!("{which}: no log that would show denials can be read"))
        } else {
            Line::ok("walls", format!("{which}: nothing of apppw was denied of late"))
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::line::State;

    const APPARMOR: &str = "kernel: audit: type=1400 apparmor=\"DENIED\" operation=\"connect\" profile=\"dovecot-auth\" \
                            name=\"/run/apppwd/auth.sock\" pid=7 comm=\"auth\"";
    const SELINUX: &str = "type=AVC msg=audit(1.2:3): avc:  denied  { connectto } for pid=7 comm=\"auth\" path=\"/run/apppwd/auth.sock\"";

    fn said(facts: &Facts) -> Vec<(&'static str, State)> {
        judge(facts).iter().map(|line| (line.id, line.state)).collect()
    }

    #[test]
    fn denials_are_found_in_logs() {
        let log = format!(
            "x\n{APPARMOR}\n{SELINUX}\nkernel: apparmor=\"DENIED\" name=\"/etc/shadow\"\napppwd: avc is fine\n"
        );
        assert_eq!(denials(&log), [APPARMOR, SELINUX]);
    }

    #[test]
    fn each_state_has_its_line() {
        let none = Facts::default;
        assert_eq!(said(&none()), [("walls", State::Ok)]);
        let on = || Facts { apparmor: true, profiles: Some("apppwd (enforce)\n".into()), ..none() };
        let enforcing = || Facts { selinux_enforces: Some(true), ..none() };
        for (facts, id, state) in [
            (on(), "walls", State::Ok),
            (Facts { unseen: true, ..on() }, "walls", State::Warning),
            (Facts { denials: vec![APPARMOR.into()], ..on() }, "walls-denied", State::Fault),
            (Facts { denials: vec![SELINUX.into()], ..enforcing() }, "walls-denied", State::Fault),
            (
                Facts {
                    profile_file: Some("/p".into()),
                    profiles: Some("dovecot (complain)".into()),
                    ..on()
                },
                "walls-profile",
                State::Warning,
            ),
            (Facts { profile_file: Some("/p".into()), ..on() }, "walls", State::Ok),
            (
                Facts { socket_context: Some("system_u:object_r:var_run_t:s0".into()), ..enforcing() },
                "walls-context",
                State::Warning,
            ),
            (
                Facts { socket_context: Some("system_u:object_r:apppwd_runtime_t:s0".into()), ..enforcing() },
                "walls",
                State::Ok,
            ),
        ] {
            assert_eq!(said(&facts), [(id, state)], "{facts:?}");
        }
    }
}
