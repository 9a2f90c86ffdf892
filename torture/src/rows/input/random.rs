//! Input that nobody thought of, by the hundred thousand: it is never accepted, breaks nothing, and of each attempt there is
//! one line in the log, with nothing in it that a terminal obeys.

use super::scene::{Scene, USER};
use super::{Fields, reply, send};
use crate::random::Random;
use crate::row::{Cases, Outcome, Row};
use apppw_proto::secret::Secret;
use apppw_tests::pam::{Code, Login};

/// The row.
pub const ROW: Row = Row {
    number: 16,
    name: "input-random",
    shows: "drawn users, services, addresses, secrets and bytes, through the module and on auth.sock: never accepted, one \
            log line each at most, no control character in it",
    unit: "inputs",
    full: 100_000,
    short: 4_000,
    batch: 5_000,
    run,
};

fn run(cases: &Cases) -> Outcome {
    let mut scene = Scene::new();
    let _ = scene.said();
    let mut lines = 0_u64;
    let mut outcome = Outcome::of_each(cases, |case, outcome| {
        let mut random = Random::of(case, 17);
        let (found, expected, sort) = match case % 4 {
            0 => bytes(&scene, &mut random),
            1 => frame(&scene, &mut random),
            _ => login(&scene, &mut random),
        };
        if found.to_lowercase().contains("accepted") || found == "SUCCESS" {
            outcome.find(case, format!("{sort}: {found}"));
        }
        lines += expected;
        outcome.count(&format!("{sort}: {found}"), 1);
    });
    let first = cases.range.start;
    let said = scene.said();
    if said.len() as u64 != lines {
        outcome.find(first, format!("{} lines in the log, wanted {lines}", said.len()));
    }
    for line in &said {
        let is_told =
            ["refused reason=", "not-mine reason=", "warning: "].iter().any(|begin| line.starts_with(begin));
        if !is_told || line.chars().any(apppw_admin::text::is_deceptive) || line.contains("panicked") {
            outcome.find(first, format!("in the log: {line:?}"));
        }
    }
    if let Some(status) = scene.daemon.ended() {
        outcome.find(first, format!("apppwd ended, {status}"));
    }
    outcome.count("log lines", lines);
    outcome
}

/// Any bytes, and such as begin well. 14 of them are a header; a right header whose body doesn't come
/// is no request.
fn bytes(scene: &Scene, random: &mut Random) -> (String, u64, &'static str) {
    let mut bytes: Vec<u8> = (0..random.index(200)).map(|_| random.draw() as u8).collect();
    let begin = b"APPW\x01\x01\0\0\0\0\x0f\xa0\0";
    let kept = random.index(begin.len() + 1).min(bytes.len());
    bytes[..kept].copy_from_slice(&begin[..kept]);
    let lines = match bytes.get(..14) {
        None => 0,
        Some(head) => {
            let length = usize::from(u16::from_be_bytes([head[12], head[13]]));
            let is_header = head[..8] == begin[..8] || (head[..5] == begin[..5] && is_other_header(head));
            u64::from(!is_header || length > 4_082 || length > 1_024 || bytes.len() - 14 >= length)
        }
    };
    (reply(&send(scene, &bytes)), lines, "bytes")
}

/// Kinds 2 and 3 without flags, and 2 with its one.
fn is_other_header(head: &[u8]) -> bool {
    matches!(head[5..8], [2 | 3, 0, 0] | [2, 0, 1])
}

/// A whole frame with any fields.
fn frame(scene: &Scene, random: &mut Random) -> (String, u64, &'static str) {
    let mut fields = Fields::new(scene);
    fields.kind = if random.below(8) == 0 { random.draw() as u8 } else { 1 + random.index(3) as u8 };
    fields.flags = if random.below(8) == 0 { random.draw() as u16 } else { 0 };
    fields.user = text(random, USER.as_bytes());
    fields.service = text(random, b"imap");
    fields.rhost = text(random, b"192.0.2.7");
    fields.secret = secret(random);
    for field in [&mut fields.user, &mut fields.service, &mut fields.rhost, &mut fields.secret] {
        field.truncate(255);
    }
    if fields.kind != 1 && random.below(4) != 0 {
        fields.secret.clear();
    }
    (reply(&send(scene, &fields.bytes())), 1, "frames")
}

/// The same through libpam. What can't be framed is refused by the module, and the daemon doesn't hear of it.
fn login(scene: &Scene, random: &mut Random) -> (String, u64, &'static str) {
    let c_string = |mut bytes: Vec<u8>| {
        bytes.retain(|byte| *byte != 0);
        bytes
    };
    let user = c_string(text(random, USER.as_bytes()));
    let service = c_string(text(random, b"imap"));
    let rhost = c_string(text(random, b"192.0.2.7"));
    let password = c_string(secret(random));
    let login = Login::new(&service, &user).rhost_bytes(&rhost).password(&password);
    let code = scene.login(&login);
    let is_framable = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= 255);
        text.is_some_and(|text| !text.chars().any(char::is_control))
    };
    // libpam takes what is behind the last slash.
    let last = service.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let is_asked = !user.is_empty() && !last.is_empty() && !password.is_empty();
    let is_asked = is_asked && [&user[..], last, &rhost].iter().all(|field| is_framable(field));
    let refused = [Code::AUTH_ERR, Code::USER_UNKNOWN].contains(&code);
    let name = if refused || code == Code::SUCCESS { code.name() } else { "another code" };
    (name.to_owned(), u64::from(is_asked), "logins")
}

/// The usual one, with some changes; or any text; or any bytes.
fn text(random: &mut Random, usual: &[u8]) -> Vec<u8> {
    const ODD: &[&str] = &[
        "\n",
        "\r",
        "\t",
        "\u{1b}",
        "\u{0}",
        "\u{7f}",
        "\u{85}",
        "\u{200b}",
        "\u{202e}",
        "\u{2028}",
        "\u{feff}",
        "\"",
        "\\",
        " ",
        "=",
        "%",
        "'",
        ";",
        "@",
        "é",
        "漢",
        "\u{1f4f1}",
        "e\u{301}",
        "..",
        "/",
        "$(",
        "`",
        "\u{a0}",
        "\u{ad}",
        "\u{e0041}",
        "ap-00000000",
    ];
    match random.below(6) {
        0 | 1 => usual.to_vec(),
        2 => (0..random.index(300)).map(|_| random.draw() as u8).collect(),
        3 => (0..random.index(40)).flat_map(|_| random.one_of(ODD).bytes().collect::<Vec<_>>()).collect(),
        _ => {
            let mut bytes = usual.to_vec();
            for _ in 0..=random.index(3) {
                let at = random.index(bytes.len() + 1);
                let odd = random.one_of(ODD).as_bytes();
                bytes.splice(at..at, odd.iter().copied());
            }
            bytes
        }
    }
}

/// A secret of nobody's, as it should be or not quite; or any text.
fn secret(random: &mut Random) -> Vec<u8> {
    let length = *random.one_of(&[15_usize, 15, 15, 19, 23]);
    let values: Vec<u8> = (0..length).map(|_| random.index(32) as u8).collect();
    let shown = Secret::from_values(&values).expect("right values").display();
    match random.below(4) {
        0 => shown.replace('-', "").into_bytes(),
        1 => shown.into_bytes(),
        2 => text(random, shown.replace('-', "").as_bytes()),
        _ => text(random, b"hunter2"),
    }
}
