//! The arguments on the module's line, as the module reads them (`pam_apppw/src/args.rs`).

use crate::commands::doctor::line::Line;
use crate::hosts::pam::Handler;

/// Arguments that are known as they stand.
const KNOWN: [&str; 4] = ["debug", "use_first_pass", "try_first_pass", "use_authtok"];

const LONGEST_SOCKET: usize = 107;

const LONGEST_MS: u32 = 8_000;

/// What is wrong with the arguments of a line.
pub fn judge(handler: &Handler) -> Option<Line> {
    let place = &handler.place;
    handler.args.iter().find_map(|argument| match read(argument) {
        Reading::Fine => None,
        Reading::Unknown => Some(Line::warning(
            "stack-argument",
            format!("{place}: the module doesn't know the argument {argument}, and goes on without it"),
            format!("take it out, or mend it (man pam_apppw): {place}"),
        )),
        Reading::Unusable(wanted) => Some(Line::fault(
            "stack-argument",
            format!("{place}: {argument} {wanted}: the module refuses everybody"),
            format!("mend it (man pam_apppw): {place}"),
        )),
    })
}

enum Reading {
    Fine,
    Unknown,
    Unusable(&'static str),
}

fn read(argument: &str) -> Reading {
    let usable = |is: bool, wanted| if is { Reading::Fine } else { Reading::Unusable(wanted) };
    if let Some(path) = argument.strip_prefix("socket=") {
        let fits = path.starts_with('/') && path.len() <= LONGEST_SOCKET;
        usable(fits, "wants an absolute path of at most 107 bytes")
    } else if let Some(time) = argument.strip_prefix("timeout=") {
        let ms = match time.strip_suffix("ms") {
            Some(number) => decimal(number),
            None => time.strip_suffix('s').and_then(decimal).and_then(|seconds| seconds.checked_mul(1_000)),
        };
        usable(ms.is_some_and(|ms| (1..=LONGEST_MS).contains(&ms)), "wants a time as 2s or 500ms, at most 8s")
    } else if let Some(uid) = argument.strip_prefix("server_uid=") {
        usable(decimal(uid).is_some_and(|uid| uid != u32::MAX), "wants a numeric user id")
    } else if KNOWN.contains(&argument) || argument.starts_with("authtok_type=") {
        Reading::Fine
    } else {
        Reading::Unknown
    }
}

fn decimal(digits: &str) -> Option<u32> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// The uid that a line wants to listen, if it says so.
pub fn wanted_uid(handler: &Handler) -> Option<u32> {
    handler.args.iter().rev().find_map(|argument| argument.strip_prefix("server_uid=")).and_then(decimal)
}

/// The socket that a line asks at, if it says so.
pub fn socket(handler: &Handler) -> Option<&str> {
    handler.args.iter().rev().find_map(|argument| argument.strip_prefix("socket="))
}
