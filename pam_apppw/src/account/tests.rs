//! Every way through the account phase, played by a script.

use super::acct_mgmt;
use crate::failure::Failure;
use crate::host::{Mark, Priority};
use crate::outcome::Outcome;
use crate::script::{Expected, Script, Step, reply};
use apppw_proto::frame::{Kind, Reply, Verdict};
use std::ffi::CStr;

fn report(timeout_ms: u32, answer: Result<Reply, Failure>) -> Step {
    Step::Exchange(
        Expected { kind: Kind::PrimaryWasUsed, wrong_check: false, secret: b"", timeout_ms },
        answer,
    )
}

fn marked(mark: Mark, user: &CStr, steps: impl IntoIterator<Item = Step>) -> Script {
    let mut script = Script::new(steps);
    script.mark = Some((mark, user.to_owned()));
    script
}

#[track_caller]
fn play(mut script: Script, argv: &[&CStr], outcome: Outcome) {
    assert_eq!(acct_mgmt(&mut script, argv.iter().copied()), outcome);
    script.end();
}

#[test]
fn whom_we_let_in_may_stay_however_often_it_is_asked() {
    let mut script = marked(Mark::Accepted, c"alice", []);
    assert_eq!(acct_mgmt(&mut script, []), Outcome::Success);
    assert_eq!(acct_mgmt(&mut script, []), Outcome::Success);
    script.end();
}

#[test]
fn without_our_authentication_it_is_for_the_next_module() {
    play(Script::new([]), &[], Outcome::UserUnknown);
}

#[test]
fn another_user_than_was_let_in_is_for_the_next_module() {
    play(marked(Mark::Accepted, c"bob", []), &[], Outcome::UserUnknown);
    play(marked(Mark::NotMine, c"bob", []), &[], Outcome::UserUnknown);
}

#[test]
fn a_primary_password_is_reported_once() {
    for verdict in [Verdict::Accepted, Verdict::Refused, Verdict::NotMine, Verdict::Unavailable] {
        let steps = [Step::Mark(None, Ok(())), report(1_000, reply(verdict))];
        let mut script = marked(Mark::NotMine, c"alice", steps);
        assert_eq!(acct_mgmt(&mut script, []), Outcome::UserUnknown);
        assert_eq!(acct_mgmt(&mut script, []), Outcome::UserUnknown);
        script.end();
    }
}

#[test]
fn a_report_that_fails_changes_nothing() {
    let steps = [
        Step::Mark(None, Ok(())),
        report(200, Err(Failure::Closed)),
        Step::Log(Priority::Warning, &["not reported"]),
    ];
    play(marked(Mark::NotMine, c"alice", steps), &[c"timeout=200ms"], Outcome::UserUnknown);
}

#[test]
fn a_mark_that_cant_be_cleared_is_not_reported_twice() {
    play(marked(Mark::NotMine, c"alice", [Step::Mark(None, Err(()))]), &[], Outcome::UserUnknown);
}

#[test]
fn unusable_arguments_are_a_service_error() {
    let steps = [Step::Log(Priority::Error, &["server_uid=root"])];
    play(marked(Mark::Accepted, c"alice", steps), &[c"server_uid=root"], Outcome::ServiceErr);
}

#[test]
fn services_that_are_never_opened_go_to_the_next_module() {
    let mut script = marked(Mark::Accepted, c"alice", []);
    script.service = Some(c"sshd".to_owned());
    play(script, &[c"timeout=nonsense"], Outcome::UserUnknown);
}

#[test]
fn an_unknown_argument_is_mentioned() {
    let steps = [Step::Log(Priority::Warning, &["unknown argument nullok"])];
    play(marked(Mark::Accepted, c"alice", steps), &[c"nullok"], Outcome::Success);
}
