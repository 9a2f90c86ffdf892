//! Daemons that are slow, dead, foolish or not who they should be.

use super::Case;
use super::site::{SECRET, Site, alice, line, own_uid, timed, write_stack};
use apppw_proto::frame::{Detail, Reply, Verdict};
use apppw_tests::fakes::{Act, Fake, FullBacklog};
use apppw_tests::pam::{Code, Confdir};
use std::io::{Read, Write};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_millis(300);
const SLACK: Duration = Duration::from_millis(200);

pub fn cases() -> Vec<Case> {
    let mut cases = nonsense();
    cases.extend(in_time());
    cases.extend(strangers());
    cases
}

fn accepted() -> Vec<u8> {
    Reply { version: 1, verdict: Verdict::Accepted, detail: Detail::NONE }.encode().to_vec()
}

fn changed(index: usize, byte: u8) -> Vec<u8> {
    let mut reply = accepted();
    reply[index] = byte;
    reply
}

fn nonsense() -> Vec<Case> {
    let one_more = [accepted(), vec![0]].concat();
    let table = [
        ("closes_at_once", Act::CloseAtOnce),
        ("closes_after_the_request", Act::CloseAfterRequest),
        ("wrong_magic", Act::Bytes(changed(0, b'B'))),
        ("version_0", Act::Bytes(changed(4, 0))),
        ("version_2", Act::Bytes(changed(4, 2))),
        ("verdict_lower_case", Act::Bytes(changed(5, b'a'))),
        ("verdict_0", Act::Bytes(changed(5, 0))),
        ("zeroes", Act::Bytes(vec![0; 8])),
        ("text", Act::Bytes(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())),
        ("one_byte_too_many", Act::Bytes(one_more)),
        ("oversize", Act::Bytes(accepted().repeat(100_000))),
        (
            "overloaded_without_reading",
            Act::AnswerUnread(Reply {
                version: 1,
                verdict: Verdict::Unavailable,
                detail: Detail::OVERLOADED,
            }),
        ),
    ];
    let mut cases: Vec<Case> = table
        .into_iter()
        .map(|(name, act)| {
            Case::new(name, move || {
                let site = Site::new([act]);
                let (code, time) = timed(|| alice().try_once(&site.confdir));
                assert_eq!(code, Code::AUTHINFO_UNAVAIL);
                assert!(time < Duration::from_secs(1), "took {time:?}, although all was said at once");
            })
        })
        .collect();
    for length in 1..8 {
        cases.push(Case::new(format!("only_{length}_bytes_of_the_reply"), move || {
            let site = Site::with([Act::Bytes(accepted()[..length].to_vec())], "timeout=100ms");
            assert_eq!(alice().try_once(&site.confdir), Code::AUTHINFO_UNAVAIL);
        }));
    }
    cases
}

/// Fails, but not before the timeout and not long after it.
#[track_caller]
fn unavailable_at_the_deadline(login: impl FnOnce() -> Code) {
    let (code, time) = timed(login);
    assert_eq!(code, Code::AUTHINFO_UNAVAIL);
    assert!(time >= TIMEOUT, "gave up after {time:?}");
    assert!(time < TIMEOUT + SLACK, "took {time:?}");
}

fn in_time() -> Vec<Case> {
    vec![
        Case::new("silent", || {
            let site = Site::with([Act::Silent], "timeout=300ms");
            unavailable_at_the_deadline(|| alice().try_once(&site.confdir));
        }),
        Case::new("a_byte_a_second", || {
            let site = Site::with([Act::Trickle(accepted(), Duration::from_secs(1))], "timeout=300ms");
            unavailable_at_the_deadline(|| alice().try_once(&site.confdir));
        }),
        Case::new("bytes_just_fast_enough_to_keep_a_naive_timeout_alive", || {
            let site = Site::with([Act::Trickle(accepted(), Duration::from_millis(100))], "timeout=300ms");
            unavailable_at_the_deadline(|| alice().try_once(&site.confdir));
        }),
        Case::new("a_trickle_in_time_is_whole", || {
            let site = Site::new([Act::Trickle(accepted(), Duration::from_millis(10))]);
            assert_eq!(alice().try_once(&site.confdir), Code::SUCCESS);
        }),
        Case::new("late_but_in_time", || {
            let site = Site::new([Act::Late(Duration::from_millis(200), Verdict::Accepted)]);
            assert_eq!(alice().try_once(&site.confdir), Code::SUCCESS);
        }),
        Case::new("backlog_full", || {
            let (confdir, backlog) = (Confdir::new(), FullBacklog::new());
            write_stack(&confdir, "imap", &line(backlog.path(), "timeout=300ms"));
            unavailable_at_the_deadline(|| alice().try_once(&confdir));
        }),
        Case::new("backlog_full_for_a_while", || {
            let (confdir, backlog) = (Confdir::new(), FullBacklog::new());
            write_stack(&confdir, "imap", &line(backlog.path(), ""));
            let daemon = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(100));
                let (mut client, backlog) = backlog.accept_all_and_one();
                let mut request = [0; 256];
                assert!(client.read(&mut request).unwrap() > 0);
                client.write_all(&accepted()).unwrap();
                backlog
            });
            assert_eq!(alice().try_once(&confdir), Code::SUCCESS);
            daemon.join().unwrap();
        }),
    ]
}

fn strangers() -> Vec<Case> {
    let as_stranger = || {
        let fake = Fake::start_as(65_534, [Act::Verdict(Verdict::Accepted)]).expect("root may be anybody");
        let confdir = Confdir::new();
        write_stack(&confdir, "imap", &line(fake.path(), ""));
        assert_eq!(alice().try_once(&confdir), Code::AUTHINFO_UNAVAIL);
        assert_eq!(fake.seen(), vec![Vec::<u8>::new()], "something was sent to a stranger");
        // The same socket is fine for who expects that user.
        write_stack(&confdir, "imap", &line(fake.path(), "server_uid=65534"));
        assert_eq!(alice().try_once(&confdir), Code::SUCCESS);
    };
    let foreign = "a_foreign_user_listens";
    vec![
        Case::new("another_user_is_expected", || {
            let stranger = format!("server_uid={}", own_uid() + 1);
            let site = Site::with([Act::Verdict(Verdict::Accepted)], &stranger);
            for password in [SECRET, "hunter2"] {
                assert_eq!(alice().password(password).try_once(&site.confdir), Code::AUTHINFO_UNAVAIL);
            }
            assert_eq!(site.fake.seen(), vec![Vec::<u8>::new(); 2], "something was sent to a stranger");
        }),
        if own_uid() == 0 {
            Case::new(foreign, as_stranger)
        } else {
            Case::Skip(foreign.to_owned(), "needs root to listen as somebody else")
        },
    ]
}
