//! The module's encoder against the daemon's decoder.

use super::super::input::Input;
use apppw_proto::frame::{Detail, Kind, REPLY_LEN, Reply, Request, Verdict};
use apppw_proto::limits::MAX_FIELD;

pub fn run(data: &[u8]) {
    let mut input = Input(data);
    request(&mut input);
    reply(&mut input);
}

fn request(input: &mut Input<'_>) {
    let kind = [Kind::Login, Kind::MayUsePrimary, Kind::PrimaryWasUsed][usize::from(input.byte() % 3)];
    let wrong_check = input.byte() & 1 == 1;
    let deadline_ms = u32::from_be_bytes(input.array());
    let [user, service, rhost] = [input.field(), input.field(), input.field()].map(String::from_utf8_lossy);
    let secret = input.field();
    let request =
        Request { kind, wrong_check, deadline_ms, user: &user, service: &service, rhost: &rhost, secret };

    let texts = [&user, &service, &rhost];
    let can_be_said = texts.iter().all(|text| text.len() <= MAX_FIELD && !text.contains(char::is_control))
        && secret.len() <= MAX_FIELD
        && !user.is_empty()
        && !service.is_empty()
        && secret.is_empty() == (kind != Kind::Login)
        && (kind == Kind::MayUsePrimary || !wrong_check);

    let mut frame = b"before".to_vec();
    let encoded = request.encode(1, &mut frame);
    assert_eq!(encoded.is_ok(), can_be_said, "{encoded:?}");
    let (before, frame) = frame.split_at(6);
    assert_eq!(before, b"before", "what was there stays");
    if encoded.is_err() {
        assert!(frame.is_empty(), "nothing is begun that can't be ended");
        return;
    }
    assert_eq!(Request::decode(frame).as_ref(), Ok(&request), "the daemon reads what the module said");
    for end in 0..frame.len() {
        assert!(Request::decode(&frame[..end]).is_err(), "nothing is read of {end} bytes of {}", frame.len());
    }
    let longer = [frame, &[0]].concat();
    assert!(Request::decode(&longer).is_err(), "nothing may follow");
    for version in [0, 2, 255] {
        assert!(request.encode(version, &mut Vec::new()).is_err());
    }
}

fn reply(input: &mut Input<'_>) {
    let all =
        [Verdict::Accepted, Verdict::Refused, Verdict::NotMine, Verdict::Unavailable, Verdict::OtherVersion];
    let verdict = all[usize::from(input.byte()) % all.len()];
    let detail = Detail(u16::from_be_bytes(input.array()));
    let reply = Reply { version: 1, verdict, detail };
    let bytes = reply.encode();
    assert_eq!(Reply::decode(&bytes, 1), Ok(reply), "the module reads what the daemon said");
    for end in 0..REPLY_LEN {
        assert!(Reply::decode(&bytes[..end], 1).is_err());
    }
}
