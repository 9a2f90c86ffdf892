//! Frames that are none, on `auth.sock`: each is answered or its connection closed, told apart
//! in the log, and the next login is served.

use super::Case;
use apppw_proto::frame::{Reply, Verdict};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::frames::{self, Ask, MALFORMED, OTHER_VERSION, login};
use std::io::Write;
use std::net::Shutdown;
use std::time::{Duration, Instant};

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new("every_unknown_version_is_answered_with_the_highest_known", versions),
        Case::new("every_unknown_kind_is_malformed", kinds),
        Case::new("every_unknown_flag_is_malformed", flags),
        Case::new("truncated_at_each_byte_and_closed", truncated),
        Case::new("truncated_and_silent_is_closed_within_its_deadline", silent),
        Case::new("two_frames_at_once_get_one_answer_at_most", two_at_once),
    ];
    cases.extend(broken().into_iter().map(|(name, bytes, log)| {
        Case::new(name, move || {
            let daemon = Apppwd::start();
            assert_eq!(frames::answer(&daemon.auth_socket(), &bytes), MALFORMED);
            daemon.wait_for_line(&["warning: a request on auth.sock from uid", log]);
            still_serves(&daemon);
        })
    }));
    cases
}

/// A new app password logs in, and the daemon is still the same process.
pub fn still_serves(daemon: &Apppwd) {
    let created = daemon.create("still@example.org", "serves", &[]);
    let verdict = frames::try_login(&daemon.auth_socket(), "still@example.org", created.secret.expose());
    assert_eq!(verdict, Verdict::Accepted);
    assert!(!daemon.log().contains("panicked"), "{}", daemon.log());
    daemon.revoke(created.app_password.id);
}

/// A valid frame with the byte at `index` replaced.
fn with_byte(index: usize, byte: u8) -> Vec<u8> {
    let mut frame = Ask::default().bytes();
    frame[index] = byte;
    frame
}

/// A valid frame whose header announces `len` bytes.
fn with_length(len: u16) -> Vec<u8> {
    let mut frame = Ask::default().bytes();
    frame[12..14].copy_from_slice(&len.to_be_bytes());
    frame
}

fn broken() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let ask = Ask::default();
    let body = u16::try_from(ask.bytes().len() - 14).expect("a short frame");
    let mut more = with_length(body + 1);
    more.push(0);
    vec![
        ("magic_of_something_else", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), "wrong first bytes"),
        ("magic_in_lower_case", with_byte(0, b'a'), "wrong first bytes"),
        ("zeroes", vec![0; 4096], "wrong first bytes"),
        ("one_byte_longer_than_a_frame_may_be", with_length(4083), "frame of 4097 bytes is longer than 4096"),
        (
            "longest_length_of_all",
            [with_length(65535), vec![0; 65_535]].concat(),
            "frame of 65549 bytes is longer",
        ),
        ("empty_body", with_length(0), "frame ends too early"),
        ("body_cut_in_a_field", with_length(5), "frame ends too early"),
        ("body_cut_before_the_last_byte", with_length(body - 1), "frame ends too early"),
        ("a_byte_too_many", more, "bytes after the end of the frame"),
        (
            "a_whole_frame_of_padding",
            [with_length(4082), vec![0; 4082]].concat(),
            "bytes after the end of the frame",
        ),
        ("user_length_lies", with_byte(14, 255), "frame ends too early"),
        ("user_length_lies_short", with_byte(14, 3), "frame ends too early"),
        (
            "primary_question_with_a_secret",
            Ask { kind: 2, ..ask.clone() }.bytes(),
            "a secret in a request that takes none",
        ),
        (
            "primary_report_with_a_secret",
            Ask { kind: 3, ..ask.clone() }.bytes(),
            "a secret in a request that takes none",
        ),
        ("login_without_a_secret", Ask { secret: b"", ..ask.clone() }.bytes(), "secret is empty"),
        ("no_user", Ask { user: b"", ..ask.clone() }.bytes(), "user is empty"),
        ("no_service", Ask { service: b"", ..ask }.bytes(), "service is empty"),
    ]
}

fn versions() {
    let daemon = Apppwd::start();
    for version in (0..=255).filter(|version| *version != 1) {
        let reply = frames::answer(&daemon.auth_socket(), &with_byte(4, version));
        assert_eq!(reply, OTHER_VERSION, "version {version}");
        daemon.wait_for_line(&[&format!("frame version {version} is not spoken here")]);
    }
    // A newer frame may have another header: what follows the version is not looked at.
    let strange = [b"APPW\x02".to_vec(), vec![0xff; 9]].concat();
    assert_eq!(frames::answer(&daemon.auth_socket(), &strange), OTHER_VERSION);
    still_serves(&daemon);
}

fn kinds() {
    let daemon = Apppwd::start();
    for kind in (0..=255).filter(|kind| !(1..=3).contains(kind)) {
        let reply = frames::answer(&daemon.auth_socket(), &with_byte(5, kind));
        assert_eq!(reply, MALFORMED, "kind {kind}");
        daemon.wait_for_line(&[&format!("unknown kind of request {kind}")]);
    }
    still_serves(&daemon);
}

fn flags() {
    let daemon = Apppwd::start();
    for kind in 1..=3 {
        for bit in 0..16 {
            let flags = 1_u16 << bit;
            let secret: &[u8] = if kind == 1 { b"0000000000000000" } else { b"" };
            let reply = Ask { kind, flags, secret, ..Ask::default() }.send(&daemon.auth_socket());
            if kind == 2 && flags == 1 {
                assert_eq!(reply.verdict, Verdict::Refused, "a mistyped secret is a fair question");
            } else {
                assert_eq!(reply, MALFORMED, "kind {kind}, flags {flags:#06x}");
                daemon.wait_for_line(&[&format!("unknown flags {flags:#06x}")]);
            }
        }
    }
    still_serves(&daemon);
}

fn truncated() {
    let daemon = Apppwd::start();
    let frame = Ask::default().bytes();
    for len in 0..frame.len() {
        let mut stream = frames::connect(&daemon.auth_socket());
        stream.write_all(&frame[..len]).expect("a part");
        stream.shutdown(Shutdown::Write).expect("the end");
        let begun = Instant::now();
        let received = frames::read_to_end(&mut stream);
        assert!(received.is_empty() || Reply::decode(&received, 1) == Ok(MALFORMED), "{len}: {received:?}");
        assert!(begun.elapsed() < Duration::from_secs(2), "{len} bytes and the end: {:?}", begun.elapsed());
    }
    still_serves(&daemon);
}

fn silent() {
    let daemon = Apppwd::start();
    let frame = Ask::default().bytes();
    let begun = Instant::now();
    let open: Vec<_> = (0..frame.len())
        .map(|len| {
            let mut stream = frames::connect(&daemon.auth_socket());
            stream.write_all(&frame[..len]).expect("a part");
            stream
        })
        .collect();
    for mut stream in open {
        assert_eq!(frames::read_to_end(&mut stream), b"");
    }
    assert!(begun.elapsed() < Duration::from_secs(4), "closed after {:?}", begun.elapsed());
    still_serves(&daemon);
}

fn two_at_once() {
    let daemon = Apppwd::start();
    let created = daemon.create("alice@example.org", "phone", &[]);
    for secret in [created.secret.expose(), "0000-0000-0000-0000"] {
        for _ in 0..3 {
            let frame = login("alice@example.org", secret);
            let received = frames::exchange(&daemon.auth_socket(), &[frame.clone(), frame].concat());
            assert!(received.is_empty() || Reply::decode(&received, 1).is_ok(), "{received:?}");
        }
    }
    still_serves(&daemon);
}
