//! The text that monitoring reads, to the byte: a changed name is a broken alert.

use super::*;
use crate::commands::samples;
use apppw_admin::verbs::LoginCount;

const GOLDEN: &str = include_str!("golden.txt");

#[test]
fn the_whole_text() {
    assert_eq!(text(&samples::metrics()), GOLDEN);
}

#[test]
fn a_daemon_that_just_began_has_all_families() {
    let mut begun = samples::metrics();
    begun.logins.clear();
    begun.login_time = Histogram::default();
    let text = text(&begun);
    assert!(text.contains("# HELP apppw_logins Logins by service, verdict and the reason for it\n# TYPE"));
    assert!(text.contains(
        "apppw_login_duration_seconds_bucket{le=\"+Inf\"} 0\napppw_login_duration_seconds_sum 0.0\n\
         apppw_login_duration_seconds_count 0\n"
    ));
}

#[test]
fn each_number_is_told_on_its_own_line() {
    type Field = fn(&mut Metrics) -> &mut u64;
    #[rustfmt::skip]
    let table: [(&str, &str, Field); 21] = [
        ("argon2_queued",      "argon2_queued",            |m| &mut m.argon2_queued),
        ("argon2_turned_away", "argon2_turned_away_total", |m| &mut m.argon2_turned_away),
        ("argon2_workers",     "argon2_workers",           |m| &mut m.argon2_workers),
        ("memo_hits",          "memo_hits_total",          |m| &mut m.memo_hits),
        ("memo_entries",       "memo_entries",             |m| &mut m.memo_entries),
        ("store_errors",       "store_errors_total",       |m| &mut m.store_errors),
        ("store_writes",       "store_commits_total",      |m| &mut m.store_writes),
        ("uses_waiting",       "uses_waiting",             |m| &mut m.uses_waiting),
        ("uses_dropped",       "uses_dropped_total",       |m| &mut m.uses_dropped),
        ("watches",            "watches",                  |m| &mut m.watches),
        ("events_dropped",     "events_dropped_total",     |m| &mut m.events_dropped),
        ("log_lines_dropped",  "log_lines_dropped_total",  |m| &mut m.log_lines_dropped),
        ("management_denied",  "management_denied_total",  |m| &mut m.management_denied),
        ("in_memory",          "refused_in_memory",        |m| &mut m.in_memory),
        ("panic_switches",     "panic_switches",           |m| &mut m.panic_switches),
        ("accounts",           "accounts",                 |m| &mut m.accounts),
        ("enrolled",           "accounts_enrolled",        |m| &mut m.enrolled),
        ("locked",             "accounts_locked",          |m| &mut m.locked),
        ("live",               "app_passwords",            |m| &mut m.live),
        ("suspended",          "app_passwords_suspended",  |m| &mut m.suspended),
        ("revoked",            "app_passwords_revoked",    |m| &mut m.revoked),
    ];
    let mut metrics = samples::metrics();
    for (number, (.., field)) in (1001..).zip(table) {
        *field(&mut metrics) = number;
    }
    metrics.writable = false;
    let text = text(&metrics);
    let value = |family: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        lines.find(|(name, _)| *name == format!("apppw_{family}")).map(|(_, value)| value.to_owned())
    };
    for (number, (_, family, _)) in (1001..).zip(table) {
        assert_eq!(value(family), Some(number.to_string()), "{family}");
    }
    assert_eq!(value("store_writable").as_deref(), Some("0"));
    assert_eq!(value("last_backup_timestamp_seconds").as_deref(), Some("1799827200"));
    let never = Metrics { last_backup: None, ..metrics.clone() };
    assert!(!super::text(&never).contains("last_backup"));
    // The table lacks none.
    let message = serde_json::to_value(&metrics).unwrap();
    let numbers = message
        .as_object()
        .unwrap()
        .iter()
        .filter(|(key, value)| value.is_u64() && !["started", "last_backup"].contains(&key.as_str()));
    let mut names: Vec<&str> = table.iter().map(|(name, ..)| *name).collect();
    names.sort_unstable();
    assert_eq!(numbers.map(|(key, _)| key.as_str()).collect::<Vec<_>>(), names);
}

#[test]
fn durations_have_no_noise_and_always_a_point() {
    for (micros, written) in [
        (0, "0.0"),
        (1, "0.000001"),
        (50, "0.00005"),
        (1_000, "0.001"),
        (100_000, "0.1"),
        (999_999, "0.999999"),
        (1_000_000, "1.0"),
        (2_500_000, "2.5"),
        (10_000_000, "10.0"),
        (u64::MAX, "18446744073709.551615"),
    ] {
        assert_eq!(seconds(micros), written);
    }
}

#[test]
fn buckets_never_fall() {
    let mut torn = samples::metrics();
    torn.argon2_time = Histogram { buckets: vec![(1_000, 5), (2_000, 4)], count: 3, sum: 1 };
    let expected = "\
apppw_argon2_duration_seconds_bucket{le=\"0.001\"} 5
apppw_argon2_duration_seconds_bucket{le=\"0.002\"} 5
apppw_argon2_duration_seconds_bucket{le=\"+Inf\"} 5
apppw_argon2_duration_seconds_sum 0.000001
apppw_argon2_duration_seconds_count 5
";
    assert!(text(&torn).contains(expected));
}

#[test]
fn a_hostile_label_stays_in_its_quotes() {
    let mut hostile = samples::metrics();
    hostile.version = samples::evil();
    let login = LoginCount { verdict: "a\"} 1\n".into(), count: 1 };
    hostile.logins = [("i\\map\u{202e}".to_owned(), [("r".to_owned(), login)].into())].into();
    let text = text(&hostile);
    assert!(!text.chars().any(|c| c != '\n' && apppw_admin::text::is_deceptive(c)), "{text}");
    assert_eq!(text.lines().count(), GOLDEN.lines().count() - 2, "three logins before, one now");
    let written =
        "apppw_logins_total{service=\"i\\\\map\\\\u{202e}\",verdict=\"a\\\"} 1\\\\u{a}\",reason=\"r\"} 1\n";
    assert!(text.contains(written), "{text}");
}

#[test]
fn services_that_look_alike_are_one() {
    let mut alike = samples::metrics();
    let reasons = || [("r".to_owned(), LoginCount { verdict: "refused".into(), count: 2 })].into();
    alike.logins = [("\u{7f}".to_owned(), reasons()), ("\\u{7f}".to_owned(), reasons())].into();
    let text = text(&alike);
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("apppw_logins_total")).collect();
    assert_eq!(lines, ["apppw_logins_total{service=\"\\\\u{7f}\",verdict=\"refused\",reason=\"r\"} 4"]);
}

#[test]
fn the_document_names_the_metrics() {
    const DOCUMENT: &str = include_str!("../../../../docs/json.md");
    for family in GOLDEN.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = family.split_once(' ').unwrap();
        let total = if kind == "counter" { "_total" } else { "" };
        let row = DOCUMENT.lines().find(|line| line.contains(&format!("`{name}{total}`")));
        let row = row.unwrap_or_else(|| panic!("docs/json.md lacks {name}{total}"));
        assert!(row.contains(&format!("| {kind} |")), "{row}");
    }
}
