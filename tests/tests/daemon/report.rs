//! `report`: whose primary password opened what, and what enforcement would refuse.

use super::Case;
use super::asking::{
    OTHER, USER, create, done, login, primary, primary_was_used, reason, reconfigured, refused, site,
};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::frames::Ask;
use apppw_tests::identity::Identity;
use serde_json::{Value, json};
use std::os::unix::fs::MetadataExt;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("what_enforcement_would_refuse", report),
        Case::new("a_long_one_comes_in_pages", pages),
        Case::as_root("a_peer_reports_known_accounts_only", peers),
    ]
}

/// Each use as (user, service, address, count, would be refused).
fn told(daemon: &Apppwd) -> Vec<(String, String, String, u64, bool)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let uses = done(daemon, "report", json!({}))["uses"].clone();
    let uses = uses.as_array().expect("uses");
    uses.iter()
        .map(|one| {
            assert!(one["first"].as_i64() <= one["last"].as_i64(), "{one}");
            let count = one["count"].as_u64().expect("a count");
            (
                text(&one["user"]),
                text(&one["service"]),
                text(&one["rhost"]),
                count,
                one["would_be_refused"] == true,
            )
        })
        .collect()
}

fn row(
    user: &str,
    service: &str,
    rhost: &str,
    count: u64,
    refused: bool,
) -> (String, String, String, u64, bool) {
    (user.to_owned(), service.to_owned(), rhost.to_owned(), count, refused)
}

fn report() {
    let watch = "[policy]\nreport_only = true\nprimary_networks = [\"192.0.2.0/24\"]\n";
    let config = |primary: &str, more: &str| format!("{}primary = \"{primary}\"\n{more}", watch);
    let daemon = site(&config("refuse-enrolled", "")).start();
    create(&daemon, "phone", json!({}));
    // A question is no use.
    assert_eq!(primary(&daemon, USER, "imap", "198.51.100.7"), "primary-reported");
    assert_eq!(told(&daemon), []);
    for (user, service, rhost) in [
        (USER, "imap", "198.51.100.7"),
        (USER, "imap", "198.51.100.7"),
        (USER, "imap", "192.0.2.7"),
        (USER, "smtp", ""),
        (OTHER, "imap", "198.51.100.7"),
    ] {
        primary_was_used(&daemon, user, service, rhost);
    }
    let rows = |flags: [bool; 4]| {
        [
            row(USER, "imap", "192.0.2.7", 1, flags[0]),
            row(USER, "imap", "198.51.100.7", 2, flags[1]),
            row(USER, "smtp", "", 1, flags[2]),
            row(OTHER, "imap", "198.51.100.7", 1, flags[3]),
        ]
    };
    assert_eq!(told(&daemon), rows([false, true, true, false]));
    // By the policy as it is now: an enrolment, a lock, another configuration.
    done(&daemon, "user.enroll", json!({"user": OTHER}));
    assert_eq!(told(&daemon), rows([false, true, true, true]));
    done(&daemon, "user.lock", json!({"user": USER}));
    assert_eq!(told(&daemon), rows([true, true, true, true]));
    done(&daemon, "user.unlock", json!({"user": USER}));
    let table = [
        ("refuse", "", [false, true, true, true]),
        ("allow", "", [false; 4]),
        (
            "allow",
            "[policy.group.mail]\nprimary = \"refuse\"\nreport_only = false\n",
            [false, true, true, true],
        ),
        ("refuse", "[policy.user.\"bob@example.org\"]\nprimary = \"allow\"\n", [false, true, true, false]),
    ];
    let mut daemon = daemon;
    for (policy, more, flags) in table {
        daemon = reconfigured(daemon, &config(policy, more)).start();
        assert_eq!(told(&daemon), rows(flags), "{policy} {more}");
    }
    primary_was_used(&daemon, USER, "smtp", "");
    assert_eq!(told(&daemon)[2], row(USER, "smtp", "", 2, true), "written and unwritten uses are added up");
    for cursor in ["x", "-1", "1 2", ""] {
        assert_eq!(
            refused(&daemon, "report", json!({"cursor": cursor})),
            ("invalid".into(), "cursor".into()),
            "{cursor:?}"
        );
    }
    assert_eq!(refused(&daemon, "report", json!({"all": true})), ("invalid".into(), "args".into()));
}

fn pages() {
    let daemon = site("").start();
    for number in 0..120 {
        primary_was_used(&daemon, &format!("user-{number:03}"), "imap", "192.0.2.7");
    }
    let (mut users, mut cursor, mut pages) = (Vec::new(), json!(null), 0);
    loop {
        let page = done(&daemon, "report", json!({"cursor": cursor}));
        users.extend(page["uses"].as_array().expect("uses").iter().map(|one| one["user"].clone()));
        (cursor, pages) = (page["next"].clone(), pages + 1);
        if cursor.is_null() {
            break;
        }
    }
    let wanted: Vec<_> = (0..120).map(|number| json!(format!("user-{number:03}"))).collect();
    assert_eq!((users, pages), (wanted, 5));
}

fn peers() {
    let config = "[peers.4711]\nservices = [\"exim\"]\n[policy]\nprimary_networks = [\"192.0.2.0/24\"]\n";
    let daemon = site(config).start();
    create(&daemon, "phone", json!({}));
    let gid = daemon.auth_socket().metadata().expect("the socket").gid();
    let peer = Identity { groups: vec![gid], ..Identity::new(4711) };
    let used = |user: &'static str, service: &'static str| Ask {
        kind: 3,
        user: user.as_bytes(),
        service: service.as_bytes(),
        rhost: b"192.0.2.7",
        secret: b"",
        ..Ask::default()
    };
    // A name that nobody has, and a service that is not the peer's, leave no trace.
    assert_eq!(peer.act(|| reason(&daemon, &used(OTHER, "exim"))), "primary-used");
    assert_eq!(peer.act(|| reason(&daemon, &used(USER, "imap"))), "peer-not-allowed");
    assert_eq!(told(&daemon), []);
    assert_eq!(peer.act(|| reason(&daemon, &used(USER, "exim"))), "primary-used");
    primary_was_used(&daemon, USER, "exim", "192.0.2.7");
    primary_was_used(&daemon, OTHER, "exim", "192.0.2.7");
    let told = told(&daemon);
    // What is only claimed exempts nobody.
    let wanted = [
        row(USER, "exim", "192.0.2.7", 1, false),
        row(USER, "exim", "192.0.2.7", 1, true),
        row(OTHER, "exim", "192.0.2.7", 1, false),
    ];
    assert_eq!(told, wanted);
    assert_eq!(login(&daemon, USER, "0000000000000000", "exim", "192.0.2.7"), "unknown-secret");
}
