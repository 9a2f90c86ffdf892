//! Bad input, row by row of `table.txt`: through libpam and the real module, as bytes on `auth.sock`, as names on
//! `admin.sock` and the command line. Each with what must come of it, to the letter of the log.

mod cell;
pub mod frames;
pub mod random;
mod scene;

use crate::row::{Cases, Outcome, Row};
use apppw_proto::frame::{Reply, Verdict};
use apppw_tests::frames::{self as wire, Ask};
use apppw_tests::lines::{Lines, code, field};
use apppw_tests::pam::{Answer, Login};
use scene::{Scene, USER};
use serde_json::json;
use std::io::Write;
use std::net::Shutdown;
use std::os::unix::ffi::OsStrExt;

/// The table.
const TABLE: &str = include_str!("table.txt");

/// The row.
pub const ROW: Row = Row {
    number: 16,
    name: "input-table",
    shows: "each row of the table of bad input brings its PAM code and its log line",
    unit: "rows of the table",
    full: rows(),
    short: rows(),
    batch: rows(),
    run,
};

/// How many rows the table has: lines that are not empty and no comments.
const fn rows() -> u64 {
    let (text, mut at, mut count, mut is_begin) = (TABLE.as_bytes(), 0, 0, true);
    while at < text.len() {
        if is_begin && text[at] != b'#' && text[at] != b'\n' {
            count += 1;
        }
        is_begin = text[at] == b'\n';
        at += 1;
    }
    count
}

fn run(cases: &Cases) -> Outcome {
    let scene = Scene::new();
    let table: Vec<&str> = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let print = std::env::var_os("PRINT_TABLE").is_some();
    let _ = scene.said();
    Outcome::of_each(cases, |case, outcome| {
        let row = table[usize::try_from(case).expect("a row's number")];
        let cells: Vec<&str> = row.split(" | ").collect();
        let (kind, cells) = cells.split_first().expect("a kind");
        let (inputs, wanted) = match *kind {
            "login" => cells.split_at(4),
            "frame" => cells.split_at(1),
            "name" => cells.split_at(2),
            _ => panic!("no kind of row: {row}"),
        };
        let mut found = match *kind {
            "login" => vec![login(&scene, inputs)],
            "frame" => vec![frame(&scene, inputs[0])],
            _ => name(&scene, inputs),
        };
        if *kind != "name" {
            found.push(lines_of(&scene.said()));
        }
        if print {
            println!("{kind} | {} | {}", inputs.join(" | "), found.join(" | "));
        }
        let wanted: Vec<String> = wanted.iter().map(|cell| filled_in(&scene, cell)).collect();
        if found != wanted {
            outcome.find(case, format!("{row}\n  came to: {}", found.join(" | ")));
        }
        outcome.count(kind, 1);
        if !scene.daemon.log().chars().all(|c| c == '\n' || !apppw_admin::text::is_deceptive(c)) {
            outcome.find(case, format!("{row}\n  brought raw characters into the log"));
        }
    })
}

/// An expectation: braces are filled in, and all else stands as it is in the log.
fn filled_in(scene: &Scene, cell: &str) -> String {
    let mut text = String::new();
    let mut rest = cell;
    while let Some((before, behind)) = rest.split_once('{') {
        text.push_str(before);
        match behind.split_once('}') {
            Some((word, after)) if word.starts_with("id:") || word.starts_with("at:") => {
                let value = scene.filled(word).unwrap_or_else(|| panic!("nobody has {word}"));
                text.push_str(&String::from_utf8(value).expect("text"));
                rest = after;
            }
            Some((word, after)) if word.split_once('*').is_some_and(|(_, n)| n.parse::<u16>().is_ok()) => {
                let bytes = cell::bytes(&format!("{{{word}}}"), &|_| None);
                text.push_str(&String::from_utf8(bytes).expect("text"));
                rest = after;
            }
            _ => {
                text.push('{');
                rest = behind;
            }
        }
    }
    text + rest
}

fn bytes(scene: &Scene, cell: &str, usual: &str) -> Option<Vec<u8>> {
    match cell {
        "-" => Some(usual.as_bytes().to_vec()),
        "(none)" => None,
        cell => Some(cell::bytes(cell, &|word| scene.filled(word))),
    }
}

/// The PAM code.
fn login(scene: &Scene, inputs: &[&str]) -> String {
    let [user, service, rhost, password] = inputs else { panic!("a login has four inputs") };
    let service = bytes(scene, service, "imap").expect("a login has a service");
    let login = match bytes(scene, user, USER) {
        Some(user) => Login::new(service, user),
        None => Login::new(service, "").without_user(),
    };
    let login = match bytes(scene, rhost, "192.0.2.7") {
        Some(rhost) => login.rhost_bytes(&rhost),
        None => login.rhost(None),
    };
    let login = match bytes(scene, password, "") {
        Some(password) => login.password(password),
        None => login.answer(Answer::Nothing),
    };
    scene.login(&login).name().to_owned()
}

/// The reply.
fn frame(scene: &Scene, what: &str) -> String {
    let mut ask = Fields::new(scene);
    let (mut raw, mut cut, mut version, mut length, mut more) = (None, None, None, None, Vec::new());
    for word in what.split(' ').filter(|word| !word.is_empty()) {
        let (key, value) = word.split_once('=').unwrap_or_else(|| panic!("no field: {word}"));
        let number = || value.parse::<u32>().expect("a number");
        let bytes = || cell::bytes(value, &|word| scene.filled(word));
        match key {
            "raw" => raw = Some(bytes()),
            "cut" => cut = Some(number() as usize),
            "version" => version = Some(u8::try_from(number()).expect("a byte")),
            "kind" => ask.kind = u8::try_from(number()).expect("a byte"),
            "flags" => ask.flags = u16::from_str_radix(value, 16).expect("flags"),
            "deadline" => ask.deadline_ms = number(),
            "length" => length = Some(u16::try_from(number()).expect("two bytes")),
            "more" => more = bytes(),
            "user" => ask.user = bytes(),
            "service" => ask.service = bytes(),
            "rhost" => ask.rhost = bytes(),
            "secret" => ask.secret = bytes(),
            _ => panic!("no field: {word}"),
        }
    }
    let mut frame = raw.unwrap_or_else(|| ask.bytes());
    if let Some(version) = version {
        frame[4] = version;
    }
    if let Some(length) = length {
        frame[12..14].copy_from_slice(&length.to_be_bytes());
    }
    frame.extend(more);
    frame.truncate(cut.unwrap_or(usize::MAX));
    reply(&send(scene, &frame))
}

/// Sends those bytes and the end, and reads all that comes.
fn send(scene: &Scene, frame: &[u8]) -> Vec<u8> {
    let mut stream = wire::connect(&scene.daemon.auth_socket());
    // The daemon may answer and hang up before it has read all.
    let _ = stream.write_all(frame);
    let _ = stream.shutdown(Shutdown::Write);
    wire::read_to_end(&mut stream)
}

/// A reply in words.
fn reply(received: &[u8]) -> String {
    if received.is_empty() {
        return "closed".to_owned();
    }
    match Reply::decode(received, 1) {
        Ok(Reply { verdict: Verdict::Unavailable, detail, .. }) => {
            format!("unavailable: {}", detail.as_str())
        }
        Ok(Reply { verdict, version: 1, .. }) => format!("{verdict:?}").to_lowercase(),
        other => format!("{other:?}"),
    }
}

/// A request whose fields are anything.
struct Fields {
    kind: u8,
    flags: u16,
    deadline_ms: u32,
    user: Vec<u8>,
    service: Vec<u8>,
    rhost: Vec<u8>,
    secret: Vec<u8>,
}

impl Fields {
    fn new(scene: &Scene) -> Self {
        let secret = scene.filled("phone.plain").expect("one");
        let (user, service, rhost) = (USER.into(), b"imap".to_vec(), b"192.0.2.7".to_vec());
        Self { kind: 1, flags: 0, deadline_ms: 8_000, user, service, rhost, secret }
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { kind, flags, deadline_ms, user, service, rhost, secret } = self;
        let (kind, flags, deadline_ms) = (*kind, *flags, *deadline_ms);
        Ask { kind, flags, deadline_ms, user, service, rhost, secret }.bytes()
    }
}

/// The answer on `admin.sock`, and how `apppw create` ends.
fn name(scene: &Scene, inputs: &[&str]) -> Vec<String> {
    let [user, name] = inputs else { panic!("a name has two inputs") };
    let (user, name) = (bytes(scene, user, USER).expect("a user"), bytes(scene, name, "").expect("a name"));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("JSON is text");
    let mut lines = Lines::connect(&scene.daemon.admin_socket());
    let answer = lines.call("create", &json!({"user": text(&user), "name": text(&name)}));
    let mut said = lines_of(&scene.said());
    let found = match answer["ok"]["app_password"]["id"].as_str() {
        Some(id) => {
            said = said.replace(id, "{id}");
            // The same name once more, by the command line.
            lines.call("revoke", &json!({"ids": [id]}));
            "ok".to_owned()
        }
        None => format!("{}: {}", code(&answer), field(&answer).unwrap_or("(none)")),
    };
    if user.contains(&0) || name.contains(&0) {
        return vec![found, "(none)".to_owned(), said];
    }
    let mut command = scene.daemon.cli(&["create", "--"]);
    command.arg(std::ffi::OsStr::from_bytes(&user)).arg(std::ffi::OsStr::from_bytes(&name));
    let output = command.output().expect("apppw runs");
    let status = output.status.code().map_or_else(|| "killed".to_owned(), |code| code.to_string());
    let _ = scene.said();
    vec![found, status, said]
}

/// What the daemon said, as a cell.
fn lines_of(said: &[String]) -> String {
    if said.is_empty() { "(none)".to_owned() } else { said.join(" ⏎ ") }
}
