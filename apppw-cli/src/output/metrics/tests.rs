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
