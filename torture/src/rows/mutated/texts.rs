//! Mutations of the journal and of the key's file.

use super::bytes;
use super::world::{Left, world};
use crate::random::Random;
use sha2::{Digest, Sha256};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Bodies of lines whose check is then made right.
const BODIES: &[&str] = &[
    "1 revoke ap-00000000",
    "-9223372036854775808 revoke ap-zzzzzzzz",
    "9223372036854775807 suspend ap-zzzzzzzz",
    "1 end ap-zzzzzzzz -9223372036854775808",
    "1 end ap-zzzzzzzz 9223372036854775807",
    "1 panic 00",
    "1 calm -",
    "1 start ffffffffffffffff",
    "1 levitate ap-zzzzzzzz",
    "99999999999999999999 revoke ap-zzzzzzzz",
    "1 enroll 00000000000000000000000000000000 00000000 00000000000000000000000000000000",
    "1 lock 00000000000000000000000000000000 00000000 00000000000000000000000000000000",
    "1 revoke ap-zzzzzzzz ap-zzzzzzzz",
    "1 revoke",
    "",
];

/// Whether honest app passwords must go on.
pub struct Mutated {
    /// In words.
    pub what: String,
    /// Nothing that is in force has changed.
    pub is_harmless: bool,
}

/// Mutates the journal.
pub fn journal(path: &Path, random: &mut Random) -> Mutated {
    let mut text = fs::read(path).expect("the journal");
    let mut lines: Vec<Vec<u8>> = text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let mut is_harmless = false;
    let what = match random.below(12) {
        0..3 => bytes::any(&mut text, random),
        3 => {
            let copies = 1 + random.below(3);
            let all = text.clone();
            (0..copies).for_each(|_| text.extend_from_slice(&all));
            is_harmless = true;
            format!("all lines repeated {copies} times")
        }
        4 => {
            for _ in 0..lines.len() {
                let (a, b) = (random.index(lines.len()), random.index(lines.len()));
                lines.swap(a, b);
            }
            text = lines.concat();
            "lines in another order".to_owned()
        }
        5 => {
            let keep = random.index(lines.len());
            text = lines[..keep].concat();
            format!("the first {keep} lines")
        }
        6 => {
            let gone = random.index(lines.len());
            lines.remove(gone);
            text = lines.concat();
            format!("line {gone} gone")
        }
        7 => {
            let other = fs::read(world().other("key/journal.log")).expect("the other journal");
            text = if random.below(2) == 0 { other } else { [text, other].concat() };
            "lines of another installation".to_owned()
        }
        8 => {
            let torn = random.index(lines[lines.len() - 1].len() - 1);
            text.extend_from_slice(&lines[lines.len() - 1].clone()[..torn]);
            is_harmless = true;
            "half a line more".to_owned()
        }
        9 => {
            let huge = 1 << (10 + random.below(17));
            text.extend(std::iter::repeat_n(*random.one_of(b"a0 \0"), huge));
            format!("a line of {huge} bytes")
        }
        10 => {
            let body = *random.one_of(BODIES);
            let at = random.index(lines.len() + 1);
            lines.insert(at, checked(body));
            text = lines.concat();
            format!("{body:?} with a right check as line {at}")
        }
        _ => {
            let count = 1 << (8 + random.below(8));
            let line = checked("1763768400 revoke ap-zzzzzzzz");
            (0..count).for_each(|_| text.extend_from_slice(&line));
            is_harmless = true;
            format!("{count} lines more")
        }
    };
    fs::write(path, text).expect("the journal can be written");
    Mutated { what: format!("journal: {what}"), is_harmless }
}

fn checked(body: &str) -> Vec<u8> {
    let sum = Sha256::digest(body);
    let check: String = sum.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{body} {check}\n").into_bytes()
}

/// Mutates the key's file.
pub fn key(path: &Path, random: &mut Random) -> Mutated {
    let mut text = fs::read(path).expect("the key");
    let other = fs::read(world().other("key/server.key")).expect("the other key");
    let hex =
        |text: &[u8]| String::from_utf8_lossy(text).split_whitespace().nth(1).unwrap_or_default().to_owned();
    let mut is_harmless = false;
    let what = match random.below(12) {
        0..4 => bytes::any(&mut text, random),
        4 => {
            text = other;
            "that of another installation".to_owned()
        }
        5 => {
            let lines = format!("2 {}\n{}", hex(&other), String::from_utf8_lossy(&text));
            text = lines.into_bytes();
            is_harmless = true;
            "another one before it".to_owned()
        }
        6 => {
            text = format!("1 {}\n2 {}\n", hex(&other), hex(&text)).into_bytes();
            "the numbers of two changed over".to_owned()
        }
        7 => {
            text = text.repeat(2);
            "twice".to_owned()
        }
        8 => {
            let huge = 1 << (10 + random.below(18));
            text.extend(std::iter::repeat_n(*random.one_of(b"a\n#"), huge));
            format!("{huge} bytes more")
        }
        9 => {
            text = format!("4294967295 {}\n", hex(&text)).into_bytes();
            "another number".to_owned()
        }
        10 => {
            let mut line = String::from_utf8_lossy(&text).to_uppercase();
            line = format!("# a comment\r\n\n  {}\r\n", line.trim());
            text = line.into_bytes();
            is_harmless = true;
            "written otherwise".to_owned()
        }
        _ => {
            fs::remove_file(path).expect("the key can be removed");
            let what = *random.one_of(&["gone", "a folder", "endless"]);
            match what {
                "a folder" => fs::create_dir(path).expect("a folder"),
                "endless" => symlink("/dev/zero", path).expect("a link"),
                _ => {}
            }
            return Mutated { what: format!("key: {what}"), is_harmless: false };
        }
    };
    fs::write(path, text).expect("the key can be written");
    Mutated { what: format!("key: {what}"), is_harmless }
}

/// Puts what does not belong there beside the database, as an archive may hold it.
pub fn beside(state: &Path, key_dir: &Path, random: &mut Random) -> String {
    let journal = key_dir.join("journal.log");
    match random.below(5) {
        0 => {
            let _ = fs::remove_file(state.join("lock"));
            symlink(&journal, state.join("lock")).expect("a link");
            "the lock is a link to the journal".to_owned()
        }
        1 => {
            let hot = hot_journal(&journal);
            fs::write(state.join("apppw.db-journal"), hot).expect("a rollback journal");
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::Permissions::from_mode(0o600);
            fs::set_permissions(state.join("apppw.db-journal"), mode).expect("its mode");
            "a rollback journal whose super-journal is our journal".to_owned()
        }
        2 => {
            let name = *random.one_of(&["apppw.db-wal", "apppw.db-shm", "apppw.db-journal"]);
            let _ = fs::remove_file(state.join(name));
            symlink(&journal, state.join(name)).expect("a link");
            format!("{name} is a link to the journal")
        }
        3 => {
            let name = *random.one_of(&["apppw.db-wal", "apppw.db-shm", "lock", "apppw.db-journal"]);
            let mut noise = fs::read(state.join(name)).unwrap_or_default();
            let what = bytes::any(&mut noise, random);
            fs::write(state.join(name), noise).expect("a file");
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(state.join(name), fs::Permissions::from_mode(0o600)).expect("its mode");
            format!("{name}: {what}")
        }
        _ => {
            let name = *random.one_of(&["apppw.db-wal", "apppw.db-shm", "lock", "apppw.db-journal"]);
            let _ = fs::remove_file(state.join(name));
            fs::create_dir(state.join(name)).expect("a folder");
            format!("{name} is a folder")
        }
    }
}

/// One that SQLite plays back, and then deletes the file that it names, if that names nobody else
/// (https://www.sqlite.org/fileformat2.html, 3; pager.c).
fn hot_journal(name: &Path) -> Vec<u8> {
    const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let database = fs::metadata(world().state(Left::Stopped).join("apppw.db")).expect("the database");
    let pages = u32::try_from(database.len() / 4096).expect("few pages");
    let mut hot = MAGIC.to_vec();
    for word in [0, 7, pages, 512, 4096] {
        hot.extend_from_slice(&u32::to_be_bytes(word));
    }
    hot.resize(512, 0);
    let name = name.as_os_str().as_encoded_bytes();
    let sum = name.iter().fold(0_u32, |sum, byte| sum.wrapping_add(u32::from(*byte)));
    // The page of locks, then the name, its length and its sum.
    hot.extend_from_slice(&(0x4000_0000_u32 / 4096 + 1).to_be_bytes());
    hot.extend_from_slice(name);
    hot.extend_from_slice(&u32::try_from(name.len()).expect("short").to_be_bytes());
    hot.extend_from_slice(&sum.to_be_bytes());
    hot.extend_from_slice(&MAGIC);
    hot
}
