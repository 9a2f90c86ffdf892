//! `apppw status`.

use super::{Session, panic};
use crate::cli;
use crate::exit::{Failure, Status};
use crate::output::table::record;
use crate::output::time::Clock;
use crate::output::{self, Text, json};
use apppw_admin::{Verb, verbs};
use serde_json::json;

pub fn run(session: &mut Session, args: &cli::Status) -> Result<Status, Failure> {
    if args.metrics {
        let metrics: verbs::Metrics = session.ask(Verb::Metrics, &json!({}))?;
        output::print(output::metrics::text(&metrics).as_bytes())?;
        return Ok(Status::Done);
    }
    let status: verbs::Status = session.ask(Verb::Status, &json!({}))?;
    if session.json {
        json::print(&json::status(&status))?;
    } else {
        text(&status, &Clock::system()).print()?;
    }
    Ok(Status::Done)
}

fn text(status: &verbs::Status, clock: &Clock) -> Text {
    let (oldest, newest) = status.frame_versions;
    let verbs::Status { verdicts, argon2, .. } = status;
    let fields = [
        ("Daemon", format!("apppwd {}, pid {}, up {}", status.version, status.pid, duration(status.uptime))),
        (
            "Frame versions",
            if oldest == newest { oldest.to_string() } else { format!("{oldest} to {newest}") },
        ),
        (
            "Store",
            if status.writable {
                "writable"
            } else {
                "NOT WRITABLE: logins go on, changes don't; see journalctl -u apppwd and df"
            }
            .to_owned(),
        ),
        ("Accounts", format!("{}, {} enrolled, {} locked", status.accounts, status.enrolled, status.locked)),
        (
            "App passwords",
            format!("{} live ({} suspended), {} revoked", status.live, status.suspended, status.revoked),
        ),
        (
            "Primary",
            format!(
                "{}{}",
                status.primary.as_str(),
                if status.report_only {
                    " (report_only: counted, not enforced, unless overridden)"
                } else {
                    ""
                }
            ),
        ),
        (
            "Verdicts",
            format!(
                "{} accepted, {} refused, {} not mine, {} unavailable",
                verdicts.accepted, verdicts.refused, verdicts.not_mine, verdicts.unavailable
            ),
        ),
        (
            "Argon2id",
            format!(
                "m={} KiB t={} p={}, {} at once, {} waiting; {} computed, {} answered by the memo",
                argon2.memory_kib,
                argon2.iterations,
                argon2.parallelism,
                argon2.workers,
                argon2.queued,
                argon2.runs,
                argon2.memo_hits
            ),
        ),
    ];
    let mut text = Text::new();
    if status.in_memory > 0 {
        text.line(format!(
            "NOT WRITTEN DOWN: {} app passwords and accounts are refused in the daemon's memory only; mend the disk, \
             then give those commands again (journalctl -u apppwd names them)",
            status.in_memory
        ));
        text.line("");
    }
    if !status.panic.is_empty() {
        // Before everything else: who wonders why nobody can log in looks here.
        panic::write(&mut text, &status.panic, clock);
        text.line("");
    }
    record(&mut text, &fields);
    text
}

/// `3d 4h`, `4h 5min`, `5min`: the two largest units.
fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}min"),
        (0, ..) => format!("{hours}h {minutes}min"),
        _ => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;

    #[test]
    fn a_healthy_daemon() {
        let expected = "\
Daemon:          apppwd 0.1.0, pid 42, up 1d 1h
Frame versions:  1
Store:           writable
Accounts:        3, 2 enrolled, 1 locked
App passwords:   5 live (2 suspended), 1 revoked
Primary:         refuse
Verdicts:        10 accepted, 4 refused, 1 not mine, 0 unavailable
Argon2id:        m=19456 KiB t=2 p=1, 4 at once, 0 waiting; 6 computed, 4 answered by the memo
";
        assert_eq!(text(&samples::status(), &samples::clock()).as_str(), expected);
    }

    #[test]
    fn a_panic_is_told_first() {
        let status = verbs::Status { panic: samples::switches(), ..samples::status() };
        let text = text(&status, &samples::clock());
        let first =
            "PANIC is on: every app password of this host is refused, since 2027-01-15 08:59:00 +01:00\n";
        assert!(text.as_str().starts_with(first), "{}", text.as_str());
        assert!(text.as_str().contains("--group mail\n\nDaemon:  "), "{}", text.as_str());
    }

    #[test]
    fn a_full_disk_is_not_overlooked() {
        let status = verbs::Status { writable: false, frame_versions: (1, 2), ..samples::status() };
        let text = text(&status, &samples::clock());
        assert!(text.as_str().contains("Store:           NOT WRITABLE"));
        assert!(text.as_str().contains("Frame versions:  1 to 2\n"));
    }

    #[test]
    fn a_policy_that_is_only_watched_is_told_as_such() {
        let status = verbs::Status { report_only: true, ..samples::status() };
        let text = text(&status, &samples::clock());
        let line = "Primary:         refuse (report_only: counted, not enforced, unless overridden)\n";
        assert!(text.as_str().contains(line), "{}", text.as_str());
    }

    #[test]
    fn uptimes() {
        for (seconds, told) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1min"),
            (3_600, "1h 0min"),
            (86_399, "23h 59min"),
            (90_000, "1d 1h"),
        ] {
            assert_eq!(duration(seconds), told);
        }
    }
}
