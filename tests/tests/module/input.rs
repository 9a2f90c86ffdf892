//! What the module makes of passwords, names and addresses, seen from the socket.

use super::Case;
use super::site::{CANONICAL, SECRET, Site, alice, contains};
use apppw_proto::frame::{Kind, Request, Verdict};
use apppw_tests::fakes::Act;
use apppw_tests::pam::{Code, Login};

pub fn cases() -> Vec<Case> {
    let mut cases = vec![Case::new("a_request_says_who_where_and_from_where", || {
        let site = Site::new([Act::Verdict(Verdict::Accepted)]);
        assert_eq!(alice().try_once(&site.confdir), Code::SUCCESS);
        let seen = site.fake.seen();
        let request = Request::decode(&seen[0]).expect("a valid request");
        assert_eq!((request.user, request.service, request.rhost), ("alice", "imap", "192.0.2.7"));
        assert!((1..=2_000).contains(&request.deadline_ms), "{}", request.deadline_ms);
    })];
    cases.extend(shaped());
    cases.extend(unshaped());
    cases.extend(items());
    cases
}

fn shaped() -> Vec<Case> {
    let typed = [
        ("plain", "0000000000000000"),
        ("hyphens", SECRET),
        ("spaces", " 0000 0000 0000 0000 "),
        ("letters_o", "oooo-OOOO-oooo-OOOO"),
        ("no_break_spaces", "0000\u{a0}0000\u{a0}0000\u{a0}0000"),
    ];
    typed
        .into_iter()
        .map(|(name, password)| {
            Case::new(format!("secret_{name}"), move || {
                let site = Site::new([Act::Verdict(Verdict::Accepted)]);
                assert_eq!(alice().password(password).try_once(&site.confdir), Code::SUCCESS);
                let seen = site.fake.seen();
                let request = Request::decode(&seen[0]).expect("a valid request");
                assert_eq!((request.kind, request.secret), (Kind::Login, CANONICAL));
            })
        })
        .collect()
}

/// What has not the shape of a secret must not be on the socket, in no form.
fn unshaped() -> Vec<Case> {
    let typed: [(&str, Vec<u8>, bool); 9] = [
        ("primary", b"correct horse battery staple".to_vec(), false),
        ("wrong_check_character", b"hjkmnpqrstvwxyz9".to_vec(), true),
        ("255_bytes", b"Abcde".repeat(51), false),
        ("256_bytes", b"Abcdefgh".repeat(32), false),
        ("4096_bytes", b"Abcdefgh".repeat(512), false),
        ("utf8", "pässwörd-ünd-schlüssel".as_bytes().to_vec(), false),
        ("not_utf8", b"\xff\xfe\xfd\xfc secret".to_vec(), false),
        ("control_characters", b"tab\there\x1b[2Jand\rthere".to_vec(), false),
        ("nul", b"beforethe\0behindthe".to_vec(), false),
    ];
    typed
        .into_iter()
        .map(|(name, password, wrong_check)| {
            Case::new(format!("no_secret_{name}"), move || {
                let site = Site::new([Act::Verdict(Verdict::NotMine)]);
                let login = alice().password(&password);
                let mut transaction = login.start(&site.confdir);
                assert_eq!(transaction.authenticate(), Code::USER_UNKNOWN);
                assert_eq!(transaction.acct_mgmt(), Code::USER_UNKNOWN);
                let seen = site.fake.seen();
                assert_eq!(seen.len(), 2, "one question, one report");
                let request = Request::decode(&seen[0]).expect("a valid request");
                assert_eq!((request.kind, request.wrong_check), (Kind::MayUsePrimary, wrong_check));
                for bytes in &seen {
                    for part in password.windows(4) {
                        assert!(!contains(bytes, part), "{part:?} of the password went over the socket");
                    }
                }
            })
        })
        .collect()
}

fn items() -> Vec<Case> {
    let mut cases = Vec::new();
    let users: [(&str, String); 5] = [
        ("255_bytes", "a".repeat(255)),
        ("utf8", "jürgen@例え.example".to_owned()),
        ("spaces_and_quotes", " \"o'brien\" %s%n ".to_owned()),
        ("path", "../../etc/passwd".to_owned()),
        ("the_secret_itself", SECRET.to_owned()),
    ];
    for (name, user) in users {
        cases.push(Case::new(format!("user_{name}_arrives_as_it_is"), move || {
            let site = Site::new([Act::Verdict(Verdict::Accepted)]);
            let mut transaction = Login::new("imap", &user).password(SECRET).start(&site.confdir);
            assert_eq!(transaction.authenticate(), Code::SUCCESS);
            assert_eq!(transaction.acct_mgmt(), Code::SUCCESS);
            let seen = site.fake.seen();
            assert_eq!(Request::decode(&seen[0]).expect("a valid request").user, user);
        }));
    }
    for (name, rhost) in [("missing", None), ("ipv6", Some("fe80::1%eth0")), ("name", Some("pc.example.org"))]
    {
        cases.push(Case::new(format!("rhost_{name}"), move || {
            let site = Site::new([Act::Verdict(Verdict::Accepted)]);
            assert_eq!(alice().rhost(rhost).try_once(&site.confdir), Code::SUCCESS);
            let seen = site.fake.seen();
            assert_eq!(Request::decode(&seen[0]).expect("a valid request").rhost, rhost.unwrap_or(""));
        }));
    }
    let long = "a".repeat(256);
    for (name, rhost) in [("256_bytes", long), ("newline", "192.0.2.7\n192.0.2.8".to_owned())] {
        cases.push(Case::new(format!("rhost_{name}_is_refused"), move || {
            let site = Site::new([Act::Verdict(Verdict::Accepted)]);
            assert_eq!(alice().rhost(Some(&rhost)).try_once(&site.confdir), Code::AUTH_ERR);
            assert!(site.fake.seen().is_empty());
        }));
    }
    cases
}
