//! What must not be.

use super::daemon::{Heard, Said};
use super::host::Ended;
use super::plan::Result;
use super::scene::{Act, FORK, Kind, Mode, Scene, TWICE, Typed, WIDE};
use crate::row::Outcome;
use apppw_proto::frame::Verdict;

const SUCCESS: i32 = 0;
const SERVICE_ERR: i32 = 3;
const AUTH_ERR: i32 = 7;
const UNAVAILABLE: i32 = 9;
const USER_UNKNOWN: i32 = 10;
const NOT_CALLED: i32 = -1;

/// All that one host did.
pub fn all(first: u64, kind: Kind, scenes: &[Scene], ended: &Ended, heard: &Heard) -> Outcome {
    let mut outcome = Outcome { done: scenes.len() as u64, ..Outcome::default() };
    if let Some(how) = &ended.badly {
        let running: Vec<_> =
            (0..scenes.len()).filter(|n| ended.results.get(*n).is_some_and(|run| run.state == 1)).collect();
        let which = running.first().copied().unwrap_or(0);
        let scene = scenes.get(which);
        outcome.find(
            first + which as u64,
            format!("the host ended by {how}, {} running: {scene:?}", running.len()),
        );
    }
    if !ended.output.is_empty() {
        let text = String::from_utf8_lossy(&ended.output);
        outcome.find(first, format!("on descriptors 0 to 2: {text:?}"));
    }
    let mut left = ended.left;
    if kind == Kind::Wide {
        // What libpam and the libraries that it calls keep or lose without memory is theirs.
        (left.maps, left.blocks) = (0, 0);
    }
    if ended.badly.is_none() && [left.descriptors, left.threads, left.maps, left.blocks] != [0; 4] {
        outcome.find(first, format!("left in a {kind:?} host after {} runs: {left:?}", scenes.len()));
    }
    for wrong in &heard.wrong {
        outcome.find(first, wrong.clone());
    }
    for (number, scene) in scenes.iter().enumerate() {
        let (Some(run), Some(said)) = (ended.results.get(number), heard.said.get(number)) else { continue };
        if run.state != 2 {
            continue;
        }
        for what in one(kind, scene, run, said) {
            outcome.find(first + number as u64, format!("{what}: {run:?}, {said:?}, {scene:?}"));
        }
        outcome.count(if run.module_auth == SUCCESS { "success" } else { "no success" }, 1);
        outcome.count("runs with a fault", u64::from(run.injected + run.child_injected > 0));
    }
    outcome.count("log lines", heard.log_lines);
    for (what, met, failed) in &ended.counts {
        outcome.count(&format!("{what} met"), *met);
        outcome.count(&format!("{what} failed"), *failed);
    }
    outcome
}

fn one(kind: Kind, scene: &Scene, run: &Result, said: &[Said; 2]) -> Vec<&'static str> {
    let codes = [run.first_auth, run.module_auth];
    let mut wrong = in_one_process(scene, &codes[usize::from(!scene.has(TWICE))..], run.pam_auth, said[0]);
    wrong.extend(account(run.module_auth, run.module_account));
    if run.pam_account == SUCCESS && run.module_account != SUCCESS {
        wrong.push("pam_acct_mgmt says success, the module didn't");
    }
    if scene.has(FORK) && run.pam_auth != NOT_CALLED {
        wrong.extend(in_one_process(scene, &[run.child_module_auth], run.child_pam_auth, said[1]));
        wrong.extend(account(run.child_module_auth, run.child_module_account));
        if run.child_ended != 1 {
            wrong.push("the forked child ended badly");
        }
    }
    if run.odd_hook != 0 {
        wrong.push("a hook that always says the same didn't");
    }
    if kind != Kind::Threads && run.descriptors != 0 {
        wrong.push("a descriptor is left");
    }
    if kind != Kind::Threads && run.blocks != 0 && !scene.has(WIDE) {
        wrong.push("memory is left");
    }
    // A reply is whole with eight bytes: a ninth that comes alone comes too late.
    let is_open = scene.act == Act::Trailing && matches!(scene.mode, Mode::Short | Mode::StormShort);
    if !is_open && (scene.is_harmless() || run.injected == 0) {
        let first = if scene.has(TWICE) { Act::Says(Verdict::Accepted) } else { scene.act };
        let is_as_expected = (!scene.has(TWICE) || run.first_auth == scene.expected(first))
            && run.module_auth == scene.expected(scene.act)
            && (run.module_account == SUCCESS) == (run.module_auth == SUCCESS);
        // 40 ms may pass on a busy machine.
        if !is_as_expected && scene.service != 2 {
            wrong.push("nothing failed for good, and yet another code");
        }
    }
    wrong
}

/// Codes of the module's authentications in one process, and what the daemon said to it.
fn in_one_process(scene: &Scene, codes: &[i32], pam_auth: i32, said: Said) -> Vec<&'static str> {
    let mut wrong = Vec::new();
    let count = |code: i32| u32::try_from(codes.iter().filter(|c| **c == code).count()).unwrap_or(0);
    if count(SUCCESS) > said.accepted {
        wrong.push("PAM_SUCCESS that the daemon did not say");
    }
    if count(USER_UNKNOWN) > said.not_mine {
        wrong.push("PAM_USER_UNKNOWN that the daemon did not say");
    }
    let has_password = !matches!(scene.typed, Typed::Empty | Typed::Nothing);
    if has_password && count(AUTH_ERR) > said.refused {
        wrong.push("PAM_AUTH_ERR that the daemon did not say");
    }
    let closed = [SUCCESS, SERVICE_ERR, AUTH_ERR, UNAVAILABLE, USER_UNKNOWN];
    let is_reached = |code: i32| code != NOT_CALLED || scene.has(WIDE);
    if !codes.iter().all(|code| closed.contains(code) || (*code == NOT_CALLED && is_reached(*code))) {
        wrong.push("a code out of the closed set");
    }
    if pam_auth == SUCCESS && codes.last() != Some(&SUCCESS) {
        wrong.push("pam_authenticate says success, the module didn't");
    }
    wrong
}

fn account(auth: i32, account: i32) -> Option<&'static str> {
    match account {
        SUCCESS if auth != SUCCESS => Some("the account phase opens what authentication didn't"),
        SUCCESS | USER_UNKNOWN | SERVICE_ERR | NOT_CALLED => None,
        _ => Some("a code out of the closed set in the account phase"),
    }
}
