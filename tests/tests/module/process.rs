//! What the module leaves alone in its host process.

use super::Case;
use super::child;
use super::faults::faulty_site;
use super::site::{PRIMARY, SECRET, Site, alice, line, write_stack};
use apppw_proto::frame::{Detail, Reply, Verdict};
use apppw_tests::fakes::{Act, FullBacklog};
use apppw_tests::pam::{Code, Confdir};
use std::time::Duration;

/// Bytes by which the heap may differ after a thousand logins more: the allocator's own caches.
/// The smallest block lost at every login would be 24 kB.
const HEAP_SLACK: usize = 8 * 1024;

#[track_caller]
fn unchanged(report: &child::Report) {
    assert_eq!(report.get("before"), report.get("after"));
    let heap = |key| report.get(key).parse::<usize>().expect("a number");
    let growth = heap("heap_after").saturating_sub(heap("heap_before"));
    assert!(growth < HEAP_SLACK, "the heap grew by {growth} bytes");
}

#[track_caller]
fn ended_with(report: &child::Report, code: Code) {
    assert!(report.output.status.success(), "{:?}", report.output);
    assert_eq!(report.get("code"), code.0.to_string());
}

#[track_caller]
fn silent(report: &child::Report) {
    assert_eq!(report.output.stdout, b"", "on descriptor 1");
    assert_eq!(String::from_utf8_lossy(&report.output.stderr), "", "on descriptor 2");
}

pub fn cases() -> Vec<Case> {
    let mut cases = thousands();
    cases.extend(signals());
    cases.push(Case::new("nothing_on_descriptors_0_to_2", || {
        for (act, code) in [
            (Act::Verdict(Verdict::Accepted), Code::SUCCESS),
            (Act::CloseAfterRequest, Code::AUTHINFO_UNAVAIL),
        ] {
            let site = Site::with([act], "debug unknown");
            let report = child::run(&site.confdir, SECRET, 1, false);
            ended_with(&report, code);
            silent(&report);
        }
    }));
    cases.push(Case::new("nothing_on_descriptors_0_to_2_in_a_panic", || {
        let site = faulty_site("fault=panic");
        let report = child::run(&site.confdir, SECRET, 3, false);
        ended_with(&report, Code::AUTHINFO_UNAVAIL);
        silent(&report);
    }));
    cases.push(Case::new("eight_threads", || {
        let site = Site::new([Act::Verdict(Verdict::Accepted)]);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let mut transaction = alice().start(&site.confdir);
                        assert_eq!(transaction.authenticate(), Code::SUCCESS);
                        assert_eq!(transaction.acct_mgmt(), Code::SUCCESS);
                    }
                });
            }
        });
    }));
    cases
}

fn thousands() -> Vec<Case> {
    let table: [(&str, Act, &str, Code); 5] = [
        ("accepted", Act::Verdict(Verdict::Accepted), SECRET, Code::SUCCESS),
        ("refused", Act::Verdict(Verdict::Refused), SECRET, Code::AUTH_ERR),
        ("reported", Act::Verdict(Verdict::NotMine), PRIMARY, Code::USER_UNKNOWN),
        ("broken_off", Act::CloseAtOnce, SECRET, Code::AUTHINFO_UNAVAIL),
        ("nonsense", Act::Bytes(vec![7; 8]), SECRET, Code::AUTHINFO_UNAVAIL),
    ];
    table
        .into_iter()
        .map(|(name, act, password, code)| {
            Case::new(format!("nothing_grows_in_1000_logins_{name}"), move || {
                let site = Site::new([act]);
                let report = child::run(&site.confdir, password, 1000, false);
                ended_with(&report, code);
                unchanged(&report);
                assert!(!report.get("before").ends_with(" 0"), "the module should stay mapped (nodelete)");
            })
        })
        .collect()
}

fn signals() -> Vec<Case> {
    vec![
        Case::new("sigpipe_kills_nobody", || {
            let unread = Reply { version: 1, verdict: Verdict::Unavailable, detail: Detail::OVERLOADED };
            for act in [Act::CloseAtOnce, Act::AnswerUnread(unread)] {
                let site = Site::new([act]);
                let report = child::run(&site.confdir, SECRET, 200, false);
                ended_with(&report, Code::AUTHINFO_UNAVAIL);
            }
        }),
        Case::new("interrupted_calls_go_on", || {
            let site = Site::new([Act::Late(Duration::from_millis(200), Verdict::Accepted)]);
            let report = child::run(&site.confdir, SECRET, 3, true);
            ended_with(&report, Code::SUCCESS);
        }),
        Case::new("interrupted_calls_keep_the_deadline", || {
            let backlog = FullBacklog::new();
            let silent = Site::new([Act::Silent]);
            for socket in [backlog.path(), silent.fake.path()] {
                let confdir = Confdir::new();
                write_stack(&confdir, "imap", &line(socket, "timeout=300ms"));
                let (report, time) = super::site::timed(|| child::run(&confdir, SECRET, 1, true));
                ended_with(&report, Code::AUTHINFO_UNAVAIL);
                // Three rounds.
                assert!((900..1400).contains(&time.as_millis()), "{time:?}");
            }
        }),
    ]
}
