//! Ways around a refusal that an attacker has tried, and ways to have honest people refused.

use super::Case;
use super::asking::{
    OTHER, USER, ask, create, create_for, done, imap, journal, login, outcome, primary, reconfigured,
    refused, site, state, wait_until,
};
use super::authorize::{GROUP, PASSWD};
use super::events::events;
use super::housekeeping::{OFTEN, looked};
use apppw_tests::among::{fill_disk, on_small_disk, start_among};
use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::clock::Clock;
use apppw_tests::identity::Identity;
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::Command;

const LAX: &str = "[policy]\nprimary = \"allow\"\n";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("a_backup_of_the_running_daemon_from_before_a_rename", hot_backup).with_program("sqlite3"),
        Case::new("a_renaming_whose_record_is_lost", lost_record),
        Case::new("a_laxer_group_beside_a_strict_service", laxer_group),
        Case::as_root("a_refusal_in_memory_outlives_other_changes", in_memory).with_program("unshare"),
        Case::new("nothing_is_unused_while_nobody_could_use_it", closed)
            .with_program("cc")
            .with_program("sqlite3"),
        Case::new("another_spelling_of_a_locked_account", twin),
        Case::as_root("verify_under_a_default_domain", verify).with_program("unshare"),
        Case::as_root("who_may_do_nothing_takes_no_place", nobody).with_program("unshare"),
    ]
}

/// As docs/operations.md has it.
fn backup_of_running(daemon: &Apppwd) -> std::path::PathBuf {
    let copy = daemon.path("hot.db");
    let command = format!(".backup '{}'", copy.display());
    let done = Command::new("sqlite3").arg(daemon.path("state/apppw.db")).arg(command).status();
    assert!(done.expect("sqlite3 can be run").success());
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).expect("its mode");
    copy
}

fn put_in_place(site: &Site, copy: &std::path::Path) {
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(site.path(&format!("state/apppw.db{suffix}")));
    }
    fs::rename(copy, site.path("state/apppw.db")).expect("it can be put in place");
}

fn hot_backup() {
    let daemon = site(LAX).start();
    let one = create(&daemon, "phone", json!({}));
    let copy = backup_of_running(&daemon);
    done(&daemon, "user.rename", json!({"user": USER, "new": OTHER}));
    // Another person has the name by now.
    create_for(&daemon, USER, "another's", json!({}));
    let (_, site) = daemon.stop();
    put_in_place(&site, &copy);
    let mut daemon = site.start();
    daemon.wait_for_line(&["warning: ", USER, "had another name by the journal", "is locked"]);
    for _ in 0..3 {
        assert_eq!(imap(&daemon, &one), "account-locked");
        daemon = daemon.kill().start();
    }
}

/// A crash came between the database and the journal: nobody is locked out for it, and nobody's
/// account is taken for the one that had its name.
fn lost_record() {
    let daemon = site("[policy]\nprimary = \"refuse-enrolled\"\n").start();
    let one = create(&daemon, "phone", json!({}));
    done(&daemon, "user.rename", json!({"user": USER, "new": OTHER}));
    let (_, site) = daemon.stop();
    let path = site.path("key/journal.log");
    let lines = fs::read_to_string(&path).expect("the journal");
    let kept: String =
        lines.lines().filter(|line| !line.contains(" rename ")).map(|line| format!("{line}\n")).collect();
    assert_ne!(kept, lines);
    fs::write(&path, kept).expect("the journal");
    let mut daemon = site.start();
    for _ in 0..3 {
        assert_eq!(login(&daemon, OTHER, &one.secret, "imap", ""), "accepted");
        assert_eq!(primary(&daemon, OTHER, "imap", ""), "primary-refused-enrolled");
        assert_eq!(refused(&daemon, "user.delete", json!({"user": USER})).0, "not_found");
        daemon = daemon.kill().start();
    }
    assert!(journal(&daemon).contains(" rename "), "it is made good");
}

fn laxer_group() {
    let daemon = site(
        "[policy]\nlongest_life = \"30d\"\n[limits]\nper_account = 2\n\
         [policy.group.chat]\nlongest_life = \"never\"\nper_account = 1000\n",
    )
    .start();
    let wide =
        |name: &str| json!({"user": USER, "name": name, "services": ["mail", "xmpp"], "expires": "never"});
    assert_eq!(refused(&daemon, "create", wide("a")), ("limit".into(), "expires".into()));
    for name in ["a", "b"] {
        create(&daemon, name, json!({"services": ["mail", "xmpp"]}));
    }
    let third = json!({"user": USER, "name": "c", "services": ["mail", "xmpp"]});
    assert_eq!(refused(&daemon, "create", third), ("limit".into(), "user".into()));
    create(&daemon, "only chat", json!({"services": ["xmpp"], "expires": "never"}));
}

fn in_memory() {
    let site = site("");
    let command = on_small_disk(&site, "state");
    let daemon = site.start_by(command);
    let (one, two) = (create(&daemon, "one", json!({})), create(&daemon, "two", json!({})));
    let filler = fill_disk(&daemon, "state");
    for (verb, args) in [
        ("revoke", json!({"ids": [one.id]})),
        ("suspend", json!({"ids": [one.id]})),
        ("panic", json!({"on": true})),
        ("panic", json!({"on": false})),
        ("panic", json!({"on": true, "group": "chat"})),
    ] {
        // Nothing is on in the database: turning it off there is done and changes nothing.
        let wanted = if args == json!({"on": false}) { "ok" } else { "read_only" };
        assert_eq!(outcome(&ask(&daemon, verb, args.clone())), wanted, "{verb} {args}");
    }
    assert_eq!(refused(&daemon, "panic", json!({"on": true})).0, "read_only");
    ask(&daemon, "panic", json!({"on": false, "group": "chat"}));
    ask(&daemon, "resume", json!({"ids": [one.id]}));
    assert_eq!([&one, &two].map(|one| imap(&daemon, one)), ["panic", "panic"]);
    assert_eq!(daemon.status().in_memory, 2);
    fs::remove_file(filler).expect("room again");
    // Given again, it is written down.
    done(&daemon, "panic", json!({"on": true}));
    assert!(journal(&daemon).contains(" panic - "), "{}", journal(&daemon));
    done(&daemon, "panic", json!({"on": false}));
    for (verb, reason) in [("suspend", "suspended"), ("resume", "revoked")] {
        done(&daemon, verb, json!({"ids": [one.id]}));
        assert_eq!(imap(&daemon, &one), reason, "{verb} takes no revocation back");
    }
    assert_eq!(imap(&daemon, &two), "accepted");
    done(&daemon, "revoke", json!({"ids": [one.id]}));
    assert_eq!(daemon.status().in_memory, 0);
}

fn closed() {
    let site = site(&format!("[limits]\ndrop_never_used = \"60s\"\nsuspend_unused = \"90s\"\n{OFTEN}"));
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let one = create(&daemon, "phone", json!({}));
    done(&daemon, "panic", json!({"on": true, "group": "mail"}));
    clock.go(200);
    looked(&daemon, &clock);
    done(&daemon, "panic", json!({"on": false, "group": "mail"}));
    clock.go(30);
    looked(&daemon, &clock);
    assert_eq!(state(&daemon, &one.id), "live", "panic deletes nothing");
    done(&daemon, "user.lock", json!({"user": USER}));
    clock.go(200);
    looked(&daemon, &clock);
    done(&daemon, "user.unlock", json!({"user": USER}));
    clock.go(30);
    looked(&daemon, &clock);
    assert_eq!(state(&daemon, &one.id), "live", "nor does a lock");
    clock.go(31);
    wait_until("now it is time", || state(&daemon, &one.id) == "revoked");
}

fn twin() {
    let lax = "[policy]\nprimary = \"refuse-enrolled\"\n";
    let daemon = site(lax).start();
    done(&daemon, "user.lock", json!({"user": "Alice"}));
    done(&daemon, "user.unlock", json!({"user": "Alice"}));
    create_for(&daemon, "alice", "phone", json!({}));
    assert_eq!(primary(&daemon, "Alice", "imap", ""), "primary-allowed");
    let daemon = reconfigured(daemon, &format!("{lax}[users]\nfold_case = true\n")).start();
    assert_eq!(primary(&daemon, "Alice", "imap", ""), "primary-refused-enrolled");
    done(&daemon, "user.lock", json!({"user": "alice"}));
    for user in ["Alice", "alice", "ALICE"] {
        assert_eq!(primary(&daemon, user, "imap", ""), "account-locked", "{user}");
    }
}

fn verify() {
    let daemon = start_among(site("[users]\ndefault_domain = \"example.org\"\n"), PASSWD, GROUP);
    let theirs = create_for(&daemon, "olive", "phone", json!({}));
    let olive = Identity::new(4001);
    for secret in [theirs.secret.as_str(), "0000-0000-0000-0000"] {
        let answer = olive.act(|| ask(&daemon, "verify", json!({"secret": secret})));
        assert_eq!(outcome(&answer), "denied", "{answer}");
        assert!(!answer.to_string().contains(&theirs.id), "{answer}");
    }
    // Told of at once, and the second counted.
    let told: Vec<_> = events(&daemon, json!({"kinds": ["denied"]}))
        .iter()
        .map(|e| (e["verb"].clone(), e["actor"]["uid"].clone(), e["user"].clone()))
        .collect();
    assert_eq!(told, [(json!("verify"), json!(4001), json!("olive@example.org"))]);
    assert_eq!(done(&daemon, "metrics", json!({}))["management_denied"], 2, "each of them");
    assert_eq!(login(&daemon, "olive", &theirs.secret, "imap", ""), "accepted");
}

/// He is told so before he asks, and hung up on.
fn nobody() {
    let daemon = start_among(site(""), PASSWD, GROUP);
    let line = Identity::new(450).act(|| {
        let stream = UnixStream::connect(daemon.admin_socket()).expect("anyone may connect");
        let mut lines = BufReader::new(stream).lines();
        let line = lines.next().expect("an answer").expect("a line");
        assert!(lines.next().is_none(), "it ends");
        line
    });
    assert!(line.contains("\"denied\"") && line.contains("UID_MIN"), "{line}");
}
