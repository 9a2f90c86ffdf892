//! The shapes of `docs/json.md`, to the byte: a change here is a change for every script.

use super::*;
use crate::commands::samples;
use apppw_admin::verbs::Verified;

const LIVE: &str = concat!(
    r#""id":"ap-0000002a","name":"Thunderbird, laptop","user":"alice@example.org","state":"live","#,
    r#""services":["mail"],"created":"2027-01-05T08:00:00Z","created_by":{"uid":0,"role":"admin","name":"root"},"#,
    r#""revoked":null,"revoked_by":null,"last_use":{"service":"imap","rhost":"192.0.2.7","#,
    r#""rhost_unproven":false,"host":"mail1","first":"2027-01-06T08:00:00Z","last":"2027-01-12T08:00:00Z","#,
    r#""count":12}"#,
);
const REVOKED: &str = concat!(
    r#""id":"ap-0000002b","name":"old phone","user":"bob","state":"revoked","services":["imap","smtp"],"#,
    r#""created":"2027-01-05T08:00:00Z","created_by":{"uid":0,"role":"admin","name":"root"},"#,
    r#""revoked":"2027-01-14T08:00:00Z","revoked_by":{"uid":1000,"role":"user","name":null},"last_use":null"#,
);

fn json(value: &impl Serialize) -> String {
    String::from_utf8(document(value).unwrap().to_vec()).unwrap()
}

#[test]
fn create_gives_the_record_with_the_secret() {
    let record = LIVE.split(r#","last_use""#).next().unwrap();
    let expected = format!(
        r#"{{"schema":1,"secret":"abcd-efgh-jkmn-pqrs",{record},"last_use":null,"newly_enrolled":true,"primary":"refuse-enrolled"}}"#
    );
    assert_eq!(json(&created(&samples::created())), expected + "\n");
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
        r#"{{"schema":1,"dry_run":false,"count":1,"ids":["ap-0000002a"],"revoked":[{{{LIVE}}}],"already":["ap-0000002b"]}}"#
    );
    assert_eq!(json(&revoked(&result, false)), expected + "\n");
    assert!(json(&revoked(&result, true)).contains("\"dry_run\":true"));
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
fn user_gives_the_account() {
    assert_eq!(
        json(&account(&samples::account())),
        concat!(
            r#"{"schema":1,"user":"alice","uid":1000,"enrolled":"2027-01-05T08:00:00Z","#,
            r#""created":"2027-01-04T08:00:00Z","live":2,"revoked":1,"primary":"refuse-enrolled"}"#,
            "\n"
        )
    );
}

#[test]
fn status_gives_the_daemon() {
    assert_eq!(
        json(&status(&samples::status())),
        concat!(
            r#"{"schema":1,"version":"0.1.0","pid":42,"uptime":90061,"frame_versions":[1,1],"primary":"refuse","#,
            r#""accounts":3,"enrolled":2,"live":5,"revoked":1,"verdicts":{"accepted":10,"refused":4,"not_mine":1,"#,
            r#""unavailable":0},"argon2":{"memory_kib":19456,"iterations":2,"parallelism":1,"workers":4,"#,
            r#""queued":0,"runs":6,"memo_hits":4},"writable":true}"#,
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
    assert!(text.contains(r#""name":"\u001b[2J\r\n\u202e\u009bx""#), "{text}");
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read["app_passwords"][0]["name"], samples::hostile().name);
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
