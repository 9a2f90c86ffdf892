//! The fixtures in `golden/`, which `docs/protocol.md` shows, are what this crate speaks.
// clippy.toml allows this in test functions only, not in their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use apppw_proto::frame::{Detail, Kind, Reply, Request, Verdict};
use std::collections::BTreeMap;
use std::path::Path;

/// Reads `golden/*.hex`: hexadecimal bytes; `#` begins a comment.
fn fixtures() -> BTreeMap<String, Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), bytes(&path))).collect()
}

fn bytes(path: &Path) -> Vec<u8> {
    let text = std::fs::read_to_string(path).unwrap();
    let code = text.lines().filter_map(|line| line.split('#').next());
    code.flat_map(str::split_whitespace).map(|hex| u8::from_str_radix(hex, 16).unwrap()).collect()
}

fn request(kind: Kind, deadline_ms: u32, user: &'static str, service: &'static str) -> Request<'static> {
    Request { kind, wrong_check: false, deadline_ms, user, service, rhost: "192.0.2.7", secret: b"" }
}

fn requests() -> BTreeMap<&'static str, Request<'static>> {
    let alice = "alice@example.org";
    BTreeMap::from([
        (
            "request-login",
            Request { secret: b"7k2m9xq4tpw8h3n8", ..request(Kind::Login, 3000, alice, "imap") },
        ),
        (
            "request-may-use-primary",
            Request { rhost: "", ..request(Kind::MayUsePrimary, 2998, "jürgen", "smtp") },
        ),
        (
            "request-may-use-primary-wrong-check",
            Request {
                wrong_check: true,
                rhost: "2001:db8::7",
                ..request(Kind::MayUsePrimary, 3000, alice, "imap")
            },
        ),
        ("request-primary-was-used", request(Kind::PrimaryWasUsed, 1000, alice, "imap")),
    ])
}

fn replies() -> BTreeMap<&'static str, Reply> {
    let reply = |verdict| Reply { version: 1, verdict, detail: Detail::NONE };
    BTreeMap::from([
        ("reply-accepted", reply(Verdict::Accepted)),
        ("reply-refused", reply(Verdict::Refused)),
        ("reply-not-mine", reply(Verdict::NotMine)),
        ("reply-unavailable", Reply { detail: Detail::OVERLOADED, ..reply(Verdict::Unavailable) }),
        ("reply-other-version", Reply::other_version()),
    ])
}

#[test]
fn requests_are_encoded_and_decoded_as_written_down() {
    let fixtures = fixtures();
    for (name, request) in requests() {
        let golden = &fixtures[name];
        let mut encoded = Vec::new();
        request.encode(1, &mut encoded).unwrap();
        assert_eq!(&encoded, golden, "{name}");
        assert!(Request::decode(golden).unwrap() == request, "{name}");
    }
}

#[test]
fn replies_are_encoded_and_decoded_as_written_down() {
    let fixtures = fixtures();
    for (name, reply) in replies() {
        let golden = &fixtures[name];
        assert_eq!(&reply.encode()[..], golden, "{name}");
        assert_eq!(Reply::decode(golden, 1).unwrap(), reply, "{name}");
    }
}

#[test]
fn every_fixture_is_checked_here() {
    let known: Vec<&str> = requests().into_keys().chain(replies().into_keys()).collect();
    let fixtures: Vec<String> = fixtures().into_keys().collect();
    assert_eq!(fixtures.len(), known.len());
    for name in fixtures {
        assert!(known.contains(&name.as_str()), "{name}.hex is checked nowhere");
    }
}

#[test]
fn the_document_shows_the_bytes_of_the_fixtures() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md");
    let document = std::fs::read_to_string(document).unwrap();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let fixture = std::fs::read_to_string(&path).unwrap();
        assert!(document.contains(fixture.trim_end()), "docs/protocol.md doesn't show {}", path.display());
    }
}
