//! The frame: any bytes are survived, what is encoded decodes, every violation has its error.
// clippy.toml allows this in test functions only, not in their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use apppw_proto::frame::{Detail, FrameError, HEADER_LEN, Header, Kind, MAX_BODY, Reply, Request, Verdict};
use apppw_proto::limits::{MAX_FIELD, MAX_FRAME};
use proptest::collection::vec;
use proptest::prelude::*;

const VERSION_AT: usize = 4;
const KIND_AT: usize = 5;
const FLAGS_AT: usize = 6;
const LENGTH_AT: usize = 12;

/// A request that owns its fields.
#[derive(Debug, Clone)]
struct Owned {
    kind: Kind,
    wrong_check: bool,
    deadline_ms: u32,
    user: String,
    service: String,
    rhost: String,
    secret: Vec<u8>,
}

impl Owned {
    fn borrow(&self) -> Request<'_> {
        let Self { kind, wrong_check, deadline_ms, user, service, rhost, secret } = self;
        Request {
            kind: *kind,
            wrong_check: *wrong_check,
            deadline_ms: *deadline_ms,
            user,
            service,
            rhost,
            secret,
        }
    }
}

/// The longest that is made by chance. Under Miri each byte that proptest makes takes some 10 ms.
const fn up_to(longest: usize) -> usize {
    if cfg!(miri) { longest / 10 } else { longest }
}

fn text(shortest: usize) -> impl Strategy<Value = String> {
    let character = any::<char>().prop_filter("no control character", |c| !c.is_control());
    let fits = move |text: &String| (shortest..=MAX_FIELD).contains(&text.len());
    vec(character, shortest..up_to(120)).prop_map(String::from_iter).prop_filter("at most 255 bytes", fits)
}

fn valid() -> impl Strategy<Value = Owned> {
    let kinds = prop::sample::select(vec![Kind::Login, Kind::MayUsePrimary, Kind::PrimaryWasUsed]);
    (kinds, any::<bool>(), any::<u32>(), text(1), text(1), text(0), vec(any::<u8>(), 1..=up_to(MAX_FIELD)))
        .prop_map(|(kind, flag, deadline_ms, user, service, rhost, secret)| Owned {
            kind,
            wrong_check: flag && kind == Kind::MayUsePrimary,
            deadline_ms,
            user,
            service,
            rhost,
            secret: if kind == Kind::Login { secret } else { Vec::new() },
        })
}

fn encoded(request: &Request<'_>) -> Vec<u8> {
    let mut frame = Vec::new();
    request.encode(1, &mut frame).expect("a valid request");
    frame
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_to_the_same(request in valid()) {
        let frame = encoded(&request.borrow());
        prop_assert!(frame.len() <= MAX_FRAME);
        prop_assert!(Request::decode(&frame).unwrap() == request.borrow());
    }

    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..up_to(5000)), version in any::<u8>()) {
        let _ = Request::decode(&bytes);
        let _ = Reply::decode(&bytes, version);
    }

    #[test]
    fn any_body_behind_a_right_header_is_survived_and_canonical(
        kind in 0_u8..5, flags in 0_u16..3, body in vec(any::<u8>(), 0..up_to(1200)),
    ) {
        let mut frame = b"APPW\x01".to_vec();
        frame.push(kind);
        frame.extend(flags.to_be_bytes());
        frame.extend([0, 0, 0, 9]);
        frame.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        frame.extend(&body);
        if let Ok(request) = Request::decode(&frame) {
            prop_assert_eq!(encoded(&request), frame);
        }
    }

    #[test]
    fn a_changed_byte_is_an_error_or_another_valid_request(request in valid(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut frame = encoded(&request.borrow());
        let at = at.index(frame.len());
        frame[at] = to;
        if let Ok(request) = Request::decode(&frame) {
            prop_assert_eq!(encoded(&request), frame);
        }
    }

    #[test]
    fn cut_anywhere_it_is_truncated(request in valid()) {
        let frame = encoded(&request.borrow());
        for length in 0..frame.len() {
            prop_assert_eq!(Request::decode(&frame[..length]).err(), Some(FrameError::Truncated));
        }
    }

    #[test]
    fn with_bytes_behind_it_has_a_tail(request in valid(), tail in vec(any::<u8>(), 1..20)) {
        let mut frame = encoded(&request.borrow());
        frame.extend(tail);
        prop_assert_eq!(Request::decode(&frame).err(), Some(FrameError::Trailing));
    }

    #[test]
    fn every_reply_round_trips(verdict in verdicts(), detail in any::<u16>()) {
        let reply = Reply { version: 1, verdict, detail: Detail(detail) };
        prop_assert_eq!(Reply::decode(&reply.encode(), 1), Ok(reply));
    }

    #[test]
    fn eight_bytes_are_that_reply_or_none(bytes in any::<[u8; 8]>(), version in any::<u8>()) {
        if let Ok(reply) = Reply::decode(&bytes, version) {
            prop_assert_eq!(reply.encode(), bytes);
        }
    }
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    prop::sample::select(VERDICTS.to_vec())
}

const VERDICTS: [Verdict; 5] =
    [Verdict::Accepted, Verdict::Refused, Verdict::NotMine, Verdict::Unavailable, Verdict::OtherVersion];

fn alice() -> Request<'static> {
    Request {
        kind: Kind::MayUsePrimary,
        wrong_check: true,
        deadline_ms: 3000,
        user: "alice",
        service: "imap",
        rhost: "",
        secret: b"",
    }
}

/// alice's frame with one byte changed.
fn with(at: usize, byte: u8) -> Vec<u8> {
    let mut frame = encoded(&alice());
    frame[at] = byte;
    frame
}

#[track_caller]
fn refused(frame: &[u8], error: FrameError) {
    assert_eq!(Request::decode(frame).err(), Some(error));
}

#[test]
fn every_version_but_1_is_named() {
    for version in (0..=255).filter(|version| *version != 1) {
        refused(&with(VERSION_AT, version), FrameError::Version(version));
        assert_eq!(alice().encode(version, &mut Vec::new()), Err(FrameError::Version(version)));
    }
}

#[test]
fn a_version_that_is_not_spoken_comes_before_all_that_it_might_have_changed() {
    let mut frame = with(VERSION_AT, 2);
    frame[KIND_AT] = 200;
    frame[FLAGS_AT] = 200;
    frame[LENGTH_AT] = 200;
    refused(&frame, FrameError::Version(2));
}

#[test]
fn every_kind_but_1_to_3_is_named() {
    for kind in (0..=255).filter(|kind| !(1..=3).contains(kind)) {
        refused(&with(KIND_AT, kind), FrameError::Kind(kind));
    }
}

#[test]
fn flags_are_known_or_an_error() {
    // Miri is some hundred times slower; a prime, so that each bit is set in some.
    let step = if cfg!(miri) { 211 } else { 1 };
    for bits in (2..=u16::MAX).step_by(step) {
        let mut frame = encoded(&alice());
        frame[FLAGS_AT..FLAGS_AT + 2].copy_from_slice(&bits.to_be_bytes());
        refused(&frame, FrameError::Flags(bits));
    }
    for kind in [Kind::Login, Kind::PrimaryWasUsed] {
        refused(&with(KIND_AT, kind.code()), FrameError::Flags(1));
        let secret: &[u8] = if kind == Kind::Login { b"x" } else { b"" };
        let request = Request { kind, secret, ..alice() };
        assert_eq!(request.encode(1, &mut Vec::new()), Err(FrameError::Flags(1)));
    }
}

#[test]
fn each_byte_of_the_magic_counts() {
    for at in 0..4 {
        refused(&with(at, b'x'), FrameError::Magic);
    }
}

#[test]
fn a_body_over_the_limit_is_refused_by_its_header() {
    let mut header: [u8; HEADER_LEN] = *encoded(&alice()).first_chunk().unwrap();
    for (length, fits) in [(4082_u16, true), (4083, false), (u16::MAX, false)] {
        header[LENGTH_AT..].copy_from_slice(&length.to_be_bytes());
        let expected = FrameError::TooLong(HEADER_LEN + usize::from(length));
        assert_eq!(Header::decode(&header).err(), (!fits).then_some(expected));
    }
}

#[test]
fn fields_have_limits() {
    let longest = "a".repeat(MAX_FIELD);
    let too_long = "a".repeat(MAX_FIELD + 1);
    let login = Request { kind: Kind::Login, wrong_check: false, secret: b"x", ..alice() };
    let cases = |value| {
        [
            Request { user: value, ..login.clone() },
            Request { service: value, ..login.clone() },
            Request { rhost: value, ..login.clone() },
            Request { secret: value.as_bytes(), ..login.clone() },
        ]
    };
    for request in cases(&longest) {
        assert!(Request::decode(&encoded(&request)).unwrap() == request);
    }
    let mut seen = std::collections::BTreeSet::new();
    for request in cases(&too_long) {
        let mut frame = b"before".to_vec();
        let error = request.encode(1, &mut frame).unwrap_err();
        assert!(matches!(error, FrameError::FieldTooLong(_)), "{error}");
        seen.insert(error.to_string());
        assert_eq!(frame, b"before", "a failed encode leaves nothing behind");
    }
    assert_eq!(seen.len(), 4, "each field has an error of its own: {seen:?}");
}

/// A frame with these four fields, valid or not.
fn raw(kind: Kind, fields: [&[u8]; 4]) -> Vec<u8> {
    let body: Vec<u8> = fields.into_iter().flat_map(|field| [&[field.len() as u8], field].concat()).collect();
    let mut frame = b"APPW\x01".to_vec();
    frame.extend([kind.code(), 0, 0, 0, 0, 0, 9]);
    frame.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    frame.extend(body);
    frame
}

#[test]
fn fields_are_utf8_without_control_characters() {
    let bad: [&[u8]; 8] =
        [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"a\0", b"a\n", b"\x1b[2J", b"\x7f", "\u{85}".as_bytes()];
    for value in bad {
        refused(&raw(Kind::MayUsePrimary, [value, b"imap", b"", b""]), FrameError::Text("user"));
        refused(&raw(Kind::MayUsePrimary, [b"alice", value, b"", b""]), FrameError::Text("service"));
        refused(&raw(Kind::MayUsePrimary, [b"alice", b"imap", value, b""]), FrameError::Text("rhost"));
    }
    let request = Request { user: "a\nb", ..alice() };
    assert_eq!(request.encode(1, &mut Vec::new()), Err(FrameError::Text("user")));
}

#[test]
fn user_and_service_are_there_and_the_secret_where_it_belongs() {
    refused(&raw(Kind::MayUsePrimary, [b"", b"imap", b"", b""]), FrameError::Empty("user"));
    refused(&raw(Kind::MayUsePrimary, [b"alice", b"", b"", b""]), FrameError::Empty("service"));
    refused(&raw(Kind::Login, [b"alice", b"imap", b"", b""]), FrameError::Empty("secret"));
    for kind in [Kind::MayUsePrimary, Kind::PrimaryWasUsed] {
        refused(&raw(kind, [b"alice", b"imap", b"", b"hunter2"]), FrameError::UnexpectedSecret);
    }
}

#[test]
fn a_length_that_lies_is_found() {
    // One byte more in a field than the body has.
    let mut frame = encoded(&alice());
    let last = frame.len() - 1;
    frame[last] = 1;
    refused(&frame, FrameError::Truncated);
    // A byte behind the fourth field, inside of the body.
    let mut frame = encoded(&alice());
    frame.push(0);
    frame[LENGTH_AT + 1] += 1;
    refused(&frame, FrameError::Trailing);
}

#[test]
fn a_reply_is_eight_bytes() {
    let reply = Reply { version: 1, verdict: Verdict::Accepted, detail: Detail::NONE }.encode();
    for length in 0..reply.len() {
        assert_eq!(Reply::decode(&reply[..length], 1), Err(FrameError::Truncated));
    }
    assert_eq!(Reply::decode(&[&reply[..], &[0]].concat(), 1), Err(FrameError::Trailing));
}

#[test]
fn a_reply_has_the_version_that_was_asked() {
    for version in 0..=255 {
        let reply = Reply { version, verdict: Verdict::Accepted, detail: Detail::NONE };
        let expected = if version == 1 { Ok(reply) } else { Err(FrameError::Version(version)) };
        assert_eq!(Reply::decode(&reply.encode(), 1), expected);
        // Nobody asks in a version that isn't spoken; if so, nothing is an answer.
        assert_eq!(Reply::decode(&reply.encode(), version).is_ok(), version == 1);
        // Which versions the other end has is for it to say.
        let other = Reply { verdict: Verdict::OtherVersion, ..reply };
        assert_eq!(Reply::decode(&other.encode(), 1), Ok(other));
    }
}

#[test]
fn a_verdict_is_one_of_five_letters() {
    let mut reply = Reply { version: 1, verdict: Verdict::Accepted, detail: Detail::NONE }.encode();
    for code in 0..=255 {
        reply[5] = code;
        assert_eq!(Reply::decode(&reply, 1).is_ok(), b"ARNUV".contains(&code), "{code:#04x}");
    }
}

/// One bit flipped on the way must not turn a refusal into an acceptance.
#[test]
fn no_single_bit_lies_between_accepted_and_another_verdict() {
    for verdict in VERDICTS.into_iter().filter(|verdict| *verdict != Verdict::Accepted) {
        assert!((verdict.code() ^ Verdict::Accepted.code()).count_ones() > 1, "{verdict:?}");
    }
}

#[test]
fn debug_output_of_a_request_has_neither_user_nor_secret() {
    let request = Request { kind: Kind::Login, wrong_check: false, secret: b"hunter2", ..alice() };
    let shown = format!("{request:?}");
    assert!(!shown.contains("alice") && !shown.contains("hunter") && !shown.contains("104"), "{shown}");
    assert!(shown.contains("Login") && shown.contains("imap"), "{shown}");
}

/// Each of 255 bytes, behind its length.
#[test]
fn the_longest_body_is_four_full_fields() {
    assert_eq!((MAX_BODY, HEADER_LEN + MAX_BODY), (1024, 1038));
}

#[test]
fn every_detail_has_words_of_its_own() {
    let known = [
        Detail::NONE,
        Detail::OVERLOADED,
        Detail::DEADLINE,
        Detail::STORE,
        Detail::MALFORMED,
        Detail::PEER,
        Detail::INTERNAL,
    ];
    for (number, detail) in known.into_iter().enumerate() {
        assert_eq!(usize::from(detail.0), number);
        assert!(detail.as_str().len() > 8 && detail.as_str() != Detail(7).as_str(), "{detail:?}");
    }
    let words: std::collections::BTreeSet<&str> = known.iter().map(|detail| detail.as_str()).collect();
    assert_eq!(words.len(), known.len());
    assert_eq!(Detail(u16::MAX).as_str(), "unknown detail");
}
