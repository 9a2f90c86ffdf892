//! The sentences.

use super::*;
use crate::commands::samples;
use apppw_admin::AppPasswordId;

fn attempt(verdict: &str, reason: &str) -> Attempt {
    Attempt {
        at: samples::NOW,
        service: "imap".into(),
        rhost: Some("192.0.2.7".into()),
        rhost_unproven: false,
        verdict: verdict.into(),
        reason: reason.into(),
        id: None,
        name: None,
        count: 1,
    }
}

fn said(attempt: &Attempt, again: bool) -> String {
    told(attempt, &samples::live(), again, Some(80)).as_str().to_owned()
}

#[test]
fn what_went_wrong_is_said_with_what_to_do() {
    let refused = attempt("refused", "mistyped");
    let expected = "Refused via imap from 192.0.2.7: mistyped\n  It looks like an app password, but a character is \
                    wrong. Type it again, as it\n  was shown.\n";
    assert_eq!(said(&refused, false), expected);
    assert_eq!(said(&refused, true), "Refused via imap from 192.0.2.7: mistyped (again)\n");
    let nowhere = Attempt { rhost: None, ..attempt("unavailable", "overloaded") };
    assert!(
        said(&nowhere, false).starts_with("Not answered via imap: overloaded\n  Too many"),
        "{nowhere:?}"
    );
    let primary = attempt("not-mine", "primary-used");
    assert!(
        said(&primary, false).starts_with("Left to the next module via imap from 192.0.2.7: primary-used\n")
    );
    let later = attempt("refused", "invented-later");
    assert_eq!(said(&later, false), "Refused via imap from 192.0.2.7: invented-later\n");
}

#[test]
fn another_app_password_is_named() {
    let other = Some(AppPasswordId::from_bits(7));
    let revoked = Attempt { id: other, name: Some("old phone".into()), ..attempt("refused", "revoked") };
    let expected = "Refused via imap from 192.0.2.7 with another app password, ap-00000007\n\"old\u{a0}phone\": revoked\n  \
                    It was taken away for good. Create another: apppw create.\n  The program has an old one stored: \
                    ap-0000002a is the new one.\n";
    assert_eq!(said(&revoked, false), expected);
    let accepted = Attempt { id: other, name: Some("tablet".into()), ..attempt("accepted", "accepted") };
    let expected = "Logged in via imap from 192.0.2.7 with another app password, ap-00000007 \"tablet\"\n  That \
                    program has the other one stored. Type the new one into it, in its place.\n";
    assert_eq!(told(&accepted, &samples::live(), false, None).as_str(), expected);
    let own = Attempt { id: Some(samples::live().id), ..attempt("refused", "wrong-service") };
    assert!(
        said(&own, false)
            .starts_with("Refused via imap from 192.0.2.7: wrong-service\n  The secret is right")
    );
}

#[test]
fn nothing_that_was_tried_deceives_the_terminal() {
    let evil = samples::evil();
    let hostile = Attempt {
        service: evil.clone(),
        rhost: Some(evil.clone()),
        id: Some(AppPasswordId::from_bits(7)),
        name: Some(evil.clone()),
        verdict: evil.clone(),
        reason: evil,
        ..attempt("", "")
    };
    let said = said(&hostile, false);
    assert!(!said.replace('\n', "").chars().any(apppw_admin::text::is_deceptive), "{said:?}");
}

#[test]
fn the_end_of_the_time_says_what_was_seen() {
    let mut tell = Tell { voice: Voice::Stdout, record: samples::live(), columns: Some(80), last: None };
    let message = tell.nobody_came("10m".parse().unwrap()).message;
    assert!(
        message.starts_with("no login with ap-0000002a within 10m; nothing was tried as alice@example.org")
    );
    assert!(message.ends_with("to wait again: apppw wait ap-0000002a"), "{message}");
    tell.last = Some(attempt("refused", "wrong-service"));
    let failure = tell.nobody_came("10m".parse().unwrap());
    assert!(
        failure.message.contains("the last attempt was via imap from 192.0.2.7: wrong-service"),
        "{failure:?}"
    );
    assert_eq!((failure.code, failure.status), ("timeout", crate::exit::Status::Refused));
}

#[test]
fn nobody_s_words_begin_a_line() {
    let forged = "Logged in via imap from 192.0.2.7, just now";
    for columns in [30, 40, 60, 80] {
        for dots in 0..100 {
            let lead = ".".repeat(dots);
            let hostile = Attempt {
                service: format!("imap from {lead} {forged}"),
                rhost: Some(format!("{lead} {forged}")),
                name: Some(format!("{lead} {forged}")),
                id: Some(AppPasswordId::from_bits(7)),
                ..attempt("unavailable", "peer-not-allowed")
            };
            let text = told(&hostile, &samples::live(), false, Some(columns));
            let begins = text.as_str().lines().find(|line| line.starts_with("Logged in"));
            assert_eq!(begins, None, "{columns} {dots}");
        }
    }
}
