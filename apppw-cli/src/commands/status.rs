//! `apppw status`.

use super::Session;
use crate::exit::{Failure, Status};
use crate::output::table::record;
use crate::output::{Text, json};
use apppw_admin::{Verb, verbs};
use serde_json::json;

pub fn run(session: &mut Session) -> Result<Status, Failure> {
    let status: verbs::Status = session.ask(Verb::Status, &json!({}))?;
    if session.json {
        json::print(&json::status(&status))?;
    } else {
        text(&status).print()?;
    }
    Ok(Status::Done)
}

fn text(status: &verbs::Status) -> Text {
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
        ("Accounts", format!("{}, {} enrolled", status.accounts, status.enrolled)),
        ("App passwords", format!("{} live, {} revoked", status.live, status.revoked)),
        ("Primary", status.primary.as_str().to_owned()),
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
Accounts:        3, 2 enrolled
App passwords:   5 live, 1 revoked
Primary:         refuse
Verdicts:        10 accepted, 4 refused, 1 not mine, 0 unavailable
Argon2id:        m=19456 KiB t=2 p=1, 4 at once, 0 waiting; 6 computed, 4 answered by the memo
";
        assert_eq!(text(&samples::status()).as_str(), expected);
    }

    #[test]
    fn a_full_disk_is_not_overlooked() {
        let status = verbs::Status { writable: false, frame_versions: (1, 2), ..samples::status() };
        let text = text(&status);
        assert!(text.as_str().contains("Store:           NOT WRITABLE"));
        assert!(text.as_str().contains("Frame versions:  1 to 2\n"));
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
