//! What `apppw doctor` and `apppw setup` think a PAM stack does, held against the libpam of this machine: random stacks
//! of `pam_debug.so`, which answers what its line says, through both.
//!
//! In a mount namespace of its own, with other files in place of `/etc/pam.d`: without root these cases are skipped.
//! `APPPW_STACKS` says how many stacks.

use apppw::hosts::files::Files;
use apppw::hosts::pam::{self, Code, Configuration, Facility, Handler};
use apppw_tests::pam::Plain;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::fmt::Write as _;
use std::path::Path;

const USUAL: u64 = 10_000;

/// Files that may be included, each by those before it only: libpam before 1.6 follows a circle until it crashes.
const INCLUDED: [&str; 5] = ["common-auth", "inner", "deep", "empty", "missing"];

#[test]
fn libpam_and_the_evaluator_agree() {
    if !nix::unistd::geteuid().is_root() {
        println!("skipped: not run as root");
        return;
    }
    // The namespace is this thread's.
    std::thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_FS).expect("a mount namespace");
        let none: Option<&str> = None;
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).expect("mounts of its own");
        mount(Some("tmpfs"), "/etc/pam.d", Some("tmpfs"), MsFlags::empty(), Some("mode=755"))
            .expect("an empty /etc/pam.d");
        compare();
    })
    .join()
    .expect("the comparison");
}

fn compare() {
    let count = std::env::var("APPPW_STACKS").ok().and_then(|count| count.parse().ok()).unwrap_or(USUAL);
    let mut draw = Draw(0x9e37_79b9_7f4a_7c15);
    let (mut opened, mut refused, mut unusable) = (0, 0, 0);
    for number in 0..count {
        for (at, name) in INCLUDED.iter().enumerate().filter(|(_, name)| **name != "missing") {
            write(name, &if *name == "empty" { String::new() } else { stack(&mut draw, 3, at + 1) });
        }
        write("other", &stack(&mut draw, 2, 1));
        let text = stack(&mut draw, 6, 0);
        write("imap", &text);
        let service = Configuration::default().service(&pam::Disk, "imap");
        let (authenticated, account) = match Plain::start("imap", "nobody") {
            Err(code) => {
                assert_eq!(code, 26, "stack {number}:\n{text}");
                assert!(service.unusable.is_some(), "libpam refuses stack {number}:\n{text}");
                unusable += 1;
                continue;
            }
            Ok(mut plain) => (plain.authenticate(), plain.acct_mgmt()),
        };
        assert_eq!(service.unusable, None, "libpam takes stack {number}:\n{text}");
        for (facility, code) in [(Facility::Auth, authenticated), (Facility::Account, account)] {
            // What isn't complete has to be called again before anything else.
            if facility == Facility::Account && authenticated == apppw_tests::pam::Code(31) {
                continue;
            }
            let outcome = pam::run(service.stack(facility).handlers, |_, handler| answer(handler, facility));
            assert_eq!(
                i32::try_from(outcome.code.0).expect("a code"),
                code.0,
                "{facility:?} of stack {number}: we say {}\n{text}\n{}",
                outcome.code.word(),
                all_files()
            );
            if code.0 == 0 { opened += 1 } else { refused += 1 }
        }
    }
    println!("{count} stacks: {opened} phases opened, {refused} refused, {unusable} stacks unusable");
    assert!(
        count < 1000 || (opened > count / 5 && refused > count / 5 && unusable > 0),
        "all sorts must be among them"
    );
}

fn write(name: &str, text: &str) {
    std::fs::write(Path::new("/etc/pam.d").join(name), text).expect("a file in /etc/pam.d");
}

fn all_files() -> String {
    let files = INCLUDED.iter().chain(&["other"]);
    files.fold(String::new(), |mut all, name| {
        let text = pam::Disk.read(&Path::new("/etc/pam.d").join(name)).unwrap_or_else(|e| e.to_string());
        let _ = write!(all, "--- {name}\n{text}");
        all
    })
}

/// What the modules of these stacks answer.
fn answer(handler: &Handler, facility: Facility) -> Code {
    let name = handler.module.rsplit('/').next().unwrap_or_default();
    match name {
        "pam_permit.so" => Code::SUCCESS,
        "pam_deny.so" => Code::AUTH_ERR,
        "pam_debug.so" => {
            let key = if facility == Facility::Auth { "auth=" } else { "acct=" };
            // The last one that it understands counts.
            let word = handler.args.iter().rev().find_map(|argument| argument.strip_prefix(key));
            word.map_or(Code::SUCCESS, |word| Code::all().find(|code| code.word() == word).expect("a code"))
        }
        _ => Code::MODULE_UNKNOWN,
    }
}

/// A stack of up to `longest` lines, that includes the files from that one on.
fn stack(draw: &mut Draw, longest: u64, from: usize) -> String {
    let mut text = String::new();
    for _ in 0..=draw.below(longest) {
        let line = line(draw, INCLUDED.get(from..).unwrap_or_default());
        text.push_str(&line);
        // What follows would be a line that is torn: each libpam reads it in its own way.
        if line.ends_with("\\\n") {
            break;
        }
    }
    if draw.below(40) == 0 {
        text.pop();
    }
    text
}

fn line(draw: &mut Draw, included: &[&str]) -> String {
    // What an @include that can't be read does in a file that is itself included for one facility is what the line before
    // it has left in libpam's memory.
    let whole = if included.len() == INCLUDED.len() { included } else { &["empty"] };
    match draw.below(60) {
        0 => return "# a comment\n\n".to_owned(),
        1 => return format!("@include {}\n", draw.of(whole)),
        2 => return format!("@include /etc/pam.d/{}\n", draw.of(whole)),
        3 => return format!("@INCLUDE {}\n", draw.of(whole)),
        4 => return "atuh required pam_permit.so\n".to_owned(),
        5 => {
            return format!(
                "{}\n",
                draw.of(&["auth", "account required", "[auth] [required] [pam_permit.so]", "auth"])
            );
        }
        6 if draw.below(4) == 0 => return "auth required pam_permit.so \\\n".to_owned(),
        _ => {}
    }
    let facility = draw.of(&[
        "auth", "auth", "auth", "account", "account", "AUTH", "-auth", "-account", "Account", "session",
    ]);
    let gap = draw.of(&[" ", "\t", "  ", " \\\n "]);
    if draw.below(8) == 0 {
        let word = draw.of(&["include", "substack", "substack", "Include"]);
        return format!("{facility}{gap}{word} {}\n", draw.of(included));
    }
    let (control, module) = (control(draw), module(draw));
    let behind = draw.of(&["", "", "", " # behind", " [debug_arg x]"]);
    format!("{facility}{gap}{control} {module}{behind}\n")
}

fn module(draw: &mut Draw) -> String {
    match draw.below(20) {
        0 => "pam_permit.so".to_owned(),
        1 => "pam_deny.so".to_owned(),
        2 => "pam_is_not_there.so".to_owned(),
        _ => {
            let code = |draw: &mut Draw| match draw.below(2) {
                0 => Code::SUCCESS,
                _ => Code(usize::try_from(draw.below(32)).expect("a small number")),
            };
            format!("pam_debug.so auth={} acct={}", code(draw).word(), code(draw).word())
        }
    }
}

fn control(draw: &mut Draw) -> String {
    const ACTIONS: [&str; 10] = ["ignore", "ok", "done", "bad", "die", "reset", "1", "2", "3", "99"];
    match draw.below(24) {
        0..8 => {
            draw.of(&["required", "requisite", "sufficient", "optional", "Required", "SUFFICIENT"]).to_owned()
        }
        8 => draw
            .of(&["mandatory", "[success]", "[success=0]", "[=ok]", "[]", "[success=okay]", "[default=]"])
            .to_owned(),
        9 => "success=ok".to_owned(),
        _ => {
            let mut pairs = Vec::new();
            for _ in 0..=draw.below(3) {
                let code = match draw.below(3) {
                    0 => "success",
                    1 => "default",
                    _ => Code(usize::try_from(draw.below(32)).expect("a small number")).word(),
                };
                let equals = draw.of(&["=", "=", "=", " = "]);
                pairs.push(format!("{code}{equals}{}", draw.of(&ACTIONS)));
            }
            let between = draw.of(&[" ", " ", "  ", "\t", ""]);
            format!("[{}]", pairs.join(between))
        }
    }
}

/// Numbers that look random, the same each time.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn of<'a>(&mut self, choice: &[&'a str]) -> &'a str {
        let index = usize::try_from(self.below(choice.len() as u64)).expect("a small number");
        choice.get(index).copied().unwrap_or_default()
    }
}
