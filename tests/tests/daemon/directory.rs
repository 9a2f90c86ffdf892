//! A directory of users that doesn't answer.

use super::Case;
use super::asking::{OTHER, USER, create, create_for, done, imap, login, primary, refused, site};
use super::authorize::{GROUP, PASSWD};
use apppw_tests::among::{among, start_among};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::identity::Identity;
use apppw_tests::lines::{Lines, code};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

pub fn cases() -> Vec<Case> {
    vec![
        Case::as_root("a_lock_does_without_it", lock)
            .with_program("unshare")
            .with_program("nsenter")
            .not_behind_walls("runs a program in there"),
        Case::as_root("who_is_gone_from_it_keeps_app_passwords", gone)
            .with_program("unshare")
            .with_program("nsenter")
            .not_behind_walls("runs a program in there"),
        Case::as_root("who_is_gone_from_it_is_nobody_on_a_connection_of_before", nobody)
            .with_program("unshare")
            .with_program("nsenter")
            .not_behind_walls("runs a program in there"),
    ]
}

/// Who opens `/etc/passwd` from now on waits for ever.
fn silence(daemon: &Apppwd) {
    let pipe = daemon.path("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).expect("a pipe");
    replace_passwd(daemon, &pipe);
}

/// From now on the daemon, and nobody else, finds that file there.
fn replace_passwd(daemon: &Apppwd, by: &Path) {
    let mut command = Command::new("nsenter");
    command.args(["--mount", "--target", &daemon.id().to_string(), "mount", "--bind"]);
    let status = command.arg(by).arg("/etc/passwd").status().expect("nsenter runs");
    assert!(status.success(), "{status}");
}

/// A connection is no way to stay who one was: as olive she would make the account anew that is deleted with her.
fn nobody() {
    let daemon = start_among(site("[policy]\nself_service = \"create\"\n"), PASSWD, GROUP);
    let mut connection = Identity::new(4001).act(|| Lines::connect(&daemon.admin_socket()));
    let create = json!({"name": "phone"});
    assert!(connection.call("create", &create).get("ok").is_some());
    let file = daemon.path("without-olive");
    std::fs::write(&file, without_olive()).expect("a file");
    replace_passwd(&daemon, &file);
    done(&daemon, "user.delete", json!({"user": "olive"}));
    // Longer than she counts as who she was.
    std::thread::sleep(Duration::from_secs(11));
    let answer = connection.call("create", &create);
    assert_eq!(code(&answer), "denied", "{answer}");
    assert_eq!(done(&daemon, "users", json!({}))["users"], json!([]));
}

/// [`PASSWD`] but for her.
fn without_olive() -> String {
    PASSWD.lines().filter(|line| !line.starts_with("olive:")).map(|line| format!("{line}\n")).collect()
}

/// What a directory leaves out, for a while or in error, is not thereby deleted.
fn gone() {
    let daemon = start_among(site("[policy]\nprimary = \"refuse\"\n"), PASSWD, GROUP);
    let one = create_for(&daemon, "olive", "phone", json!({}));
    let before = done(&daemon, "show", json!({"id": one.id}))["app_password"].clone();
    // A start asks the directory for each account's uid.
    let (_, site) = daemon.stop();
    let command = among(&site, &without_olive(), GROUP);
    let daemon = site.start_by(command);
    assert_eq!(
        login(&daemon, "olive", &one.secret, "imap", "192.0.2.7"),
        "accepted",
        "whether she may log in says the PAM host"
    );
    done(&daemon, "users", json!({}));
    done(&daemon, "user.show", json!({"user": "olive"}));
    let (_, site) = daemon.stop();
    let command = among(&site, PASSWD, GROUP);
    let daemon = site.start_by(command);
    let shown = || done(&daemon, "show", json!({"id": one.id}))["app_password"].clone();
    let after = shown();
    assert_eq!(
        (&after["id"], &after["state"], &after["services"]),
        (&before["id"], &before["state"], &before["services"])
    );
    assert_eq!(login(&daemon, "olive", &one.secret, "imap", "192.0.2.7"), "accepted");
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
