//! One connection to a fake daemon.

use super::Act;
use apppw_proto::frame::{Detail, HEADER_LEN, MAGIC, NEWEST_VERSION, Reply, Verdict};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

/// Plays `act`; returns everything that the client sent until it left.
pub fn play(mut stream: UnixStream, act: &Act) -> Vec<u8> {
    match act {
        Act::CloseAtOnce => return Vec::new(),
        Act::AnswerUnread(reply) => {
            // The client may be gone already; then nobody misses the answer.
            let _ = stream.write_all(&reply.encode());
            return Vec::new();
        }
        _ => {}
    }
    let mut seen = read_request(&mut stream);
    // Only requests are answered: no half ones, and not the sentinel of `Fake::seen`.
    if seen.starts_with(&MAGIC) {
        answer(&mut stream, act, seen.get(4).copied().unwrap_or(NEWEST_VERSION));
    }
    if matches!(act, Act::CloseAfterRequest) {
        let _ = stream.shutdown(Shutdown::Write);
    }
    // Whatever comes after the request counts as seen, too.
    let _ = stream.read_to_end(&mut seen);
    seen
}

fn answer(stream: &mut UnixStream, act: &Act, version: u8) {
    let reply = |verdict, detail| Reply { version, verdict, detail }.encode();
    // Writing fails once the client has left at its deadline: part of what is tested.
    let _ = match act {
        Act::Verdict(verdict) => stream.write_all(&reply(*verdict, Detail::NONE)),
        Act::Unavailable(detail) => stream.write_all(&reply(Verdict::Unavailable, *detail)),
        Act::SpeaksOnly(highest) => {
            let reply = Reply { version: *highest, verdict: Verdict::OtherVersion, detail: Detail::NONE };
            stream.write_all(&reply.encode())
        }
        Act::Bytes(bytes) => stream.write_all(bytes),
        Act::Trickle(bytes, pause) => bytes.iter().try_for_each(|byte| {
            std::thread::sleep(*pause);
            stream.write_all(std::slice::from_ref(byte))
        }),
        Act::Late(pause, verdict) => {
            std::thread::sleep(*pause);
            stream.write_all(&reply(*verdict, Detail::NONE))
        }
        Act::Silent | Act::CloseAfterRequest | Act::CloseAtOnce | Act::AnswerUnread(_) => Ok(()),
    };
}

/// Reads one request, or what there is of it.
fn read_request(stream: &mut UnixStream) -> Vec<u8> {
    let mut seen = Vec::new();
    let mut take = |length: usize| {
        let before = seen.len();
        let _ = Read::take(&mut *stream, length as u64).read_to_end(&mut seen);
        seen.len() - before == length
    };
    if take(HEADER_LEN) {
        let body =
            seen.get(HEADER_LEN - 2..).and_then(|length| length.try_into().ok()).map(u16::from_be_bytes);
        let mut rest = Vec::new();
        let _ = Read::take(stream, u64::from(body.unwrap_or(0))).read_to_end(&mut rest);
        seen.extend(rest);
    }
    seen
}
