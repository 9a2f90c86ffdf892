//! A directory of users that doesn't answer.

use super::Case;
use super::asking::{OTHER, USER, create, done, imap, primary, refused, site};
use super::authorize::{GROUP, PASSWD};
use apppw_tests::among::start_among;
use apppw_tests::apppwd::Apppwd;
use serde_json::json;
use std::process::Command;
use std::time::{Duration, Instant};

pub fn cases() -> Vec<Case> {
    vec![
        Case::as_root("a_lock_does_without_it", lock)
            .with_program("unshare")
            .with_program("nsenter")
            .not_behind_walls("runs a program in there"),
    ]
}

/// Who opens `/etc/passwd` from now on waits for ever.
fn silence(daemon: &Apppwd) {
    let pipe = daemon.path("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).expect("a pipe");
    let mut command = Command::new("nsenter");
    command.args(["--mount", "--target", &daemon.id().to_string(), "mount", "--bind"]);
    let status = command.arg(pipe).arg("/etc/passwd").status().expect("nsenter runs");
    assert!(status.success(), "{status}");
}

fn lock() {
    let daemon = start_among(site("[policy]\nprimary = \"allow\"\n"), PASSWD, GROUP);
    let one = create(&daemon, "phone", json!({}));
    silence(&daemon);
    let asked = Instant::now();
    done(&daemon, "user.lock", json!({"user": USER}));
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert_eq!(imap(&daemon, &one), "account-locked");
    // One that is not known gets its uid later.
    done(&daemon, "user.lock", json!({"user": OTHER}));
    assert_eq!(primary(&daemon, OTHER, "imap", ""), "account-locked");
    let answer = refused(&daemon, "create", json!({"user": "carol", "name": "phone"}));
    assert_eq!(answer, ("busy".into(), "user".into()), "to show that it is silent");
}
