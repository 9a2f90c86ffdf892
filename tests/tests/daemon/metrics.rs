//! `apppw status --metrics` before its readers: a strict parser of OpenMetrics and one of the older
//! format, and node_exporter itself with what the packaged unit leaves in its folder.

use super::Case;
use super::asking::{Made, OTHER, USER, create, done, imap, login, primary_was_used, refused, site};
use apppw_proto::frame::Verdict;
use apppw_tests::among::{fill_disk, on_small_disk};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::frames::{Ask, MALFORMED, answer};
use apppw_tests::servers::inside::Inside;
use apppw_tests::servers::namespace::{Running, enter};
use apppw_tests::servers::tree::{Suite, Tree};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const FOLDER: &str = "/mnt/metrics";

/// Each sample of each parser as `parser name{labels} value`, labels sorted.
const PARSE: &str = r#"
import sys
from prometheus_client import parser
from prometheus_client.openmetrics import parser as strict
text = open(sys.argv[1]).read()
for name, parse in (("strict", strict), ("older", parser)):
    for family in parse.text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{key}={value!r}" for key, value in sorted(sample.labels.items()))
            print(name, f"{sample.name}{{{labels}}}", sample.value)
"#;

pub fn cases() -> Vec<Case> {
    vec![
        Case::unless("strict_parsers_and_node_exporter_read_what_happened", read).with_root(),
        Case::as_root("each_number_is_what_it_says", sources).with_program("unshare"),
        Case::new("what_is_no_login_is_not_counted_as_one", logins),
    ]
}

/// No two numbers are the same, so that none can stand for another.
fn sources() {
    // Behind `[argon2]`.
    let site = site("workers = 9\n");
    let command = on_small_disk(&site, "state");
    let daemon = site.start_by(command);
    let begun = done(&daemon, "metrics", json!({}));
    let made: Vec<Made> = (0..12).map(|n| create(&daemon, &n.to_string(), json!({}))).collect();
    let ids = |range: Range<usize>| json!({"ids": made[range].iter().map(|one| &one.id).collect::<Vec<_>>()});
    done(&daemon, "revoke", ids(0..4));
    done(&daemon, "suspend", ids(4..10));
    for (verb, user) in
        [("user.enroll", "e1"), ("user.enroll", "e2"), ("user.lock", "l1"), ("user.lock", "l2")]
    {
        done(&daemon, verb, json!({"user": user}));
    }
    done(&daemon, "panic", json!({"on": true, "group": "files"}));
    let numbers = |verb: &str, wanted: Value| {
        let told = done(&daemon, verb, json!({}));
        for (key, wanted) in wanted.as_object().expect("an object") {
            assert_eq!(&told[key], wanted, "{verb} {key}");
        }
    };
    let counts = json!({
        "accounts": 5, "enrolled": 3, "locked": 2, "live": 8, "suspended": 6, "revoked": 4,
        "in_memory": 0, "writable": true,
    });
    numbers("status", counts.clone());
    numbers("metrics", counts);
    numbers(
        "metrics",
        json!({"panic_switches": 1, "argon2_workers": 9, "argon2_queued": 0, "store_errors": 0}),
    );
    let argon2 = daemon.status().argon2;
    assert_eq!((argon2.workers, argon2.queued), (9, 0));
    let writes = done(&daemon, "metrics", json!({}))["store_writes"].as_u64().expect("a number");
    // A transaction each, and some at the start.
    let grown = writes - begun["store_writes"].as_u64().expect("a number");
    assert!((19..30).contains(&grown), "{grown} transactions");

    fill_disk(&daemon, "state");
    for n in 0..7 {
        assert_eq!(refused(&daemon, "user.lock", json!({"user": format!("m{n}")})).0, "read_only");
    }
    let in_memory = json!({"in_memory": 7, "writable": false, "accounts": 5, "locked": 2});
    numbers("status", in_memory.clone());
    numbers("metrics", in_memory);
    let errors = done(&daemon, "metrics", json!({}))["store_errors"].as_u64().expect("a number");
    assert!((7..19).contains(&errors), "{errors} errors");
    // Of fifty places each; nothing of it can be written.
    let ask = |kind: u8, user: &str, secret: &str, address: u32| {
        let rhost = format!("10.0.0.{address}");
        let ask = Ask {
            kind,
            user: user.as_bytes(),
            secret: secret.as_bytes(),
            rhost: rhost.as_bytes(),
            ..Ask::default()
        };
        ask.send(&daemon.auth_socket())
    };
    for address in 0..53 {
        assert_eq!(ask(1, USER, &made[11].secret, address).verdict, Verdict::Accepted);
    }
    for (user, address) in (0..57).map(|address| (USER, address)).chain([(OTHER, 1)]) {
        assert_eq!(ask(3, user, "", address).verdict, Verdict::NotMine);
    }
    numbers("metrics", json!({"uses_waiting": 50 + 50 + 1, "uses_dropped": 3 + 7}));
    numbers("metrics", json!({"events_dropped": 0, "log_lines_dropped": 0, "argon2_turned_away": 0}));
}

fn logins() {
    let daemon = site("").start();
    let phone = create(&daemon, "phone", json!({"pin": ["service"]}));
    let args = json!({"user": USER, "secret": phone.secret, "service": "smtp", "rhost": "192.0.2.7"});
    for _ in 0..2 {
        assert_eq!(done(&daemon, "verify", args.clone())["reason"], "accepted");
    }
    let counted = || done(&daemon, "metrics", json!({}))["logins"].clone();
    assert_eq!(counted(), json!({}));
    let shown = done(&daemon, "show", json!({"id": phone.id}));
    assert_eq!((&shown["uses"], &shown["app_password"]["pin_service"]), (&json!([]), &json!("pending")));
    primary_was_used(&daemon, USER, "imap", "");
    assert_eq!(counted(), json!({}), "the request before it had a verdict");
    for byte in [0, 5, 5] {
        let mut frame = Ask::default().bytes();
        frame[byte] = 0xff;
        assert_eq!(answer(&daemon.auth_socket(), &frame), MALFORMED);
    }
    assert_eq!(counted(), json!({"other": {"malformed": {"verdict": "unavailable", "count": 3}}}));
    assert_eq!(daemon.status().verdicts.unavailable, 3);
}

fn read() -> Option<String> {
    let Some(tree) = Tree::unpack(Suite::Tools).expect("the tools can be unpacked") else {
        return Some("this machine's apt sources have no mirror for the tools".to_owned());
    };
    let odd = "im\"ap\\{le=\"1\"} 5";
    let daemon = site(&format!("[groups]\nmail = [\"imap\", {odd:?}]\n")).start();
    let (phone, old) = (create(&daemon, "phone", json!({})), create(&daemon, "old", json!({})));
    done(&daemon, "revoke", json!({"ids": [old.id]}));
    for _ in 0..3 {
        assert_eq!(imap(&daemon, &phone), "accepted");
    }
    assert_eq!(login(&daemon, USER, &phone.secret, odd, ""), "accepted");
    assert_eq!(imap(&daemon, &old), "revoked");
    done(&daemon, "panic", json!({"on": true}));

    let folder = TempDir::with_prefix("apppw-metrics-").expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
    fs::write(folder.path().join("parse.py"), PARSE).expect("a script");
    fs::write(folder.path().join("apppw.prom"), metrics(&daemon)).expect("a file");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).expect("a port").port();
    let exporter = format!(
        "exec prometheus-node-exporter --collector.disable-defaults --collector.textfile \
         --collector.textfile.directory={FOLDER} --web.listen-address=127.0.0.1:{port}"
    );
    let inside = Inside::new().bind(folder.path(), FOLDER);
    let inside = enter(&tree, &inside, &["sh", "-c", &exporter]).expect("a tree");
    let scraped = scrape(port);

    for (what, samples) in [
        ("strict", parsed(&inside, "strict")),
        ("older", parsed(&inside, "older")),
        ("node_exporter", samples_of(&scraped)),
    ] {
        let accepted = "reason='accepted',service=";
        let count = |service: &str| {
            samples.get(&format!("apppw_logins_total{{{accepted}{service},verdict='accepted'}}")).copied()
        };
        let wanted = [
            (count("'imap'"), 3.0),
            (count(&format!("'{}'", odd.replace('\\', "\\\\"))), 1.0),
            (
                samples.get("apppw_logins_total{reason='revoked',service='imap',verdict='refused'}").copied(),
                1.0,
            ),
            (samples.get("apppw_up{}").copied(), 1.0),
            (samples.get("apppw_app_passwords{}").copied(), 1.0),
            (samples.get("apppw_app_passwords_revoked{}").copied(), 1.0),
            (samples.get("apppw_panic_switches{}").copied(), 1.0),
            (samples.get("apppw_login_duration_seconds_count{}").copied(), 5.0),
            (samples.get("apppw_login_duration_seconds_bucket{le='+Inf'}").copied(), 5.0),
            // Two for the creations, one for each first login.
            (samples.get("apppw_argon2_duration_seconds_count{}").copied(), 3.0),
            (samples.get("apppw_memo_hits_total{}").copied(), 3.0),
        ];
        for (n, (found, wanted)) in wanted.into_iter().enumerate() {
            assert_eq!(found, Some(wanted), "{what}, number {n}: {samples:#?}");
        }
    }
    let errors = samples_of(&scraped).get("node_textfile_scrape_error{}").copied();
    assert_eq!(errors, Some(0.0), "{scraped}");
    None
}

fn metrics(daemon: &Apppwd) -> Vec<u8> {
    let output = daemon.cli(&["status", "--metrics"]).output().expect("apppw runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    output.stdout
}

/// What one of the parsers makes of it.
fn parsed(inside: &Running, parser: &str) -> BTreeMap<String, f64> {
    let script = [&format!("{FOLDER}/parse.py"), &format!("{FOLDER}/apppw.prom")];
    let mut python = inside.command("python3").expect("a command");
    let output = python.args(script).output().expect("python runs");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let of_this = text.lines().filter_map(|line| line.strip_prefix(parser)?.strip_prefix(' '));
    of_this
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(key, value)| (key.to_owned(), value.parse().expect("a number")))
        .collect()
}

fn scrape(port: u16) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
            let mut answer = String::new();
            stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").expect("a request");
            stream.read_to_string(&mut answer).expect("an answer");
            return answer;
        }
        assert!(Instant::now() < deadline, "node_exporter doesn't listen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// node_exporter's own text, in the form of [`PARSE`].
fn samples_of(scraped: &str) -> BTreeMap<String, f64> {
    let lines =
        scraped.lines().filter(|line| line.starts_with("apppw_") || line.starts_with("node_textfile"));
    lines
        .filter_map(|line| {
            let (key, value) = line.rsplit_once(' ')?;
            let (name, labels) = key
                .split_once('{')
                .map_or((key, ""), |(name, rest)| (name, rest.strip_suffix('}').unwrap_or(rest)));
            let mut pairs: Vec<String> = split(labels);
            pairs.sort();
            Some((format!("{name}{{{}}}", pairs.join(",")), value.parse().ok()?))
        })
        .collect()
}

/// `a="x",b="y\"z"` as Python shows the pairs.
fn split(labels: &str) -> Vec<String> {
    let (mut pairs, mut rest) = (Vec::new(), labels);
    while let Some((key, after)) = rest.split_once("=\"") {
        let mut value = String::new();
        let mut chars = after.char_indices();
        let end = loop {
            match chars.next() {
                Some((_, '\\')) => value.extend(chars.next().map(|(_, c)| c)),
                Some((end, '"')) => break end,
                Some((_, c)) => value.push(c),
                None => break after.len(),
            }
        };
        pairs.push(format!("{key}='{}'", value.replace('\\', "\\\\")));
        rest = after.get(end + 1..).unwrap_or_default().trim_start_matches(',');
    }
    pairs
}
