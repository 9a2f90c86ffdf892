//! Every code of the contract, provoked.

use super::Case;
use super::site::{Site, alice, alice_primary, line, module, write_stack};
use apppw_proto::frame::{Detail, Verdict};
use apppw_proto::services::NEVER;
use apppw_tests::fakes::Act;
use apppw_tests::pam::{Answer, Code, Confdir, Login};
use std::path::Path;

pub fn cases() -> Vec<Case> {
    let mut cases = verdicts();
    cases.extend(without_asking());
    cases.extend(unavailable());
    cases.extend(arguments());
    cases.extend(conversation());
    cases
}

fn verdicts() -> Vec<Case> {
    let table = [
        ("secret", Verdict::Accepted, Code::SUCCESS),
        ("secret", Verdict::Refused, Code::AUTH_ERR),
        ("secret", Verdict::NotMine, Code::USER_UNKNOWN),
        ("secret", Verdict::Unavailable, Code::AUTHINFO_UNAVAIL),
        ("no-secret", Verdict::Refused, Code::AUTH_ERR),
        ("no-secret", Verdict::NotMine, Code::USER_UNKNOWN),
        ("no-secret", Verdict::Unavailable, Code::AUTHINFO_UNAVAIL),
        // Accepted, with nothing shown that could be: nonsense.
        ("no-secret", Verdict::Accepted, Code::AUTHINFO_UNAVAIL),
    ];
    table
        .into_iter()
        .map(|(input, verdict, code)| {
            Case::new(format!("{input}_{verdict:?}"), move || {
                let site = Site::new([Act::Verdict(verdict)]);
                let login = if input == "secret" { alice() } else { alice_primary() };
                assert_eq!(login.try_once(&site.confdir), code);
                assert_eq!(site.fake.seen().len(), 1);
            })
        })
        .collect()
}

fn without_asking() -> Vec<Case> {
    let mut cases = vec![
        Case::new("empty_password", || {
            let site = Site::new([Act::Verdict(Verdict::Accepted)]);
            assert_eq!(alice().password("").try_once(&site.confdir), Code::AUTH_ERR);
            assert!(site.fake.seen().is_empty());
        }),
        Case::new("user_missing", || {
            let site = Site::new([Act::Verdict(Verdict::Accepted)]);
            let mut transaction = alice().without_user().start(&site.confdir);
            assert_eq!(transaction.authenticate(), Code::AUTH_ERR);
            assert_eq!(transaction.prompts() + transaction.other_messages(), 0);
            assert!(site.fake.seen().is_empty());
        }),
    ];
    let users: [(&str, Vec<u8>); 6] = [
        ("empty", vec![]),
        ("256_bytes", vec![b'a'; 256]),
        ("4096_bytes", vec![b'a'; 4096]),
        ("not_utf8", b"al\xffice".to_vec()),
        ("newline", b"alice\nroot".to_vec()),
        ("escape", b"\x1b[2J".to_vec()),
    ];
    for (name, user) in users {
        cases.push(Case::new(format!("user_{name}"), move || {
            let site = Site::new([Act::Verdict(Verdict::Accepted)]);
            let mut transaction = Login::new("imap", user).password(super::site::SECRET).start(&site.confdir);
            assert_eq!(transaction.authenticate(), Code::AUTH_ERR);
            assert_eq!(transaction.prompts(), 0, "asked for a password in vain");
            assert!(site.fake.seen().is_empty());
        }));
    }
    for service in NEVER.iter().map(|name| name.replace('*', "-password")) {
        cases.push(Case::new(format!("never_opened_{service}"), move || {
            let site = Site::new([Act::Verdict(Verdict::Accepted)]);
            write_stack(&site.confdir, &service, &line(site.fake.path(), "timeout=nonsense"));
            let login = Login::new(&service, "root").password(super::site::SECRET);
            let mut transaction = login.start(&site.confdir);
            assert_eq!(transaction.authenticate(), Code::USER_UNKNOWN);
            assert_eq!(transaction.acct_mgmt(), Code::USER_UNKNOWN);
            assert_eq!(transaction.prompts(), 0);
            assert!(site.fake.seen().is_empty());
        }));
    }
    cases
}

fn unavailable() -> Vec<Case> {
    let mut cases: Vec<Case> = (0..=7)
        .map(|detail| {
            Case::new(format!("unavailable_detail_{detail}"), move || {
                let site = Site::new([Act::Unavailable(Detail(detail))]);
                assert_eq!(alice().try_once(&site.confdir), Code::AUTHINFO_UNAVAIL);
            })
        })
        .collect();
    type Prepare = fn(&Path);
    let sockets: [(&str, Prepare); 3] = [
        ("absent", |_| ()),
        ("stale", |path| drop(std::os::unix::net::UnixListener::bind(path))),
        ("regular_file", |path| drop(std::fs::write(path, "no socket"))),
    ];
    for (name, prepare) in sockets {
        cases.push(Case::new(format!("socket_{name}"), move || {
            let confdir = Confdir::new();
            let socket = confdir.path().join("auth.sock");
            prepare(&socket);
            write_stack(&confdir, "imap", &line(&socket, ""));
            let (code, time) = super::site::timed(|| alice().try_once(&confdir));
            assert_eq!(code, Code::AUTHINFO_UNAVAIL);
            assert!(time.as_millis() < 1000, "an absent daemon is no reason to wait: {time:?}");
        }));
    }
    cases
}

fn arguments() -> Vec<Case> {
    let mut cases: Vec<Case> =
        ["timeout=0s", "timeout=9s", "timeout=soon", "socket=relative", "server_uid=root"]
            .into_iter()
            .map(|argument| {
                Case::new(format!("unusable_{argument}"), move || {
                    let site = Site::with([Act::Verdict(Verdict::Accepted)], argument);
                    let mut transaction = alice().start(&site.confdir);
                    assert_eq!(transaction.authenticate(), Code::SERVICE_ERR);
                    assert_eq!(transaction.acct_mgmt(), Code::SERVICE_ERR);
                    assert!(site.fake.seen().is_empty());
                })
            })
            .collect();
    cases.push(Case::new("unknown_argument_is_no_error", || {
        let site = Site::with([Act::Verdict(Verdict::Accepted)], "nullok debug");
        assert_eq!(alice().try_once(&site.confdir), Code::SUCCESS);
    }));
    cases.push(Case::new("default_server_uid_is_root", || {
        let site = Site::new([Act::Verdict(Verdict::Accepted)]);
        let bare = format!("{} socket={}", module().display(), site.fake.path().display());
        write_stack(&site.confdir, "imap", &bare);
        let expected = if super::site::own_uid() == 0 { Code::SUCCESS } else { Code::AUTHINFO_UNAVAIL };
        assert_eq!(alice().try_once(&site.confdir), expected);
    }));
    cases
}

fn conversation() -> Vec<Case> {
    vec![
        Case::new("use_first_pass_without_one", || {
            let site = Site::with([Act::Verdict(Verdict::Accepted)], "use_first_pass");
            let mut transaction = alice().start(&site.confdir);
            assert_eq!(transaction.authenticate(), Code::AUTH_ERR);
            assert_eq!(transaction.prompts(), 0);
        }),
        Case::new("conversation_fails", || {
            for code in [Code::CONV_ERR, Code::BUF_ERR, Code::SYSTEM_ERR, Code::MAXTRIES] {
                let site = Site::new([Act::Verdict(Verdict::Accepted)]);
                let login = alice().answer(Answer::Fail(code.0));
                assert_eq!(login.try_once(&site.confdir), Code::AUTHINFO_UNAVAIL, "{code:?}");
                assert!(site.fake.seen().is_empty());
            }
        }),
        Case::new("conversation_without_an_answer", || {
            let site = Site::new([Act::Verdict(Verdict::Accepted)]);
            let login = alice().answer(Answer::Nothing);
            assert_eq!(login.try_once(&site.confdir), Code::AUTHINFO_UNAVAIL);
            assert!(site.fake.seen().is_empty());
        }),
        Case::new("one_prompt_in_a_stack_of_two", || {
            let site = Site::new([Act::Verdict(Verdict::Accepted), Act::Verdict(Verdict::Refused)]);
            let line = line(site.fake.path(), "");
            site.confdir.write("imap", &format!("auth required {line}\nauth required {line}\n"));
            let mut transaction = alice().start(&site.confdir);
            assert_eq!(transaction.authenticate(), Code::AUTH_ERR);
            assert_eq!(transaction.prompts(), 1);
            assert_eq!(transaction.other_messages(), 0);
            assert_eq!(site.fake.seen().len(), 2);
        }),
    ]
}
