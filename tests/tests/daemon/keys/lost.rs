//! Server keys that are lost, and given up.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("a_key_that_is_lost_is_given_up", lost),
        Case::new("a_key_that_was_exchanged_is_given_up", exchanged),
        Case::new("nothing_is_given_up_where_nothing_is_lost", nothing_lost),
    ]
}

fn lost() {
    let daemon = site(POLICY).start();
    let (one, gone) = (create(&daemon, "phone", json!({})), create(&daemon, "gone", json!({})));
    done(&daemon, "revoke", json!({"ids": [gone.id]}));
    create_for(&daemon, OTHER, "phone", json!({}));
    done(&daemon, "user.lock", json!({"user": OTHER}));
    let (_, site) = daemon.stop();
    let before = journal(&site);
    fs::remove_file(site.path("key/server.key")).expect("the key");
    expect(&site.command(), 78, &["server.key is missing", "apppwd --key-lost", "The key is lost"]);
    let (status, told) = site.refuses(&["--key-lost"]);
    assert!(status.success(), "{told}");
    for part in [
        "made a new server key",
        "server key 1 given up: 2 app passwords were revoked",
        "needs a new app password; enrolments and locks are as they were",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(journal(&site).starts_with(&before), "the journal is kept");
    assert!(key_file(&site).starts_with("2 "), "no number comes twice");
    // Once.
    let (status, told) = site.refuses(&["--key-lost"]);
    assert_eq!((status.code(), told.contains("leave --key-lost out")), (Some(78), true), "{told}");
    let daemon = site.start();
    assert!(!daemon.log().contains("warning"), "{}", daemon.log());
    assert_eq!([&one, &gone].map(|made| state(&daemon, &made.id)), ["revoked", "revoked"]);
    assert_eq!(imap(&daemon, &one), "unknown-secret");
    let judged = [USER, OTHER].map(|user| primary(&daemon, user, "imap", ""));
    assert_eq!(judged, ["primary-refused-enrolled", "account-locked"]);
    let found = events(&daemon, &["revoke", "key.lost"]);
    let told =
        |event: &Value| format!("{} {} {}", event["kind"], event["reason"], event["count"]).replace('"', "");
    assert_eq!(
        found.iter().map(told).collect::<Vec<_>>(),
        [
            "revoke null null",
            "revoke key-lost null",
            "revoke key-lost null",
            "key.lost 2 app passwords were revoked with it null"
        ]
    );
    assert_eq!((&found[3]["was"], &found[3]["actor"]["name"]), (&json!("1"), &json!("--key-lost")));
    assert!(journal(&daemon).contains(&format!(" revoke {}", one.id)));
    let new = create(&daemon, "phone", json!({}));
    assert_eq!(imap(&daemon, &new), "accepted");
    // Enrolments are known by names that the new key makes: also without the database.
    let (_, site) = daemon.stop();
    fs::remove_dir_all(site.path("state")).expect("the state");
    assert!(site.refuses(&["--init"]).0.success());
    let daemon = site.start();
    let judged = [USER, OTHER].map(|user| primary(&daemon, user, "imap", ""));
    assert_eq!(judged, ["primary-refused-enrolled", "account-locked"]);
}

/// Another key under the same number.
fn exchanged() {
    let daemon = site(POLICY).start();
    let one = create(&daemon, "phone", json!({}));
    let (_, site) = daemon.stop();
    fs::write(site.path("key/server.key"), format!("1 {}\n", "ab".repeat(32))).expect("the file");
    expect(&site.command(), 78, &["check value of key 1 differs", "--key-lost"]);
    let (status, told) = site.refuses(&["--key-lost"]);
    assert!(status.success() && told.contains("server key 1 given up: 1 app password was revoked"), "{told}");
    let daemon = site.start();
    assert_eq!(state(&daemon, &one.id), "revoked");
    let new = create(&daemon, "tablet", json!({}));
    assert_eq!([&one, &new].map(|made| imap(&daemon, made)), ["unknown-secret", "accepted"]);
    assert_eq!(primary(&daemon, USER, "imap", ""), "primary-refused-enrolled");
}

fn nothing_lost() {
    let fresh = site("");
    let (status, told) = fresh.refuses(&["--key-lost"]);
    assert_eq!((status.code(), told.contains("leave --key-lost out")), (Some(78), true), "{told}");
    assert!(!fresh.path("key/server.key").exists() && !fresh.path("state/apppw.db").exists());
    let daemon = fresh.start();
    let made = create(&daemon, "phone", json!({}));
    let (_, site) = daemon.stop();
    let (status, told) = site.refuses(&["--key-lost"]);
    assert_eq!((status.code(), told.contains("leave --key-lost out")), (Some(78), true), "{told}");
    let (status, _) = site.refuses(&["--key-lost", "--init"]);
    assert_eq!(status.code(), Some(2));
    // What a retirement has left behind, or a hand, is not needed and not missed.
    sql(&site, "INSERT INTO meta VALUES ('key.9', x'00')");
    let daemon = site.start();
    assert_eq!(imap(&daemon, &made), "accepted");
    assert_eq!(keys(&daemon), [(1, 1)]);
}
