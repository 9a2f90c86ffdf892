//! What the daemon reads from `auth.sock`.

use apppw_proto::frame::{FrameError, HEADER_LEN, Header, Kind, MAGIC, MAX_BODY, Request};

pub fn run(data: &[u8]) {
    check(data);
    // The same bytes as the fields of a request whose header is right.
    if let Some((kind, body)) = data.split_first() {
        let Ok(length) = u16::try_from(body.len()) else { return };
        let mut frame = MAGIC.to_vec();
        frame.extend([1, kind % 3 + 1, 0, 0, 0, 0, 11, 0xb8]);
        frame.extend(length.to_be_bytes());
        frame.extend(body);
        check(&frame);
    }
}

fn check(frame: &[u8]) {
    let whole = Request::decode(frame);
    assert_eq!(whole, as_served(frame), "read in one piece or in two");
    assert_eq!(whole.is_ok(), is_valid(frame), "what docs/protocol.md says of it");
    match whole {
        Ok(request) => {
            let mut again = Vec::new();
            request.encode(1, &mut again).expect("what was decoded can be encoded");
            assert_eq!(again, frame, "one request has one form");
            assert!(!format!("{request:?}").contains("secret"), "Debug shows no secret");
        }
        Err(error) => {
            let text = error.to_string();
            assert!(text.len() < 80 && !text.contains(char::is_control), "{text}");
        }
    }
}

/// As `apppwd::auth::serve` reads it: the header first.
fn as_served(frame: &[u8]) -> Result<Request<'_>, FrameError> {
    let (head, rest) = frame.split_first_chunk::<HEADER_LEN>().ok_or(FrameError::Truncated)?;
    let header = Header::decode(head)?;
    let body = rest.get(..header.body_len).ok_or(FrameError::Truncated)?;
    if rest.len() > header.body_len {
        return Err(FrameError::Trailing);
    }
    Request::decode_body(&header, body)
}

/// Written a second time, from `docs/protocol.md` alone.
fn is_valid(frame: &[u8]) -> bool {
    if frame.len() < HEADER_LEN || frame.len() > HEADER_LEN + MAX_BODY || !frame.starts_with(b"APPW\x01") {
        return false;
    }
    let (kind, flags) = (frame[5], (frame[6], frame[7]));
    let body = &frame[HEADER_LEN..];
    let announced = usize::from(frame[12]) << 8 | usize::from(frame[13]);
    let flags_are_right = flags == (0, 0) || kind == 2 && flags == (0, 1);
    if !(1..=3).contains(&kind) || !flags_are_right || announced != body.len() {
        return false;
    }
    let mut fields = Vec::new();
    let mut at = 0;
    while at < body.len() {
        let end = at + 1 + usize::from(body[at]);
        if end > body.len() {
            return false;
        }
        fields.push(&body[at + 1..end]);
        at = end;
    }
    let [user, service, rhost, secret] = fields[..] else { return false };
    let is_text =
        |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(char::is_control));
    !user.is_empty()
        && !service.is_empty()
        && [user, service, rhost].into_iter().all(is_text)
        && secret.is_empty() == (kind != Kind::Login.code())
}
