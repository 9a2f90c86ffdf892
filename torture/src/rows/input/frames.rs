//! Frames that are none, all of them: every version, kind and flag, cut at each byte, two at once, with descriptors
//! attached, and many interleaved byte by byte.

use super::scene::{Scene, USER};
use super::{reply, send};
use crate::random::Random;
use crate::row::{Cases, Outcome, Row};
use apppw_proto::frame::Verdict;
use apppw_tests::frames::{self as wire, Ask};
use std::io::{ErrorKind, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

/// Each version; each kind; a cut at each byte of a frame; some of what is drawn.
const VERSIONS: u64 = 256;
const KINDS: u64 = 256;
const CUTS: u64 = LENGTH as u64;
const TWO: u64 = 512;
const RIGHTS: u64 = 512;
const INTERLEAVED: u64 = 128;
/// All that come before the flags.
const FEW: u64 = VERSIONS + KINDS + CUTS + TWO + RIGHTS + INTERLEAVED;
/// Each of the flags with each kind.
const FLAGS: u64 = 3 * 65_536;

/// Bytes of a right frame of these cases.
const LENGTH: usize = 14 + 4 + USER.len() + "imap".len() + "192.0.2.7".len() + 16;

/// The row.
pub const ROW: Row = Row {
    number: 16,
    name: "input-frames",
    shows: "every unknown version, kind and flag, every cut, second frames, attached descriptors and interleaved writing: \
            the right answer or none, one log line, nothing kept, the next login served",
    unit: "cases",
    full: FEW + FLAGS,
    short: FEW + 1_000,
    batch: 20_000,
    run,
};

fn run(cases: &Cases) -> Outcome {
    let scene = Scene::new();
    let secret = String::from_utf8(scene.filled("phone.plain").expect("one")).expect("ASCII");
    let right = Ask { user: USER.as_bytes(), secret: secret.as_bytes(), ..Ask::default() }.bytes();
    assert_eq!(right.len(), LENGTH);
    // These clients end their requests by closing their side. Where Argon2id has to be waited for, such a one counts as gone;
    // behind a first login nothing is waited for.
    let _ = wire::try_login(&scene.daemon.auth_socket(), USER, &secret);
    let _ = scene.said();
    let descriptors = scene.daemon.descriptors_at_rest();
    let (mut lines, mut accepted) = (0_u64, 0_u64);
    let mut outcome = Outcome::of_each(cases, |case, outcome| {
        let one = one_case(&scene, &right, case);
        for (what, found, wanted) in one.answers {
            accepted += u64::from(found == "accepted");
            if found != wanted {
                outcome.find(case, format!("{what}: {found}, wanted {wanted}"));
            }
        }
        lines += one.lines;
        outcome.count(one.sort, 1);
    });
    let first = cases.range.start;
    let said = scene.said();
    // An accepted login of this batch's own counts, too.
    if said.len() as u64 != lines {
        outcome.find(first, format!("{} lines in the log, wanted {lines}", said.len()));
    }
    let told = said.iter().filter(|line| line.starts_with("accepted ")).count() as u64;
    if told != accepted {
        outcome.find(first, format!("{told} accepted in the log, {accepted} were told so"));
    }
    let raw = |line: &&String| line.chars().any(apppw_admin::text::is_deceptive) || line.contains(&secret);
    for line in said.iter().filter(raw).take(3) {
        outcome.find(first, format!("in the log: {line:?}"));
    }
    let left = scene.daemon.descriptors_at_rest();
    if left != descriptors {
        outcome.find(first, format!("{left} descriptors at rest, {descriptors} before"));
    }
    if wire::try_login(&scene.daemon.auth_socket(), USER, &secret) != Verdict::Accepted {
        outcome.find(first, "a right login is not accepted any more");
    }
    outcome.count("log lines", lines);
    outcome
}

/// What a case came to.
struct One {
    sort: &'static str,
    /// What was sent, what came back, what was to come.
    answers: Vec<(String, String, String)>,
    /// Lines that the log gets.
    lines: u64,
}

const MALFORMED: &str = "unavailable: malformed request";

fn one_case(scene: &Scene, right: &[u8], case: u64) -> One {
    let mut rest = case;
    for (count, which) in
        [(VERSIONS, 0), (KINDS, 1), (CUTS, 2), (TWO, 3), (RIGHTS, 4), (INTERLEAVED, 5), (FLAGS, 6)]
    {
        if rest < count {
            let n = usize::try_from(rest).expect("small");
            return match which {
                0 => version(scene, right, n),
                1 => kind(scene, right, n),
                2 => cut(scene, right, n),
                3 => two(scene, right, case),
                4 => rights(scene, right, case),
                5 => interleaved(scene, right, case),
                _ => flags(scene, n),
            };
        }
        rest -= count;
    }
    panic!("no such case")
}

fn one(sort: &'static str, what: String, found: &[u8], wanted: &str, lines: u64) -> One {
    One { sort, answers: vec![(what, reply(found), wanted.to_owned())], lines }
}

fn version(scene: &Scene, right: &[u8], n: usize) -> One {
    let mut frame = right.to_vec();
    frame[4] = u8::try_from(n).expect("a byte");
    let wanted = if n == 1 { "accepted" } else { "otherversion" };
    one("versions", format!("version {n}"), &send(scene, &frame), wanted, 1)
}

fn kind(scene: &Scene, right: &[u8], n: usize) -> One {
    let mut frame = right.to_vec();
    frame[5] = u8::try_from(n).expect("a byte");
    let wanted = if n == 1 { "accepted" } else { MALFORMED };
    one("kinds", format!("kind {n}"), &send(scene, &frame), wanted, 1)
}

fn flags(scene: &Scene, n: usize) -> One {
    let (kind, flags) =
        (u8::try_from(n / 65_536 + 1).expect("small"), u16::try_from(n % 65_536).expect("two bytes"));
    let secret: &[u8] = if kind == 1 { b"0000000000000000" } else { b"" };
    let frame = Ask { kind, flags, secret, user: USER.as_bytes(), ..Ask::default() }.bytes();
    let wanted = match (kind, flags) {
        (1 | 2, 0) | (2, 1) => "refused",
        (_, 0) => "notmine",
        _ => MALFORMED,
    };
    one("flags", format!("kind {kind} with flags {flags:#06x}"), &send(scene, &frame), wanted, 1)
}

/// Ended early: nobody is there to be answered.
fn cut(scene: &Scene, right: &[u8], n: usize) -> One {
    one("cuts", format!("cut at {n}"), &send(scene, &right[..n]), "closed", 0)
}

/// A second frame behind a right one, or a part of it, or other bytes: one request for each connection.
fn two(scene: &Scene, right: &[u8], case: u64) -> One {
    let mut random = Random::of(case, 16);
    let other = Ask { user: b"bob@example.org", ..Ask::default() }.bytes();
    let second = if random.below(2) == 0 { right } else { &other };
    let more = &second[..=random.index(second.len())];
    let found = send(scene, &[right, more].concat());
    one("two frames", format!("{} bytes behind it", more.len()), &found, MALFORMED, 1)
}

/// One to 253 open files (SCM_MAX_FD) on the way to a daemon that asked for none, with the whole frame or a part of it, on either
/// socket. From Linux 6.16 on the kernel refuses them, and nothing is sent.
fn rights(scene: &Scene, right: &[u8], case: u64) -> One {
    let mut random = Random::of(case, 16);
    let count = 1 + random.index(253);
    let file = std::fs::File::open("/dev/null").expect("a file");
    let descriptors = vec![file.as_raw_fd(); count];
    let on_admin = random.below(4) == 0;
    let line = b"{\"v\":1,\"id\":1,\"verb\":\"status\"}\n";
    let (socket, bytes) =
        if on_admin { (scene.daemon.admin_socket(), &line[..]) } else { (scene.daemon.auth_socket(), right) };
    let split = random.index(bytes.len());
    let mut stream = wire::connect(&socket);
    let mut is_refused = false;
    for part in [&bytes[..split], &bytes[split..]].into_iter().filter(|part| !part.is_empty()) {
        match wire::pass_on(&stream, part, &descriptors) {
            Err(e) if e.kind() == ErrorKind::PermissionDenied => is_refused = true,
            // The daemon may have hung up on the first ones.
            sent => assert!(sent.is_ok() || on_admin, "{sent:?}"),
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    let received = wire::read_to_end(&mut stream);
    let what = format!("{count} descriptors, split at {split}");
    let sort = if is_refused { "descriptors refused by the kernel" } else { "descriptors" };
    if on_admin {
        let found = if received.windows(5).any(|w| w == b"\"ok\":") { "ok" } else { "no answer" };
        let wanted = "no answer".to_owned();
        return One { sort, answers: vec![(what, found.to_owned(), wanted)], lines: 0 };
    }
    if is_refused {
        one(sort, what, &received, "closed", 0)
    } else {
        one(sort, what, &received, "accepted", 1)
    }
}

/// Several at once, written in turn, a few bytes each: everyone gets his own answer.
fn interleaved(scene: &Scene, right: &[u8], case: u64) -> One {
    let mut random = Random::of(case, 16);
    let wrong = Ask { user: USER.as_bytes(), ..Ask::default() }.bytes();
    let broken = [&right[..5], &[9][..], &right[6..]].concat();
    let frames: [(&[u8], &str); 3] = [(right, "accepted"), (&wrong, "refused"), (&broken, MALFORMED)];
    let mut streams: Vec<(UnixStream, &[u8], usize, &str)> = (0..3 + random.index(10))
        .map(|i| (wire::connect(&scene.daemon.auth_socket()), frames[i % 3].0, 0, frames[i % 3].1))
        .collect();
    while streams.iter().any(|(_, frame, sent, _)| *sent < frame.len()) {
        let i = random.index(streams.len());
        let (stream, frame, sent, _) = &mut streams[i];
        let end = frame.len().min(*sent + 1 + random.index(9));
        let _ = stream.write_all(&frame[*sent..end]);
        *sent = end;
    }
    let lines = streams.len() as u64;
    let answers = streams
        .into_iter()
        .map(|(mut stream, _, _, wanted)| {
            let _ = stream.shutdown(Shutdown::Write);
            ("interleaved".to_owned(), reply(&wire::read_to_end(&mut stream)), wanted.to_owned())
        })
        .collect();
    One { sort: "interleaved", answers, lines }
}
