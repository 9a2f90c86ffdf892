//! The daemon, as it answers.

use super::line::Line;
use crate::exit::{Failure, Status};
use apppw_admin::verbs::Checkup;

/// What it said, or why not.
pub fn judge(asked: &Result<Checkup, Failure>, own_version: &str) -> Vec<Line> {
    let checkup = match asked {
        Ok(checkup) => checkup,
        Err(failure) => return vec![refused(failure)],
    };
    let mut lines = Vec::new();
    if checkup.version != own_version {
        let what =
            format!("apppwd is {}, apppw is {own_version}: one of them was not replaced", checkup.version);
        lines.push(Line::warning("daemon-version", what, "systemctl restart apppwd"));
    }
    if !checkup.writable {
        let what = "database or journal takes no writes: logins go on, but nothing can be revoked for good or created";
        lines.push(Line::fault(
            "daemon-writable",
            what,
            format!(
                "make room on the disk (df {} {}); journalctl -u apppwd says what failed",
                checkup.state_dir, checkup.key_dir
            ),
        ));
    }
    if checkup.in_memory > 0 {
        let what = format!(
            "{} app passwords or accounts are refused in the daemon's memory only: a restart would let them in again",
            checkup.in_memory
        );
        lines.push(Line::fault(
            "daemon-memory",
            what,
            "mend the disk, then give those commands again (journalctl -u apppwd names them)",
        ));
    }
    if checkup.panic > 0 {
        let what = "panic is on: app passwords are refused by it";
        lines.push(Line::warning(
            "daemon-panic",
            what,
            "once it is over: apppw panic off (apppw status shows the switches)",
        ));
    }
    if lines.is_empty() {
        let mut what =
            format!("apppwd {} answers, as uid {}, pid {}", checkup.version, checkup.uid, checkup.pid);
        if checkup.report_only {
            what.push_str("; [policy] report_only: primary passwords are counted, not refused");
        }
        lines.push(Line::ok("daemon", what));
    }
    lines
}

fn refused(failure: &Failure) -> Line {
    match failure.status {
        Status::Unreachable => Line::fault(
            "daemon",
            failure.message.clone(),
            "systemctl start apppwd.socket apppwd-admin.socket apppwd; if it doesn't stay: journalctl -u apppwd",
        ),
        _ if failure.code == "unsupported" => Line::warning(
            "daemon-version",
            "this apppwd is older than apppw, and doesn't know `doctor`",
            "systemctl restart apppwd, after upgrading it",
        ),
        _ => Line::unseen("daemon", failure.message.clone()),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::commands::doctor::line::State;
    use apppw_admin::verbs::{DatabaseCheckup, KeyCheckup};

    pub fn sound() -> Checkup {
        Checkup {
            version: "0.1.0".into(),
            pid: 42,
            uid: 990,
            uptime: 7,
            now: 1_800_000_000,
            clock_since: 1_700_000_000,
            clock_doubted: false,
            writable: true,
            errors: 0,
            in_memory: 0,
            panic: 0,
            report_only: false,
            state_dir: "/var/lib/apppwd".into(),
            key_dir: "/var/lib/apppwd-key".into(),
            auth_socket: "/run/apppwd/auth.sock".into(),
            key: KeyCheckup { newest: 1, active: 1, credential: false, not_locked: None },
            database: DatabaseCheckup {
                schema: 4,
                newest_schema: 4,
                bytes: 65_536,
                generation: 7,
                last_backup: Some(1_799_990_000),
                damage: None,
            },
            unlisted: Vec::new(),
            default_services: vec!["imap".into()],
        }
    }

    #[test]
    fn a_sound_daemon_has_one_line() {
        let lines = judge(&Ok(sound()), "0.1.0");
        assert_eq!(lines.iter().map(|line| line.state).collect::<Vec<_>>(), [State::Ok]);
        let watched = Checkup { report_only: true, ..sound() };
        assert!(judge(&Ok(watched), "0.1.0")[0].what.contains("report_only"));
    }

    #[test]
    fn each_trouble_has_its_line() {
        for (checkup, id, state) in [
            (Checkup { version: "0.0.9".into(), ..sound() }, "daemon-version", State::Warning),
            (Checkup { writable: false, ..sound() }, "daemon-writable", State::Fault),
            (Checkup { in_memory: 1, ..sound() }, "daemon-memory", State::Fault),
            (Checkup { panic: 2, ..sound() }, "daemon-panic", State::Warning),
        ] {
            let lines = judge(&Ok(checkup), "0.1.0");
            assert_eq!(lines.iter().map(|line| (line.id, line.state)).collect::<Vec<_>>(), [(id, state)]);
        }
    }

    #[test]
    fn no_answer_is_a_fault_and_a_refusal_is_not() {
        let unreachable = Failure { status: Status::Unreachable, ..Failure::io("can't reach apppwd") };
        assert_eq!(judge(&Err(unreachable), "0")[0].state, State::Fault);
        let denied = Failure { code: "denied", ..Failure::io("alice may not use `doctor`") };
        assert_eq!(judge(&Err(denied), "0")[0].state, State::Warning);
    }
}
