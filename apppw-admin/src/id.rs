//! The public name of an app password.

use serde::{Deserialize, Serialize};

const PREFIX: &str = "ap-";
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const CHARS: usize = 8;

/// `ap-` and 8 base32 characters: 40 random bits, unique on this host. Not secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppPasswordId(u64);

impl AppPasswordId {
    /// From the lowest 40 bits of `bits`.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits & ((1 << 40) - 1))
    }

    /// The 40 bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }
}

impl std::fmt::Display for AppPasswordId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(PREFIX)?;
        for i in (0..CHARS).rev() {
            let value = usize::try_from((self.0 >> (5 * i)) & 31).unwrap_or(0);
            let byte = ALPHABET.get(value).copied().unwrap_or(b'0');
            write!(f, "{}", char::from(byte))?;
        }
        Ok(())
    }
}

/// The text is not the id of an app password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of an app password: it has the form ap- and 8 characters, such as ap-7k3m9qxe")]
pub struct IdError;

impl std::str::FromStr for AppPasswordId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let text = text.to_ascii_lowercase();
        let chars = text.strip_prefix(PREFIX).ok_or(IdError)?;
        if chars.len() != CHARS {
            return Err(IdError);
        }
        read(chars).map(Self).ok_or(IdError)
    }
}

impl TryFrom<String> for AppPasswordId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<AppPasswordId> for String {
    fn from(id: AppPasswordId) -> Self {
        id.to_string()
    }
}

/// The beginning of an id, as a person types it: with or without `ap-`, in either case. It
/// stands for a range of ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdPrefix {
    /// The characters' bits.
    bits: u64,
    /// How many characters.
    chars: usize,
}

impl IdPrefix {
    /// How many characters of the id it has, `ap-` not counted; at most 8.
    #[must_use]
    pub const fn chars(self) -> usize {
        self.chars
    }

    /// The first and the last id that begins so.
    #[must_use]
    pub const fn range(self) -> (AppPasswordId, AppPasswordId) {
        let open = 5 * (CHARS - self.chars);
        let first = self.bits << open;
        (AppPasswordId(first), AppPasswordId(first | ((1 << open) - 1)))
    }

    /// The id, if this is a whole one.
    #[must_use]
    pub const fn whole(self) -> Option<AppPasswordId> {
        if self.chars == CHARS { Some(AppPasswordId(self.bits)) } else { None }
    }

    /// What it may have been meant to be: with another character in one place, or with two
    /// neighbours the other way round.
    pub fn slips(self) -> impl Iterator<Item = Self> {
        let digit = move |place: usize| (self.bits >> (5 * place)) & 31;
        let changed = (0..self.chars).flat_map(move |place| {
            (0..32).filter(move |other| *other != digit(place)).map(move |other| (place, other))
        });
        let changed = changed.map(move |(place, other)| self.bits ^ ((digit(place) ^ other) << (5 * place)));
        let swapped = (1..self.chars).filter(move |place| digit(*place) != digit(place - 1));
        let swapped = swapped.map(move |place| {
            let difference = digit(place) ^ digit(place - 1);
            self.bits ^ (difference << (5 * place)) ^ (difference << (5 * (place - 1)))
        });
        swapped.chain(changed).map(move |bits| Self { bits, chars: self.chars })
    }
}

impl std::fmt::Display for IdPrefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let whole = self.range().0.to_string();
        f.write_str(whole.get(..PREFIX.len() + self.chars).unwrap_or(&whole))
    }
}

impl std::str::FromStr for IdPrefix {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let text = text.to_ascii_lowercase();
        let chars = text.strip_prefix(PREFIX).unwrap_or(&text);
        if chars.len() > CHARS {
            return Err(IdError);
        }
        Ok(Self { bits: read(chars).ok_or(IdError)?, chars: chars.len() })
    }
}

/// The bits of lower-case characters, five each.
fn read(chars: &str) -> Option<u64> {
    chars.bytes().try_fold(0_u64, |bits, byte| {
        let value = ALPHABET.iter().position(|a| *a == byte)?;
        Some((bits << 5) | u64::try_from(value).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::{AppPasswordId, IdPrefix};
    use std::collections::BTreeSet;

    #[test]
    fn print_and_parse_are_inverse() {
        for bits in [0, 1, 31, 32, (1 << 40) - 1, 0x12_3456_789a] {
            let id = AppPasswordId::from_bits(bits);
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(id.to_string().len(), 11);
        }
        assert_eq!(AppPasswordId::from_bits(31).to_string(), "ap-0000000z");
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in
            ["", "ap-", "ap-0000000", "ap-000000000", "0000000z", "ap-0000000u", "ap-0000000é", "xp-00000000"]
        {
            assert!(text.parse::<AppPasswordId>().is_err(), "{text}");
        }
    }

    fn prefix(text: &str) -> IdPrefix {
        text.parse().unwrap()
    }

    #[test]
    fn a_beginning_stands_for_the_ids_that_begin_so() {
        for typed in ["ap-7k3", "7k3", "AP-7K3", "7K3"] {
            let (first, last) = prefix(typed).range();
            assert_eq!((first.to_string(), last.to_string()), ("ap-7k300000".into(), "ap-7k3zzzzz".into()));
            assert_eq!((prefix(typed).to_string(), prefix(typed).whole()), ("ap-7k3".into(), None));
        }
        assert_eq!(prefix("").range().1.bits(), (1 << 40) - 1);
        assert_eq!(prefix("ap-"), prefix(""));
        let whole = prefix("7k3m9qxe");
        assert_eq!(whole.range().0, whole.range().1);
        assert_eq!(whole.whole(), "ap-7k3m9qxe".parse().ok());
        for none in ["laptop", "7k3m9qxe0", "ap-7k3m9qxe0", "7k 3", "é", "ap--"] {
            assert!(none.parse::<IdPrefix>().is_err(), "{none}");
        }
    }

    #[test]
    fn a_slip_is_one_other_character_or_two_the_wrong_way_round() {
        let slips: BTreeSet<String> = prefix("7k3m").slips().map(|slip| slip.to_string()).collect();
        assert_eq!(slips.len(), 4 * 31 + 3);
        for slip in ["ap-7k4m", "ap-0k3m", "ap-7k3z", "ap-k73m", "ap-7km3"] {
            assert!(slips.contains(slip), "{slip}");
        }
        assert!(!slips.contains("ap-7k3m") && !slips.contains("ap-8k4m"));
        assert_eq!(prefix("0000").slips().count(), 4 * 31, "nothing is swapped with itself");
    }
}
