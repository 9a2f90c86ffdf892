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
        chars
            .bytes()
            .try_fold(0_u64, |bits, byte| {
                let value = ALPHABET.iter().position(|a| *a == byte)?;
                Some((bits << 5) | u64::try_from(value).ok()?)
            })
            .map(Self)
            .ok_or(IdError)
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

#[cfg(test)]
mod tests {
    use super::AppPasswordId;

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
}
