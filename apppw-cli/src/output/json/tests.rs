//! The shapes of `docs/json.md`, to the byte: a change here is a change for every script.

use super::*;
use crate::commands::samples;
use apppw_admin::verbs::{self, Verified};

const LIVE: &str = concat!(
    r#""id":"ap-0000002a","name":"Thunderbird, laptop","user":"alice@example.org","state":"live","#,
    r#""services":["mail"],"networks":[],"expires":null,"pin_service":null,"pin_network":null,"successor":null,"#,
    r#""created":"2027-01-05T08:00:00Z","created_by":{"uid":0,"login_uid":null,"role":"admin","name":"root"},"suspended":null,"#,
    r#""suspended_by":null,"revoked":null,"revoked_by":null,"last_use":{"service":"imap","rhost":"192.0.2.7","#,
    r#""rhost_unproven":false,"host":"mail1","first":"2027-01-06T08:00:00Z","last":"2027-01-12T08:00:00Z","#,
    r#""count":12}"#,
);
const REVOKED: &str = concat!(
    r#""id":"ap-0000002b","name":"old phone","user":"bob","state":"revoked","services":["imap","smtp"],"#,
    r#""networks":[],"expires":null,"pin_service":null,"pin_network":null,"successor":null,"#,
    r#""created":"2027-01-05T08:00:00Z","created_by":{"uid":0,"login_uid":null,"role":"admin","name":"root"},"#,
    r#""suspended":null,"suspended_by":null,"#,
    r#""revoked":"2027-01-14T08:00:00Z","revoked_by":{"uid":1000,"login_uid":null,"role":"user","name":null},"last_use":null"#,
);

fn json(value: &impl Serialize) -> String {
    String::from_utf8(document(value).unwrap().to_vec()).unwrap()
}

#[test]
fn create_gives_the_record_with_the_secret() {
    let record = LIVE.split(r#","last_use""#).next().unwrap();
    let expected = |client: &str| {
        format!(
            r#"{{"schema":1,"secret":"abcd-efgh-jkmn-pqrs",{record},"last_use":null,"newly_enrolled":true,"primary":"refuse-enrolled","primary_ends":["mail","dav"],"client":{client}}}"#
        ) + "\n"
    };
    assert_eq!(json(&created(&samples::created())), expected("null"));
    let configured = verbs::Created { client: Some(samples::client()), ..samples::created() };
    let client = concat!(
        r#"{"user":"alice@example.org","imap":{"host":"imap.example.org","port":993,"encryption":"tls"},"pop3":null,"#,
        r#""smtp":{"host":"smtp.example.org","port":587,"encryption":"starttls"},"sieve":null,"carddav":null,"#,
        r#""caldav":"https://dav.example.org/alice@example.org/","webdav":null,"help":"https://help.example.org/mail","#,
        r#""note":"Questions: ring 42"}"#,
    );
    assert_eq!(json(&created(&configured)), expected(client));
}

#[test]
fn list_gives_records() {
    let expected = format!(r#"{{"schema":1,"app_passwords":[{{{LIVE}}},{{{REVOKED}}}]}}"#);
    assert_eq!(json(&listed(&[samples::live(), samples::revoked()])), expected + "\n");
    assert_eq!(json(&listed(&[])), "{\"schema\":1,\"app_passwords\":[]}\n");
}

#[test]
fn show_gives_the_record_with_its_uses() {
    let used = |service, rhost, unproven, count| {
        format!(
            r#"{{"service":"{service}","rhost":{rhost},"rhost_unproven":{unproven},"host":"mail1","first":"2027-01-06T08:00:00Z","last":"2027-01-12T08:00:00Z","count":{count}}}"#
        )
    };
    let uses = [used("imap", "\"192.0.2.7\"", true, 12), used("smtp", "null", false, 1)].join(",");
    assert_eq!(json(&shown(&samples::shown())), format!("{{\"schema\":1,{LIVE},\"uses\":[{uses}]}}\n"));
}

#[test]
fn revoke_says_what_was_and_what_had_been_revoked() {
    let result = samples::revocation();
    let expected = format!(
        r#"{{"schema":1,"dry_run":false,"count":1,"ids":["ap-0000002a"],"revoked":[{{{LIVE}}}],"already":["ap-0000002b"],"record_since":null,"kicked":null}}"#
    );
    assert_eq!(json(&revoked(&result, false, None::<()>)), expected + "\n");
    assert!(json(&revoked(&result, true, None::<()>)).contains("\"dry_run\":true"));
    assert!(json(&revoked(&result, false, Some([1]))).contains("\"kicked\":[1]"));
}

#[test]
fn verify_names_the_app_password_if_there_is_one() {
    let mut result =
        Verified { accepted: false, reason: "revoked".into(), app_password: Some(samples::revoked()) };
    let expected =
        format!(r#"{{"schema":1,"accepted":false,"reason":"revoked","app_password":{{{REVOKED}}}}}"#);
    assert_eq!(json(&verified(&result)), expected + "\n");
    result.app_password = None;
    assert!(json(&verified(&result)).contains("\"app_password\":null"));
}

#[test]
fn a_record_has_its_whole_scope() {
    let scope = concat!(
        r#""services":["smtp"],"networks":["192.0.2.0/24","2001:db8::/32"],"expires":"2027-04-15T08:00:00Z","#,
        r#""pin_service":{"to":"smtp"},"pin_network":{"to":null},"successor":null,"#
    );
    let text = json(&renamed(&samples::scoped()));
    assert!(
        text.starts_with(r#"{"schema":1,"id":"ap-0000002c","name":"scanner","#) && text.contains(scope),
        "{text}"
    );
    assert!(json(&renamed(&samples::rotated())).contains(r#""successor":"ap-0000002a""#));
    let suspended = concat!(
        r#""suspended":"2027-01-14T08:00:00Z","suspended_by":{"uid":1000,"login_uid":null,"role":"user","name":"alice"},"#,
        r#""revoked":null,"#
    );
    let text = json(&renamed(&samples::suspended()));
    assert!(text.contains(r#""state":"suspended""#) && text.contains(suspended), "{text}");
    assert!(json(&renamed(&samples::expired())).contains(r#""state":"expired""#));
}

#[test]
fn rotate_answers_like_create_and_names_the_old_one() {
    let created = json(&created(&samples::created()));
    let old = samples::rotated();
    let expected = created.replace("}\n", r#","old":{"id":"ap-0000002d","expires":"2027-01-16T08:00:00Z"}}"#);
    assert_eq!(json(&rotated(&samples::created(), old.id, old.expires)), expected + "\n");
    assert!(json(&rotated(&samples::created(), old.id, None)).contains(r#""expires":null}}"#));
}

#[test]
fn suspend_and_resume_say_what_was_changed() {
    let result = verbs::Changed {
        ids: vec![samples::live().id],
        app_passwords: vec![samples::live()],
        already: vec![samples::revoked().id],
    };
    let expected = format!(
        r#"{{"schema":1,"ids":["ap-0000002a"],"app_passwords":[{{{LIVE}}}],"already":["ap-0000002b"],"kicked":null}}"#
    );
    assert_eq!(json(&changed(&result, None::<()>)), expected + "\n");
    assert!(json(&changed(&result, Some([1]))).contains("\"kicked\":[1]"));
}

#[test]
fn panic_gives_the_switches_that_are_on() {
    let switches = concat!(
        r#""panic":[{"group":null,"group_is_gone":false,"since":"2027-01-15T07:59:00Z"},"#,
        r#"{"group":"mail","group_is_gone":false,"since":"2027-01-14T08:00:00Z"}]"#
    );
    assert_eq!(json(&panic_switches(&samples::switches())), format!("{{\"schema\":1,{switches}}}\n"));
    assert_eq!(json(&panic_switches(&[])), "{\"schema\":1,\"panic\":[]}\n");
    let daemon = verbs::Status { panic: samples::switches(), ..samples::status() };
    assert!(json(&status(&daemon)).contains(switches));
}

#[test]
fn report_gives_each_use() {
    let used = |user, rhost, unproven, refused, count| {
        format!(
            r#"{{"user":"{user}","service":"imap","rhost":{rhost},"rhost_unproven":{unproven},"host":"mail1","would_be_refused":{refused},"first":"2027-01-06T08:00:00Z","last":"2027-01-12T08:00:00Z","count":{count}}}"#
        )
    };
    let (first, second) =
        (used("alice@example.org", "\"192.0.2.7\"", true, true, 12), used("bob", "null", false, false, 1));
    let expected = format!("{{\"schema\":1,\"primary_uses\":[{first},{second}]}}\n");
    assert_eq!(json(&primary_uses(&samples::primary_uses())), expected);
}

#[test]
fn users_gives_each_account() {
    let expected = concat!(
        r#"{"schema":1,"users":[{"user":"alice@example.org","uid":1000,"enrolled":"2027-01-05T08:00:00Z","locked":null,"#,
        r#""created":"2027-01-04T08:00:00Z","live":3,"suspended":1,"revoked":2,"last_use":{"service":"imap","#,
        r#""rhost":"192.0.2.7","rhost_unproven":false,"host":"mail1","first":"2027-01-06T08:00:00Z","#,
        r#""last":"2027-01-12T08:00:00Z","count":12}},{"user":"bob","uid":null,"enrolled":null,"#,
        r#""locked":"2027-01-14T08:00:00Z","created":"2027-01-04T08:00:00Z","live":0,"suspended":0,"revoked":0,"#,
        r#""last_use":null}]}"#,
        "\n"
    );
    assert_eq!(json(&users(&samples::users())), expected);
}

#[test]
fn events_have_every_field_always() {
    let mut page = samples::page();
    page.events.retain(|event| matches!(event.seq, Some(1 | 5) | None));
    let created = concat!(
        r#"{"seq":1,"at":"2027-01-14T08:00:00Z","host":"mail1","kind":"create","#,
        r#""actor":{"uid":1000,"login_uid":null,"role":"user","name":"alice"},"user":"alice@example.org","#,
        r#""id":"ap-0000002a","name":"old phone","was":null,"services":["mail","dav"],"rhost":null,"#,
        r#""rhost_unproven":false,"verb":null,"reason":null,"count":1}"#
    );
    let refused = concat!(
        r#"{"seq":5,"at":"2027-01-14T08:00:00Z","host":"mail1","kind":"refused-use","actor":null,"#,
        r#""user":"alice@example.org","id":"ap-0000002a","name":"old phone","was":null,"services":["imap"],"#,
        r#""rhost":"192.0.2.7","rhost_unproven":true,"verb":null,"reason":"revoked","count":3}"#
    );
    let text = json(&events(&page));
    assert!(
        text.starts_with(&format!(r#"{{"schema":1,"events":[{created},{refused},{{"seq":null,"#)),
        "{text}"
    );
    assert!(text.ends_with("],\"cursor\":12,\"forgotten\":null}\n"), "{text}");
    assert_eq!(json(&event(&page.events[0])), format!("{{\"schema\":1,\"event\":{created}}}\n"));
    page.forgotten = Some(7);
    assert!(json(&events(&page)).ends_with("\"forgotten\":7}\n"));
}

#[test]
fn the_document_names_the_kinds() {
    const DOCUMENT: &str = include_str!("../../../../docs/json.md");
    let cells: Vec<&str> =
        DOCUMENT.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
    for kind in verbs::EventKind::ALL {
        let word = format!("`{}`", kind.as_str());
        assert!(cells.iter().any(|cell| cell.contains(&word)), "docs/json.md lacks {word}");
    }
}

#[test]
fn user_gives_the_account() {
    assert_eq!(
        json(&account(&samples::account(), None::<()>)),
        concat!(
            r#"{"schema":1,"user":"alice","uid":1000,"other_uid":null,"enrolled":"2027-01-05T08:00:00Z","locked":null,"#,
            r#""created":"2027-01-04T08:00:00Z","live":2,"revoked":1,"primary":"refuse-enrolled","primary_in":{},"report_only":false,"revoked_now":[],"revoked_count":0,"#,
            r#""kicked":null}"#,
            "\n"
        )
    );
    let revoked_now = vec![samples::live().id];
    let locked = verbs::Account {
        other_uid: Some(1001),
        locked: Some(samples::NOW),
        revoked_now,
        revoked_count: 1,
        ..samples::account()
    };
    let text = json(&account(&locked, Some([1])));
    assert!(text.contains(r#""uid":1000,"other_uid":1001,"#), "{text}");
    assert!(text.ends_with("\"kicked\":[1]}\n"), "{text}");
    assert!(text.contains(r#""locked":"2027-01-15T08:00:00Z""#), "{text}");
    assert!(text.contains(r#""revoked_now":["ap-0000002a"]"#), "{text}");
}

#[test]
fn status_gives_the_daemon() {
    assert_eq!(
        json(&status(&samples::status())),
        concat!(
            r#"{"schema":1,"version":"0.1.0","pid":42,"uptime":90061,"frame_versions":[1,1],"primary":"refuse","#,
            r#""report_only":false,"accounts":3,"enrolled":2,"locked":1,"live":5,"suspended":2,"revoked":1,"verdicts":{"accepted":10,"refused":4,"not_mine":1,"#,
            r#""unavailable":0},"argon2":{"memory_kib":19456,"iterations":2,"parallelism":1,"workers":4,"#,
            r#""queued":0,"runs":6,"memo_hits":4},"panic":[],"in_memory":0,"writable":true,"last_backup":"2027-01-13T08:00:00Z"}"#,
            "\n"
        )
    );
}

#[test]
fn errors_have_a_code_and_perhaps_a_field() {
    let invalid = Failure::invalid("name", "too long");
    assert_eq!(
        error(&invalid),
        "{\"schema\":1,\"error\":{\"code\":\"invalid\",\"field\":\"name\",\"message\":\"too long\"}}\n"
    );
    assert!(error(&Failure::usage("a\nb")).contains(r#""code":"usage","field":null,"message":"a\nb""#));
}

#[test]
fn nothing_deceptive_is_written_raw_and_nothing_is_changed() {
    let text = json(&listed(&[samples::hostile()]));
    assert!(!text.trim_end().chars().any(is_deceptive), "{text}");
    assert!(text.contains(r#""name":"=1+1\u001b[2J\r\n\u202e\u009b\",'@xy"#), "{text}");
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read["app_passwords"][0]["name"], samples::hostile().name);
    let event = samples::hostile_event(verbs::EventKind::Denied);
    for text in [json(&super::event(&event)), json(&users(&[samples::hostile_user()]))] {
        assert!(!text.trim_end().chars().any(is_deceptive), "{text}");
    }
}

#[test]
fn characters_beyond_sixteen_bits_are_pairs() {
    let text = "é漢😀\u{e0041}\u{7f}\\\"";
    let mut line = Vec::new();
    text.serialize(&mut serde_json::Serializer::with_formatter(&mut line, Escaping)).unwrap();
    let line = String::from_utf8(line).unwrap();
    assert_eq!(line, r#""é漢😀\udb40\udc41\u007f\\\"""#);
    assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
}
