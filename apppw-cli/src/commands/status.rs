//! `apppw status`.

use super::{Session, panic};
use crate::cli;
use crate::exit::{Failure, Status};
use crate::output::number::thousands;
use crate::output::table::{Cell, record};
use crate::output::time::Clock;
use crate::output::{self, Paint, Text, json, terminal};
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
        text(&status, &Clock::system(), terminal::stdout_is_terminal()).print()?;
    }
    Ok(Status::Done)
}

/// `for_a_person`: what is wrong comes first, and numbers are easy to read; a script finds them as
/// they always were.
fn text(status: &verbs::Status, clock: &Clock, for_a_person: bool) -> Text {
    let mut text = Text::new();
    if for_a_person && !status.writable {
        text.painted([(Paint::Bad, NOT_WRITABLE)]);
        text.line("");
    }
    if status.in_memory > 0 {
        let told = if for_a_person { thousands(status.in_memory) } else { status.in_memory.to_string() };
        let (what, is) = match status.in_memory {
            1 => ("app password or account", "is"),
            _ => ("app passwords and accounts", "are"),
        };
        let rest = format!(
            ": {told} {what} {is} refused in the daemon's memory only; mend the disk, then give those commands again \
             (journalctl -u apppwd names them)"
        );
        text.painted([(Paint::Bad, "NOT WRITTEN DOWN"), (Paint::Plain, &rest)]);
        text.line("");
    }
    if !status.panic.is_empty() {
        // Before everything else: who wonders why nobody can log in looks here.
        panic::write(&mut text, &status.panic, clock);
        text.line("");
    }
    record(&mut text, fields(status, clock, for_a_person));
    text
}

const NOT_WRITABLE: &str = "NOT WRITABLE: logins go on, changes don't; see journalctl -u apppwd and df";

fn fields(status: &verbs::Status, clock: &Clock, for_a_person: bool) -> Vec<(&'static str, Cell)> {
    let number = |number: u64| if for_a_person { thousands(number) } else { number.to_string() };
    let (oldest, newest) = status.frame_versions;
    let verbs::Status { verdicts, argon2, .. } = status;
    let memory = match argon2.memory_kib {
        kib if for_a_person && kib % 1024 == 0 => format!("{} MiB", thousands((kib / 1024).into())),
        kib => format!("{} KiB", number(kib.into())),
    };
    let report_only = " (report_only: counted, not enforced, unless overridden)";
    let accounts = [status.accounts, status.enrolled, status.locked].map(number);
    let live = [status.live, status.suspended, status.revoked].map(number);
    let judged = [verdicts.accepted, verdicts.refused, verdicts.not_mine, verdicts.unavailable].map(number);
    let store = match (status.writable, for_a_person) {
        (true, _) => Cell::from("writable"),
        (false, true) => Cell::painted(Paint::Bad, "NOT WRITABLE"),
        (false, false) => Cell::from(NOT_WRITABLE),
    };
    let versions = if oldest == newest { oldest.to_string() } else { format!("{oldest} to {newest}") };
    let argon2 = format!(
        "m={memory} t={} p={}, {} at once, {} waiting; {} computed, {} answered by the memo",
        argon2.iterations,
        argon2.parallelism,
        argon2.workers,
        argon2.queued,
        number(argon2.runs),
        number(argon2.memo_hits)
    );
    let [accounts, enrolled, locked] = accounts;
    let [live, suspended, revoked] = live;
    let [accepted, refused, not_mine, unavailable] = judged;
    let primary = status.primary.as_str();
    vec![
        (
            "Daemon",
            format!("apppwd {}, pid {}, up {}", status.version, status.pid, duration(status.uptime)).into(),
        ),
        ("Frame versions", versions.into()),
        ("Store", store),
        ("Accounts", format!("{accounts}, {enrolled} enrolled, {locked} locked").into()),
        ("App passwords", format!("{live} live ({suspended} suspended), {revoked} revoked").into()),
        ("Primary", format!("{primary}{}", if status.report_only { report_only } else { "" }).into()),
        (
            "Verdicts",
            format!("{accepted} accepted, {refused} refused, {not_mine} not mine, {unavailable} unavailable")
                .into(),
        ),
        ("Argon2id", argon2.into()),
        ("Last backup", status.last_backup.map_or_else(|| "never".to_owned(), |at| clock.ago(at)).into()),
    ]
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
    use crate::commands::{golden, samples};

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
Last backup:     2 days ago
";
        assert_eq!(text(&samples::status(), &samples::clock(), false).as_str(), expected);
    }

    #[test]
    fn a_panic_is_told_first() {
        let status = verbs::Status { panic: samples::switches(), ..samples::status() };
        let text = text(&status, &samples::clock(), false);
        let first =
            "PANIC is on: every app password of this host is refused, since 2027-01-15 08:59:00 +01:00\n";
        assert!(text.as_str().starts_with(first), "{}", text.as_str());
        assert!(text.as_str().contains("--group mail\n\nDaemon:  "), "{}", text.as_str());
    }

    #[test]
    fn a_full_disk_is_not_overlooked() {
        let status = verbs::Status { writable: false, frame_versions: (1, 2), ..samples::status() };
        let text = text(&status, &samples::clock(), false);
        assert!(text.as_str().contains("Store:           NOT WRITABLE"));
        assert!(text.as_str().contains("Frame versions:  1 to 2\n"));
    }

    #[test]
    fn a_policy_that_is_only_watched_is_told_as_such() {
        let status = verbs::Status { report_only: true, ..samples::status() };
        let text = text(&status, &samples::clock(), false);
        let line = "Primary:         refuse (report_only: counted, not enforced, unless overridden)\n";
        assert!(text.as_str().contains(line), "{}", text.as_str());
    }

    #[test]
    fn a_person_sees_what_is_wrong_first_and_numbers_that_can_be_read() {
        let mut status =
            verbs::Status { writable: false, in_memory: 1, live: 1_234_567, ..samples::status() };
        status.verdicts.accepted = 10_000;
        let text = text(&status, &samples::clock(), true);
        let first = "NOT WRITABLE: logins go on, changes don't; see journalctl -u apppwd and df\n\nNOT WRITTEN DOWN: 1 \
                     app password or account is refused";
        assert!(text.as_str().starts_with(first), "{}", text.as_str());
        for said in ["Store:           NOT WRITABLE\n", "1,234,567 live", "10,000 accepted", "m=19 MiB t=2"] {
            assert!(text.as_str().contains(said), "{said}: {}", text.as_str());
        }
        status.argon2.memory_kib = 7_000;
        assert!(super::text(&status, &samples::clock(), true).as_str().contains("m=7,000 KiB"));
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

    #[test]
    fn on_terminals_of_all_widths() {
        let status = verbs::Status { writable: false, panic: samples::switches(), ..samples::status() };
        golden::check("status", |_| text(&status, &samples::clock(), true));
    }
}
