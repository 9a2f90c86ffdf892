//! Fields of a frame: limits, characters, secrets that are not canonical, deadlines.

use super::Case;
use super::frames::still_serves;
use apppw_proto::frame::{Detail, Reply, Verdict};
use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::frames::{Ask, MALFORMED, canonical};

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new("fields_of_255_bytes_are_judged", longest_fields),
        Case::new("a_user_name_that_cannot_be_shown_is_refused", deceptive_users),
        Case::new("a_secret_that_is_not_canonical_is_malformed", uncanonical_secrets),
        Case::new("deadlines_of_0_and_of_49_days", deadlines),
        Case::new("no_value_poses_as_a_field_of_the_log", posing_values),
    ];
    let bad: [(&str, &[u8]); 8] = [
        ("nul", b"al\0ice"),
        ("newline", b"alice\nforged line"),
        ("escape", b"\x1b[2Jalice"),
        ("delete", b"alice\x7f"),
        ("c1_control", "alice\u{85}x".as_bytes()),
        ("not_utf8", b"\xff\xfealice"),
        ("overlong_utf8", b"\xc0\xafalice"),
        ("surrogate", b"\xed\xa0\x80alice"),
    ];
    for field in ["user", "service", "rhost"] {
        cases.extend(bad.map(|(name, value)| {
            Case::new(format!("{name}_in_{field}_is_refused"), move || bad_text(field, value))
        }));
    }
    cases
}

fn bad_text(field: &str, value: &[u8]) {
    let daemon = Apppwd::start();
    let mut ask = Ask::default();
    match field {
        "user" => ask.user = value,
        "service" => ask.service = value,
        _ => ask.rhost = value,
    }
    assert_eq!(ask.send(&daemon.auth_socket()), MALFORMED);
    daemon.wait_for_line(&[&format!("can't be read: {field} is not UTF-8 or has a control character")]);
    assert_log_is_plain(&daemon);
    still_serves(&daemon);
}

/// No control character but the newline at the end of each line, and each line is the daemon's.
pub fn assert_log_is_plain(daemon: &Apppwd) {
    let log = std::fs::read(daemon.path("log")).expect("a log");
    let log = String::from_utf8(log).expect("the log is UTF-8");
    for line in log.lines() {
        assert!(line.starts_with("apppwd["), "a line that the daemon did not begin: {line:?}");
        assert!(!line.chars().any(apppw_admin::text::is_deceptive), "raw characters in {line:?}");
    }
}

fn longest_fields() {
    let daemon = Apppwd::start();
    let long = [b'a'; 255];
    let refused = Reply { version: 1, verdict: Verdict::Refused, detail: Detail::NONE };
    let socket = daemon.auth_socket();
    assert_eq!(Ask { user: &long, ..Ask::default() }.send(&socket), refused);
    daemon.wait_for_line(&["reason=unknown-secret", &format!("user={}", "a".repeat(255))]);
    assert_eq!(Ask { service: &long, ..Ask::default() }.send(&socket), refused);
    daemon.wait_for_line(&["reason=service-in-no-group"]);
    let user = "u".repeat(255);
    let created = daemon.create(&user, "phone", &[]);
    let secret = canonical(created.secret.expose());
    let ask = Ask { user: user.as_bytes(), rhost: &long, secret: secret.as_bytes(), ..Ask::default() };
    assert_eq!(ask.send(&socket).verdict, Verdict::Accepted);
    assert_eq!(Ask { secret: &long, ..Ask::default() }.send(&socket), MALFORMED);
}

fn deceptive_users() {
    let daemon = Apppwd::start();
    for user in
        ["ali\u{202e}ce", "ali\u{200b}ce", " alice", "alice ", "   ", "ali\u{2028}ce", "\u{feff}alice"]
    {
        let reply = Ask { user: user.as_bytes(), ..Ask::default() }.send(&daemon.auth_socket());
        assert_eq!((reply.verdict, reply.detail), (Verdict::Refused, Detail::NONE), "{user:?}");
    }
    assert_eq!(daemon.settled_log().matches("reason=bad-user-name").count(), 7);
    assert_log_is_plain(&daemon);
}

fn uncanonical_secrets() {
    let daemon = Apppwd::start();
    let created = daemon.create("alice@example.org", "phone", &[]);
    let shown = created.secret.expose();
    let plain = canonical(shown);
    let mut wrong_check = plain.clone().into_bytes();
    wrong_check[15] = if wrong_check[15] == b'0' { b'1' } else { b'0' };
    let forms: [Vec<u8>; 9] = [
        shown.as_bytes().to_vec(),
        plain.to_uppercase().into_bytes(),
        format!(" {plain}").into_bytes(),
        format!("{plain} ").into_bytes(),
        plain.as_bytes()[..15].to_vec(),
        [plain.as_bytes(), b"0"].concat(),
        wrong_check,
        b"not a secret".to_vec(),
        b"\xff\0\n".to_vec(),
    ];
    let runs = daemon.argon2_runs();
    // Where the secret has no letter, upper case is the same.
    for form in forms.iter().filter(|form| form.as_slice() != plain.as_bytes()) {
        let reply = Ask { secret: form, ..Ask::default() }.send(&daemon.auth_socket());
        assert_eq!(reply, MALFORMED, "{}", String::from_utf8_lossy(form));
    }
    assert_eq!(daemon.argon2_runs(), runs, "something was computed");
    daemon.wait_for_line(&["unavailable reason=malformed", "user=alice@example.org"]);
    assert_eq!(
        Ask { secret: plain.as_bytes(), ..Ask::default() }.send(&daemon.auth_socket()).verdict,
        Verdict::Accepted
    );
}

fn deadlines() {
    let daemon = Site::new("[argon2]\nmemory_kib = 65536\niterations = 4\n").start();
    let created = daemon.create("alice@example.org", "phone", &[]);
    let secret = canonical(created.secret.expose());
    let ask = Ask { secret: secret.as_bytes(), ..Ask::default() };
    let socket = daemon.auth_socket();
    for deadline_ms in [0, 1] {
        let reply = Ask { deadline_ms, ..ask.clone() }.send(&socket);
        let wanted = Reply { version: 1, verdict: Verdict::Unavailable, detail: Detail::DEADLINE };
        assert_eq!(reply, wanted, "a cold login within {deadline_ms} ms");
    }
    daemon.wait_for_line(&["unavailable reason=deadline", "user=alice@example.org"]);
    assert_eq!(Ask { deadline_ms: u32::MAX, ..ask.clone() }.send(&socket).verdict, Verdict::Accepted);
    assert_eq!(
        Ask { deadline_ms: 0, ..ask }.send(&socket).verdict,
        Verdict::Accepted,
        "a warm one takes no time"
    );
}

fn posing_values() {
    let daemon = Apppwd::start();
    let user = "x\" rhost=203.0.113.9 reason=\"accepted";
    let rhost = "192.0.2.1 id=ap-00000000";
    let ask = Ask { user: user.as_bytes(), rhost: rhost.as_bytes(), ..Ask::default() };
    assert_eq!(ask.send(&daemon.auth_socket()).verdict, Verdict::Refused);
    let line = daemon.wait_for_line(&["refused reason=unknown-secret"]);
    assert!(line.contains(r#" user="x\" rhost=203.0.113.9 reason=\"accepted" service=imap"#), "{line}");
    assert!(line.ends_with(r#" rhost="192.0.2.1 id=ap-00000000""#), "{line}");
}
