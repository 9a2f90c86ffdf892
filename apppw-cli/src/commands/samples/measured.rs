//! The daemon in numbers.

use super::NOW;
use apppw_admin::verbs::{Histogram, LoginCount, Metrics};

pub fn metrics() -> Metrics {
    let login = |reason: &str, verdict: &str, count| {
        (reason.to_owned(), LoginCount { verdict: verdict.into(), count })
    };
    Metrics {
        version: "0.1.0".into(),
        started: NOW,
        logins: [
            ("imap".to_owned(), [login("accepted", "accepted", 10), login("revoked", "refused", 3)].into()),
            ("other".to_owned(), [login("service-in-no-group", "refused", 1)].into()),
        ]
        .into(),
        login_time: Histogram {
            buckets: vec![(500, 4), (1_000, 9), (50_000, 11), (1_000_000, 14), (2_500_000, 14)],
            count: 14,
            sum: 1_234_560,
        },
        argon2_time: Histogram { buckets: vec![(10_000, 0), (10_000_000, 2)], count: 3, sum: 12_000_000 },
        argon2_queued: 1,
        argon2_turned_away: 2,
        argon2_workers: 4,
        memo_hits: 7,
        memo_entries: 5,
        store_errors: 0,
        store_writes: 21,
        writable: true,
        last_backup: Some(1_799_827_200),
        uses_waiting: 3,
        uses_dropped: 0,
        watches: 2,
        events_dropped: 0,
        log_lines_dropped: 6,
        management_denied: 9,
        in_memory: 0,
        panic_switches: 1,
        accounts: 3,
        enrolled: 2,
        locked: 1,
        live: 5,
        suspended: 2,
        revoked: 8,
    }
}
