//! `apppw panic`: every app password of the host, or of one group, refused without deleting
//! anything.

use super::Case;
use super::asking::{
    OTHER, USER, all, ask, create, create_for, done, login, primary, reconfigured, refused, site,
};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::lines::message;
use serde_json::{Value, json};

const NEWS: &str = "[groups]\nnews = [\"inn\", \"smtp\"]\n[policy]\nprimary = \"allow\"\n";
const SCOPE: [&str; 3] = ["mail", "chat", "inn"];
const SERVICES: [&str; 4] = ["imap", "smtp", "inn", "xmpp"];

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("the_host_and_each_group", switches),
        Case::new("a_switch_changes_nothing_else", nothing_else),
        Case::new("a_group_that_is_unknown", unknown),
        Case::new("a_group_that_is_no_longer_configured_holds_for_everything", forgotten),
    ]
}

/// What the switches that are on do at each of [`SERVICES`].
fn judged(daemon: &Apppwd, secret: &str) -> [String; 4] {
    SERVICES.map(|service| login(daemon, USER, secret, service, "192.0.2.7"))
}

fn names(answer: &Value) -> Vec<String> {
    let all = answer["panic"].as_array().map_or(&[][..], Vec::as_slice);
    all.iter().map(|one| one["group"].as_str().unwrap_or("the host").to_owned()).collect()
}

/// On or off, which group, what is on then, and how [`SERVICES`] are judged.
type Row = (bool, Option<&'static str>, &'static [&'static str], [&'static str; 4]);

fn switches() {
    const A: &str = "accepted";
    const P: &str = "panic";
    let mut daemon = site(NEWS).start();
    let one = create(&daemon, "phone", json!({"services": SCOPE}));
    #[rustfmt::skip]
    let table: [Row; 11] = [
        // on     of             then on                        imap smtp inn xmpp
        (true,    Some("news"),  &["news"],                     [A, P, P, A]),
        (true,    Some("news"),  &["news"],                     [A, P, P, A]),
        (true,    Some("mail"),  &["mail", "news"],             [P, P, P, A]),
        (false,   Some("news"),  &["mail"],                     [P, P, A, A]),
        (true,    None,          &["the host", "mail"],         [P, P, P, P]),
        (false,   Some("mail"),  &["the host"],                 [P, P, P, P]),
        (true,    Some("chat"),  &["the host", "chat"],         [P, P, P, P]),
        (false,   None,          &["chat"],                     [A, A, A, P]),
        (false,   None,          &["chat"],                     [A, A, A, P]),
        (false,   Some("files"), &["chat"],                     [A, A, A, P]),
        (false,   Some("chat"),  &[],                           [A, A, A, A]),
    ];
    for (on, group, then, wanted) in table {
        let answer = done(&daemon, "panic", json!({"on": on, "group": group}));
        assert_eq!(names(&answer), then, "{on} {group:?}");
        assert_eq!(judged(&daemon, &one.secret), wanted, "{on} {group:?}");
        daemon = daemon.kill().start();
        assert_eq!(judged(&daemon, &one.secret), wanted, "{on} {group:?}, after a restart");
        assert_eq!(names(&ask(&daemon, "status", json!({}))["ok"]), then);
    }
    assert!(!daemon.log().contains("journal"), "{}", daemon.log());
}

fn nothing_else() {
    let daemon = site(NEWS).start();
    let one = create(&daemon, "phone", json!({"services": SCOPE, "pin": ["service"]}));
    let old = create(&daemon, "old", json!({}));
    done(&daemon, "revoke", json!({"ids": [old.id]}));
    let before = all(&daemon);
    let since = done(&daemon, "panic", json!({"on": true}));
    assert_eq!(done(&daemon, "panic", json!({"on": true})), since, "the first time counts");
    daemon.wait_for_line(&["warning: ", "root (uid 0) turned panic on for the host"]);
    assert_eq!(judged(&daemon, &one.secret), ["panic"; 4]);
    // The stronger reason is named; primaries and other people's strings are as they were.
    assert_eq!(login(&daemon, USER, &old.secret, "imap", ""), "revoked");
    assert_eq!(login(&daemon, USER, "0000000000000000", "imap", ""), "unknown-secret");
    assert_eq!(primary(&daemon, OTHER, "imap", ""), "primary-allowed");
    let verified = done(&daemon, "verify", json!({"user": USER, "secret": one.secret}));
    assert_eq!((&verified["accepted"], &verified["reason"]), (&json!(false), &json!("panic")));
    assert_eq!(all(&daemon), before, "something was deleted, or pinned");
    // Management goes on, and what is made now is refused too.
    let new = create_for(&daemon, OTHER, "phone", json!({}));
    assert_eq!(login(&daemon, OTHER, &new.secret, "imap", ""), "panic");
    done(&daemon, "panic", json!({"on": false}));
    assert_eq!(login(&daemon, OTHER, &new.secret, "imap", ""), "accepted");
}

fn unknown() {
    let daemon = site(NEWS).start();
    for (group, hint) in
        [("mial", "did you mean \"mail\"?"), ("xyzzy", "known are: chat, dav, files, mail, news"), ("", "")]
    {
        for on in [true, false] {
            let args = json!({"on": on, "group": group});
            assert_eq!(
                refused(&daemon, "panic", args.clone()),
                ("invalid".into(), "group".into()),
                "{group:?}"
            );
            let answer = ask(&daemon, "panic", args);
            assert!(message(&answer).contains(hint), "{answer}");
        }
    }
    for args in [
        json!({}),
        json!({"on": "yes"}),
        json!({"on": true, "group": 7}),
        json!({"on": true, "groups": "mail"}),
    ] {
        assert_eq!(refused(&daemon, "panic", args), ("invalid".into(), "args".into()));
    }
    assert!(daemon.status().panic.is_empty());
}

fn forgotten() {
    let daemon = site(NEWS).start();
    let one = create(&daemon, "phone", json!({"services": SCOPE}));
    done(&daemon, "panic", json!({"on": true, "group": "news"}));
    let daemon = reconfigured(daemon, "").start();
    daemon.wait_for_line(&["warning: panic is on for group \"news\"", "not in [groups] any more"]);
    assert_eq!(judged(&daemon, &one.secret), ["panic", "panic", "service-in-no-group", "panic"]);
    assert_eq!(
        refused(&daemon, "panic", json!({"on": true, "group": "news"})),
        ("invalid".into(), "group".into())
    );
    assert_eq!(names(&done(&daemon, "panic", json!({"on": false, "group": "news"}))), Vec::<String>::new());
    assert_eq!(judged(&daemon, &one.secret), ["accepted", "accepted", "service-in-no-group", "accepted"]);
}
