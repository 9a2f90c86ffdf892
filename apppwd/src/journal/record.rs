//! One line of the journal.
//!
//! `TIME CHANGE ID [KEY NAME] CHECK`: Unix seconds, the change, ids, and the first 8
//! hexadecimal digits of SHA-256 over what stands before. NAME stands for an account's name
//! and can be tested only with the server key KEY.

use crate::clock::UnixSeconds;
use crate::key::{DerivedKeys, Keyring, NameMac};
use crate::store::AccountId;
use apppw_admin::AppPasswordId;
use sha2::{Digest, Sha256};

/// What was taken away or given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// An app password was revoked, for good.
    Revoke(AppPasswordId),
    /// An account was enrolled: under `refuse-enrolled` its primary password ends.
    Enroll(AccountId, NamedBy),
    /// An administrator took that back.
    Unenroll(AccountId, NamedBy),
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

    /// Whether one of `keys` made it; else nobody can say whose name it is.
    #[must_use]
    pub fn can_be_tested(&self, keys: &Keyring) -> bool {
        keys.all().any(|key| Self::mark(key) == self.key)
    }

    /// Whether it stands for `name`, as far as can be told.
    #[must_use]
    pub fn may_be(&self, keys: &Keyring, name: &str) -> bool {
        !self.can_be_tested(keys) || keys.all().any(|key| Self::new(key, name) == *self)
    }

    fn mark(key: &DerivedKeys) -> [u8; 4] {
        let [a, b, c, d, ..] = key.check_value();
        [a, b, c, d]
    }
}

/// A change and when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// The record of an account's enrolment or its end.
    #[must_use]
    pub fn enrolment(
        at: UnixSeconds,
        account: AccountId,
        name: &str,
        key: &DerivedKeys,
        enrolled: bool,
    ) -> Self {
        let name = NamedBy::new(key, name);
        let change = if enrolled { Change::Enroll(account, name) } else { Change::Unenroll(account, name) };
        Self { at, change }
    }

    /// The line, newline included.
    #[must_use]
    pub fn to_line(self) -> String {
        let named = |n: NamedBy| format!("{} {}", hex(&n.key), hex(&n.name.0));
        let body = match self.change {
            Change::Revoke(id) => format!("{} revoke {id}", self.at),
            Change::Enroll(account, name) => {
                format!("{} enroll {} {}", self.at, hex(&account.0), named(name))
            }
            Change::Unenroll(account, name) => {
                format!("{} unenroll {} {}", self.at, hex(&account.0), named(name))
            }
        };
        let check = check_of(&body);
        format!("{body} {check}\n")
    }

    /// Reads a line without its newline.
    ///
    /// # Errors
    /// [`LineError`].
    pub fn from_line(line: &str) -> Result<Self, LineError> {
        let (body, check) = line.rsplit_once(' ').ok_or(LineError::Damaged)?;
        if check != check_of(body) {
            return Err(LineError::Damaged);
        }
        Self::from_body(body).ok_or(LineError::Newer)
    }

    fn from_body(body: &str) -> Option<Self> {
        let mut words = body.split(' ');
        let at = words.next()?.parse().ok()?;
        let kind = words.next()?;
        let id = words.next()?;
        let change = match kind {
            "revoke" => Change::Revoke(id.parse().ok()?),
            "enroll" | "unenroll" => {
                let account = AccountId(unhex(id)?);
                let name = NamedBy { key: unhex(words.next()?)?, name: NameMac(unhex(words.next()?)?) };
                if kind == "enroll" { Change::Enroll(account, name) } else { Change::Unenroll(account, name) }
            }
            _ => return None,
        };
        words.next().is_none().then_some(Self { at, change })
    }
}

fn check_of(body: &str) -> String {
    hex(Sha256::digest(body).get(..4).unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; N];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn print_and_parse_are_inverse_and_damage_is_found() {
        let account = AccountId([0xa5; 16]);
        let name = NamedBy { key: [3; 4], name: NameMac([7; 16]) };
        for change in [
            Change::Revoke(AppPasswordId::from_bits(77)),
            Change::Enroll(account, name),
            Change::Unenroll(account, name),
        ] {
            let record = Record { at: 1_763_768_400, change };
            let line = record.to_line();
            let line = line.trim_end();
            assert_eq!(Record::from_line(line), Ok(record));
            for i in 0..line.len() {
                let mut damaged = line.to_owned().into_bytes();
                damaged[i] ^= 1;
                let damaged = String::from_utf8(damaged).unwrap();
                assert_eq!(Record::from_line(&damaged), Err(LineError::Damaged), "byte {i}");
            }
        }
    }

    #[test]
    fn a_whole_line_of_an_unknown_kind_is_a_newer_ones() {
        let body = "1763768400 levitate ap-0000002d";
        assert_eq!(Record::from_line(&format!("{body} {}", check_of(body))), Err(LineError::Newer));
    }
}
