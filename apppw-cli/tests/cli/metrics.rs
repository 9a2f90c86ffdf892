//! The daemon in numbers.

use crate::support::{Daemon, apppw, finish, refusing};
use apppw_admin::Code;
use serde_json::{Value, json};

fn metrics() -> Value {
    let mut metrics = json!({
        "version": "0.1.0", "started": 1_800_000_000, "writable": false,
        "logins": {"imap": {"accepted": {"verdict": "accepted", "count": 3}}},
        "login_time": {"buckets": [[1_000, 2], [2_500_000, 3]], "count": 3, "sum": 1_250},
        "argon2_time": {"buckets": [], "count": 0, "sum": 0},
    });
    for field in [
        "argon2_queued",
        "argon2_turned_away",
        "argon2_workers",
        "memo_hits",
        "memo_entries",
        "store_errors",
        "store_writes",
        "uses_waiting",
        "uses_dropped",
        "events_dropped",
        "log_lines_dropped",
        "management_denied",
        "in_memory",
        "panic_switches",
        "accounts",
        "enrolled",
        "locked",
        "live",
        "suspended",
        "revoked",
    ] {
        metrics[field] = json!(0);
    }
    metrics
}

#[test]
fn the_numbers_are_a_text_that_monitoring_reads() {
    let daemon = Daemon::answering(|_, _| Ok(metrics()));
    let run = daemon.run(&["status", "--metrics"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.starts_with("# TYPE apppw_up gauge\n"), "{run:?}");
    assert!(run.stdout.ends_with("\n# EOF\n"), "{run:?}");
    for line in [
        "apppw_store_writable 0",
        "apppw_start_time_seconds 1800000000",
        "apppw_logins_total{service=\"imap\",verdict=\"accepted\",reason=\"accepted\"} 3",
        "apppw_login_duration_seconds_bucket{le=\"2.5\"} 3",
        "apppw_login_duration_seconds_sum 0.00125",
    ] {
        assert!(run.stdout.lines().any(|found| found == line), "{line}: {run:?}");
    }
    assert_eq!(daemon.calls(), [("metrics".to_owned(), json!({}))]);
}

#[test]
fn numbers_that_are_not_there_leave_no_half_a_text() {
    let run = refusing(Code::Unsupported, "no such verb").run(&["status", "--metrics"]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (1, "", "apppw: no such verb\n"));
    let dir = tempfile::tempdir().unwrap();
    let run =
        finish(apppw().args(["status", "--metrics", "--socket"]).arg(dir.path().join("admin.sock")), b"");
    assert_eq!((run.status, run.stdout.as_str()), (3, ""));
}

#[test]
fn numbers_are_no_json() {
    let daemon = refusing(Code::Denied, "asked");
    for args in [["status", "--metrics", "--json"], ["--json", "status", "--metrics"]] {
        let run = daemon.run(&args);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains("--metrics and --json don't go together"), "{run:?}");
        assert_eq!(run.json_error()["error"]["code"], "usage");
    }
    assert_eq!(daemon.calls(), []);
}
