//! Every way through an authentication, played by a script.

use super::{authenticate, meaning};
use crate::failure::Failure;
use crate::host::{Mark, Priority};
use crate::outcome::Outcome;
use crate::script::{Expected, Script, Step, reply};
use apppw_proto::frame::{Detail, Kind, Reply, Verdict};
use apppw_proto::services::NEVER;
use std::ffi::{CStr, CString};

/// Sixteen zeroes: all values 0, check value 0.
const SECRET: &[u8] = b"0000000000000000";
const CLEARED: Step = Step::Mark(None, Ok(()));

fn typed(password: &'static [u8]) -> Step {
    Step::Password(Ok(Some(password)))
}

fn login(answer: Result<Reply, Failure>) -> Step {
    Step::Exchange(
        Expected { kind: Kind::Login, wrong_check: false, secret: SECRET, timeout_ms: 3_000 },
        answer,
    )
}

fn may_use_primary(wrong_check: bool, answer: Result<Reply, Failure>) -> Step {
    Step::Exchange(
        Expected { kind: Kind::MayUsePrimary, wrong_check, secret: b"", timeout_ms: 3_000 },
        answer,
    )
}

#[track_caller]
fn play(mut script: Script, argv: &[&CStr], outcome: Outcome) {
    assert_eq!(authenticate(&mut script, argv.iter().copied()), outcome);
    script.end();
}

#[test]
fn an_app_password_is_judged_by_the_daemon() {
    let cases = [
        (Verdict::Accepted, Outcome::Success, Some(Mark::Accepted)),
        (Verdict::NotMine, Outcome::UserUnknown, Some(Mark::NotMine)),
        (Verdict::Refused, Outcome::AuthErr, None),
    ];
    for (verdict, outcome, mark) in cases {
        let mut steps = vec![CLEARED, typed(b"0000-0000-0000-0000"), login(reply(verdict))];
        steps.extend(mark.map(|mark| Step::Mark(Some(mark), Ok(()))));
        play(Script::new(steps), &[], outcome);
    }
}

#[test]
fn what_is_no_app_password_stays_here() {
    let cases = [
        (Verdict::Refused, Outcome::AuthErr, None),
        (Verdict::NotMine, Outcome::UserUnknown, Some(Mark::NotMine)),
    ];
    let inputs: [(&'static [u8], bool); 4] =
        [(b"hunter2", false), (b"0000000000000001", true), (b"\xff\xfe", false), (&[b'x'; 4096], false)];
    for (verdict, outcome, mark) in cases {
        for (input, wrong_check) in inputs {
            let mut steps = vec![CLEARED, typed(input), may_use_primary(wrong_check, reply(verdict))];
            steps.extend(mark.map(|mark| Step::Mark(Some(mark), Ok(()))));
            play(Script::new(steps), &[], outcome);
        }
    }
}

#[test]
fn accepted_without_a_secret_is_nonsense() {
    let steps = [
        CLEARED,
        typed(b"hunter2"),
        may_use_primary(false, reply(Verdict::Accepted)),
        Step::Log(Priority::Error, &["alice", "without a secret"]),
    ];
    play(Script::new(steps), &[], Outcome::Unavailable);
}

#[test]
fn unavailable_says_why() {
    let answer = Reply { version: 1, verdict: Verdict::Unavailable, detail: Detail::OVERLOADED };
    let steps =
        [CLEARED, typed(SECRET), login(Ok(answer)), Step::Log(Priority::Error, &["alice", "overloaded"])];
    play(Script::new(steps), &[], Outcome::Unavailable);
}

#[test]
fn no_reply_is_unavailable_for_both_questions() {
    for failure in [Failure::Closed, Failure::Deadline, Failure::Foreign { found: 7, wanted: 0 }] {
        for (input, question) in
            [(SECRET, login(Err(failure))), (&b"hunter2"[..], may_use_primary(false, Err(failure)))]
        {
            let steps =
                [CLEARED, typed(input), question, Step::Log(Priority::Error, &["/run/apppwd/auth.sock"])];
            play(Script::new(steps), &[], Outcome::Unavailable);
        }
    }
}

#[test]
fn an_empty_password_is_refused_without_asking() {
    for answer in [Some(&b""[..]), None] {
        play(Script::new([CLEARED, Step::Password(Ok(answer))]), &[], Outcome::AuthErr);
    }
}

#[test]
fn without_a_password_there_is_no_success() {
    // PAM_AUTH_ERR: use_first_pass, and nobody has asked before.
    play(Script::new([CLEARED, Step::Password(Err(7))]), &[], Outcome::AuthErr);
    // PAM_SUCCESS is no error; PAM_IGNORE (25) and all the others are the conversation's.
    for code in (1..=31).filter(|code| *code != 7) {
        let steps = [CLEARED, Step::Password(Err(code)), Step::Log(Priority::Error, &["no password"])];
        play(Script::new(steps), &[], Outcome::Unavailable);
    }
}

#[test]
fn services_that_are_never_opened_go_to_the_next_module_unasked() {
    for service in NEVER.iter().map(|name| name.replace('*', "-password")) {
        let mut script = Script::new([CLEARED]);
        script.service = Some(CString::new(service).unwrap());
        script.user = None;
        play(script, &[c"timeout=nonsense"], Outcome::UserUnknown);
    }
}

#[test]
fn a_user_that_cant_be_framed_is_refused_before_the_prompt() {
    let users: [Option<&[u8]>; 6] =
        [None, Some(b""), Some(&[b'a'; 256]), Some(b"\xff"), Some(b"a\nb"), Some(b"\x1b[2J")];
    for user in users {
        let mut script = Script::new([CLEARED, Step::Log(Priority::Notice, &["refused: user "])]);
        script.user = user.map(|user| CString::new(user).unwrap());
        play(script, &[], Outcome::AuthErr);
    }
}

#[test]
fn a_service_or_rhost_that_cant_be_framed_is_named() {
    let mut script = Script::new([CLEARED, Step::Log(Priority::Notice, &["refused: service is empty"])]);
    script.service = None;
    play(script, &[], Outcome::AuthErr);
    let mut script = Script::new([CLEARED, Step::Log(Priority::Notice, &["refused: rhost has a control"])]);
    script.rhost = Some(c"192.0.2.7\n".to_owned());
    play(script, &[], Outcome::AuthErr);
}

#[test]
fn a_missing_rhost_is_an_empty_one() {
    let steps =
        [CLEARED, typed(SECRET), login(reply(Verdict::Accepted)), Step::Mark(Some(Mark::Accepted), Ok(()))];
    let mut script = Script::new(steps);
    script.rhost = None;
    play(script, &[], Outcome::Success);
}

#[test]
fn the_user_is_looked_at_again_after_the_prompt() {
    let mut script =
        Script::new([CLEARED, typed(SECRET), Step::Log(Priority::Notice, &["refused: user is empty"])]);
    script.user_after_prompt = Some(c"".to_owned());
    play(script, &[], Outcome::AuthErr);
}

#[test]
fn unusable_arguments_are_a_service_error() {
    let steps = [CLEARED, Step::Log(Priority::Error, &["timeout=9s", "at most 8s"])];
    play(Script::new(steps), &[c"timeout=9s"], Outcome::ServiceErr);
}

#[test]
fn an_unknown_argument_is_mentioned_after_the_verdict() {
    let steps = [
        CLEARED,
        typed(SECRET),
        login(reply(Verdict::Refused)),
        Step::Log(Priority::Warning, &["unknown argument nullok"]),
    ];
    play(Script::new(steps), &[c"nullok", c"other"], Outcome::AuthErr);
}

#[test]
fn debug_adds_a_line_after_the_reply() {
    let steps = [
        CLEARED,
        typed(SECRET),
        login(reply(Verdict::Refused)),
        Step::Log(Priority::Debug, &["user=alice", "rhost=192.0.2.7", "input=app password", "AuthErr"]),
    ];
    play(Script::new(steps), &[c"debug"], Outcome::AuthErr);
}

#[test]
fn a_secret_typed_as_the_user_name_is_masked() {
    let steps = [
        CLEARED,
        typed(SECRET),
        login(Err(Failure::Closed)),
        Step::Log(Priority::Error, &["login of (hidden"]),
    ];
    let mut script = Script::new(steps);
    script.user = Some(CString::new(SECRET).unwrap());
    play(script, &[], Outcome::Unavailable);
}

#[test]
fn an_old_mark_that_cant_be_cleared_stops_everything() {
    play(Script::new([Step::Mark(None, Err(()))]), &[], Outcome::Unavailable);
}

#[test]
fn the_old_mark_is_gone_whatever_comes() {
    let mut script = Script::new([CLEARED, typed(b"")]);
    script.mark = Some((Mark::Accepted, c"alice".to_owned()));
    assert_eq!(authenticate(&mut script, []), Outcome::AuthErr);
    assert_eq!(script.mark, None);
}

#[test]
fn a_mark_that_cant_be_set_is_mentioned() {
    let steps = [
        CLEARED,
        typed(SECRET),
        login(reply(Verdict::Accepted)),
        Step::Mark(Some(Mark::Accepted), Err(())),
        Step::Log(Priority::Error, &["account phase"]),
    ];
    play(Script::new(steps), &[], Outcome::Success);
}

#[test]
fn only_one_pair_of_question_and_verdict_lets_in() {
    let verdicts =
        [Verdict::Accepted, Verdict::Refused, Verdict::NotMine, Verdict::Unavailable, Verdict::OtherVersion];
    for kind in [Kind::Login, Kind::MayUsePrimary, Kind::PrimaryWasUsed] {
        for verdict in verdicts {
            let lets_in = meaning(kind, verdict) == Outcome::Success;
            assert_eq!(lets_in, kind == Kind::Login && verdict == Verdict::Accepted, "{kind:?} {verdict:?}");
        }
    }
}
