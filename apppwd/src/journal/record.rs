//! One line of the journal.
//!
//! `TIME CHANGE WHAT CHECK`: Unix seconds, the change, what it is on, and the first 8
//! hexadecimal digits of SHA-256 over what stands before. WHAT is
//! - an app password's id (`revoke`, `suspend`, `resume`), with a time for `end`;
//! - `ACCOUNT KEY NAME` for what befalls an account; NAME stands for its name and can be
//!   tested only with the server key KEY;
//! - a group's name in hexadecimal digits, `-` for the whole host (`panic`, `calm`);
//! - a number drawn at the daemon's start (`start`).

use crate::clock::UnixSeconds;
use crate::key::{DerivedKeys, Keyring, NameMac};
use crate::store::{AccountId, AccountRecord};
use apppw_admin::AppPasswordId;
use sha2::{Digest, Sha256};

/// What was taken away or given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An app password was revoked, for good.
    Revoke(AppPasswordId),
    /// It was suspended.
    Suspend(AppPasswordId),
    /// It was resumed.
    Resume(AppPasswordId),
    /// It ends at that second at the latest: the old half of a rotation.
    End(AppPasswordId, UnixSeconds),
    /// Something befell an account, which has that name now.
    Account(Befell, AccountId, NamedBy),
    /// A panic switch was turned on: a group's name, empty for the host.
    Panic(String),
    /// It was turned off.
    Calm(String),
    /// The daemon started. The database knows the number too: another one here means that it
    /// is a backup.
    Start(u64),
}

/// What befell an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Befell {
    /// It was enrolled: under `refuse-enrolled` its primary password ends.
    Enroll,
    /// An administrator took that back.
    Unenroll,
    /// It was locked.
    Lock,
    /// It was unlocked.
    Unlock,
    /// It got another name.
    Rename,
    /// It was deleted with all its app passwords.
    Delete,
}

impl Befell {
    const ALL: [(&str, Self); 6] = [
        ("enroll", Self::Enroll),
        ("unenroll", Self::Unenroll),
        ("lock", Self::Lock),
        ("unlock", Self::Unlock),
        ("rename", Self::Rename),
        ("delete", Self::Delete),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, befell)| *befell == self).map_or("", |(word, _)| word)
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == word).map(|(_, befell)| *befell)
    }
}

/// An account's name, for who has the server key: its HMAC, and which key made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedBy {
    /// The first bytes of the key's check value.
    pub key: [u8; 4],
    /// The HMAC.
    pub name: NameMac,
}

impl NamedBy {
    /// `name` by `key`.
    #[must_use]
    pub fn new(key: &DerivedKeys, name: &str) -> Self {
        Self { key: Self::mark(key), name: key.name_mac(name) }
    }

    /// Whether that key made it.
    #[must_use]
    pub fn is_by(&self, key: &DerivedKeys) -> bool {
        self.key == Self::mark(key)
    }

    /// Whether one of `keys` made it; else nobody can say whose name it is.
    #[must_use]
    pub fn can_be_tested(&self, keys: &Keyring) -> bool {
        keys.all().any(|key| self.is_by(key))
    }

    /// Whether it stands for `name`, as far as can be told.
    #[must_use]
    pub fn may_be(&self, keys: &Keyring, name: &str) -> bool {
        let mut made_it = keys.all().filter(|key| Self::mark(key) == self.key).peekable();
        made_it.peek().is_none() || made_it.any(|key| key.name_mac(name) == self.name)
    }

    fn mark(key: &DerivedKeys) -> [u8; 4] {
        let [a, b, c, d, ..] = key.check_value();
        [a, b, c, d]
    }
}

/// A change and when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: UnixSeconds,
    /// What.
    pub change: Change,
}

/// Why a line is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineError {
    /// Its check is wrong, or it is no line of ours.
    Damaged,
    /// Its check is right, but it says what this version doesn't know.
    Newer,
}

impl Record {
    /// The record of what befell an account, under the newest key.
    #[must_use]
    pub fn account(at: UnixSeconds, befell: Befell, account: &AccountRecord, keys: &Keyring) -> Self {
        let name = NamedBy::new(keys.newest(), &account.given);
        Self { at, change: Change::Account(befell, account.id, name) }
    }

    /// The line, newline included.
    #[must_use]
    pub fn to_line(&self) -> String {
        let at = self.at;
        let body = match &self.change {
            Change::Revoke(id) => format!("{at} revoke {id}"),
            Change::Suspend(id) => format!("{at} suspend {id}"),
            Change::Resume(id) => format!("{at} resume {id}"),
            Change::End(id, end) => format!("{at} end {id} {end}"),
            Change::Account(befell, account, NamedBy { key, name }) => {
                format!("{at} {} {} {} {}", befell.word(), hex(&account.0), hex(key), hex(&name.0))
            }
            Change::Panic(switch) => format!("{at} panic {}", switch_word(switch)),
            Change::Calm(switch) => format!("{at} calm {}", switch_word(switch)),
            Change::Start(run) => format!("{at} start {run:016x}"),
        };
        let check = hex(&check_of(&body));
        format!("{body} {check}\n")
    }

    /// Reads a line without its newline.
    ///
    /// # Errors
    /// [`LineError`].
    pub fn from_line(line: &str) -> Result<Self, LineError> {
        let (body, check) = line.rsplit_once(' ').ok_or(LineError::Damaged)?;
        if unhex(check) != Some(check_of(body)) {
            return Err(LineError::Damaged);
        }
        Self::from_body(body).ok_or(LineError::Newer)
    }

    fn from_body(body: &str) -> Option<Self> {
        let mut words = body.split(' ');
        let at = words.next()?.parse().ok()?;
        let kind = words.next()?;
        let what = words.next()?;
        let change = match kind {
            "revoke" => Change::Revoke(what.parse().ok()?),
            "suspend" => Change::Suspend(what.parse().ok()?),
            "resume" => Change::Resume(what.parse().ok()?),
            "end" => Change::End(what.parse().ok()?, words.next()?.parse().ok()?),
            "panic" => Change::Panic(switch_from_word(what)?),
            "calm" => Change::Calm(switch_from_word(what)?),
            "start" => Change::Start(u64::from_be_bytes(unhex(what)?)),
            _ => {
                let name = NamedBy { key: unhex(words.next()?)?, name: NameMac(unhex(words.next()?)?) };
                Change::Account(Befell::from_word(kind)?, AccountId(unhex(what)?), name)
            }
        };
        words.next().is_none().then_some(Self { at, change })
    }
}

fn switch_word(switch: &str) -> String {
    if switch.is_empty() { "-".to_owned() } else { hex(switch.as_bytes()) }
}

fn switch_from_word(word: &str) -> Option<String> {
    if word == "-" {
        return Some(String::new());
    }
    String::from_utf8(unhex_all(word)?).ok()
}

fn check_of(body: &str) -> [u8; 4] {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(body).into();
    [a, b, c, d]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Without a detour over the heap: a start may read a million lines.
fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    unhex_into(text, &mut bytes).then_some(bytes)
}

fn unhex_all(text: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![0; text.len() / 2];
    unhex_into(text, &mut bytes).then_some(bytes)
}

/// Whether `text` is pairs of lower-case digits, as many as `bytes` then holds.
fn unhex_into(text: &str, bytes: &mut [u8]) -> bool {
    let (pairs, rest) = text.as_bytes().as_chunks();
    let mut seen = 0;
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let (high, low) = (DIGITS[usize::from(*high)], DIGITS[usize::from(*low)]);
        seen |= high | low;
        *byte = high << 4 | low;
    }
    seen <= 0xf && rest.is_empty() && pairs.len() == bytes.len()
}

/// What each letter is worth; those that are no lower-case digit more than any digit.
const DIGITS: [u8; 256] = {
    let mut digits = [0xff; 256];
    let letters = b"0123456789abcdef";
    let mut i = 0;
    while i < letters.len() {
        digits[letters[i] as usize] = i as u8;
        i += 1;
    }
    digits
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn print_and_parse_are_inverse_and_damage_is_found() {
        let account = AccountId([0xa5; 16]);
        let name = NamedBy { key: [3; 4], name: NameMac([7; 16]) };
        let id = AppPasswordId::from_bits(77);
        let befell = Befell::ALL.map(|(_, befell)| Change::Account(befell, account, name));
        for change in befell.into_iter().chain([
            Change::Revoke(id),
            Change::Suspend(id),
            Change::Resume(id),
            Change::End(id, 1_763_768_500),
            Change::Panic(String::new()),
            Change::Panic("mail and more".to_owned()),
            Change::Calm("mail".to_owned()),
            Change::Start(7),
        ]) {
            let record = Record { at: 1_763_768_400, change };
            let line = record.to_line();
            let line = line.trim_end();
            assert_eq!(Record::from_line(line).as_ref(), Ok(&record));
            // Miri takes a second for each.
            for i in (0..line.len()).step_by(if cfg!(miri) { 20 } else { 1 }) {
                let mut damaged = line.to_owned().into_bytes();
                damaged[i] ^= 1;
                let damaged = String::from_utf8(damaged).unwrap();
                assert_eq!(Record::from_line(&damaged), Err(LineError::Damaged), "byte {i}");
            }
        }
    }

    #[test]
    fn hexadecimal_digits_are_pairs_of_lower_case_and_as_many_as_they_must_be() {
        assert_eq!(unhex("00ff9a"), Some([0, 0xff, 0x9a]));
        assert_eq!(unhex_all("00ff9a"), Some(vec![0, 0xff, 0x9a]));
        for wrong in ["00ff9", "00ff", "00ff9a00", "00FF9a", "00fg9a", "0 ff9a", "00ff9\u{e9}"] {
            assert_eq!(unhex::<3>(wrong), None, "{wrong}");
        }
        assert_eq!((unhex_all("0"), unhex_all("zz"), unhex_all("")), (None, None, Some(vec![])));
    }

    #[test]
    fn a_whole_line_of_an_unknown_kind_is_a_newer_ones() {
        let body = "1763768400 levitate ap-0000002d";
        assert_eq!(Record::from_line(&format!("{body} {}", hex(&check_of(body)))), Err(LineError::Newer));
    }
}
