//! What the module reads from `auth.sock`: what can't be read must never be taken for an answer.

use apppw_proto::frame::{REPLY_LEN, Reply, Verdict};

pub fn run(data: &[u8]) {
    for asked in [1, 0, 2, 255] {
        check(data, asked);
    }
    // The same bytes behind a right beginning.
    let begun: Vec<u8> = b"APPW".iter().chain(data).copied().collect();
    check(&begun, 1);
    if let Some(exact) = begun.first_chunk::<REPLY_LEN>() {
        check(exact, 1);
        no_flipped_bit_accepts(exact);
    }
}

fn check(bytes: &[u8], asked: u8) {
    let reply = Reply::decode(bytes, asked);
    let is_accepted = matches!(reply, Ok(Reply { verdict: Verdict::Accepted, .. }));
    let says_so = bytes.len() == REPLY_LEN && bytes.starts_with(b"APPW\x01A") && asked == 1;
    assert_eq!(is_accepted, says_so, "{bytes:x?} to version {asked}");
    match reply {
        Ok(reply) => {
            assert_eq!(reply.encode(), bytes, "one reply has one form");
            assert!(reply.version == asked || reply.verdict == Verdict::OtherVersion);
            assert!(!reply.detail.as_str().is_empty());
        }
        Err(error) => assert!(error.to_string().len() < 80),
    }
}

fn no_flipped_bit_accepts(bytes: &[u8; REPLY_LEN]) {
    let is_accepted =
        |bytes: &[u8]| matches!(Reply::decode(bytes, 1), Ok(Reply { verdict: Verdict::Accepted, .. }));
    let Ok(Reply { verdict: Verdict::Refused | Verdict::NotMine | Verdict::Unavailable, .. }) =
        Reply::decode(bytes, 1)
    else {
        return;
    };
    for bit in 0..8 * REPLY_LEN {
        let mut flipped = *bytes;
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(!is_accepted(&flipped), "{bytes:x?} with bit {bit} flipped");
    }
}
