//! `apppw status --metrics` before its readers: a strict parser of OpenMetrics and one of the older
//! format, and node_exporter itself with what the packaged unit leaves in its folder.

use super::Case;
use super::asking::{create, done, imap, login, site};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::servers::inside::Inside;
use apppw_tests::servers::namespace::{Running, enter};
use apppw_tests::servers::tree::{Suite, Tree};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
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
    vec![Case::unless("strict_parsers_and_node_exporter_read_what_happened", read).with_root()]
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
    assert_eq!(login(&daemon, super::asking::USER, &phone.secret, odd, ""), "accepted");
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
