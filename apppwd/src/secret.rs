//! Drawing what has to be random: secrets, ids, accounts' ids.

use crate::store::AccountId;
use apppw_admin::AppPasswordId;
use apppw_proto::secret::Secret;
use zeroize::Zeroizing;

/// Draws a secret of `length` characters (16, 20 or 24), check character included.
///
/// # Errors
/// If the system gives no random bytes, or there is no secret of that length.
pub fn draw(length: usize) -> Result<Secret, getrandom::Error> {
    let mut values = Zeroizing::new(vec![0_u8; length.saturating_sub(1)]);
    getrandom::fill(&mut values)?;
    for value in values.iter_mut() {
        // 256 is a multiple of 32: every character is equally likely.
        *value %= 32;
    }
    Secret::from_values(&values).ok_or(getrandom::Error::UNSUPPORTED)
}

/// Draws the public name of an app password; the store says if it is taken.
///
/// # Errors
/// If the system gives no random bytes.
pub fn draw_id() -> Result<AppPasswordId, getrandom::Error> {
    getrandom::u64().map(AppPasswordId::from_bits)
}

/// Draws an account's id. All zeros stand for no account; 128 random bits never are.
///
/// # Errors
/// If the system gives no random bytes.
pub fn draw_account() -> Result<AccountId, getrandom::Error> {
    let mut id = AccountId::NONE;
    getrandom::fill(&mut id.0)?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use apppw_proto::secret::{ALPHABET, Shape, classify};

    #[test]
    fn a_drawn_secret_has_the_shape() {
        for length in apppw_proto::secret::LENGTHS {
            let secret = draw(length).unwrap();
            assert_eq!(secret.as_bytes().len(), length);
            assert_eq!(classify(secret.display().as_bytes()), Shape::Secret(secret));
        }
        assert!(draw(17).is_err());
    }

    /// Chi-squared over the 32 characters, for each of the 15 places: a biased draw (say,
    /// `% 31`) is far out; a fair one exceeds the bound once in some 10⁹ runs.
    #[test]
    fn characters_are_equally_likely_in_every_place() {
        const DRAWS: u32 = 32_000;
        let mut seen = [[0_u32; 32]; 15];
        for _ in 0..DRAWS {
            let secret = draw(16).unwrap();
            for (place, byte) in secret.as_bytes()[..15].iter().enumerate() {
                seen[place][ALPHABET.iter().position(|a| a == byte).unwrap()] += 1;
            }
        }
        let expected = f64::from(DRAWS) / 32.0;
        for (place, counts) in seen.iter().enumerate() {
            let chi: f64 = counts.iter().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum();
            assert!(chi < 110.0, "place {place}: chi² = {chi:.1} with 31 degrees of freedom");
        }
    }
}
