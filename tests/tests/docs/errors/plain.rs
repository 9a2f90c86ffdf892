//! What differs from run to run, made the same.

use std::path::Path;

/// In place of ids, in the order in which they appear. `ap-7k3m9qxe` is the programs' own example.
const IDS: [&str; 4] = ["ap-0c4f8h2j", "ap-5w2n6r8t", "ap-9d1x3e7m", "ap-b6k4v0yz"];
const EXAMPLE: &str = "ap-7k3m9qxe";

/// A text as it would read on a host where everything is at its default place.
pub fn plain(text: &str, place: &Path) -> String {
    let place = place.display().to_string();
    let place = place.trim_end_matches('/');
    let mut text = text.to_owned();
    for (name, stands_for) in [
        ("state", "/var/lib/apppwd"),
        ("key", "/var/lib/apppwd-key"),
        ("run", "/run/apppwd"),
        ("apppwd.toml", "/etc/apppw/apppwd.toml"),
        ("", ""),
    ] {
        text = text.replace(format!("{place}/{name}").trim_end_matches('/'), stands_for);
    }
    let module = apppw_tests::bin::module().display().to_string();
    ids(&times(&numbers(&text.replace(&module, "pam_apppw.so"))))
}

fn ids(text: &str) -> String {
    let mut found: Vec<String> = Vec::new();
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("ap-") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let id = from.get(..11).filter(|id| is_id(id) && *id != EXAMPLE);
        let Some(id) = id.filter(|_| !before.ends_with(|c: char| c.is_ascii_alphanumeric())) else {
            out.push_str("ap-");
            rest = &from[3..];
            continue;
        };
        let number = found.iter().position(|known| known == id).unwrap_or_else(|| {
            found.push(id.to_owned());
            found.len() - 1
        });
        out.push_str(IDS[number % IDS.len()]);
        rest = &from[11..];
    }
    out + rest
}

fn is_id(text: &str) -> bool {
    text.len() == 11
        && text[3..].bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase() && !b"ilou".contains(&b))
}

/// Process ids, behind the words that announce them.
fn numbers(text: &str) -> String {
    let mut text = text.to_owned();
    for (before, after) in [("apppwd[", "]: "), ("(pid ", ")")] {
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(before) {
            let (head, tail) = rest.split_at(at + before.len());
            out.push_str(head);
            let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
            let is_one = digits > 0 && tail[digits..].starts_with(after);
            out.push_str(if is_one { "4711" } else { &tail[..digits] });
            rest = &tail[digits..];
        }
        text = out + rest;
    }
    text.replace("apppwd[4711]: ", "apppwd: ")
}

/// Times of day; a day alone was typed.
fn times(text: &str) -> String {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    let fits = |bytes: &[u8]| {
        bytes.len() == SHAPE.len()
            && bytes.iter().zip(SHAPE).all(|(byte, shape)| match shape {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b' '),
                other => byte == other,
            })
    };
    let mut out = text.as_bytes().to_vec();
    for at in 0..out.len().saturating_sub(SHAPE.len() - 1) {
        // The programs' own example stays.
        let example = b"2027-01-31T08:00:00";
        if fits(&out[at..at + SHAPE.len()]) && out[at..at + SHAPE.len()] != example[..] {
            let between = out[at + 10];
            out[at..at + SHAPE.len()].copy_from_slice(b"2027-01-15T08:00:00");
            out[at + 10] = between;
        }
    }
    String::from_utf8(out).expect("as it was")
}
