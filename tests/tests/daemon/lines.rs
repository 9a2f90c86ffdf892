//! Lines that are no requests, on `admin.sock`: each is answered with code, field and message,
//! changes nothing, and brings nothing raw into the log.

use super::Case;
use super::values::assert_log_is_plain;
use apppw_admin::MAX_LINE;
use apppw_tests::apppwd::Apppwd;
use apppw_tests::lines::{Lines, code, field, message};
use serde_json::{Value, json};

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new("a_line_of_the_limit_and_one_byte_more", longest),
        Case::new("a_line_without_its_end", unfinished),
        Case::new("many_requests_in_one_piece_are_answered_in_order", pipelined),
        Case::new("answers_stay_within_the_limit_whatever_is_asked", long_answers),
        Case::new("nesting_of_30000_levels", nested),
        Case::new("no_error_quotes_a_secret", unquoted),
        Case::new("bad_bytes_leave_the_connection_usable", usable),
        Case::new("what_follows_a_web_request_is_not_done", web_request),
    ];
    cases.extend(table().into_iter().map(|(name, verb, args, wanted)| {
        Case::new(name, move || {
            let daemon = Apppwd::start();
            daemon.create("alice@example.org", "phone", &[]);
            let answer = Lines::connect(&daemon.admin_socket()).call(verb, &args);
            assert_eq!((code(&answer), field(&answer)), wanted, "{answer}");
            assert!(message(&answer).len() > 10, "{answer}");
            assert!(!message(&answer).chars().any(char::is_control), "raw characters in {answer}");
            let status = daemon.status();
            assert_eq!((status.accounts, status.live, status.revoked), (1, 1, 0), "something changed");
            assert_log_is_plain(&daemon);
        })
    }));
    cases
}

type Row = (&'static str, &'static str, Value, (&'static str, Option<&'static str>));

#[rustfmt::skip]
fn table() -> Vec<Row> {
    let user = "alice@example.org";
    let named = |name: &str| json!({"user": user, "name": name});
    let of = |user: &str| json!({"user": user, "name": "tablet"});
    let serving = |service: Value| json!({"user": user, "name": "tablet", "services": service});
    let id = "ap-00000000";
    vec![
        ("unknown_verb", "frobnicate", json!({}), ("unsupported", Some("verb"))),
        ("empty_verb", "", json!({}), ("unsupported", Some("verb"))),
        ("verb_in_upper_case", "LIST", json!({}), ("unsupported", Some("verb"))),
        ("verb_with_control_characters", "li\u{1b}[2Jst\n", json!({}), ("unsupported", Some("verb"))),
        ("args_number", "list", json!(7), ("invalid", Some("args"))),
        ("args_array", "list", json!([null, false, null]), ("invalid", Some("args"))),
        ("args_string", "status", json!("x"), ("invalid", Some("args"))),
        ("unknown_argument", "list", json!({"usr": user}), ("invalid", Some("args"))),
        ("unknown_argument_with_control_characters", "list", json!({"a\u{1b}[2J\n": 1}), ("invalid", Some("args"))),
        ("missing_name", "create", json!({"user": user}), ("invalid", Some("args"))),
        ("missing_user", "create", json!({"name": "tablet"}), ("invalid", Some("user"))),
        ("missing_secret", "verify", json!({"user": user}), ("invalid", Some("args"))),
        ("missing_id", "show", json!({}), ("invalid", Some("args"))),
        ("status_with_arguments", "status", json!({"x": 1}), ("invalid", Some("args"))),
        ("name_empty", "create", named(""), ("invalid", Some("name"))),
        ("name_of_spaces", "create", named("   "), ("invalid", Some("name"))),
        ("name_with_space_at_the_end", "create", named("tablet "), ("invalid", Some("name"))),
        ("name_of_81_characters", "create", named(&"é".repeat(81)), ("invalid", Some("name"))),
        ("name_with_nul", "create", named("a\0b"), ("invalid", Some("name"))),
        ("name_with_newline", "create", named("a\nb"), ("invalid", Some("name"))),
        ("name_with_escape", "create", named("a\u{1b}[2Jb"), ("invalid", Some("name"))),
        ("name_with_bidi", "create", named("a\u{202e}b"), ("invalid", Some("name"))),
        ("name_with_zero_width", "create", named("a\u{200b}b"), ("invalid", Some("name"))),
        ("name_taken", "create", named("phone"), ("exists", Some("name"))),
        ("name_no_string", "create", json!({"user": user, "name": 7}), ("invalid", Some("args"))),
        ("user_empty", "create", of(""), ("invalid", Some("user"))),
        ("user_of_256_bytes", "create", of(&"u".repeat(256)), ("invalid", Some("user"))),
        ("user_with_nul", "create", of("a\0b"), ("invalid", Some("user"))),
        ("user_with_newline", "create", of("a\nb"), ("invalid", Some("user"))),
        ("user_with_bidi", "create", of("a\u{2066}b"), ("invalid", Some("user"))),
        ("user_with_space", "create", of(" a"), ("invalid", Some("user"))),
        ("service_unknown", "create", serving(json!(["impa"])), ("invalid", Some("services"))),
        ("service_never_opened", "create", serving(json!(["sshd"])), ("invalid", Some("services"))),
        ("service_empty", "create", serving(json!([""])), ("invalid", Some("services"))),
        ("service_with_newline", "create", serving(json!(["imap\nxmpp"])), ("invalid", Some("services"))),
        ("service_with_escape", "create", serving(json!(["\u{1b}]0;x\u{7}"])), ("invalid", Some("services"))),
        ("65_services", "create", serving(json!(vec!["imap"; 65])), ("invalid", Some("services"))),
        ("services_no_list", "create", serving(json!("imap")), ("invalid", Some("args"))),
        ("id_that_is_none", "show", json!({"id": "ap-0"}), ("invalid", Some("args"))),
        ("id_with_control_characters", "show", json!({"id": "ap-\u{1b}[2J\n000"}), ("invalid", Some("args"))),
        ("id_that_nobody_has", "show", json!({"id": id}), ("not_found", Some("id"))),
        ("revoke_of_nothing", "revoke", json!({}), ("invalid", Some("ids"))),
        ("revoke_of_an_unknown_one", "revoke", json!({"ids": [id]}), ("not_found", Some("id"))),
        ("revoke_of_ids_and_all", "revoke", json!({"ids": [id], "all": true}), ("invalid", Some("ids"))),
        ("revoke_of_ids_and_a_user", "revoke", json!({"ids": [id], "users": [user]}), ("invalid", Some("users"))),
        ("revoke_of_all_of_all", "revoke", json!({"all": true}), ("invalid", Some("users"))),
        ("revoke_of_all_of_an_unknown_user", "revoke", json!({"all": true, "users": ["bob"]}), ("not_found", Some("users"))),
        ("revoke_of_1001", "revoke", json!({"ids": vec![id; 1001]}), ("invalid", Some("ids"))),
        ("revoke_of_4000", "revoke", json!({"ids": vec![id; 4000]}), ("invalid", Some("ids"))),
        ("verify_with_a_bad_service", "verify", json!({"user": user, "secret": "x", "service": "a\nb"}), ("invalid", Some("service"))),
        ("verify_with_a_bad_address", "verify", json!({"user": user, "secret": "x", "rhost": "\u{1b}"}), ("invalid", Some("rhost"))),
        ("verify_with_a_host_name", "verify", json!({"user": user, "secret": "x", "rhost": "localhost"}), ("invalid", Some("rhost"))),
        ("verify_without_a_user", "verify", json!({"secret": "x"}), ("invalid", Some("user"))),
        ("list_with_a_bad_cursor", "list", json!({"cursor": "x"}), ("invalid", Some("cursor"))),
        ("list_with_a_hostile_cursor", "list", json!({"cursor": "' OR 1=1 --"}), ("invalid", Some("cursor"))),
        ("list_with_a_cursor_out_of_range", "list", json!({"cursor": "99999999999999999999 ap-00000000 x"}), ("invalid", Some("cursor"))),
        ("list_with_a_bad_user", "list", json!({"user": "a\nb"}), ("invalid", Some("user"))),
        ("user_show_without_a_user", "user.show", json!({}), ("invalid", Some("user"))),
        ("user_show_of_an_unknown_user", "user.show", json!({"user": "bob"}), ("not_found", Some("user"))),
        ("unenroll_of_an_unknown_user", "user.unenroll", json!({"user": "bob"}), ("not_found", Some("user"))),
        ("enroll_of_a_bad_user", "user.enroll", json!({"user": "a\u{202e}b"}), ("invalid", Some("user"))),
    ]
}

const STATUS: &str = r#"{"v":1,"id":3,"verb":"status","args":{}}"#;

fn longest() {
    let daemon = Apppwd::start();
    let padded = |len: usize| format!("{STATUS}{}\n", " ".repeat(len - STATUS.len() - 1));
    let mut lines = Lines::connect(&daemon.admin_socket());
    lines.send(padded(MAX_LINE).as_bytes());
    assert!(lines.receive().expect("an answer").contains("\"ok\""));
    lines.send(padded(MAX_LINE + 1).as_bytes());
    let answer: Value = serde_json::from_str(&lines.receive().expect("an answer")).expect("JSON");
    assert_eq!(code(&answer), "invalid");
    assert!(message(&answer).contains("65536"), "{answer}");
    assert!(lines.receive().is_none(), "what follows can't be told from the rest of the line");
    let mut lines = Lines::connect(&daemon.admin_socket());
    lines.send(&vec![b'x'; 10 * MAX_LINE]);
    lines.receive();
    super::frames::still_serves(&daemon);
}

fn unfinished() {
    let daemon = Apppwd::start();
    let mut lines = Lines::connect(&daemon.admin_socket());
    let create = json!({"v": 1, "id": 1, "verb": "create", "args": {"user": "bob", "name": "x"}}).to_string();
    lines.send(create.as_bytes());
    lines.end();
    let answer: Value = serde_json::from_str(&lines.receive().expect("an answer")).expect("JSON");
    assert_eq!(code(&answer), "invalid");
    assert_eq!(daemon.status().live, 0, "half a line was taken for a whole one");
}

fn pipelined() {
    let daemon = Apppwd::start();
    let mut lines = Lines::connect(&daemon.admin_socket());
    let all: String =
        (0..200_u64).map(|id| json!({"v": 1, "id": id, "verb": "status"}).to_string() + "\n").collect();
    lines.send(all.as_bytes());
    for id in 0..200 {
        let answer: Value = serde_json::from_str(&lines.receive().expect("an answer")).expect("JSON");
        assert_eq!(answer["id"], id);
    }
}

/// [`Lines::ask`] looks at the length of each answer.
fn long_answers() {
    let daemon = Apppwd::start();
    let mut lines = Lines::connect(&daemon.admin_socket());
    for long in
        ["\u{202e}".repeat(20_000), "\u{1b}".repeat(10_000), "\"\\".repeat(12_000), "x".repeat(60_000)]
    {
        for args in [
            json!({"user": long, "name": "x"}),
            json!({"user": "bob", "name": long}),
            json!({"user": "bob", "name": "x", "services": [long]}),
            json!({long.clone(): 1}),
        ] {
            assert_eq!(code(&lines.call("create", &args)), "invalid");
        }
        assert_eq!(
            code(&lines.call("verify", &json!({"user": "bob", "secret": "x", "service": long}))),
            "invalid"
        );
        assert_eq!(code(&lines.call("list", &json!({"cursor": long}))), "invalid");
        assert_eq!(code(&lines.call(&long, &json!({}))), "unsupported");
    }
}

fn nested() {
    let daemon = Apppwd::start();
    let mut lines = Lines::connect(&daemon.admin_socket());
    lines.call("status", &json!({}));
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let count = 30_000 / open.len();
        for args in [open.repeat(count), open.repeat(count) + "1" + &close.repeat(count)] {
            let line = format!("{{\"v\":1,\"id\":1,\"verb\":\"list\",\"args\":{args}}}");
            assert_eq!(code(&lines.ask(&line)), "invalid");
        }
    }
    super::frames::still_serves(&daemon);
}

/// Whatever is wrong with a request that carries a secret, the error does not.
fn unquoted() {
    let daemon = Apppwd::start();
    let secret = daemon.create("alice@example.org", "phone", &[]).secret.expose().to_owned();
    let mut lines = Lines::connect(&daemon.admin_socket());
    let tricky = format!("x, expected {secret}");
    for args in [
        json!({"user": "alice@example.org", "secret": [secret]}),
        json!({"user": "alice@example.org", "secret": {"value": secret}}),
        json!({"user": 1, "secret": secret}),
        json!({"user": "a\nb", "secret": secret}),
        json!({"user": "alice@example.org", "secret": secret, "service": "a\nb"}),
        json!({"user": "alice@example.org", "secret": secret, "extra": secret}),
        json!(secret),
        json!(tricky),
        json!([secret]),
    ] {
        let answer = lines.call("verify", &args);
        assert!(!answer.to_string().contains(&secret), "{answer}");
    }
    for line in [
        format!(r#"{{"v":"{secret}","id":1,"verb":"verify"}}"#),
        format!(r#"{{"v":1,"id":"{tricky}","verb":"verify"}}"#),
        format!(r#"{{"v":1,"id":1,"verb":"verify","args":{{"secret":"{secret}"#),
        format!(r#"{{"v":1,"id":1,"verb":"verify","args":{{"secret":"{secret}\x"}}}}"#),
        format!(r#""{secret}""#),
        secret.clone(),
    ] {
        let answer = lines.ask(&line);
        assert!(!answer.to_string().contains(&secret), "{answer}");
    }
    assert!(!daemon.log().contains(&secret), "{}", daemon.log());
}

/// A proxy that can be talked into a request to a Unix socket must not become an administrator.
fn web_request() {
    let daemon = Apppwd::start();
    let mut lines = Lines::connect(&daemon.admin_socket());
    let create =
        json!({"v": 1, "id": 1, "verb": "create", "args": {"user": "alice@example.org", "name": "x"}});
    let request = format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{create}\n");
    lines.send(request.as_bytes());
    let answer: Value = serde_json::from_str(&lines.receive().expect("an answer")).expect("JSON");
    assert_eq!(code(&answer), "invalid");
    assert_eq!(lines.receive(), None, "the connection goes on");
    assert_eq!(daemon.status().live, 0);
}

/// Behind a first request that is one.
fn usable() {
    let daemon = Apppwd::start();
    let mut lines = Lines::connect(&daemon.admin_socket());
    lines.call("status", &json!({}));
    for bad in [
        &b"\n"[..],
        b"garbage\n",
        b"\0\0\0\0\n",
        b"\xff\xfe\n",
        b"{}\n",
        b"[]\n",
        b"[1,3,\"status\",{}]\n",
        b"null\n",
        b"{\"v\":1,\"id\":-1,\"verb\":\"status\"}\n",
        b"{\"v\":1,\"id\":1.5,\"verb\":\"status\"}\n",
        b"{\"v\":1,\"id\":18446744073709551616,\"verb\":\"status\"}\n",
        b"{\"v\":1,\"verb\":\"status\"}\n",
        b"{\"id\":1,\"verb\":\"status\"}\n",
        b"{\"v\":1,\"id\":1}\n",
        b"{\"v\":1,\"id\":1,\"verb\":\"status\",\"uid\":0}\n",
        b"{\"v\":1,\"v\":1,\"id\":1,\"verb\":\"status\"}\n",
        b"{\"v\":1,\"id\":1,\"verb\":\"status\"}{}\n",
    ] {
        lines.send(bad);
        let answer: Value = serde_json::from_str(&lines.receive().expect("an answer")).expect("JSON");
        assert_eq!((code(&answer), &answer["id"]), ("invalid", &json!(0)), "{bad:?}: {answer}");
    }
    for version in [0, 2, u32::MAX] {
        let answer = lines.ask(&format!("{{\"v\":{version},\"id\":9,\"verb\":\"status\"}}"));
        assert_eq!((code(&answer), &answer["id"]), ("unsupported", &json!(9)));
    }
    let answer = lines.ask(&format!("{{\"v\":1,\"id\":{},\"verb\":\"status\"}}", u64::MAX));
    assert_eq!((&answer["id"], answer.get("ok").is_some()), (&json!(u64::MAX), true));
    assert_log_is_plain(&daemon);
}
